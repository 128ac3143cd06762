// SPDX-License-Identifier: Apache-2.0
// Puts the parts together: HTTP in front, the table of routes in the middle, models and collections behind.
#include <algorithm>

#include "core/guard.hpp"
#include "core/text.hpp"
#include "isogloss/collection.hpp"
#include "serve/app.hpp"
#include "serve/engine/collections.hpp"
#include "serve/engine/files.hpp"
#include "serve/engine/jobs.hpp"
#include "serve/monitor.hpp"
#include "serve/systemd.hpp"

namespace isogloss::serve {
namespace {

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

class RunningServer final : public Server {
 public:
  RunningServer(const ServeOptions& options, Context& context)
      : options_(options),
        monitor_(options.access_log),
        collections_(options.collections, context.pool),
        files_(collections_.folder() / ".files"),
        jobs_(context.pool),
        pool_(context.pool) {}

  Status begin(Context& context) {
    IG_TRY(check_options());
    models_ = IG_TRY(Models::make({options_.models, options_.aliases, options_.compute, options_.model_memory,
                                   options_.keep_alive, options_.cache, pool_}));
    if (!options_.token_ids.empty() && options_.token_ids != "model") {
      id_tokenizer_ = IG_TRY(load_tokenizer(options_.token_ids, {}, context));
    }
    SchedulerOptions scheduling;
    scheduling.pool = pool_;
    scheduling.queue_tokens = options_.queue_tokens;
    engine_ = std::make_unique<Engine>(*models_, scheduling, options_.compute);
    app_ = std::make_unique<App>(
        options_, Services{options_, *engine_, collections_, files_, jobs_, monitor_, pool_, id_tokenizer_.get()});
    HttpOptions http;
    http.host = options_.host;
    http.port = options_.port;
    http.tls_certificate = options_.tls_certificate;
    http.tls_key = options_.tls_key;
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
    return (options_.tls_certificate.empty() ? "http://" : "https://") +
           (v6 ? "[" + options_.host + "]" : options_.host) + ":" + std::to_string(http_->port());
  }

  void run(const CancelToken& cancel) override {
    notify_system("READY=1");
    jobs_.stop_when(cancel);
    http_->stop_when(cancel);
    http_->wait();
    jobs_.close();
  }

 private:
  Status check_options() const {
    if (!options_.allow_public && options_.api_keys.empty() && !is_loopback(options_.host)) {
      return fail(Code::invalid_argument, "'" + options_.host +
                                              "' can be reached from other machines, and no key is set. Set one "
                                              "(--api-key, --api-key-file, ISOGLOSS_API_KEY), or say --allow-public.");
    }
    for (const std::string& key : options_.api_keys) {
      if (trim(key).empty()) return fail(Code::invalid_argument, "An API key is empty.");
    }
    if (options_.max_requests == 0 || options_.max_connections == 0 || options_.max_inputs == 0 ||
        options_.max_body < 1024) {
      return fail(Code::invalid_argument,
                  "A limit is 0, or --max-body is below 1024 bytes: nothing could be answered.");
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
  Files files_;
  Jobs jobs_;
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
