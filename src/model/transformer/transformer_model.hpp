// SPDX-License-Identifier: Apache-2.0
// A loaded encoder with its tokenizer and its head, and the abilities that follow from the head.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/transformer/dense_chain.hpp"
#include "model/transformer/encoders.hpp"
#include "model/transformer/pair_head.hpp"
#include "model/transformer/passes.hpp"
#include "model/transformer/sentence_modules.hpp"
#include "model/transformer/splade_head.hpp"
#include "model/transformer/token_rows.hpp"

namespace isogloss::model {

inline constexpr std::string_view kTransformerFamily = "transformer";

class TransformerModel final : public Model, public Embedder, public PairScorer, public TokenEmbedder {
 public:
  TransformerModel(FileSet files, nn::Architecture architecture, SentenceModules modules, TokenizerPtr tokenizer,
                   std::string compute);
  // Reads what stands behind the encoder; the encoder itself is packed when it is first used.
  Status open(const Json& config);

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override;
  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;
  Status score(std::string_view query, std::span<const std::string_view> documents, std::span<float> scores,
               Context& context) const override;
  const Tokenizer& tokenizer() const override { return text_.tokenizer(); }
  Result<std::string> tokenizer_json() const override { return encoders_.files().read("tokenizer.json"); }
  std::size_t overhead(Role role) const override;
  std::size_t layers() const override { return encoders_.config().layers; }
  std::size_t heads() const override { return encoders_.config().heads; }
  Result<Attention> attention(std::string_view text, std::size_t layer, Context& context) const override;

 private:
  const Card& embedder_card() const override { return card_; }
  std::size_t token_dimension() const override {
    return modules_.head == Head::tokens ? card_.dimension : encoders_.config().hidden;
  }
  const void* find(AbilityId id) const override;

  Status check_vocabulary() const;
  Result<nn::Compute> compute_for(std::string_view asked) const;
  Status check_outputs(const EmbedOptions& options) const;
  void fill_card(const Json& config, const Weights& tensors);
  Status set_space_id();
  nn::WantedRows wanted_rows() const;
  void pool_rows(const PassResult& result, std::span<const PassRow> rows, Vectors& out) const;
  std::vector<Tokens> probe_tokens() const;
  Result<std::vector<float>> probe_vectors(const nn::Encoder& encoder) const;
  Result<nn::InputPeaks> observe(const nn::Encoder& exact) const;
  Result<Fidelity> compare(const nn::Encoder& exact, const nn::Encoder& candidate) const;
  Status run_vectors(const nn::Encoder& encoder, std::vector<PassRow> rows, Vectors& out, Context& context) const;
  Status run_sparse(const nn::Encoder& encoder, std::vector<PassRow> rows, std::size_t count, Vectors& out,
                    Context& context) const;
  Status run_tokens(const nn::Encoder& encoder, std::vector<PassRow> rows, std::size_t count, Vectors& out,
                    Context& context) const;

  SentenceModules modules_;
  std::string compute_;  // of calls that say auto
  Encoders encoders_;
  TextEncoder text_;
  DenseChain dense_;
  std::optional<PairHead> pair_head_;
  std::optional<SpladeHead> splade_;
  mutable WorkspacePool workspaces_;
  Card card_;
};

}  // namespace isogloss::model
