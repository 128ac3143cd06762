// SPDX-License-Identifier: Apache-2.0
#include "isogloss/heads.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "core/guard.hpp"
#include "heads/calibration.hpp"
#include "heads/cluster.hpp"
#include "heads/dedupe.hpp"
#include "heads/embed_rows.hpp"
#include "heads/text_list.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kBatch = 4096;  // texts of one call

// The rows of texts under a model by reference, fitted on them where it is fit:FAMILY.
Result<heads::Features> rows_of(std::string_view model, std::span<const std::string> texts, Context& context) {
  const ModelPtr loaded = IG_TRY(load_or_fit(model, heads::TextList(texts, "the texts at hand"), context));
  return heads::embed_texts(*loaded, texts, context);
}

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

Result<TextClusters> cluster_texts(std::string_view model, std::span<const std::string> texts,
                                   const ClusterOptions& options, Context& context) {
  return guard([&]() -> Result<TextClusters> {
    AnalyzerSpec words = IG_TRY(analyzer_preset("sklearn"));
    words.stop_list = options.stop_words;
    const AnalyzerPtr analyzer = IG_TRY(make_analyzer(words));
    const heads::Features rows = IG_TRY(rows_of(model, texts, context)).normalized();
    TextClusters out;
    out.cluster = IG_TRY(heads::cluster_rows(rows, options, context));
    const std::size_t count = out.cluster.empty() ? 0 : static_cast<std::size_t>(std::ranges::max(out.cluster) + 1);
    const auto terms = heads::cluster_terms(texts, out.cluster, count, options.terms, *analyzer);
    const auto central = heads::central_rows(rows, out.cluster, count);
    for (std::size_t c = 0; c < count; ++c) {
      const auto size = static_cast<std::size_t>(std::ranges::count(out.cluster, static_cast<std::int32_t>(c)));
      out.clusters.push_back({size, central[c], terms[c]});
    }
    return out;
  });
}

Result<std::vector<Duplicate>> find_duplicates(std::string_view model, std::span<const std::string> texts,
                                               double threshold, Context& context) {
  return guard([&]() -> Result<std::vector<Duplicate>> {
    if (!(threshold > 0 && threshold <= 1)) {
      return fail(Code::invalid_argument,
                  "the threshold is a cosine above 0 and up to 1, not " + std::to_string(threshold) + ".");
    }
    const std::vector<std::size_t> equal = heads::first_equals(texts);
    std::vector<Duplicate> out(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) out[i].of = equal[i];
    if (model.empty()) return out;
    std::vector<std::string> distinct;
    std::vector<std::size_t> number;  // of a distinct text among all
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (equal[i] != i) continue;
      distinct.push_back(texts[i]);
      number.push_back(i);
    }
    const heads::Features rows = IG_TRY(rows_of(model, distinct, context));
    const std::vector<Duplicate> near = IG_TRY(heads::first_near(rows, threshold, context));
    for (std::size_t d = 0; d < near.size(); ++d) out[number[d]] = {number[near[d].of], near[d].cosine};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (equal[i] != i) out[i] = out[equal[i]].of == equal[i] ? Duplicate{equal[i], 1} : out[equal[i]];
    }
    return out;
  });
}

}  // namespace isogloss
