// SPDX-License-Identifier: Apache-2.0
// The term index: a mapped file of which some documents may be marked as removed, and a tail in memory.
//
// Statistics are those of the live documents. N and the total length are counted as documents come and go. A term's
// frequency is that of the file, plus the tail's, less the removed documents that hold it: the last is counted by
// looking the removed documents up in the term's list, once per term and removed document, and remembered. The norms
// depend on the average length, one number; they are computed again when it has changed (76 us per 100,000 documents)
// and shared by the searches until it changes again.
#include "index/postings/term_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "core/guard.hpp"
#include "index/postings/list_cursor.hpp"
#include "index/postings/postings_search.hpp"
#include "index/postings/postings_writer.hpp"
#include "index/postings/term_tail.hpp"

namespace isogloss::index {

Status check_options(const TermIndexOptions& options) {
  if (!(options.k1 >= 0) || !std::isfinite(options.k1)) {
    return fail(Code::invalid_argument, "BM25's k1 must be 0 or more, not " + std::to_string(options.k1) + ".");
  }
  if (!(options.b >= 0 && options.b <= 1)) {
    return fail(Code::invalid_argument, "BM25's b must be from 0 to 1, not " + std::to_string(options.b) + ".");
  }
  return {};
}

std::unexpected<Error> bad_term(std::int64_t document, const TermCount& entry) {
  return fail(Code::invalid_argument,
              "Term '" + std::string(entry.term) + "' of document " + std::to_string(document) +
                  (is_count(entry.count) ? " stands twice." : " has a count outside 1 to 2,147,483,647."));
}

namespace {

using Norms = std::shared_ptr<const std::vector<float>>;

// What searches compute from the live statistics and share. Thread-safe.
class SharedStatistics {
 public:
  Norms norms(const PostingsFile& file, const TermIndexOptions& options, double average) {
    const std::lock_guard lock(mutex_);
    if (!norms_ || average != average_) {
      norms_ = std::make_shared<const std::vector<float>>(norms_of(file.lengths(), options, average));
      average_ = average;
    }
    return norms_;
  }

  // How many of the removed documents hold the term. removed (n), in order of removal
  std::size_t removed_holders(const PostingsFile& file, std::uint32_t term, std::span<const std::uint32_t> removed) {
    const std::lock_guard lock(mutex_);
    Holders& known = holders_[term];
    if (known.looked_at == removed.size()) return known.count;
    std::vector<std::uint32_t> fresh(removed.begin() + static_cast<std::ptrdiff_t>(known.looked_at), removed.end());
    std::ranges::sort(fresh);
    ListCursor cursor(file, file.list(term), nullptr, 1, 1);
    for (const std::uint32_t document : fresh) known.count += cursor.move_to(document);
    known.looked_at = removed.size();
    return known.count;
  }

 private:
  struct Holders {
    std::size_t looked_at = 0;
    std::size_t count = 0;
  };
  std::mutex mutex_;
  Norms norms_;
  double average_ = -1;
  std::unordered_map<std::uint32_t, Holders> holders_;
};

class Bm25Index final : public TermIndex {
 public:
  explicit Bm25Index(const TermIndexOptions& options) : options_(options) {}
  Bm25Index(const TermIndexOptions& options, PostingsFile file)
      : options_(options), file_(std::move(file)), stamp_(file_->file().stamp()), removed_(file_->size()) {}

  const TermIndexOptions& options() const override { return options_; }
  std::size_t size() const override { return base_size() - removed_order_.size() + tail_.size(); }
  const IndexStamp& stamp() const override { return stamp_; }
  bool contains(std::int64_t id) const override { return tail_.contains(id) || base_row(id).has_value(); }

  std::size_t document_frequency(std::string_view term) const override {
    const std::optional<std::uint32_t> number = file_ ? file_->find(term) : std::nullopt;
    return tail_.document_frequency(term) + (number ? base_frequency(*number) : 0);
  }

  Status add(std::span<const TermDocument> documents, const Context& context) override {
    return guard([&]() -> Status {
      IG_TRY(context.check());
      IG_TRY(check_new(documents));
      for (const TermDocument& document : documents) tail_.add(document);
      return {};
    });
  }

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) {
      if (tail_.remove(id)) {
        ++count;
      } else if (const std::optional<std::size_t> row = base_row(id)) {
        removed_.insert(*row);
        removed_order_.push_back(static_cast<std::uint32_t>(*row));
        removed_length_ += file_->lengths()[*row];
        ++count;
      }
    }
    return count;
  }

  Result<std::vector<IndexHit>> search(std::span<const TermWeight> terms, const IndexQuery& query,
                                       IndexCost* cost) const override {
    return guard([&] { return search_terms(terms, query, cost); });
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&] { return write(path, stamp, context); });
  }

  Status verify() const override { return file_ ? file_->file().verify() : Status(); }

 private:
  struct WeightedTerm {
    std::string_view term;
    double weight;
    std::optional<std::uint32_t> number;  // in the file
  };

  std::size_t base_size() const { return file_ ? file_->size() : 0; }
  std::uint64_t total_length() const {
    return (file_ ? file_->details().total_length : 0) - removed_length_ + tail_.total_length();
  }
  std::optional<std::size_t> base_row(std::int64_t id) const {
    if (!file_) return std::nullopt;
    const std::optional<std::size_t> row = SortedIds(file_->ids()).row_of(id);
    return row && !removed_.contains(*row) ? row : std::nullopt;
  }
  std::size_t base_frequency(std::uint32_t term) const {
    const std::size_t all = file_->list(term).documents;
    return removed_order_.empty() ? all : all - statistics_->removed_holders(*file_, term, removed_order_);
  }

  Status check_new(std::span<const TermDocument> documents) const {
    std::unordered_set<std::int64_t> given;
    std::unordered_set<std::string_view> terms;
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (contains(documents[i].id) || !given.insert(documents[i].id).second) {
        return fail(Code::already_exists,
                    "Document " + std::to_string(documents[i].id) +
                        " is in the index already, or given twice. Remove it first.",
                    static_cast<std::ptrdiff_t>(i));
      }
      terms.clear();
      for (const TermCount& entry : documents[i].terms) {
        if (!is_count(entry.count) || !terms.insert(entry.term).second) return bad_term(documents[i].id, entry);
      }
    }
    return {};
  }

  // The query's terms that some live document holds, each once, weight times idf. Sorted by term.
  Result<std::vector<WeightedTerm>> weigh(std::span<const TermWeight> terms) const {
    std::vector<WeightedTerm> out;
    for (const TermWeight& entry : terms) {
      if (!(entry.weight >= 0) || !std::isfinite(entry.weight)) {
        return fail(Code::invalid_argument,
                    "The weight of query term '" + std::string(entry.term) + "' must be a finite number, 0 or more.");
      }
      if (entry.weight > 0) out.push_back({entry.term, entry.weight, std::nullopt});
    }
    std::ranges::stable_sort(out, {}, &WeightedTerm::term);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (kept > 0 && out[kept - 1].term == out[i].term) {
        out[kept - 1].weight += out[i].weight;
      } else {
        out[kept++] = out[i];
      }
    }
    out.resize(kept);
    const auto n = static_cast<double>(size());
    for (WeightedTerm& entry : out) {
      if (file_) entry.number = file_->find(entry.term);
      const auto df = static_cast<double>(tail_.document_frequency(entry.term) +
                                          (entry.number ? base_frequency(*entry.number) : 0));
      entry.weight = df == 0 ? 0 : entry.weight * std::log1p((n - df + 0.5) / (df + 0.5));
    }
    std::erase_if(out, [](const WeightedTerm& entry) { return entry.weight == 0; });
    return out;
  }

  Result<std::vector<IndexHit>> search_terms(std::span<const TermWeight> terms, const IndexQuery& query,
                                             IndexCost* cost) const {
    const std::vector<WeightedTerm> weighted = IG_TRY(weigh(terms));
    double largest = 0;
    for (const WeightedTerm& entry : weighted) largest += entry.weight;
    math::TopK best(std::min(query.k, size()));
    std::size_t scored = 0;
    std::optional<RowMask> allowed;
    if (file_ && (query.filter != nullptr || !removed_order_.empty())) allowed = base_mask(query.filter);
    if (!weighted.empty() && best.capacity() != 0) {
      const ScoreScale scale(largest);
      const double average = static_cast<double>(total_length()) / static_cast<double>(size());
      search_tail(weighted, average, scale, query.filter, best, scored);
      if (file_) IG_TRY(search_base(weighted, average, scale, allowed ? &*allowed : nullptr, best, scored));
    }
    if (cost != nullptr) {
      cost->plan = "postings";
      cost->matches = tail_.count_allowed(query.filter) + (allowed ? allowed->count() : base_size());
      cost->scored = scored;
    }
    std::vector<IndexHit> hits;
    for (const math::Scored& entry : best.take()) {
      if (entry.score >= query.at_least) hits.push_back({entry.id, entry.score});
    }
    return hits;
  }

  RowMask base_mask(const IdSet* filter) const {
    if (filter != nullptr) return SortedIds(file_->ids()).mask(*filter, &removed_);
    RowMask mask(base_size());
    for (std::size_t i = 0; i < mask.words().size(); ++i) mask.words()[i] = ~removed_.words()[i];
    const std::size_t beyond = base_size() % 64;
    if (beyond != 0) mask.words().back() &= (1ULL << beyond) - 1;
    return mask;
  }

  void search_tail(std::span<const WeightedTerm> weighted, double average, const ScoreScale& scale, const IdSet* filter,
                   math::TopK& best, std::size_t& scored) const {
    std::vector<TermTail::WeightedTerm> terms;
    for (const WeightedTerm& entry : weighted) terms.push_back({entry.term, entry.weight});
    tail_.search(terms, options_, average, scale, filter, best, &scored);
  }

  Status search_base(std::span<const WeightedTerm> weighted, double average, const ScoreScale& scale,
                     const RowMask* allowed, math::TopK& best, std::size_t& scored) const {
    std::vector<QueryList> lists;
    for (const WeightedTerm& entry : weighted) {
      if (entry.number) lists.push_back({*entry.number, entry.weight});
    }
    const Norms norms = statistics_->norms(*file_, options_, average);
    return search_postings(*file_, lists, norms->data(), slack(average), scale, allowed, best, &scored);
  }

  // The impacts in the file were taken at its average length; with another one they grow at most by this factor:
  // (c + K) / (c + K') <= K / K' <= max(1, average' / average). Other k1 or b: no bound but 1 is known.
  float slack(double average) const {
    const PostingsDetails& details = file_->details();
    if (details.k1 != options_.k1 || details.b != options_.b ||
        details.norm != static_cast<std::uint32_t>(options_.norm) || !(details.average_length > 0)) {
      return INFINITY;
    }
    return static_cast<float>(std::max(1.0, average / details.average_length) * (1 + 1e-5));
  }

  Status write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const;
  Status write_base_lists(PostingsWriter& writer, std::span<const std::uint32_t> base_to,
                          std::span<const std::uint32_t> tail_to, const Context& context) const;

  TermIndexOptions options_;
  std::optional<PostingsFile> file_;
  IndexStamp stamp_;
  RowMask removed_;                           // rows of the file
  std::vector<std::uint32_t> removed_order_;  // the same, in order of removal
  std::uint64_t removed_length_ = 0;
  TermTail tail_;
  std::unique_ptr<SharedStatistics> statistics_ = std::make_unique<SharedStatistics>();
};

constexpr std::uint32_t kGone = ~0U;

// Appends the postings of a tail list that live, with their new numbers.
void append_tail(const TermTail& tail, std::uint32_t term, std::span<const std::uint32_t> to, Postings& out) {
  for (const TermTail::Posting& posting : tail.list(term)) {
    if (to[posting.document] == kGone) continue;
    out.documents.push_back(to[posting.document]);
    out.counts.push_back(posting.count);
  }
}

// Brings documents into ascending order, counts with them.
void sort_postings(Postings& list) {
  if (std::ranges::is_sorted(list.documents)) return;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (std::size_t i = 0; i < list.documents.size(); ++i) pairs.emplace_back(list.documents[i], list.counts[i]);
  std::ranges::sort(pairs);
  for (std::size_t i = 0; i < pairs.size(); ++i) std::tie(list.documents[i], list.counts[i]) = pairs[i];
}

Status Bm25Index::write_base_lists(PostingsWriter& writer, std::span<const std::uint32_t> base_to,
                                   std::span<const std::uint32_t> tail_to, const Context& context) const {
  Postings list;
  for (std::uint32_t term = 0; term < file_->terms(); ++term) {
    if (term % 4096 == 0) IG_TRY(context.check());
    IG_TRY(file_->read_list(term, list));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.documents.size(); ++i) {
      const std::uint32_t to = base_to[list.documents[i]];
      if (to == kGone) continue;
      list.documents[kept] = to;
      list.counts[kept++] = list.counts[i];
    }
    list.documents.resize(kept);
    list.counts.resize(kept);
    const std::string_view text = file_->term(term);
    if (const std::optional<std::uint32_t> same = tail_.terms().find(text)) append_tail(tail_, *same, tail_to, list);
    sort_postings(list);
    if (!list.documents.empty()) writer.add(text, list.documents, list.counts);
  }
  return {};
}

Status Bm25Index::write(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const {
  struct Source {
    std::int64_t id;
    std::uint32_t length;
    std::uint32_t* to;  // where the new number goes
  };
  std::vector<std::uint32_t> base_to(base_size(), kGone);
  std::vector<std::uint32_t> tail_to(tail_.documents(), kGone);
  std::vector<Source> live;
  for (std::size_t i = 0; i < base_to.size(); ++i) {
    if (!removed_.contains(i)) live.push_back({file_->ids()[i], file_->lengths()[i], &base_to[i]});
  }
  for (std::size_t i = 0; i < tail_to.size(); ++i) {
    if (tail_.live(i)) live.push_back({tail_.id(i), tail_.length(i), &tail_to[i]});
  }
  if (live.size() >= kGone) return fail(Code::unsupported, "A term index holds fewer than 4,294,967,295 documents.");
  std::ranges::sort(live, {}, &Source::id);
  std::vector<std::int64_t> ids;
  std::vector<std::uint32_t> lengths;
  for (const Source& source : live) {
    *source.to = static_cast<std::uint32_t>(ids.size());
    ids.push_back(source.id);
    lengths.push_back(source.length);
  }
  PostingsWriter writer(options_, std::move(ids), std::move(lengths));
  if (file_) IG_TRY(write_base_lists(writer, base_to, tail_to, context));
  Postings list;
  for (std::uint32_t term = 0; term < tail_.terms().size(); ++term) {
    const std::string_view text = tail_.terms().term(term);
    if (file_ && file_->find(text)) continue;
    list.documents.clear();
    list.counts.clear();
    append_tail(tail_, term, tail_to, list);
    sort_postings(list);
    if (!list.documents.empty()) writer.add(text, list.documents, list.counts);
  }
  return writer.save(path, stamp, context);
}

Result<std::unique_ptr<TermIndex>> map_index(const std::filesystem::path& path, const TermIndexOptions* options) {
  PostingsFile file = IG_TRY(PostingsFile::open(path));
  const PostingsDetails& details = file.details();
  if (details.norm > static_cast<std::uint32_t>(LengthNorm::lucene)) {
    return file.file().damaged("its length norm is unknown");
  }
  const TermIndexOptions saved{details.k1, details.b, static_cast<LengthNorm>(details.norm)};
  if (!check_options(saved)) return file.file().damaged("its k1 or b is impossible");
  if (options != nullptr) IG_TRY(check_options(*options));
  return std::unique_ptr<TermIndex>(
      std::make_unique<Bm25Index>(options != nullptr ? *options : saved, std::move(file)));
}

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<TermIndex>> make_term_index(const TermIndexOptions& options) {
  IG_TRY(index::check_options(options));
  return std::unique_ptr<TermIndex>(std::make_unique<index::Bm25Index>(options));
}

Result<std::unique_ptr<TermIndex>> map_term_index(const std::filesystem::path& path) {
  return guard([&] { return index::map_index(path, nullptr); });
}

Result<std::unique_ptr<TermIndex>> map_term_index(const std::filesystem::path& path, const TermIndexOptions& options) {
  return guard([&] { return index::map_index(path, &options); });
}

}  // namespace isogloss
