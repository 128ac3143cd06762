// SPDX-License-Identifier: Apache-2.0
// Two passes over the files: one counts, one turns words into numbers (blocks of a dataset side by side, joined in
// their order). 18.3 M words of Wikipedia: 4 bytes each are 73 MB, where the text has 106 MB. When that is too much,
// every epoch reads the files anew, one wave of pieces at a time.
#include "vectors/word_corpus.hpp"

#include <algorithm>

#include "core/describe.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/train/word_counts.hpp"
#include "vectors/word_split.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::size_t kPieceWords = 16384;
constexpr std::size_t kLongestPiece = 2 * kPieceWords;  // cut here if no sentence ends
constexpr std::size_t kWaveWords = std::size_t{1} << 21;
constexpr std::size_t kMostDistinct = std::size_t{1} << 26;  // words while counting; the rarest half goes beyond

template <class Word>
void words_of(const Record& record, const CorpusRules& rules, Word&& word) {
  if (!rules.lowercase) return split_words(record.text, rules.signs, word);
  const std::string lower = to_lower_full(record.text);
  split_words(lower, rules.signs, word);
}

template <class Word>
void words_of(const Record& record, const CorpusRules& rules, const Phrases& phrases, Word&& word) {
  if (phrases.empty()) return words_of(record, rules, word);
  std::vector<std::string> words;
  words_of(record, rules, [&](std::string_view one) { words.emplace_back(one); });
  phrases.join(words);
  for (const std::string& one : words) word(std::string_view(one));
}

Status count_block(const Dataset& data, std::size_t block, const CorpusRules& rules, const Phrases& phrases,
                   Context& context, tokens::WordCounts& out) {
  return data.read_block(
      block,
      [&](const Record& record) -> Status {
        words_of(record, rules, phrases, [&](std::string_view word) { out.add(word); });
        return {};
      },
      context);
}

Result<tokens::WordCounts> count_all(const Dataset& data, const CorpusRules& rules, const Phrases& phrases,
                                     Context& context) {
  return tokens::count_blocks(
      data,
      [&](std::size_t block, tokens::WordCounts& out) {
        return count_block(data, block, rules, phrases, context, out);
      },
      [](const tokens::WordCounts& all) { return all.size() > kMostDistinct; },
      [&](std::uint64_t n) {
        context.say(LogLevel::warning, "too many distinct words: of those seen up to " + counted(n, "time") +
                                           " by then some were dropped on the way.");
      },
      context);
}

// Ids cut into pieces, as they come.
class Pieces {
 public:
  // Does a piece end behind this id? `words` counts those of the piece so far.
  static bool ends(std::uint32_t id, std::uint64_t words) {
    return (id == kSentenceEnd && words >= kPieceWords) || words >= kLongestPiece;
  }
  void add(std::uint32_t id) {
    if (id != kSentenceEnd) ++words_;
    ++size_;
    if (ends(id, words_)) close();
  }
  void close() {
    if (size_ == 0) return;
    list_.push_back({{}, words_, before_, number_++});
    sizes_.push_back(size_);
    before_ += words_;
    words_ = size_ = 0;
  }
  // The closed pieces; their ids stand one after another.
  std::vector<CorpusPiece> take(std::span<const std::uint32_t> ids) {
    for (std::size_t i = 0; i < list_.size(); ++i) {
      list_[i].ids = ids.first(sizes_[i]);
      ids = ids.subspan(sizes_[i]);
    }
    sizes_.clear();
    return std::exchange(list_, {});
  }
  std::uint64_t words() const { return before_ + words_; }
  std::size_t open_ids() const { return size_; }

 private:
  std::vector<CorpusPiece> list_;
  std::vector<std::size_t> sizes_;
  std::uint64_t words_ = 0, before_ = 0;
  std::size_t size_ = 0, number_ = 0;
};

}  // namespace

void WordCorpus::take(std::string_view word, std::uint64_t count, std::uint64_t in_text) {
  words_.insert(word);
  counts_.push_back(count);
  total_ += in_text;
}

Result<WordCorpus> WordCorpus::count(const Dataset& data, const CorpusRules& rules, Context& context,
                                     const KnownWords& known) {
  WordCorpus corpus;
  corpus.data_ = &data;
  corpus.rules_ = rules;
  if (rules.phrases > 0) {
    corpus.phrases_ = IG_TRY(Phrases::learn(
        data, [&](const Record& record, const auto& word) { words_of(record, rules, word); }, rules.phrases,
        rules.phrase_threshold, rules.min_count, context));
  }
  const tokens::WordCounts all = IG_TRY(count_all(data, rules, corpus.phrases_, context));
  corpus.seen_ = all.total();
  const std::vector<std::uint32_t> ranked = all.ranked();
  if (known.table != nullptr) {
    corpus.merge(*known.table, known.grow, all, ranked);
  } else {
    for (const std::uint32_t i : ranked) {
      if (all.count(i) < rules.min_count) break;
      if (rules.max_vocab != 0 && corpus.counts_.size() == rules.max_vocab) break;
      corpus.take(all.word(i), all.count(i), all.count(i));
    }
  }
  if (corpus.total_ > 0) return corpus;
  if (all.size() == 0)
    return fail(Code::invalid_argument, "the training text (" + data.description() + ") has no word.");
  return fail(Code::invalid_argument,
              "none of the " + counted(all.size(), "distinct word") + " of the training text (" + data.description() +
                  ") " + (known.table != nullptr ? "is known to the model or occurs " : "occurs ") +
                  std::to_string(rules.min_count) + " times (--min-count). Lower it, or give more text.");
}

// All words of the model and, if it grows, those of the text, by the sum of both counts.
void WordCorpus::merge(const WordTable& known, bool grow, const tokens::WordCounts& all,
                       std::span<const std::uint32_t> ranked) {
  struct Entry {
    std::string_view word;
    std::uint64_t count;
    std::uint64_t in_text;
  };
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < known.size(); ++i) {
    entries.push_back({known.word(i), known.counts().empty() ? 1 : known.counts()[i], 0});
  }
  for (const std::uint32_t i : ranked) {
    if (const auto place = known.find(all.word(i))) {
      entries[*place].in_text = all.count(i);
    } else if (grow && all.count(i) >= rules_.min_count &&
               (rules_.max_vocab == 0 || entries.size() < rules_.max_vocab)) {
      entries.push_back({all.word(i), 0, all.count(i)});
    }
  }
  if (grow) {
    for (Entry& entry : entries) entry.count += entry.in_text;
    std::ranges::stable_sort(entries, std::ranges::greater(), &Entry::count);
  }
  for (const Entry& entry : entries) take(entry.word, entry.count, entry.in_text);
}

Status WordCorpus::encode_block(std::size_t block, Context& context,
                                const std::function<Status(std::uint32_t)>& sink) const {
  return data_->read_block(
      block,
      [&](const Record& record) -> Status {
        bool any = false;
        Status status;
        words_of(record, rules_, phrases_, [&](std::string_view word) {
          const std::uint32_t id = words_.find(word);
          if (id == tokens::WordMap::kNone || !status) return;
          any = true;
          status = sink(id);
        });
        return any && status ? sink(kSentenceEnd) : status;
      },
      context);
}

Status WordCorpus::hold(std::size_t bytes, Context& context) {
  if (total_ > bytes / sizeof(std::uint32_t)) return {};
  ids_.reserve(total_ + total_ / 16);
  const std::size_t wave = context.thread_count();
  for (std::size_t first = 0; first < data_->blocks(); first += wave) {
    IG_TRY(context.check());
    const std::size_t count = std::min(wave, data_->blocks() - first);
    if (count == 1) {  // nothing to join, as with a packed file, which is one block
      IG_TRY(encode_block(first, context, [&](std::uint32_t id) -> Status {
        ids_.push_back(id);
        return {};
      }));
      continue;
    }
    std::vector<std::vector<std::uint32_t>> parts(count);
    std::vector<Status> failures(count);
    parallel_for(context, count, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        failures[i] = encode_block(first + i, context, [&](std::uint32_t id) -> Status {
          parts[i].push_back(id);
          return {};
        });
      }
    });
    for (std::size_t i = 0; i < count; ++i) {
      IG_TRY(std::move(failures[i]));
      ids_.insert(ids_.end(), parts[i].begin(), parts[i].end());
    }
    context.report({"read", "words", static_cast<double>(ids_.size()), 0, 0});
  }
  held_ = true;
  return {};
}

void WordCorpus::release() {
  ids_ = {};
  held_ = false;
}

Status WordCorpus::pass(const Sink& sink, Context& context) const {
  Pieces pieces;
  if (held_) {
    for (const std::uint32_t id : ids_) pieces.add(id);
    pieces.close();
    IG_TRY(sink(pieces.take(ids_)));
  } else {
    std::vector<std::uint32_t> wave;
    for (std::size_t block = 0; block < data_->blocks(); ++block) {
      IG_TRY(encode_block(block, context, [&](std::uint32_t id) -> Status {
        wave.push_back(id);
        pieces.add(id);
        if (wave.size() < kWaveWords || pieces.open_ids() > 0) return {};
        IG_TRY(sink(pieces.take(wave)));
        wave.clear();
        return {};
      }));
    }
    pieces.close();
    IG_TRY(sink(pieces.take(wave)));
  }
  if (pieces.words() == total_) return {};
  return fail(Code::corrupt_data, "an epoch read " + std::to_string(pieces.words()) + " words where " +
                                      std::to_string(total_) + " were counted: the files changed in between.");
}

std::string training_mark(std::string_view what, const OptionValues& options, const WordCorpus& corpus,
                          std::string_view base, const Context& context) {
  std::string described(what);
  described += " " + std::to_string(context.seed) + " " + std::string(base);
  JsonWriter json(described);
  write_option_values(json, options);
  Sha256 hash;
  hash.update(described);
  for (std::size_t i = 0; i < corpus.counts().size(); ++i) {
    hash.update(corpus.words().word(static_cast<std::uint32_t>(i)));
    hash.update(" " + std::to_string(corpus.counts()[i]) + "\n");
  }
  hash.update(std::to_string(corpus.total()));
  return hash.hex();
}

}  // namespace isogloss::vectors
