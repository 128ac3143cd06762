// SPDX-License-Identifier: Apache-2.0
// Text on its way from the user to a subword model, with the place in the user's text that every byte came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/tokens.hpp"

namespace isogloss::tokens {

// Bytes, always well-formed UTF-8, each with its origin: a span of the user's text. Most text needs no table of
// origins: while every byte still stands where it stood (lower-casing ASCII moves nothing), `identity()` is true and an
// origin is an addition. Holds its memory for reuse: one object per thread and step.
class AlignedText {
 public:
  // How much rules may make of a text: so many bytes for each of its own, and some for the shortest. NFKD makes 11
  // of 1.
  static constexpr std::size_t kMaxGrowth = 64;
  static constexpr std::size_t kFreeGrowth = std::size_t{1} << 16;

  // Reads `bytes` in place: byte i of it is byte `shift` + i of the user's text. REQUIRES: `bytes` is UTF-8 and lives
  // as long as this object is read.
  void view(std::string_view bytes, std::uint32_t shift);
  // A copy of `bytes` with U+FFFD for every maximal subpart that is not UTF-8.
  void repair(std::string_view bytes);
  // The part [begin, end) of `from`, in place. REQUIRES: character boundaries; `from` stays as it is.
  void view(const AlignedText& from, std::size_t begin, std::size_t end);

  std::string_view bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  bool identity() const { return origins_ == nullptr; }
  // Some rule wanted to write more than kMaxGrowth allows; what stands here is not all of it.
  bool overflowed() const { return overflowed_; }
  // Place in the user's text where this text begins: for rules that ask "is this the very start".
  std::uint32_t shift() const { return shift_; }

  // Byte of the user's text that byte `at` came from; at == size(): the end of the last one's.
  std::uint32_t place(std::size_t at) const {
    if (empty()) return shift_;
    return at < size() ? origin(at, at + 1).begin : origin(size() - 1, size()).end;
  }
  // Place in the user's text of bytes [begin, end); whole characters of it. An empty range is empty there too, in front
  // of its character. REQUIRES: begin <= end <= size(), begin < size().
  PieceSpan origin(std::size_t begin, std::size_t end) const {
    if (begin == end) {
      const std::uint32_t place = origin(begin, begin + 1).begin;
      return {place, place};
    }
    if (origins_ != nullptr) return {origins_[begin].begin, origins_[end - 1].end};
    while (begin > 0 && continues(begin)) --begin;
    while (end < bytes_.size() && continues(end)) ++end;
    return {shift_ + static_cast<std::uint32_t>(begin), shift_ + static_cast<std::uint32_t>(end)};
  }

 private:
  friend class Rewriter;
  bool continues(std::size_t at) const { return (static_cast<unsigned char>(bytes_[at]) & 0xC0) == 0x80; }

  std::string_view bytes_;
  const PieceSpan* origins_ = nullptr;  // (bytes); null = identity
  std::uint32_t shift_ = 0;
  bool overflowed_ = false;
  std::size_t limit_ = kFreeGrowth;  // bytes that rules may make of the user's text
  std::string own_bytes_;
  std::vector<PieceSpan> own_origins_;
};

// Builds the next version of a text from `from`, left to right. What a character of the new text came from follows the
// three cases of the Hugging Face library's NormalizedString (tokenizers 0.23): it replaces the next old character, it
// is added behind what was read so far, or it replaces one and swallows some that follow.
class Rewriter {
 public:
  // REQUIRES: `from` and `to` are different objects.
  Rewriter(const AlignedText& from, AlignedText& to);
  // finish() was called or the new text is not used.
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  std::size_t position() const { return at_; }  // bytes of the old text read so far
  // The old bytes up to `end` stay. REQUIRES: end is a character boundary behind position().
  void keep_to(std::size_t end);
  // As keep_to, with every byte mapped: only for ASCII. (128)
  void map_ascii_to(std::size_t end, const std::uint8_t* map);
  // `c` stands for the next old character and the `swallowed` ones behind it.
  void replace(char32_t c, std::size_t swallowed = 0);
  // `c` is new; its origin is that of the old byte before position() (nothing at the very start).
  void add(char32_t c);
  void add(std::string_view text);
  // `text` is new with the origin given: for rules with an idea of their own.
  void add(std::string_view text, PieceSpan origin);
  // The next old characters have no successor.
  void drop(std::size_t characters);
  void drop_to(std::size_t end) { at_ = end; }
  // Whether the new text is as long as it may be; then add() and append() leave out what they are given, and so must
  // those who write into buffers().
  bool is_full() {
    to_.overflowed_ = to_.overflowed_ || to_.own_bytes_.size() > to_.limit_;
    return to_.overflowed_;
  }
  // The whole of `part`, which was made from the old bytes [position(), end).
  void append(const AlignedText& part, std::size_t end);
  // The new text itself, for rules that write both parts on their own: as many origins as bytes.
  struct Buffers {
    std::string& bytes;
    std::vector<PieceSpan>& origins;
  };
  Buffers buffers() {
    spread();
    return {to_.own_bytes_, to_.own_origins_};
  }
  // `to` now holds the new text.
  void finish();

 private:
  void spread();                                         // from identity to a table of origins
  void add_origins(std::size_t begin, std::size_t end);  // those of the old bytes
  bool aligned() const { return !spread_ && to_.own_bytes_.size() == at_; }

  const AlignedText& from_;
  AlignedText& to_;
  std::size_t at_ = 0;
  bool spread_ = false;
};

// Bytes of the UTF-8 sequence that `lead` begins. REQUIRES: a lead byte.
inline std::size_t sequence_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// The first code point of well-formed text. REQUIRES: p is the start of a character.
inline char32_t read_code_point(const char* p) {
  const auto byte = [p](int i) { return static_cast<char32_t>(static_cast<unsigned char>(p[i])); };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

}  // namespace isogloss::tokens
