// SPDX-License-Identifier: Apache-2.0
// A model whose vectors come from the embedding cache where it has them.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/compute_type.hpp"
#include "core/hash.hpp"
#include "hub/packed_cache.hpp"
#include "isogloss/embedding_cache.hpp"
#include "simd/kernels.hpp"

namespace isogloss {
namespace {

using Key = EmbeddingCache::Key;
using Row = EmbeddingCache::Row;

// Hashes values one after the other, each with its length, so that no two lists give the same bytes.
class KeyMaker {
 public:
  KeyMaker& add(std::string_view bytes) {
    add(std::uint64_t{bytes.size()});
    hash_.update(bytes);
    return *this;
  }
  KeyMaker& add(std::uint64_t value) {
    std::array<char, 8> bytes{};
    std::memcpy(bytes.data(), &value, bytes.size());
    hash_.update(std::string_view(bytes.data(), bytes.size()));
    return *this;
  }
  Key take() { return hash_.digest(); }

 private:
  Sha256 hash_;
};

// What all rows of a call share.
std::string call_of(const Card& card, const EmbedOptions& options) {
  KeyMaker maker;
  maker.add(card.space_id).add(compute_type(card, options.compute)).add(simd::level_name(simd::active_level()));
  maker.add(IG_VERSION).add(static_cast<std::uint64_t>(options.truncate)).add(options.dim);
  const Key key = maker.take();
  return std::string(key.begin(), key.end());
}

Key key_of(const std::string& call, const Input& input) {
  return KeyMaker().add(call).add(static_cast<std::uint64_t>(input.role)).add(input.prompt).add(input.part.text).take();
}

// One part of text, as the cache keeps it.
bool is_text(const Input& input) { return input.further.empty() && input.part.modality == Modality::text; }

struct CachedBody final : Prepared::Body {
  std::optional<Prepared> missing;        // of the model, the inputs that the cache does not have
  std::vector<std::optional<Row>> found;  // (inputs)
  std::vector<std::size_t> at;            // (inputs) row of `missing`
  std::vector<std::optional<Key>> keys;   // (inputs) none: not to be kept
};

class CachedModel final : public Model, public Embedder {
 public:
  CachedModel(ModelPtr model, std::shared_ptr<EmbeddingCache> cache)
      : model_(std::move(model)), embedder_(*model_->ability<Embedder>()), cache_(std::move(cache)) {}

  const Card& card() const override { return model_->card(); }
  Status save(const std::filesystem::path& folder, Context& context) const override {
    return model_->save(folder, context);
  }

  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options,
                           Context& context) const override {
    auto body = std::make_unique<CachedBody>();
    body->found.resize(inputs.size());
    body->at.resize(inputs.size());
    body->keys.resize(inputs.size());
    if (options.outputs == Outputs::vectors && options.family.empty()) look_up(inputs, options, *body, context);
    std::vector<Input> missing;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (body->found[i]) continue;
      body->at[i] = missing.size();
      missing.push_back(inputs[i]);
    }
    body->missing = IG_TRY(embedder_.prepare(missing, options, context));
    std::vector<RowReport> reports(inputs.size());
    std::vector<std::uint32_t> costs(inputs.size(), 1);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (body->found[i]) {
        reports[i].tokens_used = body->found[i]->tokens_used;
        reports[i].tokens_cut = body->found[i]->tokens_cut;
      } else {
        reports[i] = body->missing->reports()[body->at[i]];
        costs[i] = body->missing->cost(body->at[i]);
        if (reports[i].error) body->keys[i].reset();
      }
    }
    return Prepared(std::move(reports), std::move(costs), std::move(body));
  }

  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override {
    std::vector<Slice> inner;
    std::vector<std::size_t> target;  // row of the output of each row of `inner`
    std::size_t row = 0;
    for (const Slice& slice : slices) {
      const auto& body = static_cast<const CachedBody&>(slice.prepared->body());
      for (std::size_t i = slice.begin; i < slice.end; ++i, ++row) {
        if (body.found[i]) {
          if (out.dense != nullptr) std::ranges::copy(body.found[i]->values, out.dense->row_f32(row).begin());
          continue;
        }
        const std::size_t at = body.at[i];
        if (!inner.empty() && inner.back().prepared == &*body.missing && inner.back().end == at) {
          ++inner.back().end;
        } else {
          inner.push_back({&*body.missing, at, at + 1});
        }
        target.push_back(row);
      }
    }
    if (target.size() == row || out.dense == nullptr) {  // nothing was found, so rows stand where they belong
      IG_TRY(embedder_.run(inner, out, context));
    } else if (!target.empty()) {
      Vectors rows = Vectors::dense(target.size(), out.dense->dim());
      EmbeddingOut computed;
      computed.dense = &rows;
      IG_TRY(embedder_.run(inner, computed, context));
      for (std::size_t k = 0; k < target.size(); ++k)
        std::ranges::copy(rows.row_f32(k), out.dense->row_f32(target[k]).begin());
    }
    if (out.dense != nullptr) keep(slices, *out.dense, context);
    return {};
  }

 protected:
  const Card& embedder_card() const override { return model_->card(); }

 private:
  const void* find(AbilityId id) const override {
    switch (id) {
      case AbilityId::embedder:
        return static_cast<const Embedder*>(this);
      case AbilityId::token_embedder:
        return model_->ability<TokenEmbedder>();
      case AbilityId::pair_scorer:
        return model_->ability<PairScorer>();
      case AbilityId::classifier:
        return model_->ability<Classifier>();
      case AbilityId::predictor:
        return model_->ability<Predictor>();
      case AbilityId::vocabulary:
        return model_->ability<Vocabulary>();
      case AbilityId::detector:
      case AbilityId::generator:
        break;
    }
    return nullptr;
  }

  void look_up(std::span<const Input> inputs, const EmbedOptions& options, CachedBody& body,
               const Context& context) const {
    const std::string call = call_of(model_->card(), options);
    const std::size_t columns = options.dim != 0 ? options.dim : model_->card().dimension;
    std::vector<Key> keys;
    std::vector<std::size_t> inputs_of;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!is_text(inputs[i])) continue;
      body.keys[i] = key_of(call, inputs[i]);
      keys.push_back(*body.keys[i]);
      inputs_of.push_back(i);
    }
    std::vector<std::optional<Row>> rows = cache_->find(keys, context);
    for (std::size_t k = 0; k < rows.size(); ++k) {
      if (rows[k] && rows[k]->values.size() == columns) body.found[inputs_of[k]] = std::move(rows[k]);
    }
  }

  void keep(std::span<const Slice> slices, const Vectors& dense, const Context& context) const {
    std::vector<Key> keys;
    std::vector<Row> rows;
    std::size_t row = 0;
    for (const Slice& slice : slices) {
      const auto& body = static_cast<const CachedBody&>(slice.prepared->body());
      for (std::size_t i = slice.begin; i < slice.end; ++i, ++row) {
        if (body.found[i] || !body.keys[i]) continue;
        const RowReport& report = slice.prepared->reports()[i];
        const auto values = dense.row_f32(row);
        keys.push_back(*body.keys[i]);
        rows.push_back({{values.begin(), values.end()},
                        static_cast<std::uint32_t>(report.tokens_used),
                        static_cast<std::uint32_t>(report.tokens_cut)});
      }
    }
    cache_->keep(keys, rows, context);
  }

  ModelPtr model_;
  const Embedder& embedder_;
  std::shared_ptr<EmbeddingCache> cache_;
};

}  // namespace

std::filesystem::path EmbeddingCache::usual_place() { return hub::cache_folder() / "embeddings.db"; }

ModelPtr cached(ModelPtr model, std::shared_ptr<EmbeddingCache> cache) {
  const bool slow = model->ability<TokenEmbedder>() != nullptr && model->ability<Vocabulary>() == nullptr;
  if (cache == nullptr || !slow || model->ability<Embedder>() == nullptr || model->card().sparse) return model;
  return std::make_shared<CachedModel>(std::move(model), std::move(cache));
}

}  // namespace isogloss
