// SPDX-License-Identifier: Apache-2.0
// Words <-> numbers that no longer change, in three plain arrays, so that a file that holds them is used where it lies:
//
//   text   the words one after another
//   ends   (words) where each ends
//   slots  (a power of two, at most half full) number + 1 of the word whose hash (murmur3_32, which never changes) leads there, 0 = empty; the next
//          slots in turn when it is taken
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::vectors {

class FrozenWords {
 public:
  FrozenWords() = default;
  // Of `count` different words: word(i) gives one.
  template <class WordOf>
  FrozenWords(std::size_t count, const WordOf& word_of) {
    auto own = std::make_shared<Own>();
    own->ends.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      own->text += word_of(i);
      own->ends.push_back(own->text.size());
    }
    adopt(std::move(own));
  }
  // Arrays that `owner` keeps. Error{corrupt_data} when they do not fit together.
  static Result<FrozenWords> view(std::span<const char> text, std::span<const std::uint64_t> ends,
                                  std::span<const std::uint32_t> slots, std::shared_ptr<const void> owner);

  std::size_t size() const { return ends_.size(); }
  std::string_view word(std::size_t i) const {  // REQUIRES: i < size()
    const std::uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    return {text_.data() + begin, static_cast<std::size_t>(ends_[i] - begin)};
  }
  std::optional<std::size_t> find(std::string_view word) const;
  std::size_t bytes() const { return text_.size() + ends_.size_bytes() + slots_.size_bytes(); }

  std::span<const char> text() const { return text_; }
  std::span<const std::uint64_t> ends() const { return ends_; }
  std::span<const std::uint32_t> slots() const { return slots_; }

 private:
  struct Own {
    std::string text;
    std::vector<std::uint64_t> ends;
    std::vector<std::uint32_t> slots;
  };
  void adopt(std::shared_ptr<Own> own);
  // The slot of the word, or the empty one where it would go.
  std::size_t place_of(std::string_view word) const;

  std::shared_ptr<const void> owner_;
  std::span<const char> text_;
  std::span<const std::uint64_t> ends_;
  std::span<const std::uint32_t> slots_;
};

}  // namespace isogloss::vectors
