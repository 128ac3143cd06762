// SPDX-License-Identifier: Apache-2.0
// The HTTP server: models and collections behind the wire formats of OpenAI, Azure, Cohere, Jina, Voyage, Text
// Embeddings Inference and Ollama (docs/guide/server.md).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/embedding_cache.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

struct ServeOptions {
  std::string host = "127.0.0.1";        // address to listen on
  std::uint16_t port = 8080;             // 0 = a free one
  std::string tls_certificate, tls_key;  // files in PEM form: HTTPS; both empty = HTTP
  bool allow_public = false;             // an address beyond this machine without a key

  std::vector<std::string> models;                      // references; the first answers requests that name none
  std::map<std::string, std::string> aliases;           // further name of a model -> its name
  std::size_t model_memory = 0;                         // bytes of weights loaded at once; 0 = no limit
  std::optional<std::chrono::milliseconds> keep_alive;  // unload a model that long after its last use; none = never

  std::shared_ptr<EmbeddingCache> cache;               // of the texts' vectors; null = none

  std::vector<std::string> api_keys;      // any of them opens the server; none = everybody may ask
  double key_rate = 0;                    // requests a second of one key; 0 = no limit
  std::vector<std::string> cors_origins;  // origins that browsers may ask from; "*" = all
  std::filesystem::path collections;      // folder of collections; empty = data_home()/collections

  std::string compute = "auto";     // arithmetic of the models: auto, f32, bf16, int8
  bool truncate_error = false;      // refuse texts above a model's window on every route
  bool allow_truncate_dim = false;  // `dimensions` below those of the model: cut, and scale to length 1
  std::string token_ids;  // of token-id inputs: empty = refuse, "model" = the model's own, else a tokenizer file

  std::string llm_url, llm_model, llm_key;  // of chat over collections; empty = extractive answers

  std::size_t max_body = std::size_t{64} << 20;  // bytes of a request
  std::size_t max_inputs = 100'000;              // texts of a request
  std::size_t max_requests = 256;                // handled at once
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_client = 2048;
  std::size_t queue_tokens = 4'000'000;         // that wait for the processor
  std::chrono::milliseconds idle_time{75'000};  // of a connection between requests
  std::chrono::milliseconds header_time{10'000};
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds drain_time{30'000};

  std::function<void(std::string_view line)> access_log;  // one JSON object a request, without line feed; may be empty
};

// A running server. It answers from start() on, on threads of its own; the arithmetic uses `context.pool`, which has to
// outlive it. Thread-safe.
class Server {
 public:
  // Loads every model once, so that a wrong one is an error now. Errors: invalid_argument (an address, a limit, a
  // public address without a key), unavailable (the port), those of load().
  static Result<std::unique_ptr<Server>> start(const ServeOptions& options, Context& context);
  virtual ~Server() = default;

  virtual std::string address() const = 0;  // "http://127.0.0.1:8080"
  // Answers what has been accepted and returns. Until `cancel` is thrown it only waits.
  virtual void run(const CancelToken& cancel) = 0;
};

}  // namespace isogloss
