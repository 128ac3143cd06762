// SPDX-License-Identifier: Apache-2.0
// From the tensors of a model file to the sections an Encoder runs on. Names on the left are those of the file, as
// WeightNames says; names of sections are the same for every architecture:
//
//   words positions types   embedding_norm final_norm   relative_bias
//   layer.N.qkv layer.N.out layer.N.up layer.N.down     layer.N.attention_norm ...
#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "nn/encoder/encoder.hpp"

namespace isogloss::nn {
namespace {

class Packer {
 public:
  Packer(const Architecture& architecture, const TensorSource& tensors, Compute compute, const EncoderKernels& kernels,
         const std::set<std::size_t>& keep_bf16, const InputPeaks& peaks)
      : config_(architecture.config),
        names_(architecture.names),
        tensors_(tensors),
        compute_(compute),
        kernels_(kernels),
        keep_bf16_(keep_bf16),
        peaks_(peaks) {}

  Result<Sections> pack(Context& context) {
    IG_TRY(find_prefix());
    IG_TRY(table("words", names_.words, config_.vocabulary));
    IG_TRY(table("positions", names_.positions, config_.positions));
    IG_TRY(table("types", names_.types, config_.token_types));
    IG_TRY(norm("embedding_norm", config_.embedding_norm ? names_.embedding_norm : "", config_.hidden));
    IG_TRY(norm("final_norm", config_.final_norm ? names_.final_norm : "", config_.hidden));
    if (!names_.relative_bias.empty() && config_.relative_buckets != 0) {
      const auto values =
          IG_TRY(tensors_.read(full(names_.relative_bias, 0), {config_.relative_buckets, config_.heads}));
      std::ranges::copy(values, sections_.add<float>("relative_bias", values.size()).begin());
    }
    for (std::size_t i = 0; i < config_.layers; ++i) {
      IG_TRY(context.check());
      IG_TRY(layer(i));
      context.report({"pack", "layers", static_cast<double>(i + 1), static_cast<double>(config_.layers), 0});
    }
    return std::move(sections_);
  }

 private:
  Status find_prefix() {
    for (const std::string& prefix : names_.prefixes) {
      prefix_ = prefix;
      if (tensors_.has(full(names_.words, 0) + ".weight")) return {};
    }
    return fail(Code::corrupt_data, tensors_.where() + ": there is no tensor '" + names_.words +
                                        ".weight', the table of word vectors that an architecture '" +
                                        config_.architecture +
                                        "' has. The file may hold another model than its "
                                        "config.json says.");
  }

  std::string full(const std::string& name, std::size_t layer_number) const {
    return numbered(prefix_ + name, layer_number);
  }

  Result<std::vector<float>> finite(const std::string& name, std::initializer_list<std::size_t> shape) const {
    std::vector<float> values = IG_TRY(tensors_.read(name, shape));
    // x - x is 0 for numbers and NaN for the rest; a sum keeps it.
    float sum = 0;
    for (const float x : values) sum += x - x;
    if (sum == 0) return values;
    return fail(Code::corrupt_data, tensors_.where() + ": tensor '" + name +
                                        "' holds values that are no finite numbers "
                                        "(NaN or infinity). Get the file again, or another revision of the model.");
  }

  Status table(const std::string& section, const std::string& name, std::size_t rows) {
    if (name.empty() || rows == 0) return {};
    const std::vector<float> values = IG_TRY(finite(full(name, 0) + ".weight", {rows, config_.hidden}));
    std::ranges::copy(values, sections_.add<float>(section, values.size()).begin());
    return {};
  }

  Status norm(const std::string& section, const std::string& name, std::size_t n, std::size_t layer_number = 0) {
    if (name.empty()) return {};
    const std::string base = full(name, layer_number);
    const bool old = !tensors_.has(base + ".weight") && tensors_.has(base + ".gamma");
    std::vector<float> gamma = IG_TRY(finite(base + (old ? ".gamma" : ".weight"), {n}));
    for (float& g : gamma) g += config_.norm_plus_one ? 1.0F : 0.0F;
    std::ranges::copy(gamma, sections_.add<float>(section + ".gamma", n).begin());
    const std::string beta = base + (old ? ".beta" : ".bias");
    if (!tensors_.has(beta)) return {};
    const std::vector<float> values = IG_TRY(finite(beta, {n}));
    std::ranges::copy(values, sections_.add<float>(section + ".beta", n).begin());
    return {};
  }

  // Appends NAME.weight (outputs, inputs) and its bias to a layer that may have several such parts.
  Status append(LinearWeights& to, const std::string& name, std::size_t outputs, std::size_t inputs,
                std::size_t layer_number) const {
    const std::string base = full(name, layer_number);
    std::vector<float> weight = IG_TRY(names_.transposed ? finite(base + ".weight", {inputs, outputs})
                                                         : finite(base + ".weight", {outputs, inputs}));
    if (names_.transposed) weight = math::transposed(weight, inputs, outputs);
    to.weight.insert(to.weight.end(), weight.begin(), weight.end());
    if (tensors_.has(base + ".bias")) {
      const std::vector<float> bias = IG_TRY(finite(base + ".bias", {outputs}));
      to.bias.resize(to.outputs, 0.0F);
      to.bias.insert(to.bias.end(), bias.begin(), bias.end());
    }
    to.outputs += outputs;
    to.inputs = inputs;
    if (!to.bias.empty()) to.bias.resize(to.outputs, 0.0F);
    return {};
  }

  static void swap_halves(std::vector<float>& x) {
    std::ranges::rotate(x, x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2));
  }

  // Inputs and weights share the unevenness of a column: factor = sqrt(peak of the weights / peak of the inputs).
  static std::vector<float> even_out(const LinearWeights& w, const std::vector<float>& peaks) {
    std::vector<float> factors(w.inputs, 1.0F);
    for (std::size_t k = 0; k < w.inputs; ++k) {
      float largest = 0;
      for (std::size_t o = 0; o < w.outputs; ++o) largest = std::max(largest, std::abs(w.weight[o * w.inputs + k]));
      if (largest > 0 && peaks[k] > 0) factors[k] = std::clamp(std::sqrt(largest / peaks[k]), 1e-3F, 1e3F);
    }
    return factors;
  }

  void add_linear(LinearWeights& weights, const std::string& part, std::size_t layer_number, std::size_t number) {
    const std::string section = "layer." + std::to_string(layer_number) + "." + part;
    const bool kept = compute_ == Compute::int8 && keep_bf16_.contains(layer_number);
    const std::size_t place = 4 * layer_number + number;
    if (compute_ == Compute::int8 && !kept && place < peaks_.size() && peaks_[place].size() == weights.inputs) {
      weights.input_factors = even_out(weights, peaks_[place]);
    }
    PackedLinear::pack(weights, kept ? Compute::bf16 : compute_, kernels_, section, sections_);
  }

  Status layer(std::size_t i) {
    const std::string section = "layer." + std::to_string(i) + ".";
    const EncoderConfig& c = config_;
    const std::size_t width = c.heads * c.head_dim;
    const std::size_t kv_width = c.kv_heads * c.head_dim;
    LinearWeights qkv, out, up, down;
    if (!names_.query_key_value.empty()) {
      IG_TRY(append(qkv, names_.query_key_value, width + 2 * kv_width, c.hidden, i));
    } else {
      IG_TRY(append(qkv, names_.query, width, c.hidden, i));
      IG_TRY(append(qkv, names_.key, kv_width, c.hidden, i));
      IG_TRY(append(qkv, names_.value, kv_width, c.hidden, i));
    }
    add_linear(qkv, "qkv", i, 0);
    IG_TRY(append(out, names_.attention_out, c.hidden, width, i));
    add_linear(out, "out", i, 1);
    up.gated = c.gated;
    if (c.gated && !names_.gate_up.empty()) {
      IG_TRY(append(up, names_.gate_up, 2 * c.inner, c.hidden, i));
    } else if (c.gated && !names_.up_gate.empty()) {
      IG_TRY(append(up, names_.up_gate, 2 * c.inner, c.hidden, i));
      swap_halves(up.weight);
      swap_halves(up.bias);
    } else {
      if (c.gated) IG_TRY(append(up, names_.gate, c.inner, c.hidden, i));
      IG_TRY(append(up, names_.up, c.inner, c.hidden, i));
    }
    add_linear(up, "up", i, 2);
    IG_TRY(append(down, names_.down, c.hidden, c.inner, i));
    add_linear(down, "down", i, 3);
    if (i != 0 || c.first_attention_norm) IG_TRY(norm(section + "attention_norm", names_.attention_norm, c.hidden, i));
    IG_TRY(norm(section + "inner_norm", names_.inner_norm, c.hidden, i));
    IG_TRY(norm(section + "attention_out_norm", names_.attention_out_norm, c.hidden, i));
    IG_TRY(norm(section + "inner_out_norm", names_.inner_out_norm, c.hidden, i));
    if (!c.query_key_norm) return {};
    IG_TRY(norm(section + "query_norm", names_.query_norm, c.head_dim, i));
    return norm(section + "key_norm", names_.key_norm, c.head_dim, i);
  }

  const EncoderConfig& config_;
  const WeightNames& names_;
  const TensorSource& tensors_;
  Compute compute_;
  const EncoderKernels& kernels_;
  const std::set<std::size_t>& keep_bf16_;
  const InputPeaks& peaks_;
  std::string prefix_;
  Sections sections_;
};

}  // namespace

Result<Sections> pack_encoder(const Architecture& architecture, const TensorSource& tensors, Compute compute,
                              const EncoderKernels& kernels, Context& context, const std::set<std::size_t>& keep_bf16,
                              const InputPeaks& peaks) {
  return Packer(architecture, tensors, compute, kernels, keep_bf16, peaks).pack(context);
}

}  // namespace isogloss::nn
