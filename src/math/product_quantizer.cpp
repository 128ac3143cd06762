// SPDX-License-Identifier: Apache-2.0
#include "math/product_quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "math/kmeans.hpp"
#include "math/vector.hpp"

namespace isogloss::math {
namespace {

constexpr std::size_t kGrain = 4096;  // rows of one task

// Rows [picks] of the columns from `begin` on, `width` of them. (picks, width)
Matrix part_of(MatrixView rows, std::span<const std::uint32_t> picks, std::size_t begin, std::size_t width) {
  Matrix out(picks.size(), width);
  for (std::size_t i = 0; i < picks.size(); ++i) {
    std::ranges::copy(rows.row(picks[i]).subspan(begin, width), out.view().row(i).begin());
  }
  return out;
}

// Centroids of one part into `centroids` (256, width) and the code of every row into codes[row * step].
Status quantize_part(MatrixView rows, std::size_t begin, std::size_t width, const QuantizeRowsOptions& options,
                     std::span<const std::uint32_t> sample, std::span<float> centroids, std::uint8_t* codes,
                     std::size_t step, const Context& context) {
  IG_TRY(context.check());
  const Matrix points = part_of(rows, sample, begin, width);
  KMeansOptions k;
  k.clusters = std::min(kProductCentroids, sample.size());
  k.rounds = options.rounds;
  k.tolerance = 0;
  const KMeans found = IG_TRY(kmeans(points.view(), k, context));
  std::ranges::fill(centroids, 0.0F);  // where there are fewer rows than centroids
  for (std::size_t c = 0; c < k.clusters; ++c) {
    std::ranges::copy(found.centroids.view().row(c), centroids.subspan(c * width).begin());
  }
  parallel_for(context, rows.rows, kGrain, [&](std::size_t from, std::size_t to) {
    std::vector<std::uint32_t> picks(to - from), nearest(to - from);
    std::iota(picks.begin(), picks.end(), static_cast<std::uint32_t>(from));
    const Matrix here = part_of(rows, picks, begin, width);
    Context alone = context;
    alone.threads = 1;
    assign_nearest(here.view(), found.centroids.view(), nearest, alone);
    for (std::size_t i = from; i < to; ++i) codes[i * step] = static_cast<std::uint8_t>(nearest[i - from]);
  });
  return context.check();
}

}  // namespace

void add_coded_row(const ProductCodes& codes, std::size_t row, float scale, std::span<float> out) {
  const std::size_t parts = codes.parts();
  const std::uint8_t* const code = codes.codes.data() + row * parts;
  const float factor = scale * codes.norm(row);
  float* to = out.data();
  for (std::size_t p = 0; p < parts; ++p) {
    for (const float x : codes.centroid(p, code[p])) *to++ += factor * x;
  }
}

float dot_coded_row(const ProductCodes& codes, std::size_t row, std::span<const float> query) {
  const std::size_t parts = codes.parts();
  const std::uint8_t* const code = codes.codes.data() + row * parts;
  const float* x = query.data();
  float sum = 0;
  for (std::size_t p = 0; p < parts; ++p) {
    for (const float y : codes.centroid(p, code[p])) sum += *x++ * y;
  }
  return sum * codes.norm(row);
}

void dot_coded_rows(const ProductCodes& codes, std::span<const float> query, std::span<float> out) {
  const std::size_t parts = codes.parts();
  std::vector<float> table(parts * kProductCentroids);
  for (std::size_t p = 0; p < parts; ++p) {
    const std::span<const float> part = query.subspan(p * codes.part, codes.width(p));
    for (std::size_t c = 0; c < kProductCentroids; ++c) {
      const std::span<const float> centroid = codes.centroid(p, static_cast<std::uint8_t>(c));
      table[p * kProductCentroids + c] = std::inner_product(part.begin(), part.end(), centroid.begin(), 0.0F);
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    float sum = 0;
    for (std::size_t p = 0; p < parts; ++p) sum += table[p * kProductCentroids + codes.codes[i * parts + p]];
    out[i] = sum * codes.norm(i);
  }
}

Result<QuantizedRows> quantize_rows(MatrixView rows, const QuantizeRowsOptions& options, const Context& context) {
  if (rows.rows == 0 || rows.columns == 0 || options.part == 0) {
    return fail(Code::invalid_argument, "there is nothing to quantise: " + std::to_string(rows.rows) + " rows of " +
                                            std::to_string(rows.columns) + " columns, in parts of " +
                                            std::to_string(options.part) + ".");
  }
  QuantizedRows out;
  out.rows = rows.rows;
  out.columns = rows.columns;
  out.part = std::min(options.part, rows.columns);
  const std::size_t parts = out.view().parts();
  out.codes.resize(rows.rows * parts);
  out.centroids.resize(kProductCentroids * rows.columns);

  std::vector<std::uint32_t> sample(rows.rows);
  std::iota(sample.begin(), sample.end(), 0U);
  if (sample.size() > options.most_points) {
    Random random(context.seed);
    random.shuffle(std::span(sample));
    sample.resize(options.most_points);
  }
  Matrix units;
  if (options.norms) {
    units = Matrix(rows.rows, rows.columns);
    Matrix lengths(rows.rows, 1);
    for (std::size_t i = 0; i < rows.rows; ++i) {
      std::ranges::copy(rows.row(i), units.view().row(i).begin());
      lengths.view()(i, 0) = std::sqrt(squared_length(rows.row(i)));
      scale_to_length(1, units.view().row(i));
    }
    out.norm_codes.resize(rows.rows);
    out.norms.resize(kProductCentroids);
    IG_TRY(quantize_part(lengths.view(), 0, 1, options, sample, out.norms, out.norm_codes.data(), 1, context));
    rows = units.view();
  }
  for (std::size_t p = 0; p < parts; ++p) {
    const std::size_t width = out.view().width(p);
    const std::span<float> centroids =
        std::span(out.centroids).subspan(kProductCentroids * out.part * p, kProductCentroids * width);
    IG_TRY(quantize_part(rows, p * out.part, width, options, sample, centroids, out.codes.data() + p, parts, context));
  }
  return out;
}

}  // namespace isogloss::math
