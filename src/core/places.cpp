// SPDX-License-Identifier: Apache-2.0
#include "core/places.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace isogloss {
namespace {

// Those of ascending places that touch `at`.
template <class T>
std::span<const T> touching(std::span<const T> places, Span at) {
  const auto first = std::ranges::partition_point(places, [&](const T& place) { return place.at.end <= at.begin; });
  const auto last = std::partition_point(first, places.end(), [&](const T& place) { return place.at.begin < at.end; });
  return {first, last};
}

bool on_one_line(const Box& line, const Box& word) {
  const float common = std::min(line.bottom, word.bottom) - std::max(line.top, word.top);
  const float lower = std::min(line.bottom - line.top, word.bottom - word.top);
  return line.page == word.page && common > lower / 2;
}

}  // namespace

std::vector<Box> line_boxes(std::span<const Box> words, Span at) {
  std::vector<Box> lines;
  for (const Box& word : touching(words, at)) {
    if (lines.empty() || !on_one_line(lines.back(), word)) {
      lines.push_back(word);
      continue;
    }
    Box& line = lines.back();
    line.at.end = std::max(line.at.end, word.at.end);
    line.left = std::min(line.left, word.left);
    line.top = std::min(line.top, word.top);
    line.right = std::max(line.right, word.right);
    line.bottom = std::max(line.bottom, word.bottom);
  }
  return lines;
}

std::optional<Moment> time_of(std::span<const Moment> moments, Span at) {
  std::optional<Moment> out;
  for (const Moment& moment : touching(moments, at)) {
    if (!out) out = Moment{at, moment.begin, moment.end};
    out->begin = std::min(out->begin, moment.begin);
    out->end = std::max(out->end, moment.end);
  }
  return out;
}

std::string clock_time(double seconds) {
  const auto thousandths = static_cast<long long>(std::llround(std::max(seconds, 0.0) * 1000));
  const long long whole = thousandths / 1000;
  char out[40];
  std::snprintf(out, sizeof out, "%lld:%02lld:%02lld.%03lld", whole / 3600, whole / 60 % 60, whole % 60,
                thousandths % 1000);
  return out;
}

void number_lines(std::string_view text, std::vector<Chunk>& chunks) {
  std::size_t at = 0;
  std::uint32_t line = 1;
  for (Chunk& chunk : chunks) {
    const std::size_t begin = std::min(chunk.at.begin, text.size());
    if (begin < at) {  // an overlap, or chunks out of order
      line -= static_cast<std::uint32_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                                    text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    } else {
      line += static_cast<std::uint32_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                    text.begin() + static_cast<std::ptrdiff_t>(begin), '\n'));
    }
    at = begin;
    chunk.line = line;
  }
}

}  // namespace isogloss
