// SPDX-License-Identifier: Apache-2.0
// How much vectors mind what readers do not: slips of the pen, capitals, words never seen. Every text of a file is
// changed in three ways; measured are the mean cosine to itself unchanged, and how often the changed text is still
// nearest to itself among all of the file.
#include <algorithm>
#include <string>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kWordsPerSlip = 5;     // and at least one a text
constexpr std::size_t kWordsPerUnseen = 10;  // and at least one a text
constexpr std::size_t kShortest = 4;         // letters of a word that a slip may happen to
constexpr std::size_t kBlock = 512;          // texts that are looked up at once

// The words of a text between blanks.
std::vector<std::u32string> words_of(const std::string& text) {
  std::vector<std::u32string> out;
  const std::string line = one_line(text);
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) out.push_back(utf8_to_code_points(word));
  }
  return out;
}

std::string joined_words(const std::vector<std::u32string>& words) {
  std::string out;
  for (const std::u32string& word : words) out += (out.empty() ? "" : " ") + utf8_from_code_points(word);
  return out;
}

// Two neighbours change places, a letter goes, comes twice, or becomes another of the word.
void slip(std::u32string& word, Random& random) {
  const std::size_t at = 1 + random.bounded(word.size() - 2);  // the first letter stays, as mostly
  switch (random.bounded(4)) {
    case 0:
      std::swap(word[at], word[at + 1]);
      break;
    case 1:
      word.erase(at, 1);
      break;
    case 2:
      word.insert(at, 1, word[at]);
      break;
    default:
      word[at] = word[random.bounded(word.size())];
      break;
  }
}

std::string with_slips(const std::string& text, Random& random) {
  std::vector<std::u32string> words = words_of(text);
  std::vector<std::size_t> fit;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() >= kShortest) fit.push_back(i);
  }
  random.shuffle(std::span(fit));
  fit.resize(std::min(fit.size(), std::max<std::size_t>(1, words.size() / kWordsPerSlip)));
  for (const std::size_t i : fit) slip(words[i], random);
  return joined_words(words);
}

std::string in_capitals(const std::string& text, Random&) {
  std::string out;
  for (const char32_t c : utf8_to_code_points(text)) utf8_append(out, to_upper(c));
  return out;
}

// Words of consonants, which no vocabulary has, between the others.
std::string with_unseen_words(const std::string& text, Random& random) {
  constexpr std::u32string_view kLetters = U"bcdfghjklmnpqrstvwxz";
  std::vector<std::u32string> words = words_of(text);
  for (std::size_t more = std::max<std::size_t>(1, words.size() / kWordsPerUnseen); more > 0; --more) {
    std::u32string word;
    for (std::size_t i = 0; i < 7; ++i) word += kLetters[random.bounded(kLetters.size())];
    words.insert(words.begin() + static_cast<std::ptrdiff_t>(random.bounded(words.size() + 1)), word);
  }
  return joined_words(words);
}

struct Change {
  const char* name;
  std::string (*make)(const std::string& text, Random& random);
};
constexpr Change kChanges[] = {{"typos", with_slips}, {"case", in_capitals}, {"unseen", with_unseen_words}};

// Per text: the cosine to itself, and whether no other one is nearer.
struct Outcome {
  std::vector<double> cosines, found;
};

Result<Outcome> compare(const heads::Features& changed, const heads::Features& originals, Context& context) {
  Outcome out{std::vector<double>(changed.size()), std::vector<double>(changed.size())};
  for (std::size_t begin = 0; begin < changed.size(); begin += kBlock) {
    IG_TRY(context.check());
    std::vector<std::size_t> rows(std::min(kBlock, changed.size() - begin));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = begin + i;
    math::Matrix products(rows.size(), originals.size());
    changed.pick(rows).products(originals, products.view(), context);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = products.row(i);
      out.cosines[begin + i] = static_cast<double>(row[begin + i]);
      out.found[begin + i] = row[begin + i] >= *std::ranges::max_element(row) ? 1 : 0;
    }
  }
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  std::vector<std::string> texts = IG_TRY(read_texts(std::string(place)));
  std::erase_if(texts, [](const std::string& text) { return trim(text).empty(); });
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());  // a text twice could not be told from itself
  if (texts.size() < 2)
    return fail(Code::corrupt_data, "'" + std::string(place) + "' needs at least two different texts, one a line.");
  TextModel model = IG_TRY(TextModel::open(model_name, texts, options, context));
  if (!model.embeds()) return fail(Code::unsupported, "The model only scores pairs; this task needs vectors.");
  const heads::Features originals = IG_TRY(model.embed(texts, Role::none, context)).normalized();
  Report report(model_name, task_name(place), "isogloss: nearest to itself among all texts");
  report.n = report.of = texts.size();
  for (const Change& change : kChanges) {
    Random random(context.seed);
    std::vector<std::string> changed;
    for (const std::string& text : texts) changed.push_back(change.make(text, random));
    const heads::Features rows = IG_TRY(model.embed(changed, Role::none, context)).normalized();
    const Outcome outcome = IG_TRY(compare(rows, originals, context));
    report.add_mean(change.name, outcome.found, options, context);
    report.add_mean(std::string(change.name) + "_cosine", outcome.cosines, options, context);
  }
  report.record["data"] = IG_TRY(data_hash({std::string(place)}));
  report.record["seed"] = std::to_string(context.seed);
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kRobustTask{
    "robust", "FILE",
    "texts, one a line, with slips, in capitals, with unseen words: still found, cosine to themselves", run};

}  // namespace isogloss::evaluation
