// SPDX-License-Identifier: Apache-2.0
// The weights of a fitted corpus seen from the words: what each feature weighs in which document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "isogloss/result.hpp"
#include "tokens/counting/feature_counter.hpp"

namespace isogloss::tokens {

// Columns of the document x feature matrix, compressed. Immutable once made.
struct TermDocuments {
  std::size_t documents = 0;
  std::vector<std::int64_t> starts;  // (features + 1)
  std::vector<std::int32_t> rows;    // (entries) ascending within a feature
  std::vector<float> values;         // (entries)

  // weights: (entries of rows), in the order of `rows`.
  static TermDocuments make(const CountRows& rows, std::span<const float> weights, std::size_t features);
  // Whether the arrays fit together, for data read from a file.
  Status check(std::size_t features) const;

  // out: (documents)
  void vector_of(std::size_t feature, std::span<float> out) const;
  // Cosine of the vector of `feature` with that of every feature; 0 where one is zero. (features)
  std::vector<double> cosines(std::size_t feature) const;
};

}  // namespace isogloss::tokens
