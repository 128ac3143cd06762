// SPDX-License-Identifier: Apache-2.0
// A walk over one term's list in ascending order of documents, scoring as it goes.
#pragma once

#include <cstdint>
#include <span>

#include "index/postings/postings_file.hpp"

namespace isogloss::index {

class ListCursor {
 public:
  // `factor` turns an impact into a score; `slack` >= 1 makes up for an average length that changed since the file was
  // written. norms (documents). All outlive the cursor.
  ListCursor(const PostingsFile& file, const ListRecord& list, const float* norms, float factor, float slack);

  // No posting in the documents [begin, end) scores more. Windows are asked for in ascending order; begin is a multiple
  // of kWindow.
  std::int32_t bound(std::uint32_t begin, std::uint32_t end);
  // What add_scores would cost in the window of the last bound(), in postings of a block.
  std::size_t window_cost() const { return window_cost_; }
  // Adds the scores of the documents [begin, end) to totals, where totals[0] belongs to `begin`; returns how many
  // postings that were (dense lists: documents looked at).
  std::size_t add_scores(std::uint32_t begin, std::uint32_t end, std::int32_t* totals);
  // The score of a document, 0 when it does not hold the term. Documents are asked for in ascending order.
  std::int32_t score_of(std::uint32_t document);
  // Whether a document holds the term; as score_of. Needs no norms.
  bool move_to(std::uint32_t document);
  bool damaged() const { return damaged_; }

 private:
  enum class Kind : std::uint8_t { single, blocks, dense };

  bool open_block();  // documents of the current block
  void open_counts();
  void open_scores();
  std::int32_t bound_of(float impact) const;
  std::int32_t score_one(std::uint32_t document, std::uint32_t count) const;

  const PostingsFile* file_;
  const float* norms_;
  float factor_;
  float slack_;
  Kind kind_;
  bool damaged_ = false;
  std::size_t window_cost_ = 1;
  // Of `blocks_[block_]`, what has been taken apart.
  bool has_documents_ = false;
  bool has_counts_ = false;
  bool has_scores_ = false;
  std::uint32_t document_ = 0;  // single
  std::uint32_t count_ = 0;
  std::span<const BlockRecord> blocks_;
  std::size_t block_ = 0;     // the first that may hold what is asked for next
  std::size_t position_ = 0;  // in the block: documents before it are done
  std::span<const std::uint8_t> dense_;
  std::span<const float> dense_impact_;
  alignas(64) std::uint32_t documents_[kBlockPostings];
  alignas(64) std::uint32_t counts_[kBlockPostings];
  alignas(64) std::int32_t scores_[kBlockPostings];
};

}  // namespace isogloss::index
