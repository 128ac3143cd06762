// SPDX-License-Identifier: Apache-2.0
// Inner loops of the inverted index, one table per instruction set (as simd/kernels.hpp; integer results and the scores
// below have the same bits at every level).
//
// The score of one posting, in units of the query's scale:  max(1, round(factor * (count / (count + norm))))
// with count = occurrences in the document, norm = k1 (1 - b + b length / average). Whole numbers, so that a document's
// sum does not depend on the order of its terms.
#pragma once

#include <cstddef>
#include <cstdint>

namespace isogloss::index {

constexpr std::size_t kBlockPostings = 128;

struct PostingKernels {
  // 128 values of `bits` bits each, packed in 4 interleaved lanes: value 4 i + lane is the i-th of its lane; a lane has
  // 32 values in `bits` words, word w of lane l at packed[4 w + l]. packed (4 bits), values (128), bits 0..32
  void (*unpack)(const std::uint32_t* packed, unsigned bits, std::uint32_t* values);
  // The same of gaps less one: values[i] = previous + 1 + sum of gaps + i. `previous` = 2^32 - 1 before document 0.
  void (*unpack_ascending)(const std::uint32_t* packed, unsigned bits, std::uint32_t previous, std::uint32_t* values);
  // scores[i] of documents[i]. documents, counts, scores (n), norms (all documents)
  void (*score)(const std::uint32_t* documents, const std::uint32_t* counts, std::size_t n, const float* norms,
                float factor, std::int32_t* scores);
  // totals[i] += score of a document that holds the term counts[i] times, where that is not 0. (n)
  void (*score_dense)(const std::uint8_t* counts, const float* norms, std::size_t n, float factor,
                      std::int32_t* totals);
  // The first i >= begin with totals[i] >= limit, n when there is none. totals (n)
  std::size_t (*find_at_least)(const std::int32_t* totals, std::size_t begin, std::size_t n, std::int32_t limit);
  // How many totals are at least limit. totals (n)
  std::size_t (*count_at_least)(const std::int32_t* totals, std::size_t n, std::int32_t limit);
};

// The table of simd::active_level().
const PostingKernels& posting_kernels();

}  // namespace isogloss::index
