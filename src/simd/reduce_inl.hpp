// SPDX-License-Identifier: Apache-2.0
// Sums over vectors: dot products, distances, and the same of one query against many rows.
//
// Every sum runs in 64 lanes, whatever a register holds: lane l adds up the elements l, l + 64, l + 128 ... in this
// order, each by a fused multiplication and addition, then lanes l and l + 32 join, l and l + 16, ... 8, 4, 2, 1. So
// sums have the same bits at every level, and so have indexes that are built from them. The registers of the 64 lanes
// are independent chains (4 with AVX-512, 8 with AVX2), which hide the latency of the additions. Products rounded by
// themselves would spare the scalar level the making of fused ones and take as long elsewhere, but for vectors with a
// dead column: products of 1e-37 by 1e-36 are subnormal, and each costs 25 ns (MiniLM has such a column).
//
// Many rows are one stream read from the first byte to the last, which is what the hardware's prefetch is built for:
// 35 GB/s of 39 (one core of Zen 5, 384 dimensions, 64-byte aligned). Four rows side by side share the loads of the
// query but are four streams: 23-29 GB/s, and slower from the caches too. Asking for lines ahead in software costs f32
// (31) and helps rows of two bytes (37 against 34), whose loads leave the memory waiting; picked rows need it.
#pragma once

#include "simd/vec_inl.hpp"

namespace isogloss::simd {
namespace {

constexpr std::size_t kChains = 64 / kLanes;
constexpr std::size_t kAhead = 16;  // rows fetched before they are needed

struct Multiply {
  static Vec step(Vec a, Vec b, Vec sum) { return fused(a, b, sum); }
};
struct SquareDifference {
  static Vec step(Vec a, Vec b, Vec sum) {
    const Vec difference = sub(a, b);
    return fused(difference, difference, sum);
  }
};

// Chains c, c + step, c + 2 step ... in the order of their lanes (above).
template <std::size_t step>
inline Vec joined(const Vec* chain) {
  if constexpr (step == kChains) {
    return chain[0];
  } else {
    return add(joined<2 * step>(chain), joined<2 * step>(chain + step));
  }
}
inline float join(const Vec* chain) { return sum_of(joined<1>(chain)); }

// The loads of a row stay in the order of its bytes: g++ 12 moves them about, and the prefetcher then takes the row for
// something else than a stream (28 GB/s instead of 36).
inline void keep_order() { __asm__ volatile("" ::: "memory"); }

// What is left after the last full round, register by register. A recursion, because a loop is unrolled too late for
// the chains to stay in registers.
template <class Step, std::size_t c = 0, class A, class B>
inline void add_rest(const A* a, const B* row, std::size_t n, Vec* chain) {
  if constexpr (c < kChains) {
    if (n >= kLanes) {
      chain[c] = Step::step(load(a), load(row), chain[c]);
      add_rest<Step, c + 1>(a + kLanes, row + kLanes, n - kLanes, chain);
    } else if (n > 0) {
      chain[c] = Step::step(load_partial(a, n), load_partial(row, n), chain[c]);
    }
  }
}

// sum over i of Step(a[i], row[i]). a (n), row (n), next = a row to fetch meanwhile, or null.
template <class Step, class A, class B>
inline float reduce(const A* a, const B* row, const B* next, std::size_t n) {
  Vec chain[kChains];
  for (Vec& one : chain) one = zero();
  std::size_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (std::size_t c = 0; c < kChains; ++c) {
      const std::size_t j = i + c * kLanes;
      if (next != nullptr && c * kLanes * sizeof(B) % 64 == 0) __builtin_prefetch(next + j);
      chain[c] = Step::step(load(a + j), load(row + j), chain[c]);
      keep_order();
    }
  }
  add_rest<Step>(a + i, row + i, n - i, chain);
  return join(chain);
}

template <class Step>
float reduce_pair(const float* a, const float* b, std::size_t n) {
  return reduce<Step, float, float>(a, b, nullptr, n);
}

inline std::size_t row_number(const std::uint32_t* picks, std::size_t i) { return picks != nullptr ? picks[i] : i; }

// The row kAhead after row i, or row i itself near the end; null when it is better not to ask.
template <class T>
inline const T* row_ahead(const T* rows, std::size_t stride, const std::uint32_t* picks, std::size_t i,
                          std::size_t count) {
  if (picks == nullptr && sizeof(T) == 4) return nullptr;
  return rows + stride * row_number(picks, i + kAhead < count ? i + kAhead : i);
}

template <class Step, class B>
void reduce_rows(const float* query, const B* rows, std::size_t stride, const std::uint32_t* picks, std::size_t count,
                 std::size_t n, float* out) {
  for (std::size_t i = 0; i < count; ++i) {
    const B* next = row_ahead(rows, stride, picks, i, count);
    out[i] = reduce<Step>(query, rows + stride * row_number(picks, i), next, n);
  }
}

struct CosineSums {
  Vec dot, norm_a, norm_b;
};
inline void cosine_step(CosineSums& sums, Vec x, Vec y) {
  sums.dot = fma(x, y, sums.dot);
  sums.norm_a = fma(x, x, sums.norm_a);
  sums.norm_b = fma(y, y, sums.norm_b);
}

CosineParts cosine_parts(const float* a, const float* b, std::size_t n) {
  CosineSums even{zero(), zero(), zero()};
  CosineSums odd = even;
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    cosine_step(even, load(a + i), load(b + i));
    cosine_step(odd, load(a + i + kLanes), load(b + i + kLanes));
  }
  for (; i < n; i += kLanes) {
    const std::size_t left = n - i < kLanes ? n - i : kLanes;
    cosine_step(even, load_partial(a + i, left), load_partial(b + i, left));
  }
  return {sum_of(add(even.dot, odd.dot)), sum_of(add(even.norm_a, odd.norm_a)), sum_of(add(even.norm_b, odd.norm_b))};
}

float sum(const float* x, std::size_t n) {
  Vec chain[kChains];
  for (Vec& one : chain) one = zero();
  std::size_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (std::size_t c = 0; c < kChains; ++c) chain[c] = add(chain[c], load(x + i + c * kLanes));
  }
  for (std::size_t c = 0; c < kChains; ++c, i += kLanes) {
    if (i < n) chain[c] = add(chain[c], i + kLanes <= n ? load(x + i) : load_partial(x + i, n - i));
  }
  return join(chain);
}

float sum_of_squares(const float* x, std::size_t n) { return reduce_pair<Multiply>(x, x, n); }

float max(const float* x, std::size_t n) {
  float best = -__builtin_inff();
  std::size_t i = 0;
  if (n >= kLanes) {
    Vec lanes = load(x);
    for (i = kLanes; i + kLanes <= n; i += kLanes) lanes = max(lanes, load(x + i));
    best = max_of(lanes);
  }
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

float max_abs(const float* x, std::size_t n) {
  Vec lanes = zero();
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) lanes = max(lanes, abs(load(x + i)));
  if (i < n) lanes = max(lanes, abs(load_partial(x + i, n - i)));
  return max_of(lanes);
}

// kVecs registers of the output at a time, in the order of the entries.
template <std::size_t kVecs, class T>
inline void gather_columns(const float* values, const std::uint32_t* columns, std::size_t count, const T* x,
                           std::size_t stride, float* out) {
  Vec total[kVecs];
  for (std::size_t v = 0; v < kVecs; ++v) total[v] = zero();
  for (std::size_t i = 0; i < count; ++i) {
    const Vec value = set1(values[i]);
    const T* row = x + columns[i] * stride;
    for (std::size_t v = 0; v < kVecs; ++v) total[v] = fma(value, load(row + v * kLanes), total[v]);
  }
  for (std::size_t v = 0; v < kVecs; ++v) store(out + v * kLanes, total[v]);
}

template <class T>
void gather_sum(const float* values, const std::uint32_t* columns, std::size_t count, const T* x, std::size_t stride,
                std::size_t width, float* out) {
  std::size_t j = 0;
  for (; j + 4 * kLanes <= width; j += 4 * kLanes) gather_columns<4>(values, columns, count, x + j, stride, out + j);
  for (; j + kLanes <= width; j += kLanes) gather_columns<1>(values, columns, count, x + j, stride, out + j);
  if (j == width) return;
  Vec total = zero();
  for (std::size_t i = 0; i < count; ++i) {
    total = fma(set1(values[i]), load_partial(x + columns[i] * stride + j, width - j), total);
  }
  store_partial(out + j, total, width - j);
}

// Without a branch, so that the compiler counts several codes at once; deciding by the first half of a code where it
// can took 1.4 times as long.
std::size_t near_codes(const std::uint64_t* code, const std::uint64_t* codes, std::size_t count, unsigned most,
                       std::uint32_t* out) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t* other = codes + 4 * i;
    const int bits = __builtin_popcountll(code[0] ^ other[0]) + __builtin_popcountll(code[1] ^ other[1]) +
                     __builtin_popcountll(code[2] ^ other[2]) + __builtin_popcountll(code[3] ^ other[3]);
    out[found] = static_cast<std::uint32_t>(i);
    found += static_cast<unsigned>(bits) <= most ? 1 : 0;
  }
  return found;
}

std::size_t count_bits(const std::uint64_t* words, std::size_t n) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < n; ++i) total += static_cast<std::size_t>(__builtin_popcountll(words[i]));
  return total;
}

std::size_t find_at_least(const float* x, std::size_t n, float limit) {
  const Vec least = set1(limit);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    if (any_at_least(load(x + i), least)) break;
  }
  for (; i < n; ++i) {
    if (x[i] >= limit) return i;
  }
  return n;
}

std::size_t find_reaching(const float* x, const float* limits, std::size_t begin, std::size_t n) {
  std::size_t i = begin;
  for (; i + kLanes <= n; i += kLanes) {
    if (any_at_least(load(x + i), load(limits + i))) break;
  }
  for (; i < n; ++i) {
    if (x[i] >= limits[i]) return i;
  }
  return n;
}

}  // namespace
}  // namespace isogloss::simd
