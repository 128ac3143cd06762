// SPDX-License-Identifier: Apache-2.0
// What all requests to OpenAI-compatible servers share.
#pragma once

#include <string>
#include <string_view>

#include "core/http_client.hpp"

namespace isogloss {

// The address of a route ("/embeddings") of a server that is given by any of http://host, .../v1 and the route itself.
std::string openai_endpoint(std::string url, std::string_view route);
// What the server says of a refused request, in one line.
std::string server_message(const HttpResponse& response);

}  // namespace isogloss
