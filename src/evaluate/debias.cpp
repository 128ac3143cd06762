// SPDX-License-Identifier: Apache-2.0
// Debiasing the words of a model: which rows are what, and the new file.
#include <algorithm>
#include <cmath>
#include <set>

#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "evaluate/debias_maps.hpp"
#include "isogloss/bias.hpp"
#include "isogloss/family.hpp"
#include "math/vector.hpp"

namespace isogloss {
namespace evaluation {
namespace {

namespace fs = std::filesystem;
using Pairs = DebiasOptions::Pairs;

// The ten pairs of the paper for gender.
const Pairs& gender_pairs() {
  static const Pairs pairs{{"she", "he"},          {"her", "his"},      {"woman", "man"},     {"Mary", "John"},
                           {"herself", "himself"}, {"daughter", "son"}, {"mother", "father"}, {"gal", "guy"},
                           {"girl", "boy"},        {"female", "male"}};
  return pairs;
}

// A capital at the beginning of every run of letters, small letters behind it.
std::string in_title_case(std::string_view word) {
  std::string out;
  bool inside = false;
  for (const char32_t c : utf8_to_code_points(word)) {
    const char32_t upper = to_upper(c);
    const std::string lower = to_lower_full(utf8_from_code_points(std::u32string(1, c)));
    const bool letter = upper != c || lower != utf8_from_code_points(std::u32string(1, c));
    if (inside) {
      out += lower;
    } else {
      utf8_append(out, upper);
    }
    inside = letter;
  }
  return out;
}

std::string in_capitals(std::string_view word) {
  std::string out;
  for (const char32_t c : utf8_to_code_points(word)) utf8_append(out, to_upper(c));
  return out;
}

// Rows in memory under the words of another vocabulary.
class ChangedWords final : public Vocabulary {
 public:
  explicit ChangedWords(const Vocabulary& words) : words_(words), rows_(words.word_count(), words.word_dimension()) {
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      words.word_vector(i, rows_.row(i));
      math::scale_to_length(1, rows_.row(i));
    }
  }
  std::size_t word_count() const override { return words_.word_count(); }
  std::optional<std::size_t> find_word(std::string_view word) const override { return words_.find_word(word); }
  std::string_view word(std::size_t index) const override { return words_.word(index); }
  std::size_t word_dimension() const override { return words_.word_dimension(); }
  void word_vector(std::size_t index, std::span<float> out) const override {
    std::ranges::copy(rows_.row(index), out.begin());
  }

  math::Matrix& rows() { return rows_; }
  // Those of which both words are known, each once.
  RowPairs known(const Pairs& pairs, bool all_cases) const {
    std::set<std::pair<std::size_t, std::size_t>> seen;
    RowPairs out;
    for (const auto& [a, b] : pairs) {
      Pairs forms{{a, b}};
      if (all_cases)
        forms = {{to_lower_full(a), to_lower_full(b)},
                 {in_title_case(a), in_title_case(b)},
                 {in_capitals(a), in_capitals(b)}};
      for (const auto& [first, second] : forms) {
        const auto x = find_word(first), y = find_word(second);
        if (x && y && seen.insert({*x, *y}).second) out.emplace_back(*x, *y);
      }
    }
    return out;
  }

 private:
  const Vocabulary& words_;
  math::Matrix rows_;
};

double mean_share(const math::Matrix& rows, std::span<const std::size_t> picks, std::span<const double> axis) {
  double sum = 0;
  for (const std::size_t i : picks) {
    double product = 0;
    for (std::size_t j = 0; j < axis.size(); ++j) product += static_cast<double>(rows(i, j)) * axis[j];
    sum += std::abs(product) / static_cast<double>(picks.size());
  }
  return sum;
}

std::vector<std::size_t> neutral_rows(const ChangedWords& words, const DebiasOptions& options, const Pairs& pairs,
                                      const Pairs& equal) {
  std::set<std::string, std::less<>> kept(options.keep.begin(), options.keep.end());
  for (const Pairs* list : {&pairs, &equal}) {
    for (const auto& [a, b] : *list) kept.insert({a, b});
  }
  for (const auto& [a, b] : words.known(equal, true)) {
    kept.emplace(words.word(a));
    kept.emplace(words.word(b));
  }
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < words.word_count(); ++i) {
    if (!kept.contains(words.word(i))) out.push_back(i);
  }
  return out;
}

Result<DebiasSummary> change(ChangedWords& words, const DebiasOptions& options, Context& context) {
  const Pairs& pairs = options.pairs.empty() ? gender_pairs() : options.pairs;
  const Pairs& equal = options.equalize.empty() ? pairs : options.equalize;
  const RowPairs known = words.known(pairs, false);
  if (known.empty()) {
    return fail(Code::not_found, "the model knows both words of no pair that defines the direction, as '" +
                                     pairs[0].first + "' and '" + pairs[0].second + "'. Name others with --pairs.");
  }
  math::Matrix& rows = words.rows();
  const Direction direction = IG_TRY(bias_direction(std::as_const(rows).view(), known));
  const std::vector<std::size_t> neutral = neutral_rows(words, options, pairs, equal);
  DebiasSummary out{.words = words.word_count(),
                    .neutral = neutral.size(),
                    .pairs = known.size(),
                    .equalized = 0,
                    .explained = direction.explained,
                    .share_before = mean_share(rows, neutral, direction.axis)};
  const auto each = [&](std::size_t count, const auto& visit) {
    parallel_for(context, count, 256, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) visit(i);
    });
  };
  if (options.method == "hard") {
    const RowPairs equalized = words.known(equal, true);
    out.equalized = equalized.size();
    each(neutral.size(), [&](std::size_t i) { neutralize(rows.row(neutral[i]), direction.axis); });
    for (const auto& [a, b] : equalized) equalize(rows.row(a), rows.row(b), direction.axis);
  } else {
    const math::MatrixF64 map =
        IG_TRY(soft_map(std::as_const(rows).view(), neutral, direction.axis, options.strength, context));
    each(rows.rows(), [&](std::size_t i) { apply_map(rows.row(i), map); });
  }
  out.share_after = mean_share(rows, neutral, direction.axis);
  return out;
}

Result<const WordFileKind*> kind_of(const fs::path& target) {
  std::string known;
  for (const WordFileKind& kind : word_file_kinds()) {
    if (kind.folder) continue;
    if (target.extension() == "." + std::string(kind.name)) return &kind;
    known += (known.empty() ? "." : ", .") + std::string(kind.name);
  }
  return fail(Code::invalid_argument, "'" + target.string() + "' has no ending of a file of words: " + known + ".");
}

}  // namespace
}  // namespace evaluation

Result<DebiasSummary> debias_words(std::string_view model, const std::filesystem::path& target,
                                   const DebiasOptions& options, Context& context) {
  return guard([&]() -> Result<DebiasSummary> {
    if (options.method != "hard" && options.method != "soft") {
      return fail(Code::invalid_argument, "debiasing is hard or soft, not '" + options.method + "'.");
    }
    const WordFileKind* kind = IG_TRY(evaluation::kind_of(target));
    std::error_code error;
    if (std::filesystem::exists(target, error)) {
      return fail(Code::already_exists, "'" + target.string() + "' exists. Choose another name.");
    }
    const ModelPtr loaded = IG_TRY(load(model, {}, context));
    const Vocabulary* words = loaded->ability<Vocabulary>();
    if (words == nullptr || words->word_dimension() == 0) {
      return fail(Code::unsupported, "model '" + std::string(model) +
                                         "' has no vectors of words. Debiasing is for models as word2vec and glove.");
    }
    evaluation::ChangedWords changed(*words);
    const DebiasSummary out = IG_TRY(evaluation::change(changed, options, context));
    IG_TRY(kind->write(changed, target, {}, context));
    return out;
  });
}

}  // namespace isogloss
