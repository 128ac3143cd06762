// SPDX-License-Identifier: Apache-2.0
// Files of word vectors: word2vec's text and binary (tmikolov/word2vec 20c129a), fastText's .vec and GloVe's text
// (stanfordnlp/GloVe 52f7dbc), packed with gzip, xz or zstd or not.
//
//   text     [V d\n] then a line a word: word, d numbers, blanks between them; GloVe leaves the first line out
//   binary   V d\n then word, blank, d little-endian floats, and \n, which other writers leave out
//
// Words may hold anything but blanks and line feeds in binary files; in text a word is what stands before the last d
// numbers, so that GloVe 840B's ". . ." is read as one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/string_pack.hpp"
#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

enum class WordVectorLayout : std::uint8_t {
  none,   // something else
  text,   // with a header
  glove,  // text without
  binary,
  numpy,   // a matrix, its words in NAME.vocabulary.txt beside NAME.npy, a line each
};

struct WordVectors {
  StringPack words;
  std::size_t dim = 0;
  std::vector<float> rows;   // (words, dim)
  std::size_t repeated = 0;  // rows of words that came before: left out
  WordVectorLayout layout = WordVectorLayout::none;
};

// By the first bytes of the content (unpacked); `whole` = there is no more.
WordVectorLayout recognise_word_vectors(std::string_view head, bool whole);
// The same of a file, packed or not.
WordVectorLayout recognise_word_vector_file(const std::filesystem::path& path);

// Error{corrupt_data} names file and line (text) or word (binary) and what is wrong: another number of columns, a
// number that is not finite, a header that promises more words than there are. Words that are not UTF-8 are kept as
// they are.
Result<WordVectors> read_word_vectors(const std::filesystem::path& path, Context& context);
Result<WordVectors> parse_word_vectors(std::string_view content, std::string_view where, Context& context);

// As the original tools write them. digits: after the point, as word2vec; 0 = the shortest that reads back the same.
std::string write_word_vectors(const StringPack& words, std::span<const float> rows, std::size_t dim,
                               WordVectorLayout layout, int digits = 6);

}  // namespace isogloss::formats
