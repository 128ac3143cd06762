// SPDX-License-Identifier: Apache-2.0
// Three stages, each over what the one before left: signs (an eighth of a byte a dimension), bytes, the exact rows.
//
// How many rows go on is decided by the errors of the estimates, query by query. A row's key is its estimate from signs
// plus `room` times its factor, room = some deviations of the error. Once k rows have been scored by bytes, rows with a
// key below the k-th best of those are dropped. That threshold is worth having early, so the scan stops after 128 rows,
// 256, 512 ... and scores the few best by key (from 512 rows on: 4 to 6 % slower); of what is left at the end all are
// scored that reach the threshold by then. All orders are total (key, then position): what is found depends on the rows
// and the query alone.
//
// A fixed number of candidates (say 200) costs as much on average and either wastes work or loses rows, by query; the
// 200 best of 50,000 by selection cost a quarter of the scan.
#include "index/scan/part_search.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "math/topk.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kChunkBlocks = 64;  // of one call of the kernel
constexpr std::size_t kFirstStop = 128;   // rows
constexpr std::size_t kBatch = 32;        // rows scored by bytes at once
constexpr std::size_t kMore = 8;          // than k that are scored to raise the threshold
constexpr float kByteDeviations = 4;      // of the error of bytes, where no proof is asked for

// Key and position as one number: larger key first, then smaller position.
std::uint64_t packed(float key, std::uint32_t position) {
  const auto bits = std::bit_cast<std::uint32_t>(key);
  const std::uint32_t ordered = (bits >> 31) != 0 ? ~bits : bits | 0x80000000U;
  return static_cast<std::uint64_t>(ordered) << 32 | ~position;
}
std::uint32_t position_of(std::uint64_t entry) { return ~static_cast<std::uint32_t>(entry); }

// The `count` largest of different entries to the front, in any order. No branch of the partition has to be foretold:
// std::nth_element takes three times as long over the 100 to 200 entries that it is asked about (13 % of a search of
// 200,000 x 100).
void largest_first(std::span<std::uint64_t> entries, std::size_t count) {
  while (count > 0 && count < entries.size()) {
    const std::uint64_t a = entries.front(), b = entries[entries.size() / 2], c = entries.back();
    const std::uint64_t middle = std::max(std::min(a, b), std::min(std::max(a, b), c));
    const std::uint64_t pivot = entries.size() > 2 ? middle : std::max(a, c);
    std::size_t above = 0;
    for (std::uint64_t& entry : entries) {
      const std::uint64_t value = entry;
      entry = entries[above];
      entries[above] = value;
      above += static_cast<std::size_t>(value >= pivot);
    }
    if (above > count) {
      entries = entries.first(above);
    } else {
      entries = entries.subspan(above);
      count -= above;
    }
  }
}

class ByteScores {
 public:
  ByteScores(const CodedPart& part, const CodedQuery& query) : part_(part), query_(query) {}

  // Estimates of inner(). positions (n), out (n)
  void score(std::span<const std::uint32_t> positions, std::span<float> out) {
    ranks_.resize(positions.size());
    dots_.resize(positions.size());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      ranks_[i] = static_cast<std::uint32_t>(part_.rank_of(positions[i]));
      fetch(ranks_[i]);
    }
    simd::kernels().dot_rows_i8(query_.bytes.data(), part_.rows.bytes.data(), query_.bytes.size(), ranks_.data(),
                                positions.size(), query_.bytes.size(), dots_.data());
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::uint32_t p = positions[i];
      out[i] = query_.byte_step * part_.rows.steps[ranks_[i]] * static_cast<float>(dots_[i]) + part_.rows.adds[p] +
               part_.shift_at(p);
    }
  }

  // Asks for the bytes of a row before they are needed: rows come from all over the index, and waiting for memory was a
  // tenth of a search of 200,000 x 100. Asked for as soon as the scan keeps a row, or for the codes of the next list:
  // no gain.
  void fetch(std::size_t rank) const {
    const std::size_t width = query_.bytes.size();
    const std::int8_t* row = part_.rows.bytes.data() + rank * width;
    for (std::size_t i = 0; i < width; i += 64) __builtin_prefetch(row + i);
    __builtin_prefetch(row + width - 1);
    __builtin_prefetch(&part_.rows.steps[rank]);
  }

  // Whether a row's score may reach `least`, its estimate raised by 2 kByteDeviations deviations of the error: both
  // roundings are evenly spread over half a step. Most rows are ruled out without the root.
  bool may_reach(const math::Scored& one, float least) const {
    const auto p = static_cast<std::uint32_t>(one.id);
    const float mine = 0.28867513F * part_.rows.steps[part_.rank_of(p)] * query_.length;  // 1 / sqrt(12)
    const float other = query_.byte_error * part_.rows.factors[p];
    constexpr float kRoom = 2 * kByteDeviations;
    if (one.score + kRoom * (mine + other) < least) return false;
    return !(one.score + kRoom * std::sqrt(mine * mine + other * other) < least);
  }

  // What the error is at most (coder.hpp): |z| |y - y~| + |z - z~| |y~|, and |y| <= f sqrt(width).
  double bound(std::uint32_t p) const {
    const double width = std::sqrt(static_cast<double>(query_.bytes.size()));
    const double half = 0.5 * static_cast<double>(part_.rows.steps[part_.rank_of(p)]) * width * 1.0001;
    const double size = static_cast<double>(part_.rows.factors[p]) * width + half;
    return static_cast<double>(query_.length) * half + static_cast<double>(query_.byte_error) * size + rounding();
  }

 private:
  // Of floats on the way, here and in the exact scores: |q| and |x| at most in sums of `dim` products.
  double rounding() const {
    const double sizes = part_.largest_row + static_cast<double>(query_.whole_length);
    return (static_cast<double>(part_.dim) + 64) * 0x1p-23 * sizes * sizes;
  }

  const CodedPart& part_;
  const CodedQuery& query_;
  std::vector<std::uint32_t> ranks_;
  std::vector<std::int32_t> dots_;
};

// Rows scored by bytes, and the k-th best score.
class Rescored {
 public:
  Rescored(const CodedPart& part, const CodedQuery& query, std::size_t k, float floor)
      : scores_(part, query), best_(k), floor_(floor) {}
  float threshold() const { return std::max(floor_, best_.threshold()); }
  void push(std::span<const std::uint32_t> positions) {
    fresh_.resize(positions.size());
    scores_.score(positions, fresh_);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      best_.push(fresh_[i], positions[i]);
      all_.push_back({fresh_[i], positions[i]});
    }
  }
  std::size_t size() const { return all_.size(); }
  // Those that rounding to bytes may have pushed below the k-th best.
  std::vector<std::uint32_t> take() const {
    std::vector<std::uint32_t> out;
    for (const math::Scored& one : all_) {
      if (scores_.may_reach(one, threshold())) out.push_back(static_cast<std::uint32_t>(one.id));
    }
    return out;
  }

 private:
  ByteScores scores_;
  math::TopK best_;
  float floor_;
  std::vector<math::Scored> all_;
  std::vector<float> fresh_;  // of one push
};

// Lists by what may be in them, the most promising first. Of groups of lists the largest is known: the next list costs
// a look at those and at one group, without a branch to foretell (a heap: 8 % of a search of 200,000 x 100).
class ListOrder {
 public:
  ListOrder(const CodedPart& part, const CodedQuery& query, const Effort& effort) {
    const ListArrays& arrays = part.lists->arrays();
    const float reach = effort.reach * query.length;
    const std::size_t count = part.lists->count();
    groups_.resize((count + kGroup - 1) / kGroup);
    lists_.resize(groups_.size() * kGroup);
    for (std::size_t list = 0; list < count; ++list) {
      if (part.lists->blocks(list) == 0) continue;
      const float bound = part.shifts[list] + arrays.adds[list] + reach * arrays.radii[list];
      lists_[list] = packed(bound, static_cast<std::uint32_t>(list));
    }
    for (std::size_t group = 0; group < groups_.size(); ++group) groups_[group] = largest_of(group);
  }
  // The next list that may hold a score of `limit`; false when there is none.
  bool next(float limit, std::size_t& list) {
    std::uint64_t best = kNone;
    for (const std::uint64_t largest : groups_) best = std::max(best, largest);
    if (best < std::max(packed(limit, ~0U), kNone + 1)) return false;
    list = position_of(best);
    lists_[list] = kNone;
    groups_[list / kGroup] = largest_of(list / kGroup);
    return true;
  }

 private:
  static constexpr std::size_t kGroup = 16;
  static constexpr std::uint64_t kNone = 0;  // an empty list, or one that was taken

  std::uint64_t largest_of(std::size_t group) const {
    std::uint64_t best = kNone;
    for (std::size_t i = group * kGroup; i < (group + 1) * kGroup; ++i) best = std::max(best, lists_[i]);
    return best;
  }

  std::vector<std::uint64_t> lists_;   // bound and number, in whole groups
  std::vector<std::uint64_t> groups_;  // the largest of each
};

class CodeSearch {
 public:
  CodeSearch(const CodedPart& part, const CodedQuery& query, const LiveRows& live, const Effort& effort, std::size_t k,
             float floor)
      : part_(part),
        query_(query),
        live_(live),
        effort_(effort),
        code_(query.code),
        rescored_(part, query, k, floor),
        k_(k),
        stop_(std::max(kFirstStop, 4 * k)) {
    code_.offset += effort.room;
  }

  std::vector<std::uint32_t> run(float& floor, PartCost& cost) {
    if (part_.lists == nullptr) {
      read(0, live_.positions.size());
    } else {
      ListOrder order(part_, query_, effort_);
      for (std::size_t list = 0; order.next(limit(), list); ++cost.lists) {
        code_.shift = part_.shifts[list];
        read(part_.lists->first_block(list), part_.lists->blocks(list));
      }
    }
    finish();
    cost.codes += seen_;
    cost.bytes += rescored_.size();
    floor = rescored_.threshold();
    return rescored_.take();
  }

 private:
  // A run of blocks, in pieces between which the threshold is raised.
  void read(std::size_t first, std::size_t count) {
    for (std::size_t done = 0; done < count;) {
      const std::size_t left = seen_ < stop_ ? (stop_ - seen_ + kBlockRows - 1) / kBlockRows : 1;
      const std::size_t blocks = std::min({kChunkBlocks, count - done, left});
      scan(first + done, blocks);
      done += blocks;
      seen_ += blocks * kBlockRows;
      if (seen_ < stop_) continue;
      score_best(k_ + kMore);
      stop_ = 2 * seen_;
    }
  }

  void scan(std::size_t first, std::size_t blocks) {
    const CodedRows& rows = part_.rows;
    const std::size_t width = rows.width;
    const CodeBlocks some{rows.codes.data() + first * block_bytes(width),
                          rows.factors.data() + first * kBlockRows,
                          rows.adds.data() + first * kBlockRows,
                          live_.rows == nullptr ? live_.positions.data() + first : live_by_rows(first, blocks),
                          blocks,
                          width / kStepDims};
    const std::size_t found = code_kernels().scan(some, code_, limit(), keys_, rows_);
    const auto start = static_cast<std::uint32_t>(first * kBlockRows);
    for (std::size_t i = 0; i < found; ++i) waiting_.push_back(packed(keys_[i], start + rows_[i]));
  }

  // Bits of the positions of some blocks of one list.
  const std::uint64_t* live_by_rows(std::size_t first, std::size_t blocks) {
    const std::size_t list = part_.lists->list_of(first * kBlockRows);
    const std::size_t rank = part_.lists->rank_of(first * kBlockRows);
    const std::size_t count = std::min(blocks * kBlockRows, part_.lists->arrays().starts[list + 1] - rank);
    const std::span<const std::uint64_t> mask = live_.rows->words();
    code_kernels().bits_of_rows(mask.data(), static_cast<std::uint32_t>(mask.size() * 64),
                                part_.lists->arrays().row_of.data() + rank, count, words_);
    return words_;
  }

  float limit() const { return rescored_.threshold(); }

  // Drops what fell below the threshold, then scores the `count` best by key.
  void score_best(std::size_t count) {
    drop();
    const std::size_t take = std::min(count, waiting_.size());
    largest_first(waiting_, take);
    push(std::span(waiting_).first(take));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(take));
    drop();
  }

  void drop() {
    const std::uint64_t least = packed(limit(), ~0U);
    std::size_t kept = 0;
    for (const std::uint64_t entry : waiting_) {
      waiting_[kept] = entry;
      kept += static_cast<std::size_t>(entry >= least);
    }
    waiting_.resize(kept);
  }

  // The best first, then the others as they lie in memory: with a threshold that hardly rises any more, an order among
  // them saves fewer rows than sorting costs (200,000 x 100: a tenth of the search).
  void finish() {
    score_best(k_ + 2 * kMore);
    std::array<std::uint64_t, kBatch> some;
    for (std::size_t at = 0; at < waiting_.size();) {
      const std::uint64_t least = packed(limit(), ~0U);
      std::size_t count = 0;
      for (; at < waiting_.size() && count < kBatch; ++at) {
        some[count] = waiting_[at];
        count += static_cast<std::size_t>(waiting_[at] >= least);
      }
      push(std::span(some).first(count));
    }
  }

  void push(std::span<const std::uint64_t> entries) {
    positions_.resize(entries.size());
    std::ranges::transform(entries, positions_.begin(), position_of);
    rescored_.push(positions_);
  }

  const CodedPart& part_;
  const CodedQuery& query_;
  LiveRows live_;
  Effort effort_;
  CodeQuery code_;
  Rescored rescored_;
  std::size_t k_;
  std::size_t seen_ = 0;                  // rows
  std::size_t stop_;                      // seen rows at which the threshold is raised next
  std::vector<std::uint64_t> waiting_;    // not scored by bytes yet
  std::vector<std::uint32_t> positions_;  // of one push
  std::uint64_t words_[kChunkBlocks];     // live_by_rows()
  float keys_[kChunkBlocks * kBlockRows + 16];
  std::uint32_t rows_[kChunkBlocks * kBlockRows + 16];
};

}  // namespace

std::vector<float> list_shifts(const Lists& lists, const CodedQuery& query) {
  std::vector<float> out(lists.count());
  const std::size_t dim = query.centred.size();
  simd::kernels().dot_rows_bf16(query.centred.data(), lists.arrays().centres.data(), dim, nullptr, out.size(), dim,
                                out.data());
  return out;
}

std::vector<std::uint32_t> candidates_by_codes(const CodedPart& part, const CodedQuery& query, const LiveRows& live,
                                               const Effort& effort, std::size_t k, float& floor, PartCost& cost) {
  return CodeSearch(part, query, live, effort, k, floor).run(floor, cost);
}

std::vector<std::uint32_t> candidates_by_bytes(const CodedPart& part, const CodedQuery& query,
                                               std::span<const std::uint32_t> picks, std::size_t k, float& floor,
                                               PartCost& cost) {
  Rescored rescored(part, query, k, floor);
  rescored.push(picks);
  cost.bytes += picks.size();
  floor = rescored.threshold();
  return rescored.take();
}

std::vector<std::uint32_t> proven_candidates(const CodedPart& part, const CodedQuery& query,
                                             std::span<const std::uint32_t> picks, std::size_t k, PartCost& cost) {
  ByteScores scores(part, query);
  math::TopK lowers(k);
  std::vector<math::Scored> uppers;
  std::vector<float> some(4096);
  for (std::size_t first = 0; first < picks.size(); first += some.size()) {
    const auto chunk = picks.subspan(first, std::min(some.size(), picks.size() - first));
    scores.score(chunk, some);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      const auto bound = static_cast<float>(scores.bound(chunk[i]) * 1.0001);
      lowers.push(some[i] - bound, chunk[i]);
      if (some[i] + bound >= lowers.threshold()) uppers.push_back({some[i] + bound, chunk[i]});
    }
  }
  cost.bytes += picks.size();
  std::vector<std::uint32_t> out;
  for (const math::Scored& one : uppers) {
    if (one.score >= lowers.threshold()) out.push_back(static_cast<std::uint32_t>(one.id));
  }
  return out;
}

}  // namespace isogloss::index
