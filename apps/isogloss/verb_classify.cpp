// SPDX-License-Identifier: Apache-2.0
// Labels of texts by a trained classifier.
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::size_t kBatch = 4096;  // texts of one call

class ClassifyVerb final : public Verb {
 public:
  std::string_view name() const override { return "classify"; }
  std::string_view summary() const override { return "the most probable labels of texts, by a trained classifier"; }
  std::string_view examples() const override {
    return "  isogloss classify -m lid.176.ftz -c \"Wo ist der Bahnhof?\"\n"
           "  isogloss classify -m topics.model -i news.txt -n 3\n"
           "  isogloss classify -m topics.model -i news.txt --json > labels.jsonl\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", model_, "a classifier: a folder, a fastText file or an installed name");
    flags.value("-c,--content", contents_, "a text (repeat)");
    flags.value("-i,--input", files_, "file with a text per line (repeat); - = standard input");
    flags.value("-n,--count", n_, "how many labels a text, best first");
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("which classifier? isogloss classify -m MODEL -c TEXT");
    if (contents_.empty() && files_.empty()) return usage_error("give a text: -c TEXT or -i FILE.");
    if (n_ == 0) return usage_error("-n takes 1 or more.");
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Classifier* const classifier = model->ability<Classifier>();
    if (classifier == nullptr) {
      return fail(Code::unsupported, "model '" + model_ + "' tells no labels: it is of family " + model->card().family +
                                         ", and not a classifier.");
    }
    for (const std::string& text : contents_) IG_TRY(add(program, *classifier, text));
    for (const std::string& file : files_) {
      IG_TRY(each_line(file, [&](std::string_view line) { return add(program, *classifier, line); }));
    }
    IG_TRY(flush(program, *classifier));
    return kDone;
  }

 private:
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

  std::string model_;
  std::vector<std::string> contents_, files_;
  std::size_t n_ = 1;
  std::vector<std::string> texts_;
  std::size_t number_ = 0;
};

}  // namespace

std::unique_ptr<Verb> make_classify_verb() { return std::make_unique<ClassifyVerb>(); }

}  // namespace isogloss::cli
