// SPDX-License-Identifier: Apache-2.0
#include "index/scan/coder.hpp"

#include <algorithm>
#include <cmath>

#include "core/assert.hpp"
#include "math/vector.hpp"

namespace isogloss::index {
namespace {

// Rounding of a group of six numbers adds at most 3 to their sum.
constexpr float kGroupRoom = static_cast<float>(kMostInGroup - 3);

float largest_group(std::span<const float> z) {
  float largest = 0;
  for (std::size_t g = 0; g < z.size(); g += kGroupDims) {
    float sum = 0;
    for (std::size_t t = 0; t < kGroupDims; ++t) sum += std::abs(z[g + t]);
    largest = std::max(largest, sum);
  }
  return largest;
}

int rounded(float x) { return static_cast<int>(std::nearbyint(x)); }

}  // namespace

void CodeBuffer::resize(std::size_t positions, std::size_t ranks) {
  IG_ASSERT(positions % kBlockRows == 0);
  codes.resize(positions * width / 8);
  const std::size_t before = factors.size();
  factors.resize(positions, 0.0F);
  adds.resize(positions, 0.0F);
  const std::size_t ranks_before = steps.size();
  steps.resize(ranks, 0.0F);
  bytes.resize(ranks * width);
  if (positions > before) {
    std::fill(codes.begin() + static_cast<std::ptrdiff_t>(before * width / 8), codes.end(), std::uint8_t{0});
  }
  if (ranks > ranks_before) {
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(ranks_before * width), bytes.end(), std::int8_t{0});
  }
}

void CodeBuffer::copy(std::size_t from, std::size_t to) {
  const auto lane = [&](std::size_t position) {
    return codes.data() + position / kBlockRows * block_bytes(width) + lane_of(position % kBlockRows);
  };
  for (std::size_t b = 0; b < width / 8; ++b) lane(to)[b * kBlockRows] = lane(from)[b * kBlockRows];
  factors[to] = factors[from];
  adds[to] = adds[from];
  steps[to] = steps[from];
  std::copy_n(bytes.data() + from * width, width, bytes.data() + to * width);
}

Coder::Coder(std::size_t dim, Metric metric, std::vector<float> centre)
    : rotation_(dim), metric_(metric), centre_(std::move(centre)) {}

Coder::Measures Coder::encode(std::span<const float> x, std::span<const float> list_centre, std::size_t position,
                              std::size_t rank, CodeBuffer& to) const {
  std::vector<float> left(x.begin(), x.end());
  const std::span<const float> middle = list_centre.empty() ? centre_ : list_centre;
  double add = 0;
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double c = centre_.empty() ? 0.0 : static_cast<double>(centre_[d]);
    const double away = static_cast<double>(x[d]) - c;
    add += metric_ == Metric::euclidean ? -0.5 * away * away : c * away;
    if (!middle.empty()) left[d] -= middle[d];
  }
  std::vector<float> y(width());
  rotation_.apply(left, y);

  double squares = 0;
  double sizes = 0;
  for (const float v : y) {
    squares += static_cast<double>(v) * v;
    sizes += std::abs(static_cast<double>(v));
  }
  const float largest = math::largest_magnitude(y);
  const float step = largest / 127.0F;
  const float inverse = step > 0 ? 1.0F / step : 0.0F;
  const bool usable = sizes > 0 && std::isfinite(inverse);  // else too near zero to be told from it
  std::uint8_t* block = to.codes.data() + position / kBlockRows * block_bytes(width());
  const std::size_t row = position % kBlockRows;
  for (std::size_t b = 0; b < width() / 8; ++b) block[b * kBlockRows + lane_of(row)] = 0;
  for (std::size_t d = 0; d < width(); ++d) {
    block[code_byte(row, d)] |= static_cast<std::uint8_t>((y[d] > 0 ? 1U : 0U) << bit_of(d % kStepDims));
  }
  math::narrow_i8(y, usable ? inverse : 0.0F, {to.bytes.data() + rank * width(), width()});
  to.factors[position] = usable ? static_cast<float>(squares / sizes) : 0.0F;
  to.adds[position] = static_cast<float>(add);
  to.steps[rank] = usable ? step : 0.0F;
  return {usable ? 1.0 - sizes * sizes / (squares * static_cast<double>(width())) : 0.0, add, squares};
}

CodedQuery Coder::query(std::span<const float> q) const {
  CodedQuery out;
  out.centred.assign(q.begin(), q.end());
  for (std::size_t d = 0; d < centre_.size(); ++d) out.centred[d] -= centre_[d];
  std::vector<float> z(width());
  rotation_.apply(out.centred, z);
  out.length = std::sqrt(math::squared_length(z));
  out.whole_length = std::sqrt(math::squared_length(q));

  const CodeKernels& kernels = code_kernels();
  const float step = largest_group(z) / kGroupRoom;
  const float inverse = step > 0 ? 1.0F / step : 0.0F;
  const bool usable = step > 0 && std::isfinite(inverse);
  std::vector<std::int8_t> whole(width());
  int all = 0;
  int least = 0;
  for (std::size_t d = 0; d < width(); ++d) {
    const int value = usable ? rounded(z[d] * inverse) : 0;
    whole[d] = static_cast<std::int8_t>(value);
    all += value;
    least += std::min(value, 0);
  }
  // <z, sign y> = 2 <z, bit y> - sum z.
  out.code.scale = usable ? 2 * step : 0.0F;
  out.code.offset = usable ? step * static_cast<float>(2 * least - all) : 0.0F;
  out.tables.resize(kernels.table_bytes(width() / kStepDims));
  kernels.make_tables(whole.data(), width() / kStepDims, out.tables.data());
  out.code.tables = out.tables.data();

  out.byte_step = math::largest_magnitude(z) / 127.0F;
  const float byte_inverse = out.byte_step > 0 ? 1.0F / out.byte_step : 0.0F;
  if (!std::isfinite(byte_inverse)) out.byte_step = 0;
  out.bytes.resize(width());
  math::narrow_i8(z, out.byte_step > 0 ? byte_inverse : 0.0F, out.bytes);
  double left = 0;
  for (std::size_t d = 0; d < width(); ++d) {
    const double miss = static_cast<double>(z[d]) - static_cast<double>(out.byte_step) * out.bytes[d];
    left += miss * miss;
  }
  out.byte_error = static_cast<float>(std::sqrt(left));
  return out;
}

}  // namespace isogloss::index
