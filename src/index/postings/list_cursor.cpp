// SPDX-License-Identifier: Apache-2.0
#include "index/postings/list_cursor.hpp"

#include <algorithm>
#include <cmath>

namespace isogloss::index {

ListCursor::ListCursor(const PostingsFile& file, const ListRecord& list, const float* norms, float factor, float slack)
    : file_(&file), norms_(norms), factor_(factor), slack_(slack) {
  if (list.documents == 1) {
    kind_ = Kind::single;
    document_ = list.first;
    count_ = list.kind;
  } else if (list.kind == 1) {
    kind_ = Kind::dense;
    dense_ = file.dense(list);
    dense_impact_ = file.dense_impact(list);
  } else {
    kind_ = Kind::blocks;
    blocks_ = file.blocks(list);
  }
}

std::int32_t ListCursor::bound_of(float impact) const {
  return static_cast<std::int32_t>(std::ceil(factor_ * std::min(1.0F, impact * slack_))) + 2;
}

std::int32_t ListCursor::score_one(std::uint32_t document, std::uint32_t count) const {
  std::int32_t score;
  posting_kernels().score(&document, &count, 1, norms_, factor_, &score);
  return score;
}

bool ListCursor::open_block() {
  if (has_documents_) return true;
  const std::uint32_t previous = block_ == 0 ? ~0U : blocks_[block_ - 1].last;
  has_documents_ = file_->block_documents(blocks_[block_], previous, documents_);
  if (!has_documents_) {
    damaged_ = true;
    blocks_ = {};
    block_ = 0;
  }
  return has_documents_;
}

void ListCursor::open_counts() {
  if (!has_counts_) file_->block_counts(blocks_[block_], counts_);
  has_counts_ = true;
}

void ListCursor::open_scores() {
  if (has_scores_) return;
  open_counts();
  posting_kernels().score(documents_, counts_, blocks_[block_].postings, norms_, factor_, scores_);
  has_scores_ = true;
}

std::int32_t ListCursor::bound(std::uint32_t begin, std::uint32_t end) {
  if (kind_ == Kind::single) return document_ >= begin && document_ < end ? score_one(document_, count_) : 0;
  if (kind_ == Kind::dense) {
    const float impact = dense_impact_[begin / kWindow];
    window_cost_ = (end - begin) / 3;  // no gather, no scatter
    return impact > 0 ? bound_of(impact) : 0;
  }
  while (block_ < blocks_.size() && blocks_[block_].last < begin) {
    ++block_;
    position_ = 0;
    has_documents_ = has_counts_ = has_scores_ = false;
  }
  float impact = 0;
  window_cost_ = 1;
  for (std::size_t block = block_; block < blocks_.size(); ++block) {
    if (block > 0 && blocks_[block - 1].last + 1 >= end) break;
    impact = std::max(impact, blocks_[block].impact);
    window_cost_ += blocks_[block].postings;
  }
  return impact > 0 ? bound_of(impact) : 0;
}

std::size_t ListCursor::add_scores(std::uint32_t begin, std::uint32_t end, std::int32_t* totals) {
  if (kind_ == Kind::single) {
    if (document_ < begin || document_ >= end) return 0;
    totals[document_ - begin] += score_one(document_, count_);
    return 1;
  }
  if (kind_ == Kind::dense) {
    posting_kernels().score_dense(dense_.data() + begin, norms_ + begin, end - begin, factor_, totals);
    return end - begin;
  }
  std::size_t added = 0;
  while (block_ < blocks_.size()) {
    if (block_ > 0 && blocks_[block_ - 1].last + 1 >= end) return added;
    if (!open_block()) return added;
    open_scores();
    const std::size_t n = blocks_[block_].postings;
    std::size_t i = position_;
    while (i < n && documents_[i] < begin) ++i;
    const std::size_t first = i;
    if (blocks_[block_].last < end) {
      for (; i < n; ++i) totals[documents_[i] - begin] += scores_[i];
    } else {
      for (; i < n && documents_[i] < end; ++i) totals[documents_[i] - begin] += scores_[i];
    }
    added += i - first;
    position_ = i;
    if (i < n) return added;
    ++block_;
    position_ = 0;
    has_documents_ = has_counts_ = has_scores_ = false;
  }
  return added;
}

bool ListCursor::move_to(std::uint32_t document) {
  if (kind_ == Kind::single) return document == document_;
  if (kind_ == Kind::dense) return dense_[document] != 0;
  while (block_ < blocks_.size() && blocks_[block_].last < document) {
    ++block_;
    position_ = 0;
    has_documents_ = has_counts_ = has_scores_ = false;
  }
  if (block_ == blocks_.size() || (block_ > 0 && blocks_[block_ - 1].last >= document) || !open_block()) return false;
  // Branch-free search for the first document that is not below.
  const std::uint32_t* at = documents_ + position_;
  std::size_t left = blocks_[block_].postings - position_;
  while (left > 1) {
    const std::size_t half = left / 2;
    at += at[half - 1] < document ? half : 0;
    left -= half;
  }
  position_ = static_cast<std::size_t>(at - documents_);
  return *at == document;
}

std::int32_t ListCursor::score_of(std::uint32_t document) {
  if (!move_to(document)) return 0;
  if (kind_ == Kind::single) return score_one(document, count_);
  if (kind_ == Kind::dense) return score_one(document, dense_[document]);
  if (has_scores_) return scores_[position_];
  open_counts();
  return score_one(document, counts_[position_]);
}

}  // namespace isogloss::index
