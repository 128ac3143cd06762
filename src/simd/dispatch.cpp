// SPDX-License-Identifier: Apache-2.0
// Which table of kernels runs.
//
// A level counts as available when the CPU names every feature its flags allow the compiler to use (by the bits
// themselves: a CPU with BF16 need not have FP16, and a model number says nothing) and the operating system saves the
// registers: XCR0 bits 1-2 for the 256-bit ones, 5-7 for the 512-bit ones and the masks. Bits: Intel SDM vol. 2,
// CPUID leaf 1 and leaf 7.
#include <cpuid.h>

#include <array>
#include <cstdlib>

#include "core/assert.hpp"
#include "simd/kernels.hpp"

namespace isogloss::simd {

extern const Kernels kernels_scalar;
extern const Kernels kernels_avx2;
extern const Kernels kernels_avx512;
extern const Kernels kernels_avx512_bf16;

namespace {

constexpr std::array<std::string_view, 4> kNames = {"scalar", "avx2", "avx512", "avx512_bf16"};
constexpr std::array<Level, 4> kLevels = {Level::scalar, Level::avx2, Level::avx512, Level::avx512_bf16};

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

Registers cpuid(unsigned leaf, unsigned part) {
  Registers r;
  if (__get_cpuid_count(leaf, part, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

bool has_bits(unsigned value, std::initializer_list<unsigned> bits) {
  for (const unsigned bit : bits) {
    if ((value >> bit & 1U) == 0) return false;
  }
  return true;
}

std::size_t count_levels() {
  const Registers one = cpuid(1, 0);
  if (!has_bits(one.ecx, {27})) return 1;  // no OSXSAVE: nothing beyond SSE
  unsigned saved;
  unsigned upper;
  __asm__("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
  const Registers seven = cpuid(7, 0);
  const Registers seven_one = cpuid(7, 1);
  const bool avx2 = has_bits(saved, {1, 2}) && has_bits(one.ecx, {12 /* FMA */, 23 /* POPCNT */, 28, 29 /* F16C */}) &&
                    has_bits(seven.ebx, {3 /* BMI1 */, 5, 8 /* BMI2 */});
  if (!avx2) return 1;
  const bool avx512 = has_bits(saved, {5, 6, 7}) && has_bits(seven.ebx, {16, 17 /* DQ */, 28 /* CD */, 30, 31});
  if (!avx512) return 2;
  const bool bf16 = has_bits(seven.ecx, {1 /* VBMI */, 11 /* VNNI */, 14 /* VPOPCNTDQ */}) && has_bits(seven_one.eax, {5});
  return bf16 ? 4 : 3;
}

Choice choose() {
  const std::span<const Level> levels = available_levels();
  const char* wanted = std::getenv("ISOGLOSS_SIMD");
  if (wanted == nullptr || *wanted == '\0') return {levels.back(), {}, true};
  for (const Level level : levels) {
    if (level_name(level) == wanted) return {level, level_name(level), true};
  }
  return {levels.back(), wanted, false};
}

}  // namespace

std::string_view level_name(Level level) { return kNames[static_cast<std::size_t>(level)]; }

std::span<const Level> available_levels() {
  static const std::size_t count = count_levels();
  return std::span(kLevels).first(count);
}

const Choice& choice() {
  static const Choice made = choose();
  return made;
}

Level active_level() { return choice().active; }

const Kernels& kernels(Level level) {
  IG_ASSERT(static_cast<std::size_t>(level) < available_levels().size());
  return table_of(level, kernels_scalar, kernels_avx2, kernels_avx512, kernels_avx512_bf16);
}

const Kernels& kernels() {
  static const Kernels& table = kernels(active_level());
  return table;
}

}  // namespace isogloss::simd
