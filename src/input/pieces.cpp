// SPDX-License-Identifier: Apache-2.0
// Code is cut without knowing its language: indentation shows the nesting in nearly all of it, and a line that begins
// with a closing bracket or a word like `end` belongs to the block above. Semantic cuts take the widest gaps of the
// whole run first, instead of the first ones over a threshold, so that the hard limit falls where the text parts most.
#include "input/pieces.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "core/text.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kTabColumns = 4;
// Words that go on with the block above, sorted.
constexpr std::array<std::string_view, 14> kContinuing{"catch", "done",    "elif",   "else",   "elseif",
                                                       "elsif", "end",     "esac",   "except", "ensure",
                                                       "fi",    "finally", "rescue", "then"};

struct Line {
  Span at;  // with its line feed
  std::size_t indent = 0;
  bool blank = false;
  bool continuing = false;  // closes or goes on with what stands above
};

bool continues_block(std::string_view content) {
  if (content.find_first_of(")]}") == 0) return true;
  std::size_t end = 0;
  while (end < content.size() && content[end] >= 'a' && content[end] <= 'z') ++end;
  const std::string_view word = content.substr(0, end);
  return std::ranges::find(kContinuing, word) != kContinuing.end();
}

Line line_at(std::string_view text, std::size_t begin, std::size_t end) {
  const std::size_t feed = text.find('\n', begin);
  Line line;
  line.at = {begin, std::min(feed == std::string_view::npos ? end : feed + 1, end)};
  std::size_t i = begin;
  for (; i < line.at.end && (text[i] == ' ' || text[i] == '\t'); ++i) {
    line.indent = text[i] == '\t' ? (line.indent / kTabColumns + 1) * kTabColumns : line.indent + 1;
  }
  const std::string_view content = trim(text.substr(i, line.at.end - i));
  line.blank = content.empty();
  line.continuing = continues_block(content);
  return line;
}

std::vector<Line> lines_of(std::string_view text, Span span) {
  std::vector<Line> out;
  for (std::size_t at = span.begin; at < span.end; at = out.back().at.end) out.push_back(line_at(text, at, span.end));
  return out;
}

// The lines that begin a block at an indentation, as numbers; the first line is not among them.
std::vector<std::size_t> starts_at(const std::vector<Line>& lines, std::size_t indent) {
  std::vector<std::size_t> out;
  const Line* above = nullptr;
  bool behind_blank = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (line.blank) {
      behind_blank = true;
      continue;
    }
    const bool apart = above != nullptr && (behind_blank || above->indent != indent || above->continuing);
    if (line.indent == indent && !line.continuing && apart) out.push_back(i);
    above = &line;
    behind_blank = false;
  }
  return out;
}

}  // namespace

std::vector<Span> code_blocks(std::string_view text, Span span) {
  const std::vector<Line> lines = lines_of(text, span);
  std::set<std::size_t> indents;
  for (const Line& line : lines) {
    if (!line.blank) indents.insert(line.indent);
  }
  for (const std::size_t indent : indents) {
    const std::vector<std::size_t> starts = starts_at(lines, indent);
    if (starts.empty()) continue;
    std::vector<Span> out;
    std::size_t begin = span.begin;
    for (const std::size_t start : starts) {
      out.push_back({begin, lines[start].at.begin});
      begin = lines[start].at.begin;
    }
    out.push_back({begin, span.end});
    return out;
  }
  return {span};
}

std::vector<Span> code_pieces(std::string_view text, Span span, const std::function<bool(Span)>& fits) {
  std::vector<Span> out, waiting{span};  // the last of `waiting` comes first in the text
  while (!waiting.empty()) {
    const Span part = waiting.back();
    waiting.pop_back();
    if (fits(part)) {
      out.push_back(part);
      continue;
    }
    const std::vector<Span> blocks = code_blocks(text, part);
    if (blocks.size() > 1) {
      waiting.insert(waiting.end(), blocks.rbegin(), blocks.rend());
      continue;
    }
    for (const Line& line : lines_of(text, part)) out.push_back(line.at);
  }
  return out;
}

std::size_t begin_of_symbol(std::string_view text, std::size_t line_begin, std::size_t floor) {
  const std::size_t indent = line_at(text, line_begin, text.size()).indent;
  while (line_begin > floor) {
    const std::size_t feed = line_begin < 2 ? std::string_view::npos : text.rfind('\n', line_begin - 2);
    const std::size_t above = std::max(feed == std::string_view::npos ? 0 : feed + 1, floor);
    const Line line = line_at(text, above, line_begin);
    if (line.blank || line.continuing || line.indent != indent) break;
    line_begin = above;
  }
  return line_begin;
}

std::vector<std::size_t> cuts_at_gaps(const std::vector<double>& gaps, const std::vector<std::size_t>& units,
                                      double wide, std::size_t least, std::size_t most) {
  std::vector<std::size_t> before(units.size() + 1, 0);  // units in front of each sentence
  std::partial_sum(units.begin(), units.end(), before.begin() + 1);
  std::vector<std::size_t> order(gaps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return gaps[a] > gaps[b]; });
  std::set<std::size_t> cuts{0, units.size()};
  for (const std::size_t gap : order) {
    const auto next = cuts.upper_bound(gap);
    const std::size_t end = *next, begin = *std::prev(next), cut = gap + 1;
    if (cut == end) continue;
    const bool too_long = before[end] - before[begin] > most;
    const bool sides = before[cut] - before[begin] >= least && before[end] - before[cut] >= least;
    if (sides && (too_long || gaps[gap] >= wide)) cuts.insert(cut);
  }
  cuts.erase(0);
  cuts.erase(units.size());
  return {cuts.begin(), cuts.end()};
}

}  // namespace isogloss::input
