// SPDX-License-Identifier: Apache-2.0
// Translation edit rate (Snover et al. 2006) as sacreBLEU 2.6.0, which follows Tercom: insertions, deletions and
// substitutions of words, and shifts of runs of words at one edit each, found greedily: in every round the shift that
// lowers the edit distance most (then the longest, the earliest, the one to the earliest place). Distances are looked
// for within 25 columns of the diagonal; after 1,000 shifts tried a sentence stays as it is.
//
// A shift changes no word before the first place it touches, so the rows up to there are taken from the round's matrix.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "evaluate/metrics/text/ngrams.hpp"
#include "evaluate/metrics/text/ter_words.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using namespace evaluation;

constexpr std::size_t kLongestShift = 10, kFarthestShift = 50, kMostShifts = 1000;
constexpr std::ptrdiff_t kBeam = 25;
constexpr std::uint32_t kFar = 1U << 30;

enum class Edit : std::uint8_t { unknown, keep, substitute, insert, remove };

// Edit distances of all beginnings of the hypothesis to those of the reference.
class Distances {
 public:
  explicit Distances(const Tokens& reference) : reference_(reference), width_(reference.size() + 1) {}

  // The rows behind `kept` are computed anew.
  void fill(const Tokens& hypothesis, std::size_t kept) {
    rows_ = hypothesis.size() + 1;
    cost_.resize(rows_ * width_);
    edit_.resize(rows_ * width_);
    if (kept == 0) {
      for (std::size_t j = 0; j < width_; ++j) set(0, j, static_cast<std::uint32_t>(j), Edit::insert);
    }
    const double ratio =
        hypothesis.empty() ? 1.0 : static_cast<double>(reference_.size()) / static_cast<double>(hypothesis.size());
    const std::ptrdiff_t beam =
        static_cast<double>(kBeam) < ratio / 2 ? static_cast<std::ptrdiff_t>(std::ceil(ratio / 2 + kBeam)) : kBeam;
    for (std::size_t i = kept + 1; i < rows_; ++i) {
      const auto diagonal = static_cast<std::ptrdiff_t>(std::floor(static_cast<double>(i) * ratio));
      const auto first = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, diagonal - beam));
      const std::size_t end =
          i + 1 == rows_ ? width_
                         : std::min(width_, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, diagonal + beam)));
      fill_row(i, hypothesis[i - 1], first, end);
    }
  }
  std::uint32_t distance() const { return cost_[rows_ * width_ - 1]; }
  Edit edit(std::size_t i, std::size_t j) const { return edit_[i * width_ + j]; }
  std::size_t rows() const { return rows_; }

 private:
  void set(std::size_t i, std::size_t j, std::uint32_t cost, Edit edit) {
    cost_[i * width_ + j] = cost;
    edit_[i * width_ + j] = edit;
  }
  // Of equal costs the first of: keep or substitute, remove, insert.
  void fill_row(std::size_t i, std::uint32_t word, std::size_t first, std::size_t end) {
    std::uint32_t* row = &cost_[i * width_];
    const std::uint32_t* above = row - width_;
    Edit* edits = &edit_[i * width_];
    std::fill_n(row, width_, kFar);
    std::fill_n(edits, width_, Edit::unknown);
    for (std::size_t j = first; j < end; ++j) {
      if (j == 0) {
        set(i, 0, above[0] + 1, Edit::remove);
        continue;
      }
      const bool same = word == reference_[j - 1];
      const std::uint32_t kept = above[j - 1] + (same ? 0 : 1), removed = above[j] + 1, inserted = row[j - 1] + 1;
      if (kept < kFar) set(i, j, kept, same ? Edit::keep : Edit::substitute);
      if (removed < row[j]) set(i, j, removed, Edit::remove);
      if (inserted < row[j]) set(i, j, inserted, Edit::insert);
    }
  }

  const Tokens& reference_;
  std::size_t width_, rows_ = 0;
  std::vector<std::uint32_t> cost_;
  std::vector<Edit> edit_;
};

struct Alignment {
  std::vector<std::ptrdiff_t> of;  // (reference) the word of the hypothesis at or before it; -1 = before all
  std::vector<std::uint8_t> wrong_reference, wrong_hypothesis;
};

Alignment align(const Distances& distances, std::size_t reference) {
  Alignment out;
  std::size_t i = distances.rows() - 1, j = reference;
  out.of.assign(reference, -1);
  out.wrong_reference.assign(reference, 0);
  out.wrong_hypothesis.assign(i, 0);
  while (i > 0 || j > 0) {
    const Edit edit = distances.edit(i, j);
    const bool keep = edit == Edit::keep;
    if (edit == Edit::remove) {
      out.wrong_hypothesis[--i] = 1;
      continue;
    }
    out.wrong_reference[--j] = keep ? 0 : 1;
    out.of[j] = static_cast<std::ptrdiff_t>(i) - 1;
    if (edit != Edit::insert) out.wrong_hypothesis[--i] = keep ? 0 : 1;
  }
  return out;
}

// The words [start, start + length) go before the word that is at `target`.
Tokens shifted(const Tokens& words, std::size_t start, std::size_t length, std::size_t target) {
  Tokens out = words;
  const auto at = [&](std::size_t i) { return out.begin() + static_cast<std::ptrdiff_t>(i); };
  if (target < start) {
    std::rotate(at(target), at(start), at(start + length));
  } else if (target > start + length) {
    std::rotate(at(start), at(start + length), at(target));
  } else {  // into itself: as many words behind it come before it
    std::rotate(at(start), at(start + length), at(std::min(words.size(), length + target)));
  }
  return out;
}

class Shifts {
 public:
  Shifts(const Tokens& reference, std::size_t& tried) : reference_(reference), tried_(tried) {}

  // The best shift of a hypothesis; false when none lowers the distance, or too many were tried.
  bool apply(Tokens& hypothesis, const Distances& distances) {
    const Alignment alignment = align(distances, reference_.size());
    for (std::size_t h = 0; h < hypothesis.size() && tried_ < kMostShifts; ++h) {
      for (std::size_t r = 0; r < reference_.size() && tried_ < kMostShifts; ++r) {
        if ((h > r ? h - r : r - h) > kFarthestShift) continue;
        for (std::size_t length = 0; length < kLongestShift && h + length < hypothesis.size() &&
                                     r + length < reference_.size() &&
                                     hypothesis[h + length] == reference_[r + length] && tried_ < kMostShifts;) {
          try_places(hypothesis, distances, alignment, h, r, ++length);
        }
      }
    }
    if (tried_ >= kMostShifts || !found_ || std::get<0>(best_) <= 0) return false;
    hypothesis = best_words_;
    return true;
  }

 private:
  void try_places(const Tokens& hypothesis, const Distances& distances, const Alignment& a, std::size_t h,
                  std::size_t r, std::size_t length) {
    const auto any = [&](const std::vector<std::uint8_t>& wrong, std::size_t at) {
      return std::any_of(wrong.begin() + static_cast<std::ptrdiff_t>(at),
                         wrong.begin() + static_cast<std::ptrdiff_t>(at + length),
                         [](std::uint8_t w) { return w != 0; });
    };
    const std::ptrdiff_t own = a.of[r], start = static_cast<std::ptrdiff_t>(h);
    if (!any(a.wrong_hypothesis, h) || !any(a.wrong_reference, r)) return;
    if (own >= start && own < start + static_cast<std::ptrdiff_t>(length)) return;
    std::ptrdiff_t before = -1;
    for (std::size_t offset = 0; offset <= length; ++offset) {  // behind the reference's words r - 1, r ...
      std::ptrdiff_t target = 0;
      if (r + offset > 0) {
        if (r + offset - 1 >= a.of.size()) break;
        target = a.of[r + offset - 1] + 1;
      }
      if (target == before) continue;
      before = target;
      const Tokens words = shifted(hypothesis, h, length, static_cast<std::size_t>(target));
      Distances changed = distances;
      changed.fill(words, std::min(h, static_cast<std::size_t>(target)));
      const auto gain =
          static_cast<std::ptrdiff_t>(distances.distance()) - static_cast<std::ptrdiff_t>(changed.distance());
      const Rank rank{gain, static_cast<std::ptrdiff_t>(length), -start, -target};
      ++tried_;
      if (found_ && rank <= best_) continue;
      found_ = true;
      best_ = rank;
      best_words_ = words;
    }
  }

  using Rank = std::tuple<std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>;
  const Tokens& reference_;
  std::size_t& tried_;
  bool found_ = false;
  Rank best_;
  Tokens best_words_;
};

std::size_t edits(Tokens hypothesis, const Tokens& reference) {
  if (reference.empty()) return hypothesis.size();
  std::size_t shifts = 0, tried = 0;
  Distances distances(reference);
  distances.fill(hypothesis, 0);
  while (Shifts(reference, tried).apply(hypothesis, distances)) {
    ++shifts;
    distances.fill(hypothesis, 0);
  }
  return shifts + distances.distance();
}

}  // namespace

Result<double> ter(std::span<const std::string> hypotheses, References references, const TerOptions& options) {
  IG_TRY(check_segments(hypotheses, references));
  WordNumbers numbers;
  const auto read = [&](std::string_view text) {
    Tokens out;
    each_word(ter_words(text, options), [&](std::string_view word) { out.push_back(numbers[word]); });
    return out;
  };
  double total = 0, length = 0;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    const Tokens hypothesis = read(hypotheses[i]);
    std::size_t best = SIZE_MAX, words = 0;
    for (const auto& lines : references) {
      const Tokens reference = read(lines[i]);
      words += reference.size();
      best = std::min(best, edits(hypothesis, reference));
    }
    total += static_cast<double>(best);
    length += static_cast<double>(words) / static_cast<double>(references.size());
  }
  return 100 * (length > 0 ? total / length : total > 0 ? 1.0 : 0.0);
}

std::string ter_signature(const TerOptions& options, std::size_t references) {
  return "nrefs:" + std::to_string(references) + "|case:" + (options.case_sensitive ? "mixed" : "lc") +
         "|tok:tercom|norm:" + (options.normalized ? "yes" : "no") + "|punct:" + (options.no_punct ? "no" : "yes") +
         "|asian:" + (options.asian_support ? "yes" : "no") + "|version:isogloss";
}

}  // namespace isogloss
