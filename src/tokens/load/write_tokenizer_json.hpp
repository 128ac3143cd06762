// SPDX-License-Identifier: Apache-2.0
// Writes tokenizer.json as the Hugging Face library (tokenizers 0.20 to 0.23) reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace isogloss::tokens {

// The members of the file. All but the special tokens are JSON already.
struct TokenizerFile {
  std::string normalizer = "null";
  std::string pre_tokenizer = "null";
  std::string post_processor = "null";
  std::string decoder = "null";
  std::string model;
  std::vector<std::string> special_tokens;  // the first ids of the model, in order
};

// The whole content, with neither truncation nor padding.
std::string write_tokenizer_json(const TokenizerFile& file);

// ---- its models. `pieces`: by id; `unknown`: empty = none.

std::string bpe_model_json(std::span<const std::string> pieces, std::span<const std::pair<std::uint32_t, std::uint32_t>> merges,
                           std::string_view unknown);
std::string wordpiece_model_json(std::span<const std::string> pieces, std::string_view unknown);
std::string unigram_model_json(std::span<const std::pair<std::string, double>> pieces, std::string_view unknown);
std::string word_model_json(std::span<const std::string> pieces, std::string_view unknown);

// TemplateProcessing: `first` before a text, `last` behind every text; type ids 0 and 1. With the ids of both.
std::string template_json(std::pair<std::string_view, std::uint32_t> first, std::pair<std::string_view, std::uint32_t> last);

}  // namespace isogloss::tokens
