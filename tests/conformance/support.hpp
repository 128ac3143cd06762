// SPDX-License-Identifier: Apache-2.0
// What the suites share: the families with a data set each, and rows as bytes, so that "the same" means the same bits.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/family.hpp"
#include "isogloss/model.hpp"

namespace isogloss::conformance {

// A family and how it is trained here. A family that needs columns has a second case; one that opens files of others
// has a case per folder or file of tests/golden, opened with `options`.
struct FamilyCase {
  std::string name;  // "tfidf", "onehot_columns", "transformer_splade"
  const Family* family = nullptr;
  OptionValues options;
  std::string folder = {};  // under tests/golden; empty = trained
};

inline void PrintTo(const FamilyCase& test, std::ostream* out) { *out << test.name; }

// Every registered family, read through its public record only.
std::vector<FamilyCase> family_cases();
// The cases that give a model.
std::vector<FamilyCase> model_cases();
std::string case_name(const testing::TestParamInfo<FamilyCase>& info);

// 90 short texts in three blocks, with the columns "colour" and "animal" and a label.
std::unique_ptr<Dataset> sample_data();

Result<ModelPtr> train_case(const FamilyCase& test, Context& context);
// The model of the case, trained once per process. A failure is a failed expectation and a null pointer.
ModelPtr model_of(const FamilyCase& test);

// Texts of the sample data and odd ones: empty, blank, invalid UTF-8, NUL, 1 MB.
const std::vector<std::string>& probe_texts();
std::vector<Input> inputs_of(const std::vector<std::string>& texts);

// Row `row` of an embedding as bytes: columns and values, or dense values, or the code of its error.
std::string row_bits(const Embedding& embedding, std::size_t row);
std::vector<std::string> all_bits(const Embedding& embedding);
double row_norm(const Embedding& embedding, std::size_t row);
// The bits of the probe texts, with failed rows reported.
std::vector<std::string> probe_bits(const Model& model, Context& context);

inline EmbedOptions skipping() {
  EmbedOptions options;
  options.on_error = OnError::skip;
  return options;
}

}  // namespace isogloss::conformance
