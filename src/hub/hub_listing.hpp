// SPDX-License-Identifier: Apache-2.0
// What a repository holds, as the hub tells it and as the cache keeps it, and which of it a model folder needs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::hub {

struct HubFile {
  std::string name;  // relative, with '/'
  std::uint64_t size = 0;
  std::string blob_id;   // git's; empty = not told
  std::string sha256;    // of files kept outside git; empty for the others
  std::string xet_hash;  // of another way to fetch it; kept for others
};

struct HubListing {
  std::string commit;
  std::vector<HubFile> files;  // by name
};

// The answer of GET {endpoint}/api/models/ORG/NAME/revision/COMMIT?blobs=true. Error{corrupt_data}: no JSON, no commit,
// or a name that would lead out of the folder.
Result<HubListing> parse_listing(std::string_view json, std::string_view where);

// trees/COMMIT.json of the cache. Error{corrupt_data}, also for another version of that file.
Result<HubListing> parse_tree(std::string_view json, std::string_view commit, std::string_view where);
// Its text; empty when the hub did not tell enough.
std::string tree_text(const HubListing& listing);

// Folders that modules.json names: "1_Pooling". Error{corrupt_data}.
Result<std::vector<std::string>> module_folders(std::string_view modules_json, std::string_view where);

// Configurations, tokenizer and safetensors at the root and in `folders`; small files first. Error{unsupported} when
// there is no safetensors file among them: names what weights there are.
Result<std::vector<HubFile>> wanted_files(const HubListing& listing, std::span<const std::string> folders,
                                          std::string_view repository);

}  // namespace isogloss::hub
