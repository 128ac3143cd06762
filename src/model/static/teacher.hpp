// SPDX-License-Identifier: Apache-2.0
// The encoder that a table is distilled from, asked by token ids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "isogloss/model.hpp"
#include "isogloss/tokens.hpp"
#include "math/matrix.hpp"

namespace isogloss::model {

class Teacher {
 public:
  // Error{unsupported}: not a reader of tokens with one dense vector a text. REQUIRES: `model` outlives the result.
  static Result<Teacher> of(const Model& model, const std::string& compute);

  const Tokenizer& tokenizer() const { return reader_->tokenizer(); }
  Result<std::string> tokenizer_json() const { return reader_->tokenizer_json(); }
  std::size_t dim() const { return dim_; }
  // Tokens of a text that fit its window.
  std::size_t room() const { return room_; }
  // Vectors of length 1 of texts given by their ids, special tokens not among them. (texts, dim)
  Result<math::Matrix> vectors(std::span<const std::span<const std::uint32_t>> texts, Context& context) const;
  // Of every piece as a text of its own; a zero row for special pieces. (pieces, dim)
  Result<math::Matrix> piece_vectors(Context& context) const;
  // The pieces that the tokenizer adds by itself, and the unknown one: they say nothing about a text.
  bool is_special(std::uint32_t id) const;

 private:
  const Embedder* embedder_ = nullptr;
  const TokenEmbedder* reader_ = nullptr;
  EmbedOptions options_;
  std::size_t dim_ = 0;
  std::size_t room_ = 0;
  std::vector<std::int32_t> before_, after_;  // special tokens around a text
};

}  // namespace isogloss::model
