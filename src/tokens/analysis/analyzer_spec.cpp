// SPDX-License-Identifier: Apache-2.0
// Presets of analyzers, and their JSON.
#include <algorithm>
#include <array>

#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/options.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace {

constexpr std::string_view kSklearnPattern = R"((?u)\b\w\w+\b)";

// The value of `Enum` n is name n.
constexpr std::array<std::string_view, 4> kWordRules{"letters", "pattern", "standard", "blank"};
constexpr std::array<std::string_view, 3> kLowerCases{"none", "simple", "full"};
constexpr std::array<std::string_view, 3> kAccents{"keep", "unicode", "ascii"};
constexpr std::array<std::string_view, 2> kPossessives{"keep", "strip"};

template <class Enum, std::size_t n>
std::string_view name_of(Enum value, const std::array<std::string_view, n>& names) {
  return names[static_cast<std::size_t>(value)];
}

// The languages that have a preset: every Snowball stemmer but the two Porters and "english", which has its own.
bool is_language(std::string_view stemmer) {
  return stemmer != "none" && stemmer != "english" && !stemmer.starts_with("porter");
}

AnalyzerSpec language_preset(std::string_view language) {
  AnalyzerSpec spec;
  spec.name = language;
  spec.stemmer = language;
  const std::vector<std::string> lists = stop_lists();
  if (std::ranges::find(lists, language) != lists.end()) spec.stop_list = language;
  return spec;
}

// Our own default for search. Chosen on the odd queries of SciFact, CACM, Cranfield, CISI, NPL and ADI (mean nDCG@10
// with k1 = 1.2, b = 0.75; even queries in brackets): Snowball's stop words .516 (.505), Lucene's 33 .505 (.494), none
// .494 (.490); the Porter stemmer and UAX #29 words are within .002 of it. Dropping words of one letter would add .003,
// but "vitamin C" and single ideographs are words.
AnalyzerSpec english_preset() {
  AnalyzerSpec spec;
  spec.name = "english";
  spec.possessive = Possessive::strip;
  spec.stop_list = "snowball-english";
  spec.stemmer = "english";
  return spec;
}

// Lucene's EnglishAnalyzer: StandardTokenizer, EnglishPossessiveFilter, LowerCaseFilter, StopFilter, PorterStemFilter.
AnalyzerSpec lucene_english_preset() {
  AnalyzerSpec spec = english_preset();
  spec.name = "lucene-english";
  spec.words = WordRule::standard;
  spec.max_length = 255;
  spec.stop_list = "lucene-english";
  spec.stemmer = "porter";
  return spec;
}

// CountVectorizer's defaults.
AnalyzerSpec sklearn_preset() {
  AnalyzerSpec spec;
  spec.name = "sklearn";
  spec.words = WordRule::pattern;
  spec.pattern = kSklearnPattern;
  spec.lower_case = LowerCase::full;
  return spec;
}

AnalyzerSpec whitespace_preset() {
  AnalyzerSpec spec;
  spec.name = "whitespace";
  spec.words = WordRule::blank;
  spec.lower_case = LowerCase::none;
  return spec;
}

// Reads members of the object one by one and remembers the first fault and the members seen.
class SpecReader {
 public:
  SpecReader(const Json& object, std::string_view where) : object_(object), where_(where) {}

  template <class Enum, std::size_t n>
  void choice(std::string_view name, const std::array<std::string_view, n>& names, Enum& target) {
    const Json* value = member(name);
    if (value == nullptr) return;
    const auto place = std::ranges::find(names, value->as_string());
    if (place == names.end()) return fault(name, "is no known value");
    target = static_cast<Enum>(place - names.begin());
  }
  void text(std::string_view name, std::string& target) {
    const Json* value = member(name);
    if (value == nullptr) return;
    if (!value->is_string()) return fault(name, "must be a string");
    target = value->as_string();
  }
  void number(std::string_view name, std::uint32_t& target) {
    const Json* value = member(name);
    if (value == nullptr) return;
    const std::int64_t n = value->as_integer(-1);
    if (n < 0 || n > 0x7FFFFFFF) return fault(name, "must be a whole number from 0 to 2147483647");
    target = static_cast<std::uint32_t>(n);
  }
  void list(std::string_view name, std::vector<std::string>& target) {
    const Json* value = member(name);
    if (value == nullptr) return;
    if (!value->is_array()) return fault(name, "must be a list of strings");
    target.clear();
    for (const Json& item : value->as_array()) target.emplace_back(item.as_string());
  }
  Status finish() {
    for (const auto& [name, value] : object_.as_object()) {
      if (std::ranges::find(seen_, name) == seen_.end()) fault(name, "is no property of an analyzer");
    }
    if (!error_.empty()) return fail(Code::corrupt_data, error_);
    return {};
  }

 private:
  const Json* member(std::string_view name) {
    seen_.emplace_back(name);
    return object_.find(name);
  }
  void fault(std::string_view name, std::string_view what) {
    if (error_.empty()) error_ = where_ + ": '" + std::string(name) + "' " + std::string(what) + ".";
  }
  const Json& object_;
  std::string where_;
  std::vector<std::string> seen_;
  std::string error_;
};

}  // namespace

std::vector<std::string> analyzer_presets() {
  std::vector<std::string> names{"simple", "english", "lucene-english", "sklearn", "whitespace"};
  for (const std::string& language : stemmers()) {
    if (is_language(language)) names.push_back(language);
  }
  return names;
}

Result<AnalyzerSpec> analyzer_preset(std::string_view name) {
  if (name == "simple") return AnalyzerSpec{};
  if (name == "english") return english_preset();
  if (name == "lucene-english") return lucene_english_preset();
  if (name == "sklearn") return sklearn_preset();
  if (name == "whitespace") return whitespace_preset();
  const std::vector<std::string> known = analyzer_presets();
  if (std::ranges::find(known, name) != known.end()) return language_preset(name);
  const std::string nearest = nearest_name(name, known);
  return fail(Code::invalid_argument, "there is no analyzer '" + std::string(name) + "'." +
                                          (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

std::string to_json(const AnalyzerSpec& spec) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.field("name", spec.name);
  out.field("words", name_of(spec.words, kWordRules));
  if (spec.words == WordRule::pattern) out.field("pattern", spec.pattern);
  out.field("lower_case", name_of(spec.lower_case, kLowerCases));
  out.field("accents", name_of(spec.accents, kAccents));
  out.field("possessive", name_of(spec.possessive, kPossessives));
  out.field("min_length", spec.min_length);
  out.field("max_length", spec.max_length);
  out.field("stop_list", spec.stop_list);
  out.key("stop_words").begin_array();
  for (const std::string& word : spec.stop_words) out.value(word);
  out.end_array();
  out.field("stemmer", spec.stemmer);
  out.end_object();
  return text;
}

Result<AnalyzerSpec> analyzer_spec_from_json(std::string_view json, std::string_view where) {
  const Json object = IG_TRY(Json::parse(json, where));
  if (!object.is_object()) return fail(Code::corrupt_data, std::string(where) + " is not a JSON object.");
  AnalyzerSpec spec;
  SpecReader reader(object, where);
  reader.text("name", spec.name);
  reader.choice("words", kWordRules, spec.words);
  reader.text("pattern", spec.pattern);
  reader.choice("lower_case", kLowerCases, spec.lower_case);
  reader.choice("accents", kAccents, spec.accents);
  reader.choice("possessive", kPossessives, spec.possessive);
  reader.number("min_length", spec.min_length);
  reader.number("max_length", spec.max_length);
  reader.text("stop_list", spec.stop_list);
  reader.list("stop_words", spec.stop_words);
  reader.text("stemmer", spec.stemmer);
  IG_TRY(reader.finish());
  return spec;
}

}  // namespace isogloss
