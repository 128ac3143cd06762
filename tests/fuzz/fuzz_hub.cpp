// SPDX-License-Identifier: Apache-2.0
// What a hub answers, a tree file of the cache, modules.json, and the headers of a HEAD (a line each, "name: value").
#include "fuzz.hpp"

#include "core/text.hpp"
#include "hub/hub_cache.hpp"
#include "hub/hub_client.hpp"
#include "hub/hub_listing.hpp"

namespace {

using namespace isogloss;

void check_listing(const hub::HubListing& listing) {
  for (const hub::HubFile& file : listing.files)
    fuzz::require(hub::is_safe_name(file.name), "files lie inside the folder");
  const std::string text = hub::tree_text(listing);
  if (!text.empty()) {
    const auto back = hub::parse_tree(text, listing.commit, "tree");
    fuzz::require(back.has_value() && hub::tree_text(*back) == text, "a tree file reads back the same");
  }
  const std::vector<std::string> modules{"1_Pooling"};
  const auto wanted = hub::wanted_files(listing, modules, "org/name");
  fuzz::require(!wanted || !wanted->empty(), "a model has files");
}

void check_headers(std::string_view text) {
  HttpResponse response;
  response.status = 302;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    response.headers.emplace_back(ascii_lower(line.substr(0, colon)),
                                  trim(line.substr(std::min(colon + 1, line.size()))));
  }
  const auto metadata = hub::parse_metadata(response, "https://hub.example/org/name/resolve/main/x");
  if (!metadata) return;
  fuzz::require(hub::is_commit(metadata->commit), "a commit is a commit");
  fuzz::require(hub::is_safe_name(metadata->etag) && !metadata->etag.contains('/'), "an ETag can name a file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto listing = hub::parse_listing(text, "answer")) check_listing(*listing);
  if (const auto listing = hub::parse_tree(text, std::string(40, 'a'), "tree")) check_listing(*listing);
  if (const auto folders = hub::module_folders(text, "modules.json")) {
    for (const std::string& folder : *folders)
      fuzz::require(hub::is_safe_name(folder), "modules lie inside the folder");
  }
  check_headers(text);
  if (const auto reference = hub::parse_hub_reference(text)) {
    fuzz::require(hub::is_safe_name(reference->revision) && hub::is_safe_name(reference->repository),
                  "references are safe paths");
  }
  return 0;
}
