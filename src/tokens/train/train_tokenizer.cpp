// SPDX-License-Identifier: Apache-2.0
// From options and files to a tokenizer.json. The rules of the text (normaliser, pre-tokeniser) are written as JSON first
// and read back by the code that loads tokenizers: words are counted by exactly what will cut text later.
#include <algorithm>

#include "core/describe.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/bpe/bpe_trainer.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/load/write_tokenizer_json.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"
#include "tokens/unigram/unigram_trainer.hpp"
#include "tokens/word/word_trainer.hpp"
#include "tokens/wordpiece/wordpiece_trainer.hpp"

namespace isogloss {

template <class Visitor>
void describe(TokenizerTraining& o, Visitor& v) {
  v("type", o.type, Choice{"bpe|wordpiece|unigram|word"}, "Kind of vocabulary.");
  v("vocab_size", o.vocab_size, Range{1, 8388607}, "Pieces, special tokens included.");
  v("min_frequency", o.min_frequency, Range{0, 1e15}, "A pair (bpe, wordpiece) or word (word) seen less often makes no piece.");
  v("no_byte_level", o.no_byte_level, "With bpe: start from the characters of the text instead of all 256 bytes.");
  v("pre", o.pre, Choice{"auto|whitespace|metaspace|bert|byte-level|none"},
    "What cuts text into words; auto: bpe byte-level (whitespace with --no-byte-level), wordpiece bert, unigram metaspace, word whitespace.");
  v("lowercase", o.lowercase, "Lower-case the text; with wordpiece strip accents too.");
  v("special_tokens", o.special_tokens,
    "Tokens that take the first ids, with commas between them, or none; auto: wordpiece [PAD],[UNK],[CLS],[SEP],[MASK], else the unknown token.");
  v("unknown", o.unknown, "Token for what has no piece, or none; auto: wordpiece and word [UNK], unigram <unk>, bpe none.");
  v("limit_alphabet", o.limit_alphabet, Range{0, 1114112}, "Most characters to keep (bpe, wordpiece), the frequent ones; 0 = all.");
  v("max_piece_length", o.max_piece_length, Range{0, 1000}, "Most characters of a piece (bpe, wordpiece, unigram); 0 = 16 for unigram, else 1000.");
  v("max_words", o.max_words, Range{1000, 4e9}, "Distinct words that are kept in memory; beyond it the rarest go, with a note.");
}

namespace {

using tokens::TokenizerFile;

constexpr std::string_view kAuto = "auto";
constexpr std::string_view kNone = "none";
constexpr std::string_view kMark = "\u2581";
constexpr std::size_t kBytesPerWord = 400;  // of memory, with all that training makes of a word
constexpr std::size_t kLeastWords = 1000;

// The options with every "auto" decided.
struct Plan {
  TokenizerTraining options;
  std::string pre;
  std::string unknown;  // empty = none
  std::vector<std::string> special_tokens;
  bool byte_alphabet = false;
};

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

std::string default_pre(const TokenizerTraining& options) {
  if (options.type == "bpe") return options.no_byte_level ? "whitespace" : "byte-level";
  return options.type == "wordpiece" ? "bert" : options.type == "unigram" ? "metaspace" : "whitespace";
}

Status check_combination(const TokenizerTraining& options, const std::string& pre) {
  const bool merges = options.type == "bpe" || options.type == "wordpiece";
  if (options.no_byte_level && options.type == "bpe" && pre == "byte-level") {
    return wrong("--no-byte-level and --pre byte-level contradict each other. Leave one out.");
  }
  if (options.limit_alphabet != 0 && !merges) {
    return wrong("--limit-alphabet is for bpe and wordpiece; " + options.type + " keeps every character. Leave it out.");
  }
  return {};
}

std::vector<std::string> default_tokens(const TokenizerTraining& options, const std::string& unknown) {
  if (options.type == "wordpiece") return {"[PAD]", unknown, "[CLS]", "[SEP]", "[MASK]"};
  return unknown.empty() ? std::vector<std::string>() : std::vector<std::string>{unknown};
}

Result<Plan> make_plan(const TokenizerTraining& options) {
  Plan plan;
  plan.options = options;
  const std::string& type = options.type;
  plan.pre = options.pre == kAuto ? default_pre(options) : options.pre;
  IG_TRY(check_combination(options, plan.pre));
  plan.byte_alphabet = plan.pre == "byte-level" || (type == "bpe" && !options.no_byte_level);
  const bool needs_unknown = type == "wordpiece" || type == "word";
  plan.unknown = options.unknown;
  if (options.unknown == kAuto) plan.unknown = needs_unknown ? "[UNK]" : type == "unigram" ? "<unk>" : "";
  if (options.unknown == kNone) plan.unknown.clear();
  if (needs_unknown && plan.unknown.empty()) return wrong("a " + type + " tokenizer needs a token for unknown words (--unknown '[UNK]').");
  if (options.special_tokens == kAuto) {
    plan.special_tokens = default_tokens(options, plan.unknown);
    return plan;
  }
  if (options.special_tokens != kNone) {
    for (const std::string_view token : split(options.special_tokens, ',')) {
      const std::string text(trim(token));
      const bool is_new = std::ranges::find(plan.special_tokens, text) == plan.special_tokens.end();
      if (!text.empty() && is_new) plan.special_tokens.push_back(text);
    }
  }
  const bool has_unknown = std::ranges::find(plan.special_tokens, plan.unknown) != plan.special_tokens.end();
  if (!plan.unknown.empty() && !has_unknown) plan.special_tokens.insert(plan.special_tokens.begin(), plan.unknown);
  return plan;
}

// ---- the rules of the text as JSON

std::string normalizer_json(const TokenizerTraining& options) {
  const std::string_view lower = options.lowercase ? "true" : "false";
  if (options.type == "wordpiece") {
    return R"({"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":)" + std::string(lower) + "}";
  }
  if (options.type == "unigram") {
    return R"({"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "})" +
           std::string(options.lowercase ? R"(,{"type":"Lowercase"}]})" : "]}");
  }
  return options.lowercase ? R"({"type":"Lowercase"})" : "null";
}

std::string byte_level_json(bool use_regex) {
  return std::string(R"({"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":)") + (use_regex ? "true}" : "false}");
}

std::string metaspace_json() {
  return R"({"type":"Metaspace","replacement":")" + std::string(kMark) + R"(","prepend_scheme":"always","split":true})";
}

std::string pre_tokenizer_json(const Plan& plan) {
  std::string rule = "null";
  if (plan.pre == "byte-level") return byte_level_json(true);
  if (plan.pre == "whitespace") rule = R"({"type":"Whitespace"})";
  if (plan.pre == "bert") rule = R"({"type":"BertPreTokenizer"})";
  if (plan.pre == "metaspace") rule = metaspace_json();
  if (!plan.byte_alphabet) return rule;
  if (plan.pre == kNone) return byte_level_json(false);
  return R"({"type":"Sequence","pretokenizers":[)" + rule + "," + byte_level_json(false) + "]}";
}

std::string decoder_json(const Plan& plan) {
  if (plan.options.type == "wordpiece" && !plan.byte_alphabet) return R"({"type":"WordPiece","prefix":"##","cleanup":true})";
  if (plan.byte_alphabet && plan.pre == "metaspace") {
    return R"({"type":"Sequence","decoders":[)" + byte_level_json(true) + "," + metaspace_json() + "]}";
  }
  if (plan.byte_alphabet) return byte_level_json(true);
  return plan.pre == "metaspace" ? metaspace_json() : "null";
}

// [CLS] and [SEP], where both are special tokens, stand around a text as BERT reads it.
std::string post_processor_json(const std::vector<std::string>& tokens) {
  const auto first = std::ranges::find(tokens, "[CLS]");
  const auto last = std::ranges::find(tokens, "[SEP]");
  if (first == tokens.end() || last == tokens.end()) return "null";
  return tokens::template_json({*first, static_cast<std::uint32_t>(first - tokens.begin())},
                               {*last, static_cast<std::uint32_t>(last - tokens.begin())});
}

// ---- training

Result<tokens::WordCounts> count(const Plan& plan, const TokenizerFile& file, const Dataset& data, Context& context) {
  const Json normalizer_value = IG_TRY(Json::parse(file.normalizer, "normalizer"));
  const Json splitter_value = IG_TRY(Json::parse(file.pre_tokenizer, "pre_tokenizer"));
  const tokens::NormalizerChain normalizer = IG_TRY(tokens::read_normalizer({normalizer_value, "normalizer"}));
  const tokens::SplittersRead read = IG_TRY(tokens::read_splitters({splitter_value, "pre_tokenizer"}, true));
  tokens::WordRules rules;
  rules.normalizer = &normalizer;
  rules.splitters = read.splitters;
  rules.byte_alphabet = read.raw_bytes;
  rules.max_words = static_cast<std::size_t>(plan.options.max_words);
  if (context.memory_limit != 0) {
    rules.max_words = std::clamp<std::size_t>(context.memory_limit / kBytesPerWord, kLeastWords, rules.max_words);
  }
  tokens::WordCounts words = IG_TRY(tokens::count_words(data, rules, context));
  if (words.size() == 0) {
    return wrong("there are no words in " + data.description() + ": a tokenizer is trained on text. Give a file with some lines of it.");
  }
  return words;
}

tokens::BpeTraining bpe_training(const Plan& plan) {
  tokens::BpeTraining training;
  training.vocabulary_size = static_cast<std::size_t>(plan.options.vocab_size);
  training.min_frequency = static_cast<std::uint64_t>(plan.options.min_frequency);
  training.limit_alphabet = static_cast<std::size_t>(plan.options.limit_alphabet);
  if (plan.options.max_piece_length != 0) training.max_characters = static_cast<std::size_t>(plan.options.max_piece_length);
  training.special_tokens = plan.special_tokens;
  return training;
}

std::u32string byte_characters() {
  std::u32string out;
  for (int byte = 0; byte < 256; ++byte) out.push_back(tokens::byte_character(static_cast<char>(byte)));
  return out;
}

Result<std::string> train_model(const Plan& plan, const tokens::WordCounts& words, Context& context) {
  const TokenizerTraining& options = plan.options;
  if (options.type == "bpe" || options.type == "wordpiece") {
    tokens::BpeTraining training = bpe_training(plan);
    if (plan.byte_alphabet) training.initial_alphabet = byte_characters();
    if (options.type == "wordpiece") {
      return tokens::wordpiece_model_json(IG_TRY(tokens::train_wordpiece(words, training, context)), plan.unknown);
    }
    const tokens::TrainedBpe trained = IG_TRY(tokens::train_bpe(words, training, context));
    return tokens::bpe_model_json(trained.pieces, trained.merges, plan.unknown);
  }
  if (options.type == "unigram") {
    tokens::UnigramTraining training;
    training.vocabulary_size = static_cast<std::size_t>(options.vocab_size);
    if (options.max_piece_length != 0) training.max_characters = static_cast<std::size_t>(options.max_piece_length);
    training.special_tokens = plan.special_tokens;
    if (plan.byte_alphabet) training.initial_alphabet = byte_characters();
    return tokens::unigram_model_json(IG_TRY(tokens::train_unigram(words, training, context)), plan.unknown);
  }
  tokens::WordTraining training;
  training.vocabulary_size = static_cast<std::size_t>(options.vocab_size);
  training.min_frequency = static_cast<std::uint64_t>(options.min_frequency);
  training.special_tokens = plan.special_tokens;
  if (training.special_tokens.size() >= training.vocabulary_size) {
    return wrong("a vocabulary of " + std::to_string(training.vocabulary_size) + " has no room for words beside the " +
                 counted(training.special_tokens.size(), "special token") + ". Ask for a larger one (--vocab-size).");
  }
  return tokens::word_model_json(tokens::train_words(words, training), plan.unknown);
}

}  // namespace

std::vector<OptionInfo> tokenizer_training_options() { return option_infos<TokenizerTraining>(); }

Result<TokenizerTraining> tokenizer_training(const OptionValues& values) {
  return guard([&] { return parse_options<TokenizerTraining>(values, "'train tokenizer'"); });
}

Result<TrainedTokenizer> train_tokenizer(const Dataset& data, const TokenizerTraining& options, Context& context) {
  return guard([&]() -> Result<TrainedTokenizer> {
    // The checks of the table of options hold for callers that filled the struct themselves as well.
    const Plan plan = IG_TRY(make_plan(IG_TRY(tokenizer_training(option_values(options)))));
    TokenizerFile file;
    file.normalizer = normalizer_json(options);
    file.pre_tokenizer = pre_tokenizer_json(plan);
    file.decoder = decoder_json(plan);
    file.post_processor = post_processor_json(plan.special_tokens);
    file.special_tokens = plan.special_tokens;
    const tokens::WordCounts words = IG_TRY(count(plan, file, data, context));
    file.model = IG_TRY(train_model(plan, words, context));
    TrainedTokenizer out;
    out.json = tokens::write_tokenizer_json(file);
    out.words = words.total();
    out.distinct_words = words.size();
    out.tokenizer = std::make_shared<tokens::PipelineTokenizer>(IG_TRY(tokens::read_tokenizer_json(out.json, "the new tokenizer.json")));
    const auto pieces = static_cast<std::int64_t>(out.tokenizer->vocabulary_size());
    if (pieces < options.vocab_size) {
      context.say(LogLevel::info, "the text gave " + std::to_string(pieces) + " of " + std::to_string(options.vocab_size) +
                                      " pieces; for more give more text or a lower --min-frequency.");
    }
    return out;
  });
}

Status save_tokenizer(const TrainedTokenizer& trained, const std::filesystem::path& folder) {
  return guard([&]() -> Status {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(Code::io, "cannot make the folder '" + folder.string() + "': " + error.message() + ".");
    return write_file(folder / "tokenizer.json", trained.json);
  });
}

}  // namespace isogloss
