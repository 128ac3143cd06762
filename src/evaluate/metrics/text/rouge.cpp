// SPDX-License-Identifier: Apache-2.0
// ROUGE (Lin 2004) as rouge-score 0.1.2, with F of beta 1. ROUGE-L takes a document as one sequence. ROUGE-Lsum takes
// of every sentence of the reference the words that any longest common subsequence with a sentence of the document has,
// and uses up each word as often as both have it; of equally long subsequences the one that goes up first counts.
#include <algorithm>
#include <cstdint>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "evaluate/metrics/text/ngrams.hpp"
#include "isogloss/metrics.hpp"
#include "tokens/analysis/porter.hpp"

namespace isogloss {
namespace {

using namespace evaluation;

RougeScore score_of(double hits, std::size_t hypothesis, std::size_t reference) {
  RougeScore s;
  s.precision = hits / static_cast<double>(std::max<std::size_t>(hypothesis, 1));
  s.recall = hits / static_cast<double>(std::max<std::size_t>(reference, 1));
  if (s.precision + s.recall > 0) s.f = 2 * s.precision * s.recall / (s.precision + s.recall);
  return s;
}

class Tokenizer {
 public:
  explicit Tokenizer(const RougeOptions& options) : options_(options) {}

  void read(std::string_view text, Tokens& tokens) {
    tokens.clear();
    const std::string lower = to_lower_full(text);
    std::string token;
    const auto flush = [&] {
      if (token.empty()) return;
      if (options_.stem && token.size() > 3) stem(token);
      tokens.push_back(numbers_[token]);
      token.clear();
    };
    const bool unicode = options_.tokens == "unicode";
    for (const char *p = lower.data(), *end = p + lower.size(); p < end;) {
      const Decoded c = utf8_decode(p, end);
      const bool kept =
          c.code_point < 0x80
              ? (c.code_point >= 'a' && c.code_point <= 'z') || (c.code_point >= '0' && c.code_point <= '9')
              : unicode && code_point_info(c.code_point).is(CodePoint::kLetter | CodePoint::kMark | CodePoint::kNumber);
      if (kept) {
        token.append(p, c.size);
      } else {
        flush();
      }
      p += c.size;
    }
    flush();
  }

  std::vector<Tokens> sentences(std::string_view text) {
    std::vector<Tokens> out;
    const std::string& separator = options_.sentence_separator;
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(separator.empty() ? text.size() : text.find(separator, at), text.size());
      if (end > at) read(text.substr(at, end - at), out.emplace_back());
      at = end + std::max<std::size_t>(separator.size(), 1);
    }
    return out;
  }

  std::size_t vocabulary() const { return numbers_.size(); }

 private:
  void stem(std::string& token) {
    tokens::porter_stem(token, tokens::PorterVariant::nltk, stemmed_);
    token = stemmed_;
  }
  const RougeOptions& options_;
  std::string stemmed_;
  WordNumbers numbers_;
};

class Lcs {
 public:
  // Lengths of common subsequences of all beginnings. (reference + 1, hypothesis + 1)
  std::uint32_t fill(const Tokens& reference, const Tokens& hypothesis) {
    width_ = hypothesis.size() + 1;
    table_.assign((reference.size() + 1) * width_, 0);
    for (std::size_t i = 1; i <= reference.size(); ++i) {
      std::uint32_t* row = &table_[i * width_];
      const std::uint32_t* above = row - width_;
      for (std::size_t j = 1; j <= hypothesis.size(); ++j) {
        row[j] = reference[i - 1] == hypothesis[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
    return table_.back();
  }
  // Marks the positions of the reference that are in the subsequence.
  void mark(const Tokens& reference, const Tokens& hypothesis, std::vector<std::uint8_t>& marked) {
    fill(reference, hypothesis);
    for (std::size_t i = reference.size(), j = hypothesis.size(); i > 0 && j > 0;) {
      if (reference[i - 1] == hypothesis[j - 1]) {
        marked[--i] = 1;
        --j;
      } else if (table_[i * width_ + j - 1] > table_[(i - 1) * width_ + j]) {
        --j;
      } else {
        --i;
      }
    }
  }

 private:
  std::vector<std::uint32_t> table_;
  std::size_t width_ = 0;
};

class Scorer {
 public:
  explicit Scorer(const RougeOptions& options) : tokenizer_(options) {}

  RougeScores score(std::string_view hypothesis, std::string_view reference) {
    // A separator is no word: the document is what its sentences have.
    const std::vector<Tokens> sentences = tokenizer_.sentences(hypothesis);
    const std::vector<Tokens> reference_sentences = tokenizer_.sentences(reference);
    Tokens h, r;
    for (const Tokens& sentence : sentences) h.insert(h.end(), sentence.begin(), sentence.end());
    for (const Tokens& sentence : reference_sentences) r.insert(r.end(), sentence.begin(), sentence.end());
    std::array<Overlap, 2> overlaps;
    counter_.count(h, {&r, 1}, overlaps);
    RougeScores scores;
    for (std::size_t n = 0; n < 2; ++n) {
      scores[n] = score_of(static_cast<double>(overlaps[n].matched), overlaps[n].hypothesis, overlaps[n].reference);
    }
    if (!h.empty() && !r.empty()) scores[2] = score_of(lcs_.fill(r, h), h.size(), r.size());
    scores[3] = summary_score(sentences, reference_sentences);
    return scores;
  }

 private:
  RougeScore summary_score(const std::vector<Tokens>& hypothesis, const std::vector<Tokens>& reference) {
    std::vector<std::uint32_t> left(tokenizer_.vocabulary(), 0), left_reference(tokenizer_.vocabulary(), 0);
    std::size_t n = 0, m = 0;
    for (const Tokens& sentence : hypothesis) {
      n += sentence.size();
      for (const std::uint32_t token : sentence) ++left[token];
    }
    for (const Tokens& sentence : reference) {
      m += sentence.size();
      for (const std::uint32_t token : sentence) ++left_reference[token];
    }
    if (n == 0 || m == 0) return {};
    std::size_t hits = 0;
    std::vector<std::uint8_t> marked;
    for (const Tokens& sentence : reference) {
      marked.assign(sentence.size(), 0);
      for (const Tokens& other : hypothesis) lcs_.mark(sentence, other, marked);
      for (std::size_t i = 0; i < sentence.size(); ++i) {
        const std::uint32_t token = sentence[i];
        if (marked[i] == 0 || left[token] == 0 || left_reference[token] == 0) continue;
        ++hits;
        --left[token];
        --left_reference[token];
      }
    }
    return score_of(static_cast<double>(hits), n, m);
  }

  Tokenizer tokenizer_;
  NgramCounter counter_;
  Lcs lcs_;
};

}  // namespace

Result<std::vector<RougeScores>> rouge(std::span<const std::string> hypotheses, References references,
                                       const RougeOptions& options) {
  IG_TRY(check_segments(hypotheses, references));
  if (options.tokens != "ascii" && options.tokens != "unicode") {
    return fail(Code::invalid_argument, "ROUGE takes tokens of ascii or unicode, not '" + options.tokens + "'.");
  }
  std::vector<RougeScores> out;
  for (std::size_t i = 0; i < hypotheses.size(); ++i) {
    Scorer scorer(options);  // a vocabulary per document keeps the counts small
    RougeScores best = scorer.score(hypotheses[i], references[0][i]);
    for (const auto& lines : references.subspan(1)) {
      const RougeScores other = scorer.score(hypotheses[i], lines[i]);
      for (std::size_t type = 0; type < best.size(); ++type) {
        if (other[type].f > best[type].f) best[type] = other[type];
      }
    }
    out.push_back(best);
  }
  return out;
}

std::string rouge_signature(const RougeOptions& options, std::size_t references) {
  return "nrefs:" + std::to_string(references) + "|tok:" + options.tokens +
         "|stem:" + (options.stem ? "porter" : "no") + "|rules:rouge-score-0.1.2|version:isogloss";
}

}  // namespace isogloss
