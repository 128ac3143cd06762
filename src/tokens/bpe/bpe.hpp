// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding (Sennrich et al. 2016): a word starts as its characters (or bytes), and the pair of neighbours
// with the lowest rank is joined until no pair has one.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tokens/pipeline/byte_pieces.hpp"
#include "tokens/pipeline/subword_model.hpp"
#include "tokens/pipeline/word_table.hpp"

namespace isogloss::tokens {

// One merge: pieces `left` and `right`, neighbours, become `joined`. The lower the rank, the earlier.
struct Merge {
  std::uint32_t left;
  std::uint32_t right;
  std::uint32_t joined;
  std::uint32_t rank;
};

struct BpeRules {
  std::string unknown;            // token for what has no piece; empty = such characters vanish, as in the library
  std::string continuing_prefix;  // in front of every character but a word's first
  std::string end_suffix;         // behind a word's last character: "</w>"
  bool fuse_unknown = false;      // neighbouring unknown characters become one piece
  bool byte_fallback = false;     // an unknown character becomes pieces <0x00> ... <0xFF>
  bool ignore_merges = false;     // a word that is a piece is that piece, whatever the merges say
  ByteSpans byte_spans = ByteSpans::whole;  // of byte fallback
  std::vector<PieceKind> kinds;             // by id; empty = all normal
  bool byte_level = false;  // pieces are written in the byte alphabet ("Ġthe") and match the bytes they stand for
};

class Bpe final : public SubwordModel {
 public:
  // Error{corrupt_data}: the unknown token is missing. Error{unsupported}: too many pieces and merges. REQUIRES: the
  // ids of `merges` are in the vocabulary.
  static Result<std::unique_ptr<Bpe>> make(Vocabulary vocabulary, const std::vector<Merge>& merges,
                                           const BpeRules& rules);

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return unknown_; }
  const BpeRules& rules() const { return rules_; }

 private:
  static constexpr std::uint32_t kNoMerge = 0xFFFFFFFF;
  struct Symbol {
    std::uint32_t id;
    std::uint32_t size;  // bytes of the word
  };
  // (left, right) -> number of a merge, numbers ascending with the rank. Open addressing, at most half full, 8 bytes an
  // entry: both ids and the number in as many bits as the vocabulary needs.
  class MergeTable {
   public:
    // Error{unsupported}: ids and merges together take more bits than there are.
    // REQUIRES: all ids are < `ids`.
    Status build(const std::vector<Merge>& merges, std::size_t ids);
    std::uint32_t find(std::uint32_t left, std::uint32_t right) const {
      const std::uint64_t wanted = key(left, right);
      for (std::size_t at = place(wanted);; at = (at + 1) & mask_) {
        const std::uint64_t slot = slots_[at];
        if (slot >> number_bits_ == wanted) return static_cast<std::uint32_t>(slot & number_mask_);
        if (slot == kEmpty) return kNoMerge;
      }
    }
    void prefetch(std::uint32_t left, std::uint32_t right) const {
      __builtin_prefetch(&slots_[place(key(left, right))]);
    }
    // What decides which of two merges goes first; of equal ones it is the leftmost.
    std::uint32_t order(std::uint32_t number) const { return order_.empty() ? number : order_[number]; }
    std::uint32_t joined(std::uint32_t number) const { return joined_[number]; }

   private:
    static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
    std::uint64_t key(std::uint32_t left, std::uint32_t right) const {
      return static_cast<std::uint64_t>(left) << id_bits_ | right;
    }
    std::size_t place(std::uint64_t wanted) const { return wanted * hash_detail::kMultiplier >> shift_; }

    std::vector<std::uint64_t> slots_;   // key, number
    std::vector<std::uint32_t> joined_;  // by number
    std::vector<std::uint32_t> order_;   // by number, where merges of one rank make different pieces; else empty
    std::size_t mask_ = 0;
    std::uint64_t number_mask_ = 0;
    unsigned shift_ = 0;
    unsigned id_bits_ = 0;
    unsigned number_bits_ = 0;
  };
  struct Scratch;

  Bpe(Vocabulary vocabulary, const BpeRules& rules);
  Status index(const std::vector<Merge>& merges);
  void index_bytes();
  void index_byte_pairs();
  std::vector<Merge> reachable(const std::vector<Merge>& merges) const;
  void index_words();
  void spell(std::string_view word, std::vector<Symbol>& symbols) const;
  void spell_bytes(std::string_view word, std::vector<Symbol>& symbols) const;
  bool spell_fallback(std::string_view character, std::vector<Symbol>& symbols) const;
  void join(std::string_view word, Scratch& scratch) const;
  void break_up(Symbol symbol, const Scratch& scratch, std::vector<Symbol>& out) const;
  void add_unknown(std::uint32_t size, std::vector<Symbol>& symbols) const;
  bool is_unused(std::uint32_t id) const { return id < rules_.kinds.size() && rules_.kinds[id] == PieceKind::unused; }
  void encode_rare(std::string_view word, std::uint32_t begin, Scratch& scratch, Pieces& out) const;
  void join_short(std::string_view word, Scratch& scratch) const;
  void join_long(Scratch& scratch) const;

  Vocabulary vocabulary_;
  BpeRules rules_;
  MergeTable merges_;
  static std::size_t byte_pair(char left, char right) {
    return static_cast<std::size_t>(static_cast<unsigned char>(left)) << 8 | static_cast<unsigned char>(right);
  }
  std::vector<std::uint32_t>
      byte_pairs_;  // (256 * 256) merge of two bytes inside a word; empty = some byte has no piece
  bool has_unused_ = false;
  WordTable words_;      // words that end up as one piece
  std::uint32_t owner_;  // of remembered words
  std::uint32_t unknown_ = PieceTable::kNone;
  std::array<std::uint32_t, 256> byte_inside_;  // piece of each byte, byte level only
  std::array<std::uint32_t, 256> byte_last_;    // with the suffix
};

}  // namespace isogloss::tokens
