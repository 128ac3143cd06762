// SPDX-License-Identifier: Apache-2.0
#include "tokens/wordpiece/wordpiece_trainer.hpp"

#include "tokens/wordpiece/wordpiece.hpp"

namespace isogloss::tokens {

Result<std::vector<std::string>> train_wordpiece(const WordCounts& words, BpeTraining training, Context& context) {
  training.continuing_prefix = WordPieceRules().continuing_prefix;
  TrainedBpe trained = IG_TRY(train_bpe(words, training, context));
  return std::move(trained.pieces);
}

}  // namespace isogloss::tokens
