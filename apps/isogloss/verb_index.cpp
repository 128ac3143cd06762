// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ingest.hpp"
#include "web_page.hpp"

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
    flags.list("PATHS", paths_, "files and folders, or the address of one web page");
    flags.value("--errors", errors_, "write failed and skipped files to this JSON lines file");
    flags.value("--sql", sql_, "index rows of a database instead of files: sqlite:PATH or postgres:URL");
    flags.value("--query", query_, "the SELECT whose rows --sql indexes; one row is one text");
    flags.flag("--private-hosts", private_hosts_, "fetch a page also from an address of a private network");
    ingest_.describe(flags);
  }

  Result<int> run(Program& program) override {
    IG_TRY(check());
    const CollectionOptions options = IG_TRY(ingest_.collection());
    const IngestOptions ingest = IG_TRY(ingest_.ingest());
    if (!sql_.empty()) {  // read before the collection is made
      SqlRows rows = IG_TRY(from_flags(read_sql(sql_, query_, ingest.read, program.context)));
      return take(program, options, {std::move(rows.name), std::move(rows.source), std::move(rows.document)});
    }
    if (is_web_address(paths_.front())) {
      const PageHosts hosts = private_hosts_ ? PageHosts::all : PageHosts::public_alone;
      return take(program, options, IG_TRY(fetch_page(paths_.front(), hosts, ingest.read, program)));
    }
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, options, program.context));
    IngestPrinter printer(program);
    const FileSink sink = [&](const FileReport& report) { printer.file(report); };
    const std::vector<std::filesystem::path> roots(paths_.begin(), paths_.end());
    const IngestSummary summary = IG_TRY(collection->index(roots, ingest, sink, program.context));
    if (!errors_.empty()) IG_TRY(printer.write_errors(errors_));
    printer.summary(summary);
    return exit_status(summary);
  }

 private:
  // One document that was read elsewhere.
  Result<int> take(Program& program, const CollectionOptions& options, WebPage page) const {
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, options, program.context));
    IngestPrinter printer(program);
    const FileSink sink = [&](const FileReport& report) { printer.file(report); };
    const IngestSummary summary =
        IG_TRY(collection->index_document(page.name, page.source, std::move(page.document), sink, program.context));
    if (!errors_.empty()) IG_TRY(printer.write_errors(errors_));
    printer.summary(summary);
    return exit_status(summary);
  }

  Status check() const {
    if (sql_.empty() != query_.empty())
      return usage_error("--sql and --query go together: --sql sqlite:prices.db --query 'select ...'");
    if (!sql_.empty() && !paths_.empty())
      return usage_error("--sql indexes rows of a database; index files with a call of their own.");
    const auto pages = std::ranges::count_if(paths_, is_web_address);
    if (pages > 1 || (pages == 1 && paths_.size() > 1)) {
      return usage_error("index takes one web address at a time: " + paths_.front());
    }
    if (sql_.empty() && paths_.empty()) {
      return usage_error("index needs a file or folder: isogloss index " + collection_ + " FOLDER");
    }
    return {};
  }

  std::string collection_, errors_, sql_, query_;
  std::vector<std::string> paths_;
  bool private_hosts_ = false;
  IngestFlags ingest_;
};

}  // namespace

std::unique_ptr<Verb> make_index_verb() { return std::make_unique<IndexVerb>(); }

}  // namespace isogloss::cli
