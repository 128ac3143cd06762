// SPDX-License-Identifier: Apache-2.0
// 13a is mteval-v13a's: its four substitutions one after the other, each from left to right over what is left of the
// match before. They concern ASCII only, and a character that is kept may be kept byte by byte.
#include "evaluate/metrics/text/bleu_tokens.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/utf8.hpp"

namespace isogloss::evaluation {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_point(char c) { return c == '.' || c == ','; }
// All ASCII symbols but ' , - .
bool is_symbol(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') || (c >= '(' && c <= '+') ||
         (c >= ':' && c <= '@') || c == '/';
}

}  // namespace

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

void space_symbols(std::string& text) {
  std::string out;
  out.reserve(2 * text.size());
  for (const char c : text) {
    if (is_symbol(c)) {
      out += ' ';
      out += c;
      out += ' ';
    } else {
      out += c;
    }
  }
  text.swap(out);
}

void space_points(std::string& text) {
  std::string out;
  out.swap(text);
  text.reserve(out.size());
  const auto pairs = [&](auto&& matches, auto&& write) {
    text.clear();
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i + 1 < out.size() && matches(out[i], out[i + 1])) {
        write(out[i], out[i + 1]);
        ++i;
      } else {
        text += out[i];
      }
    }
    out.swap(text);
  };
  const auto after_each = [&](char a, char b) {
    text += a;
    text += ' ';
    text += b;
    text += ' ';
  };
  pairs([](char a, char b) { return !is_digit(a) && is_point(b); }, after_each);
  pairs([](char a, char b) { return is_point(a) && !is_digit(b); },
        [&](char a, char b) {
          text += ' ';
          text += a;
          text += ' ';
          text += b;
        });
  pairs([](char a, char b) { return is_digit(a) && b == '-'; }, after_each);
  text.swap(out);
}

void unescape(std::string& text) {
  if (text.find('&') == std::string::npos) return;
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
}

namespace {

void tokenize_13a(std::string& text) {
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  unescape(text);
  text.insert(text.begin(), ' ');
  text += ' ';
  space_symbols(text);
  space_points(text);
}

void tokenize_none(std::string&) {}

void tokenize_char(std::string& text) {
  std::string out;
  for (const char32_t c : utf8_to_code_points(text)) {
    utf8_append(out, c);
    out += ' ';
  }
  text.swap(out);
}

// Ranges of zh. Two of sacreBLEU's are written "\u20000" to "\u2a6d6" and "\u2f800" to "\u2fa1d", which Python reads as
// a character and a digit: they are U+2001 to U+2A6D and U+2F81 to U+2FA1 in effect.
constexpr std::array<std::array<char32_t, 2>, 22> kChinese{
    {{0x3400, 0x4DB5}, {0x4E00, 0x9FA5}, {0x9FA6, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9},
     {0x2001, 0x2A6D}, {0x2F81, 0x2FA1}, {0xFF00, 0xFFEF}, {0x2E80, 0x2EFF}, {0x3000, 0x303F}, {0x31C0, 0x31EF},
     {0x2F00, 0x2FDF}, {0x2FF0, 0x2FFF}, {0x3100, 0x312F}, {0x31A0, 0x31BF}, {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F},
     {0x2600, 0x26FF}, {0x2700, 0x27BF}, {0x3200, 0x32FF}, {0x3300, 0x33FF}}};

void tokenize_zh(std::string& text) {
  std::u32string points = utf8_to_code_points(text);
  const auto inside = std::ranges::find_if_not(points, [](char32_t c) { return is_space(c); });
  points.erase(points.begin(), inside);
  std::string out;
  for (const char32_t c : points) {
    const bool chinese = std::ranges::any_of(kChinese, [&](const auto& r) { return c >= r[0] && c <= r[1]; });
    if (chinese) out += ' ';
    utf8_append(out, c);
    if (chinese) out += ' ';
  }
  space_symbols(out);
  space_points(out);
  text.swap(out);
}

bool is_punctuation(char32_t c) {
  const Category category = code_point_info(c).category;
  return category >= Category::pc && category <= Category::po;
}
bool is_unicode_symbol(char32_t c) {
  const Category category = code_point_info(c).category;
  return category >= Category::sm && category <= Category::so;
}

// mteval-v14: punctuation apart unless between numbers, then symbols apart.
void tokenize_intl(std::string& text) {
  std::u32string in = utf8_to_code_points(text), out;
  const auto pairs = [&](auto&& matches, bool blank_first) {
    out.clear();
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (i + 1 < in.size() && matches(in[i], in[i + 1])) {
        if (blank_first) out += U' ';
        out += in[i];
        out += U' ';
        out += in[++i];
        if (!blank_first) out += U' ';
      } else {
        out += in[i];
      }
    }
    in.swap(out);
  };
  pairs([](char32_t a, char32_t b) { return !is_number(a) && is_punctuation(b); }, false);
  pairs([](char32_t a, char32_t b) { return is_punctuation(a) && !is_number(b); }, true);
  text.clear();
  for (const char32_t c : in) {
    const bool symbol = is_unicode_symbol(c);
    if (symbol) text += ' ';
    utf8_append(text, c);
    if (symbol) text += ' ';
  }
}

}  // namespace

Result<BleuTokenizer> bleu_tokenizer(std::string_view name) {
  if (name == "13a") return tokenize_13a;
  if (name == "none") return tokenize_none;
  if (name == "char") return tokenize_char;
  if (name == "intl") return tokenize_intl;
  if (name == "zh") return tokenize_zh;
  return fail(Code::invalid_argument,
              "there is no BLEU tokenisation '" + std::string(name) + "'; there are 13a, none, char, intl and zh.");
}

}  // namespace isogloss::evaluation
