// SPDX-License-Identifier: Apache-2.0
// Classification: labelled texts for training and for testing, a logistic regression on the model's vectors. By MTEB's
// rules (convention "mteb", the default) from eight texts of every label, ten times over: which eight is settled by
// NumPy's shuffle, seeded with 42 each time, of an order that goes on from one time to the next. Convention "full"
// trains on all of them; "curve" on 10, 50 and 100 of every label, and on all.
//
// PLACE is a folder with a train and a test file, or "TRAIN+TEST".
#include <algorithm>
#include <map>
#include <numeric>

#include "core/random.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "heads/classifier_head.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kExperiments = 10;
constexpr std::size_t kSamples = 8;
constexpr std::uint32_t kSeed = 42;
constexpr std::size_t kRounds = 100;

Result<std::pair<fs::path, fs::path>> files_for(std::string_view place, const std::string& test) {
  std::error_code error;
  if (fs::is_directory(place, error)) {
    return std::pair(IG_TRY(file_called(place, "train")), IG_TRY(file_called(place, test)));
  }
  const auto parts = split(place, '+');
  if (parts.size() == 2) return std::pair(fs::path(parts[0]), fs::path(parts[1]));
  return fail(Code::invalid_argument,
              "'" + std::string(place) + "': classify takes a folder with a train and a test file, or TRAIN+TEST.");
}

// Labels as numbers, in order of their first text; those of the test side as well.
struct Numbered {
  std::vector<std::string> names;
  std::vector<std::uint32_t> train, test;
};

Result<Numbered> numbered(const LabelledTexts& train, const LabelledTexts& test, std::string_view place) {
  Numbered out;
  std::map<std::string_view, std::uint32_t> known;
  for (const std::string& label : train.labels) {
    const auto [at, fresh] = known.try_emplace(label, static_cast<std::uint32_t>(known.size()));
    if (fresh) out.names.push_back(label);
    out.train.push_back(at->second);
  }
  if (out.names.size() < 2) {
    return fail(Code::corrupt_data,
                "'" + std::string(place) + "': all texts for training have the label '" + out.names[0] + "'.");
  }
  for (const std::string& label : test.labels) {
    const auto at = known.find(label);
    if (at == known.end()) {
      return fail(Code::corrupt_data, "'" + std::string(place) + "': the label '" + shortened(label, 40) +
                                          "' of the test side has no text for training.");
    }
    out.test.push_back(at->second);
  }
  return out;
}

// The first `samples` of every label in the order given.
std::vector<std::size_t> first_of_each(std::span<const std::size_t> order, const Numbered& data, std::size_t samples) {
  std::vector<std::size_t> counts(data.names.size()), out;
  for (const std::size_t i : order) {
    if (counts[data.train[i]]++ < samples) out.push_back(i);
  }
  return out;
}

struct Scores {
  std::vector<double> accuracy, f1, f1_weighted, ap;  // of each experiment
};

class Experiments {
 public:
  Experiments(const heads::Features& train, const heads::Features& test, const Numbered& data, Context& context)
      : train_(train), test_(test), data_(data), context_(context), order_(train.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  Status run(std::size_t samples, std::size_t times, Scores& out) {
    for (std::size_t e = 0; e < times; ++e) {
      NumpyRandom(kSeed).shuffle(std::span(order_));
      IG_TRY(one(first_of_each(order_, data_, samples), out));
      context_.report({"train", "experiments", static_cast<double>(e + 1), static_cast<double>(times), 0});
    }
    return {};
  }
  Status run_all(Scores& out) {
    std::vector<std::size_t> all(train_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return one(all, out);
  }

 private:
  Status one(const std::vector<std::size_t>& rows, Scores& out) {
    std::vector<std::uint32_t> labels;
    for (const std::size_t i : rows) labels.push_back(data_.train[i]);
    heads::HeadOptions options;
    options.rounds = kRounds;
    const auto head =
        IG_TRY(heads::ClassifierHead::fit(train_.pick(rows), labels, data_.names.size(), options, context_));
    const std::vector<std::uint32_t> found = head.classes_of(test_, context_);
    std::vector<std::string> truth, predicted;
    for (std::size_t i = 0; i < found.size(); ++i) {
      truth.push_back(data_.names[data_.test[i]]);
      predicted.push_back(data_.names[found[i]]);
    }
    const Classification scores = IG_TRY(classification(truth, predicted));
    out.accuracy.push_back(scores.accuracy);
    out.f1.push_back(scores.macro.f1);
    out.f1_weighted.push_back(scores.weighted.f1);
    if (data_.names.size() == 2) {  // of hard predictions, as MTEB has it
      std::vector<bool> positive;
      std::vector<double> hard;
      for (std::size_t i = 0; i < found.size(); ++i) {
        positive.push_back(data_.test[i] == 1);
        hard.push_back(found[i]);
      }
      out.ap.push_back(IG_TRY(binary_ranking(positive, hard)).average_precision);
    }
    return {};
  }

  const heads::Features& train_;
  const heads::Features& test_;
  const Numbered& data_;
  Context& context_;
  std::vector<std::size_t> order_;
};

void add_scores(const Scores& scores, const EvalOptions& options, const Context& context, Report& report) {
  report.add_mean("accuracy", scores.accuracy, options, context);
  report.add_mean("f1", scores.f1, options, context);
  report.add("f1_weighted", mean(scores.f1_weighted));
  if (!scores.ap.empty()) report.add("ap", mean(scores.ap));
}

Status add_curve(Experiments& experiments, Report& report) {
  for (const std::size_t samples : {std::size_t{10}, std::size_t{50}, std::size_t{100}}) {
    Scores scores;
    IG_TRY(experiments.run(samples, kExperiments, scores));
    report.add("accuracy@" + std::to_string(samples), mean(scores.accuracy));
  }
  Scores scores;
  IG_TRY(experiments.run_all(scores));
  report.add("accuracy@all", mean(scores.accuracy));
  return {};
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const std::string convention = options.convention.empty() ? "mteb" : options.convention;
  if (convention != "mteb" && convention != "full" && convention != "curve") {
    return fail(Code::invalid_argument, "the convention of classify is mteb, full or curve, not '" + convention + "'.");
  }
  const auto [train_file, test_file] = IG_TRY(files_for(place, options.split));
  const LabelledTexts train = IG_TRY(read_labelled(train_file, options, context));
  const LabelledTexts test = IG_TRY(read_labelled(test_file, options, context));
  const Numbered data = IG_TRY(numbered(train, test, place));
  TextModel model = IG_TRY(TextModel::open(model_name, train.texts, options, context));
  const heads::Features train_rows = IG_TRY(model.embed(train.texts, Role::none, context));
  const heads::Features test_rows = IG_TRY(model.embed(test.texts, Role::none, context));
  Experiments experiments(train_rows, test_rows, data, context);
  const std::string which = convention == "mteb"   ? "MTEB: 8 texts of every label, 10 times"
                            : convention == "full" ? "all texts for training"
                                                   : "10, 50, 100 texts of every label 10 times, and all";
  Report report(model_name, task_name(place), which);
  report.n = report.of = test.texts.size();
  Scores scores;
  if (convention == "mteb") IG_TRY(experiments.run(kSamples, kExperiments, scores));
  if (convention == "full") IG_TRY(experiments.run_all(scores));
  if (convention == "curve")
    IG_TRY(add_curve(experiments, report));
  else
    add_scores(scores, options, context, report);
  report.record["data"] = IG_TRY(data_hash({train_file, test_file}));
  report.record["labels"] = std::to_string(data.names.size());
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kClassifyTask{"classify", "FOLDER|TRAIN+TEST", "classification on few texts of every label; accuracy",
                             run};

}  // namespace isogloss::evaluation
