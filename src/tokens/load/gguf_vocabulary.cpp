// SPDX-License-Identifier: Apache-2.0
// The vocabulary inside a GGUF file, keys tokenizer.ggml.*: what llama.cpp's converters wrote of a model's tokenizer.
// They leave out how byte-level BPE cuts text; a name in tokenizer.ggml.pre stands for that, and a file without it (or
// with one unknown here) is refused: a guess gives vectors that are wrong and look right. What a family's own tokenizer
// does beyond the name (NFC of Qwen2, the blank that RoBERTa's <mask> takes) is in the table below.
//
//   tokenizer.ggml.model   made of                                    here
//   llama                  tokens, scores, types                      SentencePiece BPE
//   t5                     tokens, scores, types, charsmap            SentencePiece Unigram (T5, XLM-R)
//   bert                   tokens: U+2581 + word, or a bare "##" one  WordPiece
//   gpt2                   tokens, merges, pre                        byte-level BPE
//
// Special tokens are found in text, as the Hugging Face library does it and llama.cpp when it embeds.
#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "tokens/bpe/bpe.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/merge_line.hpp"
#include "tokens/load/sentencepiece_parts.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/split/known_patterns.hpp"

namespace isogloss::tokens {
namespace {

using formats::Gguf;
using Type = SentencePieceType;
constexpr std::string_view kMark = "\xE2\x96\x81";

std::string key(std::string_view name) { return "tokenizer.ggml." + std::string(name); }

// ---- what cuts text in front of byte-level BPE

enum class Family : std::uint8_t { plain, llama3, roberta };
struct Pre {
  std::string_view name;     // tokenizer.ggml.pre
  std::string_view pattern;  // of known_patterns.hpp
  Family family = Family::plain;
  bool nfc = false;     // text is normalised first
  bool digits = false;  // every digit stands alone before the pattern is applied
};
// The names of llama.cpp whose model's own tokenizer.json is known.
constexpr Pre kPre[] = {
    {"gpt-2", "gpt2"},
    {"phi-2", "gpt2"},
    {"olmo", "gpt2", Family::plain, true},
    {"mpt", "gpt2", Family::plain, true},
    {"modern-bert", "gpt2", Family::roberta, true},
    {"roberta-bpe", "gpt2", Family::roberta},
    {"jina-v1-en", "gpt2", Family::roberta},
    {"jina-v2-code", "gpt2", Family::roberta},
    {"jina-v2-de", "gpt2", Family::roberta},
    {"jina-v2-es", "gpt2", Family::roberta},
    {"starcoder", "gpt2", Family::plain, false, true},
    {"refact", "gpt2", Family::plain, false, true},
    {"smollm", "gpt2", Family::plain, false, true},
    {"llama3", "llama3", Family::llama3},
    {"llama-v3", "llama3", Family::llama3},
    {"llama-bpe", "llama3", Family::llama3},
    {"qwen2", "qwen2", Family::plain, true},
    {"deepseek-r1-qwen", "qwen2", Family::plain, true},
    {"gpt-4o", "o200k"},
};

Result<const Pre*> read_pre(const Gguf& file) {
  std::string known;
  for (const Pre& pre : kPre) known += (known.empty() ? "" : ", ") + std::string(pre.name);
  const std::string remedy =
      " Known are " + known + ". Use the model's own tokenizer.json: put it beside the file and name it.";
  if (!file.has(key("pre"))) {
    return fail(Code::unsupported,
                file.where() + ": key '" + key("pre") +
                    "' is missing, which says how text is cut. Without it the pieces, and all "
                    "vectors, would be a guess; converters before May 2024 left it out, a new conversion has it." +
                    remedy);
  }
  const std::string_view name = IG_TRY(file.text(key("pre")));
  const auto* const found = std::ranges::find(kPre, name, &Pre::name);
  if (found != std::end(kPre)) return found;
  return fail(Code::unsupported, file.where() + ": key '" + key("pre") + "' is '" + shortened(name, 60) +
                                     "', which this version does not know." + remedy);
}

// ---- tokens and what stands around a text

struct Entries {
  std::vector<std::string> texts;
  std::vector<Type> types;
  std::vector<double> scores;  // empty when the file has none
};

Result<Type> type_of(std::int64_t number, std::size_t id, const Gguf& file) {
  if (number == 0) return Type::normal;  // "undefined"
  if (number >= 1 && number <= 6) return static_cast<Type>(number);
  return fail(Code::corrupt_data, file.where() + ": token " + std::to_string(id) + " has the type " +
                                      std::to_string(number) + "; 0 to 6 are known.");
}

Result<Entries> read_entries(const Gguf& file) {
  const std::vector<std::string_view> texts = IG_TRY(file.texts(key("tokens")));
  std::vector<std::int64_t> types;
  Entries out;
  if (file.has(key("token_type"))) types = IG_TRY(file.integers(key("token_type")));
  if (file.has(key("scores"))) out.scores = IG_TRY(file.numbers(key("scores")));
  const auto wrong = [&](std::string_view name, std::size_t size) {
    return fail(Code::corrupt_data, file.where() + ": key '" + key(name) + "' has " + std::to_string(size) +
                                        " entries for " + std::to_string(texts.size()) + " tokens.");
  };
  if (texts.empty() || texts.size() > Vocabulary::kMaxId) return wrong("tokens", texts.size());
  if (!types.empty() && types.size() != texts.size()) return wrong("token_type", types.size());
  if (!out.scores.empty() && out.scores.size() != texts.size()) return wrong("scores", out.scores.size());
  for (std::size_t id = 0; id < out.scores.size(); ++id) {
    if (std::isnan(out.scores[id]))
      return fail(Code::corrupt_data,
                  file.where() + ": token " + std::to_string(id) + " has a score that is no number.");
  }
  PieceTable seen;
  seen.reserve(texts.size());
  for (std::size_t id = 0; id < texts.size(); ++id) {
    const auto place = [&] { return file.where() + ": token " + std::to_string(id); };
    if (texts[id].size() > kMaxPieceBytes)
      return fail(Code::corrupt_data,
                  place() + " has " + std::to_string(texts[id].size()) + " bytes; that is no piece.");
    if (!utf8_valid(texts[id])) return fail(Code::corrupt_data, place() + " is not UTF-8.");
    const bool empty = texts[id].empty();
    out.texts.push_back(empty ? "[EMPTY_" + std::to_string(id) + "]" : std::string(texts[id]));
    out.types.push_back(empty ? Type::unused : types.empty() ? Type::normal : IG_TRY(type_of(types[id], id, file)));
    if (const std::uint32_t first = seen.find(out.texts[id]); first != PieceTable::kNone) {
      return fail(Code::corrupt_data,
                  place() + " is '" + shortened(out.texts[id], 60) + "', as token " + std::to_string(first) + " is.");
    }
    seen.insert(out.texts[id], static_cast<std::uint32_t>(id));
  }
  return out;
}

// The id that a key gives; else that of one of the texts, by which these tokens are known; else PieceTable::kNone.
Result<std::uint32_t> special_id(const Gguf& file, const Entries& entries, std::initializer_list<std::string_view> keys,
                                 std::initializer_list<std::string_view> texts) {
  for (const std::string_view name : keys) {
    if (!file.has(key(name))) continue;
    return static_cast<std::uint32_t>(
        IG_TRY(file.integer(key(name), 0, static_cast<std::int64_t>(entries.texts.size()) - 1)));
  }
  for (const std::string_view text : texts) {
    const auto found = std::ranges::find(entries.texts, text);
    if (found != entries.texts.end()) return static_cast<std::uint32_t>(found - entries.texts.begin());
  }
  return PieceTable::kNone;
}

struct Ends {
  std::uint32_t begin = PieceTable::kNone;  // in front of a text; kNone = nothing
  std::uint32_t end = PieceTable::kNone;
  std::uint32_t between = PieceTable::kNone;  // two texts, behind the first one's end
};

struct EndDefaults {
  bool begin = false;
  bool end = false;
  bool between = false;
};

Result<Ends> read_ends(const Gguf& file, const Entries& entries, EndDefaults defaults) {
  Ends ends;
  const auto read = [&](std::string_view flag, bool absent, std::initializer_list<std::string_view> keys,
                        std::initializer_list<std::string_view> texts) -> Result<std::uint32_t> {
    if (!IG_TRY(file.boolean_or(key(flag), absent))) return PieceTable::kNone;
    const std::uint32_t id = IG_TRY(special_id(file, entries, keys, texts));
    if (id != PieceTable::kNone) return id;
    return fail(Code::corrupt_data, file.where() + ": a text wants the token of '" + key(*keys.begin()) +
                                        "' beside it ('" + key(flag) + "'), but that key is missing.");
  };
  ends.begin = IG_TRY(read("add_bos_token", defaults.begin, {"bos_token_id", "cls_token_id"}, {"<s>", "[CLS]"}));
  ends.end = IG_TRY(read("add_eos_token", defaults.end, {"eos_token_id"}, {"</s>", "[SEP]"}));
  // Models that mark both ends of a text have a separator as well (RoBERTa, XLM-R), though few files say that they use
  // it.
  const bool separates = defaults.between && ends.begin != PieceTable::kNone && ends.end != PieceTable::kNone;
  ends.between =
      IG_TRY(read("add_sep_token", separates, {"seperator_token_id", "separator_token_id"}, {"</s>", "[SEP]"}));
  return ends;
}

SequenceRules sequence_of(const Ends& ends) {
  using Kind = TemplateItem::Kind;
  SequenceRules rules;
  const auto put = [](std::vector<TemplateItem>& items, std::uint32_t id) {
    if (id != PieceTable::kNone) items.push_back({Kind::special, {id}, 0});
  };
  put(rules.single, ends.begin);
  rules.single.push_back({Kind::first, {}, 0});
  put(rules.single, ends.end);
  rules.pair = rules.single;
  put(rules.pair, ends.between);
  rules.pair.push_back({Kind::second, {}, 0});
  put(rules.pair, ends.end);
  return rules;
}

// ---- the four kinds

Result<Charsmap> read_charsmap(const Gguf& file) {
  const std::string name = key("precompiled_charsmap");
  const formats::GgufValue* const map = file.find(name);
  if (map == nullptr) return Charsmap();
  const bool bytes = map->element == formats::GgufType::u8 || map->element == formats::GgufType::i8;
  if (!map->is_array() || !bytes)
    return fail(Code::corrupt_data, file.where() + ": key '" + name + "' is no array of bytes.");
  auto charsmap =
      Charsmap::read({static_cast<const char*>(static_cast<const void*>(map->bytes.data())), map->bytes.size()});
  if (!charsmap)
    return fail(Code::corrupt_data, file.where() + ": key '" + name + "' is damaged: " + charsmap.error().message);
  return charsmap;
}

Result<TokenizerParts> read_sentencepiece_kind(const Gguf& file, SentencePieceModel model) {
  const Entries entries = IG_TRY(read_entries(file));
  if (entries.scores.empty())
    return fail(Code::corrupt_data,
                file.where() + ": key '" + key("scores") + "' is missing, which says how pieces are chosen.");
  SentencePieceFile out;
  out.model = model;
  out.control_in_text = true;
  for (std::size_t id = 0; id < entries.texts.size(); ++id) {
    out.add(entries.texts[id], entries.scores[id], entries.types[id]);
    out.byte_fallback = out.byte_fallback || entries.types[id] == Type::byte;
  }
  out.unknown = IG_TRY(special_id(file, entries, {"unknown_token_id"}, {"<unk>"}));
  if (out.unknown == PieceTable::kNone)
    return fail(Code::corrupt_data, file.where() + ": key '" + key("unknown_token_id") + "' is missing.");
  out.types[out.unknown] = Type::unknown;
  out.rules.add_dummy_prefix = IG_TRY(file.boolean_or(key("add_space_prefix"), true));
  out.rules.remove_extra_whitespaces = IG_TRY(file.boolean_or(key("remove_extra_whitespaces"), false));
  out.charsmap = IG_TRY(read_charsmap(file));
  const bool t5 = model == SentencePieceModel::unigram;
  const Ends ends = IG_TRY(read_ends(file, entries, {!t5, t5, t5}));
  TokenizerParts parts = IG_TRY(sentencepiece_parts(std::move(out), file.where()));
  parts.sequence = sequence_of(ends);
  return parts;
}

bool is_bracketed(std::string_view text) { return text.starts_with('[') && text.ends_with(']'); }

// From the file's form back to vocab.txt's. A file of unchanged pieces has no mark anywhere.
std::string wordpiece_of(std::string_view text, Type type, bool marked) {
  if (!marked || type == Type::control || type == Type::unused || is_bracketed(text)) return std::string(text);
  if (text.starts_with(kMark)) return std::string(text.substr(kMark.size()));
  return "##" + std::string(text);
}

Result<TokenizerParts> read_bert_kind(const Gguf& file, TokenizerOptions::LowerCase lower_case, Context& context) {
  const Entries entries = IG_TRY(read_entries(file));
  const bool marked =
      std::ranges::any_of(entries.texts, [](const std::string& text) { return text.starts_with(kMark); });
  BertPieces pieces;
  for (std::uint32_t id = 0; id < entries.texts.size(); ++id) {
    pieces.vocabulary.add(wordpiece_of(entries.texts[id], entries.types[id], marked), id);
    if (entries.types[id] == Type::control) pieces.special.push_back(id);
  }
  pieces.cls = IG_TRY(special_id(file, entries, {"cls_token_id", "bos_token_id"}, {"[CLS]", "[cls]"}));
  pieces.sep = IG_TRY(special_id(file, entries, {"seperator_token_id", "separator_token_id"}, {"[SEP]", "[sep]"}));
  const std::uint32_t unknown = IG_TRY(special_id(file, entries, {"unknown_token_id"}, {"[UNK]", "[unk]"}));
  if (unknown != PieceTable::kNone) pieces.unknown = pieces.vocabulary.piece(unknown);
  for (const std::uint32_t id : {pieces.cls, pieces.sep, unknown}) {
    if (id != PieceTable::kNone) pieces.special.push_back(id);
  }
  using LowerCase = TokenizerOptions::LowerCase;
  if (lower_case == LowerCase::automatic && file.has(key("normalizer.lowercase"))) {
    lower_case = IG_TRY(file.boolean(key("normalizer.lowercase"))) ? LowerCase::yes : LowerCase::no;
  }
  BertVocabularyRead read = IG_TRY(bert_parts(std::move(pieces), lower_case, file.where()));
  if (lower_case == LowerCase::automatic) context.say(LogLevel::info, lower_case_note(file.where(), read.lower_case));
  return std::move(read.parts);
}

Result<std::unique_ptr<const SubwordModel>> make_byte_bpe(const Gguf& file, const Entries& entries, const Pre& pre) {
  Vocabulary vocabulary;
  BpeRules rules;
  rules.byte_level = true;
  rules.ignore_merges = pre.family == Family::llama3;
  for (std::uint32_t id = 0; id < entries.texts.size(); ++id) vocabulary.add(entries.texts[id], id);
  std::vector<Merge> merges;
  for (const std::string_view line : IG_TRY(file.texts(key("merges")))) {
    merges.push_back(IG_TRY(
        read_merge_line(line, vocabulary, static_cast<std::uint32_t>(merges.size()),
                        file.where() + ": key '" + key("merges") + "', entry " + std::to_string(merges.size()))));
  }
  auto model = Bpe::make(std::move(vocabulary), merges, rules);
  if (!model) return fail(model.error().code, file.where() + ": " + model.error().message);
  return std::unique_ptr<const SubwordModel>(std::move(*model));
}

void add_splitters(const Pre& pre, TokenizerParts& parts) {
  if (pre.nfc) {
    std::vector<NormalizerPtr> normalizers;
    normalizers.push_back(unicode_normalizer(UnicodeForm::nfc));
    parts.normalizer = NormalizerChain(std::move(normalizers));
  }
  if (pre.digits) parts.splitters.push_back(digits_splitter(true));
  parts.splitters.push_back(known_pattern_splitter(known_pattern(pre.pattern)));
  parts.decoder = byte_level_decoder();
}

Result<TokenizerParts> read_byte_level_kind(const Gguf& file) {
  const Pre& pre = *IG_TRY(read_pre(file));
  const Entries entries = IG_TRY(read_entries(file));
  TokenizerParts parts;
  parts.type = "BPE";
  parts.model = IG_TRY(make_byte_bpe(file, entries, pre));
  add_splitters(pre, parts);
  const std::uint32_t mask = IG_TRY(special_id(file, entries, {"mask_token_id"}, {}));
  for (std::uint32_t id = 0; id < entries.texts.size(); ++id) {
    if (entries.types[id] != Type::control && entries.types[id] != Type::user_defined) continue;
    parts.added.push_back(special_token(entries.texts[id], id));
    parts.added.back().special = entries.types[id] == Type::control;
    parts.added.back().left_strip = pre.family == Family::roberta && id == mask;
  }
  const bool roberta = pre.family == Family::roberta;
  const bool trims = roberta && pre.name != "modern-bert";  // whose post-processor is a template
  parts.sequence = sequence_of(IG_TRY(read_ends(file, entries, {pre.family != Family::plain, roberta, trims})));
  parts.sequence.trim_offsets = trims;
  return parts;
}

}  // namespace

Result<TokenizerParts> read_gguf_vocabulary(const Gguf& file, TokenizerOptions::LowerCase lower_case,
                                            Context& context) {
  if (file.has("tokenizer.huggingface.json")) {
    return read_tokenizer_json(IG_TRY(file.text("tokenizer.huggingface.json")),
                               file.where() + ": key 'tokenizer.huggingface.json'");
  }
  if (!file.has(key("model"))) {
    return fail(Code::not_found, file.where() + " holds no vocabulary: key '" + key("model") +
                                     "' is missing. Name the model's tokenizer.json.");
  }
  const std::string_view model = IG_TRY(file.text(key("model")));
  if (model == "llama") return read_sentencepiece_kind(file, SentencePieceModel::bpe);
  if (model == "t5") return read_sentencepiece_kind(file, SentencePieceModel::unigram);
  if (model == "bert") return read_bert_kind(file, lower_case, context);
  if (model == "gpt2") return read_byte_level_kind(file);
  return fail(Code::unsupported, file.where() + ": key '" + key("model") + "' is '" + shortened(model, 60) +
                                     "'; read are llama, t5, bert, gpt2. Name the model's tokenizer.json.");
}

}  // namespace isogloss::tokens
