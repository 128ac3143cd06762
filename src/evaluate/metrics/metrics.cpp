// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "isogloss/options.hpp"

namespace isogloss {
namespace evaluation {
namespace {

// The only list of ranking metrics; the first is the headline.
const std::array kMetrics{kNdcg, kAveragePrecision, kRecall, kPrecision, kReciprocalRank};

}  // namespace
}  // namespace evaluation

std::span<const RankingMetric> ranking_metrics() { return evaluation::kMetrics; }

Result<double> ranking_value(std::string_view metric, const RankedQuery& query) {
  const std::size_t at = metric.find('@');
  const std::string_view name = metric.substr(0, at);
  std::size_t cut = SIZE_MAX;
  bool good_cut = true;
  if (at != std::string_view::npos) {
    const std::string_view digits = metric.substr(at + 1);
    const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), cut);
    good_cut = r.ec == std::errc() && r.ptr == digits.data() + digits.size() && cut > 0;
  }
  std::vector<std::string> known;
  for (const RankingMetric& candidate : ranking_metrics()) {
    known.emplace_back(candidate.name);
    if (candidate.name != name || !good_cut) continue;
    auto ranking = query.ranking;
    std::sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first > b.first;
    });
    std::vector<std::int64_t> gains, ideal;
    for (const auto& [document, score] : ranking) {
      const auto judged = query.judged.find(document);
      gains.push_back(judged == query.judged.end() ? 0 : judged->second);
    }
    for (const auto& [document, relevance] : query.judged) {
      if (relevance > 0) ideal.push_back(relevance);
    }
    std::sort(ideal.rbegin(), ideal.rend());
    return candidate.value(gains, ideal, cut);
  }
  const std::string nearest = nearest_name(name, known);
  return fail(Code::invalid_argument, "there is no ranking metric '" + std::string(metric) + "'." +
                                          (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") +
                                          " A cut is written ndcg@10.");
}

Result<Gate> parse_gate(std::string_view text) {
  const std::size_t equals = text.find('=');
  Gate gate;
  if (equals != std::string_view::npos) {
    const std::string_view number = text.substr(equals + 1);
    const auto r = std::from_chars(number.data(), number.data() + number.size(), gate.least);
    gate.metric = text.substr(0, equals);
    if (r.ec == std::errc() && r.ptr == number.data() + number.size()) return gate;
  }
  return fail(Code::invalid_argument, "'" + std::string(text) + "' is no gate; write --fail-under ndcg@10=0.45.");
}

}  // namespace isogloss
