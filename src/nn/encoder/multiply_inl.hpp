// SPDX-License-Identifier: Apache-2.0
// Rows times packed panels (kernels.hpp), with the activation, the residual and the narrowing done on the registers.
//
// A tile is up to kMostRows rows x one panel of two registers: 24 accumulators with 512 bits, and per step 2 loads of
// the panel and 12 broadcasts for 24 multiply-adds. Rows are shared evenly among tiles (16 = 8 + 8, not 12 + 4), since
// a tile with few rows has too few independent sums to keep the multipliers busy.
#pragma once

#include "nn/encoder/activation_inl.hpp"

namespace isogloss::nn {
namespace {

constexpr std::size_t kPanelVecs = 2;
constexpr std::size_t kPanelColumns = kPanelVecs * kLanes;
constexpr std::size_t kMostRows = kLanes == 16 ? 12 : kLanes == 8 ? 6 : 4;

inline void store_narrow(std::uint16_t* p, Vec x) {
#if defined(__AVX512BF16__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x.v)));
#else
  store_bf16(p, x);
#endif
}

// Rows are reached from every third one, so that four pointers and one stride serve twelve rows.
template <std::size_t kRows>
struct RowPointers {
  static constexpr std::size_t kGroups = (kRows + 2) / 3;
  const std::byte* group[kGroups];
  std::size_t stride;  // bytes

  RowPointers(const void* first, std::size_t stride_bytes) : stride(stride_bytes) {
    for (std::size_t g = 0; g < kGroups; ++g) group[g] = static_cast<const std::byte*>(first) + 3 * g * stride;
  }
  // Four bytes of row r, `at` bytes from its start.
  std::uint32_t word(std::size_t r, std::size_t at) const {
    std::uint32_t x;
    __builtin_memcpy(&x, group[r / 3] + r % 3 * stride + at, sizeof x);
    return x;
  }
};

// --- f32: one value a step.
struct StepF32 {
  using Sum = Vec;
  static constexpr std::size_t kValues = 1;
  static Sum start() { return zero(); }
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    const auto* columns = static_cast<const float*>(static_cast<const void*>(b));
    Vec column[kPanelVecs];
    for (std::size_t v = 0; v < kPanelVecs; ++v) column[v] = load(columns + v * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Vec value = set1(bits_to_float(a.word(r, at)));
      for (std::size_t v = 0; v < kPanelVecs; ++v) sum[r][v] = fma(value, column[v], sum[r][v]);
    }
  }
};

// --- bf16: a pair a step.
struct StepBf16 {
  using Sum = Vec;
  static constexpr std::size_t kValues = 2;
  static Sum start() { return zero(); }
#if defined(__AVX512BF16__)
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    __m512bh column[kPanelVecs];
    for (std::size_t v = 0; v < kPanelVecs; ++v) column[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + 64 * v));
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto value = reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(a.word(r, at))));
      for (std::size_t v = 0; v < kPanelVecs; ++v) sum[r][v].v = _mm512_dpbf16_ps(sum[r][v].v, value, column[v]);
    }
  }
#else
  // Without the instruction: the pair is two f32 steps.
  static Vec low_half(const std::byte* b) {
    float x[kLanes];
    for (std::size_t l = 0; l < kLanes; ++l) {
      std::uint32_t pair;
      __builtin_memcpy(&pair, b + 4 * l, sizeof pair);
      x[l] = bits_to_float(pair << 16);
    }
    return load(x);
  }
  static Vec high_half(const std::byte* b) {
    float x[kLanes];
    for (std::size_t l = 0; l < kLanes; ++l) {
      std::uint32_t pair;
      __builtin_memcpy(&pair, b + 4 * l, sizeof pair);
      x[l] = bits_to_float(pair & 0xffff0000U);
    }
    return load(x);
  }
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    Vec low[kPanelVecs];
    Vec high[kPanelVecs];
    for (std::size_t v = 0; v < kPanelVecs; ++v) {
      low[v] = low_half(b + 4 * kLanes * v);
      high[v] = high_half(b + 4 * kLanes * v);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::uint32_t pair = a.word(r, at);
      const Vec first_value = set1(bits_to_float(pair << 16));
      const Vec second_value = set1(bits_to_float(pair & 0xffff0000U));
      for (std::size_t v = 0; v < kPanelVecs; ++v) {
        sum[r][v] = fma(second_value, high[v], fma(first_value, low[v], sum[r][v]));
      }
    }
  }
#endif
};

// --- int8: four u8 times four s8 a step, exact.
#if defined(__AVX512F__)
using Whole = __m512i;
inline Whole whole_zero() { return _mm512_setzero_si512(); }
inline Vec to_float(Whole x) { return {_mm512_cvtepi32_ps(x)}; }
inline Whole load_whole(const std::int32_t* p) { return _mm512_loadu_si512(p); }
inline Whole minus_product(Whole x, std::int32_t a, Whole b) {
  return _mm512_sub_epi32(x, _mm512_mullo_epi32(_mm512_set1_epi32(a), b));
}
#elif defined(__AVX2__)
using Whole = __m256i;
inline Whole whole_zero() { return _mm256_setzero_si256(); }
inline Vec to_float(Whole x) { return {_mm256_cvtepi32_ps(x)}; }
inline Whole load_whole(const std::int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
inline Whole minus_product(Whole x, std::int32_t a, Whole b) {
  return _mm256_sub_epi32(x, _mm256_mullo_epi32(_mm256_set1_epi32(a), b));
}
#else
struct Whole {
  std::int32_t x[kLanes];
};
inline Whole whole_zero() { return {}; }
inline Vec to_float(Whole x) {
  Vec y = zero();
  for (std::size_t l = 0; l < kLanes; ++l) y.v[l] = static_cast<float>(x.x[l]);
  return y;
}
inline Whole load_whole(const std::int32_t* p) {
  Whole x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
inline Whole minus_product(Whole x, std::int32_t a, Whole b) {
  for (std::size_t l = 0; l < kLanes; ++l) x.x[l] -= a * b.x[l];
  return x;
}
#endif

struct StepInt8 {
  using Sum = Whole;
  static constexpr std::size_t kValues = 4;
  static Sum start() { return whole_zero(); }

#if defined(__AVX512VNNI__)
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    Whole column[kPanelVecs];
    for (std::size_t v = 0; v < kPanelVecs; ++v) column[v] = _mm512_loadu_si512(b + 64 * v);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Whole value = _mm512_set1_epi32(static_cast<int>(a.word(r, at)));
      for (std::size_t v = 0; v < kPanelVecs; ++v) {
        // g++ 12 keeps the sums of _mm512_dpbusd_epi32 in memory (a third of the rate), and those of an asm whose
        // operand is an element of an array.
        Whole total = sum[r][v];
        __asm__("vpdpbusd %2, %1, %0" : "+v"(total) : "v"(value), "v"(column[v]));
        sum[r][v] = total;
      }
    }
  }
#elif defined(__AVX2__)
  // Bytes become 16-bit numbers, even and odd ones apart: sums of two products of u8 and s8 do not fit 16 bits.
#if defined(__AVX512F__)
  static Whole even_unsigned(Whole x) { return _mm512_and_si512(x, _mm512_set1_epi16(0xff)); }
  static Whole odd_unsigned(Whole x) { return _mm512_srli_epi16(x, 8); }
  static Whole even_signed(Whole x) { return _mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8); }
  static Whole odd_signed(Whole x) { return _mm512_srai_epi16(x, 8); }
  static Whole add_products(Whole sum, Whole x, Whole y) { return _mm512_add_epi32(sum, _mm512_madd_epi16(x, y)); }
  static Whole spread(std::uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
  static Whole load_bytes(const std::byte* b) { return _mm512_loadu_si512(b); }
#else
  static Whole even_unsigned(Whole x) { return _mm256_and_si256(x, _mm256_set1_epi16(0xff)); }
  static Whole odd_unsigned(Whole x) { return _mm256_srli_epi16(x, 8); }
  static Whole even_signed(Whole x) { return _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8); }
  static Whole odd_signed(Whole x) { return _mm256_srai_epi16(x, 8); }
  static Whole add_products(Whole sum, Whole x, Whole y) { return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y)); }
  static Whole spread(std::uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
  static Whole load_bytes(const std::byte* b) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)); }
#endif
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    Whole even[kPanelVecs];
    Whole odd[kPanelVecs];
    for (std::size_t v = 0; v < kPanelVecs; ++v) {
      const Whole bytes = load_bytes(b + 4 * kLanes * v);
      even[v] = even_signed(bytes);
      odd[v] = odd_signed(bytes);
    }
    for (std::size_t r = 0; r < kRows; ++r) {
      const Whole value = spread(a.word(r, at));
      const Whole even_value = even_unsigned(value);
      const Whole odd_value = odd_unsigned(value);
      for (std::size_t v = 0; v < kPanelVecs; ++v) {
        sum[r][v] = add_products(add_products(sum[r][v], even_value, even[v]), odd_value, odd[v]);
      }
    }
  }
#else
  template <std::size_t kRows>
  static void take(const RowPointers<kRows>& a, std::size_t at, const std::byte* b, Sum (&sum)[kRows][kPanelVecs]) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::uint32_t word = a.word(r, at);
      for (std::size_t c = 0; c < kPanelColumns; ++c) {
        std::int32_t total = 0;
        for (std::size_t i = 0; i < 4; ++i) {
          total += static_cast<std::int32_t>(word >> (8 * i) & 0xffU) * static_cast<std::int8_t>(b[4 * c + i]);
        }
        sum[r][c / kLanes].x[c % kLanes] += total;
      }
    }
  }
#endif
};

// The sums of a tile, row r of the tile being row `row` + r of the product, as f32.
template <std::size_t kRows>
inline void to_values(const Vec (&sum)[kRows][kPanelVecs], const QuantizedRows*, const QuantizedPanels*, std::size_t,
                      std::size_t, Vec (&value)[kRows][kPanelVecs]) {
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kPanelVecs; ++v) value[r][v] = sum[r][v];
  }
}
// sum_k s (q - z) w c = s c (sum_k q w - z sum_k w)
template <std::size_t kRows>
inline void to_values(const Whole (&sum)[kRows][kPanelVecs], const QuantizedRows* rows, const QuantizedPanels* panels,
                      std::size_t row, std::size_t column, Vec (&value)[kRows][kPanelVecs]) {
  for (std::size_t v = 0; v < kPanelVecs; ++v) {
    const Whole sums = load_whole(panels->sums + column + v * kLanes);
    const Vec scale = load(panels->scale + column + v * kLanes);
    for (std::size_t r = 0; r < kRows; ++r) {
      const Whole exact = minus_product(sum[r][v], rows->zero[row + r], sums);
      value[r][v] = mul(to_float(exact), mul(scale, set1(rows->scale[row + r])));
    }
  }
}

inline void write(const Destination& to, std::size_t row, std::size_t column, Vec x) {
  if (to.residual != nullptr) x = add(x, load(to.residual + row * to.residual_stride + column));
  if (to.f32 != nullptr) {
    store(to.f32 + row * to.stride + column, x);
  } else {
    store_narrow(to.bf16 + row * to.stride + column, x);
  }
}

template <std::size_t kRows>
inline void finish(Vec (&value)[kRows][kPanelVecs], const Destination& to, std::size_t row, std::size_t panel) {
  const std::size_t column = panel * kPanelColumns;
  if (to.bias != nullptr) {
    for (std::size_t v = 0; v < kPanelVecs; ++v) {
      const Vec bias = load(to.bias + column + v * kLanes);
      for (std::size_t r = 0; r < kRows; ++r) value[r][v] = add(value[r][v], bias);
    }
  }
  if (to.gated) {
    for (std::size_t r = 0; r < kRows; ++r) {
      write(to, row + r, panel * kLanes, mul(apply(to.activation, value[r][0]), value[r][1]));
    }
    return;
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kPanelVecs; ++v) {
      write(to, row + r, column + v * kLanes, apply(to.activation, value[r][v]));
    }
  }
}

// Left rows, panels and destination of one product; `rows` and `panels` point to the scales of int8.
struct Product {
  const std::byte* a = nullptr;
  std::size_t a_stride = 0;  // bytes
  const std::byte* b = nullptr;
  std::size_t depth = 0;
  const QuantizedRows* quantized_rows = nullptr;
  const QuantizedPanels* quantized_panels = nullptr;
  const Destination* to = nullptr;
};

template <class Step, std::size_t kRows>
void tile(const Product& p, std::size_t row, std::size_t panel) {
  typename Step::Sum sum[kRows][kPanelVecs];
  for (std::size_t r = 0; r < kRows; ++r) {
    for (std::size_t v = 0; v < kPanelVecs; ++v) sum[r][v] = Step::start();
  }
  const std::size_t steps = p.depth / Step::kValues;
  RowPointers<kRows> rows(p.a + row * p.a_stride, p.a_stride);
  const std::byte* b = p.b + panel * steps * 4 * kPanelColumns;
  for (std::size_t k = 0; k < steps; ++k, b += 4 * kPanelColumns) {
    Step::template take<kRows>(rows, 0, b, sum);
    for (const std::byte*& group : rows.group) group += 4;
  }
  Vec value[kRows][kPanelVecs];
  to_values<kRows>(sum, p.quantized_rows, p.quantized_panels, row, panel * kPanelColumns, value);
  finish<kRows>(value, *p.to, row, panel);
}

using Tile = void (*)(const Product&, std::size_t row, std::size_t panel);

template <class Step>
constexpr Tile kTiles[12] = {
    tile<Step, 1>, tile<Step, 2>, tile<Step, 3>, tile<Step, 4>,
#if defined(__AVX2__)
    tile<Step, 5>, tile<Step, 6>,
#endif
#if defined(__AVX512F__)
    tile<Step, 7>, tile<Step, 8>, tile<Step, 9>, tile<Step, 10>, tile<Step, 11>, tile<Step, 12>,
#endif
};

// Panel by panel, so that a panel stays in the first cache while the rows go by.
template <class Step>
void multiply(const Product& p, std::size_t rows, PanelRange range) {
  if (rows == 0) return;
  const std::size_t tiles = (rows + kMostRows - 1) / kMostRows;
  const std::size_t least = rows / tiles;
  const std::size_t longer = rows % tiles;  // tiles with one row more
  for (std::size_t panel = range.first; panel < range.last; ++panel) {
    std::size_t row = 0;
    for (std::size_t t = 0; t < tiles; ++t) {
      const std::size_t count = least + (t < longer ? 1 : 0);
      kTiles<Step>[count - 1](p, row, panel);
      row += count;
    }
  }
}

inline const std::byte* bytes(const void* p) { return static_cast<const std::byte*>(p); }

void multiply_f32(const float* a, std::size_t stride, std::size_t rows, const float* panels, std::size_t depth,
                  PanelRange range, const Destination& to) {
  multiply<StepF32>({bytes(a), stride * sizeof *a, bytes(panels), depth, nullptr, nullptr, &to}, rows, range);
}

void multiply_bf16(const std::uint16_t* a, std::size_t stride, std::size_t rows, const std::uint16_t* panels,
                   std::size_t depth, PanelRange range, const Destination& to) {
  multiply<StepBf16>({bytes(a), stride * sizeof *a, bytes(panels), depth, nullptr, nullptr, &to}, rows, range);
}

void multiply_int8(const QuantizedRows& a, std::size_t rows, const QuantizedPanels& panels, std::size_t depth,
                   PanelRange range, const Destination& to) {
  multiply<StepInt8>({bytes(a.values), a.stride, bytes(panels.values), depth, &a, &panels, &to}, rows, range);
}

}  // namespace
}  // namespace isogloss::nn
