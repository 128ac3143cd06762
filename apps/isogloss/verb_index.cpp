// SPDX-License-Identifier: Apache-2.0
#include "ingest.hpp"

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
           "  isogloss index products products.csv --text-field name --text-field description --id-field sku\n"
           "  isogloss index stocks --sql sqlite:prices.db --query \"select * from prices\"\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.list("PATHS", paths_, "files and folders");
    flags.value("--errors", errors_, "write failed and skipped files to this JSON lines file");
    flags.value("--sql", sql_, "index rows of a database instead of files: sqlite:PATH");
    flags.value("--query", query_, "the SELECT whose rows --sql indexes; one row is one text");
    ingest_.describe(flags);
  }

  Result<int> run(Program& program) override {
    IG_TRY(check());
    const CollectionOptions options = IG_TRY(ingest_.collection());
    const IngestOptions ingest = IG_TRY(ingest_.ingest());
    std::optional<SqlRows> rows;  // before the collection is made
    if (!sql_.empty()) rows = IG_TRY(from_flags(read_sql(sql_, query_, ingest.read, program.context)));
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, options, program.context));
    IngestPrinter printer(program);
    const FileSink sink = [&](const FileReport& report) { printer.file(report); };
    const std::vector<std::filesystem::path> roots(paths_.begin(), paths_.end());
    const IngestSummary summary = IG_TRY(
        rows ? collection->index_document(rows->name, rows->source, std::move(rows->document), sink, program.context)
             : collection->index(roots, ingest, sink, program.context));
    if (!errors_.empty()) IG_TRY(printer.write_errors(errors_));
    printer.summary(summary);
    return exit_status(summary);
  }

 private:
  Status check() const {
    if (sql_.empty() != query_.empty())
      return usage_error("--sql and --query go together: --sql sqlite:prices.db --query 'select ...'");
    if (!sql_.empty() && !paths_.empty())
      return usage_error("--sql indexes rows of a database; index files with a call of their own.");
    if (sql_.empty() && paths_.empty()) {
      return usage_error("index needs a file or folder: isogloss index " + collection_ + " FOLDER");
    }
    return {};
  }

  std::string collection_, errors_, sql_, query_;
  std::vector<std::string> paths_;
  IngestFlags ingest_;
};

}  // namespace

std::unique_ptr<Verb> make_index_verb() { return std::make_unique<IndexVerb>(); }

}  // namespace isogloss::cli
