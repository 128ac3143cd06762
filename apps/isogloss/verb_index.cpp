// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "core/json.hpp"
#include "core/text.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class IndexVerb final : public Verb {
 public:
  std::string_view name() const override { return "index"; }
  std::string_view alias() const override { return "add"; }
  std::string_view summary() const override { return "read, chunk and index files and folders into a collection"; }
  std::string_view examples() const override {
    return "  isogloss index docs ./handbook\n"
           "  isogloss index docs ./handbook -g '**/*.md' --chunk section\n"
           "  isogloss index products products.csv --text-field name --text-field description --id-field sku\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.list("PATHS", paths_, "files and folders");
    flags.value("-m,--model", model_, "model for the vectors: fit:lsa (default), a model folder, none");
    flags.value("-g,--glob", globs_, "only files that match, as '**/*.{md,txt}' (repeat for several)");
    flags.value("--analyzer", analyzer_, "words of lexical search: english (default), simple, german ...");
    flags.value("--k1", k1_, "BM25: how fast repeated words saturate");
    flags.value("--b", b_, "BM25: how much long texts are held back, 0..1");
    flags.value("--errors", errors_, "write failed and skipped files to this JSON lines file");
    flags.flag("--no-ignore", no_ignore_, "do not honour .gitignore and .isoglossignore");
    flags.flag("--hidden", hidden_, "also files whose names begin with a dot");
    flags.flag("--rehash", rehash_, "read every file again instead of trusting size and time");
    chunk_.describe(flags);
    read_.describe(flags);
  }

  Result<int> run(Program& program) override {
    if (paths_.empty()) return usage_error("index needs a file or folder: isogloss index " + collection_ + " FOLDER");
    CollectionOptions options;
    options.model = model_;
    options.analyzer = analyzer_;
    options.k1 = k1_;
    options.b = b_;
    options.chunk = IG_TRY(chunk_.options());
    IngestOptions ingest;
    ingest.globs = globs_;
    ingest.use_ignore_files = !no_ignore_;
    ingest.hidden = hidden_;
    ingest.rehash = rehash_;
    ingest.read = IG_TRY(read_.options());
    const std::vector<std::filesystem::path> roots(paths_.begin(), paths_.end());
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, options, program.context));
    const FileSink sink = [&](const FileReport& report) { tell(program, report); };
    const IngestSummary summary = IG_TRY(collection->index(roots, ingest, sink, program.context));
    if (!errors_.empty()) IG_TRY(write_errors());
    print_summary(program, summary);
    if (summary.interrupted) return code_exit_status(Code::cancelled);
    const std::size_t good = summary.added + summary.updated + summary.unchanged;
    if (summary.failed > 0) return good == 0 ? kFailed : kSomeFailed;
    return kDone;
  }

 private:
  void tell(Program& program, const FileReport& report) {
    const bool bad = report.status == FileStatus::failed || report.status == FileStatus::skipped;
    if (bad) errors_found_.push_back(report);
    if (program.flags.json) {
      std::string line;
      JsonWriter json(line);
      json.begin_object().field("path", report.name).field("status", file_status_name(report.status));
      json.field("chunks", static_cast<std::uint64_t>(report.chunks)).field("reason", report.reason).end_object();
      program.line(std::move(line));
    } else if (!program.flags.quiet || bad) {
      if (report.status == FileStatus::unchanged && !program.flags.verbose) return;
      std::string line(file_status_name(report.status));
      line.resize(10, ' ');
      line += report.name;
      if (report.chunks != 0) line += "  " + counted(report.chunks, "chunk");
      if (!report.reason.empty()) line += "  (" + report.reason + ")";
      bad ? program.warn(line) : program.line(std::move(line));
    }
  }

  Status write_errors() const {
    std::string text;
    for (const FileReport& report : errors_found_) {
      JsonWriter json(text);
      json.begin_object().field("path", report.name).field("status", file_status_name(report.status));
      json.field("reason", report.reason).end_object();
      text += '\n';
    }
    std::FILE* file = std::fopen(errors_.c_str(), "w");
    if (file == nullptr) return fail(Code::io, "cannot write '" + errors_ + "'.");
    const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    return std::fclose(file) == 0 && whole ? Status() : fail(Code::io, "cannot write '" + errors_ + "'.");
  }

  void print_summary(Program& program, const IngestSummary& s) const {
    if (program.flags.json) {
      std::string line;
      JsonWriter json(line);
      const auto count = [&](std::string_view key, std::uint64_t v) { json.field(key, v); };
      json.begin_object().key("summary").begin_object();
      count("added", s.added), count("updated", s.updated), count("unchanged", s.unchanged), count("removed", s.removed);
      count("skipped", s.skipped), count("failed", s.failed), count("chunks", s.chunks), count("bytes", s.bytes);
      json.field("unit", s.unit);
      count("units_min", s.units_min), count("units_median", s.units_median), count("units_max", s.units_max);
      json.field("seconds", s.seconds).field("interrupted", s.interrupted).field("space", s.space_note);
      json.end_object().end_object();
      program.line(std::move(line));
      return;
    }
    std::string text;
    const auto part = [&](std::size_t n, const char* what) {
      if (n > 0) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + what;
    };
    part(s.added, "added"), part(s.updated, "updated"), part(s.unchanged, "unchanged"), part(s.removed, "removed");
    part(s.skipped, "skipped"), part(s.failed, "failed");
    program.note((text.empty() ? "nothing to index" : text) + " in " + fixed(s.seconds, 2) + " s");
    if (s.chunks > 0) {
      program.note(counted(s.chunks, "chunk") + " of " + std::to_string(s.units_min) + " to " + std::to_string(s.units_max) +
                   " " + s.unit + " (median " + std::to_string(s.units_median) + ")");
    }
    if (!s.space_note.empty()) program.note(s.space_note);
    if (s.interrupted) program.warn("interrupted; what is listed is stored. Run the same command again to go on.");
  }

  std::string collection_, model_, analyzer_, errors_;
  std::vector<std::string> paths_, globs_;
  std::optional<double> k1_, b_;
  bool no_ignore_ = false, hidden_ = false, rehash_ = false;
  ChunkFlags chunk_;
  ReadFlags read_;
  std::vector<FileReport> errors_found_;
};

}  // namespace

std::unique_ptr<Verb> make_index_verb() { return std::make_unique<IndexVerb>(); }

}  // namespace isogloss::cli
