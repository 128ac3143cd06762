// SPDX-License-Identifier: Apache-2.0
// Chunks in a model's own tokens. A text cut at token boundaries has the same tokens alone as it had in its document,
// but for a word that a very long one was cut inside of.
#include <algorithm>

#include "isogloss/documents.hpp"
#include "isogloss/model.hpp"
#include "isogloss/tokens.hpp"
#include "runtime/text_vectors.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kLeastSize = 32;

class TokenUnits final : public UnitSplitter {
 public:
  TokenUnits(std::shared_ptr<const Model> model, const Tokenizer& tokenizer)
      : model_(std::move(model)), tokenizer_(tokenizer) {}
  std::string_view name() const override { return "tokens"; }
  // Tokens of one character share its span, so that they count.
  void split(std::string_view text, std::vector<Span>& out) const override {
    Tokens tokens;
    EncodeOptions options;
    options.special_tokens = SpecialTokens::leave_out;
    if (!tokenizer_.encode(text, options, tokens)) return word_units().split(text, out);
    std::size_t last = 0;
    for (const PieceSpan at : tokens.offsets) {
      last = std::max<std::size_t>(last, at.begin);
      out.push_back({last, std::max<std::size_t>(last, at.end)});
    }
  }

 private:
  std::shared_ptr<const Model> model_;  // owns the tokenizer
  const Tokenizer& tokenizer_;
};

}  // namespace

ChunkPlan plan_chunks(const ChunkOptions& options, std::shared_ptr<const Model> model) {
  ChunkPlan plan{options, std::shared_ptr<const UnitSplitter>(&word_units(), [](const UnitSplitter*) {}), {}, false};
  if (model != nullptr && model->ability<Embedder>() != nullptr && !model->card().sparse) {
    plan.token_vectors = runtime::can_embed_late(*model);
    plan.vectors = [model](std::span<const std::string> texts, Context& context) {
      return runtime::embed_texts(*model, texts, Role::document, context);
    };
  }
  const TokenEmbedder* reader = model == nullptr ? nullptr : model->ability<TokenEmbedder>();
  if (reader == nullptr) return plan;
  if (const std::size_t window = model->card().window; window != 0) {
    const std::size_t overhead = reader->overhead(Role::document);
    const std::size_t room = window > overhead + kLeastSize ? window - overhead : std::min(window, kLeastSize);
    plan.options.window = room;
    plan.options.size = std::min(options.size, room);
    plan.options.overlap = std::min(options.overlap, plan.options.size / 4);
    plan.options.heading_limit = std::min(options.heading_limit, plan.options.size / 2);
  }
  plan.units = std::make_shared<TokenUnits>(std::move(model), reader->tokenizer());
  return plan;
}

}  // namespace isogloss
