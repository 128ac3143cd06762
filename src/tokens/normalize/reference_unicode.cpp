// SPDX-License-Identifier: Apache-2.0
#include "tokens/normalize/reference_unicode.hpp"

#include <algorithm>
#include <array>

#include "tokens/normalize/code_point_set.hpp"

namespace isogloss::tokens {
namespace {

struct CategoryRange {
  char32_t first;
  char32_t last;
  std::uint8_t category;
};
struct ScriptRange {
  char32_t first;
  char32_t last;
  std::uint8_t script;
};
struct CaseRange {
  char32_t upper;
  char32_t lower;
};

#include "tokens/normalize/reference_unicode.inc"

// A set is built when it is first asked for: most models need none or two of them.
template <const auto& kRanges>
bool in_set(char32_t c) {
  static const CodePointSet set{std::span<const CodePointRange>(kRanges)};
  return set.contains(c);
}

}  // namespace

bool is_reference_other(char32_t c) { return in_set<kOther>(c); }
bool is_reference_punctuation(char32_t c) { return in_set<kPunctuation>(c); }
bool is_reference_nonspacing(char32_t c) { return in_set<kNonspacing>(c); }
bool is_reference_mark(char32_t c) { return in_set<kMarks>(c); }

Category reference_category(char32_t c) {
  const Category ours = code_point_info(c).category;
  if (ours != Category::cn) return ours;
  const auto place = std::ranges::lower_bound(kNewerCategories, c, {}, &CategoryRange::last);
  return place != kNewerCategories.end() && place->first <= c ? static_cast<Category>(place->category) : ours;
}

std::uint8_t reference_script(char32_t c) {
  const auto place = std::ranges::lower_bound(kScripts, c, {}, &ScriptRange::last);
  return place != kScripts.end() && place->first <= c ? place->script : 0;
}

std::size_t reference_lower(char32_t c, char32_t (&out)[2]) {
  if (c == 0x130) {
    out[0] = 'i';
    out[1] = 0x307;
    return 2;
  }
  out[0] = to_lower(c);
  if (out[0] == c && c > 0x7F && code_point_info(c).category != Category::lo) {
    const auto place = std::ranges::lower_bound(kNewerLower, c, {}, &CaseRange::upper);
    if (place != kNewerLower.end() && place->upper == c) out[0] = place->lower;
  }
  return 1;
}

std::uint8_t reference_combining_class(char32_t c) {
  const std::uint8_t ours = code_point_info(c).combining_class;
  return ours == 0 || in_set<kCombining>(c) || in_set<kDecomposing>(c) ? ours : 0;
}

std::u32string_view reference_decompose(char32_t c, Decomposing form, char32_t (&hangul)[3]) {
  if (c < 0xA0 || !in_set<kDecomposing>(c)) {
    hangul[0] = c;
    return {hangul, 1};
  }
  return decompose(c, form, hangul);
}

char32_t reference_compose(char32_t first, char32_t second) {
  const char32_t composed = compose(first, second);
  return composed != 0 && in_set<kDecomposing>(composed) ? composed : 0;
}

}  // namespace isogloss::tokens
