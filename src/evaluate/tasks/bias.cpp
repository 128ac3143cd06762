// SPDX-License-Identifier: Apache-2.0
// Association tests (metrics/weat.hpp) of words (WEAT) and sentences (SEAT). Two forms of JSON files: an object of
// tests, each with the names of its lists and the lists,
//   {"Flowers_Insects": {"X_key": "flowers", "Y_key": "insects", "A_key": "pleasant", "B_key": "unpleasant",
//                        "flowers": ["aster", ...], ...}}
// where objects without X_key are no tests of this kind; and one test, as May et al. 2019 write theirs,
//   {"targ1": {"category": "Flowers", "examples": ["This is an aster.", ...]}, "targ2": ..., "attr1": ..., "attr2":
//   ...}
// Single words are looked up where the model has vectors of words; those it does not know are left out and counted.
// Sentences, and words for a model of texts, are embedded.
#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/weat.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "evaluate/tasks/word_data.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kSamples = 100'000;

struct Test {
  std::string name;
  std::array<std::vector<std::string>, 4> lists;  // X, Y, A, B
};

std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.as_array()) out.emplace_back(item.as_string());
  return out;
}

std::vector<Test> tests_in(const Json& json, const std::string& file_name) {
  std::vector<Test> out;
  if (json.find("targ1") != nullptr) {
    Test test{file_name, {}};
    const char* const keys[] = {"targ1", "targ2", "attr1", "attr2"};
    for (std::size_t i = 0; i < 4; ++i) test.lists[i] = texts_of(json[keys[i]]["examples"]);
    out.push_back(std::move(test));
  }
  for (const auto& [name, object] : json.as_object()) {
    if (object.find("X_key") == nullptr) continue;
    Test test{name, {}};
    const char* const keys[] = {"X_key", "Y_key", "A_key", "B_key"};
    for (std::size_t i = 0; i < 4; ++i) test.lists[i] = texts_of(object[object[keys[i]].as_string()]);
    out.push_back(std::move(test));
  }
  return out;
}

Result<std::vector<Test>> read_tests(std::string_view place) {
  std::vector<fs::path> files{fs::path(place)};
  std::error_code ignored;
  if (fs::is_directory(files[0], ignored)) {
    files.clear();
    for (const auto& entry : fs::directory_iterator(fs::path(place), ignored)) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".json" || ending == ".jsonl") files.push_back(entry.path());
    }
    std::ranges::sort(files);
  }
  std::vector<Test> out;
  for (const fs::path& file : files) {
    const std::string text = IG_TRY(read_file(file, kMostBytes));
    const Json json = IG_TRY(Json::parse(text, "'" + file.string() + "'"));
    for (Test& test : tests_in(json, task_name(file.string()))) out.push_back(std::move(test));
  }
  if (!out.empty()) return out;
  return fail(Code::corrupt_data,
              "'" + std::string(place) +
                  "' has no association test: objects with X_key, Y_key, A_key, B_key and the lists "
                  "these name, or one with targ1, targ2, attr1, attr2.");
}

// Items by number, and the cosine of any two of them.
struct Lists {
  std::array<std::vector<std::size_t>, 4> items;  // X, Y, A, B
  std::size_t found = 0, asked = 0;
  std::function<double(std::size_t, std::size_t)> cosine;
};

// One model, as these tests ask it.
class Items {
 public:
  static Result<Items> open(std::string_view model, std::span<const Test> tests, const EvalOptions& options,
                            Context& context) {
    Items out;
    std::vector<std::string> all;
    for (const Test& test : tests) {
      for (const auto& list : test.lists) all.insert(all.end(), list.begin(), list.end());
    }
    const bool sentences =
        std::ranges::any_of(all, [](const std::string& item) { return item.find(' ') != std::string::npos; });
    if (!sentences) {
      auto words = WordVectorsOf::open(model, context);
      if (!words && words.error().code != Code::unsupported) return fail(words.error());
      if (words) out.words_ = std::move(*words);
    }
    if (!out.words_) out.texts_ = IG_TRY(TextModel::open(model, all, options, context));
    return out;
  }

  Result<Lists> lists(const Test& test, Context& context) {
    return words_ ? known_words(test) : embedded(test, context);
  }
  void record(std::map<std::string, std::string>& out) const {
    if (texts_) texts_->record(out);
  }

 private:
  Lists known_words(const Test& test) const {
    Lists out;
    auto units = std::make_shared<std::vector<std::vector<double>>>();
    for (std::size_t i = 0; i < 4; ++i) {
      for (const std::string& item : test.lists[i]) {
        ++out.asked;
        const auto index = words_->find(item);
        if (!index) continue;
        out.items[i].push_back(units->size());
        units->push_back(words_->unit(*index));
      }
    }
    out.found = units->size();
    out.cosine = [units](std::size_t a, std::size_t b) { return dot((*units)[a], (*units)[b]); };
    return out;
  }

  Result<Lists> embedded(const Test& test, Context& context) {
    Lists out;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 4; ++i) {
      for (const std::string& item : test.lists[i]) {
        out.items[i].push_back(texts.size());
        texts.push_back(item);
      }
    }
    out.found = out.asked = texts.size();
    const auto rows = std::make_shared<heads::Features>(IG_TRY(texts_->embed(texts, Role::none, context)));
    out.cosine = [rows](std::size_t a, std::size_t b) { return rows->likeness(a, *rows, b).cosine; };
    return out;
  }

  std::optional<WordVectorsOf> words_;
  std::optional<TextModel> texts_;
};

// Mean cosine with A less that with B, of every item of a list.
std::vector<double> associations(const Lists& lists, std::size_t list) {
  const auto mean = [&](std::size_t item, const std::vector<std::size_t>& with) {
    double sum = 0;
    for (const std::size_t other : with) sum += lists.cosine(item, other);
    return sum / static_cast<double>(with.size());
  };
  std::vector<double> out;
  for (const std::size_t item : lists.items[list])
    out.push_back(mean(item, lists.items[2]) - mean(item, lists.items[3]));
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const std::vector<Test> tests = IG_TRY(read_tests(place));
  Items items = IG_TRY(Items::open(model, tests, options, context));
  std::vector<EvalFigure> figures;
  for (const Test& test : tests) {
    IG_TRY(context.check());
    const Lists lists = IG_TRY(items.lists(test, context));
    if (std::ranges::any_of(lists.items, [](const auto& list) { return list.empty(); })) {
      context.say(LogLevel::warning,
                  "'" + test.name + "': the model knows nothing of one of the four lists; left out.");
      continue;
    }
    const WeatResult result = weat(associations(lists, 0), associations(lists, 1), kSamples, context.seed);
    Report report(model, test.name, "Caliskan: deviation with n - 1");
    report.n = lists.found;
    report.of = lists.asked;
    items.record(report.record);
    report.record["partitions"] = (result.exact ? "all " : "") + std::to_string(result.partitions);
    report.add("effect", result.effect);
    report.add("p", result.p);
    for (EvalFigure& figure : report.take()) figures.push_back(std::move(figure));
  }
  if (!figures.empty()) return figures;
  return fail(Code::corrupt_data, "'" + std::string(place) + "' has no association test that this model can take.");
}

}  // namespace

const TaskKind kBiasTask{"bias", "FILE|FOLDER",
                         "association tests of words or sentences (WEAT, SEAT) as JSON; effect size, one-sided p", run};

}  // namespace isogloss::evaluation
