// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/transformer_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "formats/model_folder.hpp"
#include "model/transformer/int8_probes.hpp"
#include "model/transformer/pooling.hpp"

namespace isogloss::model {
namespace {

// The rows of all slices, numbered through them; failed ones are left out.
std::vector<PassRow> rows_of(std::span<const Slice> slices, std::size_t& count) {
  std::vector<PassRow> rows;
  count = 0;
  for (const Slice& slice : slices) {
    const auto& body = static_cast<const TokenRows&>(slice.prepared->body());
    for (std::size_t i = slice.begin; i < slice.end; ++i, ++count) {
      if (!body.ids[i].empty()) rows.push_back({body.ids[i], {}, count, body.skip[i]});
    }
  }
  return rows;
}

}  // namespace

TransformerModel::TransformerModel(FileSet files, nn::Architecture architecture, SentenceModules modules,
                                   TokenizerPtr tokenizer, std::string compute)
    : modules_(std::move(modules)),
      compute_(std::move(compute)),
      encoders_(std::move(files), std::move(architecture)),
      text_(std::move(tokenizer), modules_) {
  encoders_.set_probes(
      [this](const nn::Encoder& exact) { return observe(exact); },
      [this](const nn::Encoder& exact, const nn::Encoder& candidate) { return compare(exact, candidate); });
}

Status TransformerModel::open(const Json& config) {
  const std::unique_ptr<Weights> tensors = IG_TRY(open_weights(encoders_.files(), ""));
  const nn::EncoderConfig& encoder = encoders_.config();
  IG_TRY(check_vocabulary());
  if (modules_.head == Head::pairs) pair_head_ = IG_TRY(read_pair_head(*tensors, config, encoders_.files(), encoder));
  if (modules_.head == Head::splade) {
    splade_ = IG_TRY(SpladeHead::read(*tensors, encoder, modules_.splade_sum, modules_.splade_log_twice));
  }
  for (const DenseModule& module : modules_.dense) {
    const std::unique_ptr<Weights> own = IG_TRY(open_weights(encoders_.files(), module.folder));
    IG_TRY(dense_.add(*own, "linear", module.outputs, module.inputs, module.activation));
  }
  if (modules_.head == Head::tokens && dense_.empty() && tensors->has("linear.weight")) {  // ColBERT's own files
    const std::vector<std::size_t> shape = tensors->shape("linear.weight");
    IG_TRY(dense_.add(*tensors, "linear", shape.empty() ? 0 : shape[0], encoder.hidden, nn::Activation::none));
  }
  fill_card(config, *tensors);
  return set_space_id();
}

Status TransformerModel::save(const std::filesystem::path& folder, Context& context) const {
  IG_TRY(context.check());
  return formats::copy_model_folder(encoders_.files(), folder);
}

const void* TransformerModel::find(AbilityId id) const {
  const bool pairs = modules_.head == Head::pairs;
  if (id == AbilityId::embedder && !pairs) return static_cast<const Embedder*>(this);
  if (id == AbilityId::token_embedder) return static_cast<const TokenEmbedder*>(this);
  if (id == AbilityId::pair_scorer && pairs) return static_cast<const PairScorer*>(this);
  return nullptr;
}

Status TransformerModel::check_vocabulary() const {
  const std::size_t pieces = text_.tokenizer().vocabulary_size();
  const std::size_t rows = encoders_.config().vocabulary;
  if (pieces <= rows) return {};
  return fail(Code::corrupt_data, "'" + encoders_.files().origin().string() + "': the tokenizer has " +
                                      std::to_string(pieces) + " pieces, config.json says the model has " +
                                      std::to_string(rows) + ". Tokenizer and weights belong to different models.");
}

void TransformerModel::fill_card(const Json& config, const Weights& tensors) {
  const nn::EncoderConfig& c = encoders_.config();
  card_.family = kTransformerFamily;
  card_.modalities = {Modality::text};
  const std::size_t pooled = modules_.head == Head::sentence ? c.hidden * modules_.pooling.size() : c.hidden;
  card_.dimension = dense_.empty() ? pooled : dense_.outputs();
  if (modules_.head == Head::pairs) card_.dimension = 1;
  if (modules_.head == Head::splade) card_.dimension = c.vocabulary;
  card_.sparse = modules_.head == Head::splade;
  card_.window = modules_.max_tokens;
  card_.metric = card_.sparse ? Metric::dot : modules_.metric;
  card_.normalized = modules_.normalize;
  card_.prompts = modules_.prompts;
  card_.bytes = tensors.bytes();
  card_.trained_on = config["_name_or_path"].as_string(encoders_.files().name());
  card_.facts["architecture"] = c.architecture;
  if (const auto compute = compute_for("auto")) card_.facts["compute"] = nn::compute_name(*compute);
  card_.facts["layers"] = std::to_string(c.layers);
  card_.facts["hidden size"] = std::to_string(c.hidden);
  card_.facts["vocabulary"] = std::to_string(c.vocabulary);
  card_.facts["tokenizer"] = text_.tokenizer().type();
  card_.facts["window from"] = modules_.max_tokens_from;
  if (modules_.head == Head::sentence) card_.facts["pooling"] = pooling_names(modules_.pooling);
}

// What decides which vectors may be compared: weights, tokenizer, pooling, normalisation, prompts, dimension.
Status TransformerModel::set_space_id() {
  Sha256 hash;
  hash.update(IG_TRY(encoders_.weights_hash()));
  hash.update(pooling_names(modules_.pooling) + (modules_.normalize ? " normalized " : " ") +
              std::to_string(card_.dimension));
  for (const auto& [name, prompt] : modules_.prompts) hash.update(name + "=" + prompt);
  for (const std::string& name : encoders_.files().names()) {
    const bool tokenizer = name.starts_with("tokenizer") || name.starts_with("vocab") || name == "merges.txt" ||
                           name.ends_with(".model") || name.find('/') != std::string::npos;
    if (!tokenizer || name.ends_with(".md")) continue;
    if (const auto content = encoders_.files().read(name)) hash.update(name + *content);
  }
  card_.space_id = hash.hex();
  return {};
}

// One row of the last layer is enough when the pooling takes no other.
nn::WantedRows TransformerModel::wanted_rows() const {
  const bool single = modules_.head == Head::sentence && modules_.pooling.size() == 1 && modules_.include_prompt;
  if (single && modules_.pooling[0] == Pooling::cls) return nn::WantedRows::first;
  if (single && modules_.pooling[0] == Pooling::last) return nn::WantedRows::last;
  return nn::WantedRows::all;
}

Result<nn::Compute> TransformerModel::compute_for(std::string_view asked) const {
  return parse_compute(asked == "auto" ? std::string_view(compute_) : asked);
}

Status TransformerModel::check_outputs(const EmbedOptions& options) const {
  if (options.dim != 0 && card_.sparse) {
    return fail(Code::invalid_argument, "rows of a sparse model cannot be cut: a column is a piece of the vocabulary.");
  }
  const std::size_t most = options.outputs == Outputs::tokens ? token_dimension() : card_.dimension;
  if (options.dim > most) {
    return fail(Code::invalid_argument,
                "this model has " + std::to_string(most) + " dimensions, not " + std::to_string(options.dim) + ".");
  }
  if (modules_.head == Head::tokens && options.outputs != Outputs::tokens) {
    return fail(Code::unsupported,
                "this model gives a vector for every token and none for the text. Ask for them: "
                "--tokens.");
  }
  if (modules_.head == Head::splade && options.outputs == Outputs::tokens) {
    return fail(Code::unsupported, "this model gives one sparse row a text, no vectors of tokens.");
  }
  return {};
}

Result<Prepared> TransformerModel::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                           Context& context) const {
  IG_TRY(context.check());
  IG_TRY(check_outputs(options));
  auto body = std::make_unique<TokenRows>();
  body->compute = IG_TRY(compute_for(options.compute));
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

// Pooled vectors, the Dense modules, length 1, cut to the columns of the output (a cut row is scaled again).
void TransformerModel::pool_rows(const PassResult& result, std::span<const PassRow> rows, Vectors& out) const {
  const std::size_t n = encoders_.config().hidden;
  const std::size_t width = n * modules_.pooling.size();
  const bool one_row = wanted_rows() != nn::WantedRows::all;
  std::vector<float> pooled(rows.size() * width);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    HiddenStates states;
    states.stride = result.states.stride;
    states.rows = result.states.f32.data() + (one_row ? i : result.starts[i]) * states.stride;
    states.tokens = one_row ? 1 : result.starts[i + 1] - result.starts[i];
    states.dim = n;
    states.skip = rows[i].skip;
    pool(modules_.pooling, states, std::span(pooled).subspan(i * width, width));
  }
  if (!dense_.empty()) dense_.run(pooled, rows.size());
  const std::size_t columns = pooled.size() / rows.size();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<float> to = out.row_f32(rows[i].target);
    std::copy_n(&pooled[i * columns], to.size(), to.begin());
    if (modules_.normalize) scale_to_length_one(to);
  }
}

// The probe texts, cut at the window, without those that give no token.
std::vector<Tokens> TransformerModel::probe_tokens() const {
  std::vector<Tokens> out;
  for (const std::string_view probe : kInt8Probes) {
    Tokens tokens;
    std::size_t skip = 0;
    if (text_.encode(Input::text(probe), Truncate::end, tokens, skip)) out.push_back(std::move(tokens));
  }
  return out;
}

// Mean states of the probe texts: (probes, hidden).
Result<std::vector<float>> TransformerModel::probe_vectors(const nn::Encoder& encoder) const {
  Context context;
  const std::vector<Tokens> tokens = probe_tokens();
  std::vector<PassRow> rows;
  for (const Tokens& probe : tokens) rows.push_back({probe.ids, {}, rows.size(), 0});
  const std::size_t n = encoders_.config().hidden;
  std::vector<float> out(rows.size() * n);
  constexpr Pooling kMean[] = {Pooling::mean};
  const auto done = [&](const PassResult& result) {
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      HiddenStates states{result.states.f32.data() + result.starts[i] * result.states.stride, result.states.stride,
                          result.starts[i + 1] - result.starts[i], n, 0};
      const std::span<float> to = std::span(out).subspan(result.rows[i].target * n, n);
      pool(kMean, states, to);
      scale_to_length_one(to);
    }
  };
  IG_TRY(run_passes(encoder, workspaces_, std::move(rows), nn::WantedRows::all, done, context));
  return out;
}

Result<nn::InputPeaks> TransformerModel::observe(const nn::Encoder& exact) const {
  Context context;
  nn::InputPeaks peaks;
  nn::RunOptions options;
  options.input_peaks = &peaks;
  WorkspacePool::Lease workspace = workspaces_.take();
  for (const Tokens& tokens : probe_tokens()) {
    const std::size_t starts[] = {0, tokens.size()};
    IG_TRY(exact.run({tokens.ids, {}, starts}, options, *workspace, context));
  }
  return peaks;
}

Result<Fidelity> TransformerModel::compare(const nn::Encoder& exact, const nn::Encoder& candidate) const {
  const std::vector<float> want = IG_TRY(probe_vectors(exact));
  const std::vector<float> got = IG_TRY(probe_vectors(candidate));
  const std::size_t n = encoders_.config().hidden;
  Fidelity found{0, 1};
  for (std::size_t i = 0; i < want.size(); i += n) {
    double cosine = 0;
    for (std::size_t k = i; k < i + n; ++k) cosine += static_cast<double>(want[k]) * static_cast<double>(got[k]);
    found.mean += cosine / static_cast<double>(want.size() / n);
    found.least = std::min(found.least, cosine);
  }
  return found;
}

Status TransformerModel::run_vectors(const nn::Encoder& encoder, std::vector<PassRow> rows, Vectors& out,
                                     Context& context) const {
  const auto done = [&](const PassResult& result) { pool_rows(result, result.rows, out); };
  return run_passes(encoder, workspaces_, std::move(rows), wanted_rows(), done, context);
}

Status TransformerModel::run_sparse(const nn::Encoder& encoder, std::vector<PassRow> rows, std::size_t count,
                                    Vectors& out, Context& context) const {
  std::vector<SparseWeights> weights(count);
  const auto done = [&](const PassResult& result) { splade_->run(result, weights); };
  IG_TRY(run_passes(encoder, workspaces_, std::move(rows), nn::WantedRows::all, done, context));
  for (const SparseWeights& row : weights) out.append_sparse(row.columns, row.values);
  return {};
}

// The states of the last layer; of a late-interaction model behind its projection, and of length 1.
Status TransformerModel::run_tokens(const nn::Encoder& encoder, std::vector<PassRow> rows, std::size_t count,
                                    Vectors& out, Context& context) const {
  const std::size_t n = encoders_.config().hidden;
  std::vector<std::size_t> lengths(count, 0);
  for (const PassRow& row : rows) lengths[row.target] = row.ids.size();
  if (out.row_offsets.empty()) out.row_offsets.push_back(0);
  const std::size_t before = out.row_offsets.size() - 1;
  for (const std::size_t length : lengths) out.row_offsets.push_back(out.row_offsets.back() + length);
  out.resize(out.row_offsets.back());
  const auto done = [&](const PassResult& result) {
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      const std::size_t tokens = result.rows[i].ids.size();
      std::vector<float> states(tokens * n);
      for (std::size_t t = 0; t < tokens; ++t) {
        std::copy_n(result.states.f32.data() + (result.starts[i] + t) * result.states.stride, n, &states[t * n]);
      }
      const bool late = modules_.head == Head::tokens;
      if (late && !dense_.empty()) dense_.run(states, tokens);
      const std::size_t columns = states.size() / tokens;
      for (std::size_t t = 0; t < tokens; ++t) {
        const std::span<float> to = out.row_f32(out.row_offsets[before + result.rows[i].target] + t);
        std::copy_n(&states[t * columns], to.size(), to.begin());
        if (late && modules_.normalize) scale_to_length_one(to);
      }
    }
  };
  return run_passes(encoder, workspaces_, std::move(rows), nn::WantedRows::all, done, context);
}

Status TransformerModel::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  if (slices.empty()) return {};
  const auto& first = static_cast<const TokenRows&>(slices[0].prepared->body());
  const auto encoder = IG_TRY(encoders_.get(first.compute, context));
  std::size_t count = 0;
  const std::vector<PassRow> rows = rows_of(slices, count);
  if (out.per_token != nullptr) IG_TRY(run_tokens(*encoder, rows, count, *out.per_token, context));
  if (out.sparse != nullptr && splade_) IG_TRY(run_sparse(*encoder, rows, count, *out.sparse, context));
  if (out.dense != nullptr) IG_TRY(run_vectors(*encoder, rows, *out.dense, context));
  return {};
}

Status TransformerModel::score(std::string_view query, std::span<const std::string_view> documents,
                               std::span<float> scores, Context& context) const {
  IG_TRY(context.check());
  const auto encoder = IG_TRY(encoders_.get(IG_TRY(compute_for("auto")), context));
  EncodeOptions options;
  options.max_tokens = modules_.max_tokens;
  std::vector<Tokens> tokens(documents.size());
  std::vector<PassRow> rows;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    IG_TRY(text_.tokenizer().encode_pair(query, documents[i], options, tokens[i]));
    const bool typed = encoders_.config().token_types > 1;
    rows.push_back({tokens[i].ids,
                    typed ? std::span<const std::uint8_t>(tokens[i].type_ids) : std::span<const std::uint8_t>(), i});
  }
  const auto finish = [&](const PassResult& result) {
    const std::size_t n = encoders_.config().hidden;
    std::vector<float> states(result.rows.size() * n);
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      std::copy_n(result.states.f32.data() + i * result.states.stride, n,
                  states.begin() + static_cast<std::ptrdiff_t>(i * n));
    }
    pair_head_->layers.run(states, result.rows.size());
    for (std::size_t i = 0; i < result.rows.size(); ++i) {
      const float x = states[i];
      scores[result.rows[i].target] = pair_head_->sigmoid ? 1.0F / (1.0F + std::exp(-x)) : x;
    }
  };
  return run_passes(*encoder, workspaces_, std::move(rows), pair_head_->rows, finish, context);
}

std::size_t TransformerModel::overhead(Role role) const {
  Tokens tokens;
  std::size_t skip = 0;
  const Status status = text_.encode(Input::text("", role), Truncate::end, tokens, skip);
  return status ? tokens.size() : 0;
}

Result<Attention> TransformerModel::attention(std::string_view text, std::size_t layer, Context& context) const {
  if (layer >= layers()) {
    return fail(Code::invalid_argument, "there is no layer " + std::to_string(layer) + "; this model has layers 0 to " +
                                            std::to_string(layers() - 1) + ".");
  }
  const auto encoder = IG_TRY(encoders_.get(nn::Compute::f32, context));
  Tokens tokens;
  std::size_t skip = 0;
  IG_TRY(text_.encode(Input::text(text), Truncate::error, tokens, skip));
  Attention out;
  out.heads = heads();
  out.tokens = tokenizer().pieces(text, tokens);
  out.weights.resize(out.heads * tokens.size() * tokens.size());
  nn::RunOptions options;
  options.attention_layer = layer;
  options.attention = out.weights.data();
  const std::size_t starts[] = {0, tokens.size()};
  WorkspacePool::Lease workspace = workspaces_.take();
  IG_TRY(encoder->run({tokens.ids, {}, starts}, options, *workspace, context));
  return out;
}

}  // namespace isogloss::model
