// SPDX-License-Identifier: Apache-2.0
// From counts to weights: term frequency, inverse document frequency, norm. As scikit-learn's TfidfTransformer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tokens/counting/row_tally.hpp"

namespace isogloss::tokens {

enum class Norm : std::uint8_t { none, l1, l2 };
Norm parse_norm(std::string_view text);  // "l1", "l2", else none

enum class Smoothing : std::uint8_t { none, one };                   // one: as if one more text held every feature
enum class TermFrequency : std::uint8_t { count, logarithm, once };  // logarithm: 1 + ln(count); once: 1

// idf(t) = ln((1 + n) / (1 + df(t))) + 1 with smoothing, ln(n / df(t)) + 1 without. document_frequency: (features)
std::vector<double> inverse_document_frequency(std::span<const std::uint32_t> document_frequency, std::size_t documents,
                                               Smoothing smoothing);

// values[k] = tf(row.counts[k]) * idf[row.columns[k]], then divided by the norm of the row. idf: (features), empty =
// all 1 values: (row.columns)
void tfidf_weigh(const CountView& row, std::span<const double> idf, TermFrequency frequency, Norm norm,
                 std::span<float> values);

}  // namespace isogloss::tokens
