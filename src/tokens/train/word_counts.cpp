// SPDX-License-Identifier: Apache-2.0
// A corpus is read block by block (about 4 MB each, see runtime/dataset.cpp); every block fills a table of its own, and
// the tables are merged in the order of the blocks. Memory is that of the distinct words plus one block a thread,
// however large the corpus.
//
// Text in many languages, or text that is cut at nothing but blanks, has more distinct words than memory holds. When
// the table passes `max_words`, or 64 bytes of text for each, the rarest words are dropped until half of them are left,
// as in lossy counting (Manku and Motwani 2002): a word that was dropped starts again at zero, so counts near the floor
// are too low, while frequent words, which decide a vocabulary, are exact or nearly so. The pruning happens behind
// whole blocks, hence is repeatable, and is reported once.
#include "tokens/train/word_counts.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

namespace isogloss::tokens {

void WordCounts::grow(std::size_t slots) {
  slots_.assign(slots, 0);
  mask_ = slots - 1;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = hash64(word(i)) & mask_;
    while (slots_[at] != 0) at = (at + 1) & mask_;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void WordCounts::add(std::string_view word, std::uint64_t count) {
  if (2 * entries_.size() >= slots_.size()) grow(std::max<std::size_t>(1024, 2 * slots_.size()));
  const std::uint64_t hash = hash64(word);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  std::size_t at = hash & mask_;
  for (; slots_[at] != 0; at = (at + 1) & mask_) {
    Entry& entry = entries_[slots_[at] - 1];
    if (entry.tag == tag && entry.size == word.size() &&
        std::memcmp(arena_.data() + entry.place, word.data(), word.size()) == 0) {
      entry.count += count;
      return;
    }
  }
  entries_.push_back({arena_.size(), count, static_cast<std::uint32_t>(word.size()), tag});
  arena_.append(word);
  slots_[at] = static_cast<std::uint32_t>(entries_.size());
}

std::uint64_t WordCounts::total() const {
  return std::accumulate(entries_.begin(), entries_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Entry& entry) { return sum + entry.count; });
}

std::uint64_t WordCounts::prune(std::size_t keep) {
  if (entries_.size() <= keep) return 0;
  std::vector<std::uint64_t> counts;
  counts.reserve(entries_.size());
  for (const Entry& entry : entries_) counts.push_back(entry.count);
  const auto last = counts.begin() + static_cast<std::ptrdiff_t>(keep);
  std::ranges::nth_element(counts, last, std::greater<>());
  const std::uint64_t floor = *last;  // the (keep + 1)-th largest count
  auto room = static_cast<std::ptrdiff_t>(keep) -
              std::count_if(counts.begin(), last, [floor](std::uint64_t count) { return count > floor; });
  WordCounts kept;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].count > floor || (entries_[i].count == floor && room-- > 0)) kept.add(word(i), entries_[i].count);
  }
  *this = std::move(kept);
  return floor;
}

std::vector<std::uint32_t> WordCounts::ranked() const {
  std::vector<std::uint32_t> order(entries_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, [this](std::uint32_t a, std::uint32_t b) {
    return entries_[a].count != entries_[b].count ? entries_[a].count > entries_[b].count : word(a) < word(b);
  });
  return order;
}

namespace {

Status count_block(const Dataset& data, std::size_t block, const WordRules& rules, Context& context, WordCounts& out) {
  AlignedText raw;
  NormalizeScratch normalize;
  SplitState split;
  return data.read_block(
      block,
      [&](const Record& record) -> Status {
        if (record.text.size() >= UINT32_MAX) {
          return fail(Code::too_long, "a record of the training text has " + std::to_string(record.text.size()) +
                                          " bytes; at most 4 GiB are taken at once. Cut it into lines.");
        }
        utf8_valid(record.text) ? raw.view(record.text, 0) : raw.repair(record.text);
        const AlignedText& text = *IG_TRY(rules.normalizer->apply(raw, normalize));
        if (text.empty()) return {};
        split.text = &text;
        split.words.assign(1, Word{0, static_cast<std::uint32_t>(text.size())});
        for (const SplitterPtr& splitter : rules.splitters) IG_TRY(splitter->apply(split));
        const std::string_view bytes = split.text->bytes();
        for (const Word& word : split.words) out.add(bytes.substr(word.begin, word.end - word.begin));
        return {};
      },
      context);
}

bool too_large(const WordCounts& counts, std::size_t max_words) {
  constexpr std::size_t kBytesPerWord = 64;
  return max_words != 0 && (counts.size() > max_words || counts.text_bytes() / kBytesPerWord > max_words);
}

WordCounts in_byte_alphabet(const WordCounts& counts) {
  WordCounts out;
  for (std::size_t i = 0; i < counts.size(); ++i) out.add(bytes_to_alphabet(counts.word(i)), counts.count(i));
  return out;
}

}  // namespace

Result<WordCounts> count_blocks(const Dataset& data,
                                const std::function<Status(std::size_t block, WordCounts& out)>& count,
                                const std::function<bool(const WordCounts& all)>& too_many,
                                const std::function<void(std::uint64_t n)>& complain, Context& context) {
  WordCounts all;
  std::uint64_t floor = 0;
  double seen = 0;
  const std::size_t wave = context.thread_count();
  for (std::size_t first = 0; first < data.blocks(); first += wave) {
    IG_TRY(context.check());
    const std::size_t blocks = std::min(wave, data.blocks() - first);
    std::vector<WordCounts> tables(blocks);
    std::vector<Status> failures(blocks);
    parallel_for(context, blocks, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) failures[i] = count(first + i, tables[i]);
    });
    for (std::size_t i = 0; i < blocks; ++i) {
      IG_TRY(std::move(failures[i]));
      for (std::size_t w = 0; w < tables[i].size(); ++w) all.add(tables[i].word(w), tables[i].count(w));
      seen += static_cast<double>(tables[i].total());
      tables[i] = {};
      if (too_many(all)) floor = std::max(floor, all.prune(all.size() / 2));
    }
    context.report({"count", "words", seen, 0, 0});
  }
  if (floor > 0) complain(floor);
  return all;
}

Result<WordCounts> count_words(const Dataset& data, const WordRules& rules, Context& context) {
  WordCounts all = IG_TRY(count_blocks(
      data, [&](std::size_t block, WordCounts& out) { return count_block(data, block, rules, context, out); },
      [&](const WordCounts& counts) { return too_large(counts, rules.max_words); },
      [&](std::uint64_t n) {
        context.say(LogLevel::info, "too many distinct words for " + std::to_string(rules.max_words) +
                                        " (--max-words): of those seen up to " + counted(n, "time") +
                                        " by then some were dropped on the way.");
      },
      context));
  return rules.byte_alphabet ? in_byte_alphabet(all) : std::move(all);
}

}  // namespace isogloss::tokens
