// SPDX-License-Identifier: Apache-2.0
// ask(): retrieve, then either choose sentences (heads/extract_sentences) or let a language model write and check what it
// cites. A citation's words are verbatim: its span is cut from the chunk, which is cut from the stored text.
#include <algorithm>
#include <cmath>
#include <map>

#include "answer/chat.hpp"
#include "answer/prompt.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "heads/extract_sentences.hpp"
#include "isogloss/answer.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace answer {
namespace {

// Least confidence of an answer. On 1,130 questions of XQuAD (tests/quality/ask_xquad.py calibrate, 10-fold) "not found" is
// right for 85 % of those whose paragraph is kept away, and 89 % of the others are answered.
constexpr double kThreshold = 0.41;
constexpr std::string_view kNotFound = "not found in your documents";

// Terms of questions and sentences: English words without stop words, stemmed; other languages lose nothing but their
// stop words' absence.
Result<AnalyzerPtr> question_analyzer() {
  AnalyzerSpec spec = IG_TRY(analyzer_preset("english"));
  return make_analyzer(spec);
}

std::vector<std::string> terms_of(const Analyzer& analyzer, std::string_view text) {
  std::vector<Term> terms;
  analyzer.analyze(text, terms);
  std::vector<std::string> out;
  for (Term& term : terms) out.push_back(std::move(term.text));
  return out;
}

class Asker {
 public:
  Asker(Collection& collection, std::string_view question, const AskOptions& options, Context& context)
      : collection_(collection), question_(question), options_(options), context_(context) {}

  Result<Answer> run() {
    if (trim(question_).empty()) return fail(Code::invalid_argument, "The question is empty.");
    SearchOptions search = options_.search;
    search.n = options_.passages;
    SearchResult found = IG_TRY(collection_.search(question_, search, context_));
    hits_ = std::move(found.hits);
    if (!options_.llm_url.empty() || options_.only_show_prompt) return written();
    return extracted();
  }

 private:
  static Answer not_found() {
    Answer answer;
    answer.text = kNotFound;
    return answer;
  }

  Citation citation(std::size_t n, const Hit& hit, Span within) const {
    Citation out;
    out.n = n;
    out.chunk = hit.chunk;
    out.at = {hit.chunk.at.begin + within.begin, hit.chunk.at.begin + within.end};
    out.text = hit.chunk.text.substr(within.begin, within.size());
    out.score = hit.score;
    out.kind = hit.kind;
    return out;
  }

  Result<Answer> extracted() {
    if (hits_.empty()) return not_found();
    const AnalyzerPtr analyzer = IG_TRY(question_analyzer());
    std::vector<heads::Passage> passages;
    for (const Hit& hit : hits_) {
      passages.push_back({hit.chunk.text, split_sentences(hit.chunk.text, {0, hit.chunk.text.size()}), hit.chunk.heading});
    }
    std::map<std::string, double> weights = IG_TRY(term_weights(*analyzer));
    const heads::Extraction extraction = heads::extract_sentences(
        question_, passages, {options_.sentences}, [&](std::string_view text) { return terms_of(*analyzer, text); },
        [&](const std::string& term) { return weights[term]; });
    const double threshold = options_.threshold < 0 ? kThreshold : options_.threshold;
    const bool found = !extraction.sentences.empty() && extraction.confidence >= threshold;
    Answer answer = found ? compose(extraction, passages) : not_found();
    const heads::Evidence& e = extraction.evidence;
    answer.confidence = extraction.confidence;
    answer.evidence = {{"sentence", e.sentence}, {"around", e.around}, {"passage", e.passage}, {"gap", e.gap},
                       {"uncovered", e.uncovered}, {"names", e.names}, {"pairs", e.pairs}};
    return answer;
  }

  // Inverse document frequency of the question's terms over the chunks: ln(1 + (N - df + 0.5) / (df + 0.5)).
  Result<std::map<std::string, double>> term_weights(const Analyzer& analyzer) {
    std::vector<std::string> terms = terms_of(analyzer, question_);
    std::vector<std::string> looked_up;
    for (const std::string& term : terms) {
      TermCounts counts;  // the collection's own form of the word
      collection_.analyse(term, counts);
      looked_up.push_back(counts.terms.empty() ? term : counts.terms[0].first);
    }
    const auto frequencies = IG_TRY(collection_.store().document_frequencies(looked_up, context_));
    const double n = static_cast<double>(IG_TRY(collection_.store().chunk_count()));
    std::map<std::string, double> weights;
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const double df = static_cast<double>(frequencies[i]);
      weights[terms[i]] = std::log(1 + (n - df + 0.5) / (df + 0.5));
    }
    return weights;
  }

  Answer compose(const heads::Extraction& extraction, const std::vector<heads::Passage>& passages) const {
    Answer answer;
    answer.found = true;
    for (const heads::ExtractedSentence& chosen : extraction.sentences) {
      const Span at = passages[chosen.passage].sentences[chosen.sentence];
      const Citation cited = citation(answer.citations.size() + 1, hits_[chosen.passage], at);
      answer.text += (answer.text.empty() ? "" : " ") + one_line(cited.text) + " [" + std::to_string(cited.n) + "]";
      answer.citations.push_back(cited);
    }
    return answer;
  }

  Result<Answer> written() {
    Answer answer;
    answer.prompt = IG_TRY(fill_prompt(options_.prompt, question_, hits_));
    if (options_.only_show_prompt) return answer;
    if (hits_.empty()) return not_found();
    CitationStream stream(hits_.size());
    AskOptions options = options_;
    if (options_.on_text) options.on_text = [&](std::string_view piece) { options_.on_text(stream.take(piece)); };
    answer.text = trim(IG_TRY(chat(options, answer.prompt, context_)));
    if (options_.on_text) options_.on_text(stream.rest());
    const CheckedCitations checked = check_citations(answer.text, hits_.size());
    for (const std::size_t n : checked.wrong) {
      answer.warnings.push_back("the model cited [" + std::to_string(n) + "], which it was not given; the mark was removed");
    }
    for (const std::size_t n : checked.cited) {
      answer.citations.push_back(citation(n, hits_[n - 1], {0, hits_[n - 1].chunk.text.size()}));
    }
    answer.found = ascii_lower(answer.text).find(kNotFound) == std::string::npos && !answer.text.empty();
    answer.confidence = answer.found ? 1 : 0;
    if (answer.found && answer.citations.empty()) answer.warnings.push_back("the model's answer cites nothing");
    return answer;
  }

  Collection& collection_;
  std::string_view question_;
  const AskOptions& options_;
  Context& context_;
  std::vector<Hit> hits_;
};

}  // namespace
}  // namespace answer

Result<Answer> ask(Collection& collection, std::string_view question, const AskOptions& options, Context& context) {
  return guard([&] { return answer::Asker(collection, question, options, context).run(); });
}

}  // namespace isogloss
