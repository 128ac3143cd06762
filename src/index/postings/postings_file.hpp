// SPDX-License-Identifier: Apache-2.0
// The mapped part of a term index.
//
// Documents are numbered 0 .. n-1 in ascending order of their ids. A term's list is kept in one of three ways:
//   single  one document: number and count stand in the term's record
//   blocks  128 postings a block: gaps of document numbers and counts, bit-packed; a record per block says where it is,
//           which document is its last, and the largest impact in it
//   dense   a byte per document (its count), for terms in at least an eighth of the documents and no count above 255
// The impact of a posting is count / (count + norm), the part of its score that the query does not change, at the
// average length the file was written with.
//
// Sections (kind "bm25", format 1): ids int64 (n), lengths u32 (n), term_ends u32 (terms), term_text bytes, slots u32
// (2^m: open addressing by murmur3_32 of the term, term number + 1), lists (terms), blocks, data u32, dense u8
// (dense lists x dense_stride), dense_impact f32 (dense lists x windows).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "index/postings/posting_kernels.hpp"
#include "index/section_file.hpp"

namespace isogloss::index {

constexpr std::size_t kWindow = 4096;  // documents scored at a time; dense lists keep their largest impact per window

struct ListRecord {
  std::uint32_t documents;  // that hold the term
  std::uint32_t first;      // single: the document; blocks: the first block; dense: number of the dense list
  std::uint32_t kind;       // single: the count; blocks: 0; dense: 1
  float impact;             // the largest in the list
};

struct BlockRecord {
  std::uint32_t last;    // document
  std::uint32_t offset;  // of its words in data: document gaps, then counts less one
  std::uint8_t gap_bits;
  std::uint8_t count_bits;
  std::uint16_t postings;  // 1..128; a block that is not full is packed value after value in both parts
  float impact;
};

struct PostingsDetails {
  double k1;
  double b;
  double average_length;
  std::uint64_t total_length;
  std::uint32_t norm;  // LengthNorm
  std::uint32_t terms;
};

// Words that `count` values of `bits` bits take: interleaved when the block is full, else one after another.
inline std::size_t packed_words(std::size_t count, unsigned bits) {
  return count == kBlockPostings ? 4 * bits : (count * bits + 31) / 32;
}

// Postings of one list, taken apart. (n)
struct Postings {
  std::vector<std::uint32_t> documents;
  std::vector<std::uint32_t> counts;
};

class PostingsFile {
 public:
  static Result<PostingsFile> open(const std::filesystem::path& path);
  // The postings in a file of any kind, whose details start with theirs. Error{corrupt_data}.
  static Result<PostingsFile> read(SectionFile file);

  const SectionFile& file() const { return file_; }
  const PostingsDetails& details() const { return details_; }
  std::size_t size() const { return ids_.size(); }
  std::span<const std::int64_t> ids() const { return ids_; }           // (n), ascending
  std::span<const std::uint32_t> lengths() const { return lengths_; }  // (n)

  std::size_t terms() const { return lists_.size(); }
  std::string_view term(std::size_t number) const;
  std::optional<std::uint32_t> find(std::string_view term) const;

  const ListRecord& list(std::uint32_t term) const { return lists_[term]; }
  std::span<const BlockRecord> blocks(const ListRecord& list) const;
  std::span<const std::uint8_t> dense(const ListRecord& list) const;  // (n)
  std::span<const float> dense_impact(const ListRecord& list) const;  // (windows)
  // Documents, and counts, of a block into arrays of 128; `previous` = last document of the block before, ~0 for none.
  // false when the block is damaged.
  bool block_documents(const BlockRecord& block, std::uint32_t previous, std::uint32_t* documents) const;
  void block_counts(const BlockRecord& block, std::uint32_t* counts) const;
  // The whole list. Error{corrupt_data}.
  Status read_list(std::uint32_t term, Postings& out) const;

 private:
  Status check() const;
  Status check_list(std::size_t term) const;

  SectionFile file_;
  PostingsDetails details_{};
  std::span<const std::int64_t> ids_;
  std::span<const std::uint32_t> lengths_;
  std::span<const std::uint32_t> term_ends_;
  std::span<const char> term_text_;
  std::span<const std::uint32_t> slots_;
  std::span<const ListRecord> lists_;
  std::span<const BlockRecord> blocks_;
  std::span<const std::uint32_t> data_;
  std::span<const std::uint8_t> dense_;
  std::span<const float> dense_impact_;
  std::size_t dense_stride_ = 0;
  std::size_t windows_ = 0;
};

}  // namespace isogloss::index
