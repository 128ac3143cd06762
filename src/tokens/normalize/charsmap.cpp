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
  std::memcpy(map.units_.data(), bytes.data() + 4, size);
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

bool is_control(const CodePoint& info) {
  return info.category == Category::cc || info.category == Category::zl || info.category == Category::zp ||
         (info.category == Category::cf && !info.is(CodePoint::kGraphemeExtend | CodePoint::kGraphemePrepend));
}

}  // namespace

std::size_t cluster_size(std::string_view text) {
  constexpr std::size_t kEnough = 6;
  std::size_t at = sequence_size(text[0]);
  if (text.starts_with("\r\n")) return 2;
  const CodePoint* last = &code_point_info(read_code_point(text.data()));
  if (is_control(*last)) return at;
  while (at < text.size() && at < kEnough) {
    const CodePoint& next = code_point_info(read_code_point(text.data() + at));
    const bool joined = next.is(CodePoint::kGraphemeExtend) ||
                        (last->is(CodePoint::kGraphemePrepend) && !is_control(next));
    if (!joined) break;
    at += sequence_size(text[at]);
    last = &next;
  }
  return at;
}

}  // namespace isogloss::tokens
