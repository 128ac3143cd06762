// SPDX-License-Identifier: Apache-2.0
#include "tokens/counting/feature_spec.hpp"

#include <algorithm>
#include <charconv>

namespace isogloss::tokens {
namespace {

Status set_ngram_range(const std::vector<std::string>& range, FeatureSpec& spec) {
  const auto number = [](const std::string& text, std::uint32_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
  };
  const bool fits = (range.size() == 1 || range.size() == 2) && number(range.front(), spec.min_n) &&
                    number(range.back(), spec.max_n) && spec.min_n >= 1 && spec.min_n <= spec.max_n && spec.max_n <= 64;
  if (fits) return {};
  return fail(Code::invalid_argument,
              "Option 'ngram_range' takes two numbers from 1 to 64, the smaller one first, as 1-2.");
}

Status set_shape(const FeatureOptions& options, FeatureSpec& spec) {
  if (options.unit == "char") spec.unit = FeatureUnit::characters;
  if (options.unit == "char_wb") spec.unit = FeatureUnit::characters_in_words;
  return set_ngram_range(options.ngram_range, spec);
}

void set_stop_words(const std::string& text, AnalyzerSpec& spec) {
  if (text.empty()) return;
  spec.stop_words.clear();
  spec.stop_list = "none";
  const std::vector<std::string> lists = stop_lists();
  if (std::ranges::find(lists, text) != lists.end()) {
    spec.stop_list = text;
    return;
  }
  constexpr std::string_view kSeparators = " ,\t\n";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(kSeparators, at);
    if (begin == std::string::npos) break;
    at = std::min(text.find_first_of(kSeparators, begin), text.size());
    spec.stop_words.push_back(text.substr(begin, at - begin));
  }
}

}  // namespace

bool FeatureSpec::flat() const {
  if (unit != FeatureUnit::word) return true;
  if (max_n == 1) return false;
  return analyzer.words == WordRule::blank ||
         (analyzer.words == WordRule::pattern && !as_run_pattern(analyzer.pattern));
}

Result<FeatureSpec> make_feature_spec(const FeatureOptions& options) {
  FeatureSpec spec;
  spec.analyzer = IG_TRY(analyzer_preset(options.analyzer));
  IG_TRY(set_shape(options, spec));
  if (!options.token_pattern.empty()) {
    spec.analyzer.words = WordRule::pattern;
    spec.analyzer.pattern = options.token_pattern;
  }
  if (!options.lowercase) spec.analyzer.lower_case = LowerCase::none;
  if (options.strip_accents == "unicode") spec.analyzer.accents = Accents::unicode;
  if (options.strip_accents == "ascii") spec.analyzer.accents = Accents::ascii;
  if (!options.stemmer.empty()) spec.analyzer.stemmer = options.stemmer;
  set_stop_words(options.stop_words, spec.analyzer);
  return spec;
}

Result<FeatureSpec> load_feature_spec(const FeatureOptions& options, std::string_view analysis_json,
                                      std::string_view where) {
  FeatureSpec spec;
  spec.analyzer = IG_TRY(analyzer_spec_from_json(analysis_json, where));
  IG_TRY(set_shape(options, spec));
  return spec;
}

}  // namespace isogloss::tokens
