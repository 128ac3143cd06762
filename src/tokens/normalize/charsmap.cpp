// SPDX-License-Identifier: Apache-2.0
#include "tokens/normalize/charsmap.hpp"

#include <bit>
#include <cstring>

#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {
namespace {

// One unit of darts-clone's double array.
struct Unit {
  std::uint32_t value;
  bool has_leaf() const { return (value >> 8 & 1) != 0; }
  std::uint32_t leaf() const { return value & 0x7FFFFFFFu; }
  std::uint32_t label() const { return value & 0x800000FFu; }
  std::uint32_t offset() const { return (value >> 10) << ((value & (1u << 9)) >> 6); }
};

}  // namespace

Result<Charsmap> Charsmap::read(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  Charsmap map;
  if (bytes.empty()) return map;
  std::uint32_t size = 0;
  if (bytes.size() < 4) return fail(Code::corrupt_data, "the precompiled character map is cut off.");
  std::memcpy(&size, bytes.data(), 4);
  if (size % 4 != 0 || size > bytes.size() - 4) {
    return fail(Code::corrupt_data, "the precompiled character map says that its trie has " + std::to_string(size) +
                                        " bytes, but " + std::to_string(bytes.size() - 4) + " follow.");
  }
  map.units_.resize(size / 4);
  if (size > 0) std::memcpy(map.units_.data(), bytes.data() + 4, size);
  map.texts_ = bytes.substr(4 + size);
  if ((!map.texts_.empty() && map.texts_.back() != '\0') || !utf8_valid(map.texts_)) {
    return fail(Code::corrupt_data, "the texts of the precompiled character map are cut off or not UTF-8.");
  }
  return map;
}

// Calls visit(size, place of the text) for every key that `text` begins with, shortest first, until it says false.
template <class Visit>
void Charsmap::prefixes(std::string_view text, Visit&& visit) const {
  if (units_.empty()) return;
  std::size_t node = Unit{units_[0]}.offset();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) return;
    node ^= byte;
    if (node >= units_.size() || Unit{units_[node]}.label() != byte) return;
    const Unit unit{units_[node]};
    node ^= unit.offset();
    if (!unit.has_leaf()) continue;
    if (node >= units_.size()) return;
    const std::uint32_t place = Unit{units_[node]}.leaf();
    if (place < texts_.size() && !visit(i + 1, place)) return;
  }
}

std::optional<Charsmap::Found> Charsmap::longest(std::string_view text) const {
  std::optional<Found> found;
  prefixes(text, [&](std::size_t size, std::uint32_t place) {
    found = Found{size, text_at(place)};
    return true;
  });
  return found;
}

std::optional<std::string_view> Charsmap::shortest(std::string_view text) const {
  std::optional<std::string_view> found;
  prefixes(text, [&](std::size_t, std::uint32_t place) {
    found = text_at(place);
    return false;
  });
  return found;
}

namespace {

// Grapheme_Cluster_Break = Control: unassigned code points that are ignored by default are of it too.
bool is_control(char32_t c, const CodePoint& info) {
  if (info.category == Category::cn) return c == 0x2065 || (c >= 0xFFF0 && c <= 0xFFF8) || (c >= 0xE0000 && c <= 0xE0FFF);
  return info.category == Category::cc || info.category == Category::zl || info.category == Category::zp ||
         (info.category == Category::cf && !info.is(CodePoint::kGraphemeExtend | CodePoint::kGraphemePrepend));
}

enum class Hangul : std::uint8_t { none, l, v, t, lv, lvt };
Hangul hangul_of(char32_t c) {
  if ((c >= 0x1100 && c <= 0x115F) || (c >= 0xA960 && c <= 0xA97C)) return Hangul::l;
  if ((c >= 0x1160 && c <= 0x11A7) || (c >= 0xD7B0 && c <= 0xD7C6)) return Hangul::v;
  if ((c >= 0x11A8 && c <= 0x11FF) || (c >= 0xD7CB && c <= 0xD7FB)) return Hangul::t;
  if (c >= 0xAC00 && c <= 0xD7A3) return (c - 0xAC00) % 28 == 0 ? Hangul::lv : Hangul::lvt;
  return Hangul::none;
}
bool hangul_joins(Hangul before, Hangul now) {
  if (before == Hangul::l) return now == Hangul::l || now == Hangul::v || now == Hangul::lv || now == Hangul::lvt;
  if (before == Hangul::lv || before == Hangul::v) return now == Hangul::v || now == Hangul::t;
  return (before == Hangul::lvt || before == Hangul::t) && now == Hangul::t;
}

}  // namespace

std::size_t cluster_size(std::string_view text) {
  constexpr char32_t kJoiner = 0x200D;
  if (text.starts_with("\r\n")) return 2;
  std::size_t at = sequence_size(text[0]);
  char32_t before = read_code_point(text.data());
  const CodePoint* info = &code_point_info(before);
  if (is_control(before, *info)) return at;
  bool pictographic = info->is(CodePoint::kPictographic);  // one, and marks behind it
  while (at < text.size()) {
    const char32_t c = read_code_point(text.data() + at);
    const CodePoint& next = code_point_info(c);
    const bool joined = next.is(CodePoint::kGraphemeExtend) ||
                        (info->is(CodePoint::kGraphemePrepend) && !is_control(c, next)) ||
                        (pictographic && before == kJoiner && next.is(CodePoint::kPictographic)) ||
                        hangul_joins(hangul_of(before), hangul_of(c));
    if (!joined) break;
    at += sequence_size(text[at]);
    if (!next.is(CodePoint::kGraphemeExtend)) pictographic = next.is(CodePoint::kPictographic);
    before = c;
    info = &next;
  }
  return at;
}

}  // namespace isogloss::tokens
