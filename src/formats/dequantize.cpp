// SPDX-License-Identifier: Apache-2.0
// A block holds a scale as a half, and one small integer per element. Types of 32 elements ("legacy"):
//
//   Q8_0  d, 32 signed bytes                          x = d q
//   Q4_0  d, 16 bytes of two nibbles                  x = d (q - 8)       low nibbles are elements 0..15, high
//   ones 16..31 Q4_1  d, m, 16 bytes of two nibbles               x = d q + m Q5_0  d, 32 fifth bits, 16 bytes of two
//   nibbles   x = d (q - 16) Q5_1  d, m, 32 fifth bits, 16 bytes               x = d q + m
//
// Types of 256 elements ("K"): scales of runs of elements are integers themselves.
//
//   Q4_K  d, m, 12 bytes with 8 scales and 8 minima of six bits, 128 bytes of two nibbles   x = d s q - m t
//   Q5_K  the same with 32 bytes of fifth bits in front of the nibbles
//   Q6_K  128 bytes of low nibbles, 64 of two high bits, 16 signed scales, d                x = d s (q - 32)
//
// Weights are read once per model and packed then, so plain loops do.
#include "formats/dequantize.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "core/assert.hpp"

namespace isogloss::formats {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::size_t kSuperBlock = 256;

using Bytes = const std::uint8_t*;

template <class T>
T load(Bytes from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

// IEEE half to float; halves below 2^-14 have no hidden bit.
float half_at(Bytes from) {
  const auto bits = load<std::uint16_t>(from);
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16U;
  const std::uint32_t exponent = bits >> 10U & 31U;
  const std::uint32_t fraction = bits & 1023U;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 255U : exponent + 112U;
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

void read_f32(Bytes from, float* out) { *out = load<float>(from); }
void read_f16(Bytes from, float* out) { *out = half_at(from); }
void read_bf16(Bytes from, float* out) {
  *out = std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(from)) << 16U);
}

void read_q8_0(Bytes from, float* out) {
  const float d = half_at(from);
  for (std::size_t i = 0; i < kBlock; ++i) out[i] = static_cast<float>(static_cast<std::int8_t>(from[2 + i])) * d;
}

// Element i and element i + 16 of a legacy block: nibbles of byte i, with a fifth bit each from `high`.
template <class Value>
void read_nibbles(Bytes nibbles, std::uint32_t high, Value value, float* out) {
  for (std::size_t i = 0; i < kBlock / 2; ++i) {
    out[i] = value((nibbles[i] & 15U) | (high >> i & 1U) << 4U);
    out[i + kBlock / 2] = value(static_cast<std::uint32_t>(nibbles[i] >> 4U) | (high >> (i + 16) & 1U) << 4U);
  }
}

void read_q4_0(Bytes from, float* out) {
  const float d = half_at(from);
  read_nibbles(from + 2, 0, [d](std::uint32_t q) { return d * static_cast<float>(static_cast<int>(q) - 8); }, out);
}

void read_q4_1(Bytes from, float* out) {
  const float d = half_at(from);
  const float m = half_at(from + 2);
  read_nibbles(from + 4, 0, [d, m](std::uint32_t q) { return d * static_cast<float>(q) + m; }, out);
}

void read_q5_0(Bytes from, float* out) {
  const float d = half_at(from);
  const auto value = [d](std::uint32_t q) { return d * static_cast<float>(static_cast<int>(q) - 16); };
  read_nibbles(from + 6, load<std::uint32_t>(from + 2), value, out);
}

void read_q5_1(Bytes from, float* out) {
  const float d = half_at(from);
  const float m = half_at(from + 2);
  const auto value = [d, m](std::uint32_t q) { return d * static_cast<float>(q) + m; };
  read_nibbles(from + 8, load<std::uint32_t>(from + 4), value, out);
}

// Scale and minimum of run `i` of 0..7: six bits each, the last four runs in pieces.
struct ScaleAndMinimum {
  std::uint32_t scale, minimum;
};
ScaleAndMinimum scale_of(Bytes packed, std::size_t i) {
  if (i < 4) return {packed[i] & 63U, packed[i + 4] & 63U};
  const std::uint32_t last = packed[i + 4];
  return {(last & 15U) | (packed[i - 4] >> 6U) << 4U, last >> 4U | (packed[i] >> 6U) << 4U};
}

// Runs of 32 elements: byte k of the j-th 32 bytes has elements of runs 2 j (low nibble) and 2 j + 1. `fifth`: bit
// `run` of byte k; null = none.
void read_runs(Bytes head, Bytes fifth, Bytes nibbles, float* out) {
  const float d = half_at(head);
  const float m = half_at(head + 2);
  for (std::size_t run = 0; run < 8; ++run) {
    const auto [scale, minimum] = scale_of(head + 4, run);
    const float step = d * static_cast<float>(scale);
    const float shift = m * static_cast<float>(minimum);
    const Bytes from = nibbles + run / 2 * kBlock;
    for (std::size_t k = 0; k < kBlock; ++k) {
      std::uint32_t q = run % 2 == 0 ? from[k] & 15U : static_cast<std::uint32_t>(from[k] >> 4U);
      if (fifth != nullptr) q |= (fifth[k] >> run & 1U) << 4U;
      out[run * kBlock + k] = step * static_cast<float>(q) - shift;
    }
  }
}

void read_q4_k(Bytes from, float* out) { read_runs(from, nullptr, from + 16, out); }
void read_q5_k(Bytes from, float* out) { read_runs(from, from + 16, from + 48, out); }

// Two halves of 128 elements. Of each, byte k of 64 low bytes has elements k (low nibble) and k + 64; byte k of 32 high
// bytes has two bits of elements k, k + 32, k + 64 and k + 96. A scale goes with 16 elements.
void read_q6_k(Bytes from, float* out) {
  const float d = half_at(from + 208);
  for (std::size_t half = 0; half < 2; ++half) {
    const Bytes low = from + half * 64;
    const Bytes high = from + 128 + half * 32;
    const Bytes scales = from + 192 + half * 8;
    for (std::size_t i = 0; i < 128; ++i) {
      const std::uint32_t nibble = i < 64 ? low[i] & 15U : static_cast<std::uint32_t>(low[i - 64] >> 4U);
      const std::uint32_t q = nibble | (high[i % 32] >> (i / 32 * 2) & 3U) << 4U;
      const float step = d * static_cast<float>(static_cast<std::int8_t>(scales[i / 16]));
      out[half * 128 + i] = step * static_cast<float>(static_cast<int>(q) - 32);
    }
  }
}

struct Reader {
  std::uint32_t number;  // GgmlType::number
  void (*read)(Bytes from, float* out);
};
constexpr Reader kReaders[] = {{0, read_f32},   {1, read_f16},   {30, read_bf16}, {2, read_q4_0},
                               {3, read_q4_1},  {6, read_q5_0},  {7, read_q5_1},  {8, read_q8_0},
                               {12, read_q4_k}, {13, read_q5_k}, {14, read_q6_k}};

const Reader* reader_of(const GgmlType& type) {
  for (const Reader& reader : kReaders) {
    if (reader.number == type.number) return &reader;
  }
  return nullptr;
}

}  // namespace

bool can_dequantize(const GgmlType& type) { return reader_of(type) != nullptr; }

std::string dequantized_types() {
  std::string out;
  for (const Reader& reader : kReaders) out += (out.empty() ? "" : ", ") + std::string(ggml_type(reader.number)->name);
  return out;
}

void dequantize(const GgmlType& type, std::span<const std::byte> bytes, std::span<float> out) {
  static_assert(kSuperBlock == 8 * kBlock);
  const Reader* const reader = reader_of(type);
  IG_ASSERT(reader != nullptr && out.size() % type.block_elements == 0 &&
            out.size() / type.block_elements == bytes.size() / type.block_bytes);
  const auto* from = static_cast<Bytes>(static_cast<const void*>(bytes.data()));
  for (std::size_t at = 0; at < out.size(); at += type.block_elements, from += type.block_bytes) {
    reader->read(from, out.data() + at);
  }
}

}  // namespace isogloss::formats
