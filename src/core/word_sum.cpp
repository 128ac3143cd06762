// SPDX-License-Identifier: Apache-2.0
// Arithmetic with words as it stands in papers and on web pages: “king” – “man” + “woman” = “queen”.
#include "core/utf8.hpp"
#include "isogloss/words.hpp"

namespace isogloss {
namespace {

constexpr std::u32string_view kQuotes = U"\"'`\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a";
constexpr std::u32string_view kMinus = U"-\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d";
constexpr std::u32string_view kPlus = U"+\uff0b\ufe62";
constexpr std::u32string_view kEquals = U"=\u2248\u2243\u2245\uff1d";
constexpr std::u32string_view kRefused = U"*\u00d7\u00b7\u00f7";
constexpr std::u32string_view kBlank = U" \t\r\n\u00a0\u2009\u202f";

bool is_in(std::u32string_view set, char32_t c) { return set.find(c) != std::u32string_view::npos; }

std::u32string decoded(std::string_view text) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = utf8_decode(text.data() + at, text.data() + text.size());
    out += next.code_point;
    at += next.size;
  }
  return out;
}

std::string encoded(std::u32string_view text) {
  std::string out;
  for (const char32_t c : text) utf8_append(out, c);
  return out;
}

// Without blanks at its ends and without a pair of quotes around it. An apostrophe inside stays ("don't").
std::u32string_view bare(std::u32string_view word) {
  const auto cut = [&](std::u32string_view set) {
    while (!word.empty() && is_in(set, word.front())) word.remove_prefix(1);
    while (!word.empty() && is_in(set, word.back())) word.remove_suffix(1);
  };
  cut(kBlank);
  if (word.size() > 1 && is_in(kQuotes, word.front()) && is_in(kQuotes, word.back())) cut(kQuotes);
  cut(kBlank);
  return word;
}

// Hyphens inside a word ("well-known") and signs at its end ("c++") are none of ours: an operator has a blank, a quote
// or nothing in front of it.
bool stands_apart(std::u32string_view text, std::size_t at) {
  return at == 0 || is_in(kBlank, text[at - 1]) || is_in(kQuotes, text[at - 1]);
}

}  // namespace

Result<WordSum> parse_word_sum(std::string_view text, std::string* ignored) {
  const std::u32string all = decoded(text);
  std::u32string_view rest(all);
  const std::size_t equals = rest.find_first_of(kEquals);
  if (equals != std::u32string_view::npos && equals > 0) {
    if (ignored != nullptr) *ignored = encoded(bare(rest.substr(equals + 1)));
    rest = rest.substr(0, equals);
  }
  WordSum sum;
  bool minus = false;
  bool any = false;
  std::size_t begin = 0;
  const auto finish = [&](std::size_t end) -> Status {
    const std::u32string_view word = bare(rest.substr(begin, end - begin));
    if (word.empty()) {
      if (!any && end == begin) return {};  // a sign in front of the first word
      return fail(Code::invalid_argument,
                  "a word is missing in \"" + std::string(text) + "\"" +
                      (end < rest.size() ? " before '" + encoded(rest.substr(end, 1)) + "'." : " at its end."));
    }
    (minus ? sum.minus : sum.plus).push_back(encoded(word));
    any = true;
    return {};
  };
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (is_in(kRefused, rest[i]) && stands_apart(rest, i)) {
      return fail(Code::invalid_argument, "words can be added and taken away, not combined by '" +
                                              encoded(rest.substr(i, 1)) + "': \"" + std::string(text) + "\".");
    }
    const bool subtracts = is_in(kMinus, rest[i]);
    if ((!subtracts && !is_in(kPlus, rest[i])) || !stands_apart(rest, i)) continue;
    if (rest.size() == 1) break;  // the word "-" itself
    IG_TRY(finish(i));
    minus = subtracts;
    begin = i + 1;
  }
  IG_TRY(finish(rest.size()));
  if (!any) return fail(Code::invalid_argument, "there is no word in \"" + std::string(text) + "\".");
  return sum;
}

}  // namespace isogloss
