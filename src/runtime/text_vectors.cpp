// SPDX-License-Identifier: Apache-2.0
#include "runtime/text_vectors.hpp"

#include <algorithm>
#include <cmath>

#include "core/text.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::runtime {
namespace {

std::vector<Input> inputs_of(std::span<const std::string> texts, Role role) {
  std::vector<Input> inputs;
  inputs.reserve(texts.size());
  for (const std::string& text : texts) inputs.push_back(Input::text(text, role));
  return inputs;
}

// A chunk is cut to the window already; a prompt may push one over it.
Result<Embedding> embed_cut(const Model& model, std::span<const std::string> texts, Role role, EmbedOptions options,
                            Context& context) {
  const std::vector<Input> inputs = inputs_of(texts, role);
  options.truncate = Truncate::end;
  Embedding embedding = IG_TRY(model.ability<Embedder>()->embed(inputs, options, context));
  const auto cut = std::ranges::count_if(embedding.reports, [](const RowReport& row) { return row.tokens_cut != 0; });
  if (cut != 0) {
    context.say(LogLevel::warning, counted(static_cast<std::size_t>(cut), "passage") + " cut at the " +
                                       std::to_string(model.card().window) + " tokens that the model reads");
  }
  return embedding;
}

// Mean of the rows [first, last) whose tokens touch `at`; row = token + shift.
void mean_of_tokens(const Vectors& rows, std::size_t first, std::size_t last, const Tokens& tokens, std::size_t shift,
                    Span at, std::span<float> out) {
  std::size_t count = 0;
  for (std::size_t t = 0; t < tokens.size() && first + shift + t < last; ++t) {
    if (tokens.special[t] != 0 || tokens.offsets[t].begin >= at.end || tokens.offsets[t].end <= at.begin) continue;
    const auto row = rows.row_f32(first + shift + t);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += row[i];
    ++count;
  }
  for (float& value : out) value /= static_cast<float>(std::max<std::size_t>(count, 1));
}

void make_length_one(std::span<float> row) {
  double squares = 0;
  for (const float value : row) squares += double{value} * value;
  if (squares == 0) return;
  for (float& value : row) value = static_cast<float>(value / std::sqrt(squares));
}

}  // namespace

Result<Vectors> embed_texts(const Model& model, std::span<const std::string> texts, Role role, Context& context) {
  return std::move(IG_TRY(embed_cut(model, texts, role, {}, context)).dense);
}

bool can_embed_late(const Model& model) {
  const Card& card = model.card();
  const Embedder* embedder = model.ability<Embedder>();
  if (embedder == nullptr || model.ability<TokenEmbedder>() == nullptr || card.sparse) return false;
  const auto pooling = card.facts.find("pooling");
  const bool mean = pooling == card.facts.end() || pooling->second == "mean";
  return mean && embedder->token_dimension() == card.dimension;
}

Result<Vectors> embed_late(const Model& model, std::span<const std::string> texts,
                           std::span<const LatePassage> passages, Context& context) {
  EmbedOptions options;
  options.outputs = Outputs::tokens;
  const Vectors rows = std::move(IG_TRY(embed_cut(model, texts, Role::document, options, context)).per_token);
  const Tokenizer& tokenizer = model.ability<TokenEmbedder>()->tokenizer();
  Vectors out = Vectors::dense(passages.size(), rows.dim());
  Tokens tokens;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const std::size_t text = passages[i].text;
    if (i == 0 || passages[i - 1].text != text) IG_TRY(tokenizer.encode(texts[text], {}, tokens));
    const std::size_t first = rows.row_offsets[text], last = rows.row_offsets[text + 1];
    // A prompt stands in front of the text, behind the special token that begins the input.
    const std::size_t shift = last - first > tokens.size() ? last - first - tokens.size() : 0;
    mean_of_tokens(rows, first, last, tokens, shift, passages[i].at, out.row_f32(i));
    if (model.card().normalized) make_length_one(out.row_f32(i));
  }
  return out;
}

}  // namespace isogloss::runtime
