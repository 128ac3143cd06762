// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set (see simd/kernel_table.cpp for the rules of such files).
//
// One step of 24 dimensions and 64 rows, AVX-512 with VBMI: three loads, five instructions that put the six top bits
// together, four look-ups (VPERMB, the table as its memory operand), six additions, together 18 for 64 rows. Sums of
// four groups fit a byte (kMostInGroup), so bytes are widened to 16 bits once a step: `all` adds the bytes in pairs as
// they are, `odd` their upper halves. At most kSpan steps fit 16 bits; then they go to 32.
//
// Instead of this: AND and VPOPCNTQ with four bit planes of the query take 9 instructions a row of 384 dimensions,
// look-ups of four bits 6.8, these 4.5.
#include "index/scan/code_kernels.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define IG_JOIN_NAMES(a, b) a##b
#define IG_TABLE_NAME(variant) IG_JOIN_NAMES(code_kernels_, variant)

namespace isogloss::index {

extern const CodeKernels IG_TABLE_NAME(IG_KERNEL_VARIANT);

namespace {

// What only the instruction sets with VPERMB use.
[[maybe_unused]] constexpr std::size_t kSpan = 256;  // steps of at most 252 each

// As lane_of() of the header, whose inline functions must not be emitted here.
[[maybe_unused]] constexpr std::size_t lane(std::size_t row) { return row < 32 ? 2 * row : 2 * (row - 32) + 1; }
[[maybe_unused]] constexpr std::size_t dim_of_bit(std::size_t byte, std::size_t bit) {
  return bit < 6 ? 6 * byte + bit : 18 + 2 * byte + (bit - 6);
}

// Lane i of 16 holds x[i] + x[i ^ h] or, where i has the bit h, x[i ^ h] - x[i].
using Floats = float __attribute__((vector_size(64)));

template <int h>
inline void butterfly(Floats& x) {
  Floats sign;
  for (int i = 0; i < 16; ++i) sign[i] = (i & h) != 0 ? -1.0F : 1.0F;
  x = __builtin_shufflevector(x, x, 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h, 8 ^ h, 9 ^ h, 10 ^ h,
                              11 ^ h, 12 ^ h, 13 ^ h, 14 ^ h, 15 ^ h) +
      x * sign;
}

void hadamard(float* x, std::size_t n, float scale) {
  Floats v[8];
  const std::size_t count = n / 16;
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_memcpy(&v[i], x + 16 * i, sizeof v[i]);
    butterfly<1>(v[i]);
    butterfly<2>(v[i]);
    butterfly<4>(v[i]);
    butterfly<8>(v[i]);
  }
  for (std::size_t h = 1; h < count; h *= 2) {
    for (std::size_t i = 0; i < count; ++i) {
      if ((i & h) != 0) continue;
      const Floats a = v[i];
      v[i] = a + v[i + h];
      v[i + h] = a - v[i + h];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    v[i] *= scale;
    __builtin_memcpy(x + 16 * i, &v[i], sizeof v[i]);
  }
}

#if defined(__AVX512VBMI__)

// Tables of six bits: (steps, 4 groups, 64).
std::size_t table_bytes(std::size_t steps) { return steps * 4 * 64; }

void make_tables(const std::int8_t* q, std::size_t steps, void* tables) {
  auto* to = static_cast<std::uint8_t*>(tables);
  static constexpr std::uint64_t kBits[6] = {0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
                                             0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000};
  for (std::size_t g = 0; g < steps * 4; ++g, q += 6, to += 64) {
    int least = 0;
    for (std::size_t t = 0; t < 6; ++t) least += q[t] < 0 ? q[t] : 0;
    __m512i sums = _mm512_set1_epi8(static_cast<char>(-least));
    for (std::size_t t = 0; t < 6; ++t) {
      sums = _mm512_mask_add_epi8(sums, kBits[t], sums, _mm512_set1_epi8(q[t]));
    }
    _mm512_storeu_si512(to, sums);
  }
}

struct Sums {
  __m512i all = _mm512_setzero_si512();  // of 16-bit lanes: even byte + 256 * odd byte
  __m512i odd = _mm512_setzero_si512();
};
inline void add_steps(Sums& sums, const std::uint8_t* codes, const void* tables, std::size_t first, std::size_t count) {
  const auto* table = static_cast<const std::uint8_t*>(tables) + first * 256;
  const __m512i two = _mm512_set1_epi8(0x03);
  const __m512i four = _mm512_set1_epi8(0x0F);
  codes += first * 192;
  for (std::size_t s = 0; s < count; ++s, codes += 192, table += 256) {
    const __m512i a = _mm512_loadu_si512(codes);
    const __m512i b = _mm512_loadu_si512(codes + 64);
    const __m512i c = _mm512_loadu_si512(codes + 128);
    // Selects, bit by bit: 0xCA = mask ? second : third.
    const __m512i ab = _mm512_ternarylogic_epi64(two, _mm512_srli_epi16(a, 6), _mm512_srli_epi16(b, 4), 0xCA);
    const __m512i abc = _mm512_ternarylogic_epi64(four, ab, _mm512_srli_epi16(c, 2), 0xCA);
    const __m512i left = _mm512_add_epi8(_mm512_permutexvar_epi8(a, _mm512_load_si512(table)),
                                         _mm512_permutexvar_epi8(b, _mm512_load_si512(table + 64)));
    const __m512i right = _mm512_add_epi8(_mm512_permutexvar_epi8(c, _mm512_load_si512(table + 128)),
                                          _mm512_permutexvar_epi8(abc, _mm512_load_si512(table + 192)));
    const __m512i sum = _mm512_add_epi8(left, right);
    sums.all = _mm512_add_epi16(sums.all, sum);
    sums.odd = _mm512_add_epi16(sums.odd, _mm512_srli_epi16(sum, 8));
  }
}

#elif defined(__AVX2__)

// Tables of four bits: (steps, 3 bytes, lower and upper half, 16).
std::size_t table_bytes(std::size_t steps) { return steps * 3 * 32; }

void make_tables(const std::int8_t* q, std::size_t steps, void* tables) {
  auto* to = static_cast<std::uint8_t*>(tables);
  for (std::size_t s = 0; s < steps; ++s, q += kStepDims) {
    for (std::size_t half = 0; half < 6; ++half, to += 16) {
      int values[4];
      int least = 0;
      for (std::size_t t = 0; t < 4; ++t) {
        values[t] = q[dim_of_bit(half / 2, half % 2 * 4 + t)];
        least += values[t] < 0 ? values[t] : 0;
      }
      for (std::size_t code = 0; code < 16; ++code) {
        int sum = -least;
        for (std::size_t t = 0; t < 4; ++t) sum += (code >> t & 1) != 0 ? values[t] : 0;
        to[code] = static_cast<std::uint8_t>(sum);
      }
    }
  }
}

#if defined(__AVX512BW__)

struct Sums {
  __m512i all = _mm512_setzero_si512();
  __m512i odd = _mm512_setzero_si512();
};
inline void add_steps(Sums& sums, const std::uint8_t* codes, const void* tables, std::size_t first, std::size_t count) {
  const auto* table = static_cast<const std::uint8_t*>(tables) + first * 96;
  const __m512i four = _mm512_set1_epi8(0x0F);
  codes += first * 192;
  const auto entry = [](const std::uint8_t* from) {
    return _mm512_broadcast_i32x4(_mm_load_si128(static_cast<const __m128i*>(static_cast<const void*>(from))));
  };
  for (std::size_t b = 0; b < 3 * count; ++b, codes += 64, table += 32) {
    const __m512i bits = _mm512_loadu_si512(codes);
    const __m512i low = _mm512_shuffle_epi8(entry(table), _mm512_and_si512(bits, four));
    const __m512i high = _mm512_shuffle_epi8(entry(table + 16), _mm512_and_si512(_mm512_srli_epi16(bits, 4), four));
    const __m512i sum = _mm512_add_epi8(low, high);  // at most 189
    sums.all = _mm512_add_epi16(sums.all, sum);
    sums.odd = _mm512_add_epi16(sums.odd, _mm512_srli_epi16(sum, 8));
  }
}

#else

struct Sums {
  __m256i all[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  __m256i odd[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
};
inline void add_steps(Sums& sums, const std::uint8_t* codes, const void* tables, std::size_t first, std::size_t count) {
  const auto* table = static_cast<const std::uint8_t*>(tables) + first * 96;
  const __m256i four = _mm256_set1_epi8(0x0F);
  codes += first * 192;
  const auto entry = [](const std::uint8_t* from) {
    return _mm256_broadcastsi128_si256(_mm_load_si128(static_cast<const __m128i*>(static_cast<const void*>(from))));
  };
  for (std::size_t b = 0; b < 3 * count; ++b, codes += 64, table += 32) {
    const __m256i low_table = entry(table);
    const __m256i high_table = entry(table + 16);
    for (std::size_t half = 0; half < 2; ++half) {
      const __m256i bits = _mm256_loadu_si256(static_cast<const __m256i*>(static_cast<const void*>(codes + 32 * half)));
      const __m256i low = _mm256_shuffle_epi8(low_table, _mm256_and_si256(bits, four));
      const __m256i high = _mm256_shuffle_epi8(high_table, _mm256_and_si256(_mm256_srli_epi16(bits, 4), four));
      const __m256i sum = _mm256_add_epi8(low, high);
      sums.all[half] = _mm256_add_epi16(sums.all[half], sum);
      sums.odd[half] = _mm256_add_epi16(sums.odd[half], _mm256_srli_epi16(sum, 8));
    }
  }
}

#endif
#else

// Tables of a byte: (steps, 3, 256) of 16 bits.
std::size_t table_bytes(std::size_t steps) { return steps * 3 * 256 * sizeof(std::uint16_t); }

void make_tables(const std::int8_t* q, std::size_t steps, void* tables) {
  auto* to = static_cast<std::uint16_t*>(tables);
  for (std::size_t s = 0; s < steps; ++s, q += kStepDims) {
    for (std::size_t byte = 0; byte < 3; ++byte, to += 256) {
      int least = 0;
      for (std::size_t t = 0; t < 8; ++t) least += q[dim_of_bit(byte, t)] < 0 ? q[dim_of_bit(byte, t)] : 0;
      to[0] = static_cast<std::uint16_t>(-least);
      for (std::size_t code = 1; code < 256; ++code) {
        const auto lowest = static_cast<std::size_t>(__builtin_ctzll(code));
        to[code] = static_cast<std::uint16_t>(to[code & (code - 1)] + q[dim_of_bit(byte, lowest)]);
      }
    }
  }
}

#endif

#if defined(__AVX512BW__)

// The sums of 16-bit lanes as 4 x 16 of 32 bits, added up, in the order of the rows.
inline void widen(const Sums& sums, __m512i (&total)[4]) {
  const __m512i even = _mm512_sub_epi16(sums.all, _mm512_slli_epi16(sums.odd, 8));
  const auto half = [](__m512i x, int upper) {
    return _mm512_cvtepu16_epi32(upper != 0 ? _mm512_extracti64x4_epi64(x, 1) : _mm512_castsi512_si256(x));
  };
  total[0] = _mm512_add_epi32(total[0], half(even, 0));
  total[1] = _mm512_add_epi32(total[1], half(even, 1));
  total[2] = _mm512_add_epi32(total[2], half(sums.odd, 0));
  total[3] = _mm512_add_epi32(total[3], half(sums.odd, 1));
}

std::size_t scan(const CodeBlocks& in, const CodeQuery& query, float limit, float* keys, std::uint32_t* rows) {
  std::size_t found = 0;
  const __m512 scale = _mm512_set1_ps(query.scale);
  const __m512 offset = _mm512_set1_ps(query.offset);
  const __m512 shift = _mm512_set1_ps(query.shift);
  const __m512 least = _mm512_set1_ps(limit);
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const std::size_t block_size = in.steps * 192;
  for (std::size_t block = 0; block < in.blocks; ++block) {
    const std::uint64_t live = in.live[block];
    if (live == 0) continue;
    const std::uint8_t* codes = in.codes + block * block_size;
    __m512i total[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    for (std::size_t first = 0; first < in.steps; first += kSpan) {
      Sums sums;
      add_steps(sums, codes, query.tables, first, in.steps - first < kSpan ? in.steps - first : kSpan);
      widen(sums, total);
    }
    const std::size_t at = block * kBlockRows;
    for (std::size_t part = 0; part < 4; ++part) {
      const __m512 sum = _mm512_cvtepi32_ps(total[part]);
      const __m512 whole = _mm512_add_ps(_mm512_mul_ps(scale, sum), offset);
      const __m512 scaled = _mm512_mul_ps(_mm512_loadu_ps(in.factors + at + 16 * part), whole);
      const __m512 key = _mm512_add_ps(_mm512_add_ps(scaled, _mm512_loadu_ps(in.adds + at + 16 * part)), shift);
      const auto mask = static_cast<__mmask16>(_mm512_cmp_ps_mask(key, least, _CMP_GE_OQ) & (live >> (16 * part)));
      if (mask == 0) continue;
      const __m512i numbers = _mm512_add_epi32(lanes, _mm512_set1_epi32(static_cast<int>(at + 16 * part)));
      // Compressed in the register: to memory the instruction is microcode on Zen 4.
      _mm512_storeu_ps(keys + found, _mm512_maskz_compress_ps(mask, key));
      _mm512_storeu_si512(rows + found, _mm512_maskz_compress_epi32(mask, numbers));
      found += static_cast<std::size_t>(__builtin_popcount(mask));
    }
  }
  return found;
}

#else

inline void block_sums(const CodeBlocks& in, std::size_t block, const void* tables, std::uint32_t (&total)[64]) {
  const std::uint8_t* codes = in.codes + block * in.steps * 192;
  for (std::uint32_t& sum : total) sum = 0;
#if defined(__AVX2__)
  for (std::size_t first = 0; first < in.steps; first += kSpan) {
    Sums sums;
    add_steps(sums, codes, tables, first, in.steps - first < kSpan ? in.steps - first : kSpan);
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint16_t all[16], odd[16];
      __builtin_memcpy(all, &sums.all[half], sizeof all);
      __builtin_memcpy(odd, &sums.odd[half], sizeof odd);
      for (std::size_t j = 0; j < 16; ++j) {
        total[16 * half + j] += static_cast<std::uint16_t>(all[j] - (odd[j] << 8));
        total[32 + 16 * half + j] += odd[j];
      }
    }
  }
#else
  const auto* table = static_cast<const std::uint16_t*>(tables);
  for (std::size_t b = 0; b < 3 * in.steps; ++b, codes += kBlockRows, table += 256) {
    for (std::size_t row = 0; row < kBlockRows; ++row) total[row] += table[codes[lane(row)]];
  }
#endif
}

std::size_t scan(const CodeBlocks& in, const CodeQuery& query, float limit, float* keys, std::uint32_t* rows) {
  std::size_t found = 0;
  for (std::size_t block = 0; block < in.blocks; ++block) {
    const std::uint64_t live = in.live[block];
    if (live == 0) continue;
    std::uint32_t total[64];
    block_sums(in, block, query.tables, total);
    const float* factors = in.factors + block * kBlockRows;
    const float* adds = in.adds + block * kBlockRows;
    float all[64];
    for (std::size_t row = 0; row < kBlockRows; ++row) {
      const float whole = query.scale * static_cast<float>(static_cast<std::int32_t>(total[row])) + query.offset;
      all[row] = (factors[row] * whole + adds[row]) + query.shift;
    }
    for (std::size_t row = 0; row < kBlockRows; ++row) {
      keys[found] = all[row];
      rows[found] = static_cast<std::uint32_t>(block * kBlockRows + row);
      found += static_cast<std::size_t>(all[row] >= limit) & (live >> row & 1);
    }
  }
  return found;
}

#endif

void bits_of_rows(const std::uint64_t* mask, std::uint32_t bound, const std::uint32_t* rows, std::size_t count,
                  std::uint64_t* out) {
  std::size_t i = 0;
#if defined(__AVX512BW__)
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(bound));
  const __m512i one = _mm512_set1_epi32(1), low = _mm512_set1_epi32(31);
  for (; i < count; i += 16) {
    const std::size_t left = count - i;
    const auto inside = static_cast<__mmask16>(left >= 16 ? 0xFFFFU : (1U << left) - 1U);
    const __m512i row = _mm512_maskz_loadu_epi32(inside, rows + i);
    const __mmask16 valid = _mm512_mask_cmplt_epu32_mask(inside, row, limit);
    const __m512i word = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), valid, _mm512_srli_epi32(row, 5), mask, 4);
    const __m512i bit = _mm512_sllv_epi32(one, _mm512_and_si512(row, low));
    const std::uint64_t bits = _mm512_mask_test_epi32_mask(valid, word, bit);
    if (i % 64 == 0) out[i / 64] = 0;
    out[i / 64] |= bits << (i % 64);
  }
#else
  for (; i < count; ++i) {
    if (i % 64 == 0) out[i / 64] = 0;
    const std::uint32_t row = rows[i];
    const std::uint64_t bit = row < bound ? mask[row / 64] >> (row % 64) & 1U : 0U;
    out[i / 64] |= bit << (i % 64);
  }
#endif
}

}  // namespace

const CodeKernels IG_TABLE_NAME(IG_KERNEL_VARIANT) = {.hadamard = hadamard,
                                                      .table_bytes = table_bytes,
                                                      .make_tables = make_tables,
                                                      .scan = scan,
                                                      .bits_of_rows = bits_of_rows};

}  // namespace isogloss::index
