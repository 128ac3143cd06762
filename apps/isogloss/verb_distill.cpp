// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/distill.hpp"
#include "isogloss/reference.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace fs = std::filesystem;
namespace {

class DistillVerb final : public Verb {
 public:
  std::string_view name() const override { return "distill"; }
  std::string_view summary() const override { return "make a static table of token vectors from a sentence encoder"; }
  std::string_view examples() const override {
    return "  isogloss distill minilm --corpus enwiki.txt.xz       (installs minilm-static)\n"
           "  isogloss distill minilm --corpus a.txt --corpus b.jsonl -o table --dim 256\n"
           "  isogloss distill minilm                              (no corpus: seconds, and less like its teacher)\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("TEACHER", teacher_, "a sentence encoder: a folder or an installed name");
    flags.value("--corpus", corpus_,
                "text (a record per line), .csv, .tsv or .jsonl, packed or not (repeat for several)");
    flags.value("-o,--output", output_, "folder of the new model (default: installed as TEACHER-static)");
    flags.value("--text-field", data_.text_fields, "column of the corpus that holds text (repeat for several)");
    flags.options(distill_options(), options_);
  }

  Result<int> run(Program& program) override {
    const auto start = std::chrono::steady_clock::now();
    const DistillOptions options = IG_TRY(from_flags(parse_distill_options(options_)));
    const ModelPtr teacher = IG_TRY(load(teacher_, {}, program.context));
    std::unique_ptr<Dataset> corpus;
    if (!corpus_.empty()) {
      const std::vector<fs::path> paths(corpus_.begin(), corpus_.end());
      corpus = IG_TRY(open_dataset(paths, data_, program.context));
    }
    const Distilled made = IG_TRY(distill(*teacher, corpus.get(), options, program.context));
    const std::string name = fs::path(teacher_).filename().string() + "-static";
    const fs::path folder = output_.empty() ? models_folder() / name : fs::path(output_);
    IG_TRY(made.model->save(folder, program.context));
    report(program, made, output_.empty() ? name : output_,
           std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return kDone;
  }

 private:
  static void report(Program& program, const Distilled& made, const std::string& place, double seconds) {
    const Card& card = made.model->card();
    const DistillQuality& quality = made.quality;
    if (program.flags.json) {
      std::string out;
      JsonWriter(out)
          .begin_object()
          .field("model", place)
          .field("dimension", static_cast<std::uint64_t>(card.dimension))
          .field("bytes", static_cast<std::uint64_t>(card.bytes))
          .field("texts", static_cast<std::uint64_t>(made.texts))
          .field("correlation", quality.correlation)
          .field("neighbours_kept", quality.neighbours_kept)
          .field("held_out", static_cast<std::uint64_t>(quality.texts))
          .field("seconds", seconds)
          .end_object();
      return program.line(std::move(out));
    }
    program.note("static table of " + card.facts.at("vocabulary") + " tokens, " + std::to_string(card.dimension) +
                 " columns, " + human_bytes(static_cast<double>(card.bytes)) + ", in " + fixed(seconds, 1) +
                 " s: " + place);
    if (quality.texts == 0) return program.note("no corpus: its quality is not measured. Give one with --corpus FILE.");
    program.note("beside its teacher on " + counted(quality.texts, "text") +
                 " that it was not fitted on: similarities correlate " + fixed(quality.correlation, 3) + ", " +
                 fixed(100 * quality.neighbours_kept, 1) + " % of the ten nearest kept");
  }

  std::string teacher_, output_;
  std::vector<std::string> corpus_;
  DatasetOptions data_;
  OptionValues options_;
};

}  // namespace

std::unique_ptr<Verb> make_distill_verb() { return std::make_unique<DistillVerb>(); }

}  // namespace isogloss::cli
