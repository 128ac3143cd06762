// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "ingest.hpp"

namespace isogloss::cli {
namespace {

class WatchVerb final : public Verb {
 public:
  std::string_view name() const override { return "watch"; }
  std::string_view summary() const override { return "keep a collection equal to folders while they change"; }
  std::string_view examples() const override {
    return "  isogloss watch docs ./handbook\n"
           "  isogloss watch docs ./handbook --once\n"
           "  isogloss watch docs /mnt/share --rescan 300 --json\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'; made when it is not there");
    flags.list("PATHS", paths_, "files and folders");
    flags.flag("--once", once_, "bring the collection in line and end, for cron");
    flags.value("--settle", settle_, "milliseconds of quiet to wait for after a change");
    flags.value("--rescan", rescan_,
                "seconds after which every file is looked at as well, for shares over a network; 0 = never");
    ingest_.describe(flags);
  }

  Result<int> run(Program& program) override {
    if (paths_.empty()) return usage_error("watch needs a folder: isogloss watch " + collection_ + " FOLDER");
    const CollectionOptions options = IG_TRY(ingest_.collection());
    const IngestOptions ingest = IG_TRY(ingest_.ingest());
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, options, program.context));
    IngestPrinter printer(program);
    WatchOptions watch;
    watch.once = once_;
    watch.settle = std::chrono::milliseconds(settle_);
    watch.rescan = std::chrono::seconds(rescan_);
    int status = kDone;
    bool first = true;
    const FileSink sink = [&](const FileReport& report) { printer.file(report); };
    const WatchSink told = [&](const WatchReport& report) {
      if (!report.note.empty()) note(program, report.note);
      if (!report.summary) return;
      printer.summary(*report.summary);
      status = exit_status(*report.summary);
      if (!once_ && std::exchange(first, false) && !report.summary->interrupted)
        program.note("watching; Ctrl-C ends it");
    };
    const std::vector<std::filesystem::path> roots(paths_.begin(), paths_.end());
    IG_TRY(collection->watch(roots, ingest, watch, sink, told, program.context));
    return once_ || status == code_exit_status(Code::cancelled) ? status : kDone;
  }

 private:
  static void note(Program& program, const std::string& text) {
    if (!program.flags.json) return program.warn(text);
    std::string line;
    JsonWriter(line).begin_object().field("note", text).end_object();
    program.line(std::move(line));
  }

  std::string collection_;
  std::vector<std::string> paths_;
  std::size_t settle_ = 300, rescan_ = 0;
  bool once_ = false;
  IngestFlags ingest_;
};

}  // namespace

std::unique_ptr<Verb> make_watch_verb() { return std::make_unique<WatchVerb>(); }

}  // namespace isogloss::cli
