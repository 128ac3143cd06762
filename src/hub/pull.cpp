// SPDX-License-Identifier: Apache-2.0
// Order of a pull: the commit, what it holds, every blob, then the pointers of the snapshot, then the branch's ref. A
// pull that is killed leaves blobs and parts of blobs, which the next one uses, and no snapshot that lacks a file. What
// the cache has is told by commit, which never changes: a second pull asks for the commit and nothing else.
#include <algorithm>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"
#include "hub/hub_cache.hpp"
#include "hub/hub_client.hpp"
#include "hub/hub_listing.hpp"
#include "hub/hub_settings.hpp"
#include "hub/known_models.hpp"
#include "isogloss/hub.hpp"

namespace isogloss::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModules = "modules.json";
constexpr std::size_t kLargestTree = std::size_t{64} << 20;

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The hash that an ETag of this form promises: sha256, or git's id of a blob (the sha1 of "blob SIZE\0" and the
// content).
Result<std::string> content_hash(const fs::path& path, std::string_view etag, std::uint64_t size) {
  Sha256 sha256;
  Sha1 sha1;
  const bool large = is_sha256(etag);
  if (!large) sha1.update("blob " + std::to_string(size) + std::string(1, '\0'));
  IG_TRY(read_pieces(path, [&](std::string_view bytes) -> Status {
    large ? sha256.update(bytes) : sha1.update(bytes);
    return {};
  }));
  return large ? sha256.hex() : sha1.hex();
}

class Pull {
 public:
  Pull(HubSettings settings, HubReference reference, HubClient client, const KnownModel* known, Context& context)
      : settings_(std::move(settings)),
        reference_(std::move(reference)),
        client_(std::move(client)),
        known_(known),
        context_(context),
        folder_(repository_folder(settings_.root, reference_.repository)) {}

  Result<HubModel> run() {
    const bool pinned = is_commit(reference_.revision);
    commit_ = pinned ? reference_.revision : IG_TRY(client_.commit_of(reference_.revision, context_));
    IG_TRY(make_repository(settings_.root, reference_.repository));
    const HubListing listing = IG_TRY(contents());
    const std::vector<std::string> modules = IG_TRY(modules_of(listing));
    const std::vector<HubFile> files = IG_TRY(wanted_files(listing, modules, reference_.repository));
    IG_TRY(fetch(files));
    for (const auto& [name, etag] : blobs_) {
      IG_TRY(point_to_blob(folder_, commit_, name, etag, settings_.links ? Pointer::link : Pointer::copy));
    }
    const fs::path snapshot = folder_ / "snapshots" / commit_;
    if (!blobs_.empty()) IG_TRY(sync_folder(snapshot));
    if (!pinned) IG_TRY(write_ref());
    HubModel out{reference_.repository, reference_.revision, commit_, snapshot};
    for (const HubFile& file : files) out.bytes += IG_TRY(stat_file(snapshot / file.name)).size;
    return out;
  }

 private:
  // What the repository holds at the commit: as the cache remembers it, else as the hub says.
  Result<HubListing> contents() const {
    const fs::path tree = folder_ / "trees" / (commit_ + ".json");
    if (const auto text = read_file(tree, kLargestTree)) {
      auto known = parse_tree(*text, commit_, "'" + tree.string() + "'");
      if (known) return known;
    }
    HubListing listing = IG_TRY(client_.listing(commit_, context_));
    const std::string text = tree_text(listing);
    std::error_code error;
    if (!text.empty() && (fs::create_directories(tree.parent_path(), error), !error)) IG_TRY(write_file(tree, text));
    return listing;
  }

  // Folders that the model's parts lie in: modules.json is fetched first to know them.
  Result<std::vector<std::string>> modules_of(const HubListing& listing) {
    const auto found = std::ranges::find(listing.files, kModules, &HubFile::name);
    if (found == listing.files.end()) return std::vector<std::string>();
    const fs::path pointer = folder_ / "snapshots" / commit_ / kModules;
    std::error_code error;
    if (fs::is_regular_file(pointer, error))
      return module_folders(IG_TRY(read_file(pointer, kLargestTree)), "'" + pointer.string() + "'");
    IG_TRY(fetch({&*found, 1}));
    const fs::path blob = folder_ / "blobs" / blobs_.back().second;
    return module_folders(IG_TRY(read_file(blob, kLargestTree)),
                          "'" + reference_.repository + "/" + std::string(kModules) + "'");
  }

  bool is_here(const std::string& name) const {
    std::error_code error;
    return fs::is_regular_file(folder_ / "snapshots" / commit_ / name, error) ||
           std::ranges::any_of(blobs_, [&](const auto& blob) { return blob.first == name; });
  }

  Status fetch(std::span<const HubFile> files) {
    std::vector<std::pair<std::string, FileMetadata>> missing;
    double total = 0;
    for (const HubFile& file : files) {
      if (is_here(file.name)) continue;
      auto metadata = IG_TRY(client_.metadata(commit_, file.name, context_));
      if (!metadata) return note_absent(file.name);
      missing.emplace_back(file.name, *std::move(metadata));
      IG_TRY(check_known(file.name, missing.back().second));
      total += static_cast<double>(missing.back().second.size);
    }
    double done = 0;
    for (const auto& [name, metadata] : missing) {
      IG_TRY(fetch_blob(name, metadata, [&](std::uint64_t bytes) {
        context_.report({"pull", "bytes", done + static_cast<double>(bytes), total});
      }));
      blobs_.emplace_back(name, metadata.etag);
      done += static_cast<double>(metadata.size);
      context_.say(LogLevel::info, "fetched " + name + " (" + human_bytes(static_cast<double>(metadata.size)) + ")");
    }
    return {};
  }

  // The empty file that says: the repository has no such file at this commit.
  Status note_absent(const std::string& name) const {
    const fs::path mark = folder_ / ".no_exist" / commit_ / name;
    std::error_code error;
    fs::create_directories(mark.parent_path(), error);
    IG_TRY(write_file(mark, ""));
    return fail(Code::corrupt_data,
                "the hub lists '" + name + "' in '" + reference_.repository + "' and does not have it.");
  }

  Status check_known(const std::string& name, const FileMetadata& metadata) const {
    if (known_ == nullptr || known_->weights_sha256.empty() || name != "model.safetensors" ||
        metadata.etag == known_->weights_sha256) {
      return {};
    }
    return fail(Code::corrupt_data,
                "the weights of '" + reference_.repository + "' are not those that '" + std::string(known_->name) +
                    "' stands for: sha256 " + metadata.etag + ", known " + std::string(known_->weights_sha256) +
                    ". Nothing of them was fetched. To take them all the same: isogloss models pull " +
                    reference_.repository);
  }

  Status fetch_blob(const std::string& name, const FileMetadata& file,
                    const std::function<void(std::uint64_t)>& received) const {
    const fs::path blob = folder_ / "blobs" / file.etag;
    const FileHandle lock = IG_TRY(lock_blob(settings_.root, reference_.repository, file.etag, context_));
    if (const auto found = stat_file(blob); found && found->size == file.size) return {};
    const fs::path partial = partial_of(file.etag);
    const auto begun = stat_file(partial);
    IG_TRY(client_.download(file, partial, received, context_));
    Status good = verify(name, partial, file);
    std::error_code error;
    if (!good) fs::remove(partial, error);
    if (!good && begun && begun->size > 0) {  // what was there may have been another file's beginning
      IG_TRY(client_.download(file, partial, received, context_));
      good = verify(name, partial, file);
      if (!good) fs::remove(partial, error);
    }
    IG_TRY(std::move(good));
    fs::rename(partial, blob, error);
    if (error) return fail(Code::io, "cannot create '" + blob.string() + "': " + error.message());
    for (const fs::path& old : partials_of(file.etag)) fs::remove(old, error);
    return sync_folder(blob.parent_path());
  }

  std::vector<fs::path> partials_of(const std::string& etag) const {
    std::vector<fs::path> out;
    std::error_code error;
    for (fs::directory_iterator it(folder_ / "blobs", error), end; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      if (name.starts_with(etag + ".") && name.ends_with(".incomplete")) out.push_back(it->path());
    }
    return out;
  }

  // The longest that an earlier fetch left, of this program or another: nobody else writes it while the lock is held.
  fs::path partial_of(const std::string& etag) const {
    fs::path best = folder_ / "blobs" / (etag + "." + std::to_string(::getpid()) + ".incomplete");
    std::uint64_t most = 0;
    for (const fs::path& old : partials_of(etag)) {
      const auto found = stat_file(old);
      if (found && found->size > most) {
        most = found->size;
        best = old;
      }
    }
    return best;
  }

  Status verify(const std::string& name, const fs::path& path, const FileMetadata& file) const {
    if (!is_sha256(file.etag) && !is_commit(file.etag)) return {};  // an ETag that promises nothing: the size is right
    const std::string hash = IG_TRY(content_hash(path, file.etag, file.size));
    if (hash == file.etag) return {};
    return fail(Code::corrupt_data, "'" + name + "' of '" + reference_.repository + "' arrived damaged: its " +
                                        (is_sha256(file.etag) ? "sha256" : "git id") + " is " + hash +
                                        ", the hub promised " + file.etag +
                                        ". It was not kept. Run the command again; if it stays, the hub or a "
                                        "proxy on the way is at fault.");
  }

  Status write_ref() const {
    const fs::path file = folder_ / "refs" / reference_.revision;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (const auto now = read_file(file, 64); now && *now == commit_) return {};
    return write_file(file, commit_);
  }

  HubSettings settings_;
  HubReference reference_;
  HubClient client_;
  const KnownModel* known_;
  Context& context_;
  fs::path folder_;
  std::string commit_;
  std::vector<std::pair<std::string, std::string>> blobs_;  // name, etag: fetched, not yet in the snapshot
};

std::unexpected<Error> switched_off(const HubSettings& settings, const HubReference& reference) {
  const auto here = find_snapshot(settings.root, reference);
  return fail(Code::offline, "'" + reference.repository + "' cannot be fetched: the network is switched off (" +
                                 settings.offline + ")." +
                                 (here ? " Its snapshot in the cache can be used: " + here->string() : ""));
}

Status check_endpoint(const std::string& endpoint) {
  const bool http = endpoint.starts_with("http://") || endpoint.starts_with("https://");
  if (http && endpoint.find_first_of("?# ") == std::string::npos) return {};
  return fail(Code::invalid_argument,
              "HF_ENDPOINT is '" + endpoint + "'; it takes an address that begins with http:// or https://.");
}

}  // namespace
}  // namespace isogloss::hub

namespace isogloss {

Result<HubModel> pull_model(std::string_view text, const PullOptions& options, Context& context) {
  return guard([&]() -> Result<HubModel> {
    const hub::KnownModel* known = hub::find_known_model(text);
    hub::HubReference reference = IG_TRY(hub::parse_hub_reference(known == nullptr ? text : known->repository));
    if (!options.revision.empty()) {
      IG_TRY(hub::check_revision(options.revision));
      if (text.contains('@') && reference.revision != options.revision) {
        return fail(Code::invalid_argument,
                    "'" + std::string(text) + "' and the revision '" + options.revision + "' contradict each other.");
      }
      reference.revision = options.revision;
      known = nullptr;  // what is known is about the main branch
    }
    hub::HubSettings settings = hub::hub_settings();
    if (options.offline) settings.offline = "--offline";
    if (!settings.offline.empty()) return hub::switched_off(settings, reference);
    IG_TRY(hub::check_endpoint(settings.endpoint));
    hub::HubClient client(settings, IG_TRY(hub::hub_token()), reference.repository);
    return hub::Pull(std::move(settings), std::move(reference), std::move(client), known, context).run();
  });
}

}  // namespace isogloss
