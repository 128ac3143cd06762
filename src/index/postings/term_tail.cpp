// SPDX-License-Identifier: Apache-2.0
#include "index/postings/term_tail.hpp"

#include "index/postings/postings_writer.hpp"

namespace isogloss::index {

std::size_t TermTail::document_frequency(std::string_view term) const {
  const std::optional<std::uint32_t> number = terms_.find(term);
  if (!number) return 0;
  const std::vector<Posting>& list = lists_[*number];
  if (number_.size() == ids_.size()) return list.size();
  std::size_t count = 0;
  for (const Posting& posting : list) count += live_[posting.document];
  return count;
}

void TermTail::add(const TermDocument& document) {
  const auto number = static_cast<std::uint32_t>(ids_.size());
  for (const TermCount& entry : document.terms) {
    const std::uint32_t term = terms_.number(entry.term);
    if (term == lists_.size()) lists_.emplace_back();
    lists_[term].push_back({number, entry.count});
  }
  ids_.push_back(document.id);
  lengths_.push_back(document.length);
  live_.push_back(1);
  number_.emplace(document.id, number);
  total_length_ += document.length;
}

bool TermTail::remove(std::int64_t id) {
  const auto found = number_.find(id);
  if (found == number_.end()) return false;
  live_[found->second] = 0;
  total_length_ -= lengths_[found->second];
  number_.erase(found);
  if (number_.empty()) *this = TermTail();
  return true;
}

std::size_t TermTail::count_allowed(const IdSet* filter) const {
  if (filter == nullptr) return size();
  std::size_t count = 0;
  for (const auto& [id, number] : number_) count += filter->contains(id);
  return count;
}

void TermTail::search(std::span<const WeightedTerm> terms, const TermIndexOptions& options, double average_length,
                      const ScoreScale& scale, const IdSet* filter, math::TopK& best, std::size_t* scored) const {
  if (size() == 0) return;
  const std::vector<float> norms = norms_of(lengths_, options, average_length);
  std::vector<std::int32_t> totals(ids_.size());
  for (const WeightedTerm& entry : terms) {
    const std::optional<std::uint32_t> number = terms_.find(entry.term);
    if (!number) continue;
    const float factor = scale.factor(entry.weight);
    for (const Posting& posting : lists_[*number]) {
      std::int32_t score;
      posting_kernels().score(&posting.document, &posting.count, 1, norms.data(), factor, &score);
      totals[posting.document] += score;
    }
    *scored += lists_[*number].size();
  }
  for (std::size_t i = 0; i < totals.size(); ++i) {
    if (totals[i] == 0 || live_[i] == 0 || (filter != nullptr && !filter->contains(ids_[i]))) continue;
    best.push(scale.score(totals[i]), ids_[i]);
  }
}

}  // namespace isogloss::index
