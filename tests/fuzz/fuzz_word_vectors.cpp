// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include "fuzz.hpp"

#include "core/npy.hpp"
#include "formats/word_vectors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view content(static_cast<const char*>(static_cast<const void*>(data)), size);
  Context context;
  if (content.starts_with(kNpyMagic)) {
    const auto matrix = parse_npy_matrix(content, "input");
    if (matrix) fuzz::require(matrix->values.size() == matrix->rows * matrix->columns, "a number for every place");
    return 0;
  }
  const auto read = formats::parse_word_vectors(content, "input", context);
  if (!read) return 0;
  fuzz::require(read->rows.size() == read->words.size() * read->dim, "a row for every word");
  for (const float x : read->rows) fuzz::require(std::isfinite(x), "all numbers are finite");
  const std::string written =
      formats::write_word_vectors(read->words, read->rows, read->dim, formats::WordVectorLayout::binary);
  (void)formats::write_word_vectors(read->words, read->rows, read->dim, formats::WordVectorLayout::text, 0);
  fuzz::require(written.size() >= read->rows.size() * sizeof(float), "all rows are written");
  return 0;
}
