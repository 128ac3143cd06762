// SPDX-License-Identifier: Apache-2.0
// The cache of the Hugging Face libraries on disk, to the byte, so that what one of them fetched the others find:
//
//   models--ORG--NAME/refs/main                a commit, 40 digits and nothing else
//                     snapshots/COMMIT/x.json  -> ../../blobs/ETAG, one more ".." for each folder; a copy without links
//                     blobs/ETAG               sha256 of large files, git blob id of small ones
//                     blobs/ETAG.*.incomplete  what a fetch has of it
//                     trees/COMMIT.json        what the repository holds at that commit
//                     .no_exist/COMMIT/x.json  empty: the repository does not hold it
//   .locks/models--ORG--NAME/ETAG.lock         held while ETAG is fetched
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::hub {

inline constexpr std::string_view kDefaultRevision = "main";

struct HubReference {
  std::string repository;  // ORG/NAME
  std::string revision{kDefaultRevision};
};

// ORG/NAME[@REVISION]. Error{invalid_argument} says what no repository or revision can be called.
Result<HubReference> parse_hub_reference(std::string_view text);
Status check_revision(std::string_view revision);

bool is_commit(std::string_view text);  // 40 digits 0-9a-f

// Whether a relative path with '/' names something below the folder it is joined to.
bool is_safe_name(std::string_view name);

std::filesystem::path repository_folder(const std::filesystem::path& root, std::string_view repository);

// The commit a branch or tag was at when it was last seen; a commit is itself. Error{not_found} names the file looked
// for.
Result<std::string> cached_commit(const std::filesystem::path& root, const HubReference& reference);

// The folder of a snapshot, without a connection. Error{not_found} names the path that was looked at.
Result<std::filesystem::path> find_snapshot(const std::filesystem::path& root, const HubReference& reference);

// Makes the root with its CACHEDIR.TAG, and the folders of a repository.
Status make_repository(const std::filesystem::path& root, std::string_view repository);

// Makes snapshots/COMMIT/NAME stand for blobs/ETAG: a relative link, or a copy.
enum class Pointer { link, copy };
Status point_to_blob(const std::filesystem::path& repository, std::string_view commit, std::string_view name,
                     std::string_view etag, Pointer kind);

// Waits until no other process fetches the file. The lock goes with the handle, or the process.
Result<FileHandle> lock_blob(const std::filesystem::path& root, std::string_view repository, std::string_view etag,
                             Context& context);

}  // namespace isogloss::hub
