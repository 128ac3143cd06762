// SPDX-License-Identifier: Apache-2.0
// Near duplicates. Every row has a code of 256 bits: on which side of 256 random planes through the mean of all rows it
// lies (Charikar 2002). Two rows at the angle a, seen from there, differ in a share a / pi of the bits on average. Rows
// of length 1 whose cosine reaches the threshold are at most d = sqrt(2 - 2 threshold) apart, wherever one stands, so
// from the mean they are seen at most at the angle asin(d / distance from the mean), and differ in at most kDeviations
// standard deviations more than that share but for one pair in 10^8. All pairs of codes are compared, those that are
// near enough by their rows. What is kept is decided in order: a text is a duplicate of one that is kept and not of a
// duplicate, so that chains do not grow.
//
// Planes through the origin say less of vectors that all point one way, as those of static models do: 100,000
// paragraphs then took 32 s of CPU, four fifths of it comparing rows of pairs that were not near. A range search in the
// scan index finds the same pairs at 260 texts a second for 100,000 x 384, as its codes are made for the few best: too
// many rows come near the threshold before their bytes are read.
#include "heads/dedupe.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "math/gemm.hpp"
#include "math/vector.hpp"
#include "simd/kernels.hpp"

namespace isogloss::heads {
namespace {

constexpr std::size_t kWords = 4;  // of 64 bits a code
constexpr std::size_t kBits = 64 * kWords;
constexpr double kDeviations = 6;
constexpr std::uint64_t kSeed = 0x6e656172;
constexpr std::size_t kBlock = 2048;  // rows whose codes are made, and that are compared, at a time

struct Codes {
  std::vector<std::uint64_t> words;  // (rows, kWords)
  std::vector<unsigned> most;        // (rows) bits in which near rows may differ
};

// Of the angle at which a near row is seen from the mean.
unsigned most_bits(double threshold, double from_mean) {
  const double apart = std::sqrt(2 - 2 * std::min(threshold, 1.0));
  if (apart >= from_mean) return kBits;
  const double share = std::asin(apart / from_mean) / M_PI;
  const double bits = kBits * share + kDeviations * std::sqrt(kBits * share * (1 - share));
  return static_cast<unsigned>(std::min(std::ceil(bits), static_cast<double>(kBits)));
}

// REQUIRES: rows of length 1 or 0.
Codes codes_of(math::MatrixView rows, double threshold, Context& context) {
  math::Matrix planes(kBits + 1, rows.columns);  // the last row is the mean
  Random random(kSeed);
  for (std::size_t i = 0; i < kBits; ++i) {
    for (float& x : planes.row(i)) x = static_cast<float>(random.normal());
  }
  const auto mean = planes.row(kBits);
  for (std::size_t i = 0; i < rows.rows; ++i) math::add_scaled(1.0F / static_cast<float>(rows.rows), rows.row(i), mean);
  std::vector<float> offsets(kBits + 1);  // of the mean
  for (std::size_t i = 0; i <= kBits; ++i) offsets[i] = math::dot(planes.row(i), mean);
  Codes out{std::vector<std::uint64_t>(rows.rows * kWords), std::vector<unsigned>(rows.rows)};
  for (std::size_t begin = 0; begin < rows.rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows - begin);
    math::Matrix sides(count, kBits + 1);
    math::gemm(rows.middle_rows(begin, count), planes.view().transposed(), sides.view(), math::Write::set, context);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t bit = 0; bit < kBits; ++bit) {
        out.words[(begin + i) * kWords + bit / 64] |= static_cast<std::uint64_t>(sides(i, bit) > offsets[bit])
                                                      << (bit % 64);
      }
      const double squared = 1 - 2 * static_cast<double>(sides(i, kBits)) + static_cast<double>(offsets[kBits]);
      out.most[begin + i] = most_bits(threshold, std::sqrt(std::max(0.0, squared)));
    }
  }
  return out;
}

struct Near {
  std::uint32_t row = 0;
  float cosine = 0;
};

}  // namespace

std::vector<std::size_t> first_equals(std::span<const std::string> texts) {
  std::unordered_map<std::string, std::size_t> firsts;
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < texts.size(); ++i) out.push_back(firsts.try_emplace(one_line(texts[i]), i).first->second);
  return out;
}

Result<std::vector<Duplicate>> first_near(const Features& rows, double threshold, Context& context) {
  if (rows.is_sparse()) {
    return fail(Code::unsupported,
                "near duplicates need dense vectors, and those of this model are sparse. Reduce them: -m fit:lsa");
  }
  const Features unit = rows.normalized();
  const Codes codes = codes_of(unit.dense(), threshold, context);
  std::vector<Duplicate> out(rows.size());
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    IG_TRY(context.check());
    const std::size_t count = std::min(kBlock, rows.size() - begin);
    std::vector<std::vector<Near>> near(count);
    parallel_for(context, count, 16, [&](std::size_t first, std::size_t last) {
      std::vector<std::uint32_t> found(begin + count);
      for (std::size_t i = first; i < last; ++i) {
        const std::size_t row = begin + i;  // against all before it
        found.resize(simd::kernels().near_codes(&codes.words[row * kWords], codes.words.data(), row, codes.most[row],
                                                found.data()));
        for (const std::uint32_t other : found) {
          const float cosine = math::dot(unit.dense().row(row), unit.dense().row(other));
          if (static_cast<double>(cosine) >= threshold) near[i].push_back({other, cosine});
        }
        found.resize(begin + count);
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      out[begin + i] = {begin + i, 1};
      const auto kept = std::ranges::find_if(near[i], [&](const Near& n) { return out[n.row].of == n.row; });
      if (kept != near[i].end()) out[begin + i] = {kept->row, static_cast<double>(kept->cosine)};
    }
    context.report({"compare", "texts", static_cast<double>(begin + count), static_cast<double>(rows.size()), 0});
  }
  return out;
}

}  // namespace isogloss::heads
