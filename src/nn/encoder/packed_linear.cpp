// SPDX-License-Identifier: Apache-2.0
// int8 weights have a scale per output column, the largest size of the column divided by 127.
#include "nn/encoder/packed_linear.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/assert.hpp"

namespace isogloss::nn {
namespace {

std::size_t round_up(std::size_t n, std::size_t step) { return (n + step - 1) / step * step; }

// Inputs, filled up so that every arithmetic's steps are whole.
std::size_t depth_of(std::size_t inputs) { return round_up(inputs, 4); }

// Column c of panel p is this output, or none (behind the last).
struct ColumnOrder {
  std::size_t outputs;
  std::size_t columns;  // of a panel
  bool gated;

  std::size_t panels() const { return round_up(gated ? outputs / 2 : outputs, half()) / half(); }
  std::size_t half() const { return gated ? columns / 2 : columns; }
  static constexpr std::size_t kNone = SIZE_MAX;
  std::size_t output(std::size_t panel, std::size_t c) const {
    const std::size_t at = panel * half() + c % half();
    const std::size_t count = gated ? outputs / 2 : outputs;
    if (at >= count) return kNone;
    return gated && c >= half() ? count + at : at;
  }
};

void pack_f32(const LinearWeights& w, const ColumnOrder& order, std::span<float> out) {
  const std::size_t depth = depth_of(w.inputs);
  for (std::size_t p = 0; p < order.panels(); ++p) {
    for (std::size_t c = 0; c < order.columns; ++c) {
      const std::size_t output = order.output(p, c);
      if (output == ColumnOrder::kNone) continue;
      const float* const row = w.weight.data() + output * w.inputs;
      float* const to = out.data() + p * depth * order.columns + c;
      for (std::size_t k = 0; k < w.inputs; ++k) to[k * order.columns] = row[k];
    }
  }
}

void pack_bf16(const LinearWeights& w, const ColumnOrder& order, std::span<std::uint16_t> out) {
  const std::size_t depth = depth_of(w.inputs);
  const simd::Kernels& simd = simd::kernels();
  std::vector<std::uint16_t> narrow(w.inputs);
  for (std::size_t p = 0; p < order.panels(); ++p) {
    for (std::size_t c = 0; c < order.columns; ++c) {
      const std::size_t output = order.output(p, c);
      if (output == ColumnOrder::kNone) continue;
      simd.f32_to_bf16(w.weight.data() + output * w.inputs, narrow.data(), w.inputs);
      std::uint16_t* const to = out.data() + p * depth * order.columns;
      for (std::size_t k = 0; k < w.inputs; ++k) to[(k / 2 * order.columns + c) * 2 + k % 2] = narrow[k];
    }
  }
}

void pack_int8(const LinearWeights& w, const ColumnOrder& order, std::span<std::int8_t> out, std::span<float> scale,
               std::span<std::int32_t> sums) {
  const std::size_t depth = depth_of(w.inputs);
  const simd::Kernels& simd = simd::kernels();
  std::vector<std::int8_t> narrow(w.inputs);
  std::vector<float> row(w.inputs);
  for (std::size_t p = 0; p < order.panels(); ++p) {
    for (std::size_t c = 0; c < order.columns; ++c) {
      const std::size_t output = order.output(p, c);
      if (output == ColumnOrder::kNone) continue;
      std::copy_n(w.weight.data() + output * w.inputs, w.inputs, row.begin());
      for (std::size_t k = 0; k < w.input_factors.size(); ++k) row[k] /= w.input_factors[k];
      const float largest = simd.max_abs(row.data(), w.inputs);
      const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
      simd.f32_to_i8(row.data(), inverse, narrow.data(), w.inputs);
      std::int8_t* const to = out.data() + p * depth * order.columns;
      std::int32_t sum = 0;
      for (std::size_t k = 0; k < w.inputs; ++k) {
        to[(k / 4 * order.columns + c) * 4 + k % 4] = narrow[k];
        sum += narrow[k];
      }
      scale[p * order.columns + c] = largest / 127.0F;
      sums[p * order.columns + c] = sum;
    }
  }
}

std::size_t value_bytes(Compute compute) { return compute == Compute::f32 ? 4 : compute == Compute::bf16 ? 2 : 1; }

}  // namespace

std::string_view compute_name(Compute compute) {
  constexpr std::array<std::string_view, 3> kNames = {"f32", "bf16", "int8"};
  return kNames[static_cast<std::size_t>(compute)];
}

void PackedLinear::pack(const LinearWeights& w, Compute compute, const EncoderKernels& kernels, const std::string& name,
                        Sections& sections) {
  const ColumnOrder order{w.outputs, kernels.panel_columns, w.gated};
  const std::size_t columns = order.panels() * order.columns;
  const std::size_t values = columns * depth_of(w.inputs);
  if (compute == Compute::f32) {
    pack_f32(w, order, sections.add<float>(name + ".weight", values));
  } else if (compute == Compute::bf16) {
    pack_bf16(w, order, sections.add<std::uint16_t>(name + ".weight", values));
  } else {
    const auto scale = sections.add<float>(name + ".scale", columns);
    const auto sums = sections.add<std::int32_t>(name + ".sums", columns);
    pack_int8(w, order, sections.add<std::int8_t>(name + ".weight", values), scale, sums);
    if (!w.input_factors.empty()) {
      std::ranges::copy(w.input_factors, sections.add<float>(name + ".factors", depth_of(w.inputs)).begin());
    }
  }
  if (w.bias.empty()) return;
  const auto bias = sections.add<float>(name + ".bias", columns);
  for (std::size_t p = 0; p < order.panels(); ++p) {
    for (std::size_t c = 0; c < order.columns; ++c) {
      const std::size_t output = order.output(p, c);
      if (output != ColumnOrder::kNone) bias[p * order.columns + c] = w.bias[output];
    }
  }
}

bool PackedLinear::fits(std::size_t outputs, std::size_t inputs, bool gated, Compute compute,
                        const EncoderKernels& kernels, const std::string& name, const Sections& sections) {
  const ColumnOrder order{outputs, kernels.panel_columns, gated};
  const std::size_t columns = order.panels() * order.columns;
  const std::size_t bias = sections.get<float>(name + ".bias").size();
  const bool scaled = compute != Compute::int8 || (sections.get<float>(name + ".scale").size() >= columns &&
                                                   sections.get<std::int32_t>(name + ".sums").size() >= columns);
  const std::size_t factors = sections.get<float>(name + ".factors").size();
  return scaled && (factors == 0 || factors >= depth_of(inputs)) && (bias == 0 || bias >= columns) &&
         sections.get<std::byte>(name + ".weight").size() >= columns * depth_of(inputs) * value_bytes(compute);
}

PackedLinear::PackedLinear(std::size_t outputs, std::size_t inputs, bool gated, Compute compute,
                           const EncoderKernels& kernels, const std::string& name, const Sections& sections)
    : outputs_(gated ? outputs / 2 : outputs),
      depth_(depth_of(inputs)),
      gated_(gated),
      compute_(compute),
      kernels_(&kernels),
      weight_(sections.get<std::byte>(name + ".weight")),
      bias_(sections.get<float>(name + ".bias")),
      scale_(sections.get<float>(name + ".scale")),
      factors_(sections.get<float>(name + ".factors")),
      sums_(sections.get<std::int32_t>(name + ".sums")) {
  const ColumnOrder order{outputs, kernels.panel_columns, gated};
  panels_ = order.panels();
  IG_ASSERT(weight_.size() >= panels_ * order.columns * depth_ * value_bytes(compute));
}

void PackedLinear::run(const Rows& rows, Destination to, PanelRange range) const {
  to.bias = bias_.empty() ? nullptr : bias_.data();
  to.gated = gated_;
  const void* const weight = weight_.data();
  if (compute_ == Compute::f32) {
    kernels_->multiply_f32(rows.f32, rows.stride, rows.count, static_cast<const float*>(weight), depth_, range, to);
  } else if (compute_ == Compute::bf16) {
    kernels_->multiply_bf16(rows.bf16, rows.stride, rows.count, static_cast<const std::uint16_t*>(weight), depth_,
                            range, to);
  } else {
    const QuantizedPanels panels{static_cast<const std::int8_t*>(weight), scale_.data(), sums_.data()};
    kernels_->multiply_int8(rows.int8, rows.count, panels, depth_, range, to);
  }
}

}  // namespace isogloss::nn
