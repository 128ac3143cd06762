// SPDX-License-Identifier: Apache-2.0
// An index run: walk, then batch by batch read + chunk + analyse (in parallel), embed, commit, report. A batch is bounded
// in bytes, so memory is too; commits follow the order of the walk, and a file is reported after it is durable. Cancel is
// looked at between files; what was committed stays, and the next run finds it unchanged.
#include <algorithm>
#include <map>
#include <set>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "runtime/ingest/glob.hpp"
#include "runtime/ingest/walk.hpp"
#include "runtime/local_collection.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::uint64_t kBatchBytes = std::uint64_t{16} << 20;  // of files; text, terms and vectors are about 3 times that
constexpr std::size_t kBatchFiles = 256;

// One file on its way through the stages.
struct Item {
  const FoundFile* file = nullptr;
  std::optional<DocumentState> known;  // as stored
  DocumentPut put;
  FileReport report;
  bool touched = false;  // same content, new times
};

class Run {
 public:
  Run(LocalCollection& collection, const IngestOptions& options, const FileSink& sink, Context& context)
      : collection_(collection), options_(options), sink_(sink), context_(context) {}

  Result<IngestSummary> run(std::span<const std::filesystem::path> roots) {
    const auto start = std::chrono::steady_clock::now();
    const Status status = all(roots);
    if (!status && status.error().code != Code::cancelled) return fail(status.error());
    summary_.interrupted = !status;
    summary_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    finish_units();
    return summary_;
  }

 private:
  Status all(std::span<const std::filesystem::path> roots) {
    walk_ = IG_TRY(walk(roots, options_, context_));
    for (DocumentState& state : IG_TRY(collection_.store().documents())) {
      std::string name = state.name;
      known_.emplace(std::move(name), std::move(state));
    }
    for (const FileReport& report : walk_.skipped) tell(report);
    IG_TRY(take_files());
    IG_TRY(remove_vanished());
    summary_.space_note = IG_TRY(collection_.refresh_space(context_));
    return collection_.store().flush(context_);
  }

  void tell(const FileReport& report) {
    switch (report.status) {
      case FileStatus::added: ++summary_.added; break;
      case FileStatus::updated: ++summary_.updated; break;
      case FileStatus::unchanged: ++summary_.unchanged; break;
      case FileStatus::removed: ++summary_.removed; break;
      case FileStatus::skipped: ++summary_.skipped; break;
      case FileStatus::failed: ++summary_.failed; break;
    }
    if (sink_) sink_(report);
  }

  bool looks_unchanged(const FoundFile& file, const DocumentState& state) const {
    return !options_.rehash && state.size == file.stamp.size && state.mtime_ns == file.stamp.mtime_ns &&
           state.inode == file.stamp.inode && state.path == file.path.string();
  }

  Status take_files() {
    std::vector<Item> batch;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < walk_.files.size(); ++i) {
      const FoundFile& file = walk_.files[i];
      const auto state = known_.find(file.name);
      Item item;
      item.file = &file;
      item.report.name = file.name;
      if (state != known_.end()) item.known = state->second;
      if (item.known && looks_unchanged(file, *item.known)) {
        item.report.status = FileStatus::unchanged;
        item.report.chunks = static_cast<std::size_t>(item.known->chunks);
      } else {
        bytes += file.stamp.size;
      }
      batch.push_back(std::move(item));
      if (bytes >= kBatchBytes || batch.size() >= kBatchFiles || i + 1 == walk_.files.size()) {
        IG_TRY(take_batch(batch));
        batch.clear();
        bytes = 0;
        context_.report({"index", "files", static_cast<double>(i + 1), static_cast<double>(walk_.files.size()), 0});
      }
    }
    return {};
  }

  Status take_batch(std::vector<Item>& batch) {
    IG_TRY(context_.check());
    parallel_for(context_, batch.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        if (batch[i].report.status != FileStatus::unchanged) prepare(batch[i]);
      }
    });
    IG_TRY(context_.check());
    std::vector<DocumentPut> puts;
    std::vector<DocumentState> touched;
    for (Item& item : batch) {
      if (item.touched) touched.push_back(item.put.state);
      if (item.report.status != FileStatus::added && item.report.status != FileStatus::updated) continue;
      IG_TRY(collection_.embed_chunks(item.put, context_));
      for (const Chunk& chunk : item.put.chunks) units_.push_back(chunk.units);
      summary_.chunks += item.put.chunks.size();
      summary_.bytes += item.put.state.size;
      puts.push_back(std::move(item.put));
    }
    IG_TRY(put_all(puts, batch));
    if (!touched.empty()) IG_TRY(collection_.store().touch(touched, context_));
    for (const Item& item : batch) tell(item.report);
    return {};
  }

  // One transaction for the batch; when one document makes it fail, each gets one of its own, so that it fails alone.
  Status put_all(std::vector<DocumentPut>& puts, std::vector<Item>& batch) {
    if (puts.empty()) return {};
    const Status together = collection_.put(puts, context_);
    if (together || together.error().code != Code::invalid_argument) return together;
    for (DocumentPut& put : puts) {
      const Status alone = collection_.put({&put, 1}, context_);
      if (alone) continue;
      if (alone.error().code != Code::invalid_argument) return alone;
      const auto item = std::find_if(batch.begin(), batch.end(), [&](const Item& i) { return i.report.name == put.state.name; });
      item->report.status = FileStatus::failed;
      item->report.chunks = 0;
      item->report.reason = alone.error().message;
    }
    return {};
  }

  // Reads, chunks and analyses one file; runs on any thread.
  void prepare(Item& item) {
    const Status status = guard([&]() -> Status {
      Context mine = context_;
      mine.progress = nullptr;
      const FoundFile& file = *item.file;
      DocumentState& state = item.put.state;
      state = {file.name, file.path.string(), file.root, "", file.stamp.size, file.stamp.mtime_ns, file.stamp.inode, 0};
      state.hash = sha256_hex(IG_TRY(read_file(file.path, options_.read.max_size)));
      if (item.known && item.known->hash == state.hash && !state.hash.empty()) {
        item.report.status = FileStatus::unchanged;
        item.report.chunks = static_cast<std::size_t>(item.known->chunks);
        item.touched = true;
        return {};
      }
      item.put.document = IG_TRY(read_document(file.path, options_.read, mine));
      return cut(item);
    });
    if (status) return;
    item.report.status = FileStatus::failed;
    item.report.reason = status.error().message;
  }

  Status cut(Item& item) {
    DocumentPut& put = item.put;
    put.chunks = IG_TRY(chunk_document(put.document, collection_.settings().chunk, word_units()));
    put.terms.resize(put.chunks.size());
    for (std::size_t i = 0; i < put.chunks.size(); ++i) {
      collection_.analyse(chunk_text(put.document, put.chunks[i]), put.terms[i]);
    }
    item.report.status = item.known ? FileStatus::updated : FileStatus::added;
    item.report.chunks = put.chunks.size();
    if (put.chunks.empty()) item.report.reason = "no text";
    for (const std::string& note : put.document.notes) {
      item.report.reason += (item.report.reason.empty() ? "" : "; ") + note;
    }
    return {};
  }

  // Documents of the walked roots that the walk no longer finds, as far as the globs cover them.
  Status remove_vanished() {
    std::set<std::string_view> present;
    for (const FoundFile& file : walk_.files) present.insert(file.name);
    for (const FileReport& skipped : walk_.skipped) present.insert(skipped.name);
    std::vector<std::string> gone;
    for (const auto& [name, state] : known_) {
      const bool ours = std::find(walk_.roots.begin(), walk_.roots.end(), state.root) != walk_.roots.end();
      const bool unseen = std::any_of(walk_.unseen.begin(), walk_.unseen.end(),
                                      [&, &document = name](const auto& folder) { return document.starts_with(folder); });
      if (!ours || unseen || present.contains(name)) continue;
      const std::string relative = std::filesystem::path(state.path).lexically_relative(state.root).generic_string();
      const bool covered = options_.globs.empty() || std::any_of(options_.globs.begin(), options_.globs.end(),
                                                                 [&](const auto& g) { return glob_match(g, relative); });
      if (covered) gone.push_back(name);
    }
    if (gone.empty()) return {};
    IG_TRY(collection_.store().remove(gone, context_));
    for (const std::string& name : gone) tell({name, FileStatus::removed, 0, ""});
    return {};
  }

  void finish_units() {
    summary_.unit = word_units().name();
    if (units_.empty()) return;
    std::sort(units_.begin(), units_.end());
    summary_.units_min = units_.front();
    summary_.units_median = units_[units_.size() / 2];
    summary_.units_max = units_.back();
  }

  LocalCollection& collection_;
  const IngestOptions& options_;
  const FileSink& sink_;
  Context& context_;
  WalkResult walk_;
  std::map<std::string, DocumentState, std::less<>> known_;
  std::vector<std::uint32_t> units_;
  IngestSummary summary_;
};

}  // namespace

Result<IngestSummary> LocalCollection::index(std::span<const std::filesystem::path> roots, const IngestOptions& options,
                                             const FileSink& sink, Context& context) {
  return guard([&] { return Run(*this, options, sink, context).run(roots); });
}

}  // namespace isogloss::runtime
