// SPDX-License-Identifier: Apache-2.0
// Vocabulary's general answers and the questions of words.hpp.
#include "isogloss/words.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/best_words.hpp"
#include "core/cosine.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kNearbyNames = 200'000;  // words looked through for a spelling near a missing one

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

std::unexpected<Error> no_vectors() { return fail(Code::unsupported, "the words of this model have no vectors."); }

// Unit vector of a word of a question.
Result<std::vector<float>> unit_vector(const Vocabulary& words, std::string_view word) {
  std::vector<float> vector(words.word_dimension());
  IG_TRY(words.any_word_vector(word, vector));
  const double length = std::sqrt(dot(vector, vector));
  if (length == 0) return fail(Code::invalid_argument, "the vector of '" + std::string(word) + "' is zero.");
  for (float& x : vector) x = static_cast<float>(static_cast<double>(x) / length);
  return vector;
}

// 3CosMul of Levy and Goldberg: cosines moved to [0, 1], and a little in the divisor against zero, as much as gensim
// takes (the paper 0.001), so that scores are the same.
Status multiply(const Vocabulary& words, const std::vector<float>& vector, bool divide, std::span<float> scores,
                Context& context) {
  std::vector<float> found(scores.size());
  IG_TRY(words.cosines(vector, found, context));
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const float moved = (1.0F + found[i]) / 2.0F;
    scores[i] *= divide ? 1.0F / (moved + 1e-6F) : moved;
  }
  return {};
}

// The sum of the unit vectors of a question.
Result<std::vector<float>> vector_of(const Vocabulary& words, const WordSum& sum) {
  std::vector<float> total(words.word_dimension(), 0.0F);
  for (const auto* side : {&sum.plus, &sum.minus}) {
    for (const std::string& word : *side) {
      const std::vector<float> unit = IG_TRY(unit_vector(words, word));
      for (std::size_t i = 0; i < unit.size(); ++i) total[i] += side == &sum.minus ? -unit[i] : unit[i];
    }
  }
  return total;
}

// scores: (words) by 3CosMul.
Status multiply_all(const Vocabulary& words, const WordSum& sum, std::span<float> scores, Context& context) {
  std::ranges::fill(scores, 1.0F);
  for (const auto* side : {&sum.plus, &sum.minus}) {
    for (const std::string& word : *side) {
      IG_TRY(multiply(words, IG_TRY(unit_vector(words, word)), side == &sum.minus, scores, context));
    }
  }
  return {};
}

// Which words of a question are no answers, and which are from their parts.
std::vector<std::size_t> sort_out(const Vocabulary& words, const WordSum& sum, NearestWords& out) {
  std::vector<std::size_t> taken;
  for (const auto* side : {&sum.plus, &sum.minus}) {
    for (const std::string& word : *side) {
      if (const auto index = words.find_word(word)) {
        if (std::ranges::find(taken, *index) != taken.end()) continue;
        taken.push_back(*index);
        out.excluded.push_back(word);
      } else {
        out.unseen.push_back(word);
      }
    }
  }
  return taken;
}

// Of the excluded words those that would have been among the n.
void add_would_be(const Vocabulary& words, std::span<const std::size_t> taken, std::size_t n,
                  const std::function<double(std::size_t index)>& score, NearestWords& out) {
  for (const std::size_t index : taken) {
    const double value = score(index);
    const bool would_be = out.words.size() < n || value > out.words.back().score;
    if (would_be) out.would_be.push_back({std::string(words.word(index)), value});
  }
}

}  // namespace

Status Vocabulary::any_word_vector(std::string_view word, std::span<float> out) const {
  if (word_dimension() == 0) return no_vectors();
  if (const auto index = find_word(word)) {
    word_vector(*index, out);
    return {};
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(word_count(), kNearbyNames); ++i) names.emplace_back(this->word(i));
  const std::string nearest = nearest_name(word, names);
  return fail(Code::not_found, "'" + std::string(word) + "' is not in the vocabulary of this model." +
                                   (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

Result<std::vector<WordPart>> Vocabulary::word_parts(std::string_view) const {
  return fail(Code::unsupported, "this model has a row for whole words only.");
}

Status Vocabulary::cosines(std::span<const float> vector, std::span<float> out, Context& context) const {
  parallel_for(context, word_count(), 1024, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    std::vector<float> other(word_dimension());
    for (std::size_t i = begin; i < end; ++i) {
      word_vector(i, other);
      out[i] = static_cast<float>(cosine(vector, other));
    }
  });
  return context.check();
}

Result<std::vector<std::vector<WordScore>>> Vocabulary::nearest(std::span<const NearestRequest> requests, std::size_t n,
                                                                std::size_t among, Context& context) const {
  std::vector<std::vector<WordScore>> out;
  std::vector<float> scores(word_count());
  const auto word_of = [&](std::size_t i) { return word(i); };
  for (const NearestRequest& request : requests) {
    IG_TRY(cosines(request.vector, scores, context));
    out.push_back(
        best_words(std::span<const float>(scores).first(std::min(among, scores.size())), word_of, request.left_out, n));
  }
  return out;
}

Result<std::vector<WordScore>> Vocabulary::near(std::string_view word, std::size_t n, Context& context) const {
  IG_TRY(context.check());
  if (word_dimension() == 0) return no_vectors();
  const WordSum sum{{std::string(word)}, {}};
  return std::move(IG_TRY(nearest_words(*this, sum, n, AnalogyRule::add, context)).words);
}

Result<std::vector<WordScore>> Vocabulary::terms(std::size_t, Context& context) const {
  IG_TRY(context.check());
  return fail(Code::unsupported, "this model does not weigh its words over documents.");
}

Result<NearestWords> nearest_words(const Vocabulary& words, const WordSum& sum, std::size_t n, AnalogyRule rule,
                                   Context& context) {
  return std::move(IG_TRY(nearest_words(words, std::span(&sum, 1), {n, rule}, context)).front());
}

Result<std::vector<NearestWords>> nearest_words(const Vocabulary& words, std::span<const WordSum> sums,
                                                const NearestOptions& options, Context& context) {
  IG_TRY(context.check());
  if (words.word_dimension() == 0) return no_vectors();
  if (words.word_count() == 0) {
    return fail(Code::unsupported, "this model has vectors of words but no words of its own that could be near (a table "
                                   "of floret). Ask it how alike two words are.");
  }
  std::vector<NearestWords> out(sums.size());
  if (options.n == 0) return out;
  std::vector<std::vector<std::size_t>> taken;
  for (std::size_t i = 0; i < sums.size(); ++i) taken.push_back(sort_out(words, sums[i], out[i]));
  if (options.rule == AnalogyRule::multiply) {
    std::vector<float> scores(words.word_count());
    const std::size_t among = std::min(options.among, scores.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      IG_TRY(multiply_all(words, sums[i], scores, context));
      out[i].words = best_words(
          std::span<const float>(scores).first(among), [&](std::size_t w) { return words.word(w); }, taken[i],
          options.n);
      add_would_be(words, taken[i], options.n, [&](std::size_t w) { return static_cast<double>(scores[w]); }, out[i]);
    }
    return out;
  }
  std::vector<std::vector<float>> vectors;
  std::vector<NearestRequest> requests;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    vectors.push_back(IG_TRY(vector_of(words, sums[i])));
    requests.push_back({vectors.back(), taken[i]});
  }
  auto found = IG_TRY(words.nearest(requests, options.n, options.among, context));
  std::vector<float> row(words.word_dimension());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    out[i].words = std::move(found[i]);
    const auto score = [&](std::size_t index) {
      words.word_vector(index, row);
      return cosine(vectors[i], row);
    };
    add_would_be(words, taken[i], options.n, score, out[i]);
  }
  return out;
}

Result<double> word_similarity(const Vocabulary& words, std::string_view a, std::string_view b) {
  if (words.word_dimension() == 0) return no_vectors();
  std::vector<float> x(words.word_dimension());
  std::vector<float> y(words.word_dimension());
  IG_TRY(words.any_word_vector(a, x));
  IG_TRY(words.any_word_vector(b, y));
  return cosine(x, y);
}

Result<std::vector<WordScore>> odd_word(const Vocabulary& words, std::span<const std::string> list) {
  if (list.size() < 3) return fail(Code::invalid_argument, "to find the odd one out takes three words or more.");
  if (words.word_dimension() == 0) return no_vectors();
  std::vector<std::vector<float>> units;
  std::vector<float> mean(words.word_dimension(), 0.0F);
  for (const std::string& word : list) {
    units.push_back(IG_TRY(unit_vector(words, word)));
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += units.back()[i];
  }
  std::vector<WordScore> out;
  for (std::size_t i = 0; i < list.size(); ++i) out.push_back({list[i], cosine(units[i], mean)});
  std::ranges::stable_sort(out, {}, &WordScore::score);
  return out;
}

}  // namespace isogloss
