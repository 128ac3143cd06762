// SPDX-License-Identifier: Apache-2.0
// Figures as MTEB keeps them (mteb 2.26, results/task_result.py): RESULTS/MODEL/REVISION/TASK.json with the scores of a
// split, its own names for metrics, and model_meta.json beside them.
#include <cstdlib>
#include <ctime>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "2.26.24";  // of mteb, whose reader takes these files

// "ndcg@10" -> "ndcg_at_10"; correlations are those of the cosine unless they say otherwise.
std::string mteb_metric(const EvalFigure& figure) {
  std::string name = figure.metric;
  if (const std::size_t at = name.find('@'); at != std::string::npos) name.replace(at, 1, "_at_");
  if (figure.metric == "spearman" || figure.metric == "pearson") name = "cosine_" + name;
  return name;
}

std::string in_record(const EvalFigure& figure, const std::string& name, std::string otherwise = {}) {
  const auto found = figure.record.find(name);
  return found == figure.record.end() ? otherwise : found->second;
}

// Names become one folder each, as MTEB's do: ORG/NAME -> ORG__NAME.
std::string folder_name(std::string name) {
  while (name.ends_with('/')) name.pop_back();
  std::string out;
  for (const char c : fs::path(name).is_absolute() ? fs::path(name).filename().string() : name) {
    if (c == '/')
      out += "__";
    else
      out += c;
  }
  return out;
}

// The task of a figure; of one language of several it is before the slash.
std::string task_of(const EvalFigure& figure) {
  const std::string language = in_record(figure, "language");
  return language.empty() ? figure.task : figure.task.substr(0, figure.task.size() - language.size() - 1);
}

// A subset is one language, "default" where there is one only. Means over languages are left to MTEB's reader.
std::string task_json(std::span<const EvalFigure> figures) {
  std::string out;
  JsonWriter json(out);
  const EvalFigure& first = figures.front();
  json.begin_object().field("dataset_revision", in_record(first, "data", "1")).field("task_name", task_of(first));
  json.field("mteb_version", kFormat).key("scores").begin_object();
  json.key(in_record(first, "split", "test")).begin_array();
  for (std::size_t begin = 0, end = 0; begin < figures.size(); begin = end) {
    const EvalFigure& one = figures[begin];
    while (end < figures.size() && figures[end].task == one.task) ++end;
    if (one.record.contains("languages")) continue;
    json.begin_object();
    for (const EvalFigure& figure : figures.subspan(begin, end - begin)) json.field(mteb_metric(figure), figure.value);
    json.field("main_score", one.value).field("hf_subset", in_record(one, "language", "default"));
    json.key("languages").begin_array().end_array().end_object();
  }
  json.end_array().end_object();
  json.field("evaluation_time", std::strtod(in_record(first, "seconds", "0").c_str(), nullptr));
  json.key("kg_co2_emissions").null().field("date", utc_text(std::time(nullptr))).end_object();
  return out + "\n";
}

std::string model_json(const EvalFigure& figure, const std::string& revision) {
  std::string out;
  JsonWriter json(out);
  const auto number = [&](const char* name) {
    return static_cast<std::int64_t>(std::strtoll(in_record(figure, name, "0").c_str(), nullptr, 10));
  };
  json.begin_object().field("name", figure.model).field("revision", revision).key("release_date").null();
  json.key("languages").null().field("embed_dim", number("dimension"));
  json.field("max_tokens", number("window"));
  json.field("similarity_fn_name", "cosine").key("framework").begin_array().value("isogloss").end_array();
  json.key("isogloss").begin_object();
  for (const auto& [name, value] : figure.record) json.field(name, value);
  json.end_object().end_object();
  return out + "\n";
}

}  // namespace

Status write_mteb_results(const fs::path& folder, std::span<const EvalFigure> figures) {
  for (std::size_t begin = 0, end = 0; begin < figures.size(); begin = end) {
    const EvalFigure& first = figures[begin];
    for (end = begin;
         end < figures.size() && figures[end].model == first.model && task_of(figures[end]) == task_of(first);)
      ++end;
    const std::string revision = in_record(first, "space", "no_revision_available").substr(0, 40);
    const fs::path place = folder / folder_name(first.model) / revision;
    std::error_code failed;
    fs::create_directories(place, failed);
    if (failed) return fail(Code::io, "cannot make '" + place.string() + "': " + failed.message());
    IG_TRY(write_file(place / (folder_name(task_of(first)) + ".json"), task_json(figures.subspan(begin, end - begin))));
    IG_TRY(write_file(place / "model_meta.json", model_json(first, revision)));
  }
  return {};
}

}  // namespace isogloss
