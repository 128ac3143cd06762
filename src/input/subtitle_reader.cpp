// SPDX-License-Identifier: Apache-2.0
// SubRip (.srt) and WebVTT: the text is what is said, a cue after the other; times become Document::moments. Numbers,
// settings, notes, styles and tags (<i>, {\an8}) are no text. "<v Anna>" becomes "Anna: ".
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "input/marks.hpp"
#include "input/reader.hpp"

namespace isogloss::input {
namespace {

constexpr std::string_view kArrow = "-->";

// "01:02:03,450" or "02:03.450" in seconds.
std::optional<double> seconds_of(std::string_view text) {
  double total = 0, part = 0, scale = 0;
  int digits = 0, colons = 0;
  for (const char c : trim(text)) {
    if (c >= '0' && c <= '9') {
      if (++digits > 9) return std::nullopt;
      part = scale > 0 ? part + (c - '0') * scale : part * 10 + (c - '0');
      scale /= 10;
    } else if (c == ':' && scale == 0) {
      if (++colons > 2) return std::nullopt;
      total = (total + part) * 60;
      part = 0;
      digits = 0;
    } else if ((c == ',' || c == '.') && scale == 0) {
      scale = 0.1;
    } else {
      break;  // settings of WebVTT behind the time
    }
  }
  if (digits == 0) return std::nullopt;
  return total + part;
}

struct Times {
  double begin = 0, end = 0;
};

std::optional<Times> times_of(std::string_view line) {
  const std::size_t arrow = line.find(kArrow);
  if (arrow == std::string_view::npos) return std::nullopt;
  const auto begin = seconds_of(line.substr(0, arrow)), end = seconds_of(line.substr(arrow + kArrow.size()));
  if (!begin || !end) return std::nullopt;
  return Times{*begin, *end};
}

// Without <tags> and {\tags}.
void append_spoken(std::string_view line, std::string& out) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool override_tag = line[i] == '{' && line.substr(i + 1).starts_with('\\');
    const std::size_t end =
        line[i] == '<' || override_tag ? line.find(override_tag ? '}' : '>', i) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += line[i];
      continue;
    }
    const std::string_view tag = line.substr(i + 1, end - i - 1);
    if (tag.starts_with("v ")) out += std::string(trim(tag.substr(2))) + ": ";
    i = end;
  }
}

Status read_subtitles(std::string_view, const ReadOptions&, Document& document) {
  const std::string content = std::move(document.text);
  document.text.clear();
  const std::vector<Span> lines = lines_from(content, 0);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto times = times_of(text_at(content, lines[i]));
    if (!times) continue;
    const std::size_t begin = document.text.size();
    while (i + 1 < lines.size() && !trim(text_at(content, lines[i + 1])).empty() &&
           !times_of(text_at(content, lines[i + 1]))) {
      append_spoken(trim(text_at(content, lines[++i])), document.text);
      document.text += '\n';
    }
    if (document.text.size() == begin) continue;
    document.moments.push_back({{begin, document.text.size() - 1}, times->begin, std::max(times->begin, times->end)});
  }
  if (document.moments.empty() && !trim(content).empty()) document.notes.emplace_back("no cue with a time was found");
  return {};
}

}  // namespace

constinit const Reader kSubtitleReader{"subtitles", ".srt .vtt", "what is said, with its times", read_subtitles};

}  // namespace isogloss::input
