// SPDX-License-Identifier: Apache-2.0
// For a table of kernels that was compiled once per instruction set (isogloss_kernels in CMake).
#pragma once

#include "simd/kernels.hpp"

// Defines `const Table& name(simd::Level)` and `const Table& name()`, that of the level simd::kernels() chose, over the
// objects name_scalar, name_avx2 ... in the namespace it stands in.
#define IG_KERNEL_CHOICE(Table, name)                                                            \
  extern const Table name##_scalar;                                                              \
  extern const Table name##_avx2;                                                                \
  extern const Table name##_avx512;                                                              \
  extern const Table name##_avx512_bf16;                                                         \
  const Table& name(simd::Level level) {                                                         \
    return simd::table_of(level, name##_scalar, name##_avx2, name##_avx512, name##_avx512_bf16); \
  }                                                                                              \
  const Table& name() {                                                                          \
    static const Table& table = name(simd::active_level());                                      \
    return table;                                                                                \
  }
