// SPDX-License-Identifier: Apache-2.0
#include "isogloss/heads.hpp"

#include <string>
#include <vector>

#include "core/guard.hpp"
#include "heads/calibration.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kBatch = 4096;  // texts of one call

}  // namespace

Result<ModelPtr> train_classifier(std::string_view base, const Dataset& data, const OptionValues& options,
                                  Context& context) {
  TrainingRun run;
  run.base = IG_TRY(load_or_fit(base, data, context));
  return train("classifier", data, options, context, run);
}

Result<ClassifierTest> test_classifier(const Classifier& classifier, const Dataset& data, Context& context) {
  return guard([&]() -> Result<ClassifierTest> {
    std::vector<std::string> texts, truth, predicted;
    heads::Calibration calibration;
    const auto flush = [&]() -> Status {
      std::vector<Input> inputs;
      for (const std::string& text : texts) inputs.push_back(Input::text(text));
      for (const auto& labels : IG_TRY(classifier.classify(inputs, 1, context))) {
        predicted.emplace_back(labels.empty() ? std::string_view() : classifier.label(labels[0].label));
        const double probability = labels.empty() ? 0 : static_cast<double>(labels[0].probability);
        calibration.add(probability, predicted.back() == truth[predicted.size() - 1]);
      }
      texts.clear();
      return {};
    };
    IG_TRY(data.for_each(
        [&](const Record& record) -> Status {
          texts.emplace_back(record.text);
          truth.emplace_back(record.label);
          return texts.size() == kBatch ? flush() : Status();
        },
        context));
    IG_TRY(flush());
    if (truth.empty()) return fail(Code::corrupt_data, "'" + data.description() + "' has no labelled text in it.");
    const Classification scores = IG_TRY(classification(truth, predicted));
    return ClassifierTest{truth.size(), scores.accuracy, scores.macro.f1, calibration.error()};
  });
}

}  // namespace isogloss
