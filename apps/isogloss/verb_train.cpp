// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "core/describe.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/tokens.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::string_view kTokenizer = "tokenizer";  // trained like a family, though it makes no vectors

class TrainVerb final : public Verb {
 public:
  std::string_view name() const override { return "train"; }
  std::string_view summary() const override { return "train a model of a family, or a tokenizer, on files"; }
  std::string_view examples() const override {
    return "  isogloss train tfidf cats.txt -o cats.model --stop-words english\n"
           "  isogloss train lsa corpus.txt -o lsa.model --dim 100\n"
           "  isogloss train onehot animals.csv --columns colour,size -o cols.model\n"
           "  isogloss train tokenizer --type bpe corpus.txt -o tok --vocab-size 30000\n"
           "  isogloss train tokenizer --type unigram corpus.txt -o tok --vocab-size 8000\n"
           "  isogloss train word2vec corpus.txt -o my.model --dim 200 --epochs 10\n"
           "  isogloss train word2vec more.txt -m my.model -o further.model\n"
           "  isogloss train lsa --help        (the options of a family)\n"
           "\n"
           "Long runs leave OUTPUT.checkpoint behind once a minute and when they are interrupted; the same command goes on\n"
           "from it.\n";
  }

  void describe(Flags& flags, std::span<const std::string> args) override {
    flags.positional("FAMILY", family_, "what to train: " + trainable());
    flags.list("FILES", files_, "text (a record per line), .csv, .tsv or .jsonl");
    flags.value("-o,--output", output_, "folder of the new model");
    flags.value("-m,--base", base_, "model that is trained further, into a new one; new words are added");
    flags.flag("--restart", restart_, "begin anew though there is a checkpoint of an interrupted run");
    flags.value("--checkpoint-every", checkpoint_every_, "seconds between two checkpoints; 0 = none");
    flags.value("--text-field", data_.text_fields, "column that holds text (repeat for several)");
    flags.value("--label-field", data_.label_field, "column that holds the label");
    flags.value("--id-field", data_.id_field, "column that holds the id");
    for (const std::string& word : args) {
      if (word == kTokenizer) return flags.options(tokenizer_training_options(), options_);
      const auto family = find_family(word);
      if (!family || (*family)->train_options == nullptr) continue;
      flags.options((*family)->train_options(), options_);
      break;
    }
  }

  Result<int> run(Program& program) override {
    const Family* family = family_ == kTokenizer ? nullptr : IG_TRY(find_family(family_));
    if (family != nullptr && family->train == nullptr) return fail(Code::unsupported, "family '" + family_ + "' cannot be trained.");
    if (files_.empty()) return usage_error("train needs a file: isogloss train " + family_ + " corpus.txt -o my.model");
    if (output_.empty()) return usage_error("train needs -o FOLDER for the new model.");
    const std::vector<OptionInfo> infos = family == nullptr ? tokenizer_training_options() : family->train_options();
    IG_TRY(from_flags(check_options(infos, options_)));
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::filesystem::path> paths(files_.begin(), files_.end());
    const auto data = IG_TRY(open_dataset(paths, data_, program.context));
    if (family == nullptr) return run_tokenizer(program, *data, start);
    const TrainingRun run = IG_TRY(training_run(program));
    const auto trained = train(family_, *data, options_, program.context, run);
    std::error_code ignored;
    if (!trained && trained.error().code == Code::cancelled && std::filesystem::exists(run.checkpoint, ignored)) {
      program.note("stopped; the same command goes on from " + run.checkpoint.string());
    }
    const ModelPtr model = IG_TRY(trained);
    IG_TRY(model->save(output_, program.context));
    if (!run.checkpoint.empty()) std::filesystem::remove(run.checkpoint, ignored);
    const Card& card = model->card();
    program.note(std::string(family->title) + ", " + std::to_string(card.dimension) + " columns, trained on " +
                 card.trained_on + " in " + fixed(seconds_since(start), 2) + " s: " + output_);
    return kDone;
  }

 private:
  Result<TrainingRun> training_run(Program& program) const {
    TrainingRun run;
    if (!base_.empty()) run.base = IG_TRY(load(base_, {}, program.context));
    run.every = std::chrono::duration<double>(checkpoint_every_);
    std::filesystem::path folder(output_);
    if (!folder.has_filename()) folder = folder.parent_path();  // "my.model/"
    if (checkpoint_every_ > 0) run.checkpoint = folder.string() + ".checkpoint";
    std::error_code ignored;
    if (restart_ && !run.checkpoint.empty()) std::filesystem::remove(run.checkpoint, ignored);
    return run;
  }

  using Time = std::chrono::steady_clock::time_point;

  static double seconds_since(Time start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  Result<int> run_tokenizer(Program& program, const Dataset& data, Time start) {
    const TokenizerTraining options = IG_TRY(tokenizer_training(options_));
    const TrainedTokenizer trained = IG_TRY(train_tokenizer(data, options, program.context));
    IG_TRY(save_tokenizer(trained, output_));
    const Tokenizer& tokenizer = *trained.tokenizer;
    program.note(std::string(tokenizer.type()) + " tokenizer, " + counted(tokenizer.vocabulary_size(), "piece") + ", trained on " +
                 counted(trained.words, "word") + " (" + std::to_string(trained.distinct_words) + " distinct) of " +
                 data.description() + " in " + fixed(seconds_since(start), 2) + " s: " + output_);
    return kDone;
  }

  static std::string trainable() {
    std::string out;
    for (const Family* family : families()) {
      if (family->train != nullptr) out += (out.empty() ? "" : ", ") + std::string(family->name);
    }
    return out + ", " + std::string(kTokenizer);
  }

  std::string family_, output_, base_;
  bool restart_ = false;
  double checkpoint_every_ = 60;
  std::vector<std::string> files_;
  DatasetOptions data_;
  OptionValues options_;
};

}  // namespace

std::unique_ptr<Verb> make_train_verb() { return std::make_unique<TrainVerb>(); }

}  // namespace isogloss::cli
