// SPDX-License-Identifier: Apache-2.0
#include "index/scan/row_coding.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kGrain = 2048;  // rows; whole blocks
constexpr double kCentredShare = 0.05;
constexpr std::size_t kMostMeasured = 65536;  // rows that the mean is taken of, evenly spread

}  // namespace

RowStatistics measure_rows(std::size_t count, std::size_t dim, const ReadRow& read, const Context& context) {
  const std::size_t stride = std::max<std::size_t>(1, count / kMostMeasured);
  const std::size_t blocks = (count + kGrain - 1) / kGrain;
  struct Part {
    std::vector<double> sums;
    double squares = 0;
    double largest = 0;
    std::size_t rows = 0;
  };
  std::vector<Part> parts(blocks);
  parallel_for(context, count, kGrain, [&](std::size_t begin, std::size_t end) {
    Part& part = parts[begin / kGrain];
    part.sums.resize(dim);
    std::vector<float> x(dim);
    for (std::size_t i = begin; i < end; ++i) {
      read(i, x);
      double square = 0;
      for (const float v : x) square += static_cast<double>(v) * v;
      part.largest = std::max(part.largest, square);
      if (i % stride != 0) continue;
      part.squares += square;
      ++part.rows;
      for (std::size_t d = 0; d < dim; ++d) part.sums[d] += x[d];
    }
  });
  RowStatistics out;
  std::vector<double> sums(dim);
  double squares = 0;
  double rows = 0;
  for (const Part& part : parts) {
    for (std::size_t d = 0; d < dim; ++d) sums[d] += part.sums[d];
    squares += part.squares;
    rows += static_cast<double>(part.rows);
    out.largest = std::max(out.largest, std::sqrt(part.largest));
  }
  double of_mean = 0;
  for (double& sum : sums) {
    sum /= std::max(rows, 1.0);
    of_mean += sum * sum;
  }
  if (rows > 0 && of_mean > kCentredShare * squares / rows) out.centre.assign(sums.begin(), sums.end());
  return out;
}

double Spread::deviation() const { return rows > 0 ? std::sqrt(std::max(0.0, sum / rows)) : 0.0; }

void code_rows(const Coder& coder, std::size_t first, std::size_t count, const ReadRow& read, CodeBuffer& to,
               Spread& spread, const Context& context) {
  // Blocks of positions, whatever `first` is: two threads never share a byte.
  const std::size_t begin_block = first / kGrain;
  const std::size_t end_block = (first + count + kGrain - 1) / kGrain;
  std::vector<Spread> parts(end_block - begin_block);
  parallel_for(context, parts.size(), 1, [&](std::size_t part, std::size_t) {
    const std::size_t begin = std::max(first, (begin_block + part) * kGrain);
    const std::size_t end = std::min(first + count, (begin_block + part + 1) * kGrain);
    std::vector<float> x(coder.dim());
    for (std::size_t i = begin; i < end; ++i) {
      read(i, x);
      parts[part].sum += coder.encode(x, {}, i, i, to).left_out;
    }
    parts[part].rows = static_cast<double>(end - begin);
  });
  for (const Spread& part : parts) {
    spread.sum += part.sum;
    spread.rows += part.rows;
  }
}

}  // namespace isogloss::index
