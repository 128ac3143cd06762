// SPDX-License-Identifier: Apache-2.0
// Every table of kernels this machine has against the formulas in double precision.
#include "model/glove/glove_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace isogloss::model {
namespace {

// The same words in double precision: w, G, u, H of the rows, then bias, its squares, and those of the context.
class Plain {
 public:
  Plain(const std::vector<float>& words, const GloveStep& step)
      : values_(words.begin(), words.end()), dim_(step.dim), padded_(step.padded), stride_(step.stride()) {}

  double& at(std::size_t word, std::size_t part, std::size_t j) { return values_[word * stride_ + part * padded_ + j]; }
  double train(const GloveStep& s, const GloveCell& cell) {
    double loss = pair(s, cell.row, cell.column, cell.log_count);
    if (s.symmetric && cell.row != cell.column) loss += pair(s, cell.column, cell.row, cell.log_count);
    return loss;
  }

 private:
  double pair(const GloveStep& s, std::size_t a, std::size_t b, double log_count) {
    double d = at(a, 4, 0) + at(b, 4, 2) - log_count;
    for (std::size_t j = 0; j < dim_; ++j) d += at(a, 0, j) * at(b, 2, j);
    const double g = std::min(1.0, std::exp(double{s.alpha} * (log_count - double{s.log_x_max}))) * d;
    const double clip = s.clip;
    for (std::size_t j = 0; j < dim_; ++j) {
      const double x = at(a, 0, j);
      const double y = at(b, 2, j);
      const double step_x = double{s.eta} * std::clamp(g * y, -clip, clip);
      const double step_y = double{s.eta} * std::clamp(g * x, -clip, clip);
      at(a, 0, j) -= step_x / std::sqrt(at(a, 1, j));
      at(b, 2, j) -= step_y / std::sqrt(at(b, 3, j));
      at(a, 1, j) += step_x * step_x;
      at(b, 3, j) += step_y * step_y;
    }
    for (const auto& [word, place] : {std::pair(a, 0), std::pair(b, 2)}) {
      at(word, 4, place) -= g / std::sqrt(at(word, 4, place + 1));
      at(word, 4, place + 1) += g * g;
    }
    return g * d / 2;
  }

  std::vector<double> values_;
  std::size_t dim_, padded_, stride_;
};

GloveStep step_of(std::size_t dim, bool symmetric) {
  GloveStep step;
  step.dim = dim;
  step.padded = (dim + 15) / 16 * 16;
  step.symmetric = symmetric;
  step.log_x_max = std::log(10.0F);
  step.alpha = 0.75F;
  step.eta = 0.05F;
  step.clip = 100;
  return step;
}

// w = (2), u = (3), b = 1, v = 0.5, x = x_max = 10: d = 7.5 - ln 10, g = d; w -= 0.05 * 3 g, b -= g, all over 1.
TEST(GloveKernels, MakeOneStepAsWorkedByHand) {
  for (const simd::Level level : simd::available_levels()) {
    GloveStep step = step_of(1, false);
    std::vector<float> words(2 * step.stride());
    float* a = words.data();
    float* b = a + step.stride();
    const GloveCell cell{0, 1, std::log(10.0F)};
    step.cells = &cell;
    step.count = 1;
    step.words = a;
    for (float* word : {a, b}) word[16] = word[48] = word[65] = word[67] = 1;
    a[0] = 2;
    b[32] = 3;
    a[64] = 1;
    b[66] = 0.5F;
    const float d = 7.5F - std::log(10.0F);
    EXPECT_NEAR(glove_kernels(level).train(step), 0.5 * double{d} * double{d}, 1e-5);
    EXPECT_NEAR(a[0], 2 - 0.05F * d * 3, 1e-3);
    EXPECT_NEAR(b[32], 3 - 0.05F * d * 2, 1e-3);
    EXPECT_NEAR(a[64], 1 - d, 3e-3);
    EXPECT_NEAR(b[66], 0.5F - d, 3e-3);
    EXPECT_NEAR(a[16], 1 + 0.0225F * d * d, 1e-4);
    EXPECT_NEAR(a[65], 1 + d * d, 1e-4);
    EXPECT_EQ(b[0], 0) << "the other word is a context here, not a word";
  }
}

TEST(GloveKernels, EqualPlainLoopsInEveryShape) {
  for (const simd::Level level : simd::available_levels()) {
    SCOPED_TRACE(simd::level_name(level));
    for (const std::size_t dim : {1, 7, 16, 40, 100, 128}) {
      for (const bool symmetric : {true, false}) {
        constexpr std::size_t kWords = 30;
        GloveStep step = step_of(dim, symmetric);
        std::vector<float> words(kWords * step.stride());
        Random random(dim);
        for (std::size_t i = 0; i < words.size(); ++i) {
          const std::size_t part = i % step.stride() / step.padded;
          const std::size_t j = i % step.stride() % step.padded;
          const bool squares = part == 4 ? j % 2 == 1 : part % 2 == 1;
          if (squares) words[i] = 1;
          if (!squares && j < (part == 4 ? 4 : dim)) words[i] = random.uniform_f32() - 0.5F;
        }
        std::vector<GloveCell> cells(600);
        for (GloveCell& cell : cells) {
          cell.row = static_cast<std::uint32_t>(random.bounded(kWords));
          cell.column = static_cast<std::uint32_t>(random.bounded(kWords));
          cell.log_count = 6 * random.uniform_f32() - 2;
        }
        step.cells = cells.data();
        step.count = cells.size();
        step.words = words.data();
        Plain plain(words, step);
        double loss = 0;
        for (const GloveCell& cell : cells) loss += plain.train(step, cell);
        EXPECT_NEAR(glove_kernels(level).train(step) / loss, 1, 2e-3) << dim;
        for (std::size_t w = 0; w < kWords; ++w) {
          for (const std::size_t part : {0, 2}) {
            for (std::size_t j = 0; j < step.padded; ++j) {
              const double wanted = plain.at(w, part, j);
              ASSERT_NEAR(words[w * step.stride() + part * step.padded + j], wanted, 4e-3) << dim << " " << j;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace isogloss::model
