// SPDX-License-Identifier: Apache-2.0
#include "web_page.hpp"

#include <array>

#include "core/http_client.hpp"
#include "core/text.hpp"

namespace isogloss::cli {
namespace {

constexpr int kMostRedirects = 5;
constexpr std::chrono::seconds kPatience{60};

// Media types with the extension that their readers know.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypes{{{"text/html", ".html"},
                                                                                {"application/xhtml+xml", ".html"},
                                                                                {"text/markdown", ".md"},
                                                                                {"text/plain", ".txt"},
                                                                                {"text/csv", ".csv"},
                                                                                {"text/tab-separated-values", ".tsv"},
                                                                                {"application/json", ".json"},
                                                                                {"application/pdf", ".pdf"},
                                                                                {"application/rss+xml", ".rss"},
                                                                                {"application/atom+xml", ".atom"},
                                                                                {"application/epub+zip", ".epub"}}};

// The address without its scheme, query and fragment.
std::string name_of(std::string_view address) {
  std::string_view name = address.substr(address.find("://") + 3);
  name = name.substr(0, name.find_first_of("?#"));
  while (name.ends_with('/')) name.remove_suffix(1);
  return std::string(name);
}

// What the reader is to take it for: the name, with the extension of its media type unless it has one that means more.
std::string read_as(const std::string& name, std::string_view content_type) {
  const std::string type = ascii_lower(trim(content_type.substr(0, content_type.find(';'))));
  const std::size_t dot = name.rfind('.'), slash = name.rfind('/');
  const bool extension = dot != std::string::npos && slash != std::string::npos && dot > slash;
  if (type == "text/plain" && extension) return name;  // what many servers say of Markdown and source code
  for (const auto& [known, ending] : kTypes) {
    if (known == type) return name + std::string(ending);
  }
  return name;
}

// Where a redirect leads (RFC 3986, 5.2, for what servers send).
std::string resolve(const std::string& base, std::string_view location) {
  if (location.find("://") != std::string_view::npos) return std::string(location);
  const std::size_t scheme = base.find("://") + 3, path = std::min(base.find('/', scheme), base.size());
  if (location.starts_with("//")) return base.substr(0, scheme - 2) + std::string(location);
  if (location.starts_with('/')) return base.substr(0, path) + std::string(location);
  const std::string whole = base.substr(0, base.find_first_of("?#"));
  const std::size_t last = whole.rfind('/');
  return (last < path ? whole.substr(0, path) + "/" : whole.substr(0, last + 1)) + std::string(location);
}

Status check_reply(const HttpResponse& reply, const std::string& address) {
  if (reply.status == 200) return {};
  const std::string said = "'" + name_of(address) + "' answers with status " + std::to_string(reply.status) + ".";
  return fail(reply.status == 404 || reply.status == 410 ? Code::not_found : Code::unavailable, said);
}

}  // namespace

bool is_web_address(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

Result<WebPage> fetch_page(const std::string& address, PageHosts hosts, const ReadOptions& options, Program& program) {
  HttpRequest request;
  request.url = address;
  request.timeout = kPatience;
  request.max_body = options.max_size;
  request.hosts = hosts == PageHosts::all ? HttpHosts::all : HttpHosts::public_alone;
  request.headers = {{"User-Agent", "isogloss"}, {"Accept", "text/html, text/markdown, text/plain;q=0.9, */*;q=0.5"}};
  for (int redirects = 0;; ++redirects) {
    if (program.flags.offline && !is_loopback_url(request.url)) {
      return fail(Code::offline, "'" + name_of(request.url) + "' needs the network, and --offline is given.");
    }
    HttpResponse reply = IG_TRY(http_request(request, {}, program.context));
    const std::string_view location = reply.header("location");
    if (reply.status < 300 || reply.status >= 400 || location.empty()) {
      IG_TRY(check_reply(reply, request.url));
      WebPage page{name_of(address), request.url, {}};
      const std::string name = read_as(page.name, reply.header("content-type"));
      page.document = IG_TRY(read_document_text(name, std::move(reply.body), options, program.context));
      return page;
    }
    const std::string next = resolve(request.url, location);
    const bool weaker = request.url.starts_with("https:") && !next.starts_with("https:");
    if (!is_web_address(next) || weaker || redirects == kMostRedirects) {
      return fail(Code::unavailable, "'" + name_of(address) + "' leads on to '" + next.substr(0, next.find('?')) +
                                         "', which is not followed.");
    }
    request.url = next;
  }
}

}  // namespace isogloss::cli
