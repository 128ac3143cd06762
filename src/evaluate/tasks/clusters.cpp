// SPDX-License-Identifier: Apache-2.0
// Clustering: do k-means clusters of the vectors, as many as there are labels, agree with the labels? A file is one set
// of labelled texts, or a set a line ({"sentences": [...], "labels": [...]}), of which the mean is told.
//
// Convention "mteb" (the default): every set whole, as MTEB's first clustering tasks. "mteb-v2": 4 % of the texts, ten
// draws of 16,384 with replacement among them, by Python's random.Random(42). MTEB's k-means reads mini batches, ours
// all points, so figures differ by what the seeds of k-means differ, about a point.
#include <algorithm>
#include <map>
#include <numeric>

#include "core/json.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "isogloss/metrics.hpp"
#include "math/kmeans.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kDraws = 10;
constexpr std::size_t kDrawn = 16384;
constexpr double kShare = 0.04;
constexpr std::uint64_t kSeed = 42;

Result<std::vector<LabelledTexts>> read_sets(std::string_view place, const EvalOptions& options, Context& context) {
  const std::string content = IG_TRY(read_unpacked(std::string(place), kMostBytes));
  std::vector<LabelledTexts> sets;
  if (!content.starts_with('{') || content.substr(0, 64).find("\"sentences\"") == std::string::npos) {
    sets.push_back(IG_TRY(read_labelled(std::string(place), options, context)));
    return sets;
  }
  IG_TRY(each_json_line(content, place, [&](const Json& json, const std::string& where) -> Status {
    LabelledTexts& set = sets.emplace_back();
    for (const Json& text : json["sentences"].as_array()) set.texts.push_back(text.as_text());
    for (const Json& label : json["labels"].as_array()) set.labels.push_back(label.as_text());
    if (set.texts.size() == set.labels.size() && !set.texts.empty()) return {};
    return fail(Code::corrupt_data, where + " has " + counted(set.texts.size(), "text") + " and " +
                                        counted(set.labels.size(), "label") + ".");
  }));
  return sets;
}

struct Scores {
  std::vector<double> v_measure, ami, ari, purity;
};

// One set of rows, (n), with their labels. A set with one label is 1 by definition.
Status score(const heads::Features& rows, const std::vector<std::string>& labels, std::uint64_t seed, Scores& out,
             Context& context) {
  std::vector<std::string> distinct = labels;
  std::ranges::sort(distinct);
  const auto ends = std::ranges::unique(distinct);
  distinct.erase(ends.begin(), ends.end());
  Context seeded = context;
  seeded.seed = seed;
  const auto found =
      IG_TRY(math::kmeans(rows.dense(), {.clusters = distinct.size(), .rounds = 100, .seed_trials = 3}, seeded));
  std::vector<std::string> clusters;
  for (const std::uint32_t cluster : found.assignment) clusters.push_back(std::to_string(cluster));
  const Clustering agreement = IG_TRY(clustering(labels, clusters));
  out.v_measure.push_back(agreement.v_measure);
  out.ami.push_back(agreement.ami);
  out.ari.push_back(agreement.ari);
  out.purity.push_back(agreement.purity);
  return {};
}

std::vector<std::string> picked(const std::vector<std::string>& from, std::span<const std::size_t> rows) {
  std::vector<std::string> out;
  for (const std::size_t row : rows) out.push_back(from[row]);
  return out;
}

Result<heads::Features> dense_rows(TextModel& model, const std::vector<std::string>& texts, Context& context) {
  heads::Features rows = IG_TRY(model.embed(texts, Role::none, context));
  if (!rows.is_sparse()) return rows;
  return fail(Code::unsupported,
              "clustering needs dense vectors, and those of this model are sparse. Reduce them: fit:lsa");
}

// MTEB's second sampling: a share of the texts is embedded, and drawn from with replacement.
Status score_draws(TextModel& model, const LabelledTexts& set, Scores& out, Context& context) {
  PythonRandom random(kSeed);
  const auto share = static_cast<std::size_t>(kShare * static_cast<double>(set.texts.size()));
  const std::vector<std::size_t> chosen = random.sample(set.texts.size(), std::max<std::size_t>(share, 2));
  const heads::Features rows = IG_TRY(dense_rows(model, picked(set.texts, chosen), context));
  const std::vector<std::string> labels = picked(set.labels, chosen);
  for (std::size_t draw = 0; draw < kDraws; ++draw) {
    const std::vector<std::size_t> drawn = random.choices(rows.size(), kDrawn);
    IG_TRY(score(rows.pick(drawn), picked(labels, drawn), context.seed + draw, out, context));
  }
  return {};
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const std::string convention = options.convention.empty() ? "mteb" : options.convention;
  if (convention != "mteb" && convention != "mteb-v2") {
    return fail(Code::invalid_argument, "the convention of cluster is mteb or mteb-v2, not '" + convention + "'.");
  }
  const std::vector<LabelledTexts> sets = IG_TRY(read_sets(place, options, context));
  std::vector<std::string> corpus;
  for (const LabelledTexts& set : sets) corpus.insert(corpus.end(), set.texts.begin(), set.texts.end());
  TextModel model = IG_TRY(TextModel::open(model_name, corpus, options, context));
  Scores scores;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    if (convention == "mteb-v2") {
      IG_TRY(score_draws(model, sets[i], scores, context));
    } else {
      const heads::Features rows = IG_TRY(dense_rows(model, sets[i].texts, context));
      IG_TRY(score(rows, sets[i].labels, context.seed + i, scores, context));
    }
  }
  Report report(model_name, task_name(place),
                convention == "mteb" ? "MTEB: k-means of every set" : "MTEB v2: k-means of ten draws");
  report.n = report.of = corpus.size();
  report.add_mean("v_measure", scores.v_measure, options, context);
  report.add("ami", mean(scores.ami));
  report.add("ari", mean(scores.ari));
  report.add("purity", mean(scores.purity));
  report.record["data"] = IG_TRY(data_hash({std::string(place)}));
  report.record["sets"] = std::to_string(sets.size());
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kClusterTask{"cluster", "FILE", "clustering: label, text; V-measure of as many k-means clusters", run};

}  // namespace isogloss::evaluation
