// SPDX-License-Identifier: Apache-2.0
// Collection::search: query -> terms and vector -> the store's ranked ids -> grouping, novelty, reranking, threshold ->
// hits with their text.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "core/cosine.hpp"
#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "runtime/local_collection.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::size_t kRerankDepth = 50;  // hits a pair scorer reads
constexpr std::size_t kMostAttempts = 8;
constexpr std::size_t kSpare = 8;         // further hits of each attempt, beside as many again as are wanted
constexpr std::size_t kNoveltyDepth = 4;  // candidates per wanted hit for MMR

// What a search looks for, apart from how many.
struct Looked {
  StoreQuery query;
  std::vector<float> vector;
  std::int64_t self = 0;  // the chunk of --like, not to be found again
};

class Search {
 public:
  // `spare`: hits looked up beyond those asked for, in place of chunks that are removed meanwhile.
  Search(LocalCollection& collection, const SearchOptions& options, std::size_t spare, Context& context)
      : collection_(collection), options_(options), wanted_(options.n + spare), context_(context) {}

  // Whether chunks were removed between two steps and there are too few hits for it.
  bool fell_short() const { return fell_short_; }

  Result<SearchResult> run(std::string_view text) {
    const auto start = std::chrono::steady_clock::now();
    IG_TRY(check_options());
    Looked looked = IG_TRY(prepare(text));
    std::vector<StoreHit> hits = IG_TRY(ranked(looked));
    if (options_.mmr > 0) hits = IG_TRY(diversified(std::move(hits)));
    IG_TRY(fill(hits));
    fell_short_ = result_.hits.size() < std::min(hits.size(), options_.n);
    if (options_.reranker) IG_TRY(rerank(text));
    if (result_.hits.size() > options_.n) result_.hits.resize(options_.n);
    IG_TRY(cut_below_threshold());
    if (shows_wider() && options_.parts == ChunkParts::all) IG_TRY(widen());
    result_.mode = looked.query.mode;
    result_.plan.milliseconds =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return std::move(result_);
  }

 private:
  Status check_options() const {
    if (options_.n == 0) return fail(Code::invalid_argument, "The number of hits must be at least 1.");
    if (options_.mmr < 0 || options_.mmr > 1) return fail(Code::invalid_argument, "--mmr must be in 0..1.");
    if (options_.dense_weight && !(*options_.dense_weight >= 0 && *options_.dense_weight <= 1)) {
      return fail(Code::invalid_argument, "The dense weight must be in 0..1.");
    }
    if (!(options_.recall > 0 && options_.recall <= 1)) {
      return fail(Code::invalid_argument, "The recall must be above 0 and at most 1.");
    }
    if (!std::ranges::all_of(options_.vector, [](float x) { return std::isfinite(x); })) {
      return fail(Code::invalid_argument, "The query's vector has a value that is not finite.");
    }
    return {};
  }

  Result<Looked> prepare(std::string_view text) {
    Looked looked;
    const auto space = IG_TRY(collection_.serving(context_));
    if (!space && options_.mode && *options_.mode != SearchMode::lexical) {
      return fail(Code::unsupported,
                  "collection '" + collection_.folder().filename().string() +
                      "' has no vectors; use --mode lexical, or: isogloss reindex NAME --model MODEL");
    }
    IG_TRY(use_vector(space.get(), text, looked));
    const SearchMode usual = text.empty() && !looked.vector.empty() ? SearchMode::dense : SearchMode::hybrid;
    looked.query.mode = options_.mode.value_or(space ? usual : SearchMode::lexical);
    looked.query.filter = options_.where;
    looked.query.fusion = options_.fusion;
    looked.query.recall = options_.recall;
    looked.query.exact = options_.exact;
    weigh(space.get(), looked.query);
    std::string query_text(text);
    if (!options_.like.empty()) {
      looked.self = IG_TRY(collection_.store().chunk_number(options_.like));
      const auto chunk = IG_TRY(collection_.store().chunks({&looked.self, 1}));
      if (chunk.empty()) return fail(Code::not_found, "chunk '" + options_.like + "' was removed meanwhile.");
      query_text = chunk[0].text;
      if (space) looked.vector = IG_TRY(collection_.store().vector(looked.self));
    }
    if (looked.query.mode != SearchMode::dense) {
      TermCounts terms;
      collection_.analyse(query_text, terms);
      for (auto& [term, count] : terms.terms)
        looked.query.terms.emplace_back(std::move(term), static_cast<float>(count));
    }
    if (looked.query.mode != SearchMode::lexical && looked.vector.empty()) {
      looked.vector = IG_TRY(query_vector(*space, query_text));
    }
    return looked;
  }

  // The vector that came with the query.
  Status use_vector(const ServingSpace* space, std::string_view text, Looked& looked) const {
    looked.vector = options_.vector;
    if (looked.vector.empty()) return {};
    if (space == nullptr) return fail(Code::unsupported, "This collection has no vectors to compare one with.");
    if (space->info.dimension != looked.vector.size()) {
      return fail(Code::mismatch, "The query's vector has " + std::to_string(looked.vector.size()) +
                                      " numbers; those of this collection, of model '" + space->info.model +
                                      "', have " + std::to_string(space->info.dimension) + ".");
    }
    if (text.empty() && options_.mode && *options_.mode != SearchMode::dense)
      return fail(Code::invalid_argument, "Only a dense search does without the query's text.");
    if (text.empty() && options_.reranker)
      return fail(Code::invalid_argument, "A reranker reads the query's text, and there is none.");
    return {};
  }

  // How much the dense list counts. A space fitted on the collection's own counts, and one of a model that has a vector
  // a word whatever stands beside it, knows the same words as the lexical side and a little more. It gets a fifth of
  // the say and the top ranks count most: on the six small sets of docs/guide/search.md equal weights with constant 60
  // lost 3 points of nDCG@10 to BM25 alone with LSA, this gains 0.3; with a table distilled from all-MiniLM-L6-v2 5
  // points, this gains 0.3 (SciFact 68.65 alone, 63.32, 69.04).
  void weigh(const ServingSpace* space, StoreQuery& query) const {
    constexpr double kWordwiseWeight = 0.2, kWordwiseConstant = 5;
    const bool by_rank = query.fusion == Fusion::rrf;
    const bool wordwise =
        space != nullptr && (space->info.fitted_documents > 0 ||
                             (space->model != nullptr && space->model->ability<Vocabulary>() != nullptr));
    query.dense_weight = options_.dense_weight.value_or(!by_rank ? 0.5 : wordwise ? kWordwiseWeight : 1.0);
    if (wordwise) query.rank_constant = kWordwiseConstant;
  }

  Result<std::vector<float>> query_vector(const ServingSpace& space, std::string_view text) {
    const Input input = Input::text(text, Role::query);
    EmbedOptions options;
    options.truncate = Truncate::error;
    const Embedding embedding = IG_TRY(space.model->ability<Embedder>()->embed({&input, 1}, options, context_));
    const auto row = embedding.dense.row_f32(0);
    return std::vector<float>(row.begin(), row.end());
  }

  // As many hits as the later steps need; with grouping, asks for more until there are enough documents or no more
  // rows.
  Result<std::vector<StoreHit>> ranked(Looked& looked) {
    looked.query.vector = looked.vector;
    std::size_t k = wanted_ + (looked.self != 0 ? 1 : 0);
    if (options_.reranker) k = std::max(k, kRerankDepth);
    if (options_.mmr > 0) k = std::max(k, wanted_ * kNoveltyDepth);
    while (true) {
      looked.query.k = k;
      StoreHits found = IG_TRY(collection_.store().search(looked.query, context_));
      result_.plan = found.plan;
      const bool exhausted = found.hits.size() < k;
      std::erase_if(found.hits, [&](const StoreHit& hit) { return hit.number == looked.self; });
      if (!options_.group_by_document && !shows_wider()) return std::move(found.hits);
      std::vector<StoreHit> grouped = IG_TRY(first_of_each_group(found.hits));
      if (exhausted || grouped.size() >= wanted_) return grouped;
      k *= 2;
    }
  }

  bool shows_wider() const { return collection_.settings().chunk.strategy == ChunkStrategy::parent_child; }

  // A group is a document, or a wider passage that is shown instead of its chunks.
  Result<std::vector<StoreHit>> first_of_each_group(const std::vector<StoreHit>& hits) {
    std::set<std::pair<std::string, std::size_t>> seen;
    std::vector<StoreHit> out;
    for (const StoreHit& hit : hits) {
      const auto chunk = IG_TRY(collection_.store().chunks({&hit.number, 1}, ChunkParts::names));
      if (chunk.empty()) continue;
      const std::size_t place = options_.group_by_document ? 0 : chunk[0].wider.begin;
      if (seen.emplace(chunk[0].document, place).second) out.push_back(hit);
    }
    return out;
  }

  // Maximal marginal relevance (Carbonell and Goldstein 1998): argmax  w * relevance - (1 - w) * max similarity to what
  // is chosen, relevance scaled to 0..1 over the candidates, similarity = cosine.
  Result<std::vector<StoreHit>> diversified(std::vector<StoreHit> hits) {
    if (!IG_TRY(collection_.serving(context_))) {
      return fail(Code::unsupported, "--mmr needs vectors, and this collection has none.");
    }
    std::vector<std::vector<float>> vectors;
    for (const StoreHit& hit : hits) vectors.push_back(IG_TRY(collection_.store().vector(hit.number)));
    if (hits.empty()) return hits;
    const double top = hits.front().score, bottom = hits.back().score;
    const double scale = top > bottom ? 1.0 / (top - bottom) : 0.0;
    std::vector<StoreHit> chosen;
    std::vector<double> closest(hits.size(), 0.0);
    std::vector<bool> taken(hits.size(), false);
    while (chosen.size() < std::min(wanted_, hits.size())) {
      std::size_t best = hits.size();
      double best_value = -1e300;
      for (std::size_t i = 0; i < hits.size(); ++i) {
        if (taken[i]) continue;
        const double value = options_.mmr * (hits[i].score - bottom) * scale - (1 - options_.mmr) * closest[i];
        if (value > best_value) {
          best_value = value;
          best = i;
        }
      }
      taken[best] = true;
      chosen.push_back(hits[best]);
      for (std::size_t i = 0; i < hits.size(); ++i)
        closest[i] = std::max(closest[i], cosine(vectors[i], vectors[best]));
    }
    return chosen;
  }

  Status fill(const std::vector<StoreHit>& hits) {
    std::vector<std::int64_t> numbers;
    for (const StoreHit& hit : hits) numbers.push_back(hit.number);
    std::vector<StoredChunk> chunks = IG_TRY(collection_.store().chunks(numbers, options_.parts));
    for (std::size_t i = 0, at = 0; i < chunks.size(); ++i, ++at) {
      while (hits[at].number != chunks[i].number) ++at;  // that one was removed
      const StoreHit& hit = hits[at];
      const Span found = chunks[i].at;
      result_.hits.push_back({std::move(chunks[i]), found, hit.score, hit.kind, hit.lexical_score, hit.dense_score,
                              hit.lexical_rank, hit.dense_rank});
    }
    return {};
  }

  // Shows the wider passages; boxes and times stay those of what was found.
  Status widen() {
    std::vector<Hit> shown;
    for (Hit& hit : result_.hits) {
      StoredChunk& chunk = hit.chunk;
      if (chunk.wider.size() != 0) {
        auto text = collection_.store().document_text(chunk.document, chunk.wider);
        if (!text && text.error().code != Code::not_found) return fail(text.error());
        if (!text || text->size() != chunk.wider.size()) continue;  // the document was removed or replaced meanwhile
        chunk.text = std::move(*text);
        const auto found = chunk.text.begin() + static_cast<std::ptrdiff_t>(chunk.at.begin - chunk.wider.begin);
        chunk.line -= static_cast<std::uint32_t>(std::count(chunk.text.begin(), found, '\n'));
        chunk.at = chunk.wider;
      }
      shown.push_back(std::move(hit));
    }
    result_.hits = std::move(shown);
    return {};
  }

  Status rerank(std::string_view query) {
    const PairScorer* scorer = options_.reranker->ability<PairScorer>();
    if (scorer == nullptr) {
      return fail(Code::unsupported, "the model given to --rerank does not score pairs of texts.");
    }
    std::vector<std::string_view> texts;
    for (const Hit& hit : result_.hits) texts.push_back(hit.chunk.text);
    std::vector<float> scores(texts.size());
    IG_TRY(scorer->score(query, texts, scores, context_));
    for (std::size_t i = 0; i < scores.size(); ++i) {
      result_.hits[i].score = scores[i];
      result_.hits[i].kind = ScoreKind::rerank;
    }
    std::stable_sort(result_.hits.begin(), result_.hits.end(),
                     [](const Hit& a, const Hit& b) { return a.score > b.score; });
    return {};
  }

  Status cut_below_threshold() {
    if (!options_.min_score || result_.hits.empty()) return {};
    const auto& [kind, value] = *options_.min_score;
    for (const Hit& hit : result_.hits) {
      const bool lexical = kind == ScoreKind::bm25, dense = kind == ScoreKind::cosine || kind == ScoreKind::dot;
      if (hit.kind != kind && !lexical && !dense) {
        return fail(Code::invalid_argument, "--min-score names '" + std::string(score_kind_name(kind)) +
                                                "', but this search scores by '" +
                                                std::string(score_kind_name(hit.kind)) + "'.");
      }
    }
    std::erase_if(result_.hits, [&, limit = value, wanted = kind](const Hit& hit) {
      if (hit.kind == wanted) return hit.score < limit;
      return (wanted == ScoreKind::bm25 ? hit.lexical_score : hit.dense_score) < limit;
    });
    return {};
  }

  LocalCollection& collection_;
  const SearchOptions& options_;
  std::size_t wanted_;
  Context& context_;
  SearchResult result_;
  bool fell_short_ = false;
};

}  // namespace

Result<SearchResult> LocalCollection::search(std::string_view query, const SearchOptions& options, Context& context) {
  return guard([&]() -> Result<SearchResult> {
    // A writer may remove chunks, or swap the vector space, between two steps of a search: then it is done again, with
    // more to choose from each time.
    for (std::size_t attempt = 1;; ++attempt) {
      const std::int64_t before = IG_TRY(store_->last_change());
      Search search(*this, options, (attempt - 1) * (options.n + kSpare), context);
      auto result = search.run(query);
      const bool good = result && !search.fell_short();
      if (good || attempt == kMostAttempts || (!result && IG_TRY(store_->last_change()) == before)) return result;
    }
  });
}

}  // namespace isogloss::runtime
