// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "core/file.hpp"
#include "core/text.hpp"

namespace isogloss::hub {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool is_on(const char* name) {
  const std::string value = ascii_lower(trim(variable(name)));
  return value == "1" || value == "on" || value == "yes" || value == "true";
}

fs::path home() {
  const std::string value = variable("HOME");
  return value.empty() ? fs::path("/tmp") : fs::path(value);
}

// "~" and "~/x" as a shell reads them: the libraries do too.
fs::path expanded(const std::string& text) {
  if (text == "~") return home();
  return text.starts_with("~/") ? home() / text.substr(2) : fs::path(text);
}

fs::path hugging_face_home() {
  if (const std::string own = variable("HF_HOME"); !own.empty()) return expanded(own);
  const std::string xdg = variable("XDG_CACHE_HOME");
  return (xdg.empty() ? home() / ".cache" : expanded(xdg)) / "huggingface";
}

std::chrono::seconds seconds(const char* name, std::chrono::seconds fallback) {
  const std::string text = variable(name);
  long value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && value > 0 ? std::chrono::seconds(std::min(value, 86400L)) : fallback;
}

}  // namespace

HubSettings hub_settings() {
  HubSettings out;
  const std::string root = variable("HF_HUB_CACHE");
  out.root = root.empty() ? hugging_face_home() / "hub" : expanded(root);
  if (const std::string endpoint = variable("HF_ENDPOINT"); !endpoint.empty()) out.endpoint = endpoint;
  while (out.endpoint.ends_with('/')) out.endpoint.pop_back();
  out.metadata_timeout = seconds("HF_HUB_ETAG_TIMEOUT", out.metadata_timeout);
  out.download_timeout = seconds("HF_HUB_DOWNLOAD_TIMEOUT", out.download_timeout);
  out.links = !is_on("HF_HUB_DISABLE_SYMLINKS");
  for (const char* name : {"TRANSFORMERS_OFFLINE", "HF_HUB_OFFLINE"}) {
    if (is_on(name)) out.offline = name;
  }
  return out;
}

Result<std::string> hub_token() {
  constexpr std::size_t kLongest = 10'000;
  std::string origin = "HF_TOKEN";
  std::string token(trim(variable("HF_TOKEN")));
  if (token.empty()) {
    const std::string named = variable("HF_TOKEN_PATH");
    const fs::path file = named.empty() ? hugging_face_home() / "token" : expanded(named);
    const auto text = read_file(file, kLongest);
    origin = file.string();
    if (text) token = trim(*text);
  }
  const bool good = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 127; });
  if (!good || token.size() > kLongest) {
    return fail(Code::invalid_argument, "the token in " + origin + " holds characters that a token does not have.");
  }
  return token;
}

}  // namespace isogloss::hub
