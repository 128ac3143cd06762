// SPDX-License-Identifier: Apache-2.0
// Writes the file of a term index from lists that come term by term.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "index/postings/postings_file.hpp"

namespace isogloss::index {

// The length that enters the norm.
double norm_length(std::uint32_t length, LengthNorm norm);

// k1 (1 - b + b length / average) of every document. lengths (n) -> (n)
std::vector<float> norms_of(std::span<const std::uint32_t> lengths, const TermIndexOptions& options, double average);

class PostingsWriter {
 public:
  // Ids ascending. REQUIRES: as many lengths as ids, fewer than 2^32 - 1.
  PostingsWriter(const TermIndexOptions& options, std::vector<std::int64_t> ids, std::vector<std::uint32_t> lengths);

  // documents ascending, counts above 0. (n) each, n > 0. A term comes once.
  void add(std::string_view term, std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts);

  // The sections, to be followed by a footer with details(). Error{unsupported} when a part outgrew its 32-bit offsets.
  Status write(SectionWriter& writer) const;
  PostingsDetails details() const;
  // A file of kind "bm25" of both.
  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context);

 private:
  void add_blocks(std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts);
  void add_dense(std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts);
  float largest_impact(std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts) const;

  TermIndexOptions options_;
  std::vector<std::int64_t> ids_;
  std::vector<std::uint32_t> lengths_;
  std::uint64_t total_length_ = 0;
  double average_length_ = 0;
  std::vector<float> norms_;
  std::vector<std::uint32_t> term_ends_;
  std::vector<char> term_text_;
  std::vector<ListRecord> lists_;
  std::vector<BlockRecord> blocks_;
  std::vector<std::uint32_t> data_;
  std::vector<std::uint8_t> dense_;
  std::vector<float> dense_impact_;
  bool too_large_ = false;
};

}  // namespace isogloss::index
