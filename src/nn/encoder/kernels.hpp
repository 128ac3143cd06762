// SPDX-License-Identifier: Apache-2.0
// The inner loops of the encoder, one table per instruction set (chosen as simd::kernels() is).
//
// Products are rows times packed panels. A panel holds `panel_columns` output columns for the whole depth:
//
//   f32   (depth, panel_columns)           a(row, k) is one float
//   bf16  (depth / 2, panel_columns, 2)    steps of two values, so that one instruction takes a pair per column
//   int8  (depth / 4, panel_columns, 4)    steps of four; rows are u8 with a scale and a zero point each
//
// Every output value is one chain of multiply-adds over k = 0, 1, 2 ... in that order, whatever rows stand beside it
// and however the panels are shared among threads: the same row gives the same bits in any batch. Output rows are
// written in whole panels, so a row has room for round_up(columns, panel_columns) values; columns behind the last hold
// zeros.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernels.hpp"

namespace isogloss::nn {

enum class Activation : std::uint8_t { none, gelu, gelu_tanh, quick_gelu, silu, relu, tanh };
enum class Norm : std::uint8_t { layer, rms };

// What becomes of a product's columns: x = activation(sum + bias) + residual, or, when `gated`, the first half of a
// panel is the gate and the second what it lets through: x = activation(gate) * up, half as many columns.
struct Destination {
  const float* bias = nullptr;  // (columns, in panel order), null = none
  Activation activation = Activation::none;
  bool gated = false;
  const float* residual = nullptr;  // (rows, residual_stride), null = none
  std::size_t residual_stride = 0;
  float* f32 = nullptr;  // one of the two
  std::uint16_t* bf16 = nullptr;
  std::size_t stride = 0;
};

// Panels [first, last).
struct PanelRange {
  std::size_t first = 0;
  std::size_t last = 0;
};

// value = scale[row] * (u8 - zero[row])
struct QuantizedRows {
  const std::uint8_t* values = nullptr;  // (rows, stride)
  std::size_t stride = 0;
  const float* scale = nullptr;        // (rows)
  const std::int32_t* zero = nullptr;  // (rows)
};

// weight = scale[column] * s8
struct QuantizedPanels {
  const std::int8_t* values = nullptr;
  const float* scale = nullptr;        // (columns)
  const std::int32_t* sums = nullptr;  // (columns) of the s8 values over the depth
};

// Softmax attention of the query heads that share one key and value head, over one sequence.
template <class T>
struct AttentionWork {
  const T* query = nullptr;  // (tokens, stride), head h at h * head_dim
  const T* key = nullptr;    // (tokens, stride)
  const T* value = nullptr;  // (tokens, stride)
  std::size_t stride = 0;
  std::size_t tokens = 0;
  std::size_t first_query = 0;  // queries [first_query, last_query) are answered
  std::size_t last_query = 0;
  std::size_t head_dim = 0;     // even
  std::size_t heads = 1;        // that share this key
  float scale = 1;              // of q k
  const float* bias = nullptr;  // (heads, bias_stride): added to q_i k_j at [bias_zero + j - i]; null = none
  std::size_t bias_stride = 0;
  std::size_t bias_zero = 0;
  bool causal = false;     // keys up to the query's own position
  std::size_t window = 0;  // keys at most this far away; 0 = all
  T* out = nullptr;        // (queries, out_stride), head h at h * head_dim
  std::size_t out_stride = 0;
  float* weights = nullptr;      // (heads, tokens, tokens) the softmax itself, when it is wanted (of all queries)
  std::byte* scratch = nullptr;  // attention_scratch(tokens, head_dim) bytes, on a cache line
};

struct EncoderKernels {
  std::size_t panel_columns;
  bool has_bf16;  // products of bf16 are faster than of f32

  // a (rows, stride) times panels, depth a multiple of 1, 2 and 4.
  void (*multiply_f32)(const float* a, std::size_t stride, std::size_t rows, const float* panels, std::size_t depth,
                       PanelRange range, const Destination& to);
  void (*multiply_bf16)(const std::uint16_t* a, std::size_t stride, std::size_t rows, const std::uint16_t* panels,
                        std::size_t depth, PanelRange range, const Destination& to);
  void (*multiply_int8)(const QuantizedRows& a, std::size_t rows, const QuantizedPanels& panels, std::size_t depth,
                        PanelRange range, const Destination& to);

  void (*attend_f32)(const AttentionWork<float>& work);
  void (*attend_bf16)(const AttentionWork<std::uint16_t>& work);

  // out = (x - mean) / sqrt(variance + eps) * gamma + beta, or without mean and beta for rms. beta may be null; out may
  // be x. narrow: the same as bf16, null = not wanted. (rows, n), both with `stride`.
  void (*normalize)(Norm norm, const float* x, std::size_t stride, std::size_t rows, std::size_t n, const float* gamma,
                    const float* beta, float eps, float* out, std::uint16_t* narrow);
  // Rows, their columns times `factors` (n; null = 1), to u8 over the range of each row, zero included. x (rows,
  // stride), out (rows, out_stride).
  void (*quantize)(const float* x, std::size_t stride, std::size_t rows, std::size_t n, const float* factors,
                   std::uint8_t* out, std::size_t out_stride, float* scale, std::int32_t* zero);
  // x = activation(x). (n)
  void (*activate)(Activation activation, float* x, std::size_t n);
};

// Bytes of scratch memory that one AttentionWork needs, for either type.
std::size_t attention_scratch(std::size_t tokens, std::size_t head_dim);

const EncoderKernels& encoder_kernels();
// REQUIRES: level is among simd::available_levels().
const EncoderKernels& encoder_kernels(simd::Level level);

}  // namespace isogloss::nn
