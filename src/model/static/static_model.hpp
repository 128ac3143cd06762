// SPDX-License-Identifier: Apache-2.0
// A text's vector is the mean of the vectors of its pieces (README.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/tokens.hpp"
#include "model/static/token_table.hpp"

namespace isogloss::model {

inline constexpr std::string_view kStaticFamily = "static";

// What a folder says besides the table.
struct StaticLayout {
  std::string folder;         // "" or "0_StaticEmbedding/": where table and tokenizer lie
  bool normalize = false;     // scale rows to length 1
  bool drop_unknown = false;  // leave the unknown piece out, as model2vec does and sentence-transformers does not
  std::string trained_on;     // one line
  std::string space_id;       // as saved; empty in folders that do not say
};

class StaticModel final : public Model, public Embedder, public TokenEmbedder, public Vocabulary {
 public:
  static Result<std::shared_ptr<StaticModel>> open(FileSet files, StaticLayout layout, Context& context);

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path& folder, Context& context) const override;
  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;

  const Tokenizer& tokenizer() const override { return *tokenizer_; }
  Result<std::string> tokenizer_json() const override;
  std::size_t overhead(Role) const override { return 0; }
  std::size_t layers() const override { return 0; }
  std::size_t heads() const override { return 0; }
  Result<Attention> attention(std::string_view text, std::size_t layer, Context& context) const override;

  std::size_t word_count() const override { return table_.pieces(); }
  std::optional<std::size_t> find_word(std::string_view word) const override { return tokenizer_->find_piece(word); }
  std::string_view word(std::size_t index) const override {
    return tokenizer_->piece(static_cast<std::uint32_t>(index));
  }
  std::size_t word_dimension() const override { return table_.dim(); }
  void word_vector(std::size_t index, std::span<float> out) const override {
    table_.vector(static_cast<std::uint32_t>(index), out);
  }
  Result<std::vector<WordScore>> near(std::string_view word, std::size_t n, Context& context) const override;
  Result<std::vector<WordScore>> terms(std::size_t n, Context& context) const override;

 private:
  StaticModel(FileSet files, StaticLayout layout) : files_(std::move(files)), layout_(std::move(layout)) {}
  const Card& embedder_card() const override { return card_; }
  const void* find(AbilityId id) const override;
  Status fill_card();
  Status tokenize(const Input& input, Tokens& tokens, std::string& joined, std::vector<std::uint32_t>& ids) const;
  void embed_row(std::span<const std::uint32_t> ids, TokenTable::Scratch& scratch, std::span<float> out) const;
  void append_tokens(std::span<const Slice> slices, Vectors& out) const;

  FileSet files_;
  StaticLayout layout_;
  TokenizerPtr tokenizer_;
  std::optional<std::uint32_t> unknown_;  // the piece that is left out
  TokenTable table_;
  Card card_;
};

}  // namespace isogloss::model
