// SPDX-License-Identifier: Apache-2.0
// Most words of ordinary text end up as one piece. Which ones do is known once the vocabulary is: at load every piece
// is run through the merges, and those that come out whole go into a table of words. Such a word costs one look-up.
//
// The others are looked up among the words seen lately (WordCache) or joined in place: up to kShort symbols by looking
// for the lowest rank each time (12 ranks fit one cache line), longer words with a heap, as the libraries do, so that a
// word of a million characters takes O(n log n). Both pick the lowest rank and of equal ones the leftmost.
//
// What costs is waiting for memory. Measured on 10 MB of English Wikipedia on a machine with other work, one thread,
// variants in turns, median MB/s with GPT-2's vocabulary / cl100k: a PieceTable of words and 16 bytes a merge, looked
// up when needed, 88 / 75; asked for 8 words ahead 93 / 76; merges of two bytes in a table by bytes, 92-97 / 69-77
// (kept: it takes no cache from the others); words as two numbers (ShortWord) 107 / 77; 8 bytes a merge, merges that no
// text reaches left out, both look-ups of a join started together, and letters skipped 16 at a time, 116 / 98.
//
// Byte-level vocabularies are written in an alphabet of printable characters; here they are read back into bytes once,
// so that text is never rewritten.
//
// SentencePiece may mark pieces as unused: merges pass through them, and what ends up as one is broken up again into
// the pair that was last considered for it anywhere in the text, which is why such models take the long way for every
// word.
#include "tokens/bpe/bpe.hpp"

#include <algorithm>
#include <bit>
#include <queue>
#include <unordered_map>

#include "core/utf8.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"
#include "tokens/pipeline/word_cache.hpp"

namespace isogloss::tokens {
namespace {

constexpr unsigned kPlaceBits = 5;
constexpr std::size_t kShort = std::size_t{1} << kPlaceBits;

}  // namespace

struct Bpe::Scratch {
  struct Halves {
    Symbol left;
    Symbol right;
  };
  std::vector<Symbol> symbols;
  std::pair<std::uint32_t, std::uint32_t> last;       // the two pieces that were joined last
  std::vector<Symbol> unbroken;                       // with unused pieces in them
  std::unordered_map<std::uint32_t, Halves> made_of;  // unused pieces of this word: the last pair that could become it
};

Status Bpe::MergeTable::build(const std::vector<Merge>& merges, std::size_t ids) {
  // Merges of one rank that make the same piece share a number.
  const auto outcome = [](const Merge& merge) { return std::pair(merge.rank, merge.joined); };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> outcomes;
  outcomes.reserve(merges.size());
  for (const Merge& merge : merges) outcomes.push_back(outcome(merge));
  std::ranges::sort(outcomes);
  outcomes.erase(std::ranges::unique(outcomes).begin(), outcomes.end());
  id_bits_ = static_cast<unsigned>(
      std::bit_width(std::max<std::size_t>(ids, 1)));  // no id has all of them set: no key looks like kEmpty
  number_bits_ = 64 - 2 * id_bits_;
  number_mask_ = (std::uint64_t{1} << number_bits_) - 1;
  if (outcomes.size() >= std::min<std::uint64_t>(number_mask_, std::uint64_t{1} << (31 - kPlaceBits))) {
    return fail(Code::unsupported, "the vocabulary has " + std::to_string(ids) + " ids and " +
                                       std::to_string(outcomes.size()) +
                                       " different merges; that is more than a table of merges takes.");
  }
  joined_.clear();
  order_.clear();
  bool ties = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool tie = i > 0 && outcomes[i].first == outcomes[i - 1].first;
    ties = ties || tie;
    order_.push_back(tie ? order_.back() : static_cast<std::uint32_t>(i));
    joined_.push_back(outcomes[i].second);
  }
  if (!ties) order_ = {};
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2 * merges.size(), 16));
  slots_.assign(size, kEmpty);
  mask_ = size - 1;
  shift_ = static_cast<unsigned>(64 - std::countr_zero(size));
  for (const Merge& merge : merges) {
    const std::uint64_t wanted = key(merge.left, merge.right);
    std::size_t at = place(wanted);
    while (slots_[at] != kEmpty && slots_[at] >> number_bits_ != wanted) at = (at + 1) & mask_;
    const auto number = std::ranges::lower_bound(outcomes, outcome(merge)) - outcomes.begin();
    // A repeated merge keeps its last rank, as in the library.
    slots_[at] = wanted << number_bits_ | static_cast<std::uint64_t>(number);
  }
  return {};
}

Result<std::unique_ptr<Bpe>> Bpe::make(Vocabulary vocabulary, const std::vector<Merge>& merges, const BpeRules& rules) {
  if (!rules.unknown.empty() && vocabulary.find(rules.unknown) == PieceTable::kNone) {
    return fail(Code::corrupt_data, "the vocabulary lacks its unknown token '" + rules.unknown +
                                        "'. Add it, or name the right one as unk_token.");
  }
  std::unique_ptr<Bpe> model(new Bpe(std::move(vocabulary), rules));
  IG_TRY(model->index(merges));
  return model;
}

Bpe::Bpe(Vocabulary vocabulary, const BpeRules& rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules), owner_(WordCache::new_owner()) {
  if (!rules_.unknown.empty()) unknown_ = vocabulary_.find(rules_.unknown);
  has_unused_ = std::ranges::find(rules_.kinds, PieceKind::unused) != rules_.kinds.end();
  if (rules_.byte_level) index_bytes();
}

Status Bpe::index(const std::vector<Merge>& merges) {
  IG_TRY(merges_.build(merges, vocabulary_.size()));
  const auto lacks = [](std::uint32_t id) { return id == PieceTable::kNone; };
  if (rules_.byte_level && std::ranges::none_of(byte_inside_, lacks) && std::ranges::none_of(byte_last_, lacks)) {
    if (rules_.end_suffix.empty()) IG_TRY(merges_.build(reachable(merges), vocabulary_.size()));
    index_byte_pairs();
  }
  index_words();
  return {};
}

void Bpe::index_bytes() {
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string piece;
    utf8_append(piece, byte_character(static_cast<char>(byte)));
    byte_inside_[byte] = vocabulary_.find(piece);
    byte_last_[byte] = rules_.end_suffix.empty() ? byte_inside_[byte] : vocabulary_.find(piece + rules_.end_suffix);
  }
}

void Bpe::index_byte_pairs() {
  byte_pairs_.reserve(256 * 256);
  for (const std::uint32_t left : byte_inside_) {
    for (const std::uint32_t right : byte_inside_) byte_pairs_.push_back(merges_.find(left, right));
  }
}

// Those merges that happen in some text. Of the ways to make a piece of two others only one does: while the ends of the
// piece in a text are not joined to what lies outside, the joins inside it are those of the piece alone, one by one
// (the lowest and leftmost of all pairs is the lowest and leftmost of those inside whenever it lies inside). So what
// two pieces it is made of last is the same everywhere. Rank files of tiktoken name every way: 233,000 for cl100k's
// 100,000.
std::vector<Merge> Bpe::reachable(const std::vector<Merge>& merges) const {
  Scratch scratch;
  std::vector<Merge> out;
  for (const Merge& merge : merges) {
    const auto bytes = bytes_from_alphabet(vocabulary_.piece(merge.joined));
    if (!bytes || bytes->empty()) continue;
    spell(*bytes, scratch.symbols);
    scratch.last = {kNoMerge, kNoMerge};
    join(*bytes, scratch);
    if (scratch.symbols.size() == 1 && scratch.last == std::pair(merge.left, merge.right)) out.push_back(merge);
  }
  return out;
}

// Fills words_ with the texts whose only piece they are.
void Bpe::index_words() {
  std::vector<std::pair<std::string, std::uint32_t>> words;
  Scratch scratch;
  for (std::uint32_t id = 0; id < vocabulary_.size(); ++id) {
    if (!vocabulary_.contains(id) || vocabulary_.find(vocabulary_.piece(id)) != id) continue;
    std::string_view piece = vocabulary_.piece(id);
    if (!rules_.end_suffix.empty() && !rules_.ignore_merges) {
      if (!piece.ends_with(rules_.end_suffix) || piece.size() == rules_.end_suffix.size()) continue;
      piece.remove_suffix(rules_.end_suffix.size());
    }
    std::string bytes(piece);
    if (rules_.byte_level) {
      auto read = bytes_from_alphabet(piece);
      if (!read) continue;
      bytes = std::move(*read);
    }
    if (bytes.empty()) continue;
    if (rules_.ignore_merges) {
      words.emplace_back(std::move(bytes), id);
      continue;
    }
    spell(bytes, scratch.symbols);
    join(bytes, scratch);
    if (scratch.symbols.size() == 1 && scratch.symbols[0].id == id) words.emplace_back(std::move(bytes), id);
  }
  words_.fill(words);
}

void Bpe::spell_bytes(std::string_view word, std::vector<Symbol>& symbols) const {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const std::uint32_t id = i + 1 == word.size() ? byte_last_[byte] : byte_inside_[byte];
    if (id != PieceTable::kNone) {
      symbols.push_back({id, 1});
    } else if (unknown_ != PieceTable::kNone) {
      symbols.push_back({unknown_, 1});
    }
  }
}

bool Bpe::spell_fallback(std::string_view character, std::vector<Symbol>& symbols) const {
  const std::size_t before = symbols.size();
  const bool whole = rules_.byte_spans == ByteSpans::whole;
  for (const char c : character) {
    const std::uint32_t id = vocabulary_.find(byte_piece(c));
    if (id == PieceTable::kNone) {
      symbols.resize(before);
      return false;
    }
    symbols.push_back({id, whole ? 1u : 0u});
  }
  if (!whole) symbols.back().size = static_cast<std::uint32_t>(character.size());
  return true;
}

// Appends what stands for `size` bytes without a piece.
void Bpe::add_unknown(std::uint32_t size, std::vector<Symbol>& symbols) const {
  if (unknown_ == PieceTable::kNone) return;
  if (rules_.fuse_unknown && !symbols.empty() && symbols.back().id == unknown_) {
    symbols.back().size += size;
  } else {
    symbols.push_back({unknown_, size});
  }
}

// The word's characters as pieces.
void Bpe::spell(std::string_view word, std::vector<Symbol>& symbols) const {
  symbols.clear();
  if (rules_.byte_level) return spell_bytes(word, symbols);
  const bool decorated = !rules_.continuing_prefix.empty() || !rules_.end_suffix.empty();
  std::string decorated_piece;
  for (std::size_t at = 0; at < word.size();) {
    const std::size_t size = sequence_size(word[at]);
    std::string_view piece = word.substr(at, size);
    if (decorated) {
      decorated_piece.assign(at > 0 ? rules_.continuing_prefix : std::string());
      decorated_piece.append(piece);
      if (at + size == word.size()) decorated_piece.append(rules_.end_suffix);
      piece = decorated_piece;
    }
    at += size;
    const std::uint32_t id = vocabulary_.find(piece);
    if (id != PieceTable::kNone && (is_found(rules_.kinds, id) || is_unused(id))) {
      symbols.push_back({id, static_cast<std::uint32_t>(size)});
    } else if (!rules_.byte_fallback || !spell_fallback(piece, symbols)) {
      add_unknown(static_cast<std::uint32_t>(size), symbols);
    }
  }
}

void Bpe::join(std::string_view word, Scratch& scratch) const {
  if (scratch.symbols.size() <= kShort && !has_unused_) return join_short(word, scratch);
  join_long(scratch);
  if (!has_unused_) return;
  scratch.unbroken.swap(scratch.symbols);
  scratch.symbols.clear();
  for (const Symbol& symbol : scratch.unbroken) break_up(symbol, scratch, scratch.symbols);
}

// An unused piece becomes the two it was made of, and so on. The halves were seen before the whole, so this ends.
void Bpe::break_up(Symbol symbol, const Scratch& scratch, std::vector<Symbol>& out) const {
  if (symbol.id == unknown_) return add_unknown(symbol.size, out);
  if (!is_unused(symbol.id)) return out.push_back(symbol);
  if (const auto halves = scratch.made_of.find(symbol.id); halves != scratch.made_of.end()) {
    break_up(halves->second.left, scratch, out);
    break_up(halves->second.right, scratch, out);
  } else if (!rules_.byte_fallback || !spell_fallback(vocabulary_.piece(symbol.id), out)) {
    add_unknown(symbol.size, out);
  }
}

// Symbol i of the word stays at place i; of joined ones the first stands for both, and `alive` has a bit for every
// place that still stands for something. candidates[i]: order and place of the pair that begins there, in one number,
// so that the smallest is the lowest rank and of equal ones the leftmost.
void Bpe::join_short(std::string_view word, Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  const std::size_t n = symbols.size();
  if (n < 2) return;
  std::array<std::uint32_t, kShort> candidates;
  std::array<std::uint32_t, kShort> numbers;
  const auto set = [&](std::size_t i, std::uint32_t number) {
    numbers[i] = number;
    candidates[i] = number == kNoMerge ? kNoMerge : merges_.order(number) << kPlaceBits | static_cast<std::uint32_t>(i);
  };
  std::size_t first = 0;
  if (!byte_pairs_.empty()) {
    for (; first + 2 < n; ++first) set(first, byte_pairs_[byte_pair(word[first], word[first + 1])]);
  }
  for (; first + 1 < n; ++first) set(first, merges_.find(symbols[first].id, symbols[first + 1].id));
  candidates[n - 1] = kNoMerge;
  std::uint64_t alive = (std::uint64_t{1} << n) - 1;
  while (true) {
    std::uint32_t best = candidates[0];
    for (std::size_t i = 1; i < n; ++i) best = std::min(best, candidates[i]);
    if (best == kNoMerge) break;
    const std::size_t at = best & (kShort - 1);
    const std::uint64_t behind = alive & (~std::uint64_t{1} << at);
    const auto right = static_cast<std::size_t>(std::countr_zero(behind));
    const std::uint32_t joined = merges_.joined(numbers[at]);
    scratch.last = {symbols[at].id, symbols[right].id};
    symbols[at] = {joined, symbols[at].size + symbols[right].size};
    candidates[right] = candidates[at] = kNoMerge;
    alive ^= std::uint64_t{1} << right;
    // Both look-ups at once: each waits for memory.
    const std::uint64_t rest = behind & (behind - 1);
    const std::uint64_t before = alive & ((std::uint64_t{1} << at) - 1);
    const auto next = static_cast<std::size_t>(std::countr_zero(rest | std::uint64_t{1} << 63));
    const std::size_t left = before == 0 ? at : static_cast<std::size_t>(std::bit_width(before)) - 1;
    if (rest != 0) merges_.prefetch(joined, symbols[next].id);
    if (before != 0) set(left, merges_.find(symbols[left].id, joined));
    if (rest != 0) set(at, merges_.find(joined, symbols[next].id));
  }
  std::size_t kept = 0;
  for (; alive != 0; alive &= alive - 1) symbols[kept++] = symbols[static_cast<std::size_t>(std::countr_zero(alive))];
  symbols.resize(kept);
}

void Bpe::join_long(Scratch& scratch) const {
  struct Node {
    std::uint32_t id;
    std::uint32_t size;
    bool gone;  // joined to the one before it
    std::int32_t previous;
    std::int32_t next;
  };
  struct Candidate {
    std::uint32_t order;
    std::int32_t at;
    std::uint32_t joined;
    bool operator>(const Candidate& other) const { return order != other.order ? order > other.order : at > other.at; }
  };
  const std::vector<Symbol>& symbols = scratch.symbols;
  std::vector<Node> nodes(symbols.size());
  scratch.made_of.clear();
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return;
    const Node& first = nodes[static_cast<std::size_t>(left)];
    const Node& second = nodes[static_cast<std::size_t>(right)];
    const std::uint32_t number = merges_.find(first.id, second.id);
    if (number == kNoMerge) return;
    const std::uint32_t joined = merges_.joined(number);
    queue.push({merges_.order(number), left, joined});
    if (is_unused(joined)) scratch.made_of[joined] = {{first.id, first.size}, {second.id, second.size}};
  };
  const auto last = static_cast<std::int32_t>(symbols.size()) - 1;
  for (std::int32_t i = 0; i <= last; ++i) {
    const Symbol& symbol = symbols[static_cast<std::size_t>(i)];
    nodes[static_cast<std::size_t>(i)] = {symbol.id, symbol.size, false, i - 1, i < last ? i + 1 : -1};
  }
  for (std::int32_t i = 0; i < last; ++i) consider(i, i + 1);
  while (!queue.empty()) {
    const Candidate top = queue.top();
    queue.pop();
    Node& left = nodes[static_cast<std::size_t>(top.at)];
    if (left.gone || left.next < 0) continue;
    Node& right = nodes[static_cast<std::size_t>(left.next)];
    const std::uint32_t now = merges_.find(left.id, right.id);
    if (now == kNoMerge || merges_.joined(now) != top.joined) continue;  // one of the two has changed since
    scratch.last = {left.id, right.id};
    left.id = top.joined;
    left.size += right.size;
    right.gone = true;
    left.next = right.next;
    if (left.next >= 0) nodes[static_cast<std::size_t>(left.next)].previous = top.at;
    consider(left.previous, top.at);
    consider(top.at, left.next);
  }
  scratch.symbols.clear();
  for (const Node& node : nodes) {
    if (!node.gone) scratch.symbols.push_back({node.id, node.size});
  }
}

void Bpe::encode_rare(std::string_view word, std::uint32_t begin, Scratch& scratch, Pieces& out) const {
  spell(word, scratch.symbols);
  join(word, scratch);
  for (const Symbol& symbol : scratch.symbols) {
    out.push_back({symbol.id, begin, begin + symbol.size});
    begin += symbol.size;
  }
}

Status Bpe::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  Scratch scratch;
  WordCache& cache = WordCache::of_thread();
  words_.find_each(text, words, [&](Word word, std::string_view bytes, std::uint32_t id) {
    if (id != WordTable::kNone) return out.push_back({id, word.begin, word.end});
    if (cache.find(owner_, bytes, word.begin, out)) return;
    const std::size_t before = out.size();
    encode_rare(bytes, word.begin, scratch, out);
    cache.put(owner_, bytes, std::span(out).subspan(before));
  });
  return {};
}

}  // namespace isogloss::tokens
