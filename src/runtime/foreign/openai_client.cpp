// SPDX-License-Identifier: Apache-2.0
// OpenAI's POST /v1/embeddings (API reference, "Create embeddings"), as most servers of vectors speak it.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/describe.hpp"
#include "core/openai_api.hpp"
#include "core/text.hpp"
#include "hub/hub_settings.hpp"
#include "runtime/foreign/foreign_model.hpp"

namespace isogloss::runtime {
namespace {

constexpr int kMostAttempts = 6;
constexpr std::chrono::milliseconds kFirstPause{500}, kLongestPause{30'000};

struct OpenAiOptions {
  std::string model;
  std::int64_t batch = 64;
};

template <class Visitor>
void describe(OpenAiOptions& o, Visitor& v) {
  v("model", o.model, "Name of the model on that server.");
  v("batch", o.batch, Range{1, 2048}, "Texts of one request.");
}

class OpenAiClient final : public ForeignClient {
 public:
  OpenAiClient(std::string url, OpenAiOptions options) : url_(std::move(url)), options_(std::move(options)) {
    if (const char* key = std::getenv("OPENAI_API_KEY"); key != nullptr) key_ = key;
  }

  std::string family() const override { return "url"; }
  std::string identity() const override { return url_ + (options_.model.empty() ? "" : " " + options_.model); }
  std::size_t batch() const override { return static_cast<std::size_t>(options_.batch); }
  bool calls_are_dear() const override { return false; }

  Result<Vectors> embed(std::span<const ForeignText> texts, Context& context) const override {
    HttpRequest request;
    request.url = url_;
    request.headers = {{"Content-Type", "application/json"}};
    if (!key_.empty()) request.headers.emplace_back("Authorization", "Bearer " + key_);
    JsonWriter json(request.body);
    json.begin_object().field("model", options_.model).key("input").begin_array();
    for (const ForeignText& text : texts) json.value(text.text);
    json.end_array().field("encoding_format", "float").end_object();
    const HttpResponse response = IG_TRY(asked(request, context));
    const std::string where = "the answer of '" + url_ + "'";
    const Json reply = IG_TRY(Json::parse(response.body, where));
    const auto data = reply["data"].as_array();
    if (data.size() != texts.size()) {
      return fail(Code::corrupt_data, where + " has " + std::to_string(data.size()) + " vectors for " +
                                          counted(texts.size(), "text") +
                                          ". Is it the address of an OpenAI-compatible server?");
    }
    Vectors out;
    std::vector<bool> filled(texts.size());
    for (std::size_t i = 0; i < data.size(); ++i) {
      const auto row = static_cast<std::size_t>(data[i]["index"].as_integer(static_cast<std::int64_t>(i)));
      if (row >= texts.size() || filled[row]) return fail(Code::corrupt_data, where + " repeats or skips an index.");
      filled[row] = true;
      IG_TRY(fill_row(data[i]["embedding"], row, texts.size(), out, where));
    }
    return out;
  }

 private:
  // A server that has too much to do is asked again when it says, or after pauses that double.
  Result<HttpResponse> asked(const HttpRequest& request, Context& context) const {
    auto pause = kFirstPause;
    for (int attempt = 1;; ++attempt, pause = std::min(2 * pause, kLongestPause)) {
      HttpResponse response = IG_TRY(http_request(request, {}, context));
      if (response.status >= 200 && response.status < 300) return response;
      const bool busy = response.status == 429 || response.status == 502 || response.status == 503;
      if (!busy || attempt == kMostAttempts) {
        return fail(response.status == 404 ? Code::not_found : Code::unavailable,
                    "'" + url_ + "' answered with status " + std::to_string(response.status) + ": " +
                        server_message(response) + (response.status == 401 ? " The key is $OPENAI_API_KEY." : ""));
      }
      const double told = std::strtod(std::string(response.header("retry-after")).c_str(), nullptr);
      const auto wanted = std::chrono::milliseconds(static_cast<std::int64_t>(std::clamp(told, 0.0, 30.0) * 1000));
      IG_TRY(wait(std::max(pause, wanted), context));
    }
  }

  static Status wait(std::chrono::milliseconds time, const Context& context) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      IG_TRY(context.check());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {};
  }

  std::string url_, key_;
  OpenAiOptions options_;
};

}  // namespace

Result<std::unique_ptr<ForeignClient>> openai_client(const ModelReference& reference) {
  const std::string url = openai_endpoint(reference.text, "/embeddings");
  auto options = IG_TRY(parse_options<OpenAiOptions>(reference.options, "a model behind an address"));
  if (!is_loopback_url(url) && !hub::hub_settings().offline.empty()) {
    return fail(Code::offline, "'" + url + "' is not on this machine, and the network is switched off (--offline or " +
                                   hub::hub_settings().offline + ").");
  }
  return std::unique_ptr<ForeignClient>(std::make_unique<OpenAiClient>(url, std::move(options)));
}

}  // namespace isogloss::runtime
