// SPDX-License-Identifier: Apache-2.0
// Every table this machine has against plain loops in double precision.
#include "nn/encoder/kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "nn/encoder/activations.hpp"
#include "nn/encoder/packed_linear.hpp"

namespace isogloss::nn {
namespace {

std::vector<float> randoms(std::size_t n, unsigned seed, float scale = 1.0F) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  std::vector<float> out(n);
  for (float& x : out) x = normal(random);
  return out;
}

class EncoderKernel : public testing::TestWithParam<simd::Level> {
 protected:
  const EncoderKernels& kernels() const { return encoder_kernels(GetParam()); }
};

double exact_gelu(double x) { return 0.5 * x * (1.0 + std::erf(x / std::sqrt(2.0))); }

TEST_P(EncoderKernel, ActivationsAreThoseOfTheirFormulas) {
  std::vector<float> x;
  for (float v = -12; v <= 12; v += 0.0137F) x.push_back(v);
  const auto check = [&](Activation activation, const std::function<double(double)>& formula) {
    std::vector<float> got = x;
    kernels().activate(activation, got.data(), got.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(got[i], formula(static_cast<double>(x[i])), 4e-7 * std::max(1.0, std::abs(static_cast<double>(x[i]))))
          << x[i];
    }
  };
  check(Activation::gelu, exact_gelu);
  check(Activation::silu, [](double v) { return v / (1 + std::exp(-v)); });
  check(Activation::quick_gelu, [](double v) { return v / (1 + std::exp(-1.702 * v)); });
  check(Activation::relu, [](double v) { return std::max(v, 0.0); });
  check(Activation::tanh, [](double v) { return std::tanh(v); });
  check(Activation::gelu_tanh, [](double v) {
    return 0.5 * v * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (v + 0.044715 * v * v * v)));
  });
}

// y = x W^T + b through PackedLinear, for shapes that do not fill panels and any number of rows.
void check_linear(const EncoderKernels& kernels, Compute compute, std::size_t rows, std::size_t inputs,
                  std::size_t outputs, bool gated, double tolerance) {
  LinearWeights w{outputs, inputs, randoms(outputs * inputs, 1, 0.2F), randoms(outputs, 2), gated};
  Sections sections;
  PackedLinear::pack(w, compute, kernels, "w", sections);
  const PackedLinear layer(outputs, inputs, gated, compute, kernels, "w", sections);
  const std::vector<float> x = randoms(rows * inputs, 3);
  Activations from;
  from.reset(rows, inputs);
  float* const to_rows = from.need_f32();
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(&x[r * inputs], inputs, to_rows + r * from.stride);
  Activations out;
  out.reset(rows, layer.outputs());
  Destination to;
  to.f32 = out.need_f32();
  to.stride = out.stride;
  to.activation = gated ? Activation::silu : Activation::none;
  layer.run(rows_for(compute, from, kernels), to, {0, layer.panels()});
  const auto sum = [&](std::size_t r, std::size_t o) {
    double total = static_cast<double>(w.bias[o]);
    for (std::size_t k = 0; k < inputs; ++k) {
      total += static_cast<double>(x[r * inputs + k]) * static_cast<double>(w.weight[o * inputs + k]);
    }
    return total;
  };
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t o = 0; o < layer.outputs(); ++o) {
      const double gate = sum(r, o);
      const double want = gated ? gate / (1 + std::exp(-gate)) * sum(r, o + layer.outputs()) : gate;
      ASSERT_NEAR(out.f32[r * out.stride + o], want, tolerance * std::max(1.0, std::abs(want)))
          << compute_name(compute) << " rows " << rows << " inputs " << inputs << " row " << r << " output " << o;
    }
  }
}

TEST_P(EncoderKernel, ProductsOfEveryShapeAndArithmetic) {
  for (const std::size_t rows : {1, 2, 5, 7, 12, 13, 25}) {
    for (const auto& [inputs, outputs] : {std::pair<std::size_t, std::size_t>{32, 96}, {36, 40}, {100, 8}, {384, 64}}) {
      check_linear(kernels(), Compute::f32, rows, inputs, outputs, false, 2e-5);
      check_linear(kernels(), Compute::bf16, rows, inputs, outputs, false, 8e-2);
      check_linear(kernels(), Compute::int8, rows, inputs, outputs, false, 1.5e-1);
      check_linear(kernels(), Compute::f32, rows, inputs, outputs, true, 5e-5);
    }
  }
}

TEST_P(EncoderKernel, ResidualIsAdded) {
  LinearWeights w{4, 4, std::vector<float>(16, 0.0F), {1, 2, 3, 4}, false};
  Sections sections;
  PackedLinear::pack(w, Compute::f32, kernels(), "w", sections);
  const PackedLinear layer(4, 4, false, Compute::f32, kernels(), "w", sections);
  Activations x;
  x.reset(1, 4);
  std::fill_n(x.need_f32(), 4, 10.0F);
  Destination to;
  to.f32 = x.f32.data();
  to.residual = x.f32.data();
  to.stride = to.residual_stride = x.stride;
  layer.run(rows_for(Compute::f32, x, kernels()), to, {0, layer.panels()});
  EXPECT_EQ(std::vector<float>(x.f32.begin(), x.f32.begin() + 5), (std::vector<float>{11, 12, 13, 14, 0}));
}

struct AttentionCase {
  std::size_t tokens, head_dim, heads;
  bool causal;
  std::size_t window;
  bool biased;
};

// softmax(q k / sqrt(d) + bias) v, in double.
void check_attention(const EncoderKernels& kernels, const AttentionCase& c) {
  const std::size_t stride = (c.heads + 2) * c.head_dim + 5;
  const std::vector<float> qkv = randoms(c.tokens * stride, 4);
  const std::size_t reach = 300;
  std::vector<float> bias = randoms(c.heads * 700, 5);
  AttentionWork<float> work;
  work.query = qkv.data();
  work.key = qkv.data() + c.heads * c.head_dim;
  work.value = work.key + c.head_dim;
  work.stride = stride;
  work.tokens = work.last_query = c.tokens;
  work.head_dim = c.head_dim;
  work.heads = c.heads;
  work.scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
  work.bias = c.biased ? bias.data() : nullptr;
  work.bias_stride = 700;
  work.bias_zero = reach;
  work.causal = c.causal;
  work.window = c.window;
  std::vector<float> out(c.tokens * c.heads * c.head_dim);
  work.out = out.data();
  work.out_stride = c.heads * c.head_dim;
  std::vector<float> weights(c.heads * c.tokens * c.tokens);
  work.weights = weights.data();
  math::AlignedVector<std::byte> scratch(attention_scratch(c.tokens, c.head_dim));
  work.scratch = scratch.data();
  kernels.attend_f32(work);
  for (std::size_t h = 0; h < c.heads; ++h) {
    for (std::size_t i = 0; i < c.tokens; ++i) {
      std::vector<double> p(c.tokens, 0.0);
      double total = 0;
      for (std::size_t j = 0; j < c.tokens; ++j) {
        const std::size_t far = i > j ? i - j : j - i;
        if ((c.causal && j > i) || (c.window != 0 && far > c.window)) continue;
        double score = 0;
        for (std::size_t k = 0; k < c.head_dim; ++k) {
          score += static_cast<double>(work.query[i * stride + h * c.head_dim + k]) *
                   static_cast<double>(work.key[j * stride + k]);
        }
        score *= static_cast<double>(work.scale);
        if (c.biased) score += static_cast<double>(bias[h * 700 + reach + j - i]);
        p[j] = std::exp(score);
        total += p[j];
      }
      for (std::size_t j = 0; j < c.tokens; ++j) {
        ASSERT_NEAR(weights[(h * c.tokens + i) * c.tokens + j], p[j] / total, 1e-5) << c.tokens << " " << i << " " << j;
      }
      for (std::size_t k = 0; k < c.head_dim; ++k) {
        double want = 0;
        for (std::size_t j = 0; j < c.tokens; ++j)
          want += p[j] / total * static_cast<double>(work.value[j * stride + k]);
        ASSERT_NEAR(out[i * work.out_stride + h * c.head_dim + k], want, 2e-5) << c.tokens << " " << i << " " << k;
      }
    }
  }
}

TEST_P(EncoderKernel, AttentionOfEveryLengthMaskAndBias) {
  for (const std::size_t tokens : {1, 2, 7, 12, 13, 33, 70, 150}) {
    check_attention(kernels(), {tokens, 32, 2, false, 0, false});
    check_attention(kernels(), {tokens, 8, 3, true, 0, false});
    check_attention(kernels(), {tokens, 64, 1, false, 5, true});
    check_attention(kernels(), {tokens, 20, 2, true, 40, true});
  }
}

TEST_P(EncoderKernel, NormsOfOddLengths) {
  for (const std::size_t n : {1, 3, 16, 31, 100, 384}) {
    std::vector<float> x = randoms(n, 6, 3.0F);
    const std::vector<float> gamma = randoms(n, 7), beta = randoms(n, 8);
    double mean = 0, squares = 0, raw = 0;
    for (const float v : x) mean += static_cast<double>(v) / static_cast<double>(n);
    for (const float v : x) {
      squares += (static_cast<double>(v) - mean) * (static_cast<double>(v) - mean) / static_cast<double>(n);
      raw += static_cast<double>(v) * static_cast<double>(v) / static_cast<double>(n);
    }
    std::vector<float> layer(n), rms(n);
    kernels().normalize(Norm::layer, x.data(), n, 1, n, gamma.data(), beta.data(), 1e-5F, layer.data(), nullptr);
    kernels().normalize(Norm::rms, x.data(), n, 1, n, gamma.data(), nullptr, 1e-5F, rms.data(), nullptr);
    for (std::size_t i = 0; i < n; ++i) {
      const double v = static_cast<double>(x[i]), g = static_cast<double>(gamma[i]);
      EXPECT_NEAR(layer[i], (v - mean) / std::sqrt(squares + 1e-5) * g + static_cast<double>(beta[i]), 1e-5) << n;
      EXPECT_NEAR(rms[i], v / std::sqrt(raw + 1e-5) * g, 1e-5) << n;
    }
  }
}

// Half a step of the range, at most; the same bytes at every level.
TEST_P(EncoderKernel, QuantizedRowsKeepHalfAStep) {
  const std::vector<float> x = randoms(3 * 100, 9, 2.0F);
  std::vector<std::uint8_t> q(3 * 128), want(3 * 128);
  std::vector<float> scale(3);
  std::vector<std::int32_t> zero(3);
  kernels().quantize(x.data(), 100, 3, 100, nullptr, q.data(), 128, scale.data(), zero.data());
  for (std::size_t r = 0; r < 3; ++r) {
    for (std::size_t i = 0; i < 100; ++i) {
      const float back = scale[r] * static_cast<float>(q[r * 128 + i] - zero[r]);
      EXPECT_NEAR(back, x[r * 100 + i], 0.5001F * scale[r]);
    }
  }
  encoder_kernels(simd::Level::scalar)
      .quantize(x.data(), 100, 3, 100, nullptr, want.data(), 128, scale.data(), zero.data());
  EXPECT_EQ(q, want);
  const std::vector<float> none(100, 0.0F);
  kernels().quantize(none.data(), 100, 1, 100, nullptr, q.data(), 128, scale.data(), zero.data());
  EXPECT_EQ(scale[0], 1.0F);
}

// One column a hundred times the others: with factors the rest keeps its digits, and the product is the same.
TEST_P(EncoderKernel, FactorsKeepAnOutlierFromSpoilingTheRow) {
  constexpr std::size_t kInputs = 96;
  constexpr std::size_t kOutputs = 40;
  LinearWeights w{kOutputs, kInputs, randoms(kOutputs * kInputs, 1, 0.2F), {}, false};
  std::vector<float> x = randoms(kInputs, 3);
  x[17] *= 100;
  for (std::size_t o = 0; o < kOutputs; ++o) w.weight[o * kInputs + 17] /= 100;
  const auto error = [&](const LinearWeights& weights) {
    Sections sections;
    PackedLinear::pack(weights, Compute::int8, kernels(), "w", sections);
    const PackedLinear layer(kOutputs, kInputs, false, Compute::int8, kernels(), "w", sections);
    Activations from;
    from.reset(1, kInputs);
    std::ranges::copy(x, from.need_f32());
    Activations out;
    out.reset(1, kOutputs);
    Destination to;
    to.f32 = out.need_f32();
    to.stride = out.stride;
    layer.run(rows_for(Compute::int8, from, kernels(), layer.input_factors()), to, {0, layer.panels()});
    double worst = 0;
    for (std::size_t o = 0; o < kOutputs; ++o) {
      double want = 0;
      for (std::size_t k = 0; k < kInputs; ++k) {
        want += static_cast<double>(x[k]) * static_cast<double>(w.weight[o * kInputs + k]);
      }
      worst = std::max(worst, std::abs(static_cast<double>(out.f32[o]) - want));
    }
    return worst;
  };
  LinearWeights even = w;
  even.input_factors.assign(kInputs, 1.0F);
  even.input_factors[17] = 0.01F;
  EXPECT_LT(error(even), 0.2 * error(w));
  EXPECT_LT(error(even), 0.05);
}

INSTANTIATE_TEST_SUITE_P(Levels, EncoderKernel,
                         testing::ValuesIn(simd::available_levels().begin(), simd::available_levels().end()),
                         [](const testing::TestParamInfo<simd::Level>& test) {
                           return std::string(simd::level_name(test.param));
                         });

}  // namespace
}  // namespace isogloss::nn
