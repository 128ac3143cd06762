// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstdlib>
#include <fstream>

#include "core/file.hpp"
#include "core/text.hpp"
#include "isogloss/reference.hpp"
#include "isogloss/serve.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

std::chrono::milliseconds seconds(double value) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(value * 1000));
}

class ServeVerb final : public Verb {
 public:
  std::string_view name() const override { return "serve"; }
  std::string_view summary() const override { return "answer the HTTP clients of OpenAI, Cohere, TEI and Ollama"; }
  std::string_view examples() const override {
    return "  isogloss serve -m minilm\n"
           "  isogloss serve -m minilm --alias text-embedding-ada-002=minilm --port 8080\n"
           "  isogloss serve -m minilm --collections ./collections --llm http://127.0.0.1:11434/v1 --llm-model "
           "llama3.2\n"
           "  isogloss serve -m minilm --host 0.0.0.0 --api-key-file keys.txt --access-log -\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", models_, "model to serve: a folder or an installed name (repeat for several)");
    flags.value("--alias", aliases_, "further name of a model: NAME=MODEL (repeat)");
    flags.value("--host", options_.host, "address to listen on [127.0.0.1]");
    flags.value("--port", port_, "port; 0 = a free one, which is printed");
    flags.value("--api-key", options_.api_keys, "key that clients must send (repeat; also $ISOGLOSS_API_KEY)");
    flags.value("--api-key-file", key_file_, "file with a key a line");
    flags.value("--key-rate", options_.key_rate, "requests a second that one key may make; 0 = no limit");
    flags.flag("--allow-public", options_.allow_public, "listen on a public address without a key");
    flags.value("--tls-cert", options_.tls_certificate, "file with the certificate (PEM): serve HTTPS");
    flags.value("--tls-key", options_.tls_key, "file with its private key (PEM)");
    flags.value("--cors", options_.cors_origins, "origin that browsers may ask from (repeat; * = all)");
    flags.value("--collections", collections_, "folder of collections");
    flags.value("--compute", options_.compute, "arithmetic of the models: auto, f32, bf16 or int8");
    flags.value("--embedding-cache", cache_, kEmbeddingCacheHelp);
    flags.value("--truncate", truncate_,
                "error: refuse texts above the window on every route [as each route's owner does]");
    flags.flag("--allow-truncate-dim", options_.allow_truncate_dim,
               "let requests cut vectors of models that were not trained for it");
    flags.value("--token-ids", options_.token_ids,
                "token ids in requests: model (its own), or a tokenizer file [refused]");
    flags.value("--llm", options_.llm_url, "OpenAI-compatible chat server that writes the answers of rag: models");
    flags.value("--llm-model", options_.llm_model, "name of the model there");
    flags.value("--llm-key", options_.llm_key, "key for that server (default: $OPENAI_API_KEY)");
    flags.value("--keep-alive", keep_alive_, "unload a model that many seconds after its last use [never]");
    flags.value("--model-memory", model_memory_, "most bytes of weights in memory, as 2G [no limit]");
    flags.value("--access-log", access_log_, "file that gets a line of JSON a request; - = standard error");
    flags.value("--max-body", max_body_, "largest request [64M]");
    flags.value("--max-inputs", options_.max_inputs, "most texts of a request");
    flags.value("--max-requests", options_.max_requests, "most requests at once");
    flags.value("--max-connections", options_.max_connections, "most connections");
    flags.value("--max-client-connections", options_.max_connections_per_client, "most connections of one address");
    flags.value("--max-queue", options_.queue_tokens,
                "most tokens that wait; above, clients are told when to come again");
    flags.value("--idle-time", idle_, "seconds a connection may be idle");
    flags.value("--header-time", header_, "seconds a request's header may take");
    flags.value("--body-time", body_, "seconds a request's body may take");
    flags.value("--drain-time", drain_, "seconds to finish what runs when told to stop");
  }

  Result<int> run(Program& program) override {
    IG_TRY(read_flags());
    options_.cache = IG_TRY(embedding_cache_value(program, cache_));
    std::ofstream log;
    IG_TRY(open_log(log));
    // One heap for all threads that handle requests. With one each, every thread keeps the room that its largest
    // request took: ten minutes of tests/serve/abuse_test.py went from 110 to 151 MB, in one heap they stay at 53 MB.
    ::mallopt(M_ARENA_MAX, 1);
    const auto server = IG_TRY(from_flags(Server::start(options_, program.context)));
    program.line("isogloss listens on " + server->address());
    server->run(*program.context.cancel);
    return kDone;
  }

 private:
  Status read_flags() {
    if (port_ > 65535) return usage_error("--port must be in 0..65535, not " + std::to_string(port_) + ".");
    options_.port = static_cast<std::uint16_t>(port_);
    for (const std::string& list : models_) {
      for (std::string& model : IG_TRY(from_flags(split_model_list(list)))) options_.models.push_back(std::move(model));
    }
    if (options_.models.empty()) {
      const std::string usual = default_model_name();
      if (usual.empty())
        return usage_error("serve needs a model: -m FOLDER or -m NAME. Get one: isogloss models pull minilm");
      options_.models.push_back(usual);
    }
    for (const std::string& alias : aliases_) {
      const std::size_t equals = alias.find('=');
      if (equals == 0 || equals == std::string::npos || equals + 1 == alias.size()) {
        return usage_error("--alias takes NAME=MODEL, not '" + alias + "'.");
      }
      options_.aliases[alias.substr(0, equals)] = alias.substr(equals + 1);
    }
    if (!truncate_.empty() && truncate_ != "error")
      return usage_error("--truncate takes error, not '" + truncate_ + "'.");
    options_.truncate_error = !truncate_.empty();
    options_.collections = collections_;
    if (options_.llm_url.empty() != options_.llm_model.empty())
      return usage_error("--llm and --llm-model go together.");
    if (options_.tls_certificate.empty() != options_.tls_key.empty())
      return usage_error("--tls-cert and --tls-key go together.");
    IG_TRY(read_keys());
    return read_limits();
  }

  Status read_keys() {
    if (const char* key = std::getenv("ISOGLOSS_API_KEY"); key != nullptr && options_.api_keys.empty())
      options_.api_keys.emplace_back(key);
    if (const char* key = std::getenv("OPENAI_API_KEY"); key != nullptr && options_.llm_key.empty())
      options_.llm_key = key;
    if (key_file_.empty()) return {};
    const std::string content = IG_TRY(read_file(key_file_, 1'000'000));
    for (const std::string_view line : split(content, '\n')) {
      if (!trim(line).empty()) options_.api_keys.emplace_back(trim(line));
    }
    if (options_.api_keys.empty()) return usage_error("'" + key_file_ + "' holds no key.");
    return {};
  }

  Status read_limits() {
    if (!(options_.key_rate >= 0 && options_.key_rate <= 1e6)) return usage_error("--key-rate must be in 0..1000000.");
    if (!max_body_.empty()) options_.max_body = IG_TRY(from_flags(parse_bytes(max_body_)));
    if (!model_memory_.empty()) options_.model_memory = IG_TRY(from_flags(parse_bytes(model_memory_)));
    constexpr double kDay = 86'400;
    for (const double value : {idle_, header_, body_, drain_}) {
      if (!(value > 0 && value <= kDay))
        return usage_error("times are in seconds, above 0 and at most 86400, not " + fixed(value, 3) + ".");
    }
    options_.idle_time = seconds(idle_);
    options_.header_time = seconds(header_);
    options_.body_time = seconds(body_);
    options_.drain_time = seconds(drain_);
    if (!keep_alive_) return {};
    if (!(*keep_alive_ > 0 && *keep_alive_ <= 365 * kDay)) return usage_error("--keep-alive must be above 0 seconds.");
    options_.keep_alive = seconds(*keep_alive_);
    return {};
  }

  // A line a request, written at once: whoever reads the log sees it.
  Status open_log(std::ofstream& log) {
    if (access_log_.empty()) return {};
    if (access_log_ == "-") {
      options_.access_log = [](std::string_view line) {
        std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
      };
      return {};
    }
    log.open(access_log_, std::ios::app);
    if (!log) return fail(Code::io, "cannot write to '" + access_log_ + "'.");
    options_.access_log = [&log](std::string_view line) { log << line << std::endl; };
    return {};
  }

  ServeOptions options_;
  std::vector<std::string> models_, aliases_;
  std::size_t port_ = 8080;
  std::string key_file_, collections_, cache_, truncate_, model_memory_, max_body_, access_log_;
  std::optional<double> keep_alive_;
  double idle_ = 75, header_ = 10, body_ = 60, drain_ = 30;
};

}  // namespace

std::unique_ptr<Verb> make_serve_verb() { return std::make_unique<ServeVerb>(); }

}  // namespace isogloss::cli
