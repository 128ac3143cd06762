// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "core/packed_cache.hpp"

namespace isogloss::hub {

// $ISOGLOSS_CACHE, else $XDG_CACHE_HOME/isogloss, else ~/.cache/isogloss.
std::filesystem::path cache_folder();

// The cache of this user, at most `limit` bytes. `folder` is made when something is kept.
std::shared_ptr<const PackedCache> open_packed_cache(std::filesystem::path folder, std::uint64_t limit);

inline constexpr std::uint64_t kDefaultCacheLimit = std::uint64_t{16} << 30;

}  // namespace isogloss::hub
