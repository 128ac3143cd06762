// SPDX-License-Identifier: Apache-2.0
// A set of characters is written as the content of a class: "\p{L}" and, behind it, the ranges of letters that the
// PCRE2 of this machine does not know yet (Debian's is of Unicode 14, which lacks 5,185 characters of version 16). It
// is asked once, with one pass over all characters that exist. All of a category as ranges would not need that, but
// PCRE2 looks through the ranges of a class one by one, and the letters have 650.
//
// A negated set inside a class ("[\S,]") cannot be written so; its ranges are counted out.
#define PCRE2_CODE_UNIT_WIDTH 8
#include "tokens/pipeline/regex_syntax.hpp"

#include <pcre2.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "core/utf8.hpp"
#include "tokens/normalize/code_point_set.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {
namespace {

constexpr char32_t kEnd = 0x110000;
// By Category.
constexpr std::string_view kCategories[] = {"Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd",
                                            "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm",
                                            "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co"};
constexpr std::string_view kSpace =
    R"(\x09-\x0d\x20\x85\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

bool exists(char32_t c) { return c < 0xD800 || c > 0xDFFF; }

std::string escaped(char32_t c) {
  std::array<char, 8> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::uint32_t>(c), 16);
  return "\\x{" + std::string(digits.data(), end.ptr) + "}";
}

void append_range(std::string& out, char32_t first, char32_t last) {
  out += escaped(first);
  if (last > first) out += "-" + escaped(last);
}

struct Missing {
  CodePointRange range;
  Category category;
};

// Characters of Unicode 16 that PCRE2 takes for unassigned.
std::vector<Missing> find_missing() {
  std::string all;
  for (char32_t c = 0; c < kEnd; ++c) {
    const Category category = reference_category(c);
    if (exists(c) && category != Category::cn && category != Category::co) utf8_append(all, c);
  }
  std::vector<Missing> out;
  int error = 0;
  PCRE2_SIZE place = 0;
  const auto text = [](std::string_view view) {
    return static_cast<PCRE2_SPTR>(static_cast<const void*>(view.data()));
  };
  pcre2_code* const code = pcre2_compile(text("\\p{Cn}"), 6, PCRE2_UTF, &error, &place, nullptr);
  pcre2_match_data* const match = code == nullptr ? nullptr : pcre2_match_data_create(1, nullptr);
  if (match != nullptr) {
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    std::size_t at = 0;
    while (pcre2_match(code, text(all), all.size(), at, PCRE2_NO_UTF_CHECK, match, nullptr) >= 0) {
      const PCRE2_SIZE begin = pcre2_get_ovector_pointer(match)[0];
      const char32_t c = read_code_point(all.data() + begin);
      const Category category = reference_category(c);
      if (!out.empty() && out.back().range.last + 1 == c && out.back().category == category) {
        out.back().range.last = c;
      } else {
        out.push_back({{c, c}, category});
      }
      at = begin + sequence_size(all[begin]);
    }
  }
  pcre2_match_data_free(match);
  pcre2_code_free(code);
  return out;
}

bool belongs(std::string_view name, Category category) {
  const std::string_view full = kCategories[static_cast<std::size_t>(category)];
  return name == full || (name.size() == 1 && name[0] == full[0]) ||
         (name == "L&" && category <= Category::lt && category >= Category::lu);
}

// A set of characters: some general categories and some more.
struct Set {
  std::vector<std::string_view> categories;
  std::string_view more;                 // content of a class
  std::vector<CodePointRange> more_set;  // the same

  bool contains(char32_t c) const {
    for (const std::string_view name : categories) {
      if (belongs(name, reference_category(c))) return true;
    }
    for (const CodePointRange range : more_set) {
      if (c >= range.first && c <= range.last) return true;
    }
    return false;
  }
};

std::string inverse_content(const Set& set) {
  std::string out;
  char32_t first = 0;
  const auto close = [&](char32_t end) {
    if (end > first) append_range(out, first, end - 1);
  };
  for (char32_t c = 0; c < kEnd; ++c) {
    if (exists(c) && !set.contains(c)) continue;
    close(c);
    first = c + 1;
  }
  close(kEnd);
  return out;
}

std::string content(const Set& set) {
  static const std::vector<Missing> kMissing = find_missing();
  // Of unassigned characters PCRE2 has too many.
  for (const std::string_view name : set.categories) {
    if (name != "C" && name != "Cn") continue;
    return inverse_content(Set{
        {"L", "M", "N", "P", "S", "Z", name == "Cn" ? "Cc" : "", name == "Cn" ? "Cf" : "", name == "Cn" ? "Co" : ""},
        {},
        {}});
  }
  std::string out(set.more);
  for (const std::string_view name : set.categories) {
    out += "\\p{" + std::string(name) + "}";
    for (const Missing& missing : kMissing) {
      if (belongs(name, missing.category)) append_range(out, missing.range.first, missing.range.last);
    }
  }
  return out;
}

const Set& space_set() {
  static const Set kSet{{},
                        kSpace,
                        {{9, 13},
                         {0x20, 0x20},
                         {0x85, 0x85},
                         {0xA0, 0xA0},
                         {0x1680, 0x1680},
                         {0x2000, 0x200A},
                         {0x2028, 0x2029},
                         {0x202F, 0x202F},
                         {0x205F, 0x205F},
                         {0x3000, 0x3000}}};
  return kSet;
}
// Probed: alphabetic characters (the circled and squared Latin letters are), marks, decimal numbers, connectors, and
// six of Latin-1, superscripts and fractions, which \w has outside of classes only.
const Set& word_set() {
  static const Set kSet{
      {"L", "M", "Nd", "Nl", "Pc"},
      R"(\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189}\xb2\xb3\xb9\xbc-\xbe)",
      {{0x24B6, 0x24E9},
       {0x1F130, 0x1F149},
       {0x1F150, 0x1F169},
       {0x1F170, 0x1F189},
       {0xB2, 0xB3},
       {0xB9, 0xB9},
       {0xBC, 0xBE}}};
  return kSet;
}
const Set& word_set_of_class() {
  static const Set kSet{word_set().categories,
                        R"(\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})",
                        {{0x24B6, 0x24E9}, {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189}}};
  return kSet;
}
const Set& digit_set() {
  static const Set kSet{{"Nd"}, {}, {}};
  return kSet;
}
const Set& hex_set() {
  static const Set kSet{{}, "0-9A-Fa-f", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}};
  return kSet;
}
const Set& punctuation_set() {
  static const Set kSet{{"P", "S"}, {}, {}};
  return kSet;
}

struct Escape {
  Set set;
  bool negated = false;
  std::size_t size = 0;  // of its text
};

// "\w", "\P{Lu}" and the like at the start of `text`; nothing when it is something else.
std::optional<Escape> read_escape(std::string_view text) {
  if (text.size() < 2 || text[0] != '\\') return std::nullopt;
  const char lower = static_cast<char>(text[1] | 0x20);
  const bool upper = text[1] != lower;
  if (lower == 'w') return Escape{word_set(), upper, 2};
  if (lower == 'd') return Escape{digit_set(), upper, 2};
  if (lower == 's') return Escape{space_set(), upper, 2};
  if (lower == 'h') return Escape{hex_set(), upper, 2};
  if (lower != 'p' || text.size() < 4 || text[2] != '{') return std::nullopt;
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view name = text.substr(3, end - 3);
  const bool inverted = name.starts_with('^');
  if (inverted) name.remove_prefix(1);
  if (name == "Letter") name = "L";
  if (name == "Number") name = "N";
  if (name == "Punctuation" || name == "Punct") name = "P";
  bool known = false;
  for (std::size_t i = 0; i < std::size(kCategories); ++i) known = known || belongs(name, static_cast<Category>(i));
  if (!known || name == "Cs") return std::nullopt;
  return Escape{Set{{name}, {}, {}}, upper != inverted, end + 1};
}

// ---- from left to right

class Translator {
 public:
  explicit Translator(std::string_view pattern) : rest_(pattern) {}

  Result<std::string> run() {
    while (!rest_.empty()) {
      if (rest_[0] == '[') {
        atom_ = out_.size();
        IG_TRY(char_class());
      } else {
        step();
      }
    }
    return std::move(out_);
  }

 private:
  void copy(std::size_t bytes) {
    bytes = std::min(bytes, rest_.size());
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
  }
  void put(std::string_view text, std::size_t read) {
    out_ += text;
    rest_.remove_prefix(read);
  }

  // Whatever stands outside of classes.
  void step() {
    if (rest_.starts_with("{,")) return put("{0,", 2);
    if (repeated_interval()) return;
    if (rest_[0] == '(') groups_.push_back(out_.size());
    if (rest_[0] == ')' && !groups_.empty()) {
      atom_ = groups_.back();
      groups_.pop_back();
    } else if (std::string_view("?*+{}").find(rest_[0]) == std::string_view::npos) {
      atom_ = out_.size();
    }
    if (const auto escape = read_escape(rest_)) {
      return put("[" + std::string(escape->negated ? "^" : "") + content(escape->set) + "]", escape->size);
    }
    if (rest_.starts_with("\\b") || rest_.starts_with("\\B")) {
      const std::string word = "[" + content(word_set()) + "]";
      if (rest_[1] == 'b') return put("(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))", 2);
      return put("(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))", 2);
    }
    if (rest_[0] == '\\') return escape_sequence();
    if (rest_.starts_with("(?")) return group_options();
    copy(1);
  }

  // "x{1,3}+" is one or more times "x{1,3}", not a possessive interval.
  bool repeated_interval() {
    const std::size_t end = rest_[0] == '{' ? rest_.find_first_not_of("0123456789,", 1) : std::string_view::npos;
    if (end == std::string_view::npos || end == 1 || !rest_.substr(end).starts_with("}+")) return false;
    out_.insert(atom_, "(?:");
    put(std::string(rest_.substr(0, end + 1)) + ")+", end + 2);
    return true;
  }

  void escape_sequence() {
    const bool four =
        rest_.starts_with("\\u") && rest_.size() >= 6 && rest_.find_first_not_of("0123456789abcdefABCDEF", 2) >= 6;
    if (four) return put("\\x{" + std::string(rest_.substr(2, 4)) + "}", 6);
    copy(2);
  }

  // "(?m-i:": Ruby's m is what others call s.
  void group_options() {
    const std::size_t end = rest_.find_first_not_of("imxs-", 2);
    const bool options = end != std::string_view::npos && end > 2 && (rest_[end] == ':' || rest_[end] == ')');
    if (!options) return copy(2);
    for (std::size_t i = 0; i < end; ++i) out_ += rest_[i] == 'm' ? 's' : rest_[i];
    rest_.remove_prefix(end);
  }

  Status char_class() {
    copy(1);
    if (rest_.starts_with('^')) copy(1);
    if (rest_.starts_with(']')) put("\\]", 1);
    for (int depth = 1; depth > 0 && !rest_.empty();) {  // an end that is missing is PCRE2's to complain of
      if (rest_.starts_with("&&"))
        return fail(Code::unsupported, "intersections of character classes ('&&') are not supported.");
      if (rest_[0] == ']') {
        put(--depth == 0 ? "]" : "", 1);
      } else if (rest_[0] != '[') {
        member();
      } else if (rest_.starts_with("[^")) {
        return fail(Code::unsupported,
                    "a negated character class inside another one ('[..[^..]..]') is not supported.");
      } else if (!posix_class()) {
        put("", 1);  // a union: its members are members of the whole
        ++depth;
      }
    }
    return {};
  }

  // "[:word:]"; false when it is none.
  bool posix_class() {
    const std::size_t end = rest_.starts_with("[:") ? rest_.find(":]") : std::string_view::npos;
    if (end == std::string_view::npos) return false;
    const std::string_view name = rest_.substr(2, end - 2);
    const Set* const set = name == "word"    ? &word_set_of_class()
                           : name == "digit" ? &digit_set()
                           : name == "space" ? &space_set()
                           : name == "punct" ? &punctuation_set()
                                             : nullptr;
    if (set != nullptr) {
      put(content(*set), end + 2);
    } else {
      copy(end + 2);
    }
    return true;
  }

  void member() {
    if (auto escape = read_escape(rest_)) {
      if (rest_[1] == 'w' || rest_[1] == 'W') escape->set = word_set_of_class();
      return put(escape->negated ? inverse_content(escape->set) : content(escape->set), escape->size);
    }
    if (rest_[0] == '\\') return escape_sequence();
    copy(1);
  }

  std::string_view rest_;
  std::string out_;
  std::size_t atom_ = 0;             // where in out_ the last thing begins that a quantifier can follow
  std::vector<std::size_t> groups_;  // where the open groups begin
};

}  // namespace

Result<std::string> pcre_syntax(std::string_view pattern) { return Translator(pattern).run(); }

}  // namespace isogloss::tokens
