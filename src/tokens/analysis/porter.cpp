// SPDX-License-Identifier: Apache-2.0
// The Porter stemmer, written from the paper and the author's list of later changes
// (tartarus.org/martin/PorterStemmer). libstemmer's "porter" is the published algorithm only, and Lucene and NLTK each
// run another variant, so this is our own; all three equal the golden outputs on 23,531 words (porter_test).
//
// A word is [C](VC)^m[V]: m, the measure, decides most rules. Steps 2 to 4 are tables of (suffix, replacement) in which
// the first suffix that fits ends the step, whether its condition holds or not.
//
// Letters outside ASCII are consonants. They are replaced by one placeholder byte each (the same letter by the same
// byte) and put back at the end, so that rules count letters and not bytes.
#include "tokens/analysis/porter.hpp"

#include <array>
#include <span>

#include "core/utf8.hpp"

namespace isogloss::tokens {
namespace {

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

constexpr std::array<Rule, 19> kStep2{{{"ational", "ate"},
                                       {"tional", "tion"},
                                       {"enci", "ence"},
                                       {"anci", "ance"},
                                       {"izer", "ize"},
                                       {"alli", "al"},
                                       {"entli", "ent"},
                                       {"eli", "e"},
                                       {"ousli", "ous"},
                                       {"ization", "ize"},
                                       {"ation", "ate"},
                                       {"ator", "ate"},
                                       {"alism", "al"},
                                       {"iveness", "ive"},
                                       {"fulness", "ful"},
                                       {"ousness", "ous"},
                                       {"aliti", "al"},
                                       {"iviti", "ive"},
                                       {"biliti", "ble"}}};
constexpr std::array<Rule, 7> kStep3{
    {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""}}};
constexpr std::array<std::string_view, 19> kStep4{"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                                  "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                                  "ate", "iti",   "ous",  "ive", "ize"};
constexpr std::array<Rule, 16> kIrregular{{{"sky", "sky"},
                                           {"skies", "sky"},
                                           {"dying", "die"},
                                           {"lying", "lie"},
                                           {"tying", "tie"},
                                           {"news", "news"},
                                           {"innings", "inning"},
                                           {"inning", "inning"},
                                           {"outings", "outing"},
                                           {"outing", "outing"},
                                           {"cannings", "canning"},
                                           {"canning", "canning"},
                                           {"howe", "howe"},
                                           {"proceed", "proceed"},
                                           {"exceed", "exceed"},
                                           {"succeed", "succeed"}}};

class Stemmer {
 public:
  Stemmer(std::string& word, PorterVariant variant)
      : w_(word), nltk_(variant == PorterVariant::nltk), variant_(variant) {}

  void run() {
    step1a();
    step1b();
    step1c();
    step2();
    step(kStep3);
    step4();
    step5();
  }

 private:
  static bool is_vowel_letter(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }

  // y is a consonant at the start and after a vowel.
  bool consonant(std::size_t i) const {
    if (is_vowel_letter(w_[i])) return false;
    if (w_[i] != 'y') return true;
    return i == 0 || !consonant(i - 1);
  }

  // m of the first n letters.
  int measure(std::size_t n) const {
    int m = 0;
    bool after_vowel = false;
    bool before = true;  // consonant(i - 1)
    for (std::size_t i = 0; i < n; ++i) {
      const bool c = is_vowel_letter(w_[i]) ? false : w_[i] == 'y' ? (i == 0 || !before) : true;
      if (c && after_vowel) ++m;
      after_vowel = !c;
      before = c;
    }
    return m;
  }

  bool has_vowel(std::size_t n) const {
    for (std::size_t i = 0; i < n; ++i) {
      if (!consonant(i)) return true;
    }
    return false;
  }

  // *o: consonant, vowel, consonant that is not w, x or y, at the end of the first n letters.
  bool ends_cvc(std::size_t n) const {
    if (nltk_ && n == 2) return !consonant(0) && consonant(1);
    if (n < 3 || !consonant(n - 3) || consonant(n - 2) || !consonant(n - 1)) return false;
    const char c = w_[n - 1];
    return c != 'w' && c != 'x' && c != 'y';
  }

  bool ends(std::string_view suffix) const { return w_.ends_with(suffix); }
  std::size_t without(std::string_view suffix) const { return w_.size() - suffix.size(); }
  void replace(std::string_view suffix, std::string_view replacement) {
    w_.resize(without(suffix));
    w_.append(replacement);
  }

  // True when the suffix is there (and so ends the step); replaces it when the stem's measure is above 0.
  bool rule(std::string_view suffix, std::string_view replacement) {
    if (!ends(suffix)) return false;
    if (measure(without(suffix)) > 0) replace(suffix, replacement);
    return true;
  }
  bool step(std::span<const Rule> rules) {
    for (const Rule& r : rules) {
      if (rule(r.suffix, r.replacement)) return true;
    }
    return false;
  }

  void step1a() {
    if (nltk_ && w_.size() == 4 && ends("ies")) {
      w_.pop_back();
    } else if (ends("sses") || ends("ies")) {
      w_.resize(w_.size() - 2);
    } else if (ends("s") && !ends("ss")) {
      w_.pop_back();
    }
  }

  void step1b() {
    if (nltk_ && ends("ied")) {
      w_.resize(w_.size() - (w_.size() == 4 ? 1 : 2));
      return;
    }
    if (ends("eed")) {
      if (measure(without("eed")) > 0) w_.pop_back();
      return;
    }
    if (ends("ed") && has_vowel(without("ed"))) {
      w_.resize(without("ed"));
    } else if (ends("ing") && has_vowel(without("ing"))) {
      w_.resize(without("ing"));
    } else {
      return;
    }
    const std::size_t n = w_.size();
    if (ends("at") || ends("bl") || ends("iz")) {
      w_.push_back('e');
    } else if (n >= 2 && w_[n - 1] == w_[n - 2] && consonant(n - 1)) {
      const char c = w_[n - 1];
      if (c != 'l' && c != 's' && c != 'z') w_.pop_back();
    } else if (measure(n) == 1 && ends_cvc(n)) {
      w_.push_back('e');
    }
  }

  void step1c() {
    if (!ends("y")) return;
    const std::size_t n = w_.size() - 1;
    if (nltk_ ? n > 1 && consonant(n - 1) : has_vowel(n)) w_.back() = 'i';
  }

  void step2() {
    if (nltk_) {
      while (ends("alli") && measure(without("alli")) > 0) replace("alli", "al");
    }
    for (const Rule& r : kStep2) {
      // The place of this rule in the list matters: after "izer".
      if (r.suffix == "alli" && (variant_ == PorterVariant::original ? rule("abli", "able") : rule("bli", "ble")))
        return;
      if (rule(r.suffix, r.replacement)) return;
    }
    if (nltk_ && rule("fulli", "ful")) return;
    if (variant_ == PorterVariant::martin) rule("logi", "log");
    if (nltk_ && ends("logi") && measure(w_.size() - 3) > 0) w_.pop_back();
  }

  void step4() {
    for (const std::string_view suffix : kStep4) {
      if (!ends(suffix)) continue;
      const std::size_t n = without(suffix);
      const bool allowed = suffix != "ion" || (n > 0 && (w_[n - 1] == 's' || w_[n - 1] == 't'));
      if (allowed && measure(n) > 1) w_.resize(n);
      return;
    }
  }

  void step5() {
    if (ends("e")) {
      const std::size_t n = w_.size() - 1;
      const int m = measure(n);
      if (m > 1 || (m == 1 && !ends_cvc(n))) w_.pop_back();
    }
    if (ends("ll") && measure(w_.size() - 1) > 1) w_.pop_back();
  }

  std::string& w_;
  bool nltk_;
  PorterVariant variant_;
};

void stem_letters(std::string& word, std::size_t letters, PorterVariant variant) {
  if (variant != PorterVariant::original && letters <= 2) return;
  if (!word.empty()) Stemmer(word, variant).run();
}

void stem_other_scripts(std::string_view word, PorterVariant variant, std::string& stem) {
  const std::u32string letters = utf8_to_code_points(word);
  std::u32string foreign;  // placeholder 0x80 + i stands for foreign[i]
  std::string packed;
  for (const char32_t c : letters) {
    if (c < 0x80) {
      packed.push_back(static_cast<char>(c));
      continue;
    }
    std::size_t place = foreign.find(c);
    if (place == std::u32string::npos) {
      place = foreign.size();
      foreign.push_back(c);
    }
    if (place >= 0x80) return;  // no English word: `stem` holds it unchanged
    packed.push_back(static_cast<char>(0x80 + place));
  }
  stem_letters(packed, letters.size(), variant);
  stem.clear();
  for (const char c : packed) {
    const auto byte = static_cast<unsigned char>(c);
    utf8_append(stem, byte < 0x80 ? byte : foreign[byte - 0x80]);
  }
}

}  // namespace

void porter_stem(std::string_view word, PorterVariant variant, std::string& stem) {
  if (variant == PorterVariant::nltk) {
    for (const Rule& r : kIrregular) {
      if (word == r.suffix) {
        stem = r.replacement;
        return;
      }
    }
  }
  stem = word;
  if (is_ascii(word)) {
    stem_letters(stem, stem.size(), variant);
  } else {
    stem_other_scripts(word, variant, stem);
  }
}

}  // namespace isogloss::tokens
