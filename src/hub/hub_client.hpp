// SPDX-License-Identifier: Apache-2.0
// The hub's protocol for one repository. Metadata come from HEAD {endpoint}/ORG/NAME/resolve/REVISION/FILE, which
// describes the file in its headers and, where the bytes lie elsewhere, redirects to a host that must not see the
// token.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/http_client.hpp"
#include "hub/hub_listing.hpp"
#include "hub/hub_settings.hpp"

namespace isogloss::hub {

struct FileMetadata {
  std::string commit;
  std::string etag;  // a name of letters, digits, '-', '_', '.'
  std::uint64_t size = 0;
  std::string location;  // where to GET it
};

// Reads the headers of the last reply to a HEAD; `url` = what was asked. Error{corrupt_data} names what is missing.
Result<FileMetadata> parse_metadata(const HttpResponse& response, const std::string& url);

class HubClient {
 public:
  HubClient(HubSettings settings, std::string token, std::string repository)
      : settings_(std::move(settings)), token_(std::move(token)), repository_(std::move(repository)) {}

  // The commit that a branch or tag is at now. Error{not_found}.
  Result<std::string> commit_of(const std::string& revision, Context& context) const;
  Result<HubListing> listing(const std::string& commit, Context& context) const;
  // Nothing when the repository has no such file at that commit.
  Result<std::optional<FileMetadata>> metadata(const std::string& commit, const std::string& name,
                                               Context& context) const;

  // Appends to `partial` what it lacks of the file; what is there is taken for its beginning. `received` gets the bytes
  // that `partial` has. After an error the file stays, to be gone on with.
  Status download(const FileMetadata& file, const std::filesystem::path& partial,
                  const std::function<void(std::uint64_t)>& received, Context& context) const;

 private:
  struct Partial;
  struct Head {
    HttpResponse response;
    std::string url;  // that gave it
  };
  HttpRequest request(const std::string& url, std::string method) const;
  Result<Head> head(const std::string& revision, const std::string& name, Context& context) const;
  Status get(const std::string& url, Partial& partial, Context& context) const;
  std::unexpected<Error> refusal(const HttpResponse& response, const std::string& url, const std::string& what) const;
  std::string address(const std::string& revision, const std::string& name) const;

  HubSettings settings_;
  std::string token_;
  std::string repository_;
};

}  // namespace isogloss::hub
