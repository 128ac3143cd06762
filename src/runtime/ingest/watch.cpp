// SPDX-License-Identifier: Apache-2.0
// A watch = index runs over what FolderWatch says has changed, after a moment of quiet. It keeps no state of its own
// that matters: each run compares the folder with the collection, so an event too many costs a look, and whatever is in
// doubt is looked at again. What a run had to skip (a link to nowhere, a folder it may not read) is part of every later
// run, since what mends it may happen where nobody listens.
#include <algorithm>
#include <map>
#include <set>

#include "core/guard.hpp"
#include "runtime/ingest/folder_watch.hpp"
#include "runtime/ingest/run.hpp"
#include "runtime/local_collection.hpp"

namespace isogloss::runtime {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kTick{50};
constexpr std::chrono::seconds kAbsentEvery{1};      // how often a root that is gone is looked for
constexpr std::chrono::seconds kRetryAfter{5};       // when another process writes the collection
constexpr std::chrono::seconds kFallbackRescan{60};  // where the system does not let all folders be watched

class Watcher {
 public:
  Watcher(LocalCollection& collection, std::span<const fs::path> roots, const IngestOptions& options,
          const WatchOptions& watch, const FileSink& sink, const WatchSink& told, Context& context)
      : collection_(collection),
        roots_(roots),
        options_(options),
        sink_(sink),
        told_(told),
        context_(context),
        rescan_(watch.rescan),
        watch_(watch) {}

  Status run() {
    if (!watch_.once) events_.emplace(IG_TRY(FolderWatch::open()));
    pending_.add_all();
    IG_TRY(look());
    if (watch_.once) return {};
    first_run_ = false;
    while (!cancelled()) {
      const bool heard = IG_TRY(events_->wait(kTick));
      const auto now = Clock::now();
      if (heard) last_heard_ = now;
      if (heard && !first_heard_) first_heard_ = now;
      gather(now);
      if (!pending_.empty() && now >= retry_at_) IG_TRY(look());
    }
    return {};
  }

 private:
  bool cancelled() const { return context_.cancel != nullptr && context_.cancel->cancelled(); }

  // Moves what is due into pending_.
  void gather(Clock::time_point now) {
    const bool quiet = now - last_heard_ >= watch_.settle;
    if (first_heard_ && (quiet || now - *first_heard_ >= watch_.patience)) {
      pending_.add(events_->take());
      first_heard_.reset();
      for (const fs::path& folder : events_->take_lost()) {
        if (std::ranges::any_of(
                roots_, [&](const fs::path& root) { return fs::absolute(root).lexically_normal() == folder; })) {
          pending_.add_all();
        }
      }
    }
    if (rescan_.count() != 0 && now - last_rescan_ >= rescan_) pending_.add_all();
    if (!absent_.empty() && now - last_absent_ >= kAbsentEvery) {
      last_absent_ = now;
      if (std::ranges::any_of(absent_, came_back)) pending_.add_all();
    }
  }

  static bool came_back(const std::string& root) {
    std::error_code error;
    return fs::exists(root, error) && !(fs::is_directory(root, error) && fs::is_empty(root, error));
  }

  // Runs until nothing is pending: a folder that is new to the watch is looked at twice.
  Status look() {
    while (!pending_.empty() && !cancelled()) {
      Scope scope = std::exchange(pending_, {});
      if (scope.is_all()) {
        last_rescan_ = Clock::now();
        IG_TRY(watch_all());
      }
      for (const std::string& name : skipped_) scope.add(name);
      const Scope again = scope;
      auto result =
          run_ingest(collection_, {roots_, options_, quiet_sink(), AbsentRoot::keep, std::move(scope)}, context_);
      if (!result && result.error().code == Code::unavailable && !watch_.once) {
        told_({result.error().message + " The watch tries again.", std::nullopt});
        pending_.add(again);
        retry_at_ = Clock::now() + kRetryAfter;
        return {};
      }
      IG_TRY(take(IG_TRY(std::move(result)), again));
    }
    return {};
  }

  // Every folder of the roots, before a run looks at all of them.
  Status watch_all() {
    if (!events_) return {};
    const Roots roots = resolve_roots(roots_);
    auto found = walk(roots.present, options_, everything(), context_);
    if (!found) return found.error().code == Code::cancelled ? Status() : Status(std::unexpected(found.error()));
    for (const FoundFolder& folder : found->folders) IG_TRY(listen(folder));
    for (const Root& root : roots.present) {
      if (!root.folder) IG_TRY(listen({"", root.path.parent_path()}));
    }
    return {};
  }

  static Scope everything() {
    Scope scope;
    scope.add_all();
    return scope;
  }

  // True: the folder is new to the watch.
  Result<bool> listen(const FoundFolder& folder) {
    const auto added = events_->add(folder);
    if (added || added.error().code != Code::exhausted) return added;
    if (rescan_.count() == 0) {
      rescan_ = kFallbackRescan;
      told_({added.error().message + " Until then every file is looked at each minute.", std::nullopt});
    }
    return false;
  }

  Status take(RunResult result, const Scope& scope) {
    std::erase_if(skipped_, [&](const std::string& name) { return scope.covers(name); });
    skipped_.insert(result.skipped.begin(), result.skipped.end());
    if (events_) {
      for (const FoundFolder& folder : result.folders) {
        if (IG_TRY(listen(folder))) pending_.add(folder.name);
      }
    }
    tell_absent(std::move(result.absent));
    const IngestSummary& s = result.summary;
    if (first_run_ || s.added + s.updated + s.removed + s.failed != 0 || s.interrupted) told_({"", s});
    first_run_ = false;
    return {};
  }

  void tell_absent(std::vector<std::string> absent) {
    for (const std::string& root : absent) {
      if (std::ranges::find(absent_, root) != absent_.end()) continue;
      told_({"'" + root + "' is gone or empty; the collection keeps what it has of it." +
                 (watch_.once ? "" : " The watch waits for it to come back."),
             std::nullopt});
    }
    for (const std::string& root : absent_) {
      if (std::ranges::find(absent, root) == absent.end()) told_({"'" + root + "' is back.", std::nullopt});
    }
    absent_ = std::move(absent);
  }

  // Tells of a skipped file once, and of unchanged ones in the first run alone.
  const FileSink& quiet_sink() {
    if (!quiet_sink_) {
      quiet_sink_ = [this](const FileReport& report) {
        if (report.status == FileStatus::unchanged && !first_run_) return;
        if (report.status == FileStatus::skipped) {
          if (std::exchange(told_skipped_[report.name], report.reason) == report.reason) return;
        } else {
          told_skipped_.erase(report.name);
        }
        if (sink_) sink_(report);
      };
    }
    return quiet_sink_;
  }

  LocalCollection& collection_;
  std::span<const fs::path> roots_;
  const IngestOptions& options_;
  const FileSink& sink_;
  const WatchSink& told_;
  Context& context_;
  std::chrono::seconds rescan_;
  const WatchOptions& watch_;
  std::optional<FolderWatch> events_;  // none: one run
  FileSink quiet_sink_;
  Scope pending_;
  std::set<std::string> skipped_;                    // by the runs so far
  std::map<std::string, std::string> told_skipped_;  // name -> reason
  std::vector<std::string> absent_;
  bool first_run_ = true;
  std::optional<Clock::time_point> first_heard_;  // of what is not yet pending
  Clock::time_point last_heard_, last_rescan_ = Clock::now(), last_absent_, retry_at_;
};

}  // namespace

Status LocalCollection::watch(std::span<const std::filesystem::path> roots, const IngestOptions& options,
                              const WatchOptions& watch, const FileSink& sink, const WatchSink& told,
                              Context& context) {
  return guard([&] { return Watcher(*this, roots, options, watch, sink, told, context).run(); });
}

}  // namespace isogloss::runtime
