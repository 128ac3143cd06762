// SPDX-License-Identifier: Apache-2.0
// Bias tests (bias_lists.hpp) of words and sentences: WEAT and SEAT, RNSB, MAC, each where the lists allow it. Single
// words are looked up where the model has vectors of words; those it does not know are left out and counted. Sentences,
// and words for a model of texts, are embedded.
#include <algorithm>
#include <limits>
#include <optional>

#include "core/guard.hpp"
#include "evaluate/metrics/rnsb.hpp"
#include "evaluate/metrics/weat.hpp"
#include "evaluate/tasks/bias_lists.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "isogloss/bias.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kSamples = 100'000;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

using Numbers = std::vector<std::size_t>;  // of rows

// The items of a test that the model knows.
struct Items {
  std::vector<Numbers> targets, attributes;
  heads::Features rows;
  std::size_t found = 0, asked = 0;

  bool complete() const {
    const auto empty = [](const Numbers& list) { return list.empty(); };
    return std::ranges::none_of(targets, empty) && std::ranges::none_of(attributes, empty);
  }
  // Mean cosine of an item with those of a list.
  double nearness(std::size_t item, const Numbers& list) const {
    double sum = 0;
    for (const std::size_t other : list) sum += rows.likeness(item, rows, other).cosine;
    return sum / static_cast<double>(list.size());
  }
};

// One model, as these tests ask it.
class Asked {
 public:
  static Result<Asked> open(std::string_view model, std::span<const BiasLists> tests, const EvalOptions& options,
                            Context& context) {
    Asked out;
    std::vector<std::string> all;
    for (const BiasLists& test : tests) {
      for (const auto* side : {&test.targets, &test.attributes}) {
        for (const auto& list : *side) all.insert(all.end(), list.begin(), list.end());
      }
    }
    const bool sentences =
        std::ranges::any_of(all, [](const std::string& item) { return item.find(' ') != std::string::npos; });
    if (!sentences) {
      auto words = WordVectorsOf::open(model, context);
      if (!words && words.error().code != Code::unsupported) return fail(words.error());
      if (words) out.words_ = std::move(*words);
    }
    if (!out.words_) out.texts_ = IG_TRY(TextModel::open(model, all, options, context));
    return out;
  }

  Result<Items> items(const BiasLists& test, Context& context) {
    Items out;
    Numbers words;
    std::vector<std::string> texts;
    for (const auto& [side, numbers] : {std::pair(&test.targets, &out.targets), {&test.attributes, &out.attributes}}) {
      for (const auto& list : *side) {
        auto& known = numbers->emplace_back();
        for (const std::string& item : list) {
          ++out.asked;
          const auto word = words_ ? words_->find(item) : std::optional<std::size_t>(0);
          if (!word) continue;
          known.push_back(out.found++);
          words.push_back(*word);
          texts.push_back(item);
        }
      }
    }
    out.rows = words_ ? rows_of(words) : IG_TRY(texts_->embed(texts, Role::none, context));
    return out;
  }
  void record(std::map<std::string, std::string>& out) const {
    if (texts_) texts_->record(out);
    if (words_) words_->record(out);
  }

 private:
  heads::Features rows_of(const Numbers& words) const {
    math::Matrix rows(words.size(), words_->words().word_dimension());
    for (std::size_t i = 0; i < words.size(); ++i) words_->words().word_vector(words[i], rows.row(i));
    return heads::Features(std::move(rows));
  }

  std::optional<WordVectorsOf> words_;
  std::optional<TextModel> texts_;
};

void add_weat(const Items& items, const Context& context, BiasTest& out) {
  out.effect = out.p = kUndefined;
  if (items.targets.size() != 2 || items.attributes.size() != 2) return;
  std::vector<double> associations[2];
  for (std::size_t side = 0; side < 2; ++side) {
    for (const std::size_t item : items.targets[side]) {
      associations[side].push_back(items.nearness(item, items.attributes[0]) -
                                   items.nearness(item, items.attributes[1]));
    }
  }
  const WeatResult result = weat(associations[0], associations[1], kSamples, context.seed);
  out.effect = result.effect;
  out.p = result.p;
  out.partitions = result.partitions;
  out.exact = result.exact;
}

void add_mac(const Items& items, BiasTest& out) {
  for (const Numbers& list : items.targets) {
    for (const std::size_t item : list) {
      for (const Numbers& attribute : items.attributes) out.distances.push_back(1 - items.nearness(item, attribute));
    }
  }
  for (const double distance : out.distances) out.mac += distance / static_cast<double>(out.distances.size());
}

Result<BiasTest> measure(const BiasLists& test, const Items& items, Context& context) {
  BiasTest out;
  out.name = test.name;
  out.found = items.found;
  out.asked = items.asked;
  add_weat(items, context, out);
  add_mac(items, out);
  out.rnsb = kUndefined;
  if (items.attributes.size() == 2) {
    Numbers targets;
    for (const Numbers& list : items.targets) targets.insert(targets.end(), list.begin(), list.end());
    out.rnsb = IG_TRY(rnsb(items.rows.normalized(), items.attributes[0], items.attributes[1], targets, context));
  }
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  std::vector<EvalFigure> figures;
  std::map<std::string, std::string> record;
  for (const BiasTest& test : IG_TRY(measure_bias(model, place, options, &record, context))) {
    Report report(model, test.name,
                  "WEAT: Caliskan et al., deviation with n - 1; RNSB, MAC: WEFE, vectors of length 1, no hold-out");
    report.n = test.found;
    report.of = test.asked;
    report.record = record;
    if (test.partitions > 0) {
      report.record["partitions"] = (test.exact ? "all " : "") + std::to_string(test.partitions);
      report.add("effect", test.effect);
      report.add("p", test.p);
    }
    if (test.rnsb == test.rnsb) report.add("rnsb", test.rnsb);
    report.add("mac", test.mac);
    for (EvalFigure& figure : report.take()) figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace

const TaskKind kBiasTask{"bias", "FILE|FOLDER",
                         "bias of words or sentences by lists as JSON: WEAT and SEAT with p, RNSB, MAC", run};

}  // namespace isogloss::evaluation

namespace isogloss {

Result<std::vector<BiasTest>> measure_bias(std::string_view model, std::string_view place, const EvalOptions& options,
                                           std::map<std::string, std::string>* record, Context& context) {
  return guard([&]() -> Result<std::vector<BiasTest>> {
    const std::vector<evaluation::BiasLists> tests = IG_TRY(evaluation::read_bias_lists(place));
    evaluation::Asked asked = IG_TRY(evaluation::Asked::open(model, tests, options, context));
    std::vector<BiasTest> out;
    for (const evaluation::BiasLists& test : tests) {
      IG_TRY(context.check());
      const evaluation::Items items = IG_TRY(asked.items(test, context));
      if (items.complete()) {
        out.push_back(IG_TRY(evaluation::measure(test, items, context)));
      } else {
        context.say(LogLevel::warning, "'" + test.name + "': the model knows nothing of one of the lists; left out.");
      }
    }
    if (out.empty()) {
      return fail(Code::corrupt_data, "'" + std::string(place) + "' has no association test that this model can take.");
    }
    if (record != nullptr) {
      asked.record(*record);
      (*record)["data"] = IG_TRY(evaluation::data_hash(evaluation::bias_files(place)));
    }
    return out;
  });
}

}  // namespace isogloss
