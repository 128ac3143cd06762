// SPDX-License-Identifier: Apache-2.0
// Every table of kernels this machine has against plain loops in double precision.
#include "train/pair_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace isogloss::training {
namespace {

// A step with storage of its own, and the same step computed plainly.
class Bench {
 public:
  Bench(std::size_t rows, std::size_t targets, std::size_t dim, bool errors, std::uint64_t seed)
      : stride_((targets + kRowFloats - 1) / kRowFloats * kRowFloats) {
    Random random(seed);
    const auto fill = [&](std::vector<float>& values, std::size_t n, double scale) {
      for (std::size_t i = 0; i < n; ++i) values.push_back(static_cast<float>(random.uniform(-scale, scale)));
    };
    fill(x_, rows * dim, 0.7);
    fill(y_, targets * dim, 0.7);
    weights_.resize(rows * stride_);
    labels_.resize(stride_);
    gradients_.assign(rows * stride_, 7.0F);
    scratch_.resize((rows + targets) * kRowFloats);
    errors_.resize(rows * dim);
    for (std::size_t t = 0; t < targets; ++t) labels_[t] = random.bounded(3) == 0 ? 1.0F : 0.0F;
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t t = 0; t < targets; ++t) weights_[r * stride_ + t] = static_cast<float>(random.bounded(4));
      rows_.push_back(x_.data() + r * dim);
    }
    for (std::size_t t = 0; t < targets; ++t) targets_.push_back(y_.data() + t * dim);
    step_ = {rows_.data(),
             targets_.data(),
             rows,
             targets,
             stride_,
             labels_.data(),
             weights_.data(),
             gradients_.data(),
             errors ? errors_.data() : nullptr,
             scratch_.data(),
             dim,
             0.05F};
  }
  Bench(const Bench&) = delete;

  void expect_step(const PairKernels& kernels) {
    const PairStep& s = step_;
    std::vector<double> x(x_.begin(), x_.end()), y(y_.begin(), y_.end());
    std::vector<double> dx(x.size()), dy(y.size()), dots(s.row_count * s.target_count);
    for (std::size_t r = 0; r < s.row_count; ++r) {
      for (std::size_t t = 0; t < s.target_count; ++t) {
        double dot = 0;
        for (std::size_t j = 0; j < s.dim; ++j) dot += x[r * s.dim + j] * y[t * s.dim + j];
        dots[r * s.target_count + t] = dot;
        const double g = static_cast<double>(s.alpha) * static_cast<double>(weights_[r * stride_ + t]) *
                         (static_cast<double>(labels_[t]) - 1 / (1 + std::exp(-dot)));
        for (std::size_t j = 0; j < s.dim; ++j) {
          dx[r * s.dim + j] += g * y[t * s.dim + j];
          dy[t * s.dim + j] += g * x[r * s.dim + j];
        }
      }
    }
    kernels.measure(s);
    for (std::size_t r = 0; r < s.row_count; ++r) {
      for (std::size_t t = 0; t < s.target_count; ++t) {
        EXPECT_NEAR(static_cast<double>(gradients_[r * stride_ + t]), dots[r * s.target_count + t], 2e-5)
            << r << " " << t;
      }
    }
    kernels.update(s);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double wanted = s.errors != nullptr ? dx[i] : x[i] + dx[i];
      EXPECT_NEAR(static_cast<double>(s.errors != nullptr ? errors_[i] : x_[i]), wanted, 4e-6) << "row value " << i;
    }
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(static_cast<double>(y_[i]), y[i] + dy[i], 4e-6) << "target value " << i;
  }

 private:
  std::size_t stride_;
  std::vector<float> x_, y_, weights_, labels_, gradients_, scratch_, errors_;
  std::vector<float*> rows_, targets_;
  PairStep step_;
};

// x = (1, 0), y = (0, 2): s = 0, g = 0.1 (1 - 1/2) = 0.05; x gains 0.05 y, y gains 0.05 x, both of before.
TEST(PairKernels, MoveOnePairAsWorkedByHand) {
  for (const simd::Level level : simd::available_levels()) {
    std::vector<float> x(16), y(16), labels(16), weights(16), gradients(16), scratch(48);
    x[0] = 1;
    y[1] = 2;
    labels[0] = weights[0] = 1;
    float* row = x.data();
    float* target = y.data();
    const PairStep step{&row,    &target,        1,  1,   16, labels.data(), weights.data(), gradients.data(),
                        nullptr, scratch.data(), 16, 0.1F};
    pair_kernels(level).measure(step);
    EXPECT_EQ(gradients[0], 0);
    pair_kernels(level).update(step);
    EXPECT_FLOAT_EQ(gradients[0], 0.05F);
    EXPECT_FLOAT_EQ(x[0], 1);
    EXPECT_FLOAT_EQ(x[1], 0.1F);
    EXPECT_FLOAT_EQ(y[0], 0.05F);
    EXPECT_FLOAT_EQ(y[1], 2);
  }
}

TEST(PairKernels, EqualPlainLoopsInEveryShape) {
  for (const simd::Level level : simd::available_levels()) {
    SCOPED_TRACE(simd::level_name(level));
    std::uint64_t seed = 1;
    for (std::size_t rows : {1, 2, 3, 4, 5, 7, 11, 14}) {
      for (std::size_t targets : {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 40}) {
        for (const bool errors : {false, true})
          Bench(rows, targets, 48, errors, ++seed).expect_step(pair_kernels(level));
      }
    }
    Bench(11, 9, 16, false, 1).expect_step(pair_kernels(level));
    Bench(11, 9, 112, false, 2).expect_step(pair_kernels(level));
  }
}

// The same word drawn twice as a negative: both copies add, as two targets that lie apart would in sum.
TEST(PairKernels, ATargetThatStandsTwiceGainsTwice) {
  for (const simd::Level level : simd::available_levels()) {
    std::vector<float> x(16, 0.5F), y(16, 0.25F), labels(16), weights(16, 1.0F), gradients(16), scratch(48);
    float* row = x.data();
    float* targets[] = {y.data(), y.data()};
    const PairStep step{&row,    targets,        1,  2,   16, labels.data(), weights.data(), gradients.data(),
                        nullptr, scratch.data(), 16, 0.1F};
    pair_kernels(level).measure(step);
    pair_kernels(level).update(step);
    const double g = -0.1 / (1 + std::exp(-2.0));  // s = 16 * 0.5 * 0.25
    EXPECT_NEAR(static_cast<double>(y[3]), 0.25 + 2 * g * 0.5, 1e-6);
    EXPECT_NEAR(static_cast<double>(x[3]), 0.5 + 2 * g * 0.25, 1e-6);
  }
}

// A softmax hands over its own gradients: g = 0.5 and -0.25 of one row, as worked by hand.
TEST(PairKernels, ApplyGradientsOfOthers) {
  for (const simd::Level level : simd::available_levels()) {
    std::vector<float> x(16), y(16), z(16), errors(16, 9.0F), gradients(16), scratch(48);
    x[0] = 2;
    y[1] = 4;
    z[1] = 8;
    gradients[0] = 0.5F;
    gradients[1] = -0.25F;
    float* row = x.data();
    float* targets[] = {y.data(), z.data()};
    PairStep step{&row, targets, 1, 2, 16};
    step.gradients = gradients.data();
    step.errors = errors.data();
    step.scratch = scratch.data();
    step.dim = 16;
    pair_kernels(level).apply(step);
    EXPECT_EQ(errors[1], 0.0F);  // 0.5 * 4 - 0.25 * 8
    EXPECT_EQ(errors[0], 0.0F);
    EXPECT_EQ(y[0], 1.0F);
    EXPECT_EQ(z[0], -0.5F);
    EXPECT_EQ(x[0], 2.0F);
  }
}

// Products far outside the range of exp: the gradient is at its limit, never NaN.
TEST(PairKernels, StayFiniteWhateverTheProduct) {
  for (const simd::Level level : simd::available_levels()) {
    for (const float size : {1e3F, 1e15F, -1e15F}) {
      std::vector<float> x(16, 1.0F), y(16, size), labels(16), weights(16, 1.0F), gradients(16), scratch(48);
      float* row = x.data();
      float* target = y.data();
      const PairStep step{&row,    &target,        1,  1,   16, labels.data(), weights.data(), gradients.data(),
                          nullptr, scratch.data(), 16, 0.1F};
      pair_kernels(level).measure(step);
      pair_kernels(level).update(step);
      EXPECT_TRUE(std::isfinite(x[0]) && std::isfinite(y[0])) << size;
      EXPECT_NEAR(gradients[0], size > 0 ? -0.1F : 0.0F, 1e-6F);
    }
  }
}

}  // namespace
}  // namespace isogloss::training
