// SPDX-License-Identifier: Apache-2.0
#include "math/narrow.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/assert.hpp"
#include "simd/kernels.hpp"

namespace isogloss::math {
namespace {

// Through an aligned block, since files promise no alignment.
void widen(std::span<const std::byte> bytes, std::span<float> out,
           void (*kernel)(const std::uint16_t*, float*, std::size_t)) {
  IG_ASSERT(bytes.size() == 2 * out.size());
  constexpr std::size_t kBlock = 4096;
  std::uint16_t block[kBlock];
  for (std::size_t i = 0; i < out.size(); i += kBlock) {
    const std::size_t count = std::min(kBlock, out.size() - i);
    std::memcpy(block, bytes.data() + 2 * i, 2 * count);
    kernel(block, out.data() + i, count);
  }
}

std::uint16_t bf16_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);  // stays NaN
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

// Adding a power of two moves the last bit of a half to the last bit of a float, which rounds it as wanted.
std::uint16_t f16_of(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto sign = static_cast<std::uint16_t>(bits >> 16U & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return sign | 0x7E00U;
  if (magnitude >= 0x477FF000U) return sign | 0x7C00U;  // 65520 and more
  if (magnitude < 0x38800000U) {                        // below 2^-14: no hidden bit, steps of 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U));
  }
  const std::uint32_t rounded = magnitude + 0xFFFU + (magnitude >> 13U & 1U);
  return static_cast<std::uint16_t>(sign | ((rounded - 0x38000000U) >> 13U));
}

void narrow(std::span<const float> values, std::span<std::byte> out, std::uint16_t (*of)(float)) {
  IG_ASSERT(out.size() == 2 * values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t x = of(values[i]);
    std::memcpy(out.data() + 2 * i, &x, 2);
  }
}

}  // namespace

void narrow_bf16(std::span<const float> values, std::span<std::byte> out) { narrow(values, out, bf16_of); }

bool narrow_f16(std::span<const float> values, std::span<std::byte> out) {
  narrow(values, out, f16_of);
  return std::ranges::none_of(values, [](float x) { return std::abs(x) >= 65520 && std::isfinite(x); });
}

void widen_bf16(std::span<const std::byte> bytes, std::span<float> out) {
  widen(bytes, out, simd::kernels().bf16_to_f32);
}
void widen_f16(std::span<const std::byte> bytes, std::span<float> out) {
  widen(bytes, out, simd::kernels().f16_to_f32);
}

}  // namespace isogloss::math
