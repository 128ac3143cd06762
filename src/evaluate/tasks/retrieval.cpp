// SPDX-License-Identifier: Apache-2.0
// Retrieval evaluation through the product itself: the corpus is indexed into a temporary collection with the model at
// hand, and every query goes through Collection::search. So a figure is what a user of that model would get. Models
// with sparse rows, which a collection does not keep, are scored directly: embed, then sum over an inverted list.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>

#include "core/file.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/beir.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::evaluation {
namespace {

// A folder that vanishes.
class ScratchFolder {
 public:
  ScratchFolder() : path_(temporary_name(std::filesystem::temp_directory_path() / "isogloss-eval")) {
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

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
  Retrieval(const BeirTask& task, const EvalOptions& options, Context& context)
      : task_(task), options_(options), context_(context) {}

  Result<std::vector<RankedQuery>> run(const Parts& parts) {
    if (!parts.dense.empty() && parts.lexical.empty() && IG_TRY(is_sparse(parts.dense))) return run_sparse(parts.dense);
    CollectionOptions collection;
    collection.model = parts.dense.empty() ? parts.lexical : parts.dense;
    if (!parts.dense.empty() && !parts.lexical.empty()) IG_TRY(add_lexical(parts.lexical, collection));
    const SearchMode mode = parts.dense.empty()     ? SearchMode::lexical
                            : parts.lexical.empty() ? SearchMode::dense
                                                    : SearchMode::hybrid;
    return run_collection(collection, mode);
  }

  std::size_t documents() const { return documents_; }

 private:
  // Whether the model's rows are sparse: a family whose fitted models are, or a loaded model that says so.
  Result<bool> is_sparse(const std::string& text) {
    const ModelReference reference = IG_TRY(parse_model_reference(text));
    if (reference.kind == ReferenceKind::fit) return reference.family != "lsa";
    model_ = IG_TRY(load(text, {}, context_));
    return model_->card().sparse;
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
    const ScratchFolder scratch;
    CollectionOptions row_chunks = settings;
    row_chunks.chunk = ChunkOptions{.strategy = ChunkStrategy::row};
    const auto collection = IG_TRY(Collection::open(scratch.path() / "c", OpenMode::write, row_chunks, context_));
    const IngestSummary summary = IG_TRY(collection->index({&task_.corpus, 1}, {}, report_failures(), context_));
    if (summary.interrupted) return fail(Code::cancelled, "The evaluation was cancelled.");
    if (!failure_.empty()) return fail(Code::corrupt_data, failure_);
    documents_ = summary.chunks;
    const std::string prefix = task_.corpus.filename().string() + "#";
    std::vector<RankedQuery> out;
    for (const BeirTask::Query& query : task_.queries) {
      IG_TRY(context_.check());
      SearchOptions search;
      search.n = options_.depth;
      search.mode = mode;
      search.parts = ChunkParts::names;
      const SearchResult found = IG_TRY(collection->search(query.text, search, context_));
      RankedQuery ranked{query.id, {}, query.judged};
      // The rank decides, not the score: ties of fused scores are already settled by the product's own rule.
      double place = static_cast<double>(found.hits.size());
      for (const Hit& hit : found.hits) ranked.ranking.emplace_back(hit.chunk.id.substr(prefix.size()), place--);
      out.push_back(std::move(ranked));
      context_.report(
          {"search", "queries", static_cast<double>(out.size()), static_cast<double>(task_.queries.size()), 0});
    }
    return out;
  }

  FileSink report_failures() {
    return [this](const FileReport& report) {
      if (report.status == FileStatus::failed) failure_ = report.reason;
    };
  }

  Result<std::vector<RankedQuery>> run_sparse(const std::string& text) {
    const std::unique_ptr<Dataset> data = IG_TRY(open_dataset({&task_.corpus, 1}, {}, context_));
    if (!model_) {
      const ModelReference reference = IG_TRY(parse_model_reference(text));
      model_ = IG_TRY(train(reference.family, *data, reference.options, context_));
    }
    const Embedder* embedder = model_->ability<Embedder>();
    if (embedder == nullptr) return fail(Code::unsupported, "model '" + text + "' gives no vectors for texts.");
    std::vector<std::string> ids, texts;
    IG_TRY(data->for_each(
        [&](const Record& record) -> Status {
          ids.emplace_back(record.id);
          texts.emplace_back(record.text);
          return {};
        },
        context_));
    documents_ = ids.size();
    const Vectors documents = IG_TRY(embed(*embedder, texts, Role::document));
    std::vector<std::vector<std::pair<std::uint32_t, float>>> lists(documents.dim());
    for (std::size_t row = 0; row < documents.rows(); ++row) {
      const SparseRow sparse = documents.row_sparse(row);
      for (std::size_t i = 0; i < sparse.columns.size(); ++i) {
        lists[sparse.columns[i]].emplace_back(static_cast<std::uint32_t>(row), sparse.values[i]);
      }
    }
    return score_sparse(*embedder, lists, ids);
  }

  Result<std::vector<RankedQuery>> score_sparse(const Embedder& embedder,
                                                const std::vector<std::vector<std::pair<std::uint32_t, float>>>& lists,
                                                const std::vector<std::string>& ids) {
    std::vector<std::string> texts;
    for (const BeirTask::Query& query : task_.queries) texts.push_back(query.text);
    const Vectors queries = IG_TRY(embed(embedder, texts, Role::query));
    std::vector<RankedQuery> out(task_.queries.size());
    parallel_for(context_, out.size(), 8, [&](std::size_t begin, std::size_t end) {
      std::vector<double> scores(ids.size());
      for (std::size_t q = begin; q < end; ++q) {
        std::fill(scores.begin(), scores.end(), 0.0);
        const SparseRow row = queries.row_sparse(q);
        for (std::size_t i = 0; i < row.columns.size(); ++i) {
          for (const auto& [document, value] : lists[row.columns[i]]) scores[document] += double{value} * row.values[i];
        }
        out[q].query_id = task_.queries[q].id;
        out[q].judged = task_.queries[q].judged;
        keep_best(scores, ids, out[q]);
      }
    });
    return out;
  }

  void keep_best(const std::vector<double>& scores, const std::vector<std::string>& ids, RankedQuery& out) const {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < scores.size(); ++i) {
      if (scores[i] != 0) order.push_back(i);
    }
    const std::size_t depth = std::min(options_.depth, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(depth), order.end(),
                      [&](std::uint32_t a, std::uint32_t b) {
                        return scores[a] != scores[b] ? scores[a] > scores[b] : ids[a] > ids[b];
                      });
    for (std::size_t i = 0; i < depth; ++i) out.ranking.emplace_back(ids[order[i]], scores[order[i]]);
  }

  Result<Vectors> embed(const Embedder& embedder, const std::vector<std::string>& texts, Role role) {
    std::vector<Input> inputs;
    for (const std::string& text : texts) inputs.push_back(Input::text(text, role));
    EmbedOptions options;
    options.truncate = Truncate::end;
    return std::move(IG_TRY(embedder.embed(inputs, options, context_)).sparse);
  }

  const BeirTask& task_;
  const EvalOptions& options_;
  Context& context_;
  ModelPtr model_;
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

Result<std::vector<EvalFigure>> evaluate_beir(std::string_view model, std::string_view place,
                                              const EvalOptions& options, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  const Parts parts = IG_TRY(parts_of(model));
  const BeirTask task = IG_TRY(read_beir(std::string(place), options.split, options.queries, context));
  Retrieval retrieval(task, options, context);
  const std::vector<RankedQuery> ranked = IG_TRY(retrieval.run(parts));
  if (!options.run_file.empty()) IG_TRY(write_run(options.run_file, ranked, model));
  std::vector<EvalFigure> figures;
  for (const std::string& metric : metrics_of(options)) {
    Status status;
    const std::vector<double> values = metric_values(ranked, metric, status);
    IG_TRY(status);
    EvalFigure figure;
    figure.model = model;
    figure.task = task.name;
    figure.metric = metric;
    for (const double v : values) figure.value += v / static_cast<double>(values.size());
    std::tie(figure.low, figure.high) = mean_interval(values, options.resamples, context.seed);
    figure.n = figure.of = values.size();
    figure.convention = "trec";
    figure.record["documents"] = std::to_string(retrieval.documents());
    figure.record["depth"] = std::to_string(options.depth);
    figure.record["split"] = options.split;
    figure.record["seconds"] =
        std::to_string(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    figures.push_back(std::move(figure));
  }
  return figures;
}

}  // namespace

const TaskKind kBeirTask{"beir", "FOLDER", "retrieval: corpus.jsonl, queries.jsonl, qrels/SPLIT.tsv", evaluate_beir};

}  // namespace isogloss::evaluation
