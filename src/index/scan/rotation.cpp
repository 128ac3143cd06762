// SPDX-License-Identifier: Apache-2.0
#include "index/scan/rotation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/assert.hpp"
#include "core/random.hpp"
#include "index/scan/code_kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::uint64_t kSeed = 0x9d2c5680;  // part of the format
constexpr std::size_t kStep = 24;            // dimensions of one step of the kernels
constexpr std::size_t kLeastWidth = 72;

}  // namespace

Rotation::Rotation(std::size_t dim)
    : dim_(dim), width_(std::max(kLeastWidth, (dim + kStep - 1) / kStep * kStep)), block_(width_ >= 128 ? 128 : 64) {
  rounds_ = width_ % block_ == 0 && width_ <= block_ * block_ ? 2 : 3;
  Random random(kSeed, width_);
  signs_.resize(rounds_ * width_);
  for (float& sign : signs_) sign = (random.next() >> 63) != 0 ? -1.0F : 1.0F;
  from_.resize((rounds_ - 1) * width_);
  for (std::size_t round = 0; round + 1 < rounds_; ++round) {
    const auto some = std::span(from_).subspan(round * width_, width_);
    std::iota(some.begin(), some.end(), 0U);
    random.shuffle(some);
  }
}

void Rotation::apply(std::span<const float> x, std::span<float> out) const {
  IG_ASSERT(x.size() == dim_ && out.size() == width_);
  const CodeKernels& kernels = code_kernels();
  std::vector<float> scratch(width_);
  // The rounds go from one to the other and end in `out`.
  std::span<float> now = rounds_ % 2 == 1 ? out : std::span<float>(scratch);
  std::span<float> next = rounds_ % 2 == 1 ? std::span<float>(scratch) : out;
  std::ranges::copy(x, now.begin());
  std::fill(now.begin() + static_cast<std::ptrdiff_t>(dim_), now.end(), 0.0F);
  const float scale = 1.0F / std::sqrt(static_cast<float>(block_));
  for (std::size_t round = 0; round < rounds_; ++round) {
    const float* signs = signs_.data() + round * width_;
    for (std::size_t i = 0; i < width_; ++i) now[i] *= signs[i];
    for (std::size_t at = 0; at + block_ <= width_; at += block_) kernels.hadamard(&now[at], block_, scale);
    // The last block overlaps the one before it; each is orthogonal by itself.
    if (width_ % block_ != 0) kernels.hadamard(&now[width_ - block_], block_, scale);
    if (round + 1 == rounds_) break;
    const std::uint32_t* from = from_.data() + round * width_;
    for (std::size_t i = 0; i < width_; ++i) next[i] = now[from[i]];
    std::swap(now, next);
  }
}

}  // namespace isogloss::index
