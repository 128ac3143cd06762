// SPDX-License-Identifier: Apache-2.0
// From words with boxes to a text as an author wrote it.
//
// A line that stands at the top or the bottom of its page and says, numbers aside, the same on a third of the pages is
// a running head; one that is only a number is the page's. A heading is a block of few lines in letters clearly larger
// than most of the text; its level is the rank of its size. A word cut at a line end is joined, and keeps its hyphen
// when the text writes it with one elsewhere. List marks that the layout put into a column of their own go back to
// their items.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/foreign/pdf_pages.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr float kMargin = 0.12F;  // of the page's height, where running heads stand
constexpr float kLarger = 1.12F;  // letters of a heading over those of the text
constexpr std::size_t kLongestHeading = 200;
constexpr std::size_t kHeadingLines = 3;
constexpr int kMostLevels = 6;
constexpr float kMarkGap = 60;  // points between a list mark and its item
constexpr float kRoom = 1.15F;  // words are spaced a little wider in some lines

// "Page 12 of 40" -> "page#of#".
std::string without_numbers(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(text)) {
    const bool digit = c >= '0' && c <= '9';
    if (c == ' ' || (digit && out.ends_with('#'))) continue;
    out += digit ? '#' : c;
  }
  return out;
}

bool is_page_number(std::string_view text) {
  const std::string t = without_numbers(text);
  return !t.empty() && t.find('#') != std::string::npos &&
         t.find_first_not_of("#-\xE2\x80\x93/|.pageofsit") == std::string::npos;
}

bool in_margin(const PdfLine& line, const PdfPage& page) {
  return line.bottom() < page.height * kMargin || line.top() > page.height * (1 - kMargin);
}

class Layout {
 public:
  Layout(const std::vector<PdfPage>& pages, Document& document) : pages_(pages), document_(document) {
    find_running_heads();
    find_sizes();
    find_compounds();
  }

  void append() {
    for (std::size_t i = 0; i < pages_.size(); ++i) {
      document_.pages.push_back(document_.text.size());
      PdfPage page = pages_[i];
      std::erase_if(page.blocks, [&](const auto& block) { return is_running(block, page); });
      join_list_marks(page);
      std::erase_if(page.blocks, [](const auto& block) { return block.empty(); });
      put_in_reading_order(page);
      for (const auto& block : page.blocks) append_block(block, i);
    }
  }

 private:
  // Texts, numbers aside, that stand in the margin of at least a third of the pages, and of three.
  void find_running_heads() {
    std::map<std::string, std::size_t> seen;
    for (const PdfPage& page : pages_) {
      std::set<std::string> here;
      for (const auto& block : page.blocks) {
        for (const PdfLine& line : block) {
          if (in_margin(line, page)) here.insert(without_numbers(line.text()));
        }
      }
      for (const std::string& text : here) ++seen[text];
    }
    const std::size_t least = std::max<std::size_t>(3, (pages_.size() + 2) / 3);
    for (const auto& [text, count] : seen) {
      if (count >= least) running_.insert(text);
    }
  }

  bool is_running(const std::vector<PdfLine>& block, const PdfPage& page) const {
    return std::ranges::all_of(block, [&](const PdfLine& line) {
      if (!in_margin(line, page) || is_large(line)) return false;
      const std::string text = line.text();
      return running_.contains(without_numbers(text)) || (pages_.size() > 1 && is_page_number(text));
    });
  }

  bool is_large(const PdfLine& line) const {
    return static_cast<float>(size_of(line)) >= static_cast<float>(body_) * kLarger;
  }

  static int size_of(const PdfLine& line) { return static_cast<int>(std::lround(line.height() * 2)); }  // half points

  // The size of most letters is the text's; larger ones of short blocks are headings, the largest first.
  void find_sizes() {
    std::map<int, std::size_t> letters;
    for (const PdfPage& page : pages_) {
      for (const auto& block : page.blocks) {
        for (const PdfLine& line : block) letters[size_of(line)] += line.text().size();
      }
    }
    for (const auto& [size, count] : letters) {
      if (count > letters[body_]) body_ = size;
    }
    std::set<int, std::greater<>> sizes;
    for (const PdfPage& page : pages_) {
      for (const auto& block : page.blocks) {
        if (looks_heading(block)) sizes.insert(size_of(block.front()));
      }
    }
    int level = 0;
    for (const int size : sizes) {
      // Half a point is no other level.
      if (level == 0 || !levels_.contains(size + 1)) ++level;
      levels_[size] = std::min(level, kMostLevels);
    }
  }

  bool looks_heading(const std::vector<PdfLine>& block) const {
    std::size_t bytes = 0;
    for (const PdfLine& line : block) {
      if (!is_large(line) || line.leader) return false;
      bytes += line.text().size();
    }
    const std::string first = block.front().text();
    const bool letters = std::ranges::any_of(utf8_to_code_points(first), [](char32_t c) { return is_letter(c); });
    return block.size() <= kHeadingLines && bytes <= kLongestHeading && letters;
  }

  // Words with a hyphen inside.
  void find_compounds() {
    for (const PdfPage& page : pages_) {
      for (const auto& block : page.blocks) {
        for (const PdfLine& line : block) {
          for (const PdfWord& word : line.words) {
            const std::size_t hyphen = word.text.find('-');
            if (hyphen != std::string::npos && hyphen + 1 < word.text.size()) compounds_.insert(ascii_lower(word.text));
          }
        }
      }
    }
  }

  static bool is_list_mark(const PdfLine& line) {
    static constexpr std::string_view kMarks[] = {"\u2022", "\u25E6", "\u25AA", "\u2013", "-",
                                                  "*",      "\u25CF", "\u25CB", "\u25A0", "\uF0B7"};
    if (line.words.size() != 1) return false;
    const std::string& text = line.words[0].text;
    if (std::ranges::find(kMarks, text) != std::end(kMarks)) return true;
    const std::size_t digits = text.find_first_not_of("0123456789");
    return digits != 0 && digits != std::string::npos && digits <= 3 &&
           (text.substr(digits) == "." || text.substr(digits) == ")");
  }

  // The line of the page that the mark stands before.
  static PdfLine* item_of(const PdfLine& mark, PdfPage& page) {
    PdfLine* best = nullptr;
    for (auto& block : page.blocks) {
      for (PdfLine& line : block) {
        const float middle = (mark.top() + mark.bottom()) / 2, gap = line.left() - mark.right();
        if (line.top() > middle || line.bottom() < middle || gap < 0 || gap > kMarkGap || is_list_mark(line)) continue;
        if (best == nullptr || line.left() < best->left()) best = &line;
      }
    }
    return best;
  }

  static void join_list_marks(PdfPage& page) {
    for (std::size_t b = 0; b < page.blocks.size(); ++b) {
      for (std::size_t l = 0; l < page.blocks[b].size(); ++l) {
        if (!is_list_mark(page.blocks[b][l])) continue;
        PdfLine* item = item_of(page.blocks[b][l], page);
        if (item == nullptr) continue;
        item->words.insert(item->words.begin(), page.blocks[b][l].words[0]);
        page.blocks[b].erase(page.blocks[b].begin() + static_cast<std::ptrdiff_t>(l--));
      }
    }
  }

  void append_block(const std::vector<PdfLine>& block, std::size_t number) {
    float left = 1e9F, right = 0;
    for (const PdfLine& line : block) {
      left = std::min(left, line.left());
      right = std::max(right, line.right());
    }
    std::string& text = document_.text;
    const bool page_begins = document_.pages.back() == text.size();
    if (!page_begins || (!text.empty() && !text.ends_with('\n'))) text += '\n';
    const std::size_t begin = text.size();
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (i > 0) join(block[i - 1], block[i], left, right);
      append_line(block[i], number);
    }
    const auto level = levels_.find(size_of(block.front()));
    if (level != levels_.end() && looks_heading(block)) {
      document_.headings.push_back({level->second, {begin, text.size()}});
      if (document_.title.empty() && level->second == 1) document_.title = one_line(text.substr(begin));
    }
    text += '\n';
  }

  void append_line(const PdfLine& line, std::size_t page) {
    std::string& text = document_.text;
    for (const PdfWord& word : line.words) {
      if (&word != &line.words.front()) text += ' ';
      const std::size_t begin = text.size();
      text += word.text;
      document_.boxes.push_back(
          {{begin, text.size()}, static_cast<std::uint32_t>(page + 1), word.left, word.top, word.right, word.bottom});
    }
  }

  // What stands between two lines of a block: nothing, a blank or a line end; a hyphen may go.
  void join(const PdfLine& above, const PdfLine& below, float left, float right) {
    std::string& text = document_.text;
    // A paragraph ends where the next word would have found room.
    const float word = below.words.front().right - below.words.front().left + above.height() / 3;
    const bool turned = above.words.size() > 1 && above.words.front().left > above.words.back().left;  // right to left
    const bool short_line = (turned ? above.left() - left : right - above.right()) > word * kRoom;
    const bool ended = text.find_last_of(".!?:") == text.size() - 1;
    if ((short_line && ended) || is_item(below)) {
      text += '\n';
      return;
    }
    const std::string& last = above.words.back().text;
    const std::string& first = below.words.front().text;
    const char32_t begins = utf8_decode(first.data(), first.data() + first.size()).code_point;
    if (last.ends_with("\u00AD")) return shorten(2);
    if (last.size() > 1 && last.ends_with('-') && is_lower(begins)) {
      const bool compound =
          compounds_.contains(ascii_lower(last + first.substr(0, first.find_last_not_of(".,;:!?)") + 1)));
      if (!compound) shorten(1);
      return;
    }
    const std::u32string points = utf8_to_code_points(last);
    const bool unspaced =
        code_point_info(points.back()).kind != ScriptKind::none && code_point_info(begins).kind != ScriptKind::none;
    if (!unspaced) text += ' ';
  }

  static bool is_item(const PdfLine& line) {
    return line.words.size() > 1 && is_list_mark(PdfLine{{line.words.front()}, false});
  }

  // Takes bytes off the last word and its box's span.
  void shorten(std::size_t bytes) {
    document_.text.resize(document_.text.size() - bytes);
    document_.boxes.back().at.end -= bytes;
  }

  const std::vector<PdfPage>& pages_;
  Document& document_;
  std::set<std::string> running_, compounds_;
  std::map<int, int> levels_;  // size in half points -> level
  int body_ = 0;
};

}  // namespace

void append_pages(const std::vector<PdfPage>& pages, Document& document) { Layout(pages, document).append(); }

}  // namespace isogloss::input::foreign
