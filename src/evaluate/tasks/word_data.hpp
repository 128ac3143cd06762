// SPDX-License-Identifier: Apache-2.0
// What the tasks about words share: reading their files, and the words of a model.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/evaluate.hpp"
#include "isogloss/model.hpp"
#include "math/matrix.hpp"

namespace isogloss::evaluation {

using Rows = std::vector<std::vector<std::string>>;

// Rows of at least `columns` cells. .csv and .tsv: below a header, the first column left out when it has no name (a row
// number). Else the cells of a line, between tabs, or between blanks when there is no tab; lines that are empty are
// left out. Error{corrupt_data} names the line.
Result<Rows> read_rows(const std::filesystem::path& path, std::size_t columns, Context& context);
Result<Rows> parse_lines(std::string_view content, std::string_view where, std::size_t columns);

// The finite number that a cell is, blanks at its ends apart.
std::optional<double> number_in(std::string_view cell);

// A Python list of strings, "['a', \"b's\", '']", without the empty ones. Error{corrupt_data}.
Result<std::vector<std::string>> parse_string_list(std::string_view text, std::string_view where);

// A model with vectors of words.
class WordVectorsOf {
 public:
  // Error{unsupported}: the model has no vectors of words.
  static Result<WordVectorsOf> open(std::string_view model, Context& context);

  const Vocabulary& words() const { return *words_; }
  // As it is written, else in lower case.
  std::optional<std::size_t> find(std::string_view word) const;
  std::optional<std::size_t> find_lower(std::string_view word) const;
  // Of length 1; zeros stay zeros. (dim)
  std::vector<double> unit(std::size_t index) const;
  double cosine(std::size_t a, std::size_t b) const;
  // What is needed to repeat a figure: the model, and, into every figure, the file too.
  void record(std::map<std::string, std::string>& out) const;
  Status record(std::string_view place, std::span<EvalFigure> figures) const;

 private:
  ModelPtr model_;
  double load_seconds_ = 0;
  const Vocabulary* words_ = nullptr;
};

}  // namespace isogloss::evaluation
