// SPDX-License-Identifier: Apache-2.0
// What chunks are packed from, where sentences are not it: blocks of code, and places where a text changes its subject.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "isogloss/documents.hpp"

namespace isogloss::input {

// The lines of a span of code cut into blocks at the outermost indentation that gives more than one: a block begins at
// a line of that indentation behind a blank line, a deeper line or the line that closes one, and a comment or decorator
// stays with what follows it. One span when there is no such place.
std::vector<Span> code_blocks(std::string_view text, Span span);

// The same at ever deeper indentation until every block fits, then line by line.
std::vector<Span> code_pieces(std::string_view text, Span span, const std::function<bool(Span)>& fits);

// Begin of the lines that stand directly above `line_begin` at its indentation: decorators, comments, a return type.
std::size_t begin_of_symbol(std::string_view text, std::size_t line_begin, std::size_t floor);

// Where a run of sentences is cut. `gaps` = distance between sentence i and i + 1, (n - 1); `units` = length of each,
// (n). The widest gaps come first: one becomes a cut when it is at least `wide`, or when the part it lies in is longer
// than `most`, as long as both sides keep `least` units. Returns the numbers of the sentences that begin a part,
// without 0.
std::vector<std::size_t> cuts_at_gaps(const std::vector<double>& gaps, const std::vector<std::size_t>& units,
                                      double wide, std::size_t least, std::size_t most);

}  // namespace isogloss::input
