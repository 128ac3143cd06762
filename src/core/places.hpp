// SPDX-License-Identifier: Apache-2.0
// Where a passage stands beyond its bytes: lines of the text, boxes on pages, times.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/input.hpp"

namespace isogloss {

// The words of `at`, joined to one box a line: what a viewer highlights. Words are on one line when they follow each
// other on a page and overlap by more than half of the lower one's height; the direction of writing does not matter.
std::vector<Box> line_boxes(std::span<const Box> words, Span at);

// From the first to the last moment that touches `at`; nothing when none does. `at` of the result is that of the call.
std::optional<Moment> time_of(std::span<const Moment> moments, Span at);

// "0:01:02.500" of seconds.
std::string clock_time(double seconds);

// Fills Chunk::line. Ascending chunks cost one pass over the text.
void number_lines(std::string_view text, std::vector<Chunk>& chunks);

}  // namespace isogloss
