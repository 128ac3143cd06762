// SPDX-License-Identifier: Apache-2.0
// Verbs on a model's vocabulary: near and terms.
#include "core/json.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

Result<const Vocabulary*> vocabulary_of(const ModelPtr& model, const std::string& name) {
  const Vocabulary* vocabulary = model->ability<Vocabulary>();
  if (vocabulary == nullptr) return fail(Code::unsupported, "model '" + name + "' has no vocabulary.");
  return vocabulary;
}

void print_words(Program& program, const std::vector<WordScore>& words) {
  std::string out;
  std::vector<std::vector<std::string>> rows;
  for (const WordScore& word : words) {
    JsonWriter(out).begin_object().field("word", word.word).field("score", word.score).end_object();
    out += '\n';
    rows.push_back({word.word, fixed(word.score, 4)});
  }
  program.out(program.flags.json ? out : format_table(rows));
}

class NearVerb final : public Verb {
 public:
  std::string_view name() const override { return "near"; }
  std::string_view summary() const override { return "words nearest to a word"; }
  std::string_view examples() const override { return "  isogloss near cats.model cat\n  isogloss near cats.model cat -n 3 --json\n"; }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model with a vocabulary");
    flags.positional("WORD", word_, "the word");
    flags.value("-n,--count", n_, "how many");
  }
  Result<int> run(Program& program) override {
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Vocabulary* vocabulary = IG_TRY(vocabulary_of(model, model_));
    print_words(program, IG_TRY(vocabulary->near(word_, n_, program.context)));
    return kDone;
  }

 private:
  std::string model_, word_;
  std::size_t n_ = 10;
};

class TermsVerb final : public Verb {
 public:
  std::string_view name() const override { return "terms"; }
  std::string_view summary() const override { return "words of largest weight over the training documents"; }
  std::string_view examples() const override { return "  isogloss terms cats.model -n 4\n"; }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "counting model");
    flags.value("-n,--count", n_, "how many");
  }
  Result<int> run(Program& program) override {
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Vocabulary* vocabulary = IG_TRY(vocabulary_of(model, model_));
    print_words(program, IG_TRY(vocabulary->terms(n_, program.context)));
    return kDone;
  }

 private:
  std::string model_;
  std::size_t n_ = 20;
};

}  // namespace

std::unique_ptr<Verb> make_near_verb() { return std::make_unique<NearVerb>(); }
std::unique_ptr<Verb> make_terms_verb() { return std::make_unique<TermsVerb>(); }

}  // namespace isogloss::cli
