// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::store {

// Packs pieces of text with zstd. Keeps its tables between calls: to make and clear them costs three times what packing
// a paragraph does. Not thread-safe.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  // The packed bytes, valid until the next call.
  Result<std::span<const std::byte>> pack(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace isogloss::store
