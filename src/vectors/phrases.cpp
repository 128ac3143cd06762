// SPDX-License-Identifier: Apache-2.0
#include "vectors/phrases.hpp"

#include "core/text.hpp"
#include "tokens/train/word_counts.hpp"

namespace isogloss::vectors {
namespace {

constexpr char kJoint = '_';
constexpr std::size_t kMostDistinct = std::size_t{1} << 26;  // while counting; the rarest half goes beyond

}  // namespace

Result<Phrases> Phrases::learn(const Dataset& data, const Split& split, std::size_t levels, double threshold,
                               std::uint64_t min_count, Context& context) {
  Phrases phrases;
  // use(words) for every record, joined as far as the levels that are there by now go.
  const auto count_all = [&](const auto& use) {
    const auto count_block = [&](std::size_t block, tokens::WordCounts& out) {
      std::vector<std::string> words;
      return data.read_block(
          block,
          [&](const Record& record) -> Status {
            words.clear();
            split(record, [&](std::string_view word) { words.emplace_back(word); });
            phrases.join(words);
            use(words, out);
            return {};
          },
          context);
    };
    return tokens::count_blocks(
        data, count_block, [](const tokens::WordCounts& all) { return all.size() > kMostDistinct; },
        [](std::uint64_t) {}, context);
  };
  for (std::size_t level = 0; level < levels; ++level) {
    const tokens::WordCounts words =
        IG_TRY(count_all([](const std::vector<std::string>& record, tokens::WordCounts& out) {
          for (const std::string& word : record) out.add(word);
        }));
    tokens::WordMap frequent;
    std::vector<double> counts;
    for (const std::uint32_t i : words.ranked()) {
      if (words.count(i) < min_count) break;
      frequent.insert(words.word(i));
      counts.push_back(static_cast<double>(words.count(i)));
    }
    const auto find = [&](std::string_view word) { return frequent.find(word); };
    const tokens::WordCounts pairs =
        IG_TRY(count_all([&](const std::vector<std::string>& record, tokens::WordCounts& out) {
          for (std::size_t i = 1; i < record.size(); ++i) {
            if (find(record[i - 1]) == tokens::WordMap::kNone || find(record[i]) == tokens::WordMap::kNone) continue;
            out.add(record[i - 1] + kJoint + record[i]);
          }
        }));
    tokens::WordMap joined;
    const auto total = static_cast<double>(words.total());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::string_view pair = pairs.word(i);
      const double together = static_cast<double>(pairs.count(i)) - static_cast<double>(min_count);
      // A word may hold the joint itself: every cut that both parts allow is weighed.
      for (std::size_t at = pair.find(kJoint); at != pair.npos && together > 0; at = pair.find(kJoint, at + 1)) {
        const std::uint32_t a = find(pair.substr(0, at));
        const std::uint32_t b = find(pair.substr(at + 1));
        if (a == tokens::WordMap::kNone || b == tokens::WordMap::kNone) continue;
        if (together / counts[a] / counts[b] * total > threshold) joined.insert(pair);
      }
    }
    context.say(LogLevel::info, counted(joined.size(), "phrase") + (level == 0 ? "" : " of phrases") + ".");
    phrases.levels_.push_back(std::move(joined));
  }
  return phrases;
}

std::size_t Phrases::size() const {
  std::size_t all = 0;
  for (const tokens::WordMap& level : levels_) all += level.size();
  return all;
}

void Phrases::join(std::vector<std::string>& words) const {
  std::string pair;
  for (const tokens::WordMap& level : levels_) {
    std::size_t kept = 0;  // words that are done
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i + 1 < words.size()) {
        pair.assign(words[i]).append(1, kJoint).append(words[i + 1]);
        if (level.find(pair) != tokens::WordMap::kNone) {
          words[kept++] = pair;
          ++i;
          continue;
        }
      }
      if (kept != i) words[kept] = std::move(words[i]);
      ++kept;
    }
    words.resize(kept);
  }
}

}  // namespace isogloss::vectors
