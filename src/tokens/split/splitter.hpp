// SPDX-License-Identifier: Apache-2.0
// How a text is cut into the words that a subword model reads one by one: the pre-tokenisers of tokenizer.json, with
// the boundaries of the Hugging Face library (tokenizers 0.23).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {

// A word: bytes [begin, end) of a text, never empty.
struct Word {
  std::uint32_t begin;
  std::uint32_t end;
};
using Words = std::vector<Word>;

// A text and its words on their way through the splitters. `text` is the caller's or one of the buffers.
struct SplitState {
  const AlignedText* text = nullptr;
  Words words;
  Words next;              // scratch
  AlignedText buffers[2];  // scratch

  // The buffer that `text` does not lie in.
  AlignedText& free_buffer() { return text == &buffers[0] ? buffers[1] : buffers[0]; }
};

// One rule. Immutable and thread-safe.
class Splitter {
 public:
  virtual ~Splitter() = default;
  // Replaces words by what they are cut into; a rule that changes text puts the new one into a buffer. Only a regular
  // expression can fail (Regex::each_match).
  virtual Status apply(SplitState& state) const = 0;
  // For a rule that would put a U+2581 in front of every word (the last one before the model): cuts the words and
  // leaves the text as it is. A blank at the start of a word stands for the mark; where there is none, the mark is not
  // in the text and covers the word's first character. False, and nothing done: the rule does something else.
  virtual bool apply_unwritten(SplitState&) const { return false; }
};
using SplitterPtr = std::unique_ptr<const Splitter>;

// What becomes of the matches of a delimiter, with "a-b--c" cut at "-".
enum class Delimiter : std::uint8_t {
  removed,               // a b c
  isolated,              // a - b - - c
  merged_with_previous,  // a- b- - c
  merged_with_next,      // a -b - -c
  contiguous             // a - b -- c
};

SplitterPtr bert_splitter();                            // BertPreTokenizer
SplitterPtr white_space_splitter();                     // WhitespaceSplit
SplitterPtr word_splitter();                            // Whitespace: \w+|[^\w\s]+
SplitterPtr punctuation_splitter(Delimiter delimiter);  // Punctuation
SplitterPtr digits_splitter(bool individual);           // Digits
SplitterPtr character_splitter(char32_t delimiter);     // CharDelimiterSplit
SplitterPtr fixed_length_splitter(std::size_t length);  // FixedLength, in code points
// Split, pattern String and Regex. Patterns known by their text run without a regular expression. `owner` says in
// errors whose the pattern is. Error{invalid_argument}, Error{unsupported}: no regular expression, or none that can be
// used.
SplitterPtr literal_splitter(std::string literal, Delimiter delimiter, bool invert);
Result<SplitterPtr> regex_splitter(std::string_view pattern, Delimiter delimiter, bool invert, std::string_view owner);
SplitterPtr scripts_splitter();  // UnicodeScripts

enum class PrefixScheme : std::uint8_t { never, first, always };
SplitterPtr metaspace_splitter(char32_t replacement, PrefixScheme scheme, bool split);  // Metaspace

// ByteLevel: a blank in front when asked for, GPT-2's pattern when asked for. `map`: the bytes become the characters
// that stand for them; without it the words keep their bytes, for a model whose pieces are bytes as well.
struct ByteLevelRules {
  bool add_prefix_space = true;
  bool use_regex = true;
  bool map = false;
};
SplitterPtr byte_level_splitter(const ByteLevelRules& rules);

// The pattern of GPT-2's ByteLevel.
inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace isogloss::tokens
