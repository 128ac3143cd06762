// SPDX-License-Identifier: Apache-2.0
// Sennrich et al. (2016), algorithm 1, with counts that are kept up to date instead of taken anew.
//
//   symbols_    the words one behind the other as ids; a merge makes a word shorter in its place
//   pairs_      every pair of neighbours ever seen, with its count over all words; found through an open-addressing table
//   positions_  lists of words, one list per entry of the heap: where its pair came into being at one step
//   heap_       (count at the time, pair, list); the largest count is on top, of equal ones the smaller pair of ids
//
// Counts in the heap go stale as merges eat pairs. An entry that comes up with an old count goes back with the new one,
// so nothing is ever searched in the heap. A merge visits the words of its list only and corrects the counts of the pairs
// to the left and right; pairs that are new get an entry with the words they came up in. Every merge of two symbols adds
// at most two positions, so all lists together stay below three times the symbols of the corpus.
//
// Two merges can make the same text ("a"+"bc", "ab"+"c"). The second then reuses the id, and pairs with that id get a
// second entry: such a pair is merged twice, each time in the words of its entry, and the later rank counts. The library
// does the same, and equal vocabularies need it.
#include "tokens/bpe/bpe_trainer.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/hash.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"
#include "tokens/pipeline/vocabulary.hpp"

namespace isogloss::tokens {
namespace {

constexpr std::uint32_t kNone = PieceTable::kNone;
constexpr std::size_t kCodePoints = 0x110000;

// Calls found(code point) for each character of well-formed text.
template <class Found>
void each_character(std::string_view text, Found&& found) {
  for (std::size_t at = 0; at < text.size(); at += sequence_size(text[at])) found(read_code_point(text.data() + at));
}

std::string character_text(char32_t c) {
  std::string out;
  utf8_append(out, c);
  return out;
}

class BpeTrainer {
 public:
  BpeTrainer(const WordCounts& words, const BpeTraining& training, Context& context)
      : counts_(words), training_(training), context_(context) {}

  Result<TrainedBpe> run() {
    for (const std::string& token : training_.special_tokens) piece_id(token, 0);
    const std::vector<char32_t> alphabet = choose_alphabet();
    for (const char32_t c : alphabet) first_id_[c] = piece_id(character_text(c), 1);
    number_continuing(alphabet);
    if (pieces_.size() > training_.vocabulary_size) return fail(too_small(alphabet.size()));
    spell_words();
    count_pairs();
    IG_TRY(merge_pairs());
    return result();
  }

 private:
  struct Pair {
    std::uint32_t left;
    std::uint32_t right;
    std::int64_t count = 0;
    std::uint32_t added = 0;         // words noted since the last publish()
    std::uint32_t last_word = kNone;  // of those
    std::uint64_t cursor = 0;
  };
  struct Slot {
    std::uint64_t key = ~std::uint64_t{0};
    std::uint32_t pair = 0;
  };
  struct Entry {
    std::uint64_t count;
    std::uint64_t key;  // left id above right id
    std::uint32_t pair;
    std::uint32_t size;
    std::uint64_t begin;  // of the list in positions_
    bool operator<(const Entry& other) const { return count != other.count ? count < other.count : key > other.key; }
  };

  // The id of a text, a new one where it has none. `length`: its characters, 0 = a special token.
  std::uint32_t piece_id(std::string_view text, std::uint32_t length) {
    std::uint32_t id = table_.find(text);
    if (id != kNone) return id;
    id = static_cast<std::uint32_t>(pieces_.size());
    table_.insert(text, id);
    pieces_.emplace_back(text);
    length_.push_back(length);
    return id;
  }

  std::vector<char32_t> choose_alphabet() const {
    std::vector<std::uint64_t> seen(kCodePoints, 0);
    for (std::size_t w = 0; w < counts_.size(); ++w) {
      each_character(counts_.word(w), [&](char32_t c) { seen[c] += counts_.count(w); });
    }
    for (const char32_t c : training_.initial_alphabet) seen[c] = UINT64_MAX;
    std::vector<char32_t> alphabet;
    for (char32_t c = 0; c < kCodePoints; ++c) {
      if (seen[c] > 0) alphabet.push_back(c);
    }
    if (training_.limit_alphabet == 0 || alphabet.size() <= training_.limit_alphabet) return alphabet;
    std::ranges::stable_sort(alphabet, [&](char32_t a, char32_t b) { return seen[a] > seen[b]; });
    alphabet.resize(training_.limit_alphabet);
    std::ranges::sort(alphabet);
    return alphabet;
  }

  // "##c" for the characters that stand inside a word somewhere.
  void number_continuing(const std::vector<char32_t>& alphabet) {
    if (training_.continuing_prefix.empty()) return;
    std::vector<bool> inside(kCodePoints, false);
    for (std::size_t w = 0; w < counts_.size(); ++w) {
      const std::string_view word = counts_.word(w);
      each_character(word.substr(sequence_size(word[0])), [&](char32_t c) { inside[c] = true; });
    }
    for (const char32_t c : alphabet) {
      if (inside[c]) inside_id_[c] = piece_id(training_.continuing_prefix + character_text(c), 1);
    }
  }

  Error too_small(std::size_t alphabet) const {
    return {Code::invalid_argument,
            "a vocabulary of " + std::to_string(training_.vocabulary_size) + " pieces is too small: the " +
                counted(alphabet, "character") + " of the text" +
                (training_.continuing_prefix.empty() ? "" : ", at the start of words and inside,") + " and " +
                counted(training_.special_tokens.size(), "special token") + " take " + std::to_string(pieces_.size()) +
                ". Ask for a larger one (--vocab-size) or for fewer characters (--limit-alphabet)."};
  }

  void spell_words() {
    const bool prefixed = !training_.continuing_prefix.empty();
    begin_.reserve(counts_.size());
    size_.reserve(counts_.size());
    for (std::size_t w = 0; w < counts_.size(); ++w) {
      const std::size_t begin = symbols_.size();
      begin_.push_back(begin);
      bool first = true;
      each_character(counts_.word(w), [&](char32_t c) {
        const auto& ids = first || !prefixed ? first_id_ : inside_id_;
        first = false;
        if (const auto it = ids.find(c); it != ids.end()) symbols_.push_back(it->second);  // else outside the alphabet
      });
      size_.push_back(static_cast<std::uint32_t>(symbols_.size() - begin));
    }
  }

  std::uint32_t find_pair(std::uint32_t left, std::uint32_t right) {
    if (2 * pairs_.size() >= slots_.size()) grow_slots();
    const std::uint64_t key = static_cast<std::uint64_t>(left) << 32 | right;
    std::size_t at = hash64(key) & mask_;
    for (; slots_[at].key != key; at = (at + 1) & mask_) {
      if (slots_[at].key != ~std::uint64_t{0}) continue;
      slots_[at] = {key, static_cast<std::uint32_t>(pairs_.size())};
      pairs_.push_back({left, right});
      break;
    }
    return slots_[at].pair;
  }

  void grow_slots() {
    const std::size_t count = std::max<std::size_t>(std::size_t{1} << 16, 2 * slots_.size());
    slots_.assign(count, {});
    mask_ = count - 1;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const std::uint64_t key = static_cast<std::uint64_t>(pairs_[i].left) << 32 | pairs_[i].right;
      std::size_t at = hash64(key) & mask_;
      while (slots_[at].key != ~std::uint64_t{0}) at = (at + 1) & mask_;
      slots_[at] = {key, static_cast<std::uint32_t>(i)};
    }
  }

  void came_up(std::uint32_t left, std::uint32_t right, std::uint32_t word) {
    const std::uint32_t index = find_pair(left, right);
    Pair& pair = pairs_[index];
    pair.count += static_cast<std::int64_t>(counts_.count(word));
    if (pair.last_word == word) return;
    pair.last_word = word;
    if (pair.added++ == 0) touched_.push_back(index);
    noted_.emplace_back(index, word);
  }

  void went(std::uint32_t left, std::uint32_t right, std::uint32_t word) {
    pairs_[find_pair(left, right)].count -= static_cast<std::int64_t>(counts_.count(word));
  }

  // Gives every pair that came up since the last call an entry in the heap with the words it came up in.
  void publish() {
    std::uint64_t end = positions_.size();
    positions_.resize(end + noted_.size());
    for (const std::uint32_t index : touched_) {
      pairs_[index].cursor = end;
      end += pairs_[index].added;
    }
    for (const auto& [index, word] : noted_) positions_[pairs_[index].cursor++] = word;
    for (const std::uint32_t index : touched_) {
      Pair& pair = pairs_[index];
      if (pair.count > 0) {
        push({static_cast<std::uint64_t>(pair.count), static_cast<std::uint64_t>(pair.left) << 32 | pair.right, index,
              pair.added, pair.cursor - pair.added});
      }
      pair.added = 0;
      pair.last_word = kNone;
    }
    touched_.clear();
    noted_.clear();
  }

  void push(const Entry& entry) {
    heap_.push_back(entry);
    std::push_heap(heap_.begin(), heap_.end());
  }

  void count_pairs() {
    for (std::uint32_t w = 0; w < size_.size(); ++w) {
      const std::uint32_t* word = symbols_.data() + begin_[w];
      for (std::uint32_t i = 1; i < size_[w]; ++i) came_up(word[i - 1], word[i], w);
    }
    publish();
  }

  bool fits(std::uint32_t left, std::uint32_t right) const {
    return length_[left] + length_[right] <= training_.max_characters;
  }

  Status merge_pairs() {
    const std::uint64_t least = std::max<std::uint64_t>(1, training_.min_frequency);
    while (pieces_.size() < training_.vocabulary_size && !heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end());
      Entry top = heap_.back();
      heap_.pop_back();
      const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, pairs_[top.pair].count));
      if (top.count != now) {
        top.count = now;
        push(top);
        continue;
      }
      if (top.count < least) break;
      merge(top);
      if (merges_.size() % 256 != 0) continue;
      IG_TRY(context_.check());
      context_.report({"merge", "pieces", static_cast<double>(pieces_.size()), static_cast<double>(training_.vocabulary_size), 0});
    }
    return {};
  }

  void merge(const Entry& top) {
    const Pair pair = pairs_[top.pair];
    std::string_view rest = pieces_[pair.right];
    if (rest.starts_with(training_.continuing_prefix)) rest.remove_prefix(training_.continuing_prefix.size());
    const std::string text = pieces_[pair.left] + std::string(rest);
    const std::uint32_t joined = piece_id(text, length_[pair.left] + length_[pair.right]);
    merges_.emplace_back(pair.left, pair.right);
    for (std::uint64_t i = 0; i < top.size; ++i) merge_in(positions_[top.begin + i], pair.left, pair.right, joined);
    publish();
  }

  // Joins the pair in one word, left to right, and corrects the counts of the pairs beside it.
  void merge_in(std::uint32_t w, std::uint32_t left, std::uint32_t right, std::uint32_t joined) {
    std::uint32_t* word = symbols_.data() + begin_[w];
    const std::uint32_t size = size_[w];
    std::uint32_t out = 0;
    for (std::uint32_t in = 0; in < size; ++in) {
      if (word[in] != left || in + 1 >= size || word[in + 1] != right) {
        word[out++] = word[in];
        continue;
      }
      ++in;
      if (out > 0) {
        went(word[out - 1], left, w);
        if (fits(word[out - 1], joined)) came_up(word[out - 1], joined, w);
      }
      word[out++] = joined;
      if (in + 1 < size) {
        went(right, word[in + 1], w);
        if (fits(joined, word[in + 1])) came_up(joined, word[in + 1], w);
      }
    }
    size_[w] = out;
  }

  // A pair that was merged twice counts with its later rank.
  TrainedBpe result() {
    TrainedBpe out;
    std::vector<bool> later(pairs_.size(), false);
    for (std::size_t i = merges_.size(); i-- > 0;) {
      const std::uint32_t index = find_pair(merges_[i].first, merges_[i].second);
      if (!later[index]) out.merges.push_back(merges_[i]);
      later[index] = true;
    }
    std::ranges::reverse(out.merges);
    out.pieces = std::move(pieces_);
    return out;
  }

  const WordCounts& counts_;
  const BpeTraining& training_;
  Context& context_;
  PieceTable table_;
  std::vector<std::string> pieces_;                      // (pieces)
  std::vector<std::uint32_t> length_;                    // (pieces) characters
  std::unordered_map<char32_t, std::uint32_t> first_id_;   // of a word's first character, or of all without a prefix
  std::unordered_map<char32_t, std::uint32_t> inside_id_;
  std::vector<std::uint32_t> symbols_;                   // (symbols)
  std::vector<std::uint64_t> begin_;                     // (words)
  std::vector<std::uint32_t> size_;                      // (words)
  std::vector<Pair> pairs_;
  std::vector<Slot> slots_;
  std::size_t mask_ = 0;
  std::vector<std::uint32_t> positions_;
  std::vector<Entry> heap_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> noted_;  // pair, word
  std::vector<std::uint32_t> touched_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> merges_;
};

}  // namespace

Result<TrainedBpe> train_bpe(const WordCounts& words, const BpeTraining& training, Context& context) {
  return BpeTrainer(words, training, context).run();
}

}  // namespace isogloss::tokens
