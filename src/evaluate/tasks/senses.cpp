// SPDX-License-Identifier: Apache-2.0
// Senses of words: sentences that hold a word, each with the sense it has there. A model tells senses apart when the
// word's vector in a sentence (word_in_sentence) is nearest to one of the same sense. Leave-one-out nearest neighbour
// among the sentences of the same word, and the average precision of "same sense" over all pairs of them.
#include <algorithm>
#include <map>

#include "core/cosine.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "evaluate/tasks/times.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "isogloss/family.hpp"
#include "isogloss/heads.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {
namespace {

struct Sentence {
  std::string sense;
  std::vector<float> vector;
};
using ByWord = std::map<std::string, std::vector<Sentence>>;

struct Outcome {
  std::vector<double> found;  // per sentence: 1 when its nearest has the same sense
  std::vector<bool> same;     // per pair of sentences of a word
  std::vector<double> cosines;
};

// Equally near sentences share the credit, so that a model with one vector a word gets what chance gives.
void judge(const std::vector<Sentence>& sentences, Outcome& out) {
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    double best = -2, right = 0, count = 0;
    for (std::size_t j = 0; j < sentences.size(); ++j) {
      if (i == j) continue;
      const double near = cosine(sentences[i].vector, sentences[j].vector);
      const bool same = sentences[i].sense == sentences[j].sense;
      if (near > best) best = near, right = count = 0;
      if (near == best) right += same ? 1 : 0, ++count;
      if (j < i) continue;
      out.same.push_back(same);
      out.cosines.push_back(near);
    }
    if (count > 0) out.found.push_back(right / count);
  }
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const Rows rows = IG_TRY(read_rows(std::string(place), 3, context));
  const ModelPtr model = IG_TRY(load(model_name, {}, context));
  ByWord words;
  std::size_t done = 0, unknown = 0;
  const Stopwatch embedding;
  for (const std::vector<std::string>& row : rows) {
    IG_TRY(context.check());
    auto vector = word_in_sentence(*model, row[0], row[2], context);
    if (!vector && vector.error().code != Code::not_found) return fail(vector.error());
    unknown += vector ? 0 : 1;
    if (!vector) continue;  // of a vocabulary of words
    words[row[0]].push_back({row[1], std::move(*vector)});
    context.report({"embed", "sentences", static_cast<double>(++done), static_cast<double>(rows.size()), 0});
  }
  const std::string embed_seconds = embedding.text();
  Outcome outcome;
  for (const auto& [word, sentences] : words) judge(sentences, outcome);
  if (outcome.found.empty()) {
    return fail(Code::corrupt_data,
                "'" + std::string(place) + "' has no word that the model knows with two sentences or more.");
  }
  Report report(model_name, task_name(place), "isogloss: nearest sentence of the same word, left out itself");
  report.n = outcome.found.size();
  report.of = rows.size();
  report.add_mean("accuracy", outcome.found, options, context);
  if (const auto ranking = binary_ranking(outcome.same, outcome.cosines)) report.add("ap", ranking->average_precision);
  report.record["data"] = IG_TRY(data_hash({std::string(place)}));
  record_model(model->card(), report.record);
  report.record["embed seconds"] = embed_seconds;
  report.record["texts"] = std::to_string(rows.size());
  report.record["unknown"] = std::to_string(unknown);
  return report.take();
}

}  // namespace

const TaskKind kSensesTask{"senses", "FILE",
                           "word, sense, sentence: whether the word's vector in a sentence tells its sense", run};

}  // namespace isogloss::evaluation
