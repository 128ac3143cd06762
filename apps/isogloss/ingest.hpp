// SPDX-License-Identifier: Apache-2.0
// What index and watch share: their flags, and how they tell of files and runs.
#pragma once

#include <string>
#include <vector>

#include "output.hpp"

namespace isogloss::cli {

// Flags of index and watch: which files, and what the collection is made with.
struct IngestFlags {
  std::string model, analyzer;
  std::vector<std::string> globs;
  std::optional<double> k1, b;
  bool no_ignore = false, hidden = false, rehash = false;
  ChunkFlags chunk;
  ReadFlags read;
  void describe(Flags& flags);
  Result<CollectionOptions> collection() const;
  Result<IngestOptions> ingest() const;
};

// Prints a line per file and a summary per run, and remembers what went wrong.
class IngestPrinter {
 public:
  explicit IngestPrinter(Program& program) : program_(program) {}
  void file(const FileReport& report);
  void summary(const IngestSummary& summary);
  // Failed and skipped files as JSON lines.
  Status write_errors(const std::string& file) const;

 private:
  void summary_json(const IngestSummary& summary);
  Program& program_;
  std::vector<FileReport> bad_;
};

// Of one run: 4 when some files failed, 1 when all did, 130 when it was interrupted.
int exit_status(const IngestSummary& summary);

}  // namespace isogloss::cli
