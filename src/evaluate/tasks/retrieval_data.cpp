// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/retrieval_data.hpp"

#include <algorithm>
#include <charconv>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "evaluate/metrics/trec/trec.hpp"

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
    const auto [at, fresh] = out[std::string(cells[0])].try_emplace(std::string(cells[1]), relevance);
    if (!fresh && at->second != relevance) {
      return fail(Code::corrupt_data, "'" + file.string() + "' line " + std::to_string(number) + " judges document '" +
                                          at->first + "' of query '" + std::string(cells[0]) +
                                          "' a second time and otherwise; leave one of the lines out.");
    }
  }
  return out;
}

Result<Judgments> read_trec_qrels(const std::filesystem::path& file) {
  const std::string content = IG_TRY(read_file(file));
  Judgments out;
  for (const auto& query : IG_TRY(trec::parse_judgments(content, file.string(), trec::Format::judgments))) {
    auto& judged = out[std::string(query.id)];
    for (const trec::Judgment& one : query.judgments)
      judged[std::string(one.document)] = static_cast<std::int64_t>(one.level);
  }
  return out;
}

// Those with judgments, of the half that is asked for.
class QueryList {
 public:
  QueryList(Judgments judgments, const std::string& which, RetrievalTask& task)
      : judgments_(std::move(judgments)), which_(which), task_(task) {}

  // Judged queries whose text did not come.
  std::size_t missing() const { return judgments_.size(); }
  void add(std::string id, std::string text) {
    const auto found = judgments_.find(id);
    if (found == judgments_.end()) return;
    auto judged = std::move(found->second);
    judgments_.erase(found);
    ++judged_;
    if ((which_ == "odd" && judged_ % 2 == 0) || (which_ == "even" && judged_ % 2 == 1)) return;
    task_.queries.push_back({std::move(id), std::move(text), std::move(judged)});
  }

 private:
  Judgments judgments_;
  const std::string& which_;
  RetrievalTask& task_;
  std::size_t judged_ = 0;
};

Status add_queries(Judgments judgments, const std::string& which, RetrievalTask& task, Context& context) {
  const std::string name = task.query_file.string();
  const std::string content = IG_TRY(read_file(task.query_file));
  QueryList list(std::move(judgments), which, task);
  if (trim(content).starts_with('{')) {
    IG_TRY(each_json_line(content, name, [&](const Json& json, const std::string&) -> Status {
      IG_TRY(context.check());
      list.add(json["_id"].is_null() ? json["id"].as_text() : json["_id"].as_text(), json["text"].as_text());
      return {};
    }));
  } else {
    std::size_t number = 0;
    for (const std::string_view line : split(content, '\n')) {
      ++number;
      const std::size_t tab = line.find('\t');
      if (trim(line).empty()) continue;
      if (tab == std::string_view::npos) {
        return fail(Code::corrupt_data, "'" + name + "' line " + std::to_string(number) + " is not: id TAB text.");
      }
      list.add(std::string(trim(line.substr(0, tab))), std::string(trim(line.substr(tab + 1))));
    }
  }
  if (task.queries.empty()) return fail(Code::corrupt_data, "'" + name + "' has no query with judgments.");
  task.missing = list.missing();
  if (task.missing > 0) {
    context.say(LogLevel::warning,
                "judged queries without a text in '" + name + "': " + std::to_string(task.missing) + ", left out.");
  }
  const bool relevant = std::ranges::any_of(task.queries, [](const RetrievalTask::Query& query) {
    return std::ranges::any_of(query.judged, [](const auto& one) { return one.second > 0; });
  });
  if (!relevant)
    return fail(Code::corrupt_data, "No query of '" + name + "' has a relevant document, so every figure would be 0.");
  return {};
}

}  // namespace

Result<RetrievalTask> read_beir(const std::filesystem::path& folder, const std::string& split_name,
                                const std::string& which, Context& context) {
  RetrievalTask task;
  task.name = folder.filename().empty() ? folder.parent_path().filename().string() : folder.filename().string();
  task.corpus = folder / "corpus.jsonl";
  task.query_file = folder / "queries.jsonl";
  for (const auto& file : {task.corpus, task.query_file, folder / "qrels" / (split_name + ".tsv")}) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
      return fail(Code::not_found, "'" + folder.string() + "' is no BEIR folder: '" + file.string() + "' is missing.");
    }
  }
  IG_TRY(add_queries(IG_TRY(read_qrels(folder / "qrels" / (split_name + ".tsv"))), which, task, context));
  return task;
}

Result<RetrievalTask> read_trec(std::string_view place, const std::string& which, Context& context) {
  const auto files = split(place, '+');
  if (files.size() != 3) {
    return fail(Code::invalid_argument,
                "a task trec: names three files, trec:CORPUS+QUERIES+QRELS, not '" + std::string(place) + "'.");
  }
  RetrievalTask task;
  task.corpus = files[0];
  task.query_file = files[1];
  task.name = std::filesystem::path(files[2]).stem().string();
  IG_TRY(add_queries(IG_TRY(read_trec_qrels(files[2])), which, task, context));
  return task;
}

}  // namespace isogloss::evaluation
