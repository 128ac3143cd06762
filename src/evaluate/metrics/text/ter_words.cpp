// SPDX-License-Identifier: Apache-2.0
// Tercom's Normalizer as sacreBLEU 2.6.0 has it. Its rules for runs of kana begin with "^" and the text with a blank by
// then, so they never apply; its range of enclosed letters ends at U+3F22, a slip for U+32FF that is kept.
#include "evaluate/metrics/text/ter_words.hpp"

#include <algorithm>
#include <array>

#include "core/utf8.hpp"
#include "evaluate/metrics/text/bleu_tokens.hpp"

namespace isogloss::evaluation {
namespace {

using Ranges = std::array<char32_t, 2>;
constexpr Ranges kIdeographs[] = {{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x31C0, 0x31EF}, {0x2E80, 0x2EFF},
                                  {0x3300, 0x33FF}, {0xF900, 0xFAFF}, {0xFE30, 0xFE4F}, {0x3200, 0x3F22}};
constexpr Ranges kAsianPunctuation[] = {{0x3001, 0x3002}, {0x3008, 0x3011}, {0x3014, 0x301F}, {0xFF61, 0xFF65},
                                        {0x30FB, 0x30FB}, {0xFF0E, 0xFF0E}, {0xFF0C, 0xFF0C}, {0xFF1F, 0xFF1F},
                                        {0xFF1A, 0xFF1B}, {0xFF01, 0xFF02}, {0xFF08, 0xFF09}};

bool in(std::span<const Ranges> ranges, char32_t c) {
  return std::ranges::any_of(ranges, [&](const Ranges& r) { return c >= r[0] && c <= r[1]; });
}

std::string with_asian_apart(const std::string& text) {
  std::string out;
  for (const char32_t c : utf8_to_code_points(text)) {
    const bool apart = in(kIdeographs, c) || in(kAsianPunctuation, c);
    if (apart) out += ' ';
    utf8_append(out, c);
    if (apart) out += ' ';
  }
  return out;
}

std::string without_asian_punctuation(const std::string& text) {
  std::string out;
  for (const char32_t c : utf8_to_code_points(text)) {
    if (!in(kAsianPunctuation, c)) utf8_append(out, c);
  }
  return out;
}

}  // namespace

std::string ter_words(std::string_view text, const TerOptions& options) {
  std::string out = options.case_sensitive ? std::string(text) : to_lower_full(text);
  if (options.normalized) {
    replace_all(out, "\n-", "");
    replace_all(out, "\n", " ");
    unescape(out);
    out.insert(out.begin(), ' ');
    out += ' ';
    space_symbols(out);
    replace_all(out, "'s ", " 's ");
    space_points(out);
    if (options.asian_support) out = with_asian_apart(out);
  }
  if (options.no_punct) {
    std::erase_if(out, [](char c) { return std::string_view(".,?:;!\"()").find(c) != std::string_view::npos; });
    if (options.asian_support) out = without_asian_punctuation(out);
  }
  return out;
}

}  // namespace isogloss::evaluation
