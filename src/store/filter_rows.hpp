// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "store/filter.hpp"
#include "store/truth/database.hpp"

namespace isogloss::store {

// Numbers of the visible chunks that match the filter, ascending.
Result<std::vector<std::int64_t>> matching_chunks(Database& database, const Filter& filter);

// Numbers of all visible chunks, ascending.
Result<std::vector<std::int64_t>> visible_chunks(Database& database);

}  // namespace isogloss::store
