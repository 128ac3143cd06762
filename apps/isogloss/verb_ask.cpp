// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "core/file.hpp"
#include "core/json.hpp"
#include "isogloss/answer.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class AskVerb final : public Verb {
 public:
  std::string_view name() const override { return "ask"; }
  std::string_view summary() const override { return "answer a question from a collection, with citations"; }
  std::string_view examples() const override {
    return "  isogloss ask docs \"What is the refund period?\"\n"
           "  isogloss ask docs \"What is the refund period?\" --llm http://127.0.0.1:11434/v1 --llm-model llama3.2\n"
           "  isogloss ask docs \"What is the refund period?\" --show-prompt\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.positional("QUESTION", question_, "what you want to know");
    flags.value("-n,--passages", passages_, "passages to answer from");
    flags.value("--threshold", threshold_, "least confidence of an answer, 0..1 (default: calibrated)");
    flags.value("--llm", llm_, "address of an OpenAI-compatible chat server");
    flags.value("--llm-model", llm_model_, "name of the model there");
    flags.value("--llm-key", llm_key_, "key for that server (default: $OPENAI_API_KEY)");
    flags.value("--prompt", prompt_, "file with a prompt of your own: slots {question} and {context}, and examples as you like");
    flags.flag("--show-prompt", show_prompt_, "print what the language model would get, and stop");
    search_.describe(flags);
  }

  Result<int> run(Program& program) override {
    AskOptions options;
    options.passages = passages_;
    options.threshold = threshold_.value_or(-1);
    options.search = IG_TRY(search_.options(program.context));
    options.llm_url = llm_;
    options.llm_model = llm_model_;
    options.llm_key = llm_key_;
    options.offline = program.flags.offline;
    options.only_show_prompt = show_prompt_;
    if (threshold_ && (*threshold_ < 0 || *threshold_ > 1)) return usage_error("--threshold must be in 0..1.");
    if (passages_ == 0) return usage_error("--passages must be at least 1.");
    if (!llm_.empty() && llm_model_.empty()) return usage_error("--llm needs --llm-model NAME.");
    if (const char* key = std::getenv("OPENAI_API_KEY"); key != nullptr && llm_key_.empty()) options.llm_key = key;
    if (!prompt_.empty()) options.prompt = IG_TRY(read_file(prompt_, 1'000'000));
    const bool stream = !llm_.empty() && !program.flags.json && !show_prompt_ && program.is_terminal();
    if (stream) options.on_text = [&](std::string_view piece) { program.out(piece); };
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    const Answer answer = IG_TRY(from_flags(ask(*collection, question_, options, program.context)));
    if (show_prompt_) {
      program.line(answer.prompt);
      return kDone;
    }
    for (const std::string& warning : answer.warnings) program.warn(warning);
    program.flags.json ? print_json(program, answer) : print_text(program, answer, stream);
    return kDone;
  }

 private:
  static void print_json(Program& program, const Answer& answer) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("answer", answer.text).field("found", answer.found).key("citations").begin_array();
    for (const Citation& c : answer.citations) {
      json.begin_object().field("n", static_cast<std::uint64_t>(c.n)).field("id", c.chunk.id).field("score", c.score);
      json.field("text", c.text);
      write_source(json, c.chunk, c.at);
      json.end_object();
    }
    json.end_array().field("confidence", answer.confidence);
    if (program.flags.verbose) {
      json.key("evidence").begin_object();
      for (const auto& [name, value] : answer.evidence) json.field(name, value);
      json.end_object();
    }
    json.end_object();
    program.line(std::move(out));
  }

  static void print_text(Program& program, const Answer& answer, bool streamed) {
    std::string out = streamed ? "\n" : wrapped(answer.text, 100, 1000, "");
    if (!answer.citations.empty()) out += "\n";
    for (const Citation& c : answer.citations) {
      out += "[" + std::to_string(c.n) + "] " + source_line(c.chunk, c.at) + "\n";
    }
    program.out(out);
  }

  std::string collection_, question_, llm_, llm_model_, llm_key_, prompt_;
  std::size_t passages_ = 6;
  std::optional<double> threshold_;
  bool show_prompt_ = false;
  SearchFlags search_;
};

}  // namespace

std::unique_ptr<Verb> make_ask_verb() { return std::make_unique<AskVerb>(); }

}  // namespace isogloss::cli
