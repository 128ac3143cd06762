// SPDX-License-Identifier: Apache-2.0
// Text into pieces. A Tokenizer gives the numbered subword pieces a neural model reads; an Analyzer gives the words
// that counting models and lexical search count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// Half-open byte range of a piece in the original text.
struct PieceSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const PieceSpan&) const = default;
};

// One tokenised text (or pair). All vectors have the same length.
struct Tokens {
  std::vector<std::uint32_t> ids;      // (tokens)
  std::vector<PieceSpan> offsets;      // (tokens) into the original text of the piece's segment; {0, 0} = special token
  std::vector<std::uint8_t> type_ids;  // (tokens) 0 = first text, 1 = second
  std::vector<std::uint8_t> special;   // (tokens) 1 = added by the tokenizer, not in the text
  std::size_t cut = 0;                 // tokens of the text that did not fit max_tokens

  std::size_t size() const { return ids.size(); }
  void clear() {
    ids.clear();
    offsets.clear();
    type_ids.clear();
    special.clear();
    cut = 0;
  }
};

enum class SpecialTokens : std::uint8_t { add, leave_out };
enum class CutSide : std::uint8_t { start, end };
enum class PairCut : std::uint8_t {
  longest_first,  // the longer text gives until both are equal, then both
  only_first,
  only_second,
};

struct EncodeOptions {
  SpecialTokens special_tokens = SpecialTokens::add;
  std::size_t max_tokens = 0;                 // special tokens included; 0 = no limit
  CutSide cut_side = CutSide::end;            // which end goes when the text is too long
  PairCut pair_cut = PairCut::longest_first;  // which text of a pair gives
};

struct DecodeOptions {
  SpecialTokens special_tokens = SpecialTokens::add;
  bool clean_up = false;  // take blanks off in front of punctuation and English contractions
};

// A subword vocabulary with its rules. Immutable and thread-safe: one object serves every thread. Ids, offsets and
// decoded text are those of the reference libraries (tokenizers 0.23, sentencepiece 0.2, tiktoken); the padding and
// truncation blocks of a tokenizer.json are read and decide nothing.
// Text that is not UTF-8 is read with U+FFFD for every maximal subpart; offsets count bytes of the original.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  // Replaces the content of `out`. Error{too_long} when max_tokens is smaller than the special tokens alone or the text
  // has 4 GiB; Error{unsupported} when the vocabulary cannot spell the text.
  virtual Status encode(std::string_view text, const EncodeOptions& options, Tokens& out) const = 0;
  // Two texts in one sequence, as cross-encoders read them. Offsets of the second text are relative to it.
  // Error{too_long} also when the text that must give is too short to.
  virtual Status encode_pair(std::string_view first, std::string_view second, const EncodeOptions& options,
                             Tokens& out) const = 0;
  // The text of ids. Error{invalid_argument} for an id >= vocabulary_size().
  virtual Result<std::string> decode(std::span<const std::uint32_t> ids, const DecodeOptions& options) const = 0;

  virtual std::size_t vocabulary_size() const = 0;  // largest id + 1, added tokens included
  // Text of an id as the vocabulary writes it ("##ing", "Ġthe"), empty for a number without piece.
  // REQUIRES: id < vocabulary_size().
  virtual std::string_view piece(std::uint32_t id) const = 0;
  virtual std::optional<std::uint32_t> find_piece(std::string_view piece) const = 0;
  virtual std::optional<std::uint32_t> unknown_id() const = 0;
  // "WordPiece", "BPE", "Unigram", "WordLevel", "n-grams".
  virtual std::string_view type() const = 0;
  // The pieces of tokens that encode() made of `text`, as a person wants to see them. (tokens)
  virtual std::vector<std::string> pieces(std::string_view text, const Tokens& tokens) const;
};

using TokenizerPtr = std::shared_ptr<const Tokenizer>;

// Tokenizes many texts, on the threads of `context`. (texts)
Result<std::vector<Tokens>> encode_batch(const Tokenizer& tokenizer, std::span<const std::string_view> texts,
                                         const EncodeOptions& options, Context& context);

// The offsets of `tokens` in code points of `text` instead of bytes. A malformed subpart counts as one. (tokens)
std::vector<PieceSpan> code_point_offsets(const Tokens& tokens, std::string_view text);

// Opens a tokenizer from a file or from the folder of a model: tokenizer.json, vocab.txt, vocab.json with merges.txt,
// encoder.json with vocab.bpe, a SentencePiece .model, a rank file of tiktoken, the vocabulary inside a .gguf, a
// fastText .bin or .ftz (its n-grams). In a folder the first of these that exists is taken. Error{not_found}: nothing
// of that kind there. Error{corrupt_data}, Error{unsupported}: names the file, the place in it and what is wrong.
struct TokenizerOptions {
  enum class LowerCase : std::uint8_t { automatic, yes, no };
  // For a bare vocab.txt, which does not say: automatic = lower-case and strip accents when no piece has an upper-case
  // ASCII letter apart from the [..] tokens.
  LowerCase lower_case = LowerCase::automatic;
};
Result<TokenizerPtr> load_tokenizer(const std::filesystem::path& path, const TokenizerOptions& options,
                                    Context& context);

class Dataset;

// How a tokenizer is trained; defaults are those of `isogloss train tokenizer`, which explains each (--help).
struct TokenizerTraining {
  std::string type = "bpe";  // bpe, wordpiece, unigram, word
  std::int64_t vocab_size = 30000;
  std::int64_t min_frequency = 2;
  bool no_byte_level = false;  // bpe over characters instead of bytes
  std::string pre = "auto";    // what cuts text into words: whitespace, metaspace, bert, byte-level, none
  bool lowercase = false;
  std::string special_tokens = "auto";  // with commas between them; "none"
  std::string unknown = "auto";         // "none"
  std::int64_t limit_alphabet = 0;      // 0 = every character
  std::int64_t max_piece_length = 0;    // in characters; 0 = 16 for unigram, else 1000
  std::int64_t max_words = 5'000'000;   // distinct words kept while counting
};
std::vector<OptionInfo> tokenizer_training_options();
// The struct from named values. Error{invalid_argument} as of every table of options.
Result<TokenizerTraining> tokenizer_training(const OptionValues& values);

struct TrainedTokenizer {
  TokenizerPtr tokenizer;
  std::string json;         // the whole tokenizer.json, which the Hugging Face library loads as well
  std::uint64_t words = 0;  // of the training text
  std::uint64_t distinct_words = 0;
};

// Trains a tokenizer on the texts of `data`, which may be larger than memory: distinct words are counted first, the
// rest works on the counts. The result does not depend on the number of threads. Vocabularies are those of the Hugging
// Face library's trainers (tokenizers 0.23) where these are deterministic. Error{invalid_argument}: no words; options
// that contradict each other; more characters than the vocabulary has room for.
Result<TrainedTokenizer> train_tokenizer(const Dataset& data, const TokenizerTraining& options, Context& context);
// Writes tokenizer.json into `folder`, which is made where it does not exist.
Status save_tokenizer(const TrainedTokenizer& trained, const std::filesystem::path& folder);

// One word of a text after analysis.
struct Term {
  std::string text;         // lower-cased, stemmed, ...
  std::uint32_t begin = 0;  // bytes of the original text
  std::uint32_t end = 0;
  std::uint32_t position = 0;  // number of the word in the text; stop words that were dropped are counted
  bool operator==(const Term&) const = default;
};

enum class WordRule : std::uint8_t {
  letters,   // runs of letters, marks, numbers and '_'
  pattern,   // matches of `pattern` (PCRE2 with Unicode properties); one group: what it holds
  standard,  // words of UAX #29, as Lucene's StandardTokenizer: ideographs one by one, "can't" and "3.14" whole
  blank,     // runs of what is not white space
};
enum class LowerCase : std::uint8_t { none, simple, full };  // full: as Python's str.lower()
enum class Accents : std::uint8_t { keep, unicode, ascii };  // unicode: NFKD without combining marks; ascii: ASCII only
enum class Possessive : std::uint8_t { keep, strip };        // English 's at the end of a word

// What an analyzer does, in this order: lower case, accents, words, possessive, length, stop words, stemmer.
struct AnalyzerSpec {
  std::string name = "simple";  // the preset it started from
  WordRule words = WordRule::letters;
  std::string pattern;  // of WordRule::pattern
  LowerCase lower_case = LowerCase::simple;
  Accents accents = Accents::keep;
  Possessive possessive = Possessive::keep;
  std::uint32_t min_length = 1;         // in code points; shorter words are dropped as if absent
  std::uint32_t max_length = 0;         // in code points; longer words are cut into pieces; 0 = no limit
  std::string stop_list = "none";       // a name of stop_lists(), "none"
  std::vector<std::string> stop_words;  // further ones
  std::string stemmer = "none";         // a name of stemmers(), "none"
  bool operator==(const AnalyzerSpec&) const = default;
};

// Words of a text as the models and indexes count them. Immutable and thread-safe.
class Analyzer {
 public:
  virtual ~Analyzer() = default;
  virtual const AnalyzerSpec& spec() const = 0;
  // Replaces the content of `out` with the terms of `text` in order. REQUIRES: text.size() < 4 GiB.
  virtual void analyze(std::string_view text, std::vector<Term>& out) const = 0;
};

using AnalyzerPtr = std::shared_ptr<const Analyzer>;

// Error{invalid_argument} names an unknown stop list or stemmer with the nearest known one, or says what is wrong with
// the pattern.
Result<AnalyzerPtr> make_analyzer(const AnalyzerSpec& spec);

// Presets: "simple", "english", "lucene-english", "sklearn", "whitespace", and one per stemmer language ("german").
// Error{invalid_argument} names the nearest known one.
Result<AnalyzerSpec> analyzer_preset(std::string_view name);
std::vector<std::string> analyzer_presets();
std::vector<std::string> stop_lists();
std::vector<std::string> stemmers();

// The JSON that is kept as analysis.json beside models and in collections, and back.
std::string to_json(const AnalyzerSpec& spec);
Result<AnalyzerSpec> analyzer_spec_from_json(std::string_view json, std::string_view where);

}  // namespace isogloss
