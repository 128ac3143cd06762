// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/beir.hpp"

#include <charconv>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace isogloss::evaluation {
namespace {

using Judgments = std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>>;

Result<Judgments> read_qrels(const std::filesystem::path& file) {
  const std::string content = IG_TRY(read_file(file));
  Judgments out;
  std::size_t number = 0;
  for (const std::string_view raw : split(content, '\n')) {
    const std::string_view line = trim(raw);
    if (++number == 1 || line.empty()) continue;  // the header
    const auto cells = split(line, '\t');
    std::int64_t relevance = 0;
    const bool good = cells.size() == 3 &&
                      std::from_chars(cells[2].data(), cells[2].data() + cells[2].size(), relevance).ec == std::errc();
    if (!good) {
      return fail(Code::corrupt_data, "'" + file.string() + "' line " + std::to_string(number) +
                                          " is not query-id TAB corpus-id TAB score.");
    }
    out[std::string(cells[0])][std::string(cells[1])] = relevance;
  }
  return out;
}

}  // namespace

Result<BeirTask> read_beir(const std::filesystem::path& folder, const std::string& split_name, const std::string& which,
                           Context& context) {
  BeirTask task;
  task.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  task.corpus = folder / "corpus.jsonl";
  for (const auto& file : {task.corpus, folder / "queries.jsonl", folder / "qrels" / (split_name + ".tsv")}) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      return fail(Code::not_found, "'" + folder.string() + "' is no BEIR folder: '" + file.string() + "' is missing.");
    }
  }
  Judgments judgments = IG_TRY(read_qrels(folder / "qrels" / (split_name + ".tsv")));
  const std::filesystem::path queries = folder / "queries.jsonl";
  const std::string content = IG_TRY(read_file(queries));
  std::size_t judged = 0;
  IG_TRY(each_json_line(content, queries.string(), [&](const Json& json, const std::string&) -> Status {
    IG_TRY(context.check());
    BeirTask::Query query{json["_id"].as_text(), json["text"].as_text(), {}};
    const auto found = judgments.find(query.id);
    if (found == judgments.end()) return {};
    ++judged;
    if ((which == "odd" && judged % 2 == 0) || (which == "even" && judged % 2 == 1)) return {};
    query.judged = std::move(found->second);
    task.queries.push_back(std::move(query));
    return {};
  }));
  if (task.queries.empty()) return fail(Code::corrupt_data, "'" + folder.string() + "' has no query with judgments.");
  return task;
}

}  // namespace isogloss::evaluation
