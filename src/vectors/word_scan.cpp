// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_scan.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "core/parallel.hpp"
#include "math/vector.hpp"
#include "vectors/word_scan_kernels.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::size_t kChunkBlocks = 128;  // 2,048 rows of 300 bytes lie in the second cache while queries pass by
constexpr std::size_t kStripBlocks = 4096;
constexpr float kRounding = 4e-6F;  // of the floats on the way, for lengths near 1
constexpr std::uint8_t kZero = 128;

// A vector of length 1 in bytes, x = scale * bytes + e; of a zero vector all zeros.
struct Bytes {
  float scale = 0;
  float error = 0;  // |e|
};

// out: (vector)
Bytes to_bytes(std::span<const float> vector, std::span<std::int8_t> out) {
  const float length = std::sqrt(math::squared_length(vector));
  const float scale = length > 0 ? math::largest_magnitude(vector) / 127.0F / length : 0.0F;
  double left = 0;
  for (std::size_t d = 0; d < vector.size(); ++d) {
    const float unit = length > 0 ? vector[d] / length : 0.0F;
    out[d] = static_cast<std::int8_t>(scale > 0 ? std::nearbyint(unit / scale) : 0.0F);
    const double miss = static_cast<double>(unit) - static_cast<double>(scale) * out[d];
    left += miss * miss;
  }
  return {scale, length > 0 ? static_cast<float>(std::sqrt(left)) + kRounding : 0.0F};
}

// A query in bytes, with room for what ScanQuery points to.
struct EncodedQuery {
  std::vector<std::int32_t> words;
  ScanQuery query;
  EncodedQuery(std::span<const float> vector, std::size_t steps) : words(steps) {
    std::vector<std::int8_t> bytes(4 * steps);
    const auto [scale, error] = to_bytes(vector, std::span(bytes).first(vector.size()));
    query.scale = scale;
    query.error = error;
    for (const std::int8_t byte : bytes) query.offset += kZero * byte;
    std::memcpy(words.data(), bytes.data(), bytes.size());
    query.words = words.data();
  }
};

// The rows of one strip that may be wanted, and the best lower bounds.
struct Found {
  struct Row {
    float upper;
    std::uint32_t id;
  };
  std::vector<Row> rows;
  math::TopK lowers;
  explicit Found(std::size_t k) : lowers(k) {}
};

void raise(std::atomic<float>& limit, float value) {
  float now = limit.load(std::memory_order_relaxed);
  while (value > now && !limit.compare_exchange_weak(now, value, std::memory_order_relaxed)) {
  }
}

}  // namespace

WordScan WordScan::build(std::span<const float> rows, std::size_t dim, Context& context) {
  WordScan scan;
  scan.dim_ = dim;
  scan.count_ = rows.size() / dim;
  const std::size_t blocks = (scan.count_ + kScanRows - 1) / kScanRows;
  const std::size_t block_bytes = scan.steps() * kScanRows * 4;
  auto own = std::make_shared<Own>();
  own->codes.assign(blocks * block_bytes, kZero);
  own->factors.assign(blocks * kScanRows, 0.0F);
  own->errors.assign(blocks * kScanRows, 0.0F);
  parallel_for(context, scan.count_, 256 * kScanRows, [&](std::size_t begin, std::size_t end) {
    std::vector<std::int8_t> bytes(dim);
    for (std::size_t i = begin; i < end; ++i) {
      const auto [scale, error] = to_bytes(rows.subspan(i * dim, dim), bytes);
      own->factors[i] = scale;
      own->errors[i] = error;
      std::uint8_t* to = own->codes.data() + i / kScanRows * block_bytes + i % kScanRows * 4;
      for (std::size_t d = 0; d < dim; ++d) {
        to[d / 4 * kScanRows * 4 + d % 4] = static_cast<std::uint8_t>(bytes[d] + kZero);
      }
    }
  });
  scan.codes_ = own->codes;
  scan.factors_ = own->factors;
  scan.errors_ = own->errors;
  scan.owner_ = std::move(own);
  return scan;
}

Result<WordScan> WordScan::view(std::span<const std::uint8_t> codes, std::span<const float> factors,
                                std::span<const float> errors, std::size_t count, std::size_t dim,
                                std::shared_ptr<const void> owner) {
  WordScan scan;
  scan.count_ = count;
  scan.dim_ = dim;
  const std::size_t rows = (count + kScanRows - 1) / kScanRows * kScanRows;
  if (factors.size() != rows || errors.size() != rows || codes.size() != rows * scan.steps() * 4) {
    return fail(Code::corrupt_data, "its codes do not fit its words");
  }
  scan.codes_ = codes;
  scan.factors_ = factors;
  scan.errors_ = errors;
  scan.owner_ = std::move(owner);
  return scan;
}

Result<std::vector<ScanCandidates>> WordScan::candidates(std::span<const ScanRequest> requests, std::size_t among,
                                                         Context& context) const {
  const std::size_t rows = std::min(among, count_);
  const std::size_t blocks = (rows + kScanRows - 1) / kScanRows;
  const std::size_t strips = (blocks + kStripBlocks - 1) / kStripBlocks;
  std::vector<EncodedQuery> encoded;
  for (const ScanRequest& request : requests) encoded.emplace_back(request.vector, steps());
  std::vector<ScanQuery> queries;
  for (const EncodedQuery& one : encoded) queries.push_back(one.query);
  // A lower bound of the k-th best that any strip has found serves them all.
  std::vector<std::atomic<float>> limits(requests.size());
  for (auto& limit : limits) limit = -2.0F;
  std::vector<std::vector<Found>> found(strips);
  parallel_for(context, strips, 1, [&](std::size_t strip, std::size_t) {
    if (!context.check()) return;  // told below
    std::vector<Found>& mine = found[strip];
    for (const ScanRequest& request : requests) mine.emplace_back(request.k);
    std::vector<float> uppers(requests.size() * kChunkBlocks * kScanRows);
    const std::size_t last = std::min(blocks, (strip + 1) * kStripBlocks);
    for (std::size_t block = strip * kStripBlocks; block < last; block += kChunkBlocks) {
      ScanRows chunk;
      chunk.blocks = std::min(kChunkBlocks, last - block);
      chunk.steps = steps();
      chunk.codes = codes_.data() + block * chunk.steps * kScanRows * 4;
      chunk.factors = factors_.data() + block * kScanRows;
      chunk.errors = errors_.data() + block * kScanRows;
      const std::size_t stride = chunk.blocks * kScanRows;
      scan_kernels().scan(chunk, queries.data(), queries.size(), uppers.data(), stride);
      const std::size_t first = block * kScanRows;
      const std::size_t here = std::min(stride, rows - first);
      for (std::size_t q = 0; q < requests.size(); ++q) {
        const std::span<const float> bounds(uppers.data() + q * stride, here);
        float limit = limits[q].load(std::memory_order_relaxed);
        for (std::size_t i = simd::kernels().find_at_least(bounds.data(), here, limit); i < here;) {
          const float error = chunk.errors[i];
          const float width = error + queries[q].error + error * queries[q].error;
          mine[q].rows.push_back({bounds[i], static_cast<std::uint32_t>(first + i)});
          mine[q].lowers.push(bounds[i] - 2 * width, static_cast<std::int64_t>(first + i));
          limit = std::max(limit, mine[q].lowers.threshold());
          ++i;
          i += simd::kernels().find_at_least(bounds.data() + i, here - i, limit);
        }
        raise(limits[q], limit);
      }
    }
  });
  IG_TRY(context.check());
  std::vector<ScanCandidates> out(requests.size());
  for (std::size_t q = 0; q < requests.size(); ++q) {
    math::TopK lowers(requests[q].k);
    for (const auto& strip : found) lowers.merge(strip[q].lowers);
    for (const auto& strip : found) {
      for (const Found::Row& row : strip[q].rows) {
        if (row.upper >= lowers.threshold()) out[q].push_back(row.id);
      }
    }
  }
  return out;
}

}  // namespace isogloss::vectors
