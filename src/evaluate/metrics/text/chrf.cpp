// SPDX-License-Identifier: Apache-2.0
// chrF (Popovic 2015) and chrF++ as sacreBLEU 2.6.0: F of the means of precision and recall over the orders that both
// sides have; counts are summed over the corpus, of every segment those of the reference with the best F.
#include <cmath>

#include "core/utf8.hpp"
#include "evaluate/metrics/text/ngrams.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using namespace evaluation;

constexpr double kEpsilon = 1e-16;

struct Segment {
  Tokens characters, words;
};

bool is_ascii_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

class Segments {
 public:
  explicit Segments(const ChrfOptions& options) : options_(options) {}
  void read(std::string_view text, Segment& segment) {
    if (options_.lowercase) {
      scratch_ = to_lower_full(text);
      text = scratch_;
    }
    segment.characters.clear();
    for (const char *p = text.data(), *end = p + text.size(); p < end;) {
      const Decoded c = utf8_decode(p, end);
      if (options_.whitespace || !is_space(c.code_point)) segment.characters.push_back(c.code_point);
      p += c.size;
    }
    segment.words.clear();
    if (options_.word_order > 0) each_word(text, [&](std::string_view word) { add(word, segment.words); });
  }

 private:
  // One sign of punctuation goes apart, the last of a word or else the first; "(hi)" gives "(hi" and ")" (issue 124).
  void add(std::string_view word, Tokens& words) {
    if (word.size() > 1 && utf8_count(word) > 1) {
      if (is_ascii_punctuation(word.back())) {
        words.push_back(numbers_[word.substr(0, word.size() - 1)]);
        word = word.substr(word.size() - 1);
      } else if (is_ascii_punctuation(word[0])) {
        words.push_back(numbers_[word.substr(0, 1)]);
        word.remove_prefix(1);
      }
    }
    words.push_back(numbers_[word]);
  }

  const ChrfOptions& options_;
  std::string scratch_;
  WordNumbers numbers_;
};

double f_score(std::span<const Overlap> overlaps, const ChrfOptions& options) {
  const double factor = options.beta * options.beta;
  double precisions = 0, recalls = 0, smoothed = 0;
  std::size_t orders = 0;
  for (const Overlap& o : overlaps) {
    const auto hypothesis = static_cast<double>(o.hypothesis), reference = static_cast<double>(o.reference);
    const double precision = o.hypothesis > 0 ? static_cast<double>(o.matched) / hypothesis : kEpsilon;
    const double recall = o.reference > 0 ? static_cast<double>(o.matched) / reference : kEpsilon;
    const double denominator = factor * precision + recall;
    smoothed += denominator > 0 ? (1 + factor) * precision * recall / denominator : kEpsilon;
    if (o.hypothesis == 0 || o.reference == 0) continue;
    precisions += precision;
    recalls += recall;
    ++orders;
  }
  if (options.eps_smoothing) return 100 * smoothed / static_cast<double>(overlaps.size());
  if (orders == 0) return 0;
  precisions /= static_cast<double>(orders);
  recalls /= static_cast<double>(orders);
  if (precisions + recalls == 0) return 0;
  return 100 * ((1 + factor) * precisions * recalls / (factor * precisions + recalls));
}

}  // namespace

Result<double> chrf(std::span<const std::string> hypotheses, References references, const ChrfOptions& options) {
  IG_TRY(check_segments(hypotheses, references));
  if (options.char_order + options.word_order == 0 || options.char_order > 100 || options.word_order > 100) {
    return fail(Code::invalid_argument, "the orders of chrF must be 0 to 100, and one of them above 0.");
  }
  const std::size_t orders = options.char_order + options.word_order;
  Segments segments(options);
  NgramCounter counter;
  Segment hypothesis, reference;
  std::vector<Overlap> sums(orders), overlaps(orders), best(orders);
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    segments.read(hypotheses[i], hypothesis);
    double best_score = -1;
    for (const auto& lines : references) {
      segments.read(lines[i], reference);
      const std::span all(overlaps);
      counter.count(hypothesis.characters, {&reference.characters, 1}, all.first(options.char_order));
      counter.count(hypothesis.words, {&reference.words, 1}, all.subspan(options.char_order));
      for (Overlap& o : overlaps) o.hypothesis = o.reference > 0 ? o.hypothesis : 0;  // as sacreBLEU counts them
      const double score = references.size() == 1 ? 0 : f_score(overlaps, options);
      if (score <= best_score) continue;
      best_score = score;
      best.swap(overlaps);
    }
    for (std::size_t n = 0; n < orders; ++n) {
      sums[n].hypothesis += best[n].hypothesis;
      sums[n].reference += best[n].reference;
      sums[n].matched += best[n].matched;
    }
  }
  return f_score(sums, options);
}

std::string chrf_signature(const ChrfOptions& options, std::size_t references) {
  return "nrefs:" + std::to_string(references) + "|case:" + (options.lowercase ? "lc" : "mixed") +
         "|eff:" + (options.eps_smoothing ? "no" : "yes") + "|nc:" + std::to_string(options.char_order) +
         "|nw:" + std::to_string(options.word_order) + "|space:" + (options.whitespace ? "yes" : "no") +
         "|version:isogloss";
}

}  // namespace isogloss
