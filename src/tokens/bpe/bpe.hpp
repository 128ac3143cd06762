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
  // Error{corrupt_data}: the unknown token is missing. REQUIRES: the ids of `merges` are in the vocabulary.
  static Result<std::unique_ptr<Bpe>> make(Vocabulary vocabulary, const std::vector<Merge>& merges,
                                           const BpeRules& rules);

  Status encode(std::string_view text, std::span<const Word> words, Pieces& out) const override;
  const Vocabulary& vocabulary() const override { return vocabulary_; }
  std::uint32_t unknown_id() const override { return unknown_; }
  const BpeRules& rules() const { return rules_; }

 private:
  struct Symbol {
    std::uint32_t id;
    std::uint32_t size;  // bytes of the word
  };
  // (left, right) -> rank and joined piece. Open addressing, at most half full.
  class MergeTable {
   public:
    struct Found {
      std::uint32_t rank = 0xFFFFFFFF;
      std::uint32_t joined = 0;
    };
    void build(const std::vector<Merge>& merges);
    Found find(std::uint32_t left, std::uint32_t right) const {
      const std::uint64_t key = static_cast<std::uint64_t>(left) << 32 | right;
      for (std::size_t at = key * hash_detail::kMultiplier >> shift_;; at = (at + 1) & mask_) {
        const Slot& slot = slots_[at];
        if (slot.key == key) return {slot.rank, slot.joined};
        if (slot.key == kEmpty) return {};
      }
    }

   private:
    static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
    struct Slot {
      std::uint64_t key = kEmpty;
      std::uint32_t rank = 0;
      std::uint32_t joined = 0;
    };
    std::vector<Slot> slots_;
    std::size_t mask_ = 0;
    unsigned shift_ = 0;
  };
  struct Scratch;

  Bpe(Vocabulary vocabulary, const std::vector<Merge>& merges, const BpeRules& rules);
  void index_bytes();
  void index_words();
  void spell(std::string_view word, std::vector<Symbol>& symbols) const;
  void spell_bytes(std::string_view word, std::vector<Symbol>& symbols) const;
  bool spell_fallback(std::string_view character, std::vector<Symbol>& symbols) const;
  void join(Scratch& scratch) const;
  void break_up(Symbol symbol, const Scratch& scratch, std::vector<Symbol>& out) const;
  void add_unknown(std::uint32_t size, std::vector<Symbol>& symbols) const;
  bool is_unused(std::uint32_t id) const { return id < rules_.kinds.size() && rules_.kinds[id] == PieceKind::unused; }
  void join_short(Scratch& scratch) const;
  void join_long(Scratch& scratch) const;

  Vocabulary vocabulary_;
  BpeRules rules_;
  MergeTable merges_;
  bool has_unused_ = false;
  PieceTable words_;     // words that end up as one piece
  std::uint32_t owner_;  // of remembered words
  std::uint32_t unknown_ = PieceTable::kNone;
  std::array<std::uint32_t, 256> byte_inside_;  // piece of each byte, byte level only
  std::array<std::uint32_t, 256> byte_last_;    // with the suffix
};

}  // namespace isogloss::tokens
