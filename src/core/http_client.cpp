// SPDX-License-Identifier: Apache-2.0
#include "core/http_client.hpp"

#include <curl/curl.h>

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
  CURL* handle = nullptr;
  const HttpSink* sink = nullptr;
  Context* context = nullptr;
  std::string body;
  bool stopped = false;
};

std::size_t on_data(char* data, std::size_t size, std::size_t count, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view piece(data, size * count);
  long status = 0;
  curl().getinfo(transfer->handle, CURLINFO_RESPONSE_CODE, &status);
  if (*transfer->sink && status >= 200 && status < 300) {
    if (!(*transfer->sink)(piece)) {
      transfer->stopped = true;
      return 0;
    }
  } else {
    transfer->body += piece;
  }
  return piece.size();
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->context->check() ? 0 : 1;
}

}  // namespace

Result<HttpResponse> http_request(const HttpRequest& request, const HttpSink& sink, Context& context) {
  const Curl& c = curl();
  if (!c.complete) return fail(Code::unavailable, "libcurl.so.4 is not installed. Run: apt-get install libcurl4");
  const std::unique_ptr<CURL, decltype(c.cleanup)> handle(c.init(), c.cleanup);
  if (!handle) return fail(Code::unavailable, "libcurl cannot start.");
  curl_slist* list = nullptr;
  for (const auto& [name, value] : request.headers) list = c.slist_append(list, (name + ": " + value).c_str());
  const std::unique_ptr<curl_slist, decltype(c.slist_free_all)> headers(list, c.slist_free_all);
  Transfer transfer{handle.get(), &sink, &context, "", false};
  const auto set = [&](CURLoption option, auto value) { c.setopt(handle.get(), option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT, static_cast<long>(request.timeout.count()));
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_WRITEFUNCTION, &on_data);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, &transfer);
  if (is_loopback_url(request.url)) set(CURLOPT_NOPROXY, "*");
  if (!request.body.empty()) {
    set(CURLOPT_POSTFIELDS, request.body.data());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  const CURLcode code = c.perform(handle.get());
  IG_TRY(context.check());
  if (code != CURLE_OK && !transfer.stopped) {
    return fail(Code::unavailable, "'" + request.url + "' does not answer: " + c.strerror(code) + ".");
  }
  HttpResponse response;
  c.getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &response.status);
  response.body = std::move(transfer.body);
  return response;
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

}  // namespace isogloss
