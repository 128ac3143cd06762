// SPDX-License-Identifier: Apache-2.0
// Counts by distance are whole numbers, added up block by block: 1 / distance comes in at the end.
#include <algorithm>
#include <deque>
#include <mutex>

#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "core/utf8.hpp"
#include "isogloss/words.hpp"
#include "tokens/analysis/word_map.hpp"
#include "vectors/word_split.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kMostCounts = std::size_t{1} << 26;  // of the table of pairs by distance
constexpr std::size_t kMostWindow = 100'000;

struct Counts {
  std::vector<std::uint64_t> occurrences;  // (words)
  std::vector<std::uint64_t> distances;    // (words, words, window), the lower word first
};

class Counter {
 public:
  Counter(std::span<const std::string> words, const MeetingOptions& options) : options_(options), n_(words.size()) {
    for (const std::string& word : words) map_.insert(options.lowercase ? to_lower_full(word) : word);
  }

  std::size_t distinct() const { return map_.size(); }
  Counts empty() const {
    return {std::vector<std::uint64_t>(n_), std::vector<std::uint64_t>(n_ * n_ * options_.window)};
  }

  void add(std::string_view text, Counts& out) const {
    if (!options_.lowercase) return add_words(text, out);
    const std::string lower = to_lower_full(text);
    add_words(lower, out);
  }

  Meetings meetings(const Counts& counts) const {
    Meetings out{counts.occurrences, std::vector<std::uint64_t>(n_ * n_), std::vector<double>(n_ * n_)};
    for (std::size_t a = 0; a < n_; ++a) {
      for (std::size_t b = a; b < n_; ++b) {
        for (std::size_t d = 1; d <= options_.window; ++d) {
          const std::uint64_t count = counts.distances[(a * n_ + b) * options_.window + d - 1];
          out.pairs[a * n_ + b] += count;
          out.weighted[a * n_ + b] += static_cast<double>(count) / static_cast<double>(d);
        }
        out.pairs[b * n_ + a] = out.pairs[a * n_ + b];
        out.weighted[b * n_ + a] = out.weighted[a * n_ + b];
      }
    }
    return out;
  }

 private:
  void add_words(std::string_view text, Counts& out) const {
    struct Seen {
      std::size_t place;
      std::uint32_t id;
    };
    std::deque<Seen> near;  // words asked for in the window before the place
    std::size_t place = 0;
    vectors::split_words(text, options_.signs, [&](std::string_view word) {
      ++place;
      const std::uint32_t id = map_.find(word);
      if (id == tokens::WordMap::kNone) return;
      ++out.occurrences[id];
      while (!near.empty() && place - near.front().place > options_.window) near.pop_front();
      for (const Seen& other : near) {
        const auto [a, b] = std::minmax(id, other.id);
        ++out.distances[(a * n_ + b) * options_.window + (place - other.place) - 1];
      }
      near.push_back({place, id});
    });
  }

  MeetingOptions options_;
  std::size_t n_;
  tokens::WordMap map_;
};

Status check(std::span<const std::string> words, const MeetingOptions& options, const Counter& counter) {
  if (words.empty()) return fail(Code::invalid_argument, "there is no word to count.");
  if (counter.distinct() != words.size()) return fail(Code::invalid_argument, "a word is given twice.");
  if (options.window == 0 || options.window > kMostWindow) {
    return fail(Code::invalid_argument, "the window must be between 1 and " + std::to_string(kMostWindow) + ", not " +
                                            std::to_string(options.window) + ".");
  }
  if (words.size() > kMostCounts / words.size() / options.window) {
    return fail(Code::invalid_argument, std::to_string(words.size()) + " words with a window of " +
                                            std::to_string(options.window) +
                                            " are too many for a table. Give fewer words or a smaller window.");
  }
  return {};
}

}  // namespace

Result<Meetings> count_meetings(const Dataset& data, std::span<const std::string> words, const MeetingOptions& options,
                                Context& context) {
  return guard([&]() -> Result<Meetings> {
    const Counter counter(words, options);
    IG_TRY(check(words, options, counter));
    Counts all = counter.empty();
    std::mutex mutex;
    Status status;
    parallel_for(context, data.blocks(), 1, [&](std::size_t block, std::size_t) {
      if (!context.check()) return;  // told below
      Counts counts = counter.empty();
      Status read = data.read_block(
          block,
          [&](const Record& record) -> Status {
            counter.add(record.text, counts);
            return {};
          },
          context);
      const std::lock_guard lock(mutex);
      if (!read && status) status = std::move(read);
      for (std::size_t i = 0; i < counts.occurrences.size(); ++i) all.occurrences[i] += counts.occurrences[i];
      for (std::size_t i = 0; i < counts.distances.size(); ++i) all.distances[i] += counts.distances[i];
    });
    IG_TRY(std::move(status));
    IG_TRY(context.check());
    return counter.meetings(all);
  });
}

}  // namespace isogloss
