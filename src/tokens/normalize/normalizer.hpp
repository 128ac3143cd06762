// SPDX-License-Identifier: Apache-2.0
// What happens to a text before it is split: Unicode forms, case, accents, clean-up. One class per rule of
// tokenizer.json, each with the characters and origins of the Hugging Face library (tokenizers 0.23).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {

// What a rule makes of an ASCII character that stands between ASCII characters: another one, or kComplex where the rule
// must see it. (128)
using AsciiMap = std::array<std::uint8_t, 128>;
inline constexpr std::uint8_t kComplex = 0xFF;
AsciiMap identity_map();

// One rule. Immutable and thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // Makes `to` from `from`, which are different objects. Only a regular expression can fail (Regex::each_match).
  virtual Status apply(const AlignedText& from, AlignedText& to) const = 0;
  // A local rule looks at a character and the marks around it only, so that text may be cut between any two ASCII
  // characters: then true, and `map` is what it does to ASCII.
  virtual bool local(AsciiMap& map) const = 0;
  // Whether all the rule would do to `text`, which is not empty, is to write a U+2581 for every blank and one in front.
  virtual bool only_marks(std::string_view) const { return false; }
};
using NormalizerPtr = std::unique_ptr<const Normalizer>;

// Buffers of one thread.
struct NormalizeScratch {
  AlignedText whole[2];
  AlignedText part[2];
};

// Rules in a row. Neighbouring local rules share one pass: runs of ASCII that they merely map are copied, or not even
// that, and only what lies between goes through the rules themselves.
class NormalizerChain {
 public:
  NormalizerChain() = default;
  // `owner` says in errors whose the rules are: "tokenizer.json: normalizer".
  explicit NormalizerChain(std::vector<NormalizerPtr> rules, std::string owner = {});

  bool empty() const { return groups_.empty(); }
  // The text after all rules: `from` itself or a buffer of `scratch`, valid until its next use.
  Result<const AlignedText*> apply(const AlignedText& from, NormalizeScratch& scratch) const;
  // Whether that is all the chain would do (Normalizer::only_marks).
  bool only_marks(std::string_view text) const { return groups_.size() == 1 && groups_[0].rules[0]->only_marks(text); }
  // The same without origins, for the contents of added tokens.
  Result<std::string> apply(std::string_view text) const;

 private:
  struct Group {
    std::vector<NormalizerPtr> rules;
    AsciiMap map;
    bool local = false;
    bool changes_ascii = false;
  };
  static bool merely_mapped(const Group& group, std::string_view text);
  Status apply_local(const Group& group, const AlignedText& from, AlignedText& to, AlignedText (&parts)[2]) const;
  std::unexpected<Error> too_much() const;

  std::vector<Group> groups_;
  std::string owner_;
};

// ---- the rules. Each names its type in tokenizer.json.

struct BertRules {  // BertNormalizer
  bool clean_text = true;
  bool handle_chinese_chars = true;
  bool strip_accents = true;
  bool lowercase = true;
};
NormalizerPtr bert_normalizer(const BertRules& rules);

enum class UnicodeForm : std::uint8_t { nfc, nfd, nfkc, nfkd };
NormalizerPtr unicode_normalizer(UnicodeForm form);                     // NFC, NFD, NFKC, NFKD
NormalizerPtr lowercase_normalizer();                                   // Lowercase
NormalizerPtr strip_accents_normalizer();                               // StripAccents
NormalizerPtr nmt_normalizer();                                         // Nmt
NormalizerPtr strip_normalizer(bool left, bool right);                  // Strip
NormalizerPtr prepend_normalizer(std::string text);                     // Prepend
NormalizerPtr byte_level_normalizer();                                  // ByteLevel
NormalizerPtr replace_normalizer(std::string literal, std::string by);  // Replace, pattern String
// Replace, pattern Regex. `owner` says in errors whose the pattern is. Error{invalid_argument}, Error{unsupported}: no
// regular expression, or none that can be used.
Result<NormalizerPtr> replace_regex_normalizer(std::string_view pattern, std::string by, std::string_view owner);
// Precompiled: the character map of a SentencePiece model. Error{corrupt_data}: a damaged map.
Result<NormalizerPtr> precompiled_normalizer(std::string_view charsmap);

}  // namespace isogloss::tokens
