// SPDX-License-Identifier: Apache-2.0
// Words are numbered by falling frequency, so the pairs that meet most have a small product of (row + 1) and
// (column + 1): below a bound they have a place in a table (rows of falling length under a hyperbola), as in the
// original (Pennington et al. 2014). The rest, a few additions a pair, is cheaper to sort than to look up: 12 bytes an
// addition, radix sort, equal pairs summed, sorted runs merged at the end.
//
//   row 0   table: columns 0 ........ limit(0) | runs: the columns behind it
//   row 1   table: columns 1 .. limit(1)       | ...                          -> cells by row, then column
#include "vectors/cooccurrence.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <queue>

#include "core/parallel.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::size_t kMostTable = std::size_t{128} << 20;  // bytes of all tables: larger ones miss the caches
constexpr std::size_t kMostBuffer = std::size_t{1} << 22;   // entries of a part
constexpr std::size_t kFewestBuffer = 4096;
constexpr std::size_t kRead = 8192;   // entries of a run read at once
constexpr std::size_t kGive = 16384;  // cells given at once
constexpr int kDigit = 12;            // bits of a pass of the sort

}  // namespace

struct CooccurrenceCounter::Entry {
  std::uint32_t row;
  std::uint32_t column;
  std::uint32_t units;
  std::uint64_t key() const { return std::uint64_t{row} << 32 | column; }
};

struct CooccurrenceCounter::Run {
  std::vector<Entry> held;  // or
  std::uint64_t offset = 0;
  std::uint64_t count = 0;  // entries in the file from `offset` on
};

// What one thread counts.
class CooccurrenceCounter::Part {
 public:
  Part(std::size_t table_size, std::size_t buffer, std::size_t words)
      : table(table_size), buffer_(buffer), bits_(std::max(1, static_cast<int>(std::bit_width(words - 1)))) {}

  bool full(std::size_t more) const { return size_ + more > buffer_.size(); }
  void push(std::uint32_t row, std::uint32_t column, std::uint64_t units) {
    buffer_[size_++] = {row, column, static_cast<std::uint32_t>(units)};
  }

  // The buffer sorted, equal pairs summed; it is empty then.
  std::vector<Entry> take() {
    sort();
    std::vector<Entry> run;
    for (std::size_t i = 0; i < size_;) {
      std::uint64_t units = 0;
      const std::size_t first = i;
      for (; i < size_ && buffer_[i].key() == buffer_[first].key(); ++i) {
        // Two entries where one cannot hold the sum.
        if (units + buffer_[i].units > UINT32_MAX) {
          run.push_back({buffer_[first].row, buffer_[first].column, static_cast<std::uint32_t>(units)});
          units = 0;
        }
        units += buffer_[i].units;
      }
      run.push_back({buffer_[first].row, buffer_[first].column, static_cast<std::uint32_t>(units)});
    }
    run.shrink_to_fit();
    size_ = 0;
    return run;
  }

  std::vector<std::uint64_t> table;  // units

 private:
  // Radix sort by row and column, lowest digit first.
  void sort() {
    scratch_.resize(buffer_.size());
    std::vector<std::size_t> places(std::size_t{1} << kDigit);
    const auto digit = [&](const Entry& entry, int shift) {
      return ((std::uint64_t{entry.row} << bits_ | entry.column) >> shift) & (places.size() - 1);
    };
    for (int shift = 0; shift < 2 * bits_; shift += kDigit) {
      std::ranges::fill(places, 0);
      for (std::size_t i = 0; i < size_; ++i) ++places[digit(buffer_[i], shift)];
      std::size_t sum = 0;
      for (std::size_t& place : places) sum += std::exchange(place, sum);
      for (std::size_t i = 0; i < size_; ++i) scratch_[places[digit(buffer_[i], shift)]++] = buffer_[i];
      buffer_.swap(scratch_);
    }
  }

  std::vector<Entry> buffer_, scratch_;
  std::size_t size_ = 0;
  int bits_;  // of a word's number
};

// Runs merged: the smallest entry of all.
class CooccurrenceCounter::Merge {
 public:
  Merge(std::vector<Run>& runs, const ScratchFile* file) : file_(file), sources_(runs.size()) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      sources_[i].offset = runs[i].offset;
      sources_[i].left = runs[i].count;
      sources_[i].entries = std::move(runs[i].held);
    }
  }

  Status start() {
    for (std::size_t i = 0; i < sources_.size(); ++i) IG_TRY(queue(i));
    return {};
  }
  // The cells of one row. `row` is not below that of the call before.
  Status read_row(std::uint32_t row, std::vector<CooccurrenceCell>& out) {
    while (!heap_.empty() && heap_.top().first >> 32 == row) {
      const auto [key, i] = heap_.top();
      heap_.pop();
      const auto column = static_cast<std::uint32_t>(key);
      if (out.empty() || out.back().row != row || out.back().column != column) out.push_back({row, column, 0});
      out.back().units += sources_[i].entries[sources_[i].at++].units;
      IG_TRY(queue(i));
    }
    return {};
  }

 private:
  struct Source {
    std::vector<Entry> entries;
    std::size_t at = 0;
    std::uint64_t offset = 0, left = 0;  // in the file
  };

  Status queue(std::size_t i) {
    Source& source = sources_[i];
    if (source.at == source.entries.size() && source.left > 0) {
      source.entries.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kRead, source.left)));
      IG_TRY(file_->read_at(source.offset, std::as_writable_bytes(std::span(source.entries))));
      source.offset += source.entries.size() * sizeof(Entry);
      source.left -= source.entries.size();
      source.at = 0;
    }
    if (source.at < source.entries.size()) heap_.emplace(source.entries[source.at].key(), i);
    return {};
  }

  const ScratchFile* file_;
  std::vector<Source> sources_;
  using Next = std::pair<std::uint64_t, std::size_t>;  // key, source
  std::priority_queue<Next, std::vector<Next>, std::greater<>> heap_;
};

namespace {

// The table of all pairs with (row + 1) (column + 1) <= product: where rows begin and end, and its size.
struct TableShape {
  std::vector<std::size_t> starts{0};
  std::vector<std::uint32_t> limits;
};

TableShape shape_of(std::size_t words, std::uint64_t product, bool symmetric) {
  TableShape shape;
  for (std::size_t row = 0; row < words; ++row) {
    const std::size_t limit = std::min<std::size_t>(words, product / (row + 1));
    const std::size_t first = symmetric ? row : 0;
    if (limit <= first) break;
    shape.starts.push_back(shape.starts.back() + limit - first);
    shape.limits.push_back(static_cast<std::uint32_t>(limit));
  }
  return shape;
}

// The largest table of at most `cells` cells.
TableShape largest_table(std::size_t words, std::size_t cells, bool symmetric) {
  std::uint64_t low = 0;
  std::uint64_t high = static_cast<std::uint64_t>(words) * words;
  while (low < high) {
    const std::uint64_t middle = high - (high - low) / 2;
    if (shape_of(words, middle, symmetric).starts.back() <= cells) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return shape_of(words, low, symmetric);
}

}  // namespace

CooccurrenceCounter::CooccurrenceCounter(std::size_t words, const CooccurrenceRules& rules, std::size_t bytes,
                                         std::size_t threads)
    : words_(words), rules_(rules), weights_(rules.window + 1), memory_(bytes / 4) {
  for (std::size_t d = 1; d <= rules.window; ++d) {
    weights_[d] = rules.by_distance ? (kCountUnit + d / 2) / d : kCountUnit;
  }
  const std::size_t table = std::min(bytes / 4, kMostTable) / threads / sizeof(std::uint64_t);
  TableShape shape = largest_table(words, table, rules.symmetric);
  starts_ = std::move(shape.starts);
  limits_ = std::move(shape.limits);
  buffer_ = std::clamp(bytes / 2 / threads / (2 * sizeof(Entry)), kFewestBuffer + rules.window, kMostBuffer);
  for (std::size_t i = 0; i < threads; ++i) {
    parts_.push_back(std::make_unique<Part>(starts_.back(), buffer_, words));
  }
}

CooccurrenceCounter::~CooccurrenceCounter() = default;

// The pairs whose second word is one of [begin, end) of a sentence.
void CooccurrenceCounter::count_pairs(Part& part, std::span<const std::uint32_t> sentence, std::size_t begin,
                                      std::size_t end) const {
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t span = std::min(i, rules_.window);
    for (std::size_t d = 1; d <= span; ++d) {
      std::uint32_t row = sentence[i - d];
      std::uint32_t column = sentence[i];
      if (rules_.symmetric && row > column) std::swap(row, column);
      const std::uint64_t units = rules_.symmetric && row == column ? 2 * weights_[d] : weights_[d];
      if (row < limits_.size() && column < limits_[row]) {
        part.table[starts_[row] + column - (rules_.symmetric ? row : 0)] += units;
      } else {
        part.push(row, column, units);
      }
    }
  }
}

// In steps that the buffer always has room for once it is empty.
Status CooccurrenceCounter::count_piece(Part& part, std::span<const std::uint32_t> ids) {
  const std::size_t step = std::max<std::size_t>(1, kFewestBuffer / rules_.window);
  for (std::size_t at = 0; at < ids.size();) {
    const auto stop = std::find(ids.begin() + static_cast<std::ptrdiff_t>(at), ids.end(), kSentenceEnd);
    const auto sentence = ids.subspan(at, static_cast<std::size_t>(stop - ids.begin()) - at);
    for (std::size_t begin = 0; begin < sentence.size(); begin += step) {
      if (part.full(step * rules_.window)) IG_TRY(keep(part.take()));
      count_pairs(part, sentence, begin, std::min(sentence.size(), begin + step));
    }
    at += sentence.size() + 1;
  }
  return {};
}

Status CooccurrenceCounter::add(std::span<const CorpusPiece> pieces, Context& context) {
  std::atomic<std::size_t> next = 0;
  std::vector<Status> failures(parts_.size());
  parallel_for(context, parts_.size(), 1, [&](std::size_t p, std::size_t) {
    for (std::size_t i = next++; i < pieces.size() && failures[p] && context.check(); i = next++) {
      failures[p] = count_piece(*parts_[p], pieces[i].ids);
    }
  });
  for (Status& failure : failures) IG_TRY(std::move(failure));
  return context.check();
}

// In memory while there is room, else at the end of the file.
Status CooccurrenceCounter::keep(std::vector<Entry> run) {
  if (run.empty()) return {};
  const std::lock_guard lock(mutex_);
  const std::size_t bytes = run.size() * sizeof(Entry);
  if (bytes <= memory_ - held_) {
    held_ += bytes;
    runs_.push_back({std::move(run), 0, 0});
    return {};
  }
  if (!spill_) spill_ = std::make_unique<ScratchFile>(IG_TRY(ScratchFile::create()));
  const std::uint64_t offset = IG_TRY(spill_->append(std::as_bytes(std::span(run))));
  runs_.push_back({{}, offset, run.size()});
  return {};
}

Status CooccurrenceCounter::keep_all() {
  for (const std::unique_ptr<Part>& part : parts_) {
    IG_TRY(keep(part->take()));
    if (part == parts_.front()) continue;
    for (std::size_t i = 0; i < part->table.size(); ++i) parts_.front()->table[i] += part->table[i];
  }
  parts_.resize(1);
  return {};
}

Status CooccurrenceCounter::finish(const Sink& sink, Context& context) {
  IG_TRY(keep_all());
  const std::vector<std::uint64_t> table = std::move(parts_.front()->table);
  parts_.clear();
  Merge merge(runs_, spill_.get());
  IG_TRY(merge.start());
  std::vector<CooccurrenceCell> cells;
  for (std::uint32_t row = 0; row < words_; ++row) {
    if (row < limits_.size()) {
      const std::uint32_t first = rules_.symmetric ? row : 0;
      for (std::uint32_t column = first; column < limits_[row]; ++column) {
        const std::uint64_t units = table[starts_[row] + column - first];
        if (units > 0) cells.push_back({row, column, units});
      }
    }
    IG_TRY(merge.read_row(row, cells));
    if (cells.size() < kGive && row + 1 < words_) continue;
    IG_TRY(context.check());
    IG_TRY(sink(cells));
    cells.clear();
  }
  return {};
}

}  // namespace isogloss::vectors
