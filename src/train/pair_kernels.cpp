// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
//
// A usual step is 11 rows x 14 targets x 100 floats (four centres and ten negatives). Products: a tile of rows x all
// targets stays in registers, 2 x 14 = 28 of 32 with 512 bits, 16 loads for 28 multiply-adds; they are summed by a tree
// that transposes as it adds, 3 instructions a sum where one after the other takes 8. Update: column by column of one
// register; the targets' column and what it gains stay in 28 registers while the rows pass by, each read and written
// once: 2 x 14 multiply-adds for a load, a store and 14 broadcasts. More targets than that pass in groups,
// slower: with groups of 12 the usual step took two, and a training 5.0 s instead of 4.0.
#include "train/pair_kernels.hpp"

#include "simd/exp_inl.hpp"
#include "simd/vec_inl.hpp"

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(pair_kernels_, variant)

namespace isogloss::training {

extern const PairKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

namespace {

using simd::kLanes;
using simd::Vec;

// Targets of a group: twice as many registers and four more are taken by an update.
constexpr std::size_t kGroup = kLanes == 16 ? 14 : 6;

// Targets of the next group when so many are left: even groups, as few as there can be.
inline std::size_t next_group(std::size_t left) {
  const std::size_t groups = (left + kGroup - 1) / kGroup;
  return (left + groups - 1) / groups;
}

// Rows of a tile of products, so that rows x targets, the rows and one target fit the registers.
constexpr std::size_t tile_rows(std::size_t targets) {
  if (kLanes == 16) return targets <= 4 ? 5 : targets <= 6 ? 4 : targets <= 9 ? 3 : 2;
  return targets <= 2 ? 4 : targets <= 3 ? 3 : 2;
}

#if defined(__AVX512F__)

inline Vec divide(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }

// Four registers to one: in every 128 bits the sums of a, b, c and d over these 128 bits.
inline __m512 sum_quad(Vec a, Vec b, Vec c, Vec d) {
  const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a.v, b.v), _mm512_unpackhi_ps(a.v, b.v));
  const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c.v, d.v), _mm512_unpackhi_ps(c.v, d.v));
  const __m512 low = _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  const __m512 high = _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd)));
  return _mm512_add_ps(low, high);
}
inline __m512 sum_halves(__m512 p, __m512 q) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(p, q, 0x88), _mm512_shuffle_f32x4(p, q, 0xDD));
}

template <std::size_t T>
inline void store_sums(const Vec* sums, float* out) {
  const Vec none = simd::zero();
  const auto quad = [&](std::size_t i) {
    if (i >= T) return none.v;
    return sum_quad(sums[i], i + 1 < T ? sums[i + 1] : none, i + 2 < T ? sums[i + 2] : none,
                    i + 3 < T ? sums[i + 3] : none);
  };
  const __m512 all = sum_halves(sum_halves(quad(0), quad(4)), sum_halves(quad(8), quad(12)));
  simd::store_partial(out, {all}, T);
}

#elif defined(__AVX2__)

inline Vec divide(Vec a, Vec b) { return {_mm256_div_ps(a.v, b.v)}; }

template <std::size_t T>
inline void store_sums(const Vec* sums, float* out) {
  for (std::size_t i = 0; i < T; i += 4) {
    const Vec none = simd::zero();
    const __m256 a = sums[i].v;
    const __m256 b = i + 1 < T ? sums[i + 1].v : none.v;
    const __m256 c = i + 2 < T ? sums[i + 2].v : none.v;
    const __m256 d = i + 3 < T ? sums[i + 3].v : none.v;
    const __m256 quad = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    float four[4];
    _mm_storeu_ps(four, _mm_add_ps(_mm256_castps256_ps128(quad), _mm256_extractf128_ps(quad, 1)));
    for (std::size_t j = 0; j < 4 && i + j < T; ++j) out[i + j] = four[j];
  }
}

#else

inline Vec divide(Vec a, Vec b) { return {a.v / b.v}; }

template <std::size_t T>
inline void store_sums(const Vec* sums, float* out) {
  for (std::size_t t = 0; t < T; ++t) out[t] = simd::sum_of(sums[t]);
}

#endif

// R rows against T targets. x (R), y (T), out (R, stride)
template <std::size_t R, std::size_t T>
void product_tile(float* const* x, float* const* y, std::size_t dim, float* out, std::size_t stride) {
  Vec sums[R][T];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t t = 0; t < T; ++t) sums[r][t] = simd::zero();
  }
  for (std::size_t c = 0; c < dim; c += kLanes) {
    Vec row[R];
    for (std::size_t r = 0; r < R; ++r) row[r] = simd::load(x[r] + c);
    for (std::size_t t = 0; t < T; ++t) {
      const Vec target = simd::load(y[t] + c);
      for (std::size_t r = 0; r < R; ++r) sums[r][t] = simd::fma(row[r], target, sums[r][t]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) store_sums<T>(sums[r], out + r * stride);
}

template <std::size_t R, std::size_t T>
void product_rest(float* const* x, std::size_t rows, float* const* y, std::size_t dim, float* out, std::size_t stride) {
  if constexpr (R > 0) {
    if (rows == R) {
      product_tile<R, T>(x, y, dim, out, stride);
    } else {
      product_rest<R - 1, T>(x, rows, y, dim, out, stride);
    }
  }
}

template <std::size_t T>
void product_group(const PairStep& step, std::size_t first) {
  constexpr std::size_t kRows = tile_rows(T);
  float* const* targets = step.targets + first;
  float* out = step.gradients + first;
  std::size_t r = 0;
  for (; r + kRows <= step.row_count; r += kRows) {
    product_tile<kRows, T>(step.rows + r, targets, step.dim, out + r * step.stride, step.stride);
  }
  product_rest<kRows - 1, T>(step.rows + r, step.row_count - r, targets, step.dim, out + r * step.stride, step.stride);
}

#define IG_UP_TO_6(f) f<1>, f<2>, f<3>, f<4>, f<5>, f<6>
#if defined(__AVX512F__)
#define IG_GROUPS(f) nullptr, IG_UP_TO_6(f), f<7>, f<8>, f<9>, f<10>, f<11>, f<12>, f<13>, f<14>
#else
#define IG_GROUPS(f) nullptr, IG_UP_TO_6(f)
#endif

using GroupProducts = void (*)(const PairStep&, std::size_t first);
constexpr GroupProducts kProducts[] = {IG_GROUPS(product_group)};

void measure(const PairStep& step) {
  for (std::size_t first = 0; first < step.target_count;) {
    const std::size_t now = next_group(step.target_count - first);
    kProducts[now](step, first);
    first += now;
  }
}

// s -> g. Behind the last target s may be anything; nobody reads g there.
void weigh(const PairStep& step) {
  const Vec one = simd::set1(1.0F);
  const Vec alpha = simd::set1(step.alpha);
  const std::size_t width = (step.target_count + kLanes - 1) / kLanes * kLanes;
  for (std::size_t r = 0; r < step.row_count; ++r) {
    float* g = step.gradients + r * step.stride;
    const float* weights = step.weights + r * step.stride;
    for (std::size_t t = 0; t < width; t += kLanes) {
      const Vec power = simd::exp_of(simd::sub(simd::zero(), simd::load(g + t)));
      const Vec likely = divide(one, simd::add(one, power));
      const Vec wanted = simd::sub(simd::load(step.labels + t), likely);
      simd::store(g + t, simd::mul(simd::mul(alpha, simd::load(weights + t)), wanted));
    }
  }
}

inline void add_to(float* place, Vec gain) { simd::store(place, simd::add(simd::load(place), gain)); }

enum class Into { rows, errors, more_errors, scratch };  // where a row's gain goes

// One column of T targets.
template <std::size_t T, Into kInto>
void update_column(const PairStep& step, std::size_t first, std::size_t c) {
  Vec y[T];
  Vec gain[T];
  for (std::size_t t = 0; t < T; ++t) {
    y[t] = simd::load(step.targets[first + t] + c);
    gain[t] = simd::zero();
  }
  const float* g = step.gradients + first;
  for (std::size_t r = 0; r < step.row_count; ++r, g += step.stride) {
    const Vec x = simd::load(step.rows[r] + c);
    Vec even = kInto == Into::rows          ? x
               : kInto == Into::scratch     ? simd::load(step.scratch + r * kRowFloats)
               : kInto == Into::more_errors ? simd::load(step.errors + r * step.dim + c)
                                            : simd::zero();
    Vec odd = simd::zero();
    for (std::size_t t = 0; t < T; ++t) {
      const Vec factor = simd::set1(g[t]);
      Vec& sum = t % 2 == 0 ? even : odd;
      sum = simd::fma(factor, y[t], sum);
      gain[t] = simd::fma(factor, x, gain[t]);
    }
    float* to = kInto == Into::rows      ? step.rows[r] + c
                : kInto == Into::scratch ? step.scratch + r * kRowFloats
                                         : step.errors + r * step.dim + c;
    simd::store(to, simd::add(even, odd));
  }
  for (std::size_t t = 0; t < T; ++t) {
    if constexpr (kInto == Into::scratch) {
      simd::store(step.scratch + (step.row_count + first + t) * kRowFloats, gain[t]);
    } else {
      add_to(step.targets[first + t] + c, gain[t]);
    }
  }
}

template <std::size_t T>
void update_rows(const PairStep& step) {
  for (std::size_t c = 0; c < step.dim; c += kLanes) update_column<T, Into::rows>(step, 0, c);
}
template <std::size_t T>
void update_errors(const PairStep& step, std::size_t first) {
  for (std::size_t c = 0; c < step.dim; c += kLanes) {
    first == 0 ? update_column<T, Into::errors>(step, first, c) : update_column<T, Into::more_errors>(step, first, c);
  }
}

using WholeUpdate = void (*)(const PairStep&);
using GroupUpdate = void (*)(const PairStep&, std::size_t first);
using ColumnUpdate = void (*)(const PairStep&, std::size_t first, std::size_t c);
template <std::size_t T>
void update_scratch(const PairStep& step, std::size_t first, std::size_t c) {
  update_column<T, Into::scratch>(step, first, c);
}
constexpr WholeUpdate kUpdateRows[] = {IG_GROUPS(update_rows)};
constexpr GroupUpdate kUpdateErrors[] = {IG_GROUPS(update_errors)};
constexpr ColumnUpdate kUpdateScratch[] = {IG_GROUPS(update_scratch)};

// More targets than the registers hold: group by group, all gains collected in scratch until the last has passed.
void update_in_groups(const PairStep& step) {
  for (std::size_t c = 0; c < step.dim; c += kLanes) {
    for (std::size_t r = 0; r < step.row_count; ++r) simd::store(step.scratch + r * kRowFloats, simd::zero());
    for (std::size_t first = 0; first < step.target_count;) {
      const std::size_t now = next_group(step.target_count - first);
      kUpdateScratch[now](step, first, c);
      first += now;
    }
    for (std::size_t r = 0; r < step.row_count; ++r) {
      add_to(step.rows[r] + c, simd::load(step.scratch + r * kRowFloats));
    }
    for (std::size_t t = 0; t < step.target_count; ++t) {
      add_to(step.targets[t] + c, simd::load(step.scratch + (step.row_count + t) * kRowFloats));
    }
  }
}

// With errors the rows stay as they are, so that the groups can go one after another.
void apply(const PairStep& step) {
  if (step.errors != nullptr) {
    for (std::size_t first = 0; first < step.target_count;) {
      const std::size_t now = next_group(step.target_count - first);
      kUpdateErrors[now](step, first);
      first += now;
    }
  } else if (step.target_count > kGroup) {
    update_in_groups(step);
  } else if (step.target_count > 0) {
    kUpdateRows[step.target_count](step);
  }
}

void update(const PairStep& step) {
  weigh(step);
  apply(step);
}

}  // namespace

const PairKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {
    .measure = measure,
    .update = update,
    .apply = apply,
};

}  // namespace isogloss::training
