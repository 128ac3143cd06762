// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 behind a plain interface: what arrives is a whole Request, what goes back a Response, and everything between
// (sockets, time limits, refusals, pipelining, drain) stays in http.cpp. Knows nothing of embeddings.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::serve {

struct Request {
  std::string method;                                        // "POST"
  std::string path;                                          // as sent, without what stands behind '?'
  std::string query;                                         // behind '?'
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string id;    // of the client, or made here
  std::string peer;  // address without port
  std::uint64_t connection = 0;
  const CancelToken* cancel = nullptr;  // thrown when the client has gone or the drain has no more time

  std::string_view header(std::string_view name) const;  // empty when there is none
};

// Takes one piece of a body; false when the client has gone.
using PieceSink = std::function<bool(std::string_view piece)>;

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // A body that is made while it is sent, instead of `body`. Called once, on the thread of the handler.
  std::function<void(const PieceSink&)> stream;
};

struct HttpLimits {
  std::size_t header_bytes = 64 << 10;
  std::size_t body_bytes = std::size_t{64} << 20;   // of one request
  std::size_t bodies_bytes = std::size_t{1} << 30;  // of all requests that are being read or handled
  std::size_t connections = 4096;
  std::size_t connections_per_client = 2048;  // by address
  std::size_t requests = 256;                 // that are handled at once
  std::chrono::milliseconds idle{75'000};     // between requests
  std::chrono::milliseconds header{10'000};   // from its first byte to its last
  std::chrono::milliseconds body{60'000};
  std::chrono::milliseconds write{60'000};  // of an answer, or a piece of one
  std::chrono::milliseconds linger{1'000};  // for a client to read a refusal; for a request under way at the drain
  std::chrono::milliseconds drain{30'000};  // after that, what still runs is cancelled
};

// What became of one request.
struct HttpRecord {
  std::string_view peer, id, method, path;
  int status = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;  // of the bodies
  double seconds = 0;                         // from its last byte to the last of the answer
};

// The program behind the server. Calls come from many threads.
class HttpApp {
 public:
  virtual ~HttpApp() = default;
  // Whether handle() takes microseconds and may run between two reads. Never called twice at once, as record().
  virtual bool is_quick(const Request& request) const = 0;
  virtual Response handle(Request& request) = 0;
  // The answer to a request that is not handled: 400, 408, 413, 431, 429 or 503. Of a malformed one only parts are
  // known.
  virtual Response refuse(const Request& request, int status, std::string message) = 0;
  virtual void record(const HttpRecord& record) = 0;
};

struct HttpOptions {
  std::string host = "127.0.0.1";        // an address of this machine, or localhost
  std::uint16_t port = 0;                // 0 = a free one
  int inherited_socket = -1;             // a socket that listens already, instead of host and port
  std::string tls_certificate, tls_key;  // files in PEM form; empty = HTTP without TLS
  HttpLimits limits;
};

struct HttpGauges {
  std::size_t connections = 0, requests = 0;
};

// Connections may arrive from listen() on and are served from start() on. stop() may be called at any time, from any
// thread, and returns at once: no new connection is taken, every request of which a byte has arrived is answered, then
// wait() returns. The destructor stops and waits.
class HttpServer {
 public:
  // Error{invalid_argument}: no such address; Error{unavailable}: the port is taken. `app` outlives the server.
  static Result<std::unique_ptr<HttpServer>> listen(const HttpOptions& options, HttpApp& app);
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
  virtual void stop_when(const CancelToken& cancel) = 0;  // which outlives the server
  virtual void wait() = 0;                                // until everything is answered and closed
  virtual HttpGauges gauges() const = 0;
};

// "Tue, 01 Jan 2030 00:00:00 GMT", made once a second and thread.
const std::string& http_date();

// How a client finds the end of a body.
enum class BodyLength : std::uint8_t { known, chunked, until_closed };

// The first line and the headers of an answer, up to the empty line.
std::string response_head(const Request& request, const Response& response, bool keep, BodyLength length);

// May a client's X-Request-Id be written into headers and logs as it is?
bool is_request_id(std::string_view text);

// "Not Found" of 404.
std::string_view status_text(int status);

// %41 -> A; '+' stays. Malformed sequences stay as they are.
std::string url_decode(std::string_view text);

}  // namespace isogloss::serve
