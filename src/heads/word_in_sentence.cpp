// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <optional>

#include "core/text.hpp"
#include "isogloss/heads.hpp"
#include "isogloss/tokens.hpp"
#include "isogloss/words.hpp"

namespace isogloss {
namespace {

// Whole-word occurrences of `word` in `text`, ASCII case aside: the first one's bytes.
std::optional<PieceSpan> find_word(std::string_view text, std::string_view word) {
  const std::string low = ascii_lower(text), want = ascii_lower(word);
  const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & 0x80) != 0; };
  for (std::size_t at = low.find(want); at != std::string::npos; at = low.find(want, at + 1)) {
    const std::size_t end = at + want.size();
    if ((at == 0 || !is_letter(low[at - 1])) && (end == low.size() || !is_letter(low[end]))) {
      return PieceSpan{static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)};
    }
  }
  return std::nullopt;
}

Result<std::vector<float>> word_row(const Model& model, std::string_view word) {
  const Vocabulary* words = model.ability<Vocabulary>();
  if (words == nullptr) {
    return fail(Code::unsupported,
                "a model of family '" + model.card().family + "' has vectors neither of tokens nor of words.");
  }
  const auto index = words->find_word(word);
  if (!index) return fail(Code::not_found, "'" + std::string(word) + "' is not in the vocabulary of the model.");
  std::vector<float> row(words->word_dimension());
  words->word_vector(*index, row);
  return row;
}

}  // namespace

Result<std::vector<float>> word_in_sentence(const Model& model, std::string_view word, std::string_view sentence,
                                            Context& context) {
  const auto place = find_word(sentence, word);
  if (!place) {
    return fail(Code::invalid_argument,
                "the word '" + std::string(word) + "' is not in '" + std::string(sentence) + "'.");
  }
  const TokenEmbedder* reader = model.ability<TokenEmbedder>();
  const Embedder* embedder = model.ability<Embedder>();
  if (reader == nullptr || embedder == nullptr) return word_row(model, word);
  Tokens tokens;
  IG_TRY(reader->tokenizer().encode(sentence, {}, tokens));
  const Input input = Input::text(sentence);
  EmbedOptions options;
  options.outputs = Outputs::tokens;
  options.compute = "f32";
  const Embedding embedding = IG_TRY(embedder->embed({&input, 1}, options, context));
  std::vector<float> sum(embedding.per_token.dim(), 0.0F);
  for (std::size_t t = 0; t < std::min(tokens.size(), embedding.per_token.rows()); ++t) {
    const PieceSpan at = tokens.offsets[t];
    if (tokens.special[t] != 0 || at.begin >= place->end || at.end <= place->begin) continue;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += embedding.per_token.row_f32(t)[i];
  }
  return sum;
}

}  // namespace isogloss
