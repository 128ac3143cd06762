// SPDX-License-Identifier: Apache-2.0
// A linear layer y = x W^T + b as panels (kernels.hpp), in one of three arithmetics. Packed once into Sections, then
// read from there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/encoder/kernels.hpp"
#include "nn/encoder/sections.hpp"

namespace isogloss::nn {

enum class Compute : std::uint8_t { f32, bf16, int8 };
std::string_view compute_name(Compute compute);  // "f32"

// Weights as they come: (outputs, inputs) row after row.
struct LinearWeights {
  std::size_t outputs = 0;
  std::size_t inputs = 0;
  std::vector<float> weight;  // (outputs, inputs)
  std::vector<float> bias;    // (outputs), or empty
  // The first half of the outputs is the gate of the second half (Destination::gated).
  bool gated = false;
  // For int8: inputs are multiplied by these and columns of the weight divided, so that no column of the inputs spoils
  // the range of a row (Xiao et al. 2023, SmoothQuant). (inputs), or empty
  std::vector<float> input_factors = {};
};

// The values of an activation row stand at a stride of whole kRowStep elements, the last ones zero.
inline constexpr std::size_t kRowStep = 64;
inline std::size_t row_stride(std::size_t n) { return (n + kRowStep - 1) / kRowStep * kRowStep; }

// Rows of activations in the arithmetic of the layer that reads them; one of the three is set.
struct Rows {
  const float* f32 = nullptr;           // (rows, stride)
  const std::uint16_t* bf16 = nullptr;  // (rows, stride)
  QuantizedRows int8;
  std::size_t stride = 0;
  std::size_t count = 0;
};

class PackedLinear {
 public:
  PackedLinear() = default;
  // Writes the sections NAME.weight, NAME.bias, NAME.scale, NAME.sums, NAME.factors.
  static void pack(const LinearWeights& weights, Compute compute, const EncoderKernels& kernels,
                   const std::string& name, Sections& sections);
  // REQUIRES: pack() made them, with the same shape and arithmetic.
  PackedLinear(std::size_t outputs, std::size_t inputs, bool gated, Compute compute, const EncoderKernels& kernels,
               const std::string& name, const Sections& sections);

  // Whether the sections of a file have the sizes that this layer reads.
  static bool fits(std::size_t outputs, std::size_t inputs, bool gated, Compute compute, const EncoderKernels& kernels,
                   const std::string& name, const Sections& sections);

  std::size_t outputs() const { return outputs_; }
  Compute compute() const { return compute_; }
  std::size_t panels() const { return panels_; }
  // What the columns of int8 inputs are multiplied by, or null.
  const float* input_factors() const { return factors_.empty() ? nullptr : factors_.data(); }
  // Floating-point operations of a row.
  double work() const {
    return 2.0 * static_cast<double>(depth_) * static_cast<double>(panels_ * kernels_->panel_columns);
  }
  // Columns that a row of the result has room for.
  std::size_t result_stride() const { return row_stride(panels_ * kernels_->panel_columns / (gated_ ? 2 : 1)); }
  // Panels `range` of rows times weights; `to` says where, bias and gate are set here.
  void run(const Rows& rows, Destination to, PanelRange range) const;

 private:
  std::size_t outputs_ = 0;
  std::size_t depth_ = 0;
  std::size_t panels_ = 0;
  bool gated_ = false;
  Compute compute_ = Compute::f32;
  const EncoderKernels* kernels_ = nullptr;
  std::span<const std::byte> weight_;
  std::span<const float> bias_;
  std::span<const float> scale_;
  std::span<const float> factors_;
  std::span<const std::int32_t> sums_;
};

}  // namespace isogloss::nn
