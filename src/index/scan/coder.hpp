// SPDX-License-Identifier: Apache-2.0
// Vectors as codes, and queries ready to meet them.
//
// Every score is K + s (inner(q, x)) with K and s > 0 of the query alone, where
//   inner(q, x) = <z, y> + add(x) + shift(q, list)
//   y = P (x - m), z = P (q - c)       c: centre of all rows, m: centre of the row's list (c without lists), P:
//   rotation add(x) = <c, x - c> for cosine and dot, -|x - c|^2 / 2 for Euclidean distance shift = <q - c, m - c>
// so the search ranks by inner(q, x). <z, y> is estimated twice:
//
// From signs: f <z, sign y> with f = |y|^2 / sum |y_j| is <z, y> on average over random rotations (Gao and Long,
// RaBitQ, SIGMOD 2024, section 3.2, where the factor is that of a unit vector); its error is f times <z, part of sign y
// orthogonal to y>, of deviation f |z| sqrt(1 - a^2), a = sum |y_j| / (|y| sqrt width), about 0.8.
//
// From bytes: y ~ step * bytes, z ~ z_step * z_bytes, both to the nearest; |y - step * bytes| <= step sqrt(width) / 2,
// which proves a bound of the error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/scan/code_kernels.hpp"
#include "index/scan/rotation.hpp"
#include "isogloss/vectors.hpp"
#include "math/matrix.hpp"

namespace isogloss::index {

// Codes in somebody's memory. Positions are rows in the order of the codes, whole blocks of them; ranks are the same
// without the gaps that lists have at their ends (lists.hpp).
struct CodedRows {
  std::span<const std::uint8_t> codes;  // (positions / 64 blocks), code_kernels.hpp
  std::span<const float> factors;       // (positions) f; 0 where there is no row
  std::span<const float> adds;          // (positions)
  std::span<const std::int8_t> bytes;   // (ranks, width)
  std::span<const float> steps;         // (ranks) of the bytes
  std::size_t positions = 0;
  std::size_t width = 0;
};

// Codes of our own.
struct CodeBuffer {
  math::AlignedVector<std::uint8_t> codes;
  std::vector<float> factors, adds, steps;
  math::AlignedVector<std::int8_t> bytes;
  std::size_t width = 0;

  explicit CodeBuffer(std::size_t row_width) : width(row_width) {}
  std::size_t positions() const { return factors.size(); }
  void resize(std::size_t positions, std::size_t ranks);  // REQUIRES: whole blocks. New positions hold no row
  void copy(std::size_t from, std::size_t to);            // a position; REQUIRES: ranks are positions
  CodedRows view() const { return {codes, factors, adds, bytes, steps, positions(), width}; }
};

// A query against coded rows.
struct CodedQuery {
  math::AlignedVector<std::uint8_t> tables;
  CodeQuery code;                  // shift 0
  std::vector<std::int8_t> bytes;  // (width)
  float byte_step = 0;
  float byte_error = 0;        // |z - byte_step * bytes|
  float length = 0;            // |z|
  float whole_length = 0;      // |q|
  std::vector<float> centred;  // (dim) q - c
};

class Coder {
 public:
  // centre (dim), or empty: the rows stay where they are.
  Coder(std::size_t dim, Metric metric, std::vector<float> centre);

  std::size_t dim() const { return rotation_.dim(); }
  std::size_t width() const { return rotation_.width(); }
  std::span<const float> centre() const { return centre_; }  // (dim) or empty
  // What encode() has seen.
  struct Measures {
    double left_out = 0;  // 1 - a^2
    double add = 0;
    double squares = 0;  // |y|^2
  };
  // Codes a row into a position and rank of the buffer. x (dim), list_centre (dim), or empty for the centre of all
  // rows.
  Measures encode(std::span<const float> x, std::span<const float> list_centre, std::size_t position, std::size_t rank,
                  CodeBuffer& to) const;
  // q (dim), as RowStore::prepare_queries gives it.
  CodedQuery query(std::span<const float> q) const;

 private:
  Rotation rotation_;
  Metric metric_;
  std::vector<float> centre_;
};

}  // namespace isogloss::index
