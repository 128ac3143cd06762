// SPDX-License-Identifier: Apache-2.0
// Retrieval. A model of vectors is measured itself: all documents against all queries, exactly, as MTEB does. What
// collections fit on their own texts (fit:bm25, fit:lsa) and hybrid search are measured through the product: the corpus
// is indexed into a temporary collection and every query goes through Collection::search, so a figure is what a user
// gets.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <set>

#include "core/file.hpp"
#include "core/parallel.hpp"
#include "core/scratch_folder.hpp"
#include "core/text.hpp"
#include "evaluate/tasks/retrieval_data.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "evaluate/tasks/times.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kQueryBlock = 128;

// "fit:bm25,k1=0.9+fit:lsa" taken apart.
struct Parts {
  std::string lexical;  // the bm25 part, or empty
  std::string dense;    // the other part, or empty
};

Result<Parts> parts_of(std::string_view model) {
  Parts parts;
  for (const std::string_view item : split(model, '+')) {
    const ModelReference reference = IG_TRY(parse_model_reference(item));
    std::string& part =
        reference.kind == ReferenceKind::fit && reference.family == "bm25" ? parts.lexical : parts.dense;
    if (!part.empty()) {
      return fail(Code::invalid_argument,
                  "'" + std::string(model) + "': A+B joins one lexical model (fit:bm25) and one dense one.");
    }
    part = item;
  }
  return parts;
}

std::vector<double> metric_values(const std::vector<RankedQuery>& queries, const std::string& metric, Status& status) {
  std::vector<double> values;
  for (const RankedQuery& query : queries) {
    const auto value = ranking_value(metric, query);
    if (!value) {
      status = fail(value.error());
      return {};
    }
    values.push_back(*value);
  }
  return values;
}

// trec_eval's run format: query Q0 document rank score tag.
Status write_run(const std::filesystem::path& path, const std::vector<RankedQuery>& queries, std::string_view tag) {
  AtomicFile file = IG_TRY(AtomicFile::create(path));
  for (const RankedQuery& query : queries) {
    std::size_t rank = 0;
    for (const auto& [document, score] : query.ranking) {
      IG_TRY(file.write(query.query_id + " Q0 " + document + " " + std::to_string(++rank) + " " +
                        std::to_string(score) + " " + std::string(tag) + "\n"));
    }
  }
  return file.commit();
}

class Retrieval {
 public:
  Retrieval(const RetrievalTask& task, const EvalOptions& options, Context& context)
      : task_(task), options_(options), context_(context) {}

  Result<std::vector<RankedQuery>> run(const Parts& parts) {
    if (parts.lexical.empty() && !IG_TRY(is_fitted_by_collections(parts.dense))) return run_exact(parts.dense);
    CollectionOptions collection;
    collection.model = parts.dense.empty() ? parts.lexical : parts.dense;
    if (!parts.dense.empty() && !parts.lexical.empty()) IG_TRY(add_lexical(parts.lexical, collection));
    const SearchMode mode = parts.dense.empty()     ? SearchMode::lexical
                            : parts.lexical.empty() ? SearchMode::dense
                                                    : SearchMode::hybrid;
    return run_collection(collection, mode);
  }

  std::size_t documents() const { return documents_; }
  std::map<std::string, std::string> facts;  // of the model, where it is asked directly; times

 private:
  // Collections fit the dense space of their own texts with settings of their own.
  static Result<bool> is_fitted_by_collections(const std::string& text) {
    const ModelReference reference = IG_TRY(parse_model_reference(text));
    return reference.kind == ReferenceKind::fit && reference.family == "lsa";
  }

  static Status add_lexical(const std::string& text, CollectionOptions& out) {
    const ModelReference reference = IG_TRY(parse_model_reference(text));
    for (const auto& [name, value] : reference.options) {
      const auto* as_text = std::get_if<std::string>(&value);
      const std::string given = as_text != nullptr ? *as_text : "";
      if (name == "analyzer") out.analyzer = given;
      if (name == "k1") out.k1 = std::strtod(given.c_str(), nullptr);
      if (name == "b") out.b = std::strtod(given.c_str(), nullptr);
    }
    return {};
  }

  Result<std::vector<RankedQuery>> run_collection(const CollectionOptions& settings, SearchMode mode) {
    const ScratchFolder scratch("isogloss-eval");
    CollectionOptions row_chunks = settings;
    row_chunks.chunk = ChunkOptions{.strategy = ChunkStrategy::row};
    const auto collection = IG_TRY(Collection::open(scratch.path() / "c", OpenMode::write, row_chunks, context_));
    const Stopwatch indexing;
    const IngestSummary summary = IG_TRY(collection->index({&task_.corpus, 1}, {}, report_failures(), context_));
    facts["index seconds"] = indexing.text();
    if (summary.interrupted) return fail(Code::cancelled, "The evaluation was cancelled.");
    if (!failure_.empty()) return fail(Code::corrupt_data, failure_);
    const std::size_t prefix = task_.corpus.filename().string().size() + 1;  // "corpus.jsonl#"
    const auto ids = IG_TRY(document_ids());
    IG_TRY(know(ids));
    documents_ = summary.chunks;
    std::vector<RankedQuery> out;
    const Stopwatch searching;
    for (const RetrievalTask::Query& query : task_.queries) {
      IG_TRY(context_.check());
      SearchOptions search;
      search.n = options_.depth;
      search.mode = mode;
      search.parts = ChunkParts::names;
      const SearchResult found = IG_TRY(collection->search(query.text, search, context_));
      RankedQuery ranked{query.id, {}, query.judged};
      // The rank decides, not the score: ties of fused scores are already settled by the product's own rule.
      double place = static_cast<double>(found.hits.size());
      std::set<std::string> seen;
      for (const Hit& hit : found.hits) {
        std::string id = hit.chunk.id.substr(prefix);
        if (!ids.contains(id)) id.resize(id.rfind('.'));  // a part of a document: the best part stands for it
        if (seen.insert(id).second) ranked.ranking.emplace_back(std::move(id), place--);
      }
      out.push_back(std::move(ranked));
      context_.report(
          {"search", "queries", static_cast<double>(out.size()), static_cast<double>(task_.queries.size()), 0});
    }
    facts["search seconds"] = searching.text();
    return out;
  }

  Result<std::set<std::string>> document_ids() {
    std::set<std::string> ids;
    const std::unique_ptr<Dataset> data = IG_TRY(open_dataset({&task_.corpus, 1}, {}, context_));
    IG_TRY(data->for_each(
        [&](const Record& record) -> Status {
          ids.emplace(record.id);
          return {};
        },
        context_));
    return ids;
  }

  // Judged documents that are not there count as relevant and are never found, as trec_eval has it; that is said.
  Status know(const std::set<std::string>& ids) {
    if (ids.empty()) return fail(Code::corrupt_data, "'" + task_.corpus.string() + "' has no document in it.");
    documents_ = ids.size();
    std::set<std::string_view> unknown;
    for (const RetrievalTask::Query& query : task_.queries) {
      for (const auto& [document, relevance] : query.judged) {
        if (relevance > 0 && !ids.contains(document)) unknown.insert(document);
      }
    }
    if (unknown.empty()) return {};
    facts["relevant documents missing"] = std::to_string(unknown.size());
    context_.say(LogLevel::warning, counted(unknown.size(), "relevant document") + " not in '" + task_.corpus.string() +
                                        "', as '" + std::string(*unknown.begin()) +
                                        "': never found, and counted as trec_eval does.");
    return {};
  }

  FileSink report_failures() {
    return [this](const FileReport& report) {
      if (report.status == FileStatus::failed) failure_ = report.reason;
    };
  }

  // Every document against every query, in the model's own numbers: cosine of dense rows, product of sparse ones. A
  // text above the model's window is cut as MTEB cuts it; a collection would chunk it.
  Result<std::vector<RankedQuery>> run_exact(const std::string& reference) {
    std::vector<std::string> ids, texts, questions;
    const std::unique_ptr<Dataset> data = IG_TRY(open_dataset({&task_.corpus, 1}, {}, context_));
    IG_TRY(data->for_each(
        [&](const Record& record) -> Status {
          ids.emplace_back(record.id);
          texts.emplace_back(record.text);
          return {};
        },
        context_));
    IG_TRY(know({ids.begin(), ids.end()}));
    for (const RetrievalTask::Query& query : task_.queries) questions.push_back(query.text);
    TextModel model = IG_TRY(TextModel::open(reference, texts, options_, context_));
    heads::Features documents = IG_TRY(model.embed(texts, Role::document, context_));
    heads::Features queries = IG_TRY(model.embed(questions, Role::query, context_));
    model.record(facts);
    if (!documents.is_sparse()) {
      documents = documents.normalized();
      queries = queries.normalized();
    }
    return ranked(queries, documents, ids);
  }

  // A block of queries at a time, so that memory does not grow with their number.
  Result<std::vector<RankedQuery>> ranked(const heads::Features& queries, const heads::Features& documents,
                                          const std::vector<std::string>& ids) {
    const Stopwatch searching;
    std::vector<RankedQuery> out(queries.size());
    for (std::size_t begin = 0; begin < queries.size(); begin += kQueryBlock) {
      IG_TRY(context_.check());
      std::vector<std::size_t> rows(std::min(kQueryBlock, queries.size() - begin));
      std::iota(rows.begin(), rows.end(), begin);
      math::Matrix scores(rows.size(), documents.size());
      queries.pick(rows).products(documents, scores.view(), context_);
      parallel_for(context_, rows.size(), 1, [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
          out[begin + i].query_id = task_.queries[begin + i].id;
          out[begin + i].judged = task_.queries[begin + i].judged;
          keep_best(scores.row(i), documents.is_sparse(), ids, out[begin + i]);
        }
      });
    }
    facts["search seconds"] = searching.text();
    return out;
  }

  // Documents without a term of a sparse query are not found at all.
  void keep_best(std::span<const float> scores, bool sparse, const std::vector<std::string>& ids,
                 RankedQuery& out) const {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < scores.size(); ++i) {
      if (!sparse || scores[i] != 0) order.push_back(i);
    }
    const std::size_t depth = std::min(options_.depth, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(depth), order.end(),
                      [&](std::uint32_t a, std::uint32_t b) {
                        return scores[a] != scores[b] ? scores[a] > scores[b] : ids[a] > ids[b];
                      });
    for (std::size_t i = 0; i < depth; ++i) out.ranking.emplace_back(ids[order[i]], scores[order[i]]);
  }

  const RetrievalTask& task_;
  const EvalOptions& options_;
  Context& context_;
  std::string failure_;
  std::size_t documents_ = 0;
};

// The metrics asked for, those of the gates behind them.
std::vector<std::string> metrics_of(const EvalOptions& options) {
  std::vector<std::string> metrics = options.metrics;
  if (metrics.empty()) metrics = {"ndcg@10", "map", "recall@10", "recall@100", "mrr@10"};
  for (const std::string& gate : options.gates) {
    if (std::ranges::find(metrics, gate) == metrics.end()) metrics.push_back(gate);
  }
  return metrics;
}

Result<std::vector<EvalFigure>> evaluate_task(std::string_view model, const RetrievalTask& task,
                                              const EvalOptions& options, Context& context) {
  const Parts parts = IG_TRY(parts_of(model));
  Retrieval retrieval(task, options, context);
  const std::vector<RankedQuery> ranked = IG_TRY(retrieval.run(parts));
  if (!options.run_file.empty()) IG_TRY(write_run(options.run_file, ranked, model));
  Report report(model, task.name, "trec");
  report.n = ranked.size();
  report.of = ranked.size() + task.missing;
  for (const std::string& metric : metrics_of(options)) {
    Status status;
    const std::vector<double> values = metric_values(ranked, metric, status);
    IG_TRY(status);
    report.add_mean(metric, values, options, context);
  }
  report.record = retrieval.facts;
  report.record["documents"] = std::to_string(retrieval.documents());
  report.record["depth"] = std::to_string(options.depth);
  report.record["split"] = options.split;
  report.record["data"] = IG_TRY(data_hash({task.corpus, task.query_file}));
  return report.take();
}

Result<std::vector<EvalFigure>> evaluate_beir(std::string_view model, std::string_view place,
                                              const EvalOptions& options, Context& context) {
  return evaluate_task(model, IG_TRY(read_beir(std::string(place), options.split, options.queries, context)), options,
                       context);
}

Result<std::vector<EvalFigure>> evaluate_trec(std::string_view model, std::string_view place,
                                              const EvalOptions& options, Context& context) {
  return evaluate_task(model, IG_TRY(read_trec(place, options.queries, context)), options, context);
}

}  // namespace

const TaskKind kBeirTask{"beir", "FOLDER", "retrieval: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv", evaluate_beir};
const TaskKind kTrecTask{"trec", "CORPUS+QUERIES+QRELS",
                         "retrieval: any table with ids, queries, qrels as trec_eval reads them", evaluate_trec};

}  // namespace isogloss::evaluation
