// SPDX-License-Identifier: Apache-2.0
#include "index/scan/code_kernels.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.hpp"
#include "index/scan/rotation.hpp"
#include "math/matrix.hpp"
#include "math/vector.hpp"

namespace isogloss::index {
namespace {

struct Found {
  std::vector<float> keys;
  std::vector<std::uint32_t> rows;
  friend bool operator==(const Found&, const Found&) = default;
};

// Blocks with bits, factors 1 and adds 0.
struct Blocks {
  std::vector<std::uint8_t> codes;
  std::vector<float> factors, adds;
  std::vector<std::uint64_t> live;
  CodeBlocks view;
  Blocks(std::size_t blocks, std::size_t steps)
      : codes(blocks * block_bytes(steps * kStepDims)),
        factors(blocks * kBlockRows, 1.0F),
        adds(blocks * kBlockRows, 0.0F),
        live(blocks, ~0ULL) {
    view = {codes.data(), factors.data(), adds.data(), live.data(), blocks, steps};
  }
  void set(std::size_t row, std::size_t dim) {
    const std::size_t block = row / kBlockRows * block_bytes(view.steps * kStepDims);
    codes[block + code_byte(row % kBlockRows, dim)] |= static_cast<std::uint8_t>(1U << bit_of(dim % kStepDims));
  }
};

Found scan_at(simd::Level level, const Blocks& blocks, const std::vector<std::int8_t>& q, CodeQuery query,
              float limit) {
  const CodeKernels& kernels = code_kernels(level);
  math::AlignedVector<std::uint8_t> tables(kernels.table_bytes(blocks.view.steps));
  kernels.make_tables(q.data(), blocks.view.steps, tables.data());
  query.tables = tables.data();
  Found found{std::vector<float>(blocks.factors.size() + 16), std::vector<std::uint32_t>(blocks.factors.size() + 16)};
  const std::size_t count = kernels.scan(blocks.view, query, limit, found.keys.data(), found.rows.data());
  found.keys.resize(count);
  found.rows.resize(count);
  return found;
}

// Query 5, -3 in dimensions 0 and 19; the least sum is -3, so sums count from there. Row 2 has both bits, row 40 the
// first, row 63 the second, the others none.
TEST(CodeKernels, SumTheQueryAtTheSetBitsByHand) {
  Blocks blocks(1, 1);
  blocks.set(2, 0), blocks.set(2, 19), blocks.set(40, 0), blocks.set(63, 19);
  std::vector<std::int8_t> q(kStepDims);
  q[0] = 5, q[19] = -3;
  for (const simd::Level level : simd::available_levels()) {
    const Found found = scan_at(level, blocks, q, {nullptr, 1.0F, -3.0F, 0.0F}, -100.0F);
    ASSERT_EQ(found.rows.size(), 64U);
    EXPECT_EQ(found.keys[2], 2.0F);
    EXPECT_EQ(found.keys[40], 5.0F);
    EXPECT_EQ(found.keys[63], -3.0F);
    EXPECT_EQ(found.keys[5], 0.0F);
    EXPECT_EQ(scan_at(level, blocks, q, {nullptr, 1.0F, -3.0F, 0.0F}, 2.0F).rows, (std::vector<std::uint32_t>{2, 40}));
  }
}

TEST(CodeKernels, EveryLevelFindsTheSameRowsWithTheSameKeys) {
  Random random(7);
  for (const std::size_t steps : {1U, 3U, 16U, 300U, 2731U}) {
    Blocks blocks(3, steps);
    for (std::uint8_t& code : blocks.codes) code = static_cast<std::uint8_t>(random.next());
    for (float& factor : blocks.factors) factor = static_cast<float>(random.uniform(0.5, 2.0));
    for (float& add : blocks.adds) add = static_cast<float>(random.uniform(-1.0, 1.0));
    blocks.live = {random.next(), 0, random.next() | 1};
    blocks.view.live = blocks.live.data();
    std::vector<std::int8_t> q(steps * kStepDims);
    for (std::size_t d = 0; d < q.size(); ++d) q[d] = static_cast<std::int8_t>(random.bounded(21)) - 10;
    q[0] = 63, q[1] = q[2] = q[3] = q[4] = q[5] = 0;
    const CodeQuery query{nullptr, 0.25F, -1.5F, 0.125F};
    const Found all = scan_at(simd::Level::scalar, blocks, q, query, std::numeric_limits<float>::lowest());
    EXPECT_EQ(all.rows.size(), static_cast<std::size_t>(std::popcount(blocks.live[0]) + std::popcount(blocks.live[2])));
    const float middle = all.keys[all.keys.size() / 2];
    for (const simd::Level level : simd::available_levels()) {
      EXPECT_EQ(scan_at(level, blocks, q, query, std::numeric_limits<float>::lowest()), all);
      EXPECT_EQ(scan_at(level, blocks, q, query, middle), scan_at(simd::Level::scalar, blocks, q, query, middle));
    }
  }
}

TEST(CodeKernels, HadamardTransformsOneColumnIntoSignsOfEqualSize) {
  for (const simd::Level level : simd::available_levels()) {
    std::vector<float> x(64, 0.0F);
    x[3] = 2;  // column 3: + - - +, over and over
    code_kernels(level).hadamard(x.data(), 64, 0.5F);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(x[i], (std::popcount(i & 3) & 1) != 0 ? -1.0F : 1.0F);
  }
}

TEST(Rotation, KeepsLengthsAndAnglesAndSpreadsEveryColumn) {
  Random random(3);
  for (const std::size_t dim : {1U, 2U, 24U, 72U, 100U, 128U, 300U, 384U, 1000U, 4096U, 65536U}) {
    const Rotation rotation(dim);
    EXPECT_EQ(rotation.width() % kStepDims, 0U);
    std::vector<float> a(dim), b(dim), spike(dim);
    for (float& x : a) x = static_cast<float>(random.normal());
    for (float& x : b) x = static_cast<float>(random.normal());
    spike[dim / 2] = 1;
    std::vector<float> pa(rotation.width()), pb(rotation.width()), ps(rotation.width());
    rotation.apply(a, pa), rotation.apply(b, pb), rotation.apply(spike, ps);
    const float size = static_cast<float>(dim);
    EXPECT_NEAR(math::dot(pa, pb) / size, math::dot(a, b) / size, 1e-5F) << dim;
    EXPECT_NEAR(math::squared_length(pa) / size, math::squared_length(a) / size, 1e-5F) << dim;
    EXPECT_LT(math::largest_magnitude(ps), 6 / std::sqrt(static_cast<float>(rotation.width()))) << dim;
  }
}

TEST(CodeKernels, BitsOfRowsLookRowsUpInAMask) {
  Random random(3);
  std::vector<std::uint64_t> mask(5);
  for (std::uint64_t& word : mask) word = random.next();
  std::vector<std::uint32_t> rows;
  for (const simd::Level level : simd::available_levels()) {
    rows.clear();
    for (std::size_t count = 0; count < 150; ++count) {
      std::vector<std::uint64_t> out((count + 63) / 64, ~0ULL);
      code_kernels(level).bits_of_rows(mask.data(), 300, rows.data(), count, out.data());
      for (std::size_t i = 0; i < out.size() * 64; ++i) {
        const bool wanted = i < count && rows[i] < 300 && (mask[rows[i] / 64] >> (rows[i] % 64) & 1) != 0;
        ASSERT_EQ((out[i / 64] >> (i % 64) & 1) != 0, wanted) << count << ' ' << i;
      }
      rows.push_back(static_cast<std::uint32_t>(count % 7 == 6 ? 0xFFFFFFF0U : random.next() % 320));
    }
  }
}

}  // namespace
}  // namespace isogloss::index
