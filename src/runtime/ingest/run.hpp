// SPDX-License-Identifier: Apache-2.0
// One index run, over files or over a document that was read elsewhere.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "isogloss/collection.hpp"
#include "runtime/ingest/walk.hpp"

namespace isogloss::runtime {

class LocalCollection;

// What becomes of the documents of a root that does not exist, or of a folder in which nothing is (what an unmounted
// disk leaves): an error for the first and removal for the second, or they are kept.
enum class AbsentRoot : std::uint8_t { refuse, keep };

struct RunRequest {
  std::span<const std::filesystem::path> roots;
  const IngestOptions& options;
  const FileSink& sink;
  AbsentRoot absent = AbsentRoot::refuse;
  Scope scope;  // what to look at
};

struct RunResult {
  IngestSummary summary;
  std::vector<FoundFolder> folders;  // that were entered
  std::vector<std::string> skipped;  // names that may be readable another time
  std::vector<std::string> absent;   // roots that were kept though they are gone or empty
};

// Error{not_found}: a root is absent and the collection has nothing of it.
Result<RunResult> run_ingest(LocalCollection& collection, RunRequest request, Context& context);

// The same for one document; `source` is its path in citations.
Result<IngestSummary> run_document(LocalCollection& collection, std::string_view name, std::string_view source,
                                   Document document, const FileSink& sink, Context& context);

}  // namespace isogloss::runtime
