// SPDX-License-Identifier: Apache-2.0
// Most words of ordinary text end up as one piece. Which ones do is known once the vocabulary is: at load every piece
// is run through the merges, and those that come out whole go into a table of words. Such a word costs one look-up.
//
// The others are looked up among the words seen lately (WordCache) or joined in place: up to kShort symbols by looking
// for the lowest rank from left to right each time (a row of 12 ranks fits one register or two), longer words with a
// heap, as the libraries do, so that a word of a million characters takes O(n log n). Both pick the lowest rank and of
// equal ones the leftmost.
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

constexpr std::size_t kShort = 32;
constexpr std::uint32_t kNoRank = 0xFFFFFFFF;

}  // namespace

struct Bpe::Scratch {
  struct Halves {
    Symbol left;
    Symbol right;
  };
  std::vector<Symbol> symbols;
  std::vector<Symbol> unbroken;                       // with unused pieces in them
  std::unordered_map<std::uint32_t, Halves> made_of;  // unused pieces of this word: the last pair that could become it
};

void Bpe::MergeTable::build(const std::vector<Merge>& merges) {
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2 * merges.size(), 16));
  slots_.assign(size, Slot{});
  mask_ = size - 1;
  shift_ = static_cast<unsigned>(64 - std::countr_zero(size));
  for (const Merge& merge : merges) {
    const std::uint64_t key = static_cast<std::uint64_t>(merge.left) << 32 | merge.right;
    std::size_t at = key * hash_detail::kMultiplier >> shift_;
    while (slots_[at].key != kEmpty && slots_[at].key != key) at = (at + 1) & mask_;
    slots_[at] = {key, merge.rank, merge.joined};  // a repeated merge keeps its last rank, as in the library
  }
}

Result<std::unique_ptr<Bpe>> Bpe::make(Vocabulary vocabulary, const std::vector<Merge>& merges, const BpeRules& rules) {
  if (!rules.unknown.empty() && vocabulary.find(rules.unknown) == PieceTable::kNone) {
    return fail(Code::corrupt_data, "the vocabulary lacks its unknown token '" + rules.unknown +
                                        "'. Add it, or name the right one as unk_token.");
  }
  return std::unique_ptr<Bpe>(new Bpe(std::move(vocabulary), merges, rules));
}

Bpe::Bpe(Vocabulary vocabulary, const std::vector<Merge>& merges, const BpeRules& rules)
    : vocabulary_(std::move(vocabulary)), rules_(rules), owner_(WordCache::new_owner()) {
  if (!rules_.unknown.empty()) unknown_ = vocabulary_.find(rules_.unknown);
  merges_.build(merges);
  has_unused_ = std::ranges::find(rules_.kinds, PieceKind::unused) != rules_.kinds.end();
  if (rules_.byte_level) index_bytes();
  index_words();
}

void Bpe::index_bytes() {
  for (unsigned byte = 0; byte < 256; ++byte) {
    std::string piece;
    utf8_append(piece, byte_character(static_cast<char>(byte)));
    byte_inside_[byte] = vocabulary_.find(piece);
    byte_last_[byte] = rules_.end_suffix.empty() ? byte_inside_[byte] : vocabulary_.find(piece + rules_.end_suffix);
  }
}

// Fills words_ with the texts whose only piece they are.
void Bpe::index_words() {
  words_.reserve(vocabulary_.distinct());
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
      words_.insert(bytes, id);
      continue;
    }
    spell(bytes, scratch.symbols);
    join(scratch);
    if (scratch.symbols.size() == 1 && scratch.symbols[0].id == id) words_.insert(bytes, id);
  }
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

void Bpe::join(Scratch& scratch) const {
  if (scratch.symbols.size() <= kShort && !has_unused_) return join_short(scratch);
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

void Bpe::join_short(Scratch& scratch) const {
  std::vector<Symbol>& symbols = scratch.symbols;
  std::size_t n = symbols.size();
  std::array<std::uint32_t, kShort> ranks;   // of the pair (i, i + 1)
  std::array<std::uint32_t, kShort> joined;  // what it becomes
  const auto look_up = [&](std::size_t i) {
    const MergeTable::Found found = merges_.find(symbols[i].id, symbols[i + 1].id);
    ranks[i] = found.rank;
    joined[i] = found.joined;
  };
  for (std::size_t i = 0; i + 1 < n; ++i) look_up(i);
  while (n > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < n; ++i) {
      if (ranks[i] < ranks[best]) best = i;
    }
    if (ranks[best] == kNoRank) break;
    symbols[best] = {joined[best], symbols[best].size + symbols[best + 1].size};
    --n;
    for (std::size_t i = best + 1; i < n; ++i) {
      symbols[i] = symbols[i + 1];
      if (i + 1 < n) {
        ranks[i] = ranks[i + 1];
        joined[i] = joined[i + 1];
      }
    }
    if (best + 1 < n) look_up(best);
    if (best > 0) look_up(best - 1);
  }
  symbols.resize(n);
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
    std::uint32_t rank;
    std::int32_t at;
    std::uint32_t joined;
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
  };
  const std::vector<Symbol>& symbols = scratch.symbols;
  std::vector<Node> nodes(symbols.size());
  scratch.made_of.clear();
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto consider = [&](std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0) return;
    const Node& first = nodes[static_cast<std::size_t>(left)];
    const Node& second = nodes[static_cast<std::size_t>(right)];
    const MergeTable::Found found = merges_.find(first.id, second.id);
    if (found.rank == kNoRank) return;
    queue.push({found.rank, left, found.joined});
    if (is_unused(found.joined)) scratch.made_of[found.joined] = {{first.id, first.size}, {second.id, second.size}};
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
    const MergeTable::Found now = merges_.find(left.id, right.id);
    if (now.rank == kNoRank || now.joined != top.joined) continue;  // one of the two has changed since
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

Status Bpe::encode(std::string_view text, std::span<const Word> words, Pieces& out) const {
  Scratch scratch;
  WordCache& cache = WordCache::of_thread();
  for (const Word word : words) {
    const std::string_view bytes = text.substr(word.begin, word.end - word.begin);
    if (const std::uint32_t id = words_.find(bytes); id != PieceTable::kNone) {
      out.push_back({id, word.begin, word.end});
      continue;
    }
    if (cache.find(owner_, bytes, word.begin, out)) continue;
    spell(bytes, scratch.symbols);
    join(scratch);
    const std::size_t before = out.size();
    std::uint32_t at = word.begin;
    for (const Symbol& symbol : scratch.symbols) {
      out.push_back({symbol.id, at, at + symbol.size});
      at += symbol.size;
    }
    cache.put(owner_, bytes, std::span(out).subspan(before));
  }
  return {};
}

}  // namespace isogloss::tokens
