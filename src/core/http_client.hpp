// SPDX-License-Identifier: Apache-2.0
// One HTTP request by libcurl, which is opened on first use: programs that never ask do not load it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"

struct sockaddr;

namespace isogloss {

struct HttpResponse {
  long status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // of the last reply; names in lower case
  std::string body;                                          // empty when the pieces went to the sink

  // The value of a header by its name in lower case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

// Which servers may be asked: all, or none of a private network, whatever its name resolves to (loopback, RFC 1918,
// link-local, carriers', multicast, their IPv6 kin). Then no proxy is asked either, since it would resolve the name
// itself.
enum class HttpHosts : std::uint8_t { all, public_alone };

struct HttpRequest {
  std::string url;
  std::string method{};  // empty = GET, or POST when there is a body; HEAD asks for the headers alone
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::seconds timeout{300};  // of the whole transfer; 0 = none
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds stall_timeout{0};  // without a byte; 0 = none
  HttpHosts hosts = HttpHosts::all;
  std::size_t max_body = std::size_t{256} << 20;  // bytes of a body that is kept in memory
  // Called with status and headers of the reply before its body; false stops the transfer. May be empty.
  std::function<bool(const HttpResponse&)> on_headers{};
};

// Called with each piece of a 2xx body as it arrives; false stops the transfer.
using HttpSink = std::function<bool(std::string_view piece)>;

// Error{unavailable} when the server cannot be reached, stops before the end of the body or libcurl is missing,
// Error{unsupported}
// when its address is private and must not be, Error{too_long} when the body does not fit `max_body`, Error{cancelled}
// when the context is. Any HTTP status is a response, not an error. Redirects are not followed. Messages leave out what
// stands behind a '?' of the address.
Result<HttpResponse> http_request(const HttpRequest& request, const HttpSink& sink, Context& context);

// http://127.0.0.1, [::1], localhost: what may be asked while offline.
bool is_loopback_url(std::string_view url);

// An address of a private network: what HttpHosts::public_alone refuses. REQUIRES: it is a whole sockaddr.
bool is_private_address(const struct sockaddr* address);

// "https://host:8080" of an address, in lower case, without a port that is the scheme's own; empty when it has no
// "://".
std::string url_origin(std::string_view url);

// Every byte that is not a letter, a digit or one of "-._~" and `keep` as %XX (RFC 3986, 2.1).
std::string url_encode(std::string_view text, std::string_view keep = {});

}  // namespace isogloss
