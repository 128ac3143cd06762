// SPDX-License-Identifier: Apache-2.0
// Texts as token ids, ready for the encoder: what prepare() makes and run() reads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/model.hpp"
#include "isogloss/tokens.hpp"
#include "model/transformer/sentence_modules.hpp"
#include "nn/encoder/packed_linear.hpp"

namespace isogloss::model {

// Rows of one prepare() call.
struct TokenRows final : Prepared::Body {
  std::vector<std::vector<std::uint32_t>> ids;  // (rows) empty where the row failed
  std::vector<std::uint32_t> skip;              // (rows) tokens of a prompt that the pooling leaves out
  nn::Compute compute = nn::Compute::f32;
};

// How texts become ids: prompts, lower case, the limit.
class TextEncoder {
 public:
  TextEncoder(TokenizerPtr tokenizer, const SentenceModules& modules);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  // Error{unsupported}: not text, or tokens of another model. Error{invalid_argument}: a prompt the model has not.
  // Error{too_long} names tokens and limit.
  Status encode(const Input& input, Truncate truncate, Tokens& out, std::size_t& skip) const;

 private:
  Result<std::string_view> prompt_of(const Input& input) const;
  Status encode_ids(const Input& input, Truncate truncate, Tokens& out) const;
  Status check_length(std::size_t tokens) const;

  TokenizerPtr tokenizer_;
  const SentenceModules& modules_;
};

}  // namespace isogloss::model
