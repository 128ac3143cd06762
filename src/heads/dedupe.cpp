// SPDX-License-Identifier: Apache-2.0
// Near duplicates. Every row has a code of 256 bits: on which side of 256 random planes through the mean of all rows it
// lies (Charikar 2002). Two rows at the angle a, seen from there, differ in a share a / pi of the bits on average. Rows
// of length 1 whose cosine reaches the threshold are at most d = sqrt(2 - 2 threshold) apart, wherever one stands, so
// from the mean they are seen at most at the angle asin(d / distance from the mean), and differ in no more bits than
// the binomial tail allows but for one pair in 10^7. The first words of all pairs of codes are compared, then the whole
// codes of those near enough, then the rows. What is kept is decided in order: a text is a duplicate of one that is
// kept and not of a duplicate, so that chains do not grow.
//
// Planes through the origin say less of vectors that all point one way, as those of static models do: 100,000
// paragraphs then took 32 s of CPU, four fifths of it comparing rows of pairs that were not near. First words alone let
// a fifth of all pairs through (17 s of CPU), whole codes one row at a time wait for memory (6.3 s): codes are compared
// in tiles that stay in the cache. A range search in the scan index finds the same pairs at 260 texts a second for
// 100,000 x 384, as its codes are made for the few best: too many rows come near the threshold before their bytes are
// read.
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
constexpr double kMissed = 1e-7;  // of pairs at the threshold
constexpr std::uint64_t kSeed = 0x6e656172;
constexpr std::size_t kBlock = 2048;  // rows whose codes are made, and that are compared, at a time
constexpr std::size_t kTile = 8192;   // codes that some rows are compared with, before the next ones

// In how many of `bits` near rows may differ, by the share of bits in which they do on average.
class MostBits {
 public:
  explicit MostBits(std::size_t bits) : most_(kSteps + 1) {
    const auto n = static_cast<double>(bits);
    for (std::size_t step = 1; step <= kSteps; ++step) {
      const double share = static_cast<double>(step) / kSteps;
      double tail = 0;
      std::size_t k = bits;
      for (; k > 0 && share < 1; --k) {
        const auto x = static_cast<double>(k);
        tail += std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) + x * std::log(share) +
                         (n - x) * std::log1p(-share));
        if (tail > kMissed) break;
      }
      most_[step] = static_cast<std::uint16_t>(k);
    }
  }
  unsigned operator()(double share) const { return most_[static_cast<std::size_t>(std::ceil(share * kSteps))]; }

 private:
  static constexpr std::size_t kSteps = 256;
  std::vector<std::uint16_t> most_;  // (kSteps + 1)
};

struct Codes {
  std::size_t rows = 0;
  std::vector<std::uint64_t> words;                // (kWords, rows)
  std::vector<std::uint16_t> most_half, most_all;  // (rows) bits in which near rows may differ
};

// Share of bits in which a near row differs, of the largest angle at which it is seen from the mean.
double share_of_bits(double threshold, double from_mean) {
  const double apart = std::sqrt(2 - 2 * std::min(threshold, 1.0));
  return apart >= from_mean ? 1 : std::asin(apart / from_mean) / M_PI;
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
  Codes out{rows.rows, std::vector<std::uint64_t>(rows.rows * kWords), std::vector<std::uint16_t>(rows.rows),
            std::vector<std::uint16_t>(rows.rows)};
  const MostBits most_half(kBits / 2), most_all(kBits);
  for (std::size_t begin = 0; begin < rows.rows; begin += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows - begin);
    math::Matrix sides(count, kBits + 1);
    math::gemm(rows.middle_rows(begin, count), planes.view().transposed(), sides.view(), math::Write::set, context);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t row = begin + i;
      for (std::size_t bit = 0; bit < kBits; ++bit) {
        out.words[bit / 64 * rows.rows + row] |= static_cast<std::uint64_t>(sides(i, bit) > offsets[bit]) << (bit % 64);
      }
      const double squared = 1 - 2 * static_cast<double>(sides(i, kBits)) + static_cast<double>(offsets[kBits]);
      const double share = share_of_bits(threshold, std::sqrt(std::max(0.0, squared)));
      out.most_half[row] = static_cast<std::uint16_t>(most_half(share));
      out.most_all[row] = static_cast<std::uint16_t>(most_all(share));
    }
  }
  return out;
}

struct Near {
  std::uint32_t row = 0;
  float cosine = 0;
};

// Near rows before each of the rows [first, last), ascending, to near[row - origin].
void compare(const Codes& codes, math::MatrixView unit, double threshold, std::size_t first, std::size_t last,
             std::size_t origin, std::vector<std::vector<Near>>& near) {
  std::vector<std::uint32_t> found(kTile);
  for (std::size_t tile = 0; tile < last; tile += kTile) {
    for (std::size_t row = std::max(first, tile + 1); row < last; ++row) {
      std::uint64_t code[kWords];
      for (std::size_t w = 0; w < kWords; ++w) code[w] = codes.words[w * codes.rows + row];
      const std::size_t some =
          simd::kernels().near_codes(code, codes.words.data() + tile, codes.rows, std::min(kTile, row - tile),
                                     codes.most_half[row], codes.most_all[row], found.data());
      for (const std::uint32_t other : std::span(found).first(some)) {
        const float cosine = math::dot(unit.row(row), unit.row(tile + other));
        if (static_cast<double>(cosine) < threshold) continue;
        near[row - origin].push_back({static_cast<std::uint32_t>(tile) + other, cosine});
      }
    }
  }
}

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
    parallel_for(context, count, 64, [&](std::size_t first, std::size_t last) {
      compare(codes, unit.dense(), threshold, begin + first, begin + last, begin, near);
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
