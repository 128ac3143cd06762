// SPDX-License-Identifier: Apache-2.0
// One kind of task in several languages: every language is a task of its own, and the figure is their mean, as MTEB has
// it over the subsets of a task. PLACE is KIND:FOLDER. What a language is, the folder says:
//
//   bitext     pairs of files, PREFIX.xx and PREFIX.yy
//   others     folders, one a language; else the tables of the split, as stsb-de-test.csv
//
// Its name is what differs between them, in whole parts between dots, dashes and underscores: "de".
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/hash.hpp"
#include "core/text.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/times.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;

struct Language {
  std::string name;   // at first the whole stem
  std::string place;  // of its task
};

bool divides(char c) { return c == '.' || c == '-' || c == '_'; }

// Takes off what all names begin and end with.
void shorten_names(std::vector<Language>& languages) {
  for (const bool front : {true, false}) {
    std::size_t common = 0;  // up to and with the last divider that all have there
    for (std::size_t length = 1;; ++length) {
      const std::string& first = languages.front().name;
      const auto part = [&](const std::string& name) {
        return front ? name.substr(0, length) : name.substr(name.size() - length);
      };
      const bool all = std::ranges::all_of(
          languages, [&](const Language& one) { return one.name.size() > length && part(one.name) == part(first); });
      if (!all) break;
      if (divides(front ? part(first).back() : part(first).front())) common = length;
    }
    for (Language& one : languages)
      one.name = front ? one.name.substr(common) : one.name.substr(0, one.name.size() - common);
  }
}

// Prefixes that two files continue.
std::vector<Language> language_pairs(const fs::path& folder) {
  std::map<std::string, std::size_t> counts;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file() && entry.path().has_extension()) ++counts[entry.path().stem().string()];
  }
  std::vector<Language> out;
  for (const auto& [stem, count] : counts) {
    if (count == 2) out.push_back({stem, (folder / stem).string()});
  }
  return out;
}

Result<std::vector<Language>> languages_in(std::string_view kind, const fs::path& folder, const std::string& split) {
  std::vector<Language> out;
  std::error_code error;
  if (!fs::is_directory(folder, error)) return fail(Code::not_found, "There is no folder '" + folder.string() + "'.");
  if (kind == "bitext") {
    out = language_pairs(folder);
  } else {
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_directory() && !name.starts_with('.')) out.push_back({name, entry.path().string()});
    }
    if (out.empty()) {
      for (const fs::path& file : IG_TRY(files_of(folder.string(), split)))
        out.push_back({task_name(file.string()), file.string()});
    }
  }
  std::ranges::sort(out, {}, &Language::name);
  if (out.size() < 2) {
    return fail(Code::corrupt_data, "'" + folder.string() + "' has " + counted(out.size(), "language") +
                                        "; two or more are needed: " +
                                        (kind == "bitext" ? "pairs of files PREFIX.xx and PREFIX.yy."
                                                          : "folders, or tables of the split '" + split + "'."));
  }
  shorten_names(out);
  return out;
}

// The sum over the languages of a number in their records.
void add_up(const std::string& name, std::size_t metric, const std::vector<std::vector<EvalFigure>>& of_languages,
            EvalFigure& mean) {
  if (!mean.record.contains(name)) return;
  double sum = 0;
  for (const auto& figures : of_languages) sum += std::stod(figures[metric].record.at(name));
  mean.record[name] = name.ends_with("seconds") ? std::to_string(sum) : std::to_string(std::llround(sum));
}

// Of every metric the mean over the languages, before the figures of each.
std::vector<EvalFigure> with_means(std::vector<std::vector<EvalFigure>> of_languages, const std::string& task,
                                   const std::string& names) {
  std::vector<EvalFigure> out;
  const auto count = static_cast<double>(of_languages.size());
  for (std::size_t m = 0; m < of_languages.front().size(); ++m) {
    EvalFigure mean = of_languages.front()[m];
    mean.task = task;
    mean.value = 0;
    for (const auto& figures : of_languages) mean.value += figures[m].value / count;
    mean.low = mean.high = mean.value;
    mean.n = mean.of = of_languages.size();
    mean.convention = "MTEB: mean over the languages; " + mean.convention;
    mean.record["languages"] = names;
    Sha256 data;
    for (const auto& figures : of_languages) data.update(figures[m].record.at("data"));
    mean.record["data"] = data.hex().substr(0, of_languages.front()[m].record.at("data").size());
    for (const char* single : {"language", "seconds", "metric seconds"}) mean.record.erase(single);
    for (const std::string sum : {"texts", "texts cut", "tokens"}) add_up(sum, m, of_languages, mean);
    for (const std::string sum : kTimes) add_up(sum, m, of_languages, mean);
    out.push_back(std::move(mean));
  }
  for (auto& figures : of_languages) std::ranges::move(figures, std::back_inserter(out));
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const std::size_t colon = place.find(':');
  const std::string_view kind_name = place.substr(0, std::min(colon, place.size()));
  const auto kind = std::ranges::find(task_kinds(), kind_name, &TaskKind::kind);
  if (colon == std::string_view::npos || kind == task_kinds().end() || kind->run == &run) {
    return fail(Code::invalid_argument,
                "a task multilingual: names a kind and a folder, as multilingual:sts:FOLDER, not '" +
                    std::string(place) + "'.");
  }
  const std::string folder(place.substr(colon + 1));
  const std::string task = task_name(folder);
  std::vector<std::vector<EvalFigure>> found;
  std::string names;
  for (const Language& language : IG_TRY(languages_in(kind_name, folder, options.split))) {
    IG_TRY(context.check());
    const Stopwatch watch;
    found.push_back(IG_TRY(kind->run(model, language.place, options, context)));
    add_times(watch.seconds(), found.back());
    for (EvalFigure& figure : found.back()) {
      figure.task = task + "/" + language.name;
      figure.record["language"] = language.name;
    }
    const bool alike = std::ranges::equal(found.back(), found.front(), {}, &EvalFigure::metric, &EvalFigure::metric);
    if (!alike) {
      return fail(Code::corrupt_data, "'" + language.place + "' has other figures than the first language.");
    }
    names += (names.empty() ? "" : " ") + language.name;
    context.report({"evaluate", "languages", static_cast<double>(found.size()), 0, 0});
  }
  return with_means(std::move(found), task, names);
}

}  // namespace

const TaskKind kMultilingualTask{"multilingual", "KIND:FOLDER",
                                 "a kind of task in several languages: each of them, and the mean over them first",
                                 run};

}  // namespace isogloss::evaluation
