// SPDX-License-Identifier: Apache-2.0
// A ranking meets its judgments (trec_eval's form_res_rels).
#include <algorithm>
#include <bit>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

// Judgments by document: open addressing, the index + 1 of a judgment or 0.
class Table {
 public:
  explicit Table(std::span<const Judgment> judgments)
      : judgments_(judgments), places_(std::bit_ceil(2 * judgments.size() + 1), 0) {
    for (std::uint32_t i = 0; i < judgments.size(); ++i) {
      std::size_t at = slot(judgments[i].document);
      while (places_[at] != 0) at = (at + 1) & (places_.size() - 1);
      places_[at] = i + 1;
    }
  }
  const Judgment* find(std::string_view document) const {
    for (std::size_t at = slot(document); places_[at] != 0; at = (at + 1) & (places_.size() - 1)) {
      if (judgments_[places_[at] - 1].document == document) return &judgments_[places_[at] - 1];
    }
    return nullptr;
  }

 private:
  std::size_t slot(std::string_view document) const {
    return std::hash<std::string_view>{}(document) & (places_.size() - 1);
  }
  std::span<const Judgment> judgments_;
  std::vector<std::uint32_t> places_;
};

}  // namespace

Judged judge(const RunQuery& run, std::span<const Judgment> judgments, const Settings& settings) {
  Judged out;
  out.level = settings.level;
  double highest = -1;
  for (const Judgment& j : judgments) highest = std::max(highest, j.level);
  out.levels.assign(static_cast<std::size_t>(std::max(highest, -1.0) + 1), 0);
  for (const Judgment& j : judgments) {
    if (j.level < 0) continue;
    ++out.levels[static_cast<std::size_t>(j.level)];
    if (j.level >= static_cast<double>(settings.level)) ++out.relevant;
  }
  const Table table(judgments);
  const std::size_t n = std::min<std::size_t>(run.documents.size(), static_cast<std::size_t>(settings.most));
  out.relevance.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Judgment* judgment = table.find(run.documents[i].document);
    const std::int64_t relevance = judgment == nullptr   ? kNotInPool
                                   : judgment->level < 0 ? kNotJudged
                                                         : static_cast<std::int64_t>(judgment->level);
    if (settings.judged_only && relevance < 0) continue;
    out.relevance.push_back(relevance);
    if (relevance == kNotInPool) ++out.not_in_pool;
    if (relevance == kNotJudged) ++out.not_judged;
    if (relevance >= settings.level) ++out.relevant_retrieved;
  }
  return out;
}

}  // namespace isogloss::evaluation::trec
