// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
//
// Unpacking: four lanes of 32 bits side by side, as in Lemire and Boytsov's SIMD-BP128 ("Decoding billions of integers
// per second through vectorization", 2015); one function per width, unrolled by the compiler, so shifts are constants.
// The layout is that of 128-bit registers at every level: 256-bit lanes would halve the instructions but need blocks of
// 256, and a list of 300 documents would waste more than that saves.
#include "index/postings/posting_kernels.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(posting_kernels_, variant)

namespace isogloss::index {
namespace {

using Lanes = std::uint32_t __attribute__((vector_size(16)));

inline Lanes load(const std::uint32_t* p) {
  Lanes x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
inline void store(std::uint32_t* p, Lanes x) { __builtin_memcpy(p, &x, sizeof x); }

// The i-th value of every lane.
template <unsigned kBits>
inline Lanes value_at(const std::uint32_t* packed, unsigned i) {
  constexpr std::uint32_t kMask = kBits == 32 ? ~0U : (1U << kBits) - 1U;
  const unsigned bit = i * kBits;
  const unsigned word = bit / 32;
  const unsigned shift = bit % 32;
  Lanes x = load(packed + 4 * word) >> shift;
  if (shift + kBits > 32) x |= load(packed + 4 * (word + 1)) << (32 - shift);
  return x & kMask;
}

template <unsigned kBits>
void unpack_plain(const std::uint32_t* packed, std::uint32_t, std::uint32_t* values) {
#pragma GCC unroll 32
  for (unsigned i = 0; i < 32; ++i) {
    if constexpr (kBits == 0) {
      store(values + 4 * i, Lanes{0, 0, 0, 0});
    } else {
      store(values + 4 * i, value_at<kBits>(packed, i));
    }
  }
}

// Running sum inside a register, then the last value of the register before.
inline Lanes ascend(Lanes gaps, Lanes before) {
  const Lanes none = {0, 0, 0, 0};
  gaps += Lanes{1, 1, 1, 1};
  gaps += __builtin_shufflevector(none, gaps, 0, 4, 5, 6);
  gaps += __builtin_shufflevector(none, gaps, 0, 0, 4, 5);
  return gaps + __builtin_shufflevector(before, before, 3, 3, 3, 3);
}

template <unsigned kBits>
void unpack_sums(const std::uint32_t* packed, std::uint32_t previous, std::uint32_t* values) {
  Lanes before = {previous, previous, previous, previous};
#pragma GCC unroll 32
  for (unsigned i = 0; i < 32; ++i) {
    Lanes gaps = {0, 0, 0, 0};
    if constexpr (kBits != 0) gaps = value_at<kBits>(packed, i);
    before = ascend(gaps, before);
    store(values + 4 * i, before);
  }
}

using Unpack = void (*)(const std::uint32_t*, std::uint32_t, std::uint32_t*);

#define IG_EIGHT(f, n) f<n>, f<n + 1>, f<n + 2>, f<n + 3>, f<n + 4>, f<n + 5>, f<n + 6>, f<n + 7>
#define IG_ALL_WIDTHS(f) IG_EIGHT(f, 0), IG_EIGHT(f, 8), IG_EIGHT(f, 16), IG_EIGHT(f, 24), f<32>
constexpr Unpack kPlain[33] = {IG_ALL_WIDTHS(unpack_plain)};
constexpr Unpack kSums[33] = {IG_ALL_WIDTHS(unpack_sums)};

void unpack(const std::uint32_t* packed, unsigned bits, std::uint32_t* values) { kPlain[bits](packed, 0, values); }

void unpack_ascending(const std::uint32_t* packed, unsigned bits, std::uint32_t previous, std::uint32_t* values) {
  kSums[bits](packed, previous, values);
}

// To nearest, ties to even, as the vector conversion.
inline std::int32_t score_one(float count, float norm, float factor) {
  const float exact = factor * (count / (count + norm));
#if defined(__AVX2__)
  const std::int32_t whole = _mm_cvtss_si32(_mm_set_ss(exact));
#else
  const std::int32_t whole = static_cast<std::int32_t>(__builtin_lrintf(exact));
#endif
  return whole > 1 ? whole : 1;
}

void score(const std::uint32_t* documents, const std::uint32_t* counts, std::size_t n, const float* norms, float factor,
           std::int32_t* scores) {
  std::size_t i = 0;
#if defined(__AVX512F__)
  const __m512 factors = _mm512_set1_ps(factor);
  for (; i + 16 <= n; i += 16) {
    const __m512 norm = _mm512_i32gather_ps(_mm512_loadu_si512(documents + i), norms, 4);
    const __m512 count = _mm512_cvtepi32_ps(_mm512_loadu_si512(counts + i));
    const __m512 exact = _mm512_mul_ps(factors, _mm512_div_ps(count, _mm512_add_ps(count, norm)));
    _mm512_storeu_si512(scores + i, _mm512_max_epi32(_mm512_cvtps_epi32(exact), _mm512_set1_epi32(1)));
  }
#elif defined(__AVX2__)
  const __m256 factors = _mm256_set1_ps(factor);
  for (; i + 8 <= n; i += 8) {
    const __m256i place = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(documents + i));
    const __m256 norm = _mm256_i32gather_ps(norms, place, 4);
    const __m256 count = _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(counts + i)));
    const __m256 exact = _mm256_mul_ps(factors, _mm256_div_ps(count, _mm256_add_ps(count, norm)));
    const __m256i whole = _mm256_max_epi32(_mm256_cvtps_epi32(exact), _mm256_set1_epi32(1));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(scores + i), whole);
  }
#endif
  for (; i < n; ++i) scores[i] = score_one(static_cast<float>(counts[i]), norms[documents[i]], factor);
}

void score_dense(const std::uint8_t* counts, const float* norms, std::size_t n, float factor, std::int32_t* totals) {
  std::size_t i = 0;
#if defined(__AVX512F__)
  const __m512 factors = _mm512_set1_ps(factor);
  for (; i + 16 <= n; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(counts + i));
    const __mmask16 there = _mm_test_epi8_mask(bytes, bytes);
    const __m512 count = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
    const __m512 exact = _mm512_mul_ps(factors, _mm512_div_ps(count, _mm512_add_ps(count, _mm512_loadu_ps(norms + i))));
    const __m512i whole = _mm512_max_epi32(_mm512_cvtps_epi32(exact), _mm512_set1_epi32(1));
    const __m512i before = _mm512_loadu_si512(totals + i);
    _mm512_storeu_si512(totals + i, _mm512_mask_add_epi32(before, there, before, whole));
  }
#elif defined(__AVX2__)
  const __m256 factors = _mm256_set1_ps(factor);
  for (; i + 8 <= n; i += 8) {
    const __m256i whole_count = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(counts + i)));
    const __m256i absent = _mm256_cmpeq_epi32(whole_count, _mm256_setzero_si256());
    const __m256 count = _mm256_cvtepi32_ps(whole_count);
    const __m256 exact = _mm256_mul_ps(factors, _mm256_div_ps(count, _mm256_add_ps(count, _mm256_loadu_ps(norms + i))));
    const __m256i whole = _mm256_max_epi32(_mm256_cvtps_epi32(exact), _mm256_set1_epi32(1));
    __m256i* place = reinterpret_cast<__m256i*>(totals + i);
    _mm256_storeu_si256(place, _mm256_add_epi32(_mm256_loadu_si256(place), _mm256_andnot_si256(absent, whole)));
  }
#endif
  for (; i < n; ++i) {
    if (counts[i] != 0) totals[i] += score_one(static_cast<float>(counts[i]), norms[i], factor);
  }
}

std::size_t find_at_least(const std::int32_t* totals, std::size_t begin, std::size_t n, std::int32_t limit) {
  std::size_t i = begin;
#if defined(__AVX512F__)
  const __m512i least = _mm512_set1_epi32(limit);
  for (; i + 16 <= n; i += 16) {
    const __mmask16 found = _mm512_cmpge_epi32_mask(_mm512_loadu_si512(totals + i), least);
    if (found != 0) return i + static_cast<std::size_t>(__builtin_ctz(found));
  }
#elif defined(__AVX2__)
  const __m256i below = _mm256_set1_epi32(limit - 1);
  for (; i + 8 <= n; i += 8) {
    const __m256i above = _mm256_cmpgt_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(totals + i)), below);
    const int found = _mm256_movemask_ps(_mm256_castsi256_ps(above));
    if (found != 0) return i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(found)));
  }
#endif
  for (; i < n; ++i) {
    if (totals[i] >= limit) return i;
  }
  return n;
}

std::size_t count_at_least(const std::int32_t* totals, std::size_t n, std::int32_t limit) {
  std::int32_t count = 0;  // as wide as the totals, for the vectoriser; n is a window's size
  for (std::size_t i = 0; i < n; ++i) count += totals[i] >= limit;
  return static_cast<std::size_t>(count);
}

}  // namespace

extern const PostingKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

const PostingKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {
    .unpack = unpack,
    .unpack_ascending = unpack_ascending,
    .score = score,
    .score_dense = score_dense,
    .find_at_least = find_at_least,
    .count_at_least = count_at_least,
};

}  // namespace isogloss::index
