// SPDX-License-Identifier: Apache-2.0
// WordLevel: every word is a piece, or unknown.
#pragma once

#include <memory>
#include <string>

#include "tokens/pipeline/subword_model.hpp"

namespace isogloss::tokens {

class WordLevel final : public SubwordModel {
 public:
  WordLevel(Vocabulary vocabulary, std::string unknown)
      : vocabulary_(std::move(vocabulary)), unknown_(std::move(unknown)), unknown_id_(vocabulary_.find(unknown_)) {}

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return unknown_id_; }

 private:
  Vocabulary vocabulary_;
  std::string unknown_;
  std::uint32_t unknown_id_;
};

}  // namespace isogloss::tokens
