// SPDX-License-Identifier: Apache-2.0
#include "tokens/counting/term_documents.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace isogloss::tokens {

TermDocuments TermDocuments::make(const CountRows& rows, std::span<const float> weights, std::size_t features) {
  TermDocuments t;
  t.documents = rows.size();
  t.starts.assign(features + 1, 0);
  for (const std::uint32_t column : rows.columns) ++t.starts[column + 1];
  std::partial_sum(t.starts.begin(), t.starts.end(), t.starts.begin());
  t.rows.resize(rows.columns.size());
  t.values.resize(rows.columns.size());
  std::vector<std::int64_t> next(t.starts.begin(), t.starts.end() - 1);
  for (std::size_t row = 0; row < t.documents; ++row) {
    for (std::size_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
      if (e + 16 < rows.columns.size()) __builtin_prefetch(&next[rows.columns[e + 16]]);
      const auto place = static_cast<std::size_t>(next[rows.columns[e]]++);
      t.rows[place] = static_cast<std::int32_t>(row);
      t.values[place] = weights[e];
    }
  }
  return t;
}

Status TermDocuments::check(std::size_t features) const {
  const auto entries = static_cast<std::int64_t>(rows.size());
  const bool fits =
      starts.size() == features + 1 && rows.size() == values.size() && starts.front() == 0 &&
      starts.back() == entries && std::ranges::is_sorted(starts) && documents <= 0x7FFFFFFFu &&
      std::ranges::all_of(rows, [&](std::int32_t r) { return r >= 0 && static_cast<std::size_t>(r) < documents; });
  if (fits) return {};
  return fail(Code::corrupt_data, "the documents of the model's words do not fit together.");
}

void TermDocuments::vector_of(std::size_t feature, std::span<float> out) const {
  std::ranges::fill(out, 0.0F);
  if (starts.empty()) return;  // not kept
  for (auto e = static_cast<std::size_t>(starts[feature]); e < static_cast<std::size_t>(starts[feature + 1]); ++e) {
    out[static_cast<std::size_t>(rows[e])] = values[e];
  }
}

std::vector<double> TermDocuments::cosines(std::size_t feature) const {
  std::vector<float> query(documents);
  vector_of(feature, query);
  std::vector<double> dots(starts.size() - 1);
  std::vector<double> squares(dots.size());
  for (std::size_t f = 0; f < dots.size(); ++f) {
    for (auto e = static_cast<std::size_t>(starts[f]); e < static_cast<std::size_t>(starts[f + 1]); ++e) {
      dots[f] += static_cast<double>(values[e]) * static_cast<double>(query[static_cast<std::size_t>(rows[e])]);
      squares[f] += static_cast<double>(values[e]) * static_cast<double>(values[e]);
    }
  }
  const double own = squares[feature];
  for (std::size_t f = 0; f < dots.size(); ++f) {
    const double scale = std::sqrt(own * squares[f]);
    dots[f] = scale > 0 ? dots[f] / scale : 0.0;
  }
  return dots;
}

}  // namespace isogloss::tokens
