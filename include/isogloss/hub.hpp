// SPDX-License-Identifier: Apache-2.0
// Models of a Hugging Face hub, in the cache on disk that all of its libraries share ($HF_HUB_CACHE, $HF_HOME/hub,
// $XDG_CACHE_HOME/huggingface/hub or ~/.cache/huggingface/hub). Only pull_model() opens a connection.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// One snapshot in the cache.
struct HubModel {
  std::string repository;  // "ORG/NAME"
  std::string revision;    // branch or tag it was last seen under; the commit when none
  std::string commit;      // 40 hexadecimal digits
  std::filesystem::path folder;
  std::uint64_t bytes = 0;  // of all its files
};

struct PullOptions {
  std::string revision;  // branch, tag or commit; empty = that of the reference, else "main"
  bool offline = false;  // refuse, as $HF_HUB_OFFLINE and $TRANSFORMERS_OFFLINE do
};

// Fetches what a model folder needs (configurations, tokenizer, safetensors) of ORG/NAME[@REVISION] or a known short
// name; files that are there are not fetched again, a file cut short goes on where it stopped. Size and hash of every
// file are verified before it gets its name. Error{offline} before any socket is opened; {not_found}: no such
// repository or revision, or no leave to read it; {unsupported}: no safetensors in it; {corrupt_data}: a file is not
// what the hub promised; {unavailable}, {cancelled}, {io}.
Result<HubModel> pull_model(std::string_view reference, const PullOptions& options, Context& context);

// Snapshots in the cache that hold safetensors, by repository and revision.
std::vector<HubModel> pulled_models();

// Removes a repository, all its snapshots, from the cache. Error{not_found}, Error{io}.
Status remove_pulled_model(std::string_view reference);

// "minilm" -> "sentence-transformers/all-MiniLM-L6-v2"; empty for names that are not known.
std::string_view known_repository(std::string_view short_name);
// The short name of a repository; empty when it has none.
std::string_view known_short_name(std::string_view repository);

std::vector<std::string_view> known_short_names();

}  // namespace isogloss
