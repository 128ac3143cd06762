// SPDX-License-Identifier: Apache-2.0
#include "model/static/corpus_sample.hpp"

#include <algorithm>

#include "core/random.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kBatch = 4096;  // records tokenised together

// Keeps the pieces with the smallest of random numbers: a sample without replacement, whatever the size of the corpus.
class Sampler {
 public:
  Sampler(const SampleOptions& options, std::uint64_t seed, std::size_t pieces) : options_(options), seed_(seed) {
    sample_.counts.resize(pieces);
  }

  void add(std::span<const std::uint32_t> ids) {
    Random random(seed_, records_++);
    for (const std::uint32_t id : ids) ++sample_.counts[id];
    sample_.tokens += ids.size();
    const std::size_t spread = options_.most_tokens - options_.least_tokens + 1;
    for (std::size_t at = 0; ids.size() - at >= options_.least_tokens;) {
      const std::size_t size = std::min<std::size_t>(ids.size() - at, options_.least_tokens + random.bounded(spread));
      keep(random.next(), ids.subspan(at, size));
      at += size;
    }
  }

  CorpusSample take() {
    shrink(options_.texts);
    std::ranges::sort(places_, {}, &Place::priority);
    for (const Place& place : places_) {
      const auto begin = ids_.begin() + static_cast<std::ptrdiff_t>(place.begin);
      sample_.ids.insert(sample_.ids.end(), begin, begin + static_cast<std::ptrdiff_t>(place.size));
      sample_.starts.push_back(sample_.ids.size());
    }
    return std::move(sample_);
  }

 private:
  struct Place {
    std::uint64_t priority;
    std::size_t begin;
    std::size_t size;
  };

  void keep(std::uint64_t priority, std::span<const std::uint32_t> ids) {
    if (priority >= limit_) return;
    places_.push_back({priority, ids_.size(), ids.size()});
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    if (places_.size() >= 2 * options_.texts + 1024) shrink(options_.texts);
  }

  void shrink(std::size_t most) {
    if (places_.size() <= most) return;
    const auto end = places_.begin() + static_cast<std::ptrdiff_t>(most);
    std::ranges::nth_element(places_, end, {}, &Place::priority);
    limit_ = end->priority;
    places_.erase(end, places_.end());
    std::vector<std::uint32_t> kept;
    for (Place& place : places_) {
      const auto begin = ids_.begin() + static_cast<std::ptrdiff_t>(place.begin);
      place.begin = kept.size();
      kept.insert(kept.end(), begin, begin + static_cast<std::ptrdiff_t>(place.size));
    }
    ids_ = std::move(kept);
  }

  const SampleOptions& options_;
  std::uint64_t seed_;
  std::uint64_t records_ = 0;
  std::uint64_t limit_ = UINT64_MAX;  // priorities from here on have lost
  std::vector<Place> places_;
  std::vector<std::uint32_t> ids_;
  CorpusSample sample_;
};

Status add_batch(const Tokenizer& tokenizer, std::vector<std::string>& batch, Sampler& sampler, Context& context) {
  const std::vector<std::string_view> texts(batch.begin(), batch.end());
  EncodeOptions options;
  options.special_tokens = SpecialTokens::leave_out;
  for (const Tokens& tokens : IG_TRY(encode_batch(tokenizer, texts, options, context))) sampler.add(tokens.ids);
  batch.clear();
  return {};
}

}  // namespace

Result<CorpusSample> sample_corpus(const Dataset& data, const Tokenizer& tokenizer, const SampleOptions& options,
                                   Context& context) {
  Sampler sampler(options, context.seed, tokenizer.vocabulary_size());
  std::vector<std::string> batch;
  std::size_t records = 0;
  const auto take = [&](const Record& record) -> Status {
    batch.emplace_back(record.text);
    if (batch.size() < kBatch) return {};
    records += batch.size();
    context.report({"read", "texts", static_cast<double>(records), 0, 0});
    return add_batch(tokenizer, batch, sampler, context);
  };
  IG_TRY(data.for_each(take, context));
  IG_TRY(add_batch(tokenizer, batch, sampler, context));
  return sampler.take();
}

}  // namespace isogloss::model
