// SPDX-License-Identifier: Apache-2.0
// Labels of texts by a classifier, and training one on the vectors of a model.
#include <chrono>

#include "core/describe.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/heads.hpp"
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::size_t kBatch = 4096;  // texts of one call

class ClassifyVerb final : public Verb {
 public:
  std::string_view name() const override { return "classify"; }
  std::string_view summary() const override { return "labels of texts by a classifier; --train makes one on any model"; }
  std::string_view examples() const override {
    return "  isogloss classify --train mail.tsv -m minilm -o mail.model --test more_mail.tsv\n"
           "  isogloss classify -m mail.model -c \"Where is my parcel?\"\n"
           "  isogloss classify --train mail.tsv -m fit:tfidf,ngram_range=1-2 --head centroid -o mail.model\n"
           "  isogloss classify -m lid.176.ftz -c \"Wo ist der Bahnhof?\"\n"
           "  isogloss classify -m topics.model -i news.txt -n 3\n"
           "  isogloss classify -m topics.model -i news.txt --json > labels.jsonl\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", model_, "a classifier: a folder, a fastText file or an installed name; with --train, the model "
                                      "whose vectors it reads, or fit:FAMILY");
    flags.value("-c,--content", contents_, "a text (repeat)");
    flags.value("-i,--input", files_, "file with a text per line (repeat); - = standard input");
    flags.value("-n,--count", n_, "how many labels a text, best first");
    flags.value("--train", train_, "labelled texts: TSV, CSV or JSON lines with a label column, or lines LABEL TEXT (repeat)");
    flags.value("--test", test_, "labelled texts that the classifier is measured on (repeat)");
    flags.value("-o,--output", output_, "folder of the new classifier");
    flags.value("--label-field", data_.label_field, "column of labels [label, category, class, intent, sentiment or target]");
    flags.value("--text-field", data_.text_fields, "column of text (repeat) [title and text, or all others]");
    const auto family = find_family("classifier");
    std::vector<OptionInfo> infos = (*family)->train_options();
    std::erase_if(infos, [](const OptionInfo& info) { return info.name == "vectors"; });  // here it is -m
    flags.options(infos, options_);
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("which model? isogloss classify -m MODEL -c TEXT");
    if (train_.empty() && test_.empty() && contents_.empty() && files_.empty()) {
      return usage_error("give a text: -c TEXT or -i FILE; or labelled ones: --train FILE, --test FILE.");
    }
    if (!train_.empty() && output_.empty()) return usage_error("--train needs -o FOLDER for the new classifier.");
    if (n_ == 0) return usage_error("-n takes 1 or more.");
    data_.labelled = true;
    const ModelPtr model = train_.empty() ? IG_TRY(load(model_, {}, program.context)) : IG_TRY(train_model(program));
    const Classifier* const classifier = model->ability<Classifier>();
    if (classifier == nullptr) {
      return fail(Code::unsupported, "model '" + model_ + "' tells no labels: it is of family " + model->card().family +
                                         ", and not a classifier.");
    }
    if (!test_.empty()) IG_TRY(test(program, *classifier));
    for (const std::string& text : contents_) IG_TRY(add(program, *classifier, text));
    for (const std::string& file : files_) {
      IG_TRY(each_line(file, [&](std::string_view line) { return add(program, *classifier, line); }));
    }
    IG_TRY(flush(program, *classifier));
    return kDone;
  }

 private:
  Result<ModelPtr> train_model(Program& program) {
    const auto start = std::chrono::steady_clock::now();
    IG_TRY(from_flags(check_options((*find_family("classifier"))->train_options(), options_)));
    const std::vector<std::filesystem::path> paths(train_.begin(), train_.end());
    const auto data = IG_TRY(open_dataset(paths, data_, program.context));
    ModelPtr model = IG_TRY(train_classifier(model_, *data, options_, program.context));
    IG_TRY(model->save(output_, program.context));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    program.note(model->card().facts.at("head") + " head on " + model->card().facts.at("base") + ", " +
                 counted(model->ability<Classifier>()->label_count(), "label") + ", trained on " + data->description() + " in " +
                 fixed(seconds.count(), 2) + " s: " + output_);
    return model;
  }

  Status test(Program& program, const Classifier& classifier) const {
    const std::vector<std::filesystem::path> paths(test_.begin(), test_.end());
    const auto data = IG_TRY(open_dataset(paths, data_, program.context));
    const ClassifierTest found = IG_TRY(test_classifier(classifier, *data, program.context));
    print_facts(program, {{"texts", std::to_string(found.texts)},
                          {"accuracy", fixed(found.accuracy, 4)},
                          {"macro F1", fixed(found.macro_f1, 4)},
                          {"calibration error", fixed(found.calibration_error, 4)}});
    return {};
  }

  Status add(Program& program, const Classifier& classifier, std::string_view text) {
    texts_.emplace_back(text);
    return texts_.size() == kBatch ? flush(program, classifier) : Status();
  }

  Status flush(Program& program, const Classifier& classifier) {
    std::vector<Input> inputs;
    for (const std::string& text : texts_) inputs.push_back(Input::text(text));
    std::string out;
    for (const std::vector<LabelScore>& labels : IG_TRY(classifier.classify(inputs, n_, program.context))) {
      ++number_;
      if (program.flags.json) {
        write_json(out, classifier, labels);
        continue;
      }
      // A line a text, as it was read: label and probability, the next label.
      for (std::size_t i = 0; i < labels.size(); ++i) {
        out += (i == 0 ? "" : "  ") + std::string(classifier.label(labels[i].label)) + " " +
               fixed(static_cast<double>(labels[i].probability), 4);
      }
      out += '\n';
    }
    program.out(out);
    texts_.clear();
    return {};
  }

  void write_json(std::string& out, const Classifier& classifier, const std::vector<LabelScore>& labels) const {
    JsonWriter json(out);
    json.begin_object().field("id", static_cast<std::uint64_t>(number_)).key("labels").begin_array();
    for (const LabelScore& found : labels) {
      json.begin_object()
          .field("label", classifier.label(found.label))
          .field("probability", found.probability)
          .end_object();
    }
    json.end_array().end_object();
    out += '\n';
  }

  std::string model_, output_;
  std::vector<std::string> contents_, files_, train_, test_;
  DatasetOptions data_;
  OptionValues options_;
  std::size_t n_ = 1;
  std::vector<std::string> texts_;
  std::size_t number_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_classify_verb() { return std::make_unique<ClassifyVerb>(); }

}  // namespace isogloss::cli
