// SPDX-License-Identifier: Apache-2.0
// Sentence boundaries by rule, in one pass over the bytes: those of Unicode (UAX 29) that matter for prose, and a list
// of abbreviations, which Unicode leaves to others. . ! ? end a sentence when white space follows and, for a full stop,
// when it is not an abbreviation, an initial or followed by a lower-case letter of any script. The terminators of other
// scripts (the Sentence_Terminal property) end one wherever they stand: many of them are written without a blank
// behind. Blank lines, list items and table rows end one in any case. Compared with a trained splitter this misses some
// "U.S. Congress" cases: two sentences then stay together, which costs a chunker nothing.
#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

// Words that take a full stop without ending a sentence, lower case, sorted: of English, German, French, Spanish,
// Italian and Dutch, but for those that are words of their own at the end of a sentence.
constexpr auto kAbbreviations = std::to_array<std::string_view>(
    {"abs",  "al",    "approx", "apr",  "aug",  "bijv", "bzw", "ca",   "capt", "cf",  "col",  "d.h",  "dec",
     "dept", "dhr",   "dott",   "dr",   "e.g",  "ecc",  "env", "eq",   "est",  "etc", "evtl", "ex",   "feb",
     "fig",  "gen",   "ggf",    "gov",  "hrsg", "i.e",  "inc", "inkl", "jan",  "jr",  "jul",  "jun",  "lt",
     "ltd",  "mar",   "mevr",   "mlle", "mme",  "mr",   "mrs", "ms",   "no",   "nov", "nr",   "oct",  "p",
     "p.ex", "pp",    "prof",   "rev",  "s.o",  "sen",  "sep", "sept", "sig",  "sr",  "sra",  "srta", "st",
     "u.a",  "u.s.w", "uds",    "usf",  "usw",  "vgl",  "vol", "vs",   "z.b",  "z.t"});
static_assert(std::ranges::is_sorted(kAbbreviations));

// Sentence_Terminal of Unicode 15 beyond ASCII, without scripts that nobody writes any more, as ranges.
struct Range {
  char32_t first, last;
};
constexpr auto kTerminators = std::to_array<Range>(
    {{0x589, 0x589},   {0x61D, 0x61F},   {0x6D4, 0x6D4},   {0x700, 0x702},   {0x7F9, 0x7F9},   {0x964, 0x965},
     {0x104A, 0x104B}, {0x1362, 0x1362}, {0x1367, 0x1368}, {0x166E, 0x166E}, {0x1735, 0x1736}, {0x17D4, 0x17D5},
     {0x1803, 0x1803}, {0x1809, 0x1809}, {0x1944, 0x1945}, {0x1AA8, 0x1AAB}, {0x1B5A, 0x1B5B}, {0x1B5E, 0x1B5F},
     {0x1C3B, 0x1C3C}, {0x203C, 0x203D}, {0x2047, 0x2049}, {0x2E2E, 0x2E2E}, {0x3002, 0x3002}, {0xA4FF, 0xA4FF},
     {0xA60E, 0xA60F}, {0xA9C8, 0xA9C9}, {0xAA5D, 0xAA5F}, {0xABEB, 0xABEB}, {0xFE56, 0xFE57}, {0xFF01, 0xFF01},
     {0xFF1F, 0xFF1F}, {0xFF61, 0xFF61}});
constexpr char32_t kFrenchCloser = 0xBB;    // stands behind a blank; before a letter it opens a German quotation
constexpr char32_t kWideFullStop = 0xFF0E;  // ends a sentence, but for the one in a number
// Quotes and brackets that close with the sentence, sorted.
constexpr auto kClosers = std::to_array<char32_t>({'"',    '\'',   ')',    ']',    '}',    0xAB,   0xBB,   0x2019,
                                                   0x201C, 0x201D, 0x203A, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011,
                                                   0x3015, 0x3017, 0x3019, 0xFE42, 0xFF09, 0xFF3D, 0xFF5D, 0xFF63});
static_assert(std::ranges::is_sorted(kClosers));

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_terminator(char32_t c) {
  const auto at = std::ranges::lower_bound(kTerminators, c, {}, &Range::last);
  return at != kTerminators.end() && at->first <= c;
}

class Splitter {
 public:
  Splitter(std::string_view text, Span range, std::vector<Span>& out) : text_(text), end_(range.end), out_(out) {
    start_ = range.begin;
    for (at_ = range.begin; at_ < end_;) step();
    finish(end_);
  }

 private:
  void step() {
    const char c = text_[at_];
    if (c == '\n' && ends_at_line_break()) {
      finish(at_);
    } else if ((c == '.' || c == '!' || c == '?') && ends_sentence(c)) {
      finish(after_closers(at_ + 1));
      return;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      const Decoded read = decode(at_);
      if (is_terminator(read.code_point) ||
          (read.code_point == kWideFullStop && !is_digit(decode(at_ + read.size).code_point))) {
        finish(after_closers(at_ + read.size));
      } else {
        at_ += read.size;
      }
      return;
    }
    ++at_;
  }

  // A blank line, a list item or a table row comes next.
  bool ends_at_line_break() const {
    std::size_t i = at_ + 1;
    while (i < end_ && (text_[i] == ' ' || text_[i] == '\t' || text_[i] == '\r')) ++i;
    if (i >= end_ || text_[i] == '\n' || text_[i] == '|') return true;
    if ((text_[i] == '-' || text_[i] == '*' || text_[i] == '+') && i + 1 < end_ && text_[i + 1] == ' ') return true;
    std::size_t digits = i;
    while (digits < end_ && text_[digits] >= '0' && text_[digits] <= '9') ++digits;
    return digits > i && digits - i <= 3 && digits + 1 < end_ && (text_[digits] == '.' || text_[digits] == ')') &&
           text_[digits + 1] == ' ';
  }

  // The code point at `i`; U+0000 at the end.
  Decoded decode(std::size_t i) const {
    return i < end_ ? utf8_decode(text_.data() + i, text_.data() + end_) : Decoded{0, 0, true};
  }
  static bool is_digit(char32_t c) { return is_number(c); }

  // Behind quotes and brackets that close with the sentence, and further terminators ("?!", "...").
  std::size_t after_closers(std::size_t i) const {
    for (Decoded read = decode(i); read.size != 0; read = decode(i)) {
      const char32_t c = read.code_point;
      const Decoded next = decode(i + read.size);
      if (is_space(c) && next.code_point == kFrenchCloser && !is_letter(decode(i + read.size + next.size).code_point)) {
        i += read.size + next.size;
        continue;
      }
      const bool more = c == '.' || c == '!' || c == '?' || is_terminator(c) || std::ranges::binary_search(kClosers, c);
      if (!more) break;
      i += read.size;
    }
    return i;
  }

  bool ends_sentence(char terminator) const {
    const std::size_t behind = after_closers(at_ + 1);
    if (behind < end_ && !is_space(decode(behind).code_point)) return false;
    if (terminator != '.') return true;
    std::size_t next = behind;
    while (next < end_ && is_space(decode(next).code_point)) next += decode(next).size;
    if (is_lower(decode(next).code_point)) return false;
    std::size_t word = at_;
    while (word > start_ && !is_blank(text_[word - 1]) && text_[word - 1] != '(') --word;
    const std::string_view before = text_.substr(word, at_ - word);
    if (before.size() == 1 && is_letter(before[0]) && ascii_lower(before) != before) return false;  // an initial
    if (before.size() > 6) return true;
    return !std::binary_search(kAbbreviations.begin(), kAbbreviations.end(), ascii_lower(before));
  }

  // Emits [start_, end) without the white space around it and goes on behind.
  void finish(std::size_t end) {
    std::size_t begin = start_, stop = end;
    while (begin < stop && is_blank(text_[begin])) ++begin;
    while (stop > begin && is_blank(text_[stop - 1])) --stop;
    if (begin < stop) out_.push_back({begin, stop});
    start_ = end;
    at_ = end < end_ ? std::max(end, at_ + (text_[at_] == '\n' ? 1 : 0)) : end_;
  }

  std::string_view text_;
  std::size_t end_;
  std::vector<Span>& out_;
  std::size_t start_ = 0;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Span> split_sentences(std::string_view text, Span range) {
  std::vector<Span> out;
  Splitter(text, {range.begin, std::min(range.end, text.size())}, out);
  return out;
}

}  // namespace isogloss
