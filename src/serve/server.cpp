// SPDX-License-Identifier: Apache-2.0
// Puts the parts together: HTTP in front, the table of routes in the middle, models and collections behind.
#include <algorithm>
#include <array>

#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"
#include "isogloss/collection.hpp"
#include "serve/engine/collections.hpp"
#include "serve/monitor.hpp"
#include "serve/router.hpp"
#include "serve/systemd.hpp"

namespace isogloss::serve {
namespace {

// Whose shape an error has before its route is known.
Owner owner_of(std::string_view path) {
  if (path.starts_with("/api/")) return Owner::ollama;
  if (path.starts_with("/v2/")) return Owner::cohere;
  constexpr std::array<std::string_view, 6> kTei{"/embed", "/embed_all", "/embed_sparse", "/similarity", "/predict", "/"};
  return std::ranges::find(kTei, path) != kTei.end() ? Owner::tei : Owner::openai;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// Keys are compared by their hashes, all of them, so that time tells nothing about them.
class Keys {
 public:
  explicit Keys(const std::vector<std::string>& keys) {
    for (const std::string& key : keys) hashes_.push_back(hash(key));
  }
  bool admits(const Request& request) const {
    if (hashes_.empty()) return true;
    std::string_view given = request.header("authorization");
    constexpr std::string_view kBearer = "bearer ";
    if (ascii_lower(given.substr(0, kBearer.size())) == kBearer) given.remove_prefix(kBearer.size());
    else given = request.header("api-key").empty() ? request.header("x-api-key") : request.header("api-key");
    const auto offered = hash(trim(given));
    bool known = false;
    for (const auto& one : hashes_) {
      unsigned difference = 0;
      for (std::size_t i = 0; i < one.size(); ++i) difference |= static_cast<unsigned>(one[i] ^ offered[i]);
      known |= difference == 0;
    }
    return known;
  }

 private:
  static std::array<std::uint8_t, 32> hash(std::string_view key) {
    Sha256 sha;
    sha.update(key);
    return sha.digest();
  }
  std::vector<std::array<std::uint8_t, 32>> hashes_;
};

class App final : public HttpApp {
 public:
  App(const ServeOptions& options, Services services)
      : options_(options), services_(services), router_(all_routes()), keys_(options.api_keys) {}

  bool is_quick(const Request& request) const override {
    const auto match = router_.find(request.method, request.path);
    return request.method == "OPTIONS" || match.routes.empty() || match.routes.front()->quick;
  }

  Response handle(Request& request) override {
    Response response = preflight(request) ? Response{204, "", {}, "", {}} : route(request);
    add_cors(request, response);
    return response;
  }

  Response refuse(const Request& request, int status, std::string message) override {
    return error_response(owner_of(request.path), status, "refused", message);
  }

  void record(const HttpRecord& record) override {
    const auto match = router_.find(record.method, record.path);
    services_.monitor.record(record, match.pattern.empty() ? "other" : match.pattern);
  }

 private:
  Response route(Request& request) {
    auto match = router_.find(request.method, request.path);
    const Owner owner = match.routes.empty() ? owner_of(request.path) : match.routes.front()->owner;
    if (match.routes.empty() || !match.routes.front()->open) {
      if (!keys_.admits(request)) {
        Response refused = error_response(owner, 401, "invalid_api_key",
                                          "This server wants a key: send it as 'Authorization: Bearer KEY' or 'api-key: KEY'.");
        refused.headers.emplace_back("WWW-Authenticate", "Bearer");
        return refused;
      }
    }
    if (match.routes.empty()) return no_route(request, match, owner);
    Json body;
    if (!request.body.empty() && request.method != "GET") {
      auto parsed = Json::parse(request.body, "The body");
      if (!parsed) return error_response(owner, 400, "invalid_json", parsed.error().message);
      body = std::move(*parsed);
    }
    const Route& chosen = *choose(match.routes, body);
    if (const Status checked = check_fields(chosen.fields, body); !checked) return error_response(chosen.owner, checked.error());
    Call call{request, body, std::move(match.parameters), services_};
    auto answer = guard([&] { return chosen.handler(call); });
    return answer ? std::move(*answer) : error_response(chosen.owner, answer.error());
  }

  static Response no_route(const Request& request, const Router::Match& match, Owner owner) {
    if (match.allowed.empty()) {
      return error_response(owner, 404, "not_found", "There is no route '" + shortened(request.path, 200) + "'. All of them: GET /openapi.json");
    }
    Response response = error_response(owner, 405, "method_not_allowed", "'" + std::string(match.pattern) + "' takes " + match.allowed + ".");
    response.headers.emplace_back("Allow", match.allowed);
    return response;
  }

  bool preflight(const Request& request) const {
    return request.method == "OPTIONS" && !options_.cors_origins.empty() && !request.header("access-control-request-method").empty();
  }

  void add_cors(const Request& request, Response& response) const {
    const std::string_view origin = request.header("origin");
    const auto& allowed = options_.cors_origins;
    if (origin.empty() || allowed.empty()) return;
    const bool all = std::ranges::find(allowed, "*") != allowed.end();
    if (!all && std::ranges::find(allowed, origin) == allowed.end()) return;
    response.headers.emplace_back("Access-Control-Allow-Origin", all ? "*" : std::string(origin));
    response.headers.emplace_back("Vary", "Origin");
    response.headers.emplace_back("Access-Control-Allow-Methods", "GET, POST, DELETE");
    response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type, api-key, x-api-key");
  }

  const ServeOptions& options_;
  Services services_;
  const Router router_;
  const Keys keys_;
};

class RunningServer final : public Server {
 public:
  RunningServer(const ServeOptions& options, Context& context)
      : options_(options), monitor_(options.access_log), collections_(options.collections, context.pool), pool_(context.pool) {}

  Status begin(Context& context) {
    IG_TRY(check_options());
    models_ = IG_TRY(Models::make({options_.models, options_.aliases, options_.compute, options_.model_memory, options_.keep_alive, pool_}));
    if (!options_.token_ids.empty() && options_.token_ids != "model") {
      id_tokenizer_ = IG_TRY(load_tokenizer(options_.token_ids, {}, context));
    }
    SchedulerOptions scheduling;
    scheduling.pool = pool_;
    scheduling.queue_tokens = options_.queue_tokens;
    engine_ = std::make_unique<Engine>(*models_, scheduling, options_.compute);
    app_ = std::make_unique<App>(options_, Services{options_, *engine_, collections_, monitor_, pool_, id_tokenizer_.get()});
    HttpOptions http;
    http.host = options_.host;
    http.port = options_.port;
    http.inherited_socket = inherited_socket();
    http.limits = limits();
    http_ = IG_TRY(HttpServer::listen(http, *app_));
    monitor_.gauges = [this] { return http_->gauges(); };
    for (const ModelState& state : models_->list()) IG_TRY(models_->get(state.name));
    http_->start();
    return {};
  }

  std::string address() const override {
    const bool v6 = options_.host.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(http_->port());
  }

  void run(const CancelToken& cancel) override {
    notify_system("READY=1");
    http_->stop_when(cancel);
    http_->wait();
  }

 private:
  Status check_options() const {
    if (!options_.allow_public && options_.api_keys.empty() && !is_loopback(options_.host)) {
      return fail(Code::invalid_argument, "'" + options_.host + "' can be reached from other machines, and no key is set. Set one "
                                          "(--api-key, --api-key-file, ISOGLOSS_API_KEY), or say --allow-public.");
    }
    for (const std::string& key : options_.api_keys) {
      if (trim(key).empty()) return fail(Code::invalid_argument, "An API key is empty.");
    }
    if (options_.max_requests == 0 || options_.max_connections == 0 || options_.max_inputs == 0 || options_.max_body < 1024) {
      return fail(Code::invalid_argument, "A limit is 0, or --max-body is below 1024 bytes: nothing could be answered.");
    }
    return {};
  }

  HttpLimits limits() const {
    HttpLimits out;
    out.body_bytes = options_.max_body;
    out.bodies_bytes = std::max(out.bodies_bytes, options_.max_body);
    out.connections = options_.max_connections;
    out.connections_per_client = options_.max_connections_per_client;
    out.requests = options_.max_requests;
    out.idle = options_.idle_time;
    out.header = options_.header_time;
    out.body = options_.body_time;
    out.drain = options_.drain_time;
    return out;
  }

  const ServeOptions options_;
  Monitor monitor_;
  Collections collections_;
  ThreadPool* const pool_;
  TokenizerPtr id_tokenizer_;
  std::unique_ptr<Models> models_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<App> app_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace
}  // namespace isogloss::serve

namespace isogloss {

Result<std::unique_ptr<Server>> Server::start(const ServeOptions& options, Context& context) {
  return guard([&]() -> Result<std::unique_ptr<Server>> {
    auto server = std::make_unique<serve::RunningServer>(options, context);
    IG_TRY(server->begin(context));
    return server;
  });
}

}  // namespace isogloss
