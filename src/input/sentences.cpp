// SPDX-License-Identifier: Apache-2.0
// Sentence boundaries by rule, in one pass over the bytes. A terminator (. ! ? or their CJK forms) ends a sentence when
// white space follows (CJK needs none) and, for a full stop, when it is not an abbreviation, an initial or followed by a
// lower-case letter. Blank lines, list items and table rows end one in any case. Compared with a trained splitter this
// misses some "U.S. Congress" cases: two sentences then stay together, which costs a chunker nothing.
#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

// Words that take a full stop without ending a sentence, lower case, sorted.
constexpr std::array<std::string_view, 46> kAbbreviations{
    "al",  "apr",  "approx", "aug", "ca",  "capt", "cf",   "col",  "dec",  "dept", "dr",  "e.g",
    "eq",  "est",  "etc",    "ex",  "feb", "fig",  "gen",  "gov",  "i.e",  "inc",  "jan", "jr",
    "jul", "jun",  "lt",     "ltd", "mar", "mr",   "mrs",  "ms",   "no",   "nov",  "oct", "p",
    "pp",  "prof", "rev",    "sen", "sep", "sept", "sr",   "st",   "vol",  "vs"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

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
    } else if (const std::size_t size = cjk_terminator(); size != 0) {
      finish(after_closers(at_ + size));
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

  std::size_t cjk_terminator() const {
    const std::string_view rest = text_.substr(at_, std::min<std::size_t>(3, end_ - at_));
    return rest == "\xE3\x80\x82" || rest == "\xEF\xBC\x81" || rest == "\xEF\xBC\x9F" ? 3 : 0;
  }

  // Behind quotes and brackets that close with the sentence.
  std::size_t after_closers(std::size_t i) const {
    while (i < end_) {
      if (text_[i] == '"' || text_[i] == '\'' || text_[i] == ')' || text_[i] == ']' || text_[i] == '.' ||
          text_[i] == '!' || text_[i] == '?') {
        ++i;
      } else if (text_.substr(i, 3) == "\xE2\x80\x9D" || text_.substr(i, 3) == "\xE2\x80\x99") {
        i += 3;
      } else {
        break;
      }
    }
    return std::min(i, end_);
  }

  bool ends_sentence(char terminator) const {
    const std::size_t behind = after_closers(at_ + 1);
    if (behind < end_ && !is_blank(text_[behind])) return false;
    if (terminator != '.') return true;
    std::size_t next = behind;
    while (next < end_ && is_blank(text_[next])) ++next;
    if (next < end_ && is_lower(text_[next])) return false;
    std::size_t word = at_;
    while (word > start_ && !is_blank(text_[word - 1]) && text_[word - 1] != '(') --word;
    const std::string_view before = text_.substr(word, at_ - word);
    if (before.size() == 1 && is_letter(before[0]) && !is_lower(before[0])) return false;  // an initial
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
