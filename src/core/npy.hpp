// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy (numpy.lib.format, versions 1 to 3): a header that is a Python literal, then the numbers.
//
//   "\x93NUMPY" major minor   length (2 bytes; 4 from version 2 on)   {'descr': '<f4', 'fortran_order': False, 'shape':
//   (3, 2), }
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

inline constexpr std::string_view kNpyMagic{"\x93NUMPY", 6};

struct NpyMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;  // (rows, columns)
};

// What stands before the numbers of an array of that type ("<f4", little-endian f32), row by row, padded so that they
// begin at a multiple of 64 bytes.
std::string npy_header(std::string_view type, std::span<const std::size_t> shape);

// A matrix of f4, f8 or f2, little-endian, row by row; an array of one dimension is one row. Error{corrupt_data}: cut
// short, or not what its header says; Error{unsupported} names another type, order or number of dimensions. `where`
// names the file.
Result<NpyMatrix> parse_npy_matrix(std::string_view content, std::string_view where);

}  // namespace isogloss
