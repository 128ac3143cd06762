// SPDX-License-Identifier: Apache-2.0
// Product quantisation (Jegou, Douze and Schmid 2011): the columns of a matrix are cut into parts, each part of a row
// is replaced by the nearest of 256 centroids of this part, a byte. With norms, rows are scaled to length 1 before and
// their lengths quantised by themselves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

inline constexpr std::size_t kProductCentroids = 256;

// Rows as codes; a view.
struct ProductCodes {
  std::size_t columns = 0;
  std::size_t part = 1;                      // columns of a part; the last may be narrower
  std::span<const std::uint8_t> codes;       // (rows, parts)
  std::span<const float> centroids;          // (256 * columns): of part 0 (256, width), of part 1 ...
  std::span<const std::uint8_t> norm_codes;  // (rows) or empty
  std::span<const float> norms;              // (256) or empty

  std::size_t parts() const { return (columns + part - 1) / part; }
  std::size_t width(std::size_t p) const { return std::min(part, columns - p * part); }
  // The centroid of part p with this code. (width(p))
  std::span<const float> centroid(std::size_t p, std::uint8_t code) const {
    const std::size_t w = width(p);
    return centroids.subspan(kProductCentroids * part * p + code * w, w);
  }
  float norm(std::size_t row) const { return norm_codes.empty() ? 1.0F : norms[norm_codes[row]]; }
};

// out += scale times row `row`. out: (columns)
void add_coded_row(const ProductCodes& codes, std::size_t row, float scale, std::span<float> out);
float dot_coded_row(const ProductCodes& codes, std::size_t row, std::span<const float> query);
// out[i] = dot of `query` and row i, by a table of the query's dots with all centroids. query: (columns), out: (rows)
void dot_coded_rows(const ProductCodes& codes, std::span<const float> query, std::span<float> out);

struct QuantizedRows {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t part = 1;
  std::vector<std::uint8_t> codes;       // (rows, parts)
  std::vector<float> centroids;          // (256 * columns)
  std::vector<std::uint8_t> norm_codes;  // (rows) or empty
  std::vector<float> norms;              // (256) or empty
  ProductCodes view() const { return {columns, part, codes, centroids, norm_codes, norms}; }
};

struct QuantizeRowsOptions {
  std::size_t part = 2;             // columns of a part
  bool norms = false;               // lengths of rows apart
  std::size_t rounds = 25;          // of k-means, at most
  std::size_t most_points = 65536;  // rows that k-means looks at, drawn at random
};

// Same bits for the same context.seed at any number of threads. Error{invalid_argument}: no row, a part of no column, a
// value that is not finite. REQUIRES: rows.column_stride == 1.
Result<QuantizedRows> quantize_rows(MatrixView rows /* (n, columns) */, const QuantizeRowsOptions& options,
                                    const Context& context);

}  // namespace isogloss::math
