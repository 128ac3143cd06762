// SPDX-License-Identifier: Apache-2.0
#include "core/http_client.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "core/shared_library.hpp"
#include "core/text.hpp"

namespace isogloss {
namespace {

// The functions of libcurl that are used, found in the shared library at run time.
struct Curl {
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_easy_setopt) setopt = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) getinfo = nullptr;
  decltype(&curl_easy_strerror) strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
  bool complete = false;
};

const Curl& curl() {
  static const Curl functions = [] {
    Curl c;
    void* library = open_library("libcurl.so.4");
    const auto take = [&](const char* name, auto& function) { return find_function(library, name, function); };
    c.complete = library != nullptr && take("curl_easy_init", c.init) && take("curl_easy_cleanup", c.cleanup) &&
                 take("curl_easy_setopt", c.setopt) && take("curl_easy_perform", c.perform) &&
                 take("curl_easy_getinfo", c.getinfo) && take("curl_easy_strerror", c.strerror) &&
                 take("curl_slist_append", c.slist_append) && take("curl_slist_free_all", c.slist_free_all);
    return c;
  }();
  return functions;
}

struct Transfer {
  const HttpRequest* request = nullptr;
  const HttpSink* sink = nullptr;
  Context* context = nullptr;
  HttpResponse response{};
  bool told = false;     // on_headers was called: what follows the body are trailers
  bool stopped = false;  // by the sink or on_headers
  bool too_long = false;
  bool refused = false;  // the address is of a private network
};

// Called with one header line at a time. A status line begins a new reply: what came before was an interim one.
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  HttpResponse& response = transfer->response;
  const std::string_view line = trim(std::string_view(data, size * count));
  if (line.starts_with("HTTP/")) {
    response = {};
    const std::string_view digits = trim(line.substr(std::min(line.find(' '), line.size())));
    std::from_chars(digits.data(), digits.data() + digits.size(), response.status);
  } else if (line.empty()) {
    const auto& tell = transfer->request->on_headers;
    if (response.status < 200 || transfer->told || !tell) return size * count;
    transfer->told = true;
    transfer->stopped = !tell(response);
    if (transfer->stopped) return 0;
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    response.headers.emplace_back(ascii_lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_data(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view piece(data, size * count);
  const long status = transfer->response.status;
  if (*transfer->sink && status >= 200 && status < 300) {
    transfer->stopped = !(*transfer->sink)(piece);
    return transfer->stopped ? 0 : piece.size();
  }
  transfer->too_long = piece.size() > transfer->request->max_body - transfer->response.body.size();
  if (transfer->too_long) return 0;
  transfer->response.body += piece;
  return piece.size();
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->context->check() ? 0 : 1;
}

curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<Transfer*>(user);
  if (is_private_address(&address->addr)) {
    transfer->refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void set_method(CURL* handle, const HttpRequest& request) {
  const Curl& c = curl();
  if (request.method == "HEAD") {
    c.setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (!request.method.empty()) {
    c.setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (request.body.empty()) return;
  c.setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  c.setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

void set_limits(CURL* handle, const HttpRequest& request) {
  const Curl& c = curl();
  c.setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  c.setopt(handle, CURLOPT_NOSIGNAL, 1L);
  c.setopt(handle, CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
  c.setopt(handle, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout.count()));
  if (request.stall_timeout.count() > 0) {
    c.setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    c.setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_timeout.count()));
  }
  c.setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // those of a proxy
  if (is_loopback_url(request.url)) c.setopt(handle, CURLOPT_NOPROXY, "*");
}

void set_callbacks(CURL* handle, Transfer& transfer) {
  const Curl& c = curl();
  c.setopt(handle, CURLOPT_HEADERFUNCTION, &on_header);
  c.setopt(handle, CURLOPT_HEADERDATA, &transfer);
  c.setopt(handle, CURLOPT_WRITEFUNCTION, &on_data);
  c.setopt(handle, CURLOPT_WRITEDATA, &transfer);
  c.setopt(handle, CURLOPT_NOPROGRESS, 0L);
  c.setopt(handle, CURLOPT_XFERINFOFUNCTION, &on_progress);
  c.setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  if (transfer.request->hosts == HttpHosts::all) return;
  c.setopt(handle, CURLOPT_NOPROXY, "*");
  c.setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  c.setopt(handle, CURLOPT_OPENSOCKETDATA, &transfer);
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

Result<HttpResponse> http_request(const HttpRequest& request, const HttpSink& sink, Context& context) {
  const Curl& c = curl();
  if (!c.complete) return fail(Code::unavailable, "libcurl.so.4 is not installed. Run: apt-get install libcurl4");
  const std::unique_ptr<CURL, decltype(c.cleanup)> handle(c.init(), c.cleanup);
  if (!handle) return fail(Code::unavailable, "libcurl cannot start.");
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) list = c.slist_append(list, (name + ": " + value).c_str());
  const std::unique_ptr<curl_slist, decltype(c.slist_free_all)> headers(list, c.slist_free_all);
  Transfer transfer{&request, &sink, &context};
  c.setopt(handle.get(), CURLOPT_URL, request.url.c_str());
  c.setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  set_limits(handle.get(), request);
  set_method(handle.get(), request);
  set_callbacks(handle.get(), transfer);
  const CURLcode code = c.perform(handle.get());
  IG_TRY(context.check());
  const std::string shown = "'" + request.url.substr(0, request.url.find('?')) + "'";
  if (transfer.too_long) {
    return fail(Code::too_long,
                shown + " answers with more than the " + std::to_string(request.max_body) + " bytes allowed.");
  }
  if (code != CURLE_OK && transfer.refused) {
    return fail(Code::unsupported,
                shown + " lies in a private network, from which nothing is fetched unless it is asked for.");
  }
  if (code != CURLE_OK && !transfer.stopped) {
    const bool begun = transfer.response.status != 0;
    return fail(Code::unavailable,
                shown + (begun ? " stopped answering: " : " does not answer: ") + c.strerror(code) + ".");
  }
  return std::move(transfer.response);
}

namespace {

struct Network {
  std::uint32_t address;
  int bits;
};
// IANA's special-purpose registry (RFC 6890), what is not globally reachable.
constexpr std::array<Network, 12> kPrivate{{{0x00000000, 8},   // this network
                                            {0x0A000000, 8},   // 10.0.0.0
                                            {0x64400000, 10},  // 100.64.0.0, carriers
                                            {0x7F000000, 8},   // loopback
                                            {0xA9FE0000, 16},  // 169.254.0.0, link-local
                                            {0xAC100000, 12},  // 172.16.0.0
                                            {0xC0000000, 24},  // 192.0.0.0, protocols
                                            {0xC0A80000, 16},  // 192.168.0.0
                                            {0xC6120000, 15},  // 198.18.0.0, benchmarks
                                            {0xC6336400, 24},  // 198.51.100.0, documentation
                                            {0xE0000000, 4},   // multicast
                                            {0xF0000000, 4}}};

bool is_private_v4(std::uint32_t address) {
  return std::ranges::any_of(kPrivate, [&](const Network& n) { return (address ^ n.address) >> (32 - n.bits) == 0; });
}

bool is_private_v6(const std::array<std::uint8_t, 16>& b) {
  const auto v4 = [&](std::size_t at) {
    return std::uint32_t{b[at]} << 24 | std::uint32_t{b[at + 1]} << 16 | std::uint32_t{b[at + 2]} << 8 | b[at + 3];
  };
  const bool zero10 = std::all_of(b.begin(), b.begin() + 10, [](std::uint8_t x) { return x == 0; });
  if (zero10 && ((b[10] == 0xFF && b[11] == 0xFF) || (b[10] == 0 && b[11] == 0)))
    return is_private_v4(v4(12));                                                               // and ::1
  if (b[0] == 0 && b[1] == 0x64 && b[2] == 0xFF && b[3] == 0x9B) return is_private_v4(v4(12));  // NAT64
  if (b[0] == 0x20 && b[1] == 0x02) return is_private_v4(v4(2));                                // 6to4
  return (b[0] & 0xFE) == 0xFC || (b[0] == 0xFE && b[1] >= 0x80) || b[0] == 0xFF;
}

}  // namespace

bool is_private_address(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return is_private_v4(ntohl(in.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    return is_private_v6(bytes);
  }
  return true;
}

bool is_loopback_url(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority = url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (authority.find('@') != std::string_view::npos) return false;
  if (authority.starts_with("[::1]")) return true;
  const std::string_view host = authority.substr(0, authority.find(':'));
  if (host == "localhost") return true;
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string url_origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string origin = ascii_lower(url.substr(0, url.find_first_of("/?#", scheme + 3)));
  if (const std::size_t user = origin.rfind('@'); user != std::string::npos)
    origin.erase(scheme + 3, user - scheme - 2);
  for (const std::string_view own : {"http://:80", "https://:443"}) {
    const std::size_t colon = own.rfind(':');
    if (origin.starts_with(own.substr(0, colon)) && origin.ends_with(own.substr(colon)))
      origin.resize(origin.size() - (own.size() - colon));
  }
  return origin;
}

std::string url_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || std::string_view("-._~").contains(c) || keep.contains(c)) {
      out.push_back(c);
    } else {
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

}  // namespace isogloss
