// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_table.hpp"

#include <algorithm>
#include <cmath>

#include "core/assert.hpp"
#include "core/best_words.hpp"
#include "core/parallel.hpp"
#include "math/vector.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::size_t kGrain = 2048;  // rows of one task

}  // namespace

WordTable::WordTable(const tokens::WordMap& words, std::vector<float> rows, std::size_t dim,
                     std::vector<std::uint64_t> counts)
    : WordTable(frozen(words), nullptr, {}, dim, std::move(counts)) {
  auto own = std::make_shared<const std::vector<float>>(std::move(rows));
  rows_ = *own;
  owner_ = std::move(own);
  IG_ASSERT(rows_.size() == words_.size() * dim_);
}

WordTable::WordTable(FrozenWords words, std::shared_ptr<const void> owner, std::span<const float> rows, std::size_t dim,
                     std::vector<std::uint64_t> counts, WordScan scan)
    : words_(std::move(words)),
      owner_(std::move(owner)),
      rows_(rows),
      scan_(std::move(scan)),
      dim_(dim),
      counts_(std::move(counts)) {
  IG_ASSERT(rows_.empty() || rows_.size() == words_.size() * dim_);
  total_ = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    total_ += counts_.empty() ? 1.0 / static_cast<double>(i + 2) : static_cast<double>(counts_[i]);
  }
  if (total_ <= 0) total_ = 1;
}

double WordTable::share(std::size_t index) const {
  return (counts_.empty() ? 1.0 / static_cast<double>(index + 2) : static_cast<double>(counts_[index])) / total_;
}

float WordTable::cosine(std::span<const float> vector, float length, std::size_t index) const {
  float dot = 0;
  math::dot_rows(vector, row(index).data(), {&dot, 1});
  const float both = length * std::sqrt(math::squared_length(row(index)));
  return both > 0 ? dot / both : 0.0F;
}

Status WordTable::cosines(std::span<const float> vector, std::span<float> out, Context& context) const {
  const float own = std::sqrt(math::squared_length(vector));
  parallel_for(context, size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    math::dot_rows(vector, rows_.data() + begin * dim_, out.subspan(begin, end - begin));
    for (std::size_t i = begin; i < end; ++i) {
      const float length = own * std::sqrt(math::squared_length(row(i)));
      out[i] = length > 0 ? out[i] / length : 0.0F;
    }
  });
  return context.check();
}

Result<std::vector<std::vector<WordScore>>> WordTable::nearest(std::span<const NearestRequest> requests, std::size_t n,
                                                               std::size_t among, Context& context) const {
  std::vector<ScanRequest> scans;
  for (const NearestRequest& request : requests) {
    scans.push_back({request.vector, std::min(n + request.left_out.size(), size())});
  }
  const std::vector<ScanCandidates> candidates = IG_TRY(scan_.candidates(scans, among, context));
  std::vector<std::vector<WordScore>> out(requests.size());
  parallel_for(context, requests.size(), 1, [&](std::size_t q, std::size_t) {
    const NearestRequest& request = requests[q];
    const float length = std::sqrt(math::squared_length(request.vector));
    std::vector<float> scores;
    scores.reserve(candidates[q].size());
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < candidates[q].size(); ++i) {
      scores.push_back(cosine(request.vector, length, candidates[q][i]));
      if (std::ranges::find(request.left_out, candidates[q][i]) != request.left_out.end()) taken.push_back(i);
    }
    const auto word_of = [&](std::size_t i) { return word(candidates[q][i]); };
    out[q] = best_words(std::span<const float>(scores), word_of, taken, n);
  });
  return out;
}

}  // namespace isogloss::vectors
