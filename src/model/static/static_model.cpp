// SPDX-License-Identifier: Apache-2.0
#include "model/static/static_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "formats/model_folder.hpp"
#include "simd/kernels.hpp"
#include "tokens/counting/counting_model.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::model {
namespace {

// Ids of all inputs, one after the other.
struct StaticRows final : Prepared::Body {
  std::vector<std::vector<std::uint32_t>> ids;  // (rows)
};

constexpr std::string_view kTokenizerFile = "tokenizer.json";
constexpr std::size_t kGrain = 64;  // texts of one task

Result<TokenizerPtr> open_tokenizer(const FileSet& files, const std::string& folder, Context& context) {
  const std::string name = folder + std::string(kTokenizerFile);
  if (!files.has(name)) return load_tokenizer(files.origin() / folder, {}, context);
  auto parts = IG_TRY(tokens::read_tokenizer_json(IG_TRY(files.read(name)), (files.origin() / name).string()));
  return TokenizerPtr(std::make_shared<tokens::PipelineTokenizer>(std::move(parts)));
}

}  // namespace

Result<std::shared_ptr<StaticModel>> StaticModel::open(FileSet files, StaticLayout layout, Context& context) {
  const std::shared_ptr<StaticModel> model(new StaticModel(std::move(files), std::move(layout)));
  model->tokenizer_ = IG_TRY(open_tokenizer(model->files_, model->layout_.folder, context));
  model->table_ = IG_TRY(TokenTable::open(model->files_, model->layout_.folder + "model.safetensors",
                                          model->tokenizer_->vocabulary_size()));
  if (model->layout_.drop_unknown) model->unknown_ = model->tokenizer_->unknown_id();
  IG_TRY(model->fill_card());
  return model;
}

Status StaticModel::fill_card() {
  card_.family = kStaticFamily;
  card_.modalities = {Modality::text};
  card_.dimension = table_.dim();
  card_.normalized = layout_.normalize;
  card_.bytes = table_.bytes();
  card_.trained_on = layout_.trained_on.empty() ? files_.name() : layout_.trained_on;
  card_.facts["vocabulary"] = std::to_string(tokenizer_->vocabulary_size());
  card_.facts["tokenizer"] = tokenizer_->type();
  card_.facts["table"] = table_.is_int8() ? "int8" : "f32";
  card_.space_id = layout_.space_id;
  if (!card_.space_id.empty()) return {};
  Sha256 hash;
  hash.update(layout_.normalize ? "normalized" : "mean");
  for (const std::string_view name : {std::string_view("model.safetensors"), kTokenizerFile}) {
    if (!files_.has(layout_.folder + std::string(name))) continue;
    hash.update(IG_TRY(files_.read(layout_.folder + std::string(name))));
  }
  card_.space_id = hash.hex();
  return {};
}

Status StaticModel::save(const std::filesystem::path& folder, Context& context) const {
  IG_TRY(context.check());
  return formats::copy_model_folder(files_, folder);
}

Result<std::string> StaticModel::tokenizer_json() const {
  return files_.read(layout_.folder + std::string(kTokenizerFile));
}

Result<Attention> StaticModel::attention(std::string_view, std::size_t, Context&) const {
  return fail(Code::unsupported,
              "a static table has no attention: every piece has one vector, whatever stands beside it.");
}

const void* StaticModel::find(AbilityId id) const {
  if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
  if (id == AbilityId::token_embedder) return static_cast<const TokenEmbedder*>(this);
  if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
  return nullptr;
}

Status StaticModel::tokenize(const Input& input, Tokens& tokens, std::string& joined,
                             std::vector<std::uint32_t>& ids) const {
  if (!input.prompt.empty()) {
    return fail(Code::invalid_argument, "this model has no prompt '" + std::string(input.prompt) + "'.");
  }
  if (input.further.empty() && input.part.modality == Modality::tokens) {
    for (const std::int32_t id : input.part.ids) {
      if (id < 0 || static_cast<std::size_t>(id) >= table_.pieces()) {
        return fail(Code::invalid_argument, "token id " + std::to_string(id) +
                                                " is outside the model's vocabulary of " +
                                                std::to_string(table_.pieces()) + ".");
      }
      ids.push_back(static_cast<std::uint32_t>(id));
    }
    return {};
  }
  const auto is_text = [](const Part& part) { return part.modality == Modality::text; };
  if (!is_text(input.part) || !std::ranges::all_of(input.further, is_text)) {
    return fail(Code::unsupported, "this model reads text only.");
  }
  std::string_view text = input.part.text;
  if (!input.further.empty()) {
    joined = text;
    for (const Part& part : input.further) (joined += '\n') += part.text;
    text = joined;
  }
  EncodeOptions options;
  options.special_tokens = SpecialTokens::leave_out;
  IG_TRY(tokenizer_->encode(text, options, tokens));
  ids = tokens.ids;
  if (unknown_) std::erase(ids, *unknown_);
  return {};
}

Result<Prepared> StaticModel::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                      Context& context) const {
  IG_TRY(context.check());
  if (options.dim > table_.dim()) {
    return fail(Code::invalid_argument, "this model has " + std::to_string(table_.dim()) + " dimensions, not " +
                                            std::to_string(options.dim) + ".");
  }
  auto body = std::make_unique<StaticRows>();
  body->ids.resize(inputs.size());
  std::vector<RowReport> reports(inputs.size());
  std::vector<std::uint32_t> costs(inputs.size(), 1);
  parallel_for(context, inputs.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    Tokens tokens;
    std::string joined;
    for (std::size_t i = begin; i < end; ++i) {
      if (Status status = tokenize(inputs[i], tokens, joined, body->ids[i]); !status) {
        reports[i].error = std::move(status).error();
        body->ids[i].clear();
      }
      reports[i].tokens_used = body->ids[i].size();
      costs[i] = static_cast<std::uint32_t>(std::max<std::size_t>(1, body->ids[i].size()));
    }
  });
  IG_TRY(context.check());
  return Prepared(std::move(reports), std::move(costs), std::move(body));
}

// The mean, of length 1 when asked for; a text without a piece is the zero vector.
void StaticModel::embed_row(std::span<const std::uint32_t> ids, TokenTable::Scratch& scratch,
                            std::span<float> out) const {
  const simd::Kernels& k = simd::kernels();
  table_.sum(ids, scratch, out);
  if (ids.empty()) return;
  float factor = 1.0F / static_cast<float>(ids.size());
  if (layout_.normalize) {
    const float squares = k.sum_of_squares(out.data(), out.size());
    factor = squares > 0 ? 1.0F / std::sqrt(squares) : 0.0F;
  }
  k.scale(factor, out.data(), out.size());
}

void StaticModel::append_tokens(std::span<const Slice> slices, Vectors& out) const {
  if (out.row_offsets.empty()) out.row_offsets.push_back(0);
  for (const Slice& slice : slices) {
    const auto& rows = static_cast<const StaticRows&>(slice.prepared->body());
    for (std::size_t i = slice.begin; i < slice.end; ++i) {
      std::size_t at = out.row_offsets.back();
      out.row_offsets.push_back(at + rows.ids[i].size());
      out.resize(out.row_offsets.back());
      for (const std::uint32_t id : rows.ids[i]) table_.vector(id, out.row_f32(at++));
    }
  }
}

Status StaticModel::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  if (out.per_token != nullptr) append_tokens(slices, *out.per_token);
  if (out.dense == nullptr) return {};
  std::size_t first = 0;
  for (const Slice& slice : slices) {
    const auto& rows = static_cast<const StaticRows&>(slice.prepared->body());
    parallel_for(context, slice.end - slice.begin, kGrain, [&](std::size_t begin, std::size_t end) {
      TokenTable::Scratch scratch;
      for (std::size_t i = begin; i < end; ++i) {
        embed_row(rows.ids[slice.begin + i], scratch, out.dense->row_f32(first + i));
      }
    });
    first += slice.end - slice.begin;
  }
  return {};
}

Result<std::vector<WordScore>> StaticModel::near(std::string_view word, std::size_t n, Context& context) const {
  IG_TRY(context.check());
  const auto index = find_word(word);
  if (!index) return fail(Code::not_found, "'" + std::string(word) + "' is not a piece of this model's vocabulary.");
  std::vector<float> own(table_.dim());
  std::vector<float> other(table_.dim());
  word_vector(*index, own);
  std::vector<double> cosines(table_.pieces());
  tokens::StringPack names;
  for (std::uint32_t i = 0; i < table_.pieces(); ++i) {
    table_.vector(i, other);
    const simd::CosineParts parts = simd::kernels().cosine_parts(own.data(), other.data(), own.size());
    const double norms = std::sqrt(static_cast<double>(parts.norm_a) * static_cast<double>(parts.norm_b));
    cosines[i] = norms > 0 ? static_cast<double>(parts.dot) / norms : 0.0;
    names.add(this->word(i));
  }
  return tokens::best_words(cosines, names, n, *index);
}

Result<std::vector<WordScore>> StaticModel::terms(std::size_t, Context& context) const {
  IG_TRY(context.check());
  return fail(Code::unsupported, "a static table does not know how often its pieces occur.");
}

}  // namespace isogloss::model
