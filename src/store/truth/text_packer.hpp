// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "isogloss/store.hpp"
#include "store/truth/compressor.hpp"

namespace isogloss::store {

inline constexpr std::size_t kTextBlock = 16384;  // bytes of text per compressed block: a hit decompresses one or two

// The compressed blocks of one text, in order; each holds kTextBlock bytes of it, the last one the rest.
using PackedText = std::vector<std::string>;

// Packs texts before the write lock is taken, so that writers do it side by side, and one writer on all its threads.
// Thread-safe.
class TextPacker {
 public:
  // (documents)
  Result<std::vector<PackedText>> pack(std::span<const DocumentPut> documents, const Context& context);

 private:
  std::unique_ptr<Compressor> borrow();
  void give_back(std::unique_ptr<Compressor> compressor);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Compressor>> idle_;
};

}  // namespace isogloss::store
