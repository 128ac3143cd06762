// SPDX-License-Identifier: Apache-2.0
#include "tokens/counting/tfidf_weights.hpp"

#include <cmath>

namespace isogloss::tokens {

Norm parse_norm(std::string_view text) { return text == "l1" ? Norm::l1 : text == "l2" ? Norm::l2 : Norm::none; }

std::vector<double> inverse_document_frequency(std::span<const std::uint32_t> document_frequency, std::size_t documents,
                                               Smoothing smoothing) {
  const double more = smoothing == Smoothing::one ? 1.0 : 0.0;
  std::vector<double> idf;
  idf.reserve(document_frequency.size());
  for (const std::uint32_t df : document_frequency) {
    idf.push_back(std::log((static_cast<double>(documents) + more) / (static_cast<double>(df) + more)) + 1.0);
  }
  return idf;
}

void tfidf_weigh(const CountView& row, std::span<const double> idf, TermFrequency frequency, Norm norm,
                 std::span<float> values) {
  const std::size_t n = row.columns.size();
  double sum = 0;
  const auto weight = [&](std::size_t k) {
    const double count = row.counts[k];
    const double tf = frequency == TermFrequency::count  ? count
                      : frequency == TermFrequency::once ? 1.0
                                                         : std::log(count) + 1.0;
    return idf.empty() ? tf : tf * idf[row.columns[k]];
  };
  for (std::size_t k = 0; k < n; ++k) {
    const double w = weight(k);
    values[k] = static_cast<float>(w);
    sum += norm == Norm::l1 ? std::abs(w) : w * w;
  }
  if (norm == Norm::none || sum == 0) return;
  const double scale = 1.0 / (norm == Norm::l1 ? sum : std::sqrt(sum));
  for (std::size_t k = 0; k < n; ++k) values[k] = static_cast<float>(static_cast<double>(values[k]) * scale);
}

}  // namespace isogloss::tokens
