// SPDX-License-Identifier: Apache-2.0
#include "index/scan/lists.hpp"

#include <algorithm>
#include <cmath>

namespace isogloss::index {
namespace {

constexpr double kListShare = 0.6;
constexpr double kCaution = 0.85;  // of the asked miss rate: what was measured is a sample

// Linear in the number of the point, beyond the ends the last value.
float value_at(const Calibration::Points& points, double miss) {
  const double last = static_cast<double>(Calibration::kPoints - 1);
  const double place = std::clamp(-2 * std::log2(std::max(miss, 1e-12)), 0.0, last);
  const auto below = std::min(static_cast<std::size_t>(place), Calibration::kPoints - 2);
  const auto part = static_cast<float>(place - static_cast<double>(below));
  return points[below] + part * (points[below + 1] - points[below]);
}

}  // namespace

Lists::Lists(const ListArrays& arrays) : arrays_(arrays) {
  const std::size_t lists = arrays.adds.size();
  std::uint32_t block = 0;
  for (std::size_t list = 0; list < lists; ++list) {
    const std::uint32_t rows = arrays.starts[list + 1] - arrays.starts[list];
    first_block_.push_back(block);
    gaps_.push_back(block * static_cast<std::uint32_t>(kBlockRows) - arrays.starts[list]);
    block += (rows + static_cast<std::uint32_t>(kBlockRows) - 1) / static_cast<std::uint32_t>(kBlockRows);
    block_list_.resize(block, static_cast<std::uint32_t>(list));
  }
  first_block_.push_back(block);
  filled_ = RowMask(block * kBlockRows);
  for (std::size_t list = 0; list < lists; ++list) {
    const std::size_t rows = arrays.starts[list + 1] - arrays.starts[list];
    for (std::size_t i = 0; i < rows; ++i) filled_.insert(first_block_[list] * kBlockRows + i);
  }
}

Calibration::Points Calibration::points_of(std::vector<float> needed) {
  std::ranges::sort(needed);
  Points out{};
  if (needed.empty()) return out;
  const auto size = static_cast<double>(needed.size());
  for (std::size_t i = 0; i < kPoints; ++i) {
    // The smallest value that at most this share of the neighbours exceed.
    const double missed = std::floor(size * miss_at(i));
    const auto at = static_cast<std::size_t>(std::clamp(size - 1 - missed, 0.0, size - 1));
    out[i] = needed[at];
  }
  return out;
}

double Calibration::miss_at(std::size_t point) { return std::exp2(-0.5 * static_cast<double>(point)); }

Effort Calibration::nominal(double miss, bool lists, double deviation, float length) const {
  const float deviations = value_at(room, lists ? (1 - kListShare) * miss : miss);
  return {deviations * static_cast<float>(deviation) * length, value_at(reach, kListShare * miss)};
}

double Calibration::nominal_for(double recall, std::size_t k) const {
  if (k > kMeasured.back()) return 1 - recall;
  // The worse of the two measured numbers around k.
  std::size_t above = 0;
  while (kMeasured[above] < k) ++above;
  const std::size_t below = above > 0 && kMeasured[above] != k ? above - 1 : above;
  const auto missed_at = [&](std::size_t point) {
    return static_cast<double>(std::max(missed[below][point], missed[above][point]));
  };
  const double allowed = kCaution * (1 - recall);
  std::size_t point = 0;
  while (point + 1 < kPoints && missed_at(point) > allowed) ++point;
  if (point == 0 || missed_at(point) > allowed) return miss_at(point);
  const double part = (missed_at(point - 1) - allowed) / (missed_at(point - 1) - missed_at(point));
  return std::exp2(-0.5 * (static_cast<double>(point - 1) + std::clamp(part, 0.0, 1.0)));
}

std::array<float, Calibration::kValues> Calibration::values() const {
  std::array<float, kValues> out{};
  auto to = std::ranges::copy(reach, out.begin()).out;
  to = std::ranges::copy(room, to).out;
  for (const Points& points : missed) to = std::ranges::copy(points, to).out;
  return out;
}

Calibration Calibration::from(std::span<const float> values) {
  Calibration out;
  std::ranges::copy(values.first(kPoints), out.reach.begin());
  std::ranges::copy(values.subspan(kPoints, kPoints), out.room.begin());
  for (std::size_t i = 0; i < out.missed.size(); ++i) {
    std::ranges::copy(values.subspan((2 + i) * kPoints, kPoints), out.missed[i].begin());
  }
  return out;
}

}  // namespace isogloss::index
