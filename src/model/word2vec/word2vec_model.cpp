// SPDX-License-Identifier: Apache-2.0
// What a trained model expects where. CBOW: the mean x of the words around a gap against every word's output row y;
// skip-gram: the row x of a word. With negative words p(w) = exp(x y_w) / sum exp(x y), as gensim's predict_output_word
// has it: how frequent a word is anyway was taken out by the negatives. With a tree p(w) = prod sigma(+-x y_node) along
// the way to w, which sums to 1 by itself.
#include "model/word2vec/word2vec_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/best_words.hpp"
#include "core/describe.hpp"
#include "core/parallel.hpp"
#include "math/softmax.hpp"
#include "math/vector.hpp"
#include "vectors/word_split.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kGrain = 4096;  // rows of one task

// (rows, dim) x (dim) -> (rows)
void dot_all(std::span<const float> rows, std::span<const float> x, std::span<float> out, const Context& context) {
  parallel_for(context, out.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    math::dot_rows(x, rows.data() + begin * x.size(), out.subspan(begin, end - begin));
  });
}

}  // namespace

Word2vecModel::Word2vecModel(vectors::WordTable table, const vectors::WordModelOptions& options,
                             vectors::WordModelInfo info, Trained trained)
    : WordModel(std::move(table), options, std::move(info)), trained_(std::move(trained)) {
  if (const auto parsed = parse_options<Word2vecOptions>(trained_.options, "word2vec")) options_ = *parsed;
  if (trained_.outputs.empty() && !trained_.nodes.empty()) tree_ = training::HuffmanTree(this->table().counts());
}

const void* Word2vecModel::find(AbilityId id) const {
  const bool trained_here = !trained_.outputs.empty() || !trained_.nodes.empty();
  if (id == AbilityId::predictor) return trained_here ? static_cast<const Predictor*>(this) : nullptr;
  return WordModel::find(id);
}

formats::ModelParts Word2vecModel::parts() const {
  formats::ModelParts parts = WordModel::parts();
  parts.options = trained_.options;
  const std::size_t dim = table().dim();
  const auto add = [&](const char* name, std::span<const float> rows) {
    if (!rows.empty()) parts.tensors.add_view(name, {rows.size() / dim, dim}, rows);
  };
  add("output", trained_.outputs.values);
  add("nodes", trained_.nodes.values);
  return parts;
}

Result<std::vector<WordScore>> Word2vecModel::predict(const Question& question, std::size_t n, Context& context) const {
  IG_TRY(context.check());
  const std::vector<float> input = IG_TRY(input_of(question));
  std::vector<float> scores(table().size());
  IG_TRY(probabilities(input, scores, context));
  std::vector<std::size_t> taken;  // the word that was asked about
  if (const auto own = find_text_word(question.before); own && question.kind == Question::Kind::context) {
    taken.push_back(*own);
  }
  return best_words(std::span<const float>(scores), [&](std::size_t i) { return table().word(i); }, taken, n);
}

Result<std::vector<float>> Word2vecModel::input_of(const Question& question) const {
  const bool gap = question.kind == Question::Kind::gap;
  if (gap == options_.skipgram()) {
    return fail(Code::unsupported,
                gap ? "a skip-gram model tells the words near a word, not the word of a gap: predict "
                      "--context WORD, or train with --model cbow."
                    : "a CBOW model tells the word of a gap, not the words near a word: predict "
                      "\"words _ words\", or train with --model skipgram.");
  }
  std::vector<std::uint32_t> before, after;
  const auto add = [&](std::string_view text, std::vector<std::uint32_t>& ids) {
    vectors::split_words(text, true, [&](std::string_view word) {
      if (const auto id = find_text_word(word)) ids.push_back(*id);
    });
  };
  add(question.before, before);
  add(question.after, after);
  const auto window = static_cast<std::size_t>(options_.window);
  if (before.size() > window) before.erase(before.begin(), before.end() - static_cast<std::ptrdiff_t>(window));
  if (after.size() > window) after.resize(window);
  before.insert(before.end(), after.begin(), after.end());
  if (before.empty()) {
    return fail(Code::not_found, "no word of '" + std::string(question.before) + std::string(question.after) +
                                     "' is in the vocabulary.");
  }
  std::vector<float> input(table().dim(), 0.0F);
  for (const std::uint32_t id : before) math::add_scaled(1.0F, table().row(id), input);
  math::scale(1.0F / static_cast<float>(before.size()), input);
  return input;
}

Status Word2vecModel::probabilities(std::span<const float> input, std::span<float> scores, Context& context) const {
  if (trained_.outputs.empty()) {
    tree_probabilities(input, scores, context);
  } else {
    dot_all(trained_.outputs.values, input, scores, context);
    const float most = *std::ranges::max_element(scores);
    double sum = 0;
    for (float& s : scores) sum += static_cast<double>(s = std::exp(s - most));
    for (float& s : scores) s = static_cast<float>(static_cast<double>(s) / sum);
  }
  return context.check();
}

void Word2vecModel::tree_probabilities(std::span<const float> input, std::span<float> scores, Context& context) const {
  std::vector<float> dots(trained_.nodes.values.size() / input.size());
  dot_all(trained_.nodes.values, input, dots, context);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto nodes = tree_.nodes(static_cast<std::uint32_t>(i));
    const auto labels = tree_.labels(static_cast<std::uint32_t>(i));
    double p = 1;
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const double x = static_cast<double>(labels[k] > 0 ? dots[nodes[k]] : -dots[nodes[k]]);
      p /= 1 + std::exp(-x);
    }
    scores[i] = static_cast<float>(p);
  }
}

}  // namespace isogloss::model
