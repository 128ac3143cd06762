// SPDX-License-Identifier: Apache-2.0
// Redirects are followed by hand: on HEAD only within the host, since the first reply that leads away carries the hub's
// own description of the file; on GET anywhere but from https to http, and with the token only at the endpoint itself.
#include "hub/hub_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "hub/hub_cache.hpp"

namespace isogloss::hub {
namespace {

constexpr std::string_view kNoEntry = "EntryNotFound";  // X-Error-Code: the revision is there, the file is not
constexpr int kMostRedirects = 5;
constexpr int kMostAttempts = 100;
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// "https://other/x", "//other/x", "/x" or "x" seen from `url`.
std::string resolved(std::string_view location, std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (location.find("://") != std::string_view::npos) return std::string(location);
  if (location.starts_with("//")) return std::string(url.substr(0, scheme + 1)) + std::string(location);
  if (location.starts_with('/')) return std::string(url.substr(0, url.find('/', scheme + 3))) + std::string(location);
  const std::string_view path = url.substr(0, url.find_first_of("?#"));
  return std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location);
}

bool is_relative(std::string_view location) {
  return location.find("://") == std::string_view::npos && !location.starts_with("//");
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? value : UINT64_MAX;
}

std::string without_quotes(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

// What a server says beside its status: the hub's own header, else the "error" of a JSON body.
std::string server_words(const HttpResponse& response) {
  if (const std::string_view told = response.header("x-error-message"); !told.empty())
    return one_line(shortened(told, 200));
  const auto json = Json::parse(response.body, "answer");
  return json ? one_line(shortened((*json)["error"].as_string(), 200)) : std::string();
}

std::unexpected<Error> damaged(const std::string& url, const std::string& what) {
  return fail(Code::corrupt_data, "'" + url.substr(0, url.find('?')) + "' " + what + ".");
}

Result<std::string> next_address(const std::string& url, std::string_view location) {
  std::string next = resolved(location, url);
  if (url.starts_with("https://") && !next.starts_with("https://")) {
    return damaged(url, "redirects to an address without encryption");
  }
  return next;
}

}  // namespace

Result<FileMetadata> parse_metadata(const HttpResponse& response, const std::string& url) {
  FileMetadata out;
  out.commit = response.header("x-repo-commit");
  if (!is_commit(out.commit))
    return damaged(url, "does not say its commit (X-Repo-Commit); is HF_ENDPOINT the address of a hub?");
  const std::string_view linked_etag = response.header("x-linked-etag"), linked_size = response.header("x-linked-size");
  out.etag = without_quotes(linked_etag.empty() ? response.header("etag") : linked_etag);
  const bool plain = std::ranges::all_of(out.etag, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
  if (out.etag.empty() || out.etag.size() > 128 || out.etag.starts_with('.') || !plain) {
    return damaged(url, "has no ETag that can name a file: '" + shortened(out.etag, 80) + "'");
  }
  out.size = number(linked_size.empty() ? response.header("content-length") : linked_size);
  if (out.size == UINT64_MAX) return damaged(url, "does not say its size (X-Linked-Size or Content-Length)");
  const std::string location = is_redirect(response.status) ? std::string(response.header("location")) : std::string();
  out.location = location.empty() ? url : IG_TRY(next_address(url, location));
  return out;
}

// The file that a download goes to.
struct HubClient::Partial {
  const FileMetadata& file;
  const std::filesystem::path& path;
  const std::function<void(std::uint64_t)>& received;
  FileHandle handle;
  std::uint64_t have = 0;
  Status status{};

  Status start_over() {
    if (::ftruncate(handle.get(), 0) != 0) return fail(file_error("write", path));
    have = 0;
    received(0);
    return {};
  }

  // Whether the body that begins now goes on where the file ends.
  Status begin(const HttpResponse& response) {
    if (response.status == 200 && have > 0) return start_over();
    if (response.status != 206) return {};
    const std::string expected = "bytes " + std::to_string(have) + "-";
    if (response.header("content-range").starts_with(expected)) return {};
    return damaged(file.location, "answered with another part of the file than was asked for");
  }

  Status append(std::string_view piece) {
    if (piece.size() > file.size - have)
      return damaged(file.location, "sent more than the " + std::to_string(file.size) + " bytes announced");
    while (!piece.empty()) {
      const ssize_t n = ::pwrite(handle.get(), piece.data(), piece.size(), static_cast<off_t>(have));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail(file_error("write", path));
      have += static_cast<std::uint64_t>(n);
      piece.remove_prefix(static_cast<std::size_t>(n));
    }
    received(have);
    return {};
  }
};

std::string HubClient::address(const std::string& revision, const std::string& name) const {
  return settings_.endpoint + "/" + url_encode(repository_, "/") + "/resolve/" + url_encode(revision) + "/" +
         url_encode(name, "/");
}

HttpRequest HubClient::request(const std::string& url, std::string method) const {
  HttpRequest out;
  out.url = url;
  out.method = std::move(method);
  out.headers = {{"User-Agent", "isogloss"}, {"Accept-Encoding", "identity"}};
  if (!token_.empty() && url_origin(url) == url_origin(settings_.endpoint)) {
    out.headers.emplace_back("Authorization", "Bearer " + token_);
  }
  out.timeout = settings_.metadata_timeout;
  out.connect_timeout = settings_.metadata_timeout;
  out.max_body = kLargestAnswer;
  return out;
}

std::unexpected<Error> HubClient::refusal(const HttpResponse& response, const std::string& url,
                                          const std::string& what) const {
  const std::string_view kind = response.header("x-error-code");
  const std::string words = server_words(response);
  const std::string said = words.empty() ? "" : " It says: " + words;
  const std::string page = settings_.endpoint + "/" + repository_;
  const std::string shown = "'" + url.substr(0, url.find('?')) + "'";
  switch (response.status) {
    case 401:
      return fail(
          Code::not_found,
          "the hub does not show '" + repository_ + "' to " +
              (token_.empty() ? "strangers" : "the owner of this token") +
              " (401): there is no such repository, or it is private or gated. Check the name, or set HF_TOKEN to "
              "a token that may read it." +
              said);
    case 403:
      return fail(Code::not_found, "the hub refuses '" + repository_ +
                                       "' (403): its conditions have to be accepted at " + page +
                                       " first, and HF_TOKEN set to a token of that account." + said);
    case 404:
      if (kind == "RevisionNotFound")
        return fail(Code::not_found, "'" + repository_ + "' has no " + what + " (404)." + said);
      if (kind == kNoEntry) return fail(Code::not_found, shown + " is not in the repository (404).");
      return fail(Code::not_found, "there is no '" + repository_ + "' with " + what + " at " + settings_.endpoint +
                                       " (404). Check the name." + said);
    case 429: {
      const std::uint64_t wait = number(response.header("retry-after"));
      return fail(Error{Code::exhausted,
                        "the hub wants fewer requests (429). Try again " +
                            (wait == UINT64_MAX ? "later." : "in " + counted(wait, "second") + "."),
                        -1, wait == UINT64_MAX ? 0.0 : static_cast<double>(wait)});
    }
    default:
      return fail(Code::unavailable, shown + " answered with status " + std::to_string(response.status) + "." + said);
  }
}

Result<HubClient::Head> HubClient::head(const std::string& revision, const std::string& name, Context& context) const {
  std::string url = address(revision, name);
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    HttpResponse response = IG_TRY(http_request(request(url, "HEAD"), {}, context));
    const std::string_view location = response.header("location");
    if (!is_redirect(response.status) || location.empty() || !is_relative(location)) {
      return Head{std::move(response), url};
    }
    url = resolved(location, url);
  }
  return fail(Code::unavailable, "'" + address(revision, name) + "' redirects without end.");
}

Result<std::string> HubClient::commit_of(const std::string& revision, Context& context) const {
  const auto [response, url] = IG_TRY(head(revision, "config.json", context));
  std::string commit(response.header("x-repo-commit"));
  const bool answered = response.status < 400 || response.header("x-error-code") == kNoEntry;
  if (!answered) return refusal(response, url, "revision '" + revision + "'");
  if (is_commit(commit)) return commit;
  return damaged(url, "does not say its commit (X-Repo-Commit); is HF_ENDPOINT the address of a hub?");
}

Result<HubListing> HubClient::listing(const std::string& commit, Context& context) const {
  std::string url =
      settings_.endpoint + "/api/models/" + url_encode(repository_, "/") + "/revision/" + commit + "?blobs=true";
  for (int hop = 0; hop <= kMostRedirects; ++hop) {  // a repository that got another name redirects
    const HttpResponse response = IG_TRY(http_request(request(url, "GET"), {}, context));
    const std::string_view location = response.header("location");
    if (is_redirect(response.status) && !location.empty()) {
      url = IG_TRY(next_address(url, location));
      continue;
    }
    if (response.status != 200) return refusal(response, url, "revision '" + commit + "'");
    HubListing out = IG_TRY(parse_listing(response.body, "'" + url.substr(0, url.find('?')) + "'"));
    if (out.commit != commit) return damaged(url, "answers for another commit, " + out.commit);
    return out;
  }
  return fail(Code::unavailable, "'" + url.substr(0, url.find('?')) + "' redirects without end.");
}

Result<std::optional<FileMetadata>> HubClient::metadata(const std::string& commit, const std::string& name,
                                                        Context& context) const {
  const auto [response, url] = IG_TRY(head(commit, name, context));
  if (response.status == 404 && response.header("x-error-code") == kNoEntry) return std::nullopt;
  if (response.status >= 400 || response.status < 200) return refusal(response, url, "revision '" + commit + "'");
  FileMetadata out = IG_TRY(parse_metadata(response, url));
  if (out.commit != commit) return damaged(url, "answers for another commit, " + out.commit);
  return out;
}

Status HubClient::get(const std::string& first, Partial& partial, Context& context) const {
  std::string url = first;
  for (int hop = 0; hop <= kMostRedirects; ++hop) {
    HttpRequest request = this->request(url, {});
    request.timeout = std::chrono::seconds(0);
    request.stall_timeout = settings_.download_timeout;
    if (partial.have > 0) request.headers.emplace_back("Range", "bytes=" + std::to_string(partial.have) + "-");
    request.on_headers = [&](const HttpResponse& response) {
      return (partial.status = partial.begin(response)).has_value();
    };
    const HttpSink sink = [&](std::string_view piece) { return (partial.status = partial.append(piece)).has_value(); };
    const HttpResponse response = IG_TRY(http_request(request, sink, context));
    IG_TRY(std::move(partial.status));
    if (response.status == 200 || response.status == 206) return {};
    if (response.status == 416 && partial.have > 0) return partial.start_over();
    const std::string_view location = response.header("location");
    if (!is_redirect(response.status) || location.empty()) {
      if (url_origin(url) == url_origin(settings_.endpoint)) return refusal(response, url, "such file");
      return fail(Code::unavailable, "'" + url.substr(0, url.find('?')) + "' answered with status " +
                                         std::to_string(response.status) + ".");
    }
    url = IG_TRY(next_address(url, location));
  }
  return fail(Code::unavailable, "'" + first.substr(0, first.find('?')) + "' redirects without end.");
}

Status HubClient::download(const FileMetadata& file, const std::filesystem::path& path,
                           const std::function<void(std::uint64_t)>& received, Context& context) const {
  Partial partial{file, path, received, FileHandle(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644))};
  if (!partial.handle.is_open()) return fail(file_error("create", path));
  partial.have = IG_TRY(stat_file(path)).size;
  if (partial.have > file.size) IG_TRY(partial.start_over());
  received(partial.have);
  for (int attempt = 0; partial.have < file.size; ++attempt) {
    const std::uint64_t before = partial.have;
    const Status got = get(file.location, partial, context);
    // A connection that was cut after it brought something is taken up again.
    const bool again =
        attempt < kMostAttempts && partial.have != before && (got || got.error().code == Code::unavailable);
    if (!again && !got) return got;
    if (!again && partial.have < file.size) {
      return damaged(file.location,
                     "ends at byte " + std::to_string(partial.have) + " of " + std::to_string(file.size));
    }
  }
  if (::fsync(partial.handle.get()) != 0) return fail(file_error("sync", path));
  return {};
}

}  // namespace isogloss::hub
