// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
//
// A cell and its mirror image read and write 2 x 1.9 kB that nobody has touched lately, so a step waits for memory most
// of its time. Steps a second of one core, 89,746 words of 100 columns, a busy machine: prefetching one cell ahead 3.6
// M, six 3.8 M; with huge pages 4.9 M; the product of the mirror image started before the first step is made 6.6 M. 1 /
// sqrt(G) comes from the instruction that estimates it to 14 bits (12 with AVX2): the size of a step need not be
// exacter, its direction is.
#include "model/glove/glove_kernels.hpp"

#include <cmath>

#include "simd/exp_inl.hpp"
#include "simd/vec_inl.hpp"

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(glove_kernels_, variant)

namespace isogloss::model {

extern const GloveKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

namespace {

using simd::kLanes;
using simd::Vec;

constexpr std::size_t kAhead = 6;    // cells between prefetching and use
constexpr std::size_t kBatch = 256;  // cells whose weights are computed together

#if defined(__AVX512F__)

inline Vec inverse_root(Vec x) { return {_mm512_rsqrt14_ps(x.v)}; }
inline Vec clamp(Vec x, Vec low, Vec high) { return {_mm512_min_ps(_mm512_max_ps(x.v, low.v), high.v)}; }
inline float inverse_root(float x) { return _mm_cvtss_f32(_mm_rsqrt14_ss(_mm_setzero_ps(), _mm_set_ss(x))); }

#elif defined(__AVX2__)

inline Vec inverse_root(Vec x) { return {_mm256_rsqrt_ps(x.v)}; }
inline Vec clamp(Vec x, Vec low, Vec high) { return {_mm256_min_ps(_mm256_max_ps(x.v, low.v), high.v)}; }
inline float inverse_root(float x) { return _mm_cvtss_f32(_mm_rsqrt_ss(_mm_set_ss(x))); }

#else

inline float inverse_root(float x) { return 1.0F / std::sqrt(x); }
inline Vec inverse_root(Vec x) {
  for (std::size_t i = 0; i < kLanes; ++i) x.v[i] = inverse_root(x.v[i]);
  return x;
}
inline Vec clamp(Vec x, Vec low, Vec high) {
  return simd::sub(simd::zero(), simd::max(simd::sub(simd::zero(), high), simd::sub(simd::zero(), simd::max(x, low))));
}

#endif

struct Settings {
  Vec low, high, eta;
  std::size_t dim;
};

inline float product(const float* a, const float* b, std::size_t dim) {
  Vec even = simd::zero();
  Vec odd = simd::zero();
  std::size_t c = 0;
  for (; c + 2 * kLanes <= dim; c += 2 * kLanes) {
    even = simd::fma(simd::load(a + c), simd::load(b + c), even);
    odd = simd::fma(simd::load(a + c + kLanes), simd::load(b + c + kLanes), odd);
  }
  // Behind dim both are zero up to a multiple of kRowFloats.
  for (; c < dim; c += kLanes) even = simd::fma(simd::load(a + c), simd::load(b + c), even);
  return simd::sum_of(simd::add(even, odd));
}

// Moves w and u, with their sums of squares behind them. Zeros behind dim stay zeros.
inline void move_rows(float* w, float* u, std::size_t padded, float g, const Settings& s) {
  const Vec factor = simd::set1(g);
  for (std::size_t c = 0; c < s.dim; c += kLanes) {
    const Vec x = simd::load(w + c);
    const Vec y = simd::load(u + c);
    const Vec step_x = simd::mul(clamp(simd::mul(factor, y), s.low, s.high), s.eta);
    const Vec step_y = simd::mul(clamp(simd::mul(factor, x), s.low, s.high), s.eta);
    const Vec squares_x = simd::load(w + padded + c);
    const Vec squares_y = simd::load(u + padded + c);
    simd::store(w + c, simd::sub(x, simd::mul(step_x, inverse_root(squares_x))));
    simd::store(u + c, simd::sub(y, simd::mul(step_y, inverse_root(squares_y))));
    simd::store(w + padded + c, simd::fma(step_x, step_x, squares_x));
    simd::store(u + padded + c, simd::fma(step_y, step_y, squares_y));
  }
}

// bias[0] and its sum of squares bias[1].
inline void move_bias(float* bias, float g) {
  bias[0] -= g * inverse_root(bias[1]);
  bias[1] += g * g;
}

// A word and a context of a cell: where their numbers lie.
struct Pair {
  float* w;
  float* u;
  float* bias;
  float* context_bias;
  Pair(float* word, float* context, std::size_t padded)
      : w(word), u(context + 2 * padded), bias(word + 4 * padded), context_bias(context + 4 * padded + 2) {}

  float distance(std::size_t dim, float log_count) const {
    return product(w, u, dim) + bias[0] + context_bias[0] - log_count;
  }
  // Returns the loss.
  float move(std::size_t padded, float weight, float d, const Settings& s) const {
    const float g = weight * d;
    move_rows(w, u, padded, g, s);
    move_bias(bias, g);
    move_bias(context_bias, g);
    return 0.5F * g * d;
  }
};

inline void fetch(const float* row, std::size_t floats) {
  for (std::size_t i = 0; i < floats; i += training::kRowFloats) __builtin_prefetch(row + i, 1);
}

// What a cell needs of its words.
inline void fetch_cell(const GloveStep& step, const GloveCell& cell) {
  const std::size_t stride = step.stride();
  const float* row = step.words + cell.row * stride;
  const float* column = step.words + cell.column * stride;
  if (step.symmetric) {
    fetch(row, stride);
    fetch(column, stride);
    return;
  }
  fetch(row, 2 * step.padded);
  fetch(column + 2 * step.padded, 2 * step.padded);
  __builtin_prefetch(row + 4 * step.padded, 1);
  __builtin_prefetch(column + 4 * step.padded, 1);
}

// min(1, (x / x_max)^alpha) = exp(min(0, alpha (ln x - ln x_max))). weights: (kBatch)
void weigh(const GloveStep& step, std::size_t first, std::size_t count, float* weights) {
  for (std::size_t i = 0; i < count; ++i) {
    const float power = step.alpha * (step.cells[first + i].log_count - step.log_x_max);
    weights[i] = power < 0 ? power : 0;
  }
  for (std::size_t i = count; i % kLanes != 0; ++i) weights[i] = 0;
  for (std::size_t i = 0; i < count; i += kLanes) simd::store(weights + i, simd::exp_of(simd::load(weights + i)));
}

double train(const GloveStep& step) {
  const std::size_t stride = step.stride();
  const Settings settings{simd::set1(-step.clip), simd::set1(step.clip), simd::set1(step.eta), step.dim};
  alignas(64) float weights[kBatch];
  double loss = 0;
  for (std::size_t first = 0; first < step.count; first += kBatch) {
    const std::size_t count = step.count - first < kBatch ? step.count - first : kBatch;
    weigh(step, first, count, weights);
    float sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const GloveCell& cell = step.cells[first + i];
      if (first + i + kAhead < step.count) fetch_cell(step, step.cells[first + i + kAhead]);
      float* a = step.words + cell.row * stride;
      float* b = step.words + cell.column * stride;
      const Pair pair(a, b, step.padded);
      const float d = pair.distance(step.dim, cell.log_count);
      if (step.symmetric && a != b) {
        // Both products first: the second waits for memory while the first is summed.
        const Pair mirrored(b, a, step.padded);
        const float other = mirrored.distance(step.dim, cell.log_count);
        sum += mirrored.move(step.padded, weights[i], other, settings);
      }
      sum += pair.move(step.padded, weights[i], d, settings);
    }
    loss += static_cast<double>(sum);
  }
  return loss;
}

}  // namespace

const GloveKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {
    .train = train,
};

}  // namespace isogloss::model
