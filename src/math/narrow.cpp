// SPDX-License-Identifier: Apache-2.0
#include "math/narrow.hpp"

#include <algorithm>
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

}  // namespace

void widen_bf16(std::span<const std::byte> bytes, std::span<float> out) {
  widen(bytes, out, simd::kernels().bf16_to_f32);
}
void widen_f16(std::span<const std::byte> bytes, std::span<float> out) {
  widen(bytes, out, simd::kernels().f16_to_f32);
}

}  // namespace isogloss::math
