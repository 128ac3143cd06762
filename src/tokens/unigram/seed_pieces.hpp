// SPDX-License-Identifier: Apache-2.0
// The substrings that a unigram model starts from.
#pragma once

#include "tokens/unigram/unigram_trainer.hpp"

namespace isogloss::tokens {

// All characters by falling count, then the substrings of 2 to max_characters characters that stand in at least two
// places with different characters behind them, by falling places times length; seed_size in all. With log
// probabilities. `order`: the words, ranked.
ScoredPieces seed_pieces(const WordCounts& words, std::span<const std::uint32_t> order, const UnigramTraining& training,
                         const Context& context);

// digamma(x) = d/dx log gamma(x), for x > 0: raised to x >= 7 by digamma(x) = digamma(x + 1) - 1 / x, then the
// asymptotic series in x - 1/2 (Abramowitz and Stegun 1964, 6.3.5 and 6.3.18).
double digamma(double x);

}  // namespace isogloss::tokens
