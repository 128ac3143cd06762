// SPDX-License-Identifier: Apache-2.0
// MaxScore (Turtle and Flood 1995) in windows of 4,096 documents with the block maxima of each window (Ding and Suel
// 2011), in the shape Lucene 9.9 gave it.
//
// In a window every list has an upper bound: the largest impact among its blocks there. Lists are sorted by bound;
// those whose bounds together stay below the score needed to enter the result (the threshold) are optional: a document
// that holds none of the others cannot win. The others are needed lists: they are scored whole, without looking at
// single documents, into one array of totals (16 KiB, in the first cache). A vector scan of the totals counts the
// documents that could still win together with the optional bounds. Few: the optional lists are looked up for them, the
// strongest first, until the rest cannot help any more. Many: the strongest optional list is scored whole too, and they
// are counted again. A window whose bounds all together stay below the threshold is skipped. Scores are whole numbers,
// so a total does not depend on which lists were scored how.
//
// Measured (p50 / p99 ms, 1,000 queries of 3-8 words with stop words, top 10, one core of Zen 5):
//                                              100,000 paragraphs   374,000 paragraphs
//   this file                                  0.040 / 0.075        0.126 / 0.266
//   every list scored whole                    0.039 / 0.071        0.159 / 0.337
//   optional lists always looked up (MaxScore) 0.061 / 0.215        0.179 / 0.737
//   the same, bounds of whole lists            0.057 / 0.211        -
// A look-up costs as much as 128 postings in a row: frequent words are a byte per document, 16 scored at a time, and a
// look-up is a cache miss and a wrong guess of the branch predictor. Document-at-a-time WAND was not built: it is
// nothing but look-ups.
//
// A filter: totals of other documents are never looked at further; a window with few allowed documents is done by
// looking each of them up in all lists.
#include "index/postings/postings_search.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "index/postings/list_cursor.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kLookUpCost = 128;  // of one document in one list, in postings scored in a row
constexpr std::size_t kFewAllowed = 24;   // in a window: looked up one by one

class WindowSearch {
 public:
  WindowSearch(const PostingsFile& file, const ScoreScale& scale, const RowMask* allowed, math::TopK& best)
      : file_(file), scale_(scale), allowed_(allowed), best_(best), totals_(kWindow) {
    raise_threshold();
  }

  void add_list(const QueryList& list, const float* norms, float slack) {
    cursors_.emplace_back(file_, file_.list(list.term), norms, scale_.factor(list.weight), slack);
  }

  Status run() {
    order_.resize(cursors_.size());
    bounds_.resize(cursors_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    const auto n = static_cast<std::uint32_t>(file_.size());
    for (std::uint32_t begin = 0; begin < n; begin += kWindow)
      window(begin, std::min<std::uint32_t>(n, begin + kWindow));
    for (const ListCursor& cursor : cursors_) {
      if (cursor.damaged()) return file_.file().damaged("a block of postings does not end where it should");
    }
    return {};
  }

  std::size_t scored() const { return scored_; }

 private:
  void raise_threshold() { threshold_ = best_.threshold() > 0 ? scale_.points_for(best_.threshold()) : 1; }

  void window(std::uint32_t begin, std::uint32_t end) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < cursors_.size(); ++i) sum += bounds_[i] = cursors_[i].bound(begin, end);
    if (sum < threshold_) return;
    std::ranges::sort(order_, {}, [&](std::size_t i) { return bounds_[i]; });
    if (allowed_ != nullptr && allowed_->count_between(begin, end) <= kFewAllowed) {
      picks_.clear();
      allowed_->rows_between(begin, end, picks_);
      for (const std::uint32_t document : picks_) look_up(document, 0, cursors_.size(), sum);
      return;
    }
    score_window(begin, end);
  }

  void score_list(std::size_t list, std::uint32_t begin, std::uint32_t end) {
    scored_ += cursors_[list].add_scores(begin, end, totals_.data());
  }

  // What a total needs, so that the document can win with all of `optional_sum`.
  std::int32_t needed(std::int64_t optional_sum) const {
    return static_cast<std::int32_t>(std::max<std::int64_t>(1, threshold_ - optional_sum));
  }

  // Needed lists into totals, then every document that may win.
  void score_window(std::uint32_t begin, std::uint32_t end) {
    std::size_t optional = 0;
    std::int64_t optional_sum = 0;
    while (optional < order_.size() && optional_sum + bounds_[order_[optional]] < threshold_) {
      optional_sum += bounds_[order_[optional++]];
    }
    for (std::size_t i = optional; i < order_.size(); ++i) score_list(order_[i], begin, end);
    const std::size_t n = end - begin;
    // While more documents are left than can be looked up for the price of the strongest optional list, score it whole.
    while (optional > 0) {
      const std::size_t list = order_[optional - 1];
      const std::size_t left = posting_kernels().count_at_least(totals_.data(), n, needed(optional_sum));
      if (left * kLookUpCost <= cursors_[list].window_cost()) break;
      score_list(list, begin, end);
      optional_sum -= bounds_[list];
      --optional;
    }
    for (std::size_t i = 0;; ++i) {
      i = posting_kernels().find_at_least(totals_.data(), i, n, needed(optional_sum));
      if (i == n) break;
      const auto document = static_cast<std::uint32_t>(begin + i);
      if (allowed_ != nullptr && !allowed_->contains(document)) continue;
      look_up(document, totals_[i], optional, optional_sum);
    }
    std::fill_n(totals_.data(), n, 0);
  }

  // Adds the scores of lists order_[0 .. lists), whose bounds sum to `rest`, to `total`; the document enters when it
  // reaches the threshold.
  void look_up(std::uint32_t document, std::int32_t total, std::size_t lists, std::int64_t rest) {
    for (std::size_t i = lists; i-- > 0;) {
      if (total + rest < threshold_) return;
      rest -= bounds_[order_[i]];
      if (bounds_[order_[i]] != 0) total += cursors_[order_[i]].score_of(document);
    }
    scored_ += lists;
    if (total < threshold_) return;
    best_.push(scale_.score(total), file_.ids()[document]);
    raise_threshold();
  }

  const PostingsFile& file_;
  const ScoreScale& scale_;
  const RowMask* allowed_;
  math::TopK& best_;
  std::vector<ListCursor> cursors_;
  std::vector<std::size_t> order_;    // lists by ascending bound
  std::vector<std::int32_t> bounds_;  // (lists) of the window
  std::vector<std::int32_t> totals_;  // (kWindow), all 0 between windows
  std::vector<std::uint32_t> picks_;
  std::int64_t threshold_ = 1;
  std::size_t scored_ = 0;
};

}  // namespace

Status search_postings(const PostingsFile& file, std::span<const QueryList> lists, const float* norms, float slack,
                       const ScoreScale& scale, const RowMask* allowed, math::TopK& best, std::size_t* scored) {
  if (lists.empty() || best.capacity() == 0) return {};
  WindowSearch search(file, scale, allowed, best);
  for (const QueryList& list : lists) search.add_list(list, norms, slack);
  IG_TRY(search.run());
  *scored += search.scored();
  return {};
}

}  // namespace isogloss::index
