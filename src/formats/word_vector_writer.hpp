// SPDX-License-Identifier: Apache-2.0
// Files of word vectors as the original tools write them, row by row, of any size.
//
//   word2vec text    V d\n, word, blank, d numbers each with a blank behind it, \n
//   word2vec binary  V d\n, word, blank, d little-endian floats, \n
//   GloVe            [V d\n] word, d numbers with blanks between them, \n
//   fastText .vec    as word2vec's text, five significant digits
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

struct WordVectorForm {
  bool binary = false;
  bool header = true;
  bool trailing_blank = true;
  int digits = 6;            // of a text's numbers, after the point; 0 = the shortest that reads back the same
  bool significant = false;  // digits count from the first that is not 0, as fastText has it
};

std::string word_vector_header(std::size_t words, std::size_t dim);
void append_word_row(std::string_view word, std::span<const float> row, const WordVectorForm& form, std::string& out);

// Where rows come from.
struct WordRowSource {
  std::size_t words = 0;
  std::size_t dim = 0;
  std::function<std::string_view(std::size_t)> word;
  std::function<void(std::size_t, std::span<float>)> row;  // (dim)
};

// Writes a file that happens completely or not at all. Error{unsupported} names a word that the form cannot hold.
Status save_word_vectors(const std::filesystem::path& path, const WordRowSource& source, const WordVectorForm& form,
                         Context& context);
// NumPy's .npy, float32 (words, dim), and beside it PATH with the ending .vocabulary.txt, a word a line.
Status save_word_matrix(const std::filesystem::path& path, const WordRowSource& source, Context& context);

}  // namespace isogloss::formats
