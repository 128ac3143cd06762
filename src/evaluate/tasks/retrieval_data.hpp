// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

// A retrieval task.
struct RetrievalTask {
  std::string name;
  std::filesystem::path corpus, query_file;
  struct Query {
    std::string id, text;
    std::map<std::string, std::int64_t, std::less<>> judged;
  };
  std::size_t missing = 0;     // judged queries without a text
  std::vector<Query> queries;  // those with judgments in the split, in order of the file
};

// BEIR's layout: corpus.jsonl {_id,title,text}, queries.jsonl {_id,text}, qrels/SPLIT.tsv with a header line (query-id,
// corpus-id, score). A document judged twice is an error when the two differ, and so is a task without any relevant
// document; judged queries without a text are left out with a warning. Errors name the file and line. `which`: "all",
// "odd", "even" by position among the judged queries, from 1.
Result<RetrievalTask> read_beir(const std::filesystem::path& folder, const std::string& split, const std::string& which,
                                Context& context);
// Files of one's own, "CORPUS+QUERIES+QRELS": a table or JSON lines whose rows have ids; queries as JSON lines
// {_id,text} or lines ID TAB TEXT; judgments as trec_eval reads them, "query iteration document relevance".
Result<RetrievalTask> read_trec(std::string_view place, const std::string& which, Context& context);

}  // namespace isogloss::evaluation
