// SPDX-License-Identifier: Apache-2.0
#include "ingest.hpp"

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace isogloss::cli {

void IngestFlags::describe(Flags& flags) {
  flags.value("-m,--model", model, "model for the vectors: fit:lsa (default), a model folder, none");
  flags.value("-g,--glob", globs, "only files that match, as '**/*.{md,txt}' (repeat for several)");
  flags.value("--analyzer", analyzer, "words of lexical search: english (default), simple, german ...");
  flags.value("--k1", k1, "BM25: how fast repeated words saturate");
  flags.value("--b", b, "BM25: how much long texts are held back, 0..1");
  flags.flag("--no-ignore", no_ignore, "do not honour .gitignore and .isoglossignore");
  flags.flag("--hidden", hidden, "also files whose names begin with a dot");
  flags.flag("--rehash", rehash, "read every file again instead of trusting size and time");
  chunk.describe(flags);
  read.describe(flags);
}

Result<CollectionOptions> IngestFlags::collection() const {
  CollectionOptions options;
  options.model = model;
  options.analyzer = analyzer;
  options.k1 = k1;
  options.b = b;
  options.chunk = IG_TRY(chunk.options());
  return options;
}

Result<IngestOptions> IngestFlags::ingest() const {
  IngestOptions options;
  options.globs = globs;
  options.use_ignore_files = !no_ignore;
  options.hidden = hidden;
  options.rehash = rehash;
  options.read = IG_TRY(read.options());
  return options;
}

void IngestPrinter::file(const FileReport& report) {
  const bool bad = report.status == FileStatus::failed || report.status == FileStatus::skipped;
  if (bad) bad_.push_back(report);
  if (program_.flags.json) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().field("path", report.name).field("status", file_status_name(report.status));
    json.field("chunks", static_cast<std::uint64_t>(report.chunks)).field("reason", report.reason);
    if (!report.type.empty()) {
      json.field("type", report.type).field("characters", static_cast<std::uint64_t>(report.characters));
      json.field("pages", static_cast<std::uint64_t>(report.pages))
          .field("units", static_cast<std::uint64_t>(report.units));
      json.field("seconds", report.seconds);
    }
    json.end_object();
    program_.line(std::move(line));
  } else if (!program_.flags.quiet || bad) {
    if (report.status == FileStatus::unchanged && !program_.flags.verbose) return;
    std::string line(file_status_name(report.status));
    line.resize(10, ' ');
    line += report.name;
    if (report.chunks != 0) line += "  " + counted(report.chunks, "chunk");
    if (program_.flags.verbose && !report.type.empty()) {
      line += "  " + report.type + ", " + counted(report.characters, "character");
      if (report.pages != 0) line += ", " + counted(report.pages, "page");
      line += ", " + std::to_string(report.units) + " units, " + fixed(report.seconds, 3) + " s";
    }
    if (!report.reason.empty()) line += "  (" + report.reason + ")";
    bad ? program_.warn(line) : program_.line(std::move(line));
  }
}

Status IngestPrinter::write_errors(const std::string& file) const {
  std::string text;
  for (const FileReport& report : bad_) {
    JsonWriter json(text);
    json.begin_object().field("path", report.name).field("status", file_status_name(report.status));
    json.field("reason", report.reason).end_object();
    text += '\n';
  }
  return write_file(file, text);
}

void IngestPrinter::summary_json(const IngestSummary& s) {
  std::string line;
  JsonWriter json(line);
  const auto count = [&](std::string_view key, std::uint64_t v) { json.field(key, v); };
  json.begin_object().key("summary").begin_object();
  count("added", s.added), count("updated", s.updated), count("unchanged", s.unchanged), count("removed", s.removed);
  count("skipped", s.skipped), count("failed", s.failed), count("chunks", s.chunks), count("bytes", s.bytes);
  json.field("unit", s.unit);
  count("units_min", s.units_min), count("units_median", s.units_median), count("units_max", s.units_max);
  json.field("seconds", s.seconds).field("interrupted", s.interrupted).field("space", s.space_note);
  count("units", s.units), count("kept_vectors", s.kept_vectors);
  json.end_object().end_object();
  program_.line(std::move(line));
}

void IngestPrinter::summary(const IngestSummary& s) {
  if (program_.flags.json) return summary_json(s);
  std::string text;
  const auto part = [&](std::size_t n, const char* what) {
    if (n > 0) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + what;
  };
  part(s.added, "added"), part(s.updated, "updated"), part(s.unchanged, "unchanged"), part(s.removed, "removed");
  part(s.skipped, "skipped"), part(s.failed, "failed");
  program_.note((text.empty() ? "nothing to index" : text) + " in " + fixed(s.seconds, 2) + " s");
  if (s.chunks > 0) {
    program_.note(counted(s.chunks, "chunk") + " of " + std::to_string(s.units_min) + " to " +
                  std::to_string(s.units_max) + " " + s.unit + " (median " + std::to_string(s.units_median) + ")");
  }
  if (s.kept_vectors > 0) program_.note(counted(s.kept_vectors, "vector") + " kept from equal texts");
  if (!s.space_note.empty()) program_.note(s.space_note);
  if (s.interrupted) program_.warn("interrupted; what is listed is stored. Run the same command again to go on.");
}

int exit_status(const IngestSummary& summary) {
  if (summary.interrupted) return code_exit_status(Code::cancelled);
  const std::size_t good = summary.added + summary.updated + summary.unchanged;
  if (summary.failed > 0) return good == 0 ? kFailed : kSomeFailed;
  return kDone;
}

}  // namespace isogloss::cli
