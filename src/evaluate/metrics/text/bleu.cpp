// SPDX-License-Identifier: Apache-2.0
// BLEU (Papineni et al. 2002) as sacreBLEU 2.6.0: n-grams of 1 to 4 words, summed over the corpus first; the closest
// reference length, the shorter of two; smoothing after Chen and Cherry 2014 (exp is NIST's); no match at all is 0.
#include <cmath>
#include <cstdlib>

#include "core/utf8.hpp"
#include "evaluate/metrics/text/bleu_tokens.hpp"
#include "evaluate/metrics/text/ngrams.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using namespace evaluation;

class Segments {
 public:
  Segments(BleuTokenizer tokenizer, bool lowercase) : tokenizer_(tokenizer), lowercase_(lowercase) {}
  void read(std::string_view text, Tokens& tokens) {
    while (!text.empty()) {  // Python's rstrip(): intl sees whether a text ends in punctuation
      std::size_t at = text.size() - 1;
      while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
      if (!is_space(utf8_decode(text.data() + at, text.data() + text.size()).code_point)) break;
      text.remove_suffix(text.size() - at);
    }
    scratch_ = lowercase_ ? to_lower_full(text) : std::string(text);
    tokenizer_(scratch_);
    tokens.clear();
    each_word(scratch_, [&](std::string_view word) { tokens.push_back(words_[word]); });
  }

 private:
  BleuTokenizer tokenizer_;
  bool lowercase_;
  std::string scratch_;
  WordNumbers words_;
};

std::size_t closest_length(std::size_t length, std::span<const Tokens> references) {
  std::size_t best = references[0].size();
  const auto distance = [&](std::size_t n) { return n > length ? n - length : length - n; };
  for (const Tokens& reference : references) {
    const std::size_t n = reference.size();
    if (distance(n) < distance(best) || (distance(n) == distance(best) && n < best)) best = n;
  }
  return best;
}

// score = penalty exp(mean of log precisions); a precision of 0 is a logarithm of -9999999999, as sacreBLEU's.
void finish(BleuScore& s, const BleuOptions& options) {
  const auto length = static_cast<double>(s.hypothesis_length), reference = static_cast<double>(s.reference_length);
  if (length < reference) s.brevity_penalty = length > 0 ? std::exp(1 - reference / length) : 0.0;
  bool any = false;
  for (const double n : s.correct) any = any || n > 0;
  if (!any) return;
  const double k = options.smooth_value.value_or(options.smooth == "floor" ? 0.1 : 1.0);
  double halves = 1;
  std::size_t orders = kBleuOrder;
  for (std::size_t n = 0; n < kBleuOrder; ++n) {
    if (options.smooth == "add-k" && n > 0) {
      s.correct[n] += k;
      s.total[n] += k;
    }
    if (s.total[n] == 0) break;
    if (options.effective_order) orders = n + 1;
    if (s.correct[n] > 0) {
      s.precisions[n] = 100.0 * s.correct[n] / s.total[n];
    } else if (options.smooth == "exp") {
      halves *= 2;
      s.precisions[n] = 100.0 / (halves * s.total[n]);
    } else if (options.smooth == "floor") {
      s.precisions[n] = 100.0 * k / s.total[n];
    }
  }
  double sum = 0;
  for (std::size_t n = 0; n < orders; ++n) sum += s.precisions[n] == 0 ? -9999999999.0 : std::log(s.precisions[n]);
  s.score = s.brevity_penalty * std::exp(sum / static_cast<double>(orders));
}

}  // namespace

Result<BleuScore> bleu(std::span<const std::string> hypotheses, References references, const BleuOptions& options) {
  IG_TRY(check_segments(hypotheses, references));
  if (options.smooth != "exp" && options.smooth != "floor" && options.smooth != "add-k" && options.smooth != "none") {
    return fail(Code::invalid_argument,
                "there is no BLEU smoothing '" + options.smooth + "'; there are exp, floor, add-k and none.");
  }
  Segments segments(IG_TRY(bleu_tokenizer(options.tokenize)), options.lowercase);
  NgramCounter counter;
  Tokens hypothesis;
  std::vector<Tokens> reference(references.size());
  BleuScore score;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    segments.read(hypotheses[i], hypothesis);
    for (std::size_t r = 0; r < references.size(); ++r) segments.read(references[r][i], reference[r]);
    std::array<Overlap, kBleuOrder> overlaps;
    counter.count(hypothesis, reference, overlaps);
    for (std::size_t n = 0; n < kBleuOrder; ++n) {
      score.correct[n] += static_cast<double>(overlaps[n].matched);
      score.total[n] += static_cast<double>(overlaps[n].hypothesis);
    }
    score.hypothesis_length += hypothesis.size();
    score.reference_length += closest_length(hypothesis.size(), reference);
  }
  finish(score, options);
  return score;
}

std::string bleu_signature(const BleuOptions& options, std::size_t references) {
  std::string smooth = options.smooth;
  if (smooth == "floor" || smooth == "add-k") {
    char value[40];
    std::snprintf(value, sizeof value, "[%.2f]", options.smooth_value.value_or(smooth == "floor" ? 0.1 : 1.0));
    smooth += value;
  }
  return "nrefs:" + std::to_string(references) + "|case:" + (options.lowercase ? "lc" : "mixed") +
         "|eff:" + (options.effective_order ? "yes" : "no") + "|tok:" + options.tokenize + "|smooth:" + smooth +
         "|version:isogloss";
}

}  // namespace isogloss
