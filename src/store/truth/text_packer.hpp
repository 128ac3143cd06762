// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/store.hpp"
#include "store/truth/compressor.hpp"

namespace isogloss::store {

inline constexpr std::size_t kTextBlock = 16384;  // bytes of text per compressed block: a hit decompresses one or two

// What equal texts are found by: the first half of the SHA-256 of what is indexed for a chunk.
using TextHash = std::array<std::byte, 16>;
TextHash text_hash(std::string_view indexed);

// What can be made of a document before the write lock is taken.
struct PackedText {
  std::vector<std::string> blocks;  // of the text, in order; each holds kTextBlock bytes of it, the last one the rest
  std::vector<TextHash> hashes;     // (chunks) of their indexed_text()
};

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
