// SPDX-License-Identifier: Apache-2.0
// Stage one of analysis: a text becomes a normalised copy (lower case, accents) and the byte ranges of its words in it.
// A WordBuffer is reused from text to text, so that nothing is allocated per word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "isogloss/tokens.hpp"

namespace isogloss::tokens {

// Bytes [begin, end) of WordBuffer::text().
struct WordRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size() const { return end - begin; }
};

class WordBuffer {
 public:
  // Bytes after text() that may be read (they are 0): blocks of 64 may start at any byte of the text.
  static constexpr std::size_t kSlack = 128;

  std::string_view text() const { return {bytes_.get(), size_}; }
  const char* data() const { return bytes_.get(); }
  std::string_view word(WordRange range) const { return {bytes_.get() + range.begin, range.size()}; }
  bool ascii() const { return ascii_; }

  std::span<const WordRange> words() const { return {words_.data(), word_count_}; }  // in order
  std::vector<std::uint64_t> mask;  // scratch of the splitters: bit i of word k = byte 64k + i belongs to a word

  // A place where the copy and the original differ in length.
  struct Edit {
    std::uint32_t begin, end;                // in the copy
    std::uint32_t source_begin, source_end;  // in the original
  };
  // Byte range of the original for a range of the copy. REQUIRES: normalised with Offsets::keep.
  WordRange source(WordRange range) const;

  // For the normaliser.
  void clear() {
    size_ = 0;
    ascii_ = true;
    word_count_ = 0;
    edits_.clear();
  }
  // Room for `more` bytes and the slack; returns where to write.
  char* reserve(std::size_t more) {
    if (size_ + more + kSlack > capacity_) grow(size_ + more + kSlack);
    return bytes_.get() + size_;
  }
  void advance(std::size_t bytes) { size_ += bytes; }
  void mark_foreign() { ascii_ = false; }
  void add_edit(Edit edit) { edits_.push_back(edit); }

  // For the splitters. Room for `count` words, the present ones kept; what is beyond word_count() is not initialised.
  WordRange* word_room(std::size_t count) {
    if (count > words_.size()) words_.resize(count + count / 2);
    return words_.data();
  }
  void set_word_count(std::size_t count) { word_count_ = count; }
  std::size_t word_count() const { return word_count_; }
  void add_word(WordRange range) {
    word_room(word_count_ + 1)[word_count_] = range;
    ++word_count_;
  }

  void finish() { std::memset(reserve(0), 0, kSlack); }

 private:
  void grow(std::size_t bytes);
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool ascii_ = true;
  std::vector<Edit> edits_;
  std::vector<WordRange> words_;  // grows only: clearing it for every text would cost more than splitting
  std::size_t word_count_ = 0;
};

enum class Offsets : std::uint8_t { drop, keep };

// Replaces the content of `out` with the normalised copy of `text`; words are left empty. Malformed UTF-8 becomes
// U+FFFD. REQUIRES: text.size() < 4 GiB.
void normalize_text(std::string_view text, LowerCase lower_case, Accents accents, Offsets offsets, WordBuffer& out);

// The splitters: fill out.words() from out.text().
enum class CharClass : std::uint8_t {
  letters,
  word,
  not_blank
};  // letters: with marks, numbers, '_'; word: Python's \w
// Maximal runs of one class with at least `min_length` code points.
void split_runs(CharClass char_class, std::uint32_t min_length, WordBuffer& out);
// UAX #29 words (see standard_words.cpp).
void split_standard(WordBuffer& out);

// What follows splitting. `apostrophes`: where the splitter left them.
enum class Apostrophes : std::uint8_t { outside, inside };
void strip_possessives(Apostrophes apostrophes, WordBuffer& out);
void drop_short_words(std::uint32_t min_length, WordBuffer& out);
void cut_long_words(std::uint32_t max_length, WordBuffer& out);

}  // namespace isogloss::tokens
