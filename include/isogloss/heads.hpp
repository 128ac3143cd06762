// SPDX-License-Identifier: Apache-2.0
// Small models on top of the vectors of another: trained and measured on labelled texts.
#pragma once

#include <cstdint>
#include <string_view>

#include "isogloss/context.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// A classifier on the vectors of `base`: a model by reference, or fit:FAMILY, fitted on the texts of `data`. data: of
// DatasetOptions::labelled; options: those of the family classifier. Errors of load() and train().
Result<ModelPtr> train_classifier(std::string_view base, const Dataset& data, const OptionValues& options,
                                  Context& context);

struct ClassifierTest {
  std::uint64_t texts = 0;
  double accuracy = 0, macro_f1 = 0;
  // Expected calibration error of the best label's probability, by fifteen steps (Guo et al. 2017).
  double calibration_error = 0;
};
// What a classifier says of labelled texts, beside their labels. A text without an answer is wrong; its probability is
// 0. Error{corrupt_data}: there is no labelled text.
Result<ClassifierTest> test_classifier(const Classifier& classifier, const Dataset& data, Context& context);

}  // namespace isogloss
