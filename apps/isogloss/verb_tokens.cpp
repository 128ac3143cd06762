// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <iostream>
#include <iterator>
#include <utility>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/hub.hpp"
#include "isogloss/reference.hpp"
#include "isogloss/tokens.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// What a tokenizer made of many texts.
struct TokenCounts {
  std::size_t texts = 0, bytes = 0, words = 0, tokens = 0, unknown = 0, cut = 0;

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

class TokensVerb final : public Verb {
 public:
  std::string_view name() const override { return "tokens"; }
  std::string_view summary() const override { return "show how a text is cut into a model's tokens"; }
  std::string_view examples() const override {
    return "  isogloss tokens -m bert/vocab.txt \"cat embeddings\"\n  isogloss tokens -m bert/vocab.txt -i notes.txt "
           "--json\n"
           "  isogloss tokens -m bert/vocab.txt --decode 101,4937,102\n"
           "  isogloss tokens --compare bert/vocab.txt gpt2 -i english.txt -i german.txt\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.list("TEXT", texts_, "texts to cut; with --compare the tokenizers");
    flags.value("-m,--model", model_, "tokenizer file or model folder");
    flags.value("-c,--content", contents_, "a text (repeat)");
    flags.value("-i,--input", files_, "file with a text per line (repeat); - = standard input");
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
    flags.flag("--compare", compare_, "several tokenizers side by side: tokens a word, unknowns, bytes a token");
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
    for (const std::string& model : models)
      tokenizers.push_back(IG_TRY(load_tokenizer(IG_TRY(place_of(model)), options_, program.context)));
    if (!decode_.empty()) return run_decode(program, *tokenizers.front());
    texts_.insert(texts_.end(), contents_.begin(), contents_.end());
    if (texts_.empty() && files_.empty()) return usage_error("give a text, -c TEXT or -i FILE.");
    return compare_ ? run_compare(program, models, tokenizers) : run_show(program, *tokenizers.front());
  }

 private:
  // Names of models are understood as everywhere; what is none of them is a path.
  static Result<std::filesystem::path> place_of(const std::string& model) {
    const auto reference = parse_model_reference(model);
    if (reference && !reference->path.empty()) return reference->path;
    if (!reference && !known_repository(model).empty()) return fail(reference.error());
    return std::filesystem::path(model);
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

  // Calls visit(line) for every line of a file.
  template <class Visit>
  static Status each_line(const std::string& file, Visit&& visit) {
    const std::string content =
        file == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : IG_TRY(read_file(file));
    std::vector<std::string_view> lines = split(content, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    for (std::string_view line : lines) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      IG_TRY(visit(line));
    }
    return {};
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
      IG_TRY(each_line(file, [&](std::string_view line) -> Status {
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

  Result<int> run_compare(Program& program, const std::vector<std::string>& models,
                          const std::vector<TokenizerPtr>& tokenizers) {
    std::vector<std::vector<std::string>> rows{
        {"text", "tokenizer", "type", "tokens", "a word", "unknown %", "bytes a token"}};
    Tokens tokens;
    const auto add_row = [&](const std::string& what, std::size_t which, const TokenCounts& counts) {
      if (program.flags.json) {
        std::string out;
        JsonWriter json(out);
        json.begin_object()
            .field("text", what)
            .field("tokenizer", models[which])
            .field("type", tokenizers[which]->type());
        json.field("tokens", static_cast<std::uint64_t>(counts.tokens)).field("fertility", counts.fertility());
        json.field("unknown", counts.unknown_share()).field("bytes_per_token", counts.bytes_per_token()).end_object();
        program.line(out);
      } else {
        rows.push_back({what, models[which], std::string(tokenizers[which]->type()), std::to_string(counts.tokens),
                        fixed(counts.fertility(), 3), fixed(100 * counts.unknown_share(), 2),
                        fixed(counts.bytes_per_token(), 2)});
      }
    };
    const auto compare_on = [&](const std::string& what, auto&& each_text) -> Status {
      for (std::size_t which = 0; which < tokenizers.size(); ++which) {
        TokenCounts counts;
        IG_TRY(each_text([&](std::string_view text) -> Status {
          IG_TRY(tokenizers[which]->encode(text, encode_, tokens));
          counts.add(*tokenizers[which], text, tokens);
          return {};
        }));
        add_row(what, which, counts);
      }
      return {};
    };
    if (!texts_.empty()) {
      IG_TRY(compare_on("-c", [&](auto&& visit) -> Status {
        for (const std::string& text : texts_) IG_TRY(visit(text));
        return {};
      }));
    }
    for (const std::string& file : files_) {
      IG_TRY(compare_on(file, [&](auto&& visit) -> Status { return each_line(file, visit); }));
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
    json.end_object();
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
  std::string model_, pair_, truncate_ = "end", pair_cut_ = "longest", lowercase_ = "auto", decode_;
  std::vector<std::string> contents_, files_;
  bool no_special_ = false, code_points_ = false, compare_ = false, clean_up_ = false;
  std::size_t max_tokens_ = 0;
  TokenizerOptions options_;
  EncodeOptions encode_;
};

}  // namespace

std::unique_ptr<Verb> make_tokens_verb() { return std::make_unique<TokensVerb>(); }

}  // namespace isogloss::cli
