// SPDX-License-Identifier: Apache-2.0
// Verbs on a model's vocabulary: near, analogy, odd, similar-words and terms.
#include "core/json.hpp"
#include "isogloss/words.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

Result<const Vocabulary*> vocabulary_of(const ModelPtr& model, const std::string& name) {
  const Vocabulary* vocabulary = model->ability<Vocabulary>();
  if (vocabulary == nullptr) return fail(Code::unsupported, "model '" + name + "' has no vocabulary.");
  return vocabulary;
}

AnalogyRule parse_rule(const std::string& text) { return text == "mul" ? AnalogyRule::multiply : AnalogyRule::add; }

Status check_rule(const std::string& text) {
  if (text == "add" || text == "mul") return {};
  return usage_error("--rule must be add or mul, not '" + text + "'.");
}

// What was left out of an answer, on standard error.
void print_notes(Program& program, const WordSum& sum, const NearestWords& found) {
  for (const std::string& word : found.unseen) program.note("'" + word + "' is not in the vocabulary: from its n-grams");
  if (sum.is_word() || found.excluded.empty()) return;
  std::string would_be;
  for (const WordScore& word : found.would_be) would_be += (would_be.empty() ? " (" : ", ") + word.word + " would be " + fixed(word.score, 4);
  std::string excluded;
  for (const std::string& word : found.excluded) excluded += (excluded.empty() ? "" : ", ") + word;
  program.note("inputs excluded: " + excluded + would_be + (would_be.empty() ? "" : ")"));
}

Result<int> print_nearest(Program& program, const Vocabulary& vocabulary, const WordSum& sum, const NearestOptions& options) {
  const auto found = IG_TRY(nearest_words(vocabulary, std::span(&sum, 1), options, program.context));
  print_words(program, found.front().words);
  print_notes(program, sum, found.front());
  return kDone;
}

class NearVerb final : public Verb {
 public:
  std::string_view name() const override { return "near"; }
  std::string_view summary() const override { return "words nearest to a word, or to a sum of words"; }
  std::string_view examples() const override {
    return "  isogloss near cats.model cat\n"
           "  isogloss near cats.model cat -n 3 --json\n"
           "  isogloss near glove.txt \"king - man + woman\"\n"
           "  isogloss near glove.txt -i words.txt -n 3 --among 50000 --json\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model with a vocabulary: a folder, a file of word vectors or an installed name");
    flags.optional_positional("WORDS", words_, "a word, or words with + and - between them");
    flags.value("-i,--input", input_, "file with a word or sum a line, answered together");
    flags.value("-n,--count", n_, "how many");
    flags.value("--among", among_, "answers are the first N words of the vocabulary (the most frequent) alone; 0 = all");
    flags.value("--rule", rule_, "add: cosine with the sum (3CosAdd); mul: product of cosines (3CosMul)");
  }
  Result<int> run(Program& program) override {
    IG_TRY(check_rule(rule_));
    if (words_.empty() == input_.empty()) return usage_error("near needs a word, a sum of words or -i FILE with one a line.");
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Vocabulary* vocabulary = IG_TRY(vocabulary_of(model, model_));
    const NearestOptions options{n_, parse_rule(rule_), among_ == 0 ? SIZE_MAX : among_};
    if (!input_.empty()) return answer_all(program, *vocabulary, options);
    // Counting families know a word's neighbours without a dense vector for every word.
    if (vocabulary->word_dimension() == 0 || (among_ == 0 && vocabulary->find_word(words_))) {
      print_words(program, IG_TRY(vocabulary->near(words_, n_, program.context)));
      return kDone;
    }
    return print_nearest(program, *vocabulary, IG_TRY(sum_of(program, *vocabulary, words_)), options);
  }

 private:
  static Result<WordSum> sum_of(Program& program, const Vocabulary& vocabulary, const std::string& text) {
    if (vocabulary.find_word(text)) return WordSum{{text}, {}};
    std::string ignored;
    const WordSum sum = IG_TRY(parse_word_sum(text, &ignored));
    if (!ignored.empty()) program.note("what stands behind '=' is left out: " + ignored);
    return sum;
  }

  static Status check_known(const Vocabulary& vocabulary, const WordSum& sum) {
    std::vector<float> row(vocabulary.word_dimension());
    for (const auto* side : {&sum.plus, &sum.minus}) {
      for (const std::string& word : *side) IG_TRY(vocabulary.any_word_vector(word, row));
    }
    return {};
  }

  // Lines that cannot be answered are named, the others are.
  Result<int> answer_all(Program& program, const Vocabulary& vocabulary, const NearestOptions& options) {
    std::vector<std::string> lines;
    IG_TRY(each_line(input_, [&](std::string_view line) -> Status {
      lines.emplace_back(line);
      return {};
    }));
    bool all = true;
    for (std::size_t begin = 0; begin < lines.size(); begin += kBatch) {
      const std::span<const std::string> batch = std::span(lines).subspan(begin, std::min(kBatch, lines.size() - begin));
      std::vector<WordSum> sums;
      std::vector<std::string> answered;
      for (const std::string& line : batch) {
        auto sum = sum_of(program, vocabulary, line);
        const Status known = sum ? check_known(vocabulary, *sum) : std::unexpected(sum.error());
        if (!known) {
          program.warn(line + ": " + known.error().message);
          all = false;
          continue;
        }
        answered.push_back(line);
        sums.push_back(std::move(*sum));
      }
      print_answers(program, answered, IG_TRY(nearest_words(vocabulary, sums, options, program.context)));
    }
    return all ? kDone : kSomeFailed;
  }

  static void print_answers(Program& program, std::span<const std::string> lines, std::span<const NearestWords> found) {
    std::string out;
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      JsonWriter json(out);
      json.begin_object().field("query", lines[i]).key("words").begin_array();
      for (const WordScore& word : found[i].words) {
        json.begin_object().field("word", word.word).field("score", word.score).end_object();
        rows.push_back({lines[i], word.word, fixed(word.score, 4)});
      }
      json.end_array().end_object();
      out += '\n';
    }
    program.out(program.flags.json ? out : format_table(rows));
  }

  static constexpr std::size_t kBatch = 64;  // lines of one pass over the vectors
  std::string model_, words_, input_, rule_ = "add";
  std::size_t n_ = 10, among_ = 0;
};

class AnalogyVerb final : public Verb {
 public:
  std::string_view name() const override { return "analogy"; }
  std::string_view summary() const override { return "A is to B as C is to ...: words that fit"; }
  std::string_view examples() const override {
    return "  isogloss analogy glove.txt man king woman\n  isogloss analogy my.vec paris france rome -n 3 --rule mul\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model with word vectors");
    flags.positional("A", a_, "a word");
    flags.positional("B", b_, "what it is related to");
    flags.positional("C", c_, "the word that lacks its counterpart");
    flags.value("-n,--count", n_, "how many");
    flags.value("--among", among_, "answers are the first N words of the vocabulary (the most frequent) alone; 0 = all");
    flags.value("--rule", rule_, "add: cosine with the sum (3CosAdd); mul: product of cosines (3CosMul)");
  }
  Result<int> run(Program& program) override {
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Vocabulary* vocabulary = IG_TRY(vocabulary_of(model, model_));
    IG_TRY(check_rule(rule_));
    const NearestOptions options{n_, parse_rule(rule_), among_ == 0 ? SIZE_MAX : among_};
    return print_nearest(program, *vocabulary, {{b_, c_}, {a_}}, options);
  }

 private:
  std::string model_, a_, b_, c_, rule_ = "add";
  std::size_t n_ = 10, among_ = 0;
};

class OddVerb final : public Verb {
 public:
  std::string_view name() const override { return "odd"; }
  std::string_view summary() const override { return "the word that does not belong to the others"; }
  std::string_view examples() const override { return "  isogloss odd glove.txt breakfast cereal lunch dinner\n"; }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model with word vectors");
    flags.list("WORDS", words_, "three words or more");
  }
  // All words, the odd one first, with the cosine to the mean of all.
  Result<int> run(Program& program) override {
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    print_words(program, IG_TRY(odd_word(*IG_TRY(vocabulary_of(model, model_)), words_)));
    return kDone;
  }

 private:
  std::string model_;
  std::vector<std::string> words_;
};

class SimilarWordsVerb final : public Verb {
 public:
  std::string_view name() const override { return "similar-words"; }
  std::string_view summary() const override { return "how alike two words are"; }
  std::string_view examples() const override { return "  isogloss similar-words glove.txt cat dog\n"; }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model with word vectors");
    flags.positional("A", a_, "a word");
    flags.positional("B", b_, "another");
  }
  Result<int> run(Program& program) override {
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const double score = IG_TRY(word_similarity(*IG_TRY(vocabulary_of(model, model_)), a_, b_));
    std::string json;
    JsonWriter(json).begin_object().field("a", a_).field("b", b_).field("score", score).end_object();
    program.line(program.flags.json ? json : fixed(score, 4));
    return kDone;
  }

 private:
  std::string model_, a_, b_;
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
std::unique_ptr<Verb> make_analogy_verb() { return std::make_unique<AnalogyVerb>(); }
std::unique_ptr<Verb> make_odd_verb() { return std::make_unique<OddVerb>(); }
std::unique_ptr<Verb> make_similar_words_verb() { return std::make_unique<SimilarWordsVerb>(); }
std::unique_ptr<Verb> make_terms_verb() { return std::make_unique<TermsVerb>(); }

}  // namespace isogloss::cli
