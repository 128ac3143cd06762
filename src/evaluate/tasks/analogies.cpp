// SPDX-License-Identifier: Apache-2.0
// Analogies a : b = c : d. Of unit vectors, d is the word with the largest cosine to b - a + c (3CosAdd, Mikolov et al.
// 2013), the words of the question left out. Questions with a word that the model does not know are left out and told.
//   glove     words in lower case, as the evaluation script of GloVe
//   word2vec  words are equal when they differ in case alone, the first in the vocabulary counts (compute-accuracy.c);
//             usual with a vocabulary of 30,000
// Sections that begin with "gram" are syntactic, the others semantic.
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "core/file.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "evaluate/metrics/bootstrap.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "math/gemm.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kBlock = 8192;  // words compared at once
constexpr std::size_t kBatch = 256;   // questions

struct Question {
  std::string section;
  std::array<std::string, 4> words;
};

struct Known {
  std::array<std::uint32_t, 4> ids;
  bool syntactic = false;
  float best = -1e30F;
  std::uint32_t answer = 0;
};

Result<std::vector<Question>> read_questions(const std::filesystem::path& path, Context& context) {
  std::vector<Question> out;
  const std::string extension = ascii_lower(path.extension().string());
  if (extension == ".csv" || extension == ".tsv") {
    for (auto& row : IG_TRY(read_rows(path, 5, context))) out.push_back({row[0], {row[1], row[2], row[3], row[4]}});
    return out;
  }
  std::string section;
  for (auto& row : IG_TRY(read_rows(path, 1, context))) {
    if (row[0].starts_with(":")) {
      section = row.size() > 1 ? row[1] : row[0].substr(1);
      continue;
    }
    if (row.size() != 4) {
      return fail(Code::corrupt_data, "'" + path.string() + "': a question has 4 words, not " +
                                          std::to_string(row.size()) + ": '" + row[0] + " ...'.");
    }
    out.push_back({section, {row[0], row[1], row[2], row[3]}});
  }
  return out;
}

// The words that may be answers, by number; `same` gives words that count as equal one number.
class Answers {
 public:
  Answers(const WordVectorsOf& words, const EvalOptions& options)
      : words_(words), fold_(options.convention == "word2vec"), size_(words.words().word_count()) {
    if (options.vocabulary > 0) size_ = std::min(size_, options.vocabulary);
    if (!fold_) return;
    for (std::uint32_t i = 0; i < size_; ++i) {
      same_.push_back(first_.try_emplace(to_lower_full(words.words().word(i)), i).first->second);
    }
  }

  std::size_t size() const { return size_; }
  std::optional<std::uint32_t> find(std::string_view word) const {
    if (fold_) {
      const auto found = first_.find(to_lower_full(word));
      return found == first_.end() ? std::nullopt : std::optional(found->second);
    }
    const auto found = words_.find_lower(word);
    return found && *found < size_ ? std::optional(static_cast<std::uint32_t>(*found)) : std::nullopt;
  }
  bool equal(std::uint32_t a, std::uint32_t b) const { return fold_ ? same_[a] == same_[b] : a == b; }

  // Unit vectors of words [begin, begin + rows).
  void fill(std::size_t begin, math::Matrix& out) const {
    for (std::size_t i = 0; i < out.rows(); ++i) {
      const std::vector<double> unit = words_.unit(begin + i);
      std::ranges::transform(unit, out.row(i).begin(), [](double x) { return static_cast<float>(x); });
    }
  }

 private:
  const WordVectorsOf& words_;
  bool fold_;
  std::size_t size_;
  std::unordered_map<std::string, std::uint32_t> first_;
  std::vector<std::uint32_t> same_;  // (size)
};

// b - a + c of every question. (questions, dim)
math::Matrix targets_of(const std::vector<Known>& questions, const WordVectorsOf& words) {
  math::Matrix out(questions.size(), words.words().word_dimension());
  for (std::size_t q = 0; q < questions.size(); ++q) {
    const std::vector<double> a = words.unit(questions[q].ids[0]);
    const std::vector<double> b = words.unit(questions[q].ids[1]);
    const std::vector<double> c = words.unit(questions[q].ids[2]);
    for (std::size_t j = 0; j < a.size(); ++j) out.row(q)[j] = static_cast<float>(b[j] - a[j] + c[j]);
  }
  return out;
}

Status answer_all(std::vector<Known>& questions, const WordVectorsOf& words, const Answers& answers, Context& context) {
  const math::Matrix targets = targets_of(questions, words);
  for (std::size_t begin = 0; begin < answers.size(); begin += kBlock) {
    math::Matrix block(std::min(kBlock, answers.size() - begin), targets.columns());
    answers.fill(begin, block);
    const math::PackedRight packed(block.view().transposed());
    for (std::size_t first = 0; first < questions.size(); first += kBatch) {
      IG_TRY(context.check());
      math::Matrix scores(std::min(kBatch, questions.size() - first), block.rows());
      math::gemm(targets.view().middle_rows(first, scores.rows()), packed, scores.view(), math::Write::set, context);
      for (std::size_t q = 0; q < scores.rows(); ++q) {
        Known& known = questions[first + q];
        for (const std::uint32_t given : std::span(known.ids).first(3)) {
          if (given >= begin && given < begin + block.rows()) scores.row(q)[given - begin] = -1e30F;
        }
        const auto best = std::ranges::max_element(scores.row(q));
        if (*best <= known.best) continue;
        known.best = *best;
        known.answer = static_cast<std::uint32_t>(begin + static_cast<std::size_t>(best - scores.row(q).begin()));
      }
    }
    context.report(
        {"answer", "words", static_cast<double>(begin + block.rows()), static_cast<double>(answers.size()), 0});
  }
  return {};
}

enum class Part { all, semantic, syntactic };

EvalFigure figure_of(const char* name, Part part, const std::vector<Question>& asked, const std::vector<Known>& known,
                     const Answers& answers, const EvalOptions& options, const Context& context) {
  EvalFigure figure;
  figure.metric = name;
  std::vector<double> right;
  for (const Known& question : known) {
    if (part != Part::all && question.syntactic != (part == Part::syntactic)) continue;
    right.push_back(answers.equal(question.answer, question.ids[3]) ? 1 : 0);
  }
  for (const Question& question : asked) {
    const bool syntactic = question.section.starts_with("gram");
    figure.of += part == Part::all || syntactic == (part == Part::syntactic) ? 1 : 0;
  }
  figure.n = right.size();
  for (const double r : right) figure.value += r / static_cast<double>(right.size());
  std::tie(figure.low, figure.high) = mean_interval(right, options.resamples, context.seed);
  return figure;
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  if (!options.convention.empty() && options.convention != "glove" && options.convention != "word2vec") {
    return fail(Code::invalid_argument,
                "the convention of analogies is glove or word2vec, not '" + options.convention + "'.");
  }
  const std::vector<Question> asked = IG_TRY(read_questions(std::string(place), context));
  const WordVectorsOf words = IG_TRY(WordVectorsOf::open(model, context));
  const Answers answers(words, options);
  std::vector<Known> known;
  for (const Question& question : asked) {
    Known found;
    bool all = true;
    for (std::size_t i = 0; i < 4; ++i) {
      const auto id = answers.find(question.words[i]);
      all = all && id;
      found.ids[i] = id.value_or(0);
    }
    found.syntactic = question.section.starts_with("gram");
    if (all) known.push_back(found);
  }
  IG_TRY(answer_all(known, words, answers, context));
  std::vector<EvalFigure> figures;
  const auto add = [&](const char* name, Part part) {
    figures.push_back(figure_of(name, part, asked, known, answers, options, context));
    figures.back().model = model;
    figures.back().task = std::filesystem::path(place).stem().string();
    figures.back().convention = options.convention + ", unknown questions left out";
    figures.back().record["vocabulary"] = std::to_string(answers.size());
  };
  add("accuracy", Part::all);
  const bool parts = std::ranges::any_of(asked, [](const Question& q) { return q.section.starts_with("gram"); });
  if (parts) add("semantic", Part::semantic);
  if (parts) add("syntactic", Part::syntactic);
  IG_TRY(words.record(place, figures));
  return figures;
}

}  // namespace

const TaskKind kAnalogyTask{"analogy", "FILE", "a b c d, ': section' lines or CSV; accuracy of 3CosAdd", run};

}  // namespace isogloss::evaluation
