// SPDX-License-Identifier: Apache-2.0
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::string_view kGap = "_";

class PredictVerb final : public Verb {
 public:
  std::string_view name() const override { return "predict"; }
  std::string_view summary() const override { return "the words a model expects in a gap, or near a word"; }
  std::string_view examples() const override {
    return "  isogloss predict -m cbow.model \"the _ dog\"\n"
           "  isogloss predict -m skipgram.model --context cat -n 5\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.optional_positional("TEXT", text_, "words with _ where one is missing");
    flags.value("-m,--model", model_, "model that was trained with what it was trained against");
    flags.value("--context", word_, "a word whose neighbours are wanted");
    flags.value("-n,--count", n_, "how many");
  }
  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("predict needs -m MODEL.");
    const Question question = IG_TRY(asked());
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Predictor* predictor = model->ability<Predictor>();
    if (predictor == nullptr) {
      return fail(Code::unsupported, "model '" + model_ + "' cannot predict words: it has vectors, but not what they were "
                                     "trained against. Train one: isogloss train word2vec FILE -o MODEL --model cbow");
    }
    print_words(program, IG_TRY(predictor->predict(question, n_, program.context)));
    return kDone;
  }

 private:
  Result<Question> asked() const {
    if (text_.empty() == word_.empty()) return usage_error("predict needs a text with _ for the gap, or --context WORD.");
    Question question;
    if (!word_.empty()) {
      question.kind = Question::Kind::context;
      question.before = word_;
      return question;
    }
    // The gap stands by itself: "snake_case _ words".
    std::size_t gaps = 0;
    const std::string_view all = text_;
    for (std::size_t at = all.find(kGap); at != all.npos; at = all.find(kGap, at + 1)) {
      const bool alone = (at == 0 || all[at - 1] == ' ') && (at + 1 == all.size() || all[at + 1] == ' ');
      if (!alone) continue;
      question.before = all.substr(0, at);
      question.after = all.substr(at + 1);
      ++gaps;
    }
    if (gaps == 1) return question;
    return usage_error("'" + text_ + "' has " + (gaps == 0 ? "no gap" : std::to_string(gaps) + " gaps") +
                       ": write one _ between blanks where the word is missing.");
  }

  std::string model_, text_, word_;
  std::size_t n_ = 10;
};

}  // namespace

std::unique_ptr<Verb> make_predict_verb() { return std::make_unique<PredictVerb>(); }

}  // namespace isogloss::cli
