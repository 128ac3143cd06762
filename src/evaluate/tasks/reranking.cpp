// SPDX-License-Identifier: Apache-2.0
// Reranking: the candidates of a query, judged 1 or 0, ordered by a model. A file has a candidate a row (query,
// document, label), or a query a line as MTEB keeps them ({"query": ..., "positive": [...], "negative": [...]}).
// Queries without both kinds of candidates are left out. Average precision takes ties as one step.
#include <algorithm>
#include <map>
#include <numeric>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kCut = 10;  // of MRR

struct Candidates {
  std::vector<std::string> queries, documents;  // (candidates)
  std::vector<bool> relevant;                   // (candidates)
  std::vector<std::size_t> starts{0};           // (queries + 1)
  std::size_t of = 0;                           // queries in the file
};

// Keeps a query that has documents of both kinds.
void add(Candidates& out, const std::string& query, const std::vector<std::pair<std::string, bool>>& documents) {
  ++out.of;
  const auto relevant = std::ranges::count(documents, true, &std::pair<std::string, bool>::second);
  if (relevant == 0 || static_cast<std::size_t>(relevant) == documents.size()) return;
  for (const auto& [text, label] : documents) {
    out.queries.push_back(query);
    out.documents.push_back(text);
    out.relevant.push_back(label);
  }
  out.starts.push_back(out.documents.size());
}

Result<Candidates> from_lists(const std::string& content, std::string_view place) {
  Candidates out;
  IG_TRY(each_json_line(content, place, [&](const Json& json, const std::string&) -> Status {
    std::vector<std::pair<std::string, bool>> documents;
    for (const Json& text : json["positive"].as_array()) documents.emplace_back(text.as_text(), true);
    for (const Json& text : json["negative"].as_array()) documents.emplace_back(text.as_text(), false);
    add(out, json["query"].as_text(), documents);
    return {};
  }));
  return out;
}

Result<Candidates> from_pairs(std::string_view place, const EvalOptions& options, Context& context) {
  const TextPairs pairs = IG_TRY(read_text_pairs(place, options.split, context));
  std::map<std::string_view, std::vector<std::size_t>> rows;
  std::vector<std::string_view> order;
  for (std::size_t i = 0; i < pairs.a.size(); ++i) {
    const auto [at, fresh] = rows.try_emplace(pairs.a[i]);
    if (fresh) order.push_back(pairs.a[i]);
    at->second.push_back(i);
  }
  Candidates out;
  for (const std::string_view query : order) {
    std::vector<std::pair<std::string, bool>> documents;
    for (const std::size_t i : rows[query]) documents.emplace_back(pairs.b[i], pairs.scores[i] > 0);
    add(out, std::string(query), documents);
  }
  return out;
}

Result<Candidates> read_candidates(std::string_view place, const EvalOptions& options, Context& context) {
  const auto files = IG_TRY(files_of(place, options.split));
  const std::string first = IG_TRY(read_unpacked(files[0], kMostBytes));
  const bool lists =
      first.starts_with('{') && first.substr(0, first.find('\n')).find("\"positive\"") != std::string::npos;
  Candidates out = lists ? IG_TRY(from_lists(first, place)) : IG_TRY(from_pairs(place, options, context));
  if (out.starts.size() > 1) return out;
  return fail(Code::corrupt_data, "'" + std::string(place) + "' has no query with both relevant and other candidates.");
}

double reciprocal_rank(const std::vector<bool>& relevant, const std::vector<double>& scores) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return scores[i]; });
  for (std::size_t rank = 0; rank < std::min(kCut, order.size()); ++rank) {
    if (relevant[order[rank]]) return 1 / static_cast<double>(rank + 1);
  }
  return 0;
}

Result<std::vector<double>> scores_of(TextModel& model, const Candidates& candidates, Context& context) {
  std::vector<double> out;
  if (!model.embeds()) {
    for (const auto& l : IG_TRY(model.likenesses(candidates.queries, candidates.documents, context)))
      out.push_back(l.cosine);
    return out;
  }
  const heads::Features queries = IG_TRY(model.embed(candidates.queries, Role::query, context));
  const heads::Features documents = IG_TRY(model.embed(candidates.documents, Role::document, context));
  for (std::size_t i = 0; i < queries.size(); ++i) out.push_back(queries.likeness(i, documents, i).cosine);
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const Candidates candidates = IG_TRY(read_candidates(place, options, context));
  TextModel model = IG_TRY(TextModel::open(model_name, candidates.documents, options, context));
  const std::vector<double> all = IG_TRY(scores_of(model, candidates, context));
  std::vector<double> precisions, ranks;
  for (std::size_t q = 0; q + 1 < candidates.starts.size(); ++q) {
    const auto begin = static_cast<std::ptrdiff_t>(candidates.starts[q]),
               end = static_cast<std::ptrdiff_t>(candidates.starts[q + 1]);
    const std::vector<bool> relevant(candidates.relevant.begin() + begin, candidates.relevant.begin() + end);
    const std::vector<double> scores(all.begin() + begin, all.begin() + end);
    precisions.push_back(IG_TRY(binary_ranking(relevant, scores)).average_precision);
    ranks.push_back(reciprocal_rank(relevant, scores));
  }
  Report report(model_name, task_name(place), "MTEB before 2.0: candidates of each query, ties are one step");
  report.n = precisions.size();
  report.of = candidates.of;
  report.add_mean("map", precisions, options, context);
  report.add_mean("mrr@10", ranks, options, context);
  report.record["data"] = IG_TRY(data_hash(IG_TRY(files_of(place, options.split))));
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kRerankTask{"rerank", "FILE|FOLDER", "reranking: query, document, 0 or 1, or lists as MTEB's; MAP", run};

}  // namespace isogloss::evaluation
