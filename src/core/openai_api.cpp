// SPDX-License-Identifier: Apache-2.0
#include "core/openai_api.hpp"

#include "core/json.hpp"
#include "core/text.hpp"

namespace isogloss {

std::string openai_endpoint(std::string url, std::string_view route) {
  while (url.ends_with('/')) url.pop_back();
  if (url.ends_with(route)) return url;
  return url + (url.ends_with("/v1") ? "" : "/v1") + std::string(route);
}

std::string server_message(const HttpResponse& response) {
  const auto json = Json::parse(response.body, "reply");
  if (json && (*json)["error"]["message"].is_string()) return std::string((*json)["error"]["message"].as_string());
  return one_line(shortened(response.body, 300));
}

}  // namespace isogloss
