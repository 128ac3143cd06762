// SPDX-License-Identifier: Apache-2.0
// Coding many rows: which centre they need, and their codes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "index/scan/coder.hpp"
#include "isogloss/context.hpp"

namespace isogloss::index {

// Fewer rows are faster read as they are.
inline constexpr std::size_t kLeastCoded = 1024;
// Longer rows are not coded: their scores come near the end of f32.
inline constexpr double kLongestCoded = 1e15;

// A row in f32 into out (dim).
using ReadRow = std::function<void(std::size_t row, std::span<float> out)>;

struct RowStatistics {
  std::vector<float> centre;  // (dim), or empty where the rows lie about zero
  double largest = 0;         // |x|
};
// The rows need a centre when their mean has more than a twentieth of their mean square: the estimates' errors grow
// with the length of what is coded. (Sentences by MiniLM: 0.03; averaged word vectors: 0.87.) Same bits at any number
// of threads.
RowStatistics measure_rows(std::size_t count, std::size_t dim, const ReadRow& read, const Context& context);

// What the signs of coded rows leave out: sum over rows of 1 - a^2 (coder.hpp), and how many rows.
struct Spread {
  double sum = 0;
  double rows = 0;
  // Deviation of an estimate's error in units of factor times |z|.
  double deviation() const;
};

// Codes rows [first, first + count) of `read` into positions [first, ...) of the buffer, which has room.
void code_rows(const Coder& coder, std::size_t first, std::size_t count, const ReadRow& read, CodeBuffer& to,
               Spread& spread, const Context& context);

}  // namespace isogloss::index
