// SPDX-License-Identifier: Apache-2.0
// Encoders of Hugging Face folders (README.md): config.json to an architecture, the tokenizer, what stands around the
// encoder, and the abilities that follow from it.
#include "model/transformer/transformer.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/file.hpp"
#include "core/parallel.hpp"
#include "formats/model_folder.hpp"
#include "model/transformer/encoders.hpp"
#include "model/transformer/hub_tensors.hpp"
#include "model/transformer/pair_head.hpp"
#include "model/transformer/passes.hpp"
#include "model/transformer/pooling.hpp"
#include "model/transformer/sentence_modules.hpp"
#include "model/transformer/token_rows.hpp"
#include "nn/encoder/architectures/architectures.hpp"

namespace isogloss::model {
namespace {

constexpr std::string_view kFamily = "transformer";

class TransformerModel final : public Model, public Embedder, public PairScorer {
 public:
  TransformerModel(FileSet files, nn::Architecture architecture, SentenceModules modules, TokenizerPtr tokenizer)
      : modules_(std::move(modules)), encoders_(std::move(files), std::move(architecture)),
        text_(std::move(tokenizer), modules_) {}

  // Reads what stands behind the encoder; the encoder itself is packed when it is first used.
  Status open(const Json& config) {
    const std::unique_ptr<HubTensors> tensors = IG_TRY(HubTensors::open(encoders_.files(), ""));
    IG_TRY(check_vocabulary());
    if (modules_.head == Head::pairs) {
      pair_head_ = IG_TRY(read_pair_head(*tensors, config, encoders_.files(), encoders_.config()));
    }
    for (const DenseModule& module : modules_.dense) {
      const std::unique_ptr<HubTensors> own = IG_TRY(HubTensors::open(encoders_.files(), module.folder));
      IG_TRY(dense_.add(*own, "linear", module.outputs, module.inputs, module.activation));
    }
    fill_card(config, *tensors);
    return {};
  }

  const Card& card() const override { return card_; }

  Status save(const std::filesystem::path& folder, Context& context) const override {
    IG_TRY(context.check());
    return formats::copy_model_folder(encoders_.files(), folder);
  }

  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;
  Status score(std::string_view query, std::span<const std::string_view> documents, std::span<float> scores,
               Context& context) const override;

 private:
  const Card& embedder_card() const override { return card_; }
  const void* find(AbilityId id) const override {
    if (id == AbilityId::embedder && modules_.head != Head::pairs) return static_cast<const Embedder*>(this);
    if (id == AbilityId::pair_scorer && modules_.head == Head::pairs) return static_cast<const PairScorer*>(this);
    return nullptr;
  }

  Status check_vocabulary() const {
    const std::size_t pieces = text_.tokenizer().vocabulary_size();
    const std::size_t rows = encoders_.config().vocabulary;
    if (pieces <= rows) return {};
    return fail(Code::corrupt_data, "'" + encoders_.files().origin().string() + "': the tokenizer has " +
                                        std::to_string(pieces) + " pieces, config.json says the model has " +
                                        std::to_string(rows) + ". Tokenizer and weights belong to different models.");
  }

  void fill_card(const Json& config, const HubTensors& tensors);
  nn::WantedRows wanted_rows() const;
  std::vector<PassRow> rows_of(std::span<const Slice> slices) const;
  void write_row(std::span<const float> pooled, std::span<float> out) const;
  void pool_rows(const PassResult& result, const std::vector<std::uint32_t>& skip, Vectors& out) const;

  SentenceModules modules_;
  Encoders encoders_;
  TextEncoder text_;
  DenseChain dense_;
  std::optional<PairHead> pair_head_;
  mutable WorkspacePool workspaces_;
  Card card_;
};

void TransformerModel::fill_card(const Json& config, const HubTensors& tensors) {
  const nn::EncoderConfig& c = encoders_.config();
  card_.family = kFamily;
  card_.modalities = {Modality::text};
  card_.dimension = modules_.head == Head::pairs ? 1 : dense_.empty() ? c.hidden * modules_.pooling.size() : dense_.outputs();
  card_.window = modules_.max_tokens;
  card_.metric = modules_.metric;
  card_.normalized = modules_.normalize;
  card_.prompts = modules_.prompts;
  card_.bytes = tensors.bytes();
  card_.trained_on = config["_name_or_path"].as_string(encoders_.files().origin().filename().string());
  card_.facts["architecture"] = c.architecture;
  card_.facts["layers"] = std::to_string(c.layers);
  card_.facts["hidden size"] = std::to_string(c.hidden);
  card_.facts["vocabulary"] = std::to_string(c.vocabulary);
  card_.facts["tokenizer"] = text_.tokenizer().type();
  card_.facts["window from"] = modules_.max_tokens_from;
  std::string pooling;
  for (const Pooling mode : modules_.pooling) pooling += (pooling.empty() ? "" : "+") + std::string(pooling_name(mode));
  if (modules_.head == Head::sentence) card_.facts["pooling"] = pooling;
  Sha256 hash;
  tensors.hash_into(hash);
  hash.update(pooling + (modules_.normalize ? " normalized " : " ") + std::to_string(card_.dimension));
  for (const auto& [name, prompt] : modules_.prompts) hash.update(name + "=" + prompt);
  for (const std::string& name : encoders_.files().names()) {
    const bool tokenizer = name.starts_with("tokenizer") || name.starts_with("vocab") || name == "merges.txt" ||
                           name.ends_with(".model") || name.find('/') != std::string::npos;
    if (!tokenizer || name.ends_with(".md")) continue;
    if (const auto content = encoders_.files().read(name)) hash.update(name + *content);
  }
  card_.space_id = hash.hex();
}

// One row of the last layer is enough when the pooling takes no other.
nn::WantedRows TransformerModel::wanted_rows() const {
  const bool single = modules_.head == Head::sentence && modules_.pooling.size() == 1 && modules_.include_prompt;
  if (single && modules_.pooling[0] == Pooling::cls) return nn::WantedRows::first;
  if (single && modules_.pooling[0] == Pooling::last) return nn::WantedRows::last;
  return nn::WantedRows::all;
}

Result<Prepared> TransformerModel::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                           Context& context) const {
  IG_TRY(context.check());
  if (options.dim > card_.dimension) {
    return fail(Code::invalid_argument, "this model has " + std::to_string(card_.dimension) + " dimensions, not " +
                                            std::to_string(options.dim) + ".");
  }
  auto body = std::make_unique<TokenRows>();
  body->compute = IG_TRY(parse_compute(options.compute));
  IG_TRY(encoders_.get(body->compute, context));
  body->ids.resize(inputs.size());
  body->skip.resize(inputs.size());
  std::vector<RowReport> reports(inputs.size());
  std::vector<std::uint32_t> costs(inputs.size(), 1);
  parallel_for(context, inputs.size(), 32, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    Tokens tokens;
    for (std::size_t i = begin; i < end; ++i) {
      std::size_t skip = 0;
      if (Status status = text_.encode(inputs[i], options.truncate, tokens, skip); !status) {
        reports[i].error = std::move(status).error();
        continue;
      }
      reports[i].tokens_used = tokens.size();
      reports[i].tokens_cut = tokens.cut;
      costs[i] = static_cast<std::uint32_t>(tokens.size());
      body->skip[i] = static_cast<std::uint32_t>(skip);
      body->ids[i] = tokens.ids;
    }
  });
  IG_TRY(context.check());
  return Prepared(std::move(reports), std::move(costs), std::move(body));
}

std::vector<PassRow> TransformerModel::rows_of(std::span<const Slice> slices) const {
  std::vector<PassRow> rows;
  std::size_t target = 0;
  for (const Slice& slice : slices) {
    const auto& body = static_cast<const TokenRows&>(slice.prepared->body());
    for (std::size_t i = slice.begin; i < slice.end; ++i, ++target) {
      if (!body.ids[i].empty()) rows.push_back({body.ids[i], {}, target});
    }
  }
  return rows;
}

// Cut to the columns of the output; a cut row of a normalized model is scaled again.
void TransformerModel::write_row(std::span<const float> pooled, std::span<float> out) const {
  std::copy_n(pooled.begin(), out.size(), out.begin());
  if (modules_.normalize) scale_to_length_one(out);
}

void TransformerModel::pool_rows(const PassResult& result, const std::vector<std::uint32_t>& skip, Vectors& out) const {
  const std::size_t n = encoders_.config().hidden;
  const std::size_t width = n * modules_.pooling.size();
  const bool one_row = wanted_rows() != nn::WantedRows::all;
  std::vector<float> pooled(result.rows.size() * width);
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    HiddenStates states;
    states.stride = result.states.stride;
    states.rows = result.states.f32.data() + (one_row ? i : result.starts[i]) * states.stride;
    states.tokens = one_row ? 1 : result.starts[i + 1] - result.starts[i];
    states.dim = n;
    states.skip = skip[result.rows[i].target];
    pool(modules_.pooling, states, std::span(pooled).subspan(i * width, width));
  }
  if (!dense_.empty()) dense_.run(pooled, result.rows.size());
  const std::size_t columns = pooled.size() / result.rows.size();
  for (std::size_t i = 0; i < result.rows.size(); ++i) {
    write_row(std::span(pooled).subspan(i * columns, columns), out.row_f32(result.rows[i].target));
  }
}

Status TransformerModel::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  if (out.dense == nullptr || slices.empty()) return {};
  std::vector<std::uint32_t> skip;
  for (const Slice& slice : slices) {
    const auto& body = static_cast<const TokenRows&>(slice.prepared->body());
    skip.insert(skip.end(), body.skip.begin() + static_cast<std::ptrdiff_t>(slice.begin),
                body.skip.begin() + static_cast<std::ptrdiff_t>(slice.end));
  }
  const auto& first = static_cast<const TokenRows&>(slices[0].prepared->body());
  const auto encoder = IG_TRY(encoders_.get(first.compute, context));
  return run_passes(
      *encoder, workspaces_, rows_of(slices), wanted_rows(),
      [&](const PassResult& result) { pool_rows(result, skip, *out.dense); }, context);
}

Status TransformerModel::score(std::string_view query, std::span<const std::string_view> documents,
                               std::span<float> scores, Context& context) const {
  IG_TRY(context.check());
  const auto encoder = IG_TRY(encoders_.get(IG_TRY(parse_compute("auto")), context));
  EncodeOptions options;
  options.max_tokens = modules_.max_tokens;
  std::vector<Tokens> tokens(documents.size());
  std::vector<PassRow> rows;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    IG_TRY(text_.tokenizer().encode_pair(query, documents[i], options, tokens[i]));
    const bool typed = encoders_.config().token_types > 1;
    rows.push_back({tokens[i].ids, typed ? std::span<const std::uint8_t>(tokens[i].type_ids) : std::span<const std::uint8_t>(), i});
  }
  const auto finish = [&](const PassResult& result) {
    const std::size_t n = encoders_.config().hidden;
    std::vector<float> states(result.rows.size() * n);
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      std::copy_n(result.states.f32.data() + i * result.states.stride, n, states.begin() + static_cast<std::ptrdiff_t>(i * n));
    }
    pair_head_->layers.run(states, result.rows.size());
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      const float x = states[i];
      scores[result.rows[i].target] = pair_head_->sigmoid ? 1.0F / (1.0F + std::exp(-x)) : x;
    }
  };
  return run_passes(*encoder, workspaces_, std::move(rows), pair_head_->rows, finish, context);
}

Result<Json> config_of(const FileSet& files) {
  const std::string text = IG_TRY(files.read("config.json"));
  return Json::parse(text, (files.origin() / "config.json").string());
}

// A config.json with a known "model_type" that isogloss did not write.
Recognised recognise(const FileSet& files) {
  if (files.is_single_file() || !files.has("config.json")) return Recognised::none;
  const auto config = config_of(files);
  if (!config || !(*config)["model_type"].is_string() || config->find("isogloss") != nullptr) return Recognised::none;
  const auto known = nn::known_architectures();
  const bool runs = std::ranges::find(known, (*config)["model_type"].as_string()) != known.end();
  return runs ? Recognised::exact : Recognised::weak;
}

Result<ModelPtr> load(const FileSet& files, const OptionValues&, Context& context) {
  const Json config = IG_TRY(config_of(files));
  nn::Architecture architecture =
      IG_TRY(nn::architecture_of(config, (files.origin() / "config.json").string()));
  SentenceModules modules = IG_TRY(read_sentence_modules(files, config, architecture.config));
  TokenizerPtr tokenizer = IG_TRY(load_tokenizer(files.origin(), {}, context));
  auto model = std::make_shared<TransformerModel>(files, std::move(architecture), std::move(modules), std::move(tokenizer));
  IG_TRY(model->open(config));
  context.say(LogLevel::debug, "'" + files.origin().string() + "' reads " + std::to_string(model->card().window) +
                                   " tokens (" + model->card().facts.at("window from") + ")");
  return model;
}

}  // namespace

const Family& transformer_family() {
  static const Family family = {
      .name = kFamily,
      .title = "Transformer encoders",
      .generation = "contextual",
      .summary = "Sentence encoders and cross-encoders from Hugging Face folders: BERT and what came after it.",
      .modalities = {Modality::text},
      .recognise = recognise,
      .load_options = nullptr,
      .train_options = nullptr,
      .embed_options = nullptr,
      .load = load,
      .train = nullptr,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
