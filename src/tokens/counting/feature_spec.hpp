// SPDX-License-Identifier: Apache-2.0
// What the columns of a counting model are: words, n-grams of words, or n-grams of characters, of one Analyzer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/describe.hpp"
#include "isogloss/result.hpp"
#include "tokens/analysis/text_analyzer.hpp"

namespace isogloss::tokens {

enum class FeatureUnit : std::uint8_t {
  word,
  characters,  // n-grams of code points of the whole text, runs of white space as one blank (scikit-learn's char)
  characters_in_words,  // inside words padded by blanks (scikit-learn's char_wb)
};

// The options that all counting families share, with scikit-learn's names where it has them.
struct FeatureOptions {
  std::string analyzer = "sklearn";
  std::string unit = "word";
  std::vector<std::string> ngram_range{"1", "1"};
  std::string token_pattern;
  bool lowercase = true;
  std::string strip_accents = "none";
  std::string stop_words;
  std::string stemmer;
};

template <class Visitor>
void describe_features(FeatureOptions& o, Visitor& v) {
  v("analyzer", o.analyzer, "Preset of the words: sklearn, simple, english, lucene-english, whitespace or a language.");
  v("unit", o.unit, Choice{"word|char|char_wb"}, "What is counted: words or characters (char_wb: inside words).");
  v("ngram_range", o.ngram_range, "Shortest and longest n-gram, as 1-2.");
  v("token_pattern", o.token_pattern, "Regular expression of a word; empty = the analyzer's.");
  v("lowercase", o.lowercase, "Lower-case the text first.");
  v("strip_accents", o.strip_accents, Choice{"none|unicode|ascii"}, "Take accents off before words are split.");
  v("stop_words", o.stop_words, "A list by name (english), words between blanks, or none; empty = the analyzer's.");
  v("stemmer", o.stemmer, "A stemmer by name or none; empty = the analyzer's.");
}

struct FeatureSpec {
  AnalyzerSpec analyzer;
  FeatureUnit unit = FeatureUnit::word;
  std::uint32_t min_n = 1;
  std::uint32_t max_n = 1;

  // Whether features are looked up as whole strings instead of word by word: characters, and n-grams of words that
  // might hold a blank themselves.
  bool flat() const;
};

Result<FeatureSpec> make_feature_spec(const FeatureOptions& options);
// As a saved model has it: the analyzer comes from its analysis.json.
Result<FeatureSpec> load_feature_spec(const FeatureOptions& options, std::string_view analysis_json,
                                      std::string_view where);

}  // namespace isogloss::tokens
