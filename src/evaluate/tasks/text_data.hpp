// SPDX-License-Identifier: Apache-2.0
// Files of tasks about texts: pairs with a score, labelled texts, lines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

// The files that PLACE names: itself, or "A+B", or those of a folder whose name holds the split ("MSRpar.test.tsv",
// "stsb-en-test.csv"), by name. Error{not_found}.
Result<std::vector<std::filesystem::path>> files_of(std::string_view place, const std::string& split);
// What a task is called: the file's name without its ending, or the folder's.
std::string task_name(std::string_view place);
// Of the contents of files: what was measured on. Part of a SHA-256, hexadecimal.
Result<std::string> data_hash(const std::vector<std::filesystem::path>& files);

struct TextPairs {
  std::vector<std::string> a, b;
  std::vector<double> scores;
  std::size_t rows = 0;  // those without a score included, which are left out
  std::string data;      // data_hash
};

// Two texts and a number a row: JSON lines, CSV, or cells between tabs, which are taken as they are. With a header the
// columns go by name (sentence1, text2, score, label ...); without, there must be two columns of text and one of
// numbers. Error{corrupt_data} names the file and what is missing.
Result<TextPairs> read_text_pairs(std::string_view place, const std::string& split, Context& context);

// The texts of both sides, those of a first: what a model may be fitted on.
std::vector<std::string> joined(std::span<const std::string> a, std::span<const std::string> b);

struct LabelledTexts {
  std::vector<std::string> texts, labels;
};
// DatasetOptions::labelled tells the forms.
Result<LabelledTexts> read_labelled(const std::filesystem::path& file, const EvalOptions& options, Context& context);
// The one file of a folder whose name without its ending is `stem` or ends with it after a dot, dash or underscore.
Result<std::filesystem::path> file_called(const std::filesystem::path& folder, const std::string& stem);

// A text a line, without the last line feed; packed or not.
Result<std::vector<std::string>> read_texts(const std::filesystem::path& file);

}  // namespace isogloss::evaluation
