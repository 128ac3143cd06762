// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <utility>

#include "core/json.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "isogloss/documents.hpp"
#include "isogloss/hub.hpp"
#include "isogloss/reference.hpp"
#include "isogloss/tokens.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// What a tokenizer made of many texts.
struct TokenCounts {
  std::size_t texts = 0, bytes = 0, words = 0, tokens = 0, unknown = 0, cut = 0, cut_texts = 0;

  void add(const Tokenizer& tokenizer, std::string_view text, const Tokens& made) {
    ++texts;
    bytes += text.size();
    bool inside = false;
    for (const char c : text) {
      const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
      words += !blank && !inside ? 1 : 0;
      inside = !blank;
    }
    cut += made.cut;
    cut_texts += made.cut > 0 ? 1 : 0;
    const auto unknown_id = tokenizer.unknown_id();
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made.special[i] != 0) continue;
      ++tokens;
      unknown += unknown_id && made.ids[i] == *unknown_id ? 1 : 0;
    }
  }
  double fertility() const { return words == 0 ? 0 : static_cast<double>(tokens) / static_cast<double>(words); }
  double bytes_per_token() const { return tokens == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(tokens); }
  double unknown_share() const { return tokens == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(tokens); }
};

// Texts that are counted together: a file, or the rows of tables with one value of a field.
struct TextGroup {
  std::string name;
  std::vector<std::string> texts;
};

bool is_table(std::string_view file) {
  const std::string_view name = without_packing(file);
  return name.ends_with(".jsonl") || name.ends_with(".csv") || name.ends_with(".tsv");
}

std::string text_of(const MetaValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  std::string out;
  JsonWriter(out).value(value);
  return out;
}

class TokensVerb final : public Verb {
 public:
  std::string_view name() const override { return "tokens"; }
  std::string_view summary() const override { return "show how a text is cut into a model's tokens"; }
  std::string_view examples() const override {
    return "  isogloss tokens -m bert/vocab.txt \"cat embeddings\"\n  isogloss tokens -m bert/vocab.txt -i notes.txt "
           "--json\n"
           "  isogloss tokens -m bert/vocab.txt --decode 101,4937,102\n"
           "  isogloss tokens -m wiki.en.bin where        (the n-grams that fastText makes a word of)\n"
           "  isogloss tokens --compare bert/vocab.txt gpt2 -i english.txt -i german.txt\n"
           "  isogloss tokens --compare bert/vocab.txt gpt2 -i reviews.jsonl --by lang\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.list("TEXT", texts_, "texts to cut; with --compare the tokenizers");
    flags.value("-m,--model", model_, "tokenizer file or model folder");
    flags.value("-c,--content", contents_, "a text (repeat)");
    flags.value("-i,--input", files_,
                "file with a text per line, or per row in .jsonl, .csv, .tsv (repeat); - = standard input");
    flags.value("--text-field", text_fields_, "column of a table that holds text (repeat for several)");
    flags.flag("--no-special", no_special_, "leave out the special tokens that the model adds");
    flags.value("--pair", pair_, "second text of a pair, as cross-encoders read it");
    flags.value("--max-tokens", max_tokens_, "cut to this many, special tokens included (0 = no limit)");
    flags.value("--truncate", truncate_, "which end goes: end or start");
    flags.value("--pair-cut", pair_cut_,
                "which text of a pair gives when --max-tokens is too few: longest, first or second");
    flags.value("--lowercase", lowercase_, "for a bare vocab.txt: yes, no or auto");
    flags.flag("--code-points", code_points_, "offsets in code points instead of bytes");
    flags.value("--decode", decode_, "turn these ids, with commas between them, back into text");
    flags.flag("--clean-up", clean_up_, "with --decode: no blanks in front of punctuation and English contractions");
    flags.flag("--compare", compare_,
               "several tokenizers side by side, a row each for every input: tokens a word, unknowns, bytes a token");
    flags.flag("--counts", counts_, "the same numbers of one tokenizer, instead of its tokens");
    flags.value("--by", by_,
                "with --compare and --counts: a row for every value of this column of the tables, as lang");
  }

  Result<int> run(Program& program) override {
    IG_TRY(read_flags());
    std::vector<std::string> models{model_};
    if (compare_) {
      models = std::exchange(texts_, {});
      if (!model_.empty()) models.insert(models.begin(), model_);
      if (models.size() < 2)
        return usage_error("--compare takes two tokenizers or more: isogloss tokens --compare A B -i FILE");
    } else if (model_.empty()) {
      return usage_error("which tokenizer? Name a file or folder: isogloss tokens -m vocab.txt \"a text\"");
    }
    std::vector<TokenizerPtr> tokenizers;
    for (const std::string& model : models) {
      Result<TokenizerPtr> tokenizer = load_tokenizer(IG_TRY(place_of(model)), options_, program.context);
      if (!tokenizer && !compare_ && !counts_ && decode_.empty()) {
        if (const ModelPtr words = model_of_parts(model, program.context)) return run_parts(program, *words);
      }
      tokenizers.push_back(IG_TRY(std::move(tokenizer)));
    }
    if (!decode_.empty()) return run_decode(program, *tokenizers.front());
    texts_.insert(texts_.end(), contents_.begin(), contents_.end());
    if (texts_.empty() && files_.empty()) return usage_error("give a text, -c TEXT or -i FILE.");
    if (compare_ || counts_) return run_compare(program, models, tokenizers);
    return run_show(program, *tokenizers.front());
  }

 private:
  // Names of models are understood as everywhere; what is none of them is a path.
  static Result<std::filesystem::path> place_of(const std::string& model) {
    const auto reference = parse_model_reference(model);
    if (reference && !reference->path.empty()) return reference->path;
    if (!reference && !known_repository(model).empty()) return fail(reference.error());
    return std::filesystem::path(model);
  }

  // A model that makes vectors of parts of words, or null.
  static ModelPtr model_of_parts(const std::string& name, Context& context) {
    const auto model = load(name, {}, context);
    const Vocabulary* const words = model ? (*model)->ability<Vocabulary>() : nullptr;
    return words != nullptr && words->word_parts("a") ? *model : nullptr;
  }

  // The parts of every word between blanks, in the forms of run_show().
  Result<int> run_parts(Program& program, const Model& model) {
    const Vocabulary& words = *model.ability<Vocabulary>();
    texts_.insert(texts_.end(), contents_.begin(), contents_.end());
    for (const std::string& file : files_) {
      IG_TRY(each_text(file, program.context, [&](std::string_view text) -> Status {
        texts_.emplace_back(text);
        return {};
      }));
    }
    if (texts_.empty()) return usage_error("give a word, -c TEXT or -i FILE.");
    for (const std::string& text : texts_) {
      for (const std::string_view word : split(text, ' ')) {
        if (!word.empty()) program.out(parts_text(program, words, word, IG_TRY(words.word_parts(word))));
      }
    }
    return kDone;
  }

  static std::string parts_text(Program& program, const Vocabulary& words, std::string_view word,
                                const std::vector<WordPart>& parts) {
    std::string out;
    if (program.flags.json) {
      JsonWriter json(out);
      json.begin_object().field("word", word).key("ids").begin_array();
      for (const WordPart& part : parts) json.value(static_cast<std::uint64_t>(part.row));
      json.end_array().key("pieces").begin_array();
      for (const WordPart& part : parts) json.value(part.text);
      json.end_array().key("offsets").begin_array();
      for (const WordPart& part : parts) {
        json.begin_array().value(static_cast<std::uint64_t>(part.begin));
        json.value(static_cast<std::uint64_t>(part.end)).end_array();
      }
      json.end_array().end_object();
      return out += '\n';
    }
    if (!words.find_word(word)) program.note("'" + std::string(word) + "' is not in the vocabulary: from its n-grams");
    std::vector<std::vector<std::string>> rows;
    for (const WordPart& part : parts) {
      out += (out.empty() ? "" : " ") + part.text;
      rows.push_back({part.text, std::to_string(part.row), std::to_string(part.begin) + "-" + std::to_string(part.end)});
    }
    return out + "\n" + format_table(rows);
  }

  Status read_flags() {
    using LowerCase = TokenizerOptions::LowerCase;
    if (lowercase_ != "auto" && lowercase_ != "yes" && lowercase_ != "no") {
      return usage_error("--lowercase is '" + lowercase_ + "'; it takes yes, no or auto.");
    }
    if (truncate_ != "end" && truncate_ != "start") {
      return usage_error("--truncate is '" + truncate_ + "'; it takes end or start.");
    }
    if (pair_cut_ != "longest" && pair_cut_ != "first" && pair_cut_ != "second") {
      return usage_error("--pair-cut is '" + pair_cut_ + "'; it takes longest, first or second.");
    }
    if (!by_.empty() && !compare_ && !counts_) return usage_error("--by goes with --compare or --counts.");
    encode_.pair_cut = pair_cut_ == "first"    ? PairCut::only_first
                       : pair_cut_ == "second" ? PairCut::only_second
                                               : PairCut::longest_first;
    options_.lower_case = lowercase_ == "yes"  ? LowerCase::yes
                          : lowercase_ == "no" ? LowerCase::no
                                               : LowerCase::automatic;
    encode_.special_tokens = no_special_ ? SpecialTokens::leave_out : SpecialTokens::add;
    encode_.max_tokens = max_tokens_;
    encode_.cut_side = truncate_ == "start" ? CutSide::start : CutSide::end;
    return {};
  }

  Status encode(const Tokenizer& tokenizer, std::string_view text, Tokens& tokens) const {
    return pair_.empty() ? tokenizer.encode(text, encode_, tokens)
                         : tokenizer.encode_pair(text, pair_, encode_, tokens);
  }

  // Calls visit(text, row) for every row of a table.
  template <class Visit>
  Status each_row(const std::string& file, Context& context, Visit&& visit) const {
    ReadOptions options;
    options.text_fields = text_fields_;
    const Document document = IG_TRY(read_document(file, options, context));
    for (const Row& row : document.rows) {
      IG_TRY(visit(std::string_view(document.text).substr(row.at.begin, row.at.size()), row));
    }
    return {};
  }

  template <class Visit>
  Status each_text(const std::string& file, Context& context, Visit&& visit) const {
    if (!is_table(file)) return each_line(file, visit);
    return each_row(file, context, [&](std::string_view text, const Row&) { return visit(text); });
  }

  Result<int> run_show(Program& program, const Tokenizer& tokenizer) {
    Tokens tokens;
    std::string out;
    for (const std::string& text : texts_) {
      IG_TRY(encode(tokenizer, text, tokens));
      program.flags.json ? append_json(out, tokenizer, text, tokens)
                         : append_table(out, tokenizer, text, tokens, program.is_terminal());
      if (tokens.cut > 0) program.note(counted(tokens.cut, "token") + " cut");
    }
    program.out(out);
    for (const std::string& file : files_) {
      TokenCounts counts;
      IG_TRY(each_text(file, program.context, [&](std::string_view line) -> Status {
        IG_TRY(encode(tokenizer, line, tokens));
        counts.add(tokenizer, line, tokens);
        out.clear();
        program.flags.json ? append_json(out, tokenizer, line, tokens)
                           : append_line(out, tokenizer, line, tokens, program.is_terminal());
        program.out(out);
        return {};
      }));
      program.note(file + ": " + counted(counts.texts, "line") + ", " + counted(counts.tokens, "token") + ", " +
                   fixed(counts.fertility(), 2) + " a word, " + fixed(counts.bytes_per_token(), 2) + " bytes each, " +
                   counted(counts.unknown, "unknown token") +
                   (counts.cut > 0 ? ", " + std::to_string(counts.cut) + " cut" : ""));
    }
    return kDone;
  }

  Result<int> run_decode(Program& program, const Tokenizer& tokenizer) {
    std::vector<std::uint32_t> ids;
    for (const std::string_view item : split(decode_, ',')) {
      const std::string_view digits = trim(item);
      std::uint32_t id = 0;
      const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), id);
      if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || digits.empty()) {
        return usage_error("--decode takes ids with commas between them; '" + std::string(item) + "' is none.");
      }
      ids.push_back(id);
    }
    const DecodeOptions options{no_special_ ? SpecialTokens::leave_out : SpecialTokens::add, clean_up_};
    program.line(IG_TRY(tokenizer.decode(ids, options)));
    return kDone;
  }

  // All texts, in the groups that get a row each.
  Result<std::vector<TextGroup>> read_groups(Context& context) const {
    std::vector<TextGroup> groups;
    const auto group = [&](const std::string& name) -> TextGroup& {
      const auto found = std::ranges::find(groups, name, &TextGroup::name);
      return found != groups.end() ? *found : groups.emplace_back(TextGroup{name, {}});
    };
    if (!texts_.empty()) groups.push_back({"-c", texts_});
    for (const std::string& file : files_) {
      if (by_.empty()) {
        TextGroup& all = group(file);
        IG_TRY(each_text(file, context, [&](std::string_view text) -> Status {
          all.texts.emplace_back(text);
          return {};
        }));
        continue;
      }
      if (!is_table(file)) {
        return usage_error("--by takes the rows of tables, .jsonl, .csv or .tsv, apart; '" + file + "' is none.");
      }
      IG_TRY(each_row(file, context, [&](std::string_view text, const Row& row) -> Status {
        const auto value = row.meta.find(by_);
        if (value == row.meta.end()) {
          return fail(Code::invalid_argument, file + ": row " + row.id + " has no field '" + by_ + "'.");
        }
        group(text_of(value->second)).texts.emplace_back(text);
        return {};
      }));
    }
    return groups;
  }

  void append_counts(std::string& out, const std::string& group, const std::string& model, std::string_view type,
                     const TokenCounts& counts) const {
    JsonWriter json(out);
    json.begin_object().field("text", group).field("tokenizer", model).field("type", type);
    json.field("tokens", static_cast<std::uint64_t>(counts.tokens)).field("fertility", counts.fertility());
    json.field("unknown", counts.unknown_share()).field("bytes_per_token", counts.bytes_per_token());
    json.field("texts", static_cast<std::uint64_t>(counts.texts))
        .field("words", static_cast<std::uint64_t>(counts.words))
        .field("bytes", static_cast<std::uint64_t>(counts.bytes))
        .field("unknown_tokens", static_cast<std::uint64_t>(counts.unknown))
        .field("cut", static_cast<std::uint64_t>(counts.cut))
        .field("cut_texts", static_cast<std::uint64_t>(counts.cut_texts));
    json.end_object();
    out += '\n';
  }

  Result<int> run_compare(Program& program, const std::vector<std::string>& models,
                          const std::vector<TokenizerPtr>& tokenizers) {
    std::vector<std::vector<std::string>> rows{
        {"text", "tokenizer", "type", "tokens", "a word", "unknown %", "bytes a token"}};
    if (max_tokens_ > 0) rows[0].insert(rows[0].end(), {"cut", "texts cut"});
    Tokens tokens;
    for (const TextGroup& group : IG_TRY(read_groups(program.context))) {
      for (std::size_t which = 0; which < tokenizers.size(); ++which) {
        TokenCounts counts;
        for (const std::string& text : group.texts) {
          IG_TRY(encode(*tokenizers[which], text, tokens));
          counts.add(*tokenizers[which], text, tokens);
        }
        const std::string type(tokenizers[which]->type());
        if (program.flags.json) {
          std::string out;
          append_counts(out, group.name, models[which], type, counts);
          program.out(out);
          continue;
        }
        rows.push_back({group.name, models[which], type, std::to_string(counts.tokens), fixed(counts.fertility(), 3),
                        fixed(100 * counts.unknown_share(), 2), fixed(counts.bytes_per_token(), 2)});
        if (max_tokens_ == 0) continue;
        rows.back().push_back(std::to_string(counts.cut));
        rows.back().push_back(std::to_string(counts.cut_texts));
      }
    }
    if (!program.flags.json) program.out(format_table(rows));
    return kDone;
  }

  void append_json(std::string& out, const Tokenizer& tokenizer, std::string_view text, const Tokens& tokens) const {
    JsonWriter json(out);
    json.begin_object().key("ids").begin_array();
    for (const std::uint32_t id : tokens.ids) json.value(id);
    json.end_array().key("pieces").begin_array();
    for (const std::string& piece : tokenizer.pieces(text, tokens)) json.value(piece);
    json.end_array().key("offsets").begin_array();
    for (const PieceSpan& span : offsets(text, tokens))
      json.begin_array().value(span.begin).value(span.end).end_array();
    json.end_array();
    if (!pair_.empty()) {
      json.key("type_ids").begin_array();
      for (const std::uint8_t type : tokens.type_ids) json.value(static_cast<int>(type));
      json.end_array();
    }
    json.key("special").begin_array();
    for (const std::uint8_t special : tokens.special) json.value(static_cast<int>(special));
    json.end_array().field("cut", static_cast<std::uint64_t>(tokens.cut)).end_object();
    out += '\n';
  }

  std::vector<PieceSpan> offsets(std::string_view text, const Tokens& tokens) const {
    return code_points_ && pair_.empty() ? code_point_offsets(tokens, text) : tokens.offsets;
  }

  // Pieces with blanks between them; on a terminal neighbours differ in colour.
  static void append_line(std::string& out, const Tokenizer& tokenizer, std::string_view text, const Tokens& tokens,
                          bool colour) {
    const std::vector<std::string> pieces = tokenizer.pieces(text, tokens);
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (colour) out += i % 2 == 0 ? "\x1b[36m" : "\x1b[33m";
      out += pieces[i];
      if (colour) out += "\x1b[0m";
      out += i + 1 < pieces.size() ? " " : "";
    }
    out += '\n';
  }

  void append_table(std::string& out, const Tokenizer& tokenizer, std::string_view text, const Tokens& tokens,
                    bool colour) const {
    append_line(out, tokenizer, text, tokens, colour);
    const std::vector<std::string> pieces = tokenizer.pieces(text, tokens);
    const std::vector<PieceSpan> spans = offsets(text, tokens);
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::string place =
          tokens.special[i] != 0 ? "special" : std::to_string(spans[i].begin) + "-" + std::to_string(spans[i].end);
      rows.push_back({pieces[i], std::to_string(tokens.ids[i]), place});
    }
    out += format_table(rows);
  }

  std::vector<std::string> texts_;
  std::string model_, pair_, truncate_ = "end", pair_cut_ = "longest", lowercase_ = "auto", decode_, by_;
  std::vector<std::string> contents_, files_, text_fields_;
  bool no_special_ = false, code_points_ = false, compare_ = false, counts_ = false, clean_up_ = false;
  std::size_t max_tokens_ = 0;
  TokenizerOptions options_;
  EncodeOptions encode_;
};

}  // namespace

std::unique_ptr<Verb> make_tokens_verb() { return std::make_unique<TokensVerb>(); }

}  // namespace isogloss::cli
