// SPDX-License-Identifier: Apache-2.0
// The exponential function of a register. Included by kernel files only.
#pragma once

#include "simd/vec_inl.hpp"

namespace isogloss::simd {
namespace {

// exp(x) for x in [-87.33, 88.37] within 2 ulp; 0 below, and the value at the end above.
// x = n ln 2 + r, |r| <= ln(2)/2 (n by adding and taking away 1.5 * 2^23, which rounds to whole numbers); e^r by the
// polynomial of Cephes' expf (Moshier 1989), degree 5 after 1 + r; ln 2 in two parts, the first exact in 9 bits.
inline Vec exp_of(Vec x) {
  const Vec lowest = set1(-87.33F);
  const Vec highest = set1(88.37F);
  const Vec bounded = sub(zero(), max(sub(zero(), highest), sub(zero(), max(x, lowest))));
  const Vec shifter = set1(12582912.0F);
  const Vec n = sub(fma(bounded, set1(1.44269504F), shifter), shifter);
  Vec r = fma(n, set1(-0.693359375F), bounded);
  r = fma(n, set1(2.12194440e-4F), r);
  Vec p = set1(1.9875691500e-4F);
  p = fma(p, r, set1(1.3981999507e-3F));
  p = fma(p, r, set1(8.3334519073e-3F));
  p = fma(p, r, set1(4.1665795894e-2F));
  p = fma(p, r, set1(1.6666665459e-1F));
  p = fma(p, r, set1(5.0000001201e-1F));
  p = add(fma(p, mul(r, r), r), set1(1.0F));
  return keep_above(lowest, x, mul(p, power_of_two(n)));
}

}  // namespace
}  // namespace isogloss::simd
