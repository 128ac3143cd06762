// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
//
// Sixteen rows lie side by side, four dimensions of each in one register: a row's sum grows in its own lane and no sum
// over lanes is needed. With VNNI a step is one instruction a query, its four bytes broadcast from memory; without it
// even and odd bytes are multiplied as 16 bits, two instructions more each.
#include "vectors/word_scan_kernels.hpp"

#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(scan_kernels_, variant)

namespace isogloss::vectors {

extern const ScanKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

namespace {

// The sixteen sums of one block and query.
#if defined(__AVX512VNNI__)

struct Sums {
  __m512i v = _mm512_setzero_si512();
  // As text: with the intrinsic g++ 12 moves sums about. 3,000,000 x 300, 32 queries, ms a query: 3.0 so, 3.9 with the
  // intrinsic; 5.0 with two blocks at a time, 4.8 with 16 queries.
  void step(const std::uint8_t* codes, const std::int32_t* word) {
    const __m512i bytes = _mm512_loadu_si512(codes);
    asm("vpdpbusd %[word]%{1to16%}, %[bytes], %[sum]" : [sum] "+v"(v) : [bytes] "v"(bytes), [word] "m"(*word));
  }
};
inline void finish(const Sums& sums, const ScanQuery& q, const float* factors, const float* errors, float* out) {
  const __m512 whole = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums.v, _mm512_set1_epi32(q.offset)));
  const __m512 factor = _mm512_mul_ps(_mm512_loadu_ps(factors), _mm512_set1_ps(q.scale));
  const __m512 error = _mm512_loadu_ps(errors);
  const __m512 width =
      _mm512_add_ps(_mm512_add_ps(error, _mm512_set1_ps(q.error)), _mm512_mul_ps(error, _mm512_set1_ps(q.error)));
  _mm512_storeu_ps(out, _mm512_fmadd_ps(whole, factor, width));
}

#elif defined(__AVX2__)

struct Sums {
  __m256i low = _mm256_setzero_si256();   // rows 0 to 7
  __m256i high = _mm256_setzero_si256();  // rows 8 to 15
  void step(const std::uint8_t* codes, const std::int32_t* word) {
    const __m256i q = _mm256_set1_epi32(*word);
    const __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(q, 8), 8);
    const __m256i odd = _mm256_srai_epi16(q, 8);
    const __m256i mask = _mm256_set1_epi16(0xFF);
    const auto add = [&](__m256i sum, const std::uint8_t* from) {
      const __m256i bytes = _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(from)));
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_and_si256(bytes, mask), even));
      return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_srli_epi16(bytes, 8), odd));
    };
    low = add(low, codes);
    high = add(high, codes + 32);
  }
};
inline void finish(const Sums& sums, const ScanQuery& q, const float* factors, const float* errors, float* out) {
  const __m256 one = _mm256_set1_ps(q.error);
  for (int half = 0; half < 2; ++half) {
    const __m256i sum = half == 0 ? sums.low : sums.high;
    const __m256 whole = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, _mm256_set1_epi32(q.offset)));
    const __m256 factor = _mm256_mul_ps(_mm256_loadu_ps(factors + 8 * half), _mm256_set1_ps(q.scale));
    const __m256 error = _mm256_loadu_ps(errors + 8 * half);
    const __m256 width = _mm256_add_ps(_mm256_add_ps(error, one), _mm256_mul_ps(error, one));
    _mm256_storeu_ps(out + 8 * half, _mm256_fmadd_ps(whole, factor, width));
  }
}

#else

struct Sums {
  std::int32_t v[kScanRows] = {};
  void step(const std::uint8_t* codes, const std::int32_t* word) {
    std::int8_t q[4];
    std::memcpy(q, word, 4);
    for (std::size_t r = 0; r < kScanRows; ++r) {
      for (std::size_t k = 0; k < 4; ++k) v[r] += static_cast<std::int32_t>(codes[4 * r + k]) * q[k];
    }
  }
};
inline void finish(const Sums& sums, const ScanQuery& q, const float* factors, const float* errors, float* out) {
  for (std::size_t r = 0; r < kScanRows; ++r) {
    const float width = errors[r] + q.error + errors[r] * q.error;
    out[r] = static_cast<float>(sums.v[r] - q.offset) * (factors[r] * q.scale) + width;
  }
}

#endif

template <std::size_t Q>
void scan_queries(const ScanRows& rows, const ScanQuery* queries, float* uppers, std::size_t stride) {
  const std::size_t block_bytes = rows.steps * kScanRows * 4;
  const std::int32_t* words[Q];
  for (std::size_t q = 0; q < Q; ++q) words[q] = queries[q].words;
  for (std::size_t b = 0; b < rows.blocks; ++b) {
    const std::uint8_t* codes = rows.codes + b * block_bytes;
    Sums sums[Q];
    for (std::size_t s = 0; s < rows.steps; ++s, codes += kScanRows * 4) {
      // The bytes of the blocks to come: the hardware's own prefetch stops at every 4 KiB.
      if constexpr (Q == 1) __builtin_prefetch(codes + 4096);
#pragma GCC unroll 16
      for (std::size_t q = 0; q < Q; ++q) sums[q].step(codes, words[q] + s);
    }
#pragma GCC unroll 16
    for (std::size_t q = 0; q < Q; ++q) {
      finish(sums[q], queries[q], rows.factors + b * kScanRows, rows.errors + b * kScanRows,
             uppers + q * stride + b * kScanRows);
    }
  }
}

void scan(const ScanRows& rows, const ScanQuery* queries, std::size_t count, float* uppers, std::size_t stride) {
  while (count >= kScanQueries) {
    scan_queries<kScanQueries>(rows, queries, uppers, stride);
    queries += kScanQueries;
    uppers += kScanQueries * stride;
    count -= kScanQueries;
  }
  for (; count > 0; --count, ++queries, uppers += stride) scan_queries<1>(rows, queries, uppers, stride);
}

}  // namespace

const ScanKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {.scan = scan};

}  // namespace isogloss::vectors
