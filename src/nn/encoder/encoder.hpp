// SPDX-License-Identifier: Apache-2.0
// The transformer encoder at run time. Sequences lie one after another without padding ("packed"): every linear layer
// sees (all tokens, columns), attention sees one sequence at a time.
//
//   pack_encoder(architecture, tensors, ...) -> Sections     once per model: weights into panels
//   Encoder(config, sections)                                 from memory or from the mapped file
//   encoder.run(tokens, options, workspace, context)          hidden states of the last layer
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/result.hpp"
#include "math/matrix.hpp"
#include "nn/encoder/activations.hpp"
#include "nn/encoder/config.hpp"
#include "nn/encoder/packed_linear.hpp"
#include "nn/encoder/sections.hpp"
#include "nn/encoder/tensor_source.hpp"

namespace isogloss::nn {

// Sequence s holds tokens starts[s] .. starts[s + 1]; none is empty.
struct TokenBatch {
  std::span<const std::uint32_t> ids;   // (tokens), each below the vocabulary
  std::span<const std::uint8_t> types;  // (tokens), or empty = all 0
  std::span<const std::size_t> starts;  // (sequences + 1)

  std::size_t tokens() const { return ids.size(); }
  std::size_t sequences() const { return starts.size() - 1; }
};

// Which rows of the last layer are wanted. With one row a sequence the last layer computes no other.
enum class WantedRows : std::uint8_t { all, first, last };

// The largest magnitude that each column of a linear layer's input takes: [4 * layer + (0 qkv, 1 out, 2 up, 3 down)],
// (inputs) each.
using InputPeaks = std::vector<std::vector<float>>;

struct RunOptions {
  WantedRows rows = WantedRows::all;
  // The softmax weights of one layer, (heads, tokens, tokens). REQUIRES: the batch is one sequence, rows are all.
  std::size_t attention_layer = 0;
  float* attention = nullptr;
  // Grows with what this run sees; null = not wanted.
  InputPeaks* input_peaks = nullptr;
};

// Scratch memory of one run at a time; grows to what was needed and stays.
struct Workspace {
  Activations x;        // (tokens, hidden) the residual stream; the result
  Activations normed;   // (tokens, hidden) of pre-norm
  Activations context;  // (tokens, heads * head_dim)
  Activations inner;    // (tokens, inner)
  Activations qkv;      // (tokens, (heads + 2 kv_heads) * head_dim)
  Activations y;        // (tokens, hidden) what a layer adds
  math::AlignedVector<std::byte> scratch;
};

class Encoder {
 public:
  // REQUIRES: pack_encoder() made `sections` of the same config, arithmetic and kernels.
  Encoder(EncoderConfig config, Compute compute, const EncoderKernels& kernels, Sections sections);

  // Whether `sections`, of a file, have all blocks of this config in their sizes.
  static bool fits(const EncoderConfig& config, Compute compute, const EncoderKernels& kernels,
                   const Sections& sections);

  const EncoderConfig& config() const { return config_; }
  Compute compute() const { return compute_; }
  std::size_t bytes() const { return sections_.bytes(); }
  const Sections& sections() const { return sections_; }

  // Hidden states of the last layer into workspace.x.f32: (tokens, stride), or (sequences, stride) with one row each.
  // Splits the work over the threads of `context`; the bits do not depend on how many. Checks for cancelling at every
  // layer.
  Status run(const TokenBatch& batch, const RunOptions& options, Workspace& workspace, const Context& context) const;

  // The word table: (vocabulary, hidden) f32.
  std::span<const float> words() const { return words_; }

 private:
  struct NormWeights {
    std::span<const float> gamma;  // (n), empty = no norm
    std::span<const float> beta;   // (n), or empty
    explicit operator bool() const { return !gamma.empty(); }
  };
  struct Layer {
    PackedLinear qkv, out, up, down;
    NormWeights attention_norm, attention_out_norm, inner_norm, inner_out_norm, query_norm, key_norm;
  };
  // One call's arguments, passed along.
  struct Pass;

  NormWeights norm_weights(const std::string& name) const;
  Layer make_layer(std::size_t number) const;
  void make_rotary_tables();
  void make_distance_bias();

  void embed(Pass& pass) const;
  void normalize(const Pass& pass, const NormWeights& norm, const Activations& from, Activations& to,
                 const PackedLinear* reader) const;
  void watch(const Pass& pass, const PackedLinear& layer, Activations& from) const;
  void linear(const Pass& pass, const PackedLinear& layer, Activations& from, Destination to) const;
  void attention(Pass& pass, std::size_t number) const;
  template <class T>
  void attend(Pass& pass, std::size_t number, const T* qkv, T* out) const;
  void turn_heads(Pass& pass, std::size_t number) const;
  void keep_wanted_rows(Pass& pass) const;
  void feed_forward(Pass& pass, std::size_t number) const;
  void add_branch(Pass& pass, const NormWeights& after) const;
  bool bf16_attention() const { return compute_ != Compute::f32 && kernels_->has_bf16; }

  EncoderConfig config_;
  Compute compute_;
  const EncoderKernels* kernels_;
  Sections sections_;
  std::span<const float> words_, positions_, types_;
  NormWeights embedding_norm_, final_norm_;
  std::vector<Layer> layers_;
  std::vector<std::vector<float>> rotary_;  // per table: (max_tokens, dims) cosines, then sines
  std::vector<float> distance_bias_;        // (heads, bias_stride_)
  std::size_t bias_stride_ = 0;
};

// Reads the tensors of `architecture` and packs them. Error{corrupt_data} names file and tensor: absent, wrong shape,
// not a finite number. In int8 the layers of `keep_bf16` keep bf16 weights, and columns of inputs are evened out by
// `peaks` of an exact run (empty = not).
Result<Sections> pack_encoder(const Architecture& architecture, const TensorSource& tensors, Compute compute,
                              const EncoderKernels& kernels, Context& context,
                              const std::set<std::size_t>& keep_bf16 = {}, const InputPeaks& peaks = {});

}  // namespace isogloss::nn
