// SPDX-License-Identifier: Apache-2.0
// One pass, layer by layer. The residual stream x is f32 throughout; what a linear layer reads is made from it in that
// layer's arithmetic (Activations), what attention reads is bf16 where the CPU multiplies bf16 faster, else f32.
// Nothing here depends on which other sequences are in the pass: linear layers treat rows apart, attention sequences.
#include "nn/encoder/encoder.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/assert.hpp"
#include "core/parallel.hpp"

namespace isogloss::nn {
namespace {

// T5's buckets of distances, both directions: half for each; half of those exact, the rest by logarithm.
std::size_t relative_bucket(std::ptrdiff_t distance, std::size_t buckets, std::size_t most) {
  const std::size_t half = buckets / 2;
  const std::size_t base = distance > 0 ? half : 0;
  const auto size = static_cast<std::size_t>(std::abs(distance));
  const std::size_t exact = half / 2;
  if (size < exact) return base + size;
  const float steps = std::log(static_cast<float>(size) / static_cast<float>(exact)) /
                      static_cast<float>(std::log(static_cast<double>(most) / static_cast<double>(exact)));
  return base + std::min(half - 1, exact + static_cast<std::size_t>(steps * static_cast<float>(half - exact)));
}

// Slope of ALiBi for head h of n (Press et al. 2022): powers of 2^(-8/n) for a power of two, else those of the next
// smaller one and every second of the next larger.
float alibi_slope(std::size_t h, std::size_t n) {
  std::size_t power = 1;
  while (power * 2 <= n) power *= 2;
  const double step = 8.0 / static_cast<double>(power);
  const double exponent =
      h < power ? step * static_cast<double>(h + 1) : step / 2 * static_cast<double>(2 * (h - power) + 1);
  return static_cast<float>(std::exp2(-exponent));
}

// Divisor of a rotary frequency whose wave is `wave` tokens long (Llama 3: long waves by factor, short ones not,
// between them a straight line).
double frequency_divisor(const Rotary& r, double wave) {
  if (!r.by_wave_length) return r.factor;
  if (wave < r.original_positions / r.high_factor) return 1;
  if (wave > r.original_positions / r.low_factor) return r.factor;
  const double smooth = (r.original_positions / wave - r.low_factor) / (r.high_factor - r.low_factor);
  return 1 / ((1 - smooth) / r.factor + smooth);
}

// Operations of a thread's share that are worth waking it for, which takes up to 50 microseconds on a virtual machine:
// 20 to 30 of them at the rate of a core. all-MiniLM-L6-v2, one query of 18 tokens, ms on one thread, on two with every
// region split, on two with this rule: f32 2.59, 1.99, 1.97; bf16 1.44, 1.11, 1.05; int8 0.57, 0.90, 0.57.
constexpr double kSplitWork[] = {6e6, 8e6, 20e6};  // f32, bf16, int8

// How many threads a region of this many operations is split over.
std::size_t threads_for(double work, Compute compute, const Context& context) {
  const double worth = work / kSplitWork[static_cast<std::size_t>(compute)];
  return std::clamp<std::size_t>(static_cast<std::size_t>(worth), 1, context.thread_count());
}

// A range of at least one panel per thread.
void for_panels(const PackedLinear& layer, std::size_t rows, const Context& context,
                const std::function<void(PanelRange)>& body) {
  const std::size_t threads = threads_for(static_cast<double>(rows) * layer.work(), layer.compute(), context);
  const std::size_t grain = (layer.panels() + threads - 1) / threads;
  parallel_for(context, layer.panels(), grain, [&](std::size_t first, std::size_t last) { body({first, last}); });
}

}  // namespace

struct Encoder::Pass {
  const TokenBatch& batch;
  const RunOptions& options;
  Workspace& w;
  const Context& context;
  std::size_t rows;      // of the residual stream now
  bool one_row = false;  // of each sequence is left
};

Encoder::Encoder(EncoderConfig config, Compute compute, const EncoderKernels& kernels, Sections sections)
    : config_(std::move(config)),
      compute_(compute),
      kernels_(&kernels),
      sections_(std::move(sections)),
      words_(sections_.get<float>("words")),
      positions_(sections_.get<float>("positions")),
      types_(sections_.get<float>("types")),
      embedding_norm_(norm_weights("embedding_norm")),
      final_norm_(norm_weights("final_norm")) {
  for (std::size_t i = 0; i < config_.layers; ++i) layers_.push_back(make_layer(i));
  make_rotary_tables();
  make_distance_bias();
}

Encoder::NormWeights Encoder::norm_weights(const std::string& name) const {
  return {sections_.get<float>(name + ".gamma"), sections_.get<float>(name + ".beta")};
}

namespace {

// A linear layer of an encoder: the end of its name, outputs, inputs.
struct LinearShape {
  const char* part;
  std::size_t outputs;
  std::size_t inputs;
  bool gated;
};
std::array<LinearShape, 4> linear_shapes(const EncoderConfig& c) {
  const std::size_t width = c.heads * c.head_dim;
  return {{{"qkv", width + 2 * c.kv_heads * c.head_dim, c.hidden, false},
           {"out", c.hidden, width, false},
           {"up", c.gated ? 2 * c.inner : c.inner, c.hidden, c.gated},
           {"down", c.hidden, c.inner, false}}};
}

// A layer that the quality gate kept out of int8 has no scales.
Compute compute_of(Compute asked, const Sections& sections, const std::string& name) {
  if (asked != Compute::int8) return asked;
  return sections.get<float>(name + ".scale").empty() ? Compute::bf16 : Compute::int8;
}

}  // namespace

bool Encoder::fits(const EncoderConfig& config, Compute compute, const EncoderKernels& kernels,
                   const Sections& sections) {
  const auto floats = [&](const char* name) { return sections.get<float>(name).size(); };
  bool good = floats("words") >= config.vocabulary * config.hidden &&
              floats("positions") >= config.positions * config.hidden &&
              floats("types") >= config.token_types * config.hidden &&
              floats("relative_bias") >= config.relative_buckets * config.heads;
  for (std::size_t i = 0; i < config.layers; ++i) {
    const std::string layer = "layer." + std::to_string(i) + ".";
    for (const LinearShape& shape : linear_shapes(config)) {
      const Compute own = compute_of(compute, sections, layer + shape.part);
      good = good &&
             PackedLinear::fits(shape.outputs, shape.inputs, shape.gated, own, kernels, layer + shape.part, sections);
    }
    for (const char* norm : {"attention_norm.gamma", "inner_norm.gamma", "attention_norm.beta", "inner_norm.beta"}) {
      const std::size_t size = sections.get<float>(layer + norm).size();
      good = good && (size == 0 || size >= config.hidden);
    }
  }
  return good;
}

Encoder::Layer Encoder::make_layer(std::size_t number) const {
  const std::string name = "layer." + std::to_string(number) + ".";
  const auto shapes = linear_shapes(config_);
  const auto linear_of = [&](std::size_t i) {
    const LinearShape& shape = shapes[i];
    return PackedLinear(shape.outputs, shape.inputs, shape.gated, compute_of(compute_, sections_, name + shape.part),
                        *kernels_, name + shape.part, sections_);
  };
  return {
      .qkv = linear_of(0),
      .out = linear_of(1),
      .up = linear_of(2),
      .down = linear_of(3),
      .attention_norm = norm_weights(name + "attention_norm"),
      .attention_out_norm = norm_weights(name + "attention_out_norm"),
      .inner_norm = norm_weights(name + "inner_norm"),
      .inner_out_norm = norm_weights(name + "inner_out_norm"),
      .query_norm = norm_weights(name + "query_norm"),
      .key_norm = norm_weights(name + "key_norm"),
  };
}

// In f32 from the frequency on, as the reference implementation, so that far positions turn by the same angle.
void Encoder::make_rotary_tables() {
  for (const Rotary& rotary : config_.rotary) {
    const std::size_t half = rotary.dims / 2;
    std::vector<float> table(config_.max_tokens * rotary.dims);
    for (std::size_t i = 0; i < half; ++i) {
      const float exponent = static_cast<float>(2 * i) / static_cast<float>(rotary.dims);
      float frequency = 1.0F / std::pow(static_cast<float>(rotary.theta), exponent);
      const double wave = 2 * 3.14159265358979323846 / static_cast<double>(frequency);
      frequency = static_cast<float>(static_cast<double>(frequency) / frequency_divisor(rotary, wave));
      for (std::size_t p = 0; p < config_.max_tokens; ++p) {
        const auto angle = static_cast<double>(static_cast<float>(p) * frequency);
        table[p * rotary.dims + i] = static_cast<float>(std::cos(angle));
        table[p * rotary.dims + half + i] = static_cast<float>(std::sin(angle));
      }
    }
    rotary_.push_back(std::move(table));
  }
}

// Distance j - i stands at j - i + max_tokens - 1; blocks of scores read up to a panel behind the last.
void Encoder::make_distance_bias() {
  if (!config_.alibi && config_.relative_buckets == 0) return;
  const auto reach = static_cast<std::ptrdiff_t>(config_.max_tokens);
  const std::span<const float> learned = sections_.get<float>("relative_bias");
  bias_stride_ = row_stride(2 * config_.max_tokens + kernels_->panel_columns);
  distance_bias_.assign(config_.heads * bias_stride_, 0.0F);
  for (std::size_t h = 0; h < config_.heads; ++h) {
    for (std::ptrdiff_t d = 1 - reach; d < reach; ++d) {
      float& bias = distance_bias_[h * bias_stride_ + static_cast<std::size_t>(d + reach - 1)];
      if (config_.alibi) {
        bias = -static_cast<float>(std::abs(d)) * alibi_slope(h, config_.heads);
      } else {
        bias = learned[relative_bucket(d, config_.relative_buckets, config_.relative_distance) * config_.heads + h];
      }
    }
  }
}

// x = words + types + positions, then the norm.
void Encoder::embed(Pass& pass) const {
  const std::size_t n = config_.hidden;
  Activations& x = pass.w.x;
  x.reset(pass.batch.tokens(), n);
  float* const rows = x.need_f32();
  for (std::size_t s = 0; s < pass.batch.sequences(); ++s) {
    const std::size_t first = pass.batch.starts[s];
    for (std::size_t t = first; t < pass.batch.starts[s + 1]; ++t) {
      float* const row = rows + t * x.stride;
      const float* const word = words_.data() + pass.batch.ids[t] * n;
      for (std::size_t i = 0; i < n; ++i) row[i] = word[i] * config_.embedding_scale;
      if (!types_.empty()) {
        const float* const type = types_.data() + (pass.batch.types.empty() ? 0 : pass.batch.types[t]) * n;
        for (std::size_t i = 0; i < n; ++i) row[i] += type[i];
      }
      if (!positions_.empty()) {
        const float* const position = positions_.data() + (t - first + config_.position_offset) * n;
        for (std::size_t i = 0; i < n; ++i) row[i] += position[i];
      }
    }
  }
}

// to = norm(from); as bf16 too when that is what `reader` takes. Without a norm to = from.
void Encoder::normalize(const Pass& pass, const NormWeights& norm, const Activations& from, Activations& to,
                        const PackedLinear* reader) const {
  to.reset(pass.rows, config_.hidden);
  const float* const source = from.f32.data();
  float* const out = to.need_f32();
  if (!norm) {
    std::copy_n(source, pass.rows * to.stride, out);
    return;
  }
  std::uint16_t* const narrow = reader != nullptr && reader->compute() == Compute::bf16 ? to.need_bf16() : nullptr;
  kernels_->normalize(config_.norm, source, to.stride, pass.rows, config_.hidden, norm.gamma.data(),
                      norm.beta.empty() ? nullptr : norm.beta.data(), config_.norm_eps, out, narrow);
}

void Encoder::watch(const Pass& pass, const PackedLinear& layer, Activations& from) const {
  InputPeaks& peaks = *pass.options.input_peaks;
  peaks.resize(4 * config_.layers);
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    const Layer& own = layers_[i / 4];
    const PackedLinear* const parts[] = {&own.qkv, &own.out, &own.up, &own.down};
    if (parts[i % 4] != &layer) continue;
    peaks[i].resize(from.columns, 0.0F);
    const Rows rows = rows_for(Compute::f32, from, *kernels_);
    for (std::size_t r = 0; r < rows.count; ++r) {
      const float* const row = rows.f32 + r * rows.stride;
      for (std::size_t k = 0; k < from.columns; ++k) peaks[i][k] = std::max(peaks[i][k], std::abs(row[k]));
    }
  }
}

void Encoder::linear(const Pass& pass, const PackedLinear& layer, Activations& from, Destination to) const {
  if (pass.options.input_peaks != nullptr) watch(pass, layer, from);
  const Rows rows = rows_for(layer.compute(), from, *kernels_, layer.input_factors());
  for_panels(layer, rows.count, pass.context, [&](PanelRange range) { layer.run(rows, to, range); });
}

// Norm of every head's query and key, then rotary positions, in place on f32.
void Encoder::turn_heads(Pass& pass, std::size_t number) const {
  const EncoderConfig& c = config_;
  const Layer& layer = layers_[number];
  Activations& qkv = pass.w.qkv;
  const std::size_t table = c.reach.empty() ? 0 : c.reach[number].rotary;
  const std::size_t dims = c.rotary.empty() ? 0 : c.rotary[table].dims;
  const std::size_t half = dims / 2;
  for (std::size_t s = 0; s < pass.batch.sequences(); ++s) {
    for (std::size_t t = pass.batch.starts[s]; t < pass.batch.starts[s + 1]; ++t) {
      const float* const turn = dims == 0 ? nullptr : rotary_[table].data() + (t - pass.batch.starts[s]) * dims;
      for (std::size_t h = 0; h < c.heads + c.kv_heads; ++h) {
        float* const head = qkv.f32.data() + t * qkv.stride + h * c.head_dim;
        const NormWeights& norm = h < c.heads ? layer.query_norm : layer.key_norm;
        if (norm) {
          kernels_->normalize(Norm::rms, head, c.head_dim, 1, c.head_dim, norm.gamma.data(), nullptr, c.norm_eps, head,
                              nullptr);
        }
        for (std::size_t i = 0; i < half; ++i) {
          const float a = head[i];
          const float b = head[half + i];
          head[i] = a * turn[i] - b * turn[half + i];
          head[half + i] = b * turn[i] + a * turn[half + i];
        }
      }
    }
  }
}

// Every (sequence, key head) is one piece of work; each thread has scratch memory of its own.
template <class T>
void Encoder::attend(Pass& pass, std::size_t number, const T* qkv, T* out) const {
  const EncoderConfig& c = config_;
  const TokenBatch& batch = pass.batch;
  std::size_t longest = 0;
  for (std::size_t s = 0; s < batch.sequences(); ++s)
    longest = std::max(longest, batch.starts[s + 1] - batch.starts[s]);
  const std::size_t items = batch.sequences() * c.kv_heads;
  double operations = 0;
  for (std::size_t s = 0; s < batch.sequences(); ++s) {
    const double tokens = static_cast<double>(batch.starts[s + 1] - batch.starts[s]);
    operations += 4 * tokens * tokens * static_cast<double>(c.heads * c.head_dim);
  }
  const std::size_t blocks = std::min(threads_for(operations, Compute::f32, pass.context), items);
  const std::size_t grain = (items + blocks - 1) / blocks;
  const std::size_t scratch = attention_scratch(longest, c.head_dim) / 64 * 64 + 64;
  if (pass.w.scratch.size() < blocks * scratch) pass.w.scratch.resize(blocks * scratch);
  const bool one_row = pass.one_row;
  parallel_for(pass.context, items, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t item = begin; item < end; ++item) {
      const std::size_t s = item / c.kv_heads;
      const std::size_t kv = item % c.kv_heads;
      const std::size_t group = c.heads / c.kv_heads;
      const std::size_t first = batch.starts[s];
      AttentionWork<T> work;
      work.stride = pass.w.qkv.stride;
      work.query = qkv + first * work.stride + kv * group * c.head_dim;
      work.key = qkv + first * work.stride + (c.heads + kv) * c.head_dim;
      work.value = work.key + c.kv_heads * c.head_dim;
      work.tokens = batch.starts[s + 1] - first;
      work.first_query = pass.options.rows == WantedRows::last && one_row ? work.tokens - 1 : 0;
      work.last_query = one_row ? work.first_query + 1 : work.tokens;
      work.head_dim = c.head_dim;
      work.heads = group;
      work.scale = c.attention_scale != 0 ? c.attention_scale : 1.0F / std::sqrt(static_cast<float>(c.head_dim));
      if (bias_stride_ != 0) {
        work.bias = distance_bias_.data() + kv * group * bias_stride_;
        work.bias_stride = bias_stride_;
        work.bias_zero = c.max_tokens - 1;
      }
      work.causal = c.causal;
      work.window = c.reach.empty() ? 0 : c.reach[number].window;
      work.out_stride = pass.w.context.stride;
      work.out = out + (one_row ? s : first) * work.out_stride + kv * group * c.head_dim;
      if (pass.options.attention != nullptr && pass.options.attention_layer == number) {
        work.weights = pass.options.attention + kv * group * work.tokens * work.tokens;
      }
      work.scratch = pass.w.scratch.data() + begin / grain * scratch;
      if constexpr (std::is_same_v<T, float>) {
        kernels_->attend_f32(work);
      } else {
        kernels_->attend_bf16(work);
      }
    }
  });
}

// context = attention(input of the layer)
void Encoder::attention(Pass& pass, std::size_t number) const {
  const EncoderConfig& c = config_;
  const Layer& layer = layers_[number];
  Workspace& w = pass.w;
  Activations& input = c.norm_place == NormPlace::post ? w.x : w.normed;
  w.qkv.reset(pass.rows, layer.qkv.outputs());
  const bool turns = !c.rotary.empty() || layer.query_norm;
  Destination to;
  to.stride = w.qkv.stride;
  if (turns || !bf16_attention()) {
    to.f32 = w.qkv.need_f32();
  } else {
    to.bf16 = w.qkv.need_bf16();
  }
  linear(pass, layer.qkv, input, to);
  if (turns) turn_heads(pass, number);
  pass.one_row = pass.options.rows != WantedRows::all && number + 1 == c.layers;
  w.context.reset(pass.one_row ? pass.batch.sequences() : pass.rows, c.heads * c.head_dim);
  if (bf16_attention()) {
    attend(pass, number, rows_for(Compute::bf16, w.qkv, *kernels_).bf16, w.context.need_bf16());
  } else {
    attend(pass, number, static_cast<const float*>(w.qkv.f32.data()), w.context.need_f32());
  }
  if (pass.one_row) keep_wanted_rows(pass);
}

// The residual stream is cut to one row a sequence.
void Encoder::keep_wanted_rows(Pass& pass) const {
  Activations& x = pass.w.x;
  for (std::size_t s = 0; s < pass.batch.sequences(); ++s) {
    const std::size_t from =
        pass.options.rows == WantedRows::first ? pass.batch.starts[s] : pass.batch.starts[s + 1] - 1;
    if (from != s) std::copy_n(x.f32.data() + from * x.stride, x.stride, x.f32.data() + s * x.stride);
  }
  pass.rows = x.rows = pass.batch.sequences();
  x.has_bf16 = x.has_int8 = false;
}

// x += norm(y), where a norm stands behind a branch.
void Encoder::add_branch(Pass& pass, const NormWeights& after) const {
  Activations& x = pass.w.x;
  Activations& y = pass.w.y;
  kernels_->normalize(config_.norm, y.f32.data(), y.stride, pass.rows, config_.hidden, after.gamma.data(),
                      after.beta.empty() ? nullptr : after.beta.data(), config_.norm_eps, y.f32.data(), nullptr);
  simd::kernels().axpy(1.0F, y.f32.data(), x.f32.data(), pass.rows * x.stride);
  x.has_bf16 = x.has_int8 = false;
}

void Encoder::feed_forward(Pass& pass, std::size_t number) const {
  const EncoderConfig& c = config_;
  const Layer& layer = layers_[number];
  Workspace& w = pass.w;
  Activations& input = c.norm_place == NormPlace::post ? w.x : w.normed;
  w.inner.reset(pass.rows, c.inner);
  Destination up;
  up.activation = c.activation;
  up.stride = w.inner.stride;
  if (layer.down.compute() == Compute::bf16) {
    up.bf16 = w.inner.need_bf16();
  } else {
    up.f32 = w.inner.need_f32();
  }
  linear(pass, layer.up, input, up);
}

Status Encoder::run(const TokenBatch& batch, const RunOptions& options, Workspace& w, const Context& context) const {
  Pass pass{batch, options, w, context, batch.tokens()};
  embed(pass);
  if (embedding_norm_) normalize(pass, embedding_norm_, w.x, w.x, &layers_.front().qkv);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    IG_TRY(context.check());
    const Layer& layer = layers_[i];
    const PackedLinear* const next = i + 1 < layers_.size() ? &layers_[i + 1].qkv : nullptr;
    const bool post = config_.norm_place == NormPlace::post;
    const bool sandwich = config_.norm_place == NormPlace::sandwich;
    // What a branch gives: x + f(x) for the norm behind it, onto x itself, or apart for the norm of a sandwich.
    const auto finish_branch = [&](const PackedLinear& last, Activations& from) {
      Activations& target = post || sandwich ? w.y : w.x;
      if (post || sandwich) target.reset(pass.rows, config_.hidden);
      Destination to;
      to.f32 = target.need_f32();
      to.stride = target.stride;
      if (!sandwich) {
        to.residual = w.x.f32.data();
        to.residual_stride = w.x.stride;
      }
      linear(pass, last, from, to);
      if (!post) w.x.has_bf16 = w.x.has_int8 = false;
    };
    if (!post) normalize(pass, layer.attention_norm, w.x, w.normed, &layer.qkv);
    attention(pass, i);
    finish_branch(layer.out, w.context);
    if (post) normalize(pass, layer.attention_norm, w.y, w.x, &layer.up);
    if (sandwich) add_branch(pass, layer.attention_out_norm);
    if (!post) normalize(pass, layer.inner_norm, w.x, w.normed, &layer.up);
    feed_forward(pass, i);
    finish_branch(layer.down, w.inner);
    if (post) normalize(pass, layer.inner_norm, w.y, w.x, next);
    if (sandwich) add_branch(pass, layer.inner_out_norm);
  }
  if (final_norm_) normalize(pass, final_norm_, w.x, w.x, nullptr);
  return {};
}

}  // namespace isogloss::nn
