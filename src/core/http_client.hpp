// SPDX-License-Identifier: Apache-2.0
// One HTTP request by libcurl, which is opened on first use: programs that never ask do not load it.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"

namespace isogloss {

struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // non-empty = POST
  std::chrono::seconds timeout{300};
  std::chrono::seconds connect_timeout{10};
};

struct HttpResponse {
  long status = 0;
  std::string body;  // empty when the pieces went to the sink
};

// Called with each piece of a 2xx body as it arrives; false stops the transfer.
using HttpSink = std::function<bool(std::string_view piece)>;

// Error{unavailable} when the server cannot be reached or libcurl is missing, Error{cancelled} when the context is. Any
// HTTP status is a response, not an error. Redirects are not followed.
Result<HttpResponse> http_request(const HttpRequest& request, const HttpSink& sink, Context& context);

// http://127.0.0.1, [::1], localhost: what may be asked while offline.
bool is_loopback_url(std::string_view url);

}  // namespace isogloss
