// SPDX-License-Identifier: Apache-2.0
#include "serve/monitor.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <numeric>

#include "core/file.hpp"
#include "core/json.hpp"

namespace isogloss::serve {
namespace {

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char buffer[40];
  const std::size_t n = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(buffer + n, sizeof buffer - n, ".%03dZ", static_cast<int>(ms));
  return buffer;
}

// Bytes of this process that are in memory.
std::uint64_t resident_bytes() {
  unsigned long long size = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%llu %llu", &size, &resident) == 2;
  std::fclose(file);
  return read ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    out += "# HELP isogloss_" + std::string(name) + " " + std::string(help) + "\n# TYPE isogloss_" + std::string(name) +
           " " + std::string(type) + "\n";
  }
  void sample(std::string_view name, std::string_view labels, double value) {
    out += "isogloss_" + std::string(name);
    if (!labels.empty()) out += "{" + std::string(labels) + "}";
    out += ' ';
    append_number(out, value);
    out += '\n';
  }
  void single(std::string_view name, std::string_view type, std::string_view help, double value) {
    family(name, type, help);
    sample(name, {}, value);
  }
  std::string out;
};

void write_engine(Text& text, Engine& engine) {
  const EngineCounts& counts = engine.counts();
  const SchedulerStats stats = engine.scheduler().stats();
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  text.single("texts_total", "counter", "Texts embedded.", number(counts.texts));
  text.single("tokens_total", "counter", "Tokens embedded.", number(counts.tokens));
  text.single("truncated_total", "counter", "Texts of which something was cut.", number(counts.truncated));
  text.single("pairs_total", "counter", "Pairs of query and document scored.", number(counts.pairs));
  text.single("passes_total", "counter", "Passes through a model.", number(stats.passes));
  text.single("passes_joined_total", "counter", "Passes that held texts of several requests.", number(stats.joined));
  text.single("queue_refused_total", "counter", "Requests refused because the queue was full.", number(stats.refused));
  text.single("queue_cancelled_total", "counter", "Requests dropped because their client went away.",
              number(stats.cancelled));
  text.single("queue_tokens", "gauge", "Tokens that wait or run.", number(stats.waiting_tokens));
  text.single("queue_requests", "gauge", "Requests that wait or run.", number(stats.waiting_requests));
  if (EmbeddingCache* cache = engine.models().cache(); cache != nullptr) {
    const EmbeddingCache::Stats kept = cache->stats();
    text.single("embedding_cache_hits_total", "counter", "Texts whose vectors were in the embedding cache.",
                number(kept.hits));
    text.single("embedding_cache_misses_total", "counter", "Texts whose vectors were not.", number(kept.misses));
    text.single("embedding_cache_bytes", "gauge", "Size of the rows in the embedding cache.", number(kept.bytes));
  }
  text.family("model_loaded", "gauge", "1 when the model is in memory.");
  for (const ModelState& state : engine.models().list()) {
    std::string label = "model=";
    append_json_string(label, state.name);
    text.sample("model_loaded", label, state.loaded != nullptr ? 1 : 0);
  }
}

}  // namespace

void Monitor::record(const HttpRecord& record, std::string_view pattern) {
  {
    std::string key = "other";
    if (!pattern.empty()) (key = record.method).append(" ").append(pattern);
    const std::lock_guard lock(mutex_);
    Route& route = routes_[std::move(key)];
    ++route.by_status[record.status];
    const auto bucket = std::ranges::lower_bound(kBounds, record.seconds) - kBounds.begin();
    ++route.buckets[static_cast<std::size_t>(bucket)];
    route.seconds += record.seconds;
    route.bytes_in += record.bytes_in;
    route.bytes_out += record.bytes_out;
  }
  if (!access_log_) return;
  std::string line;
  JsonWriter json(line);
  json.begin_object().field("time", now_text()).field("client", record.peer).field("id", record.id);
  json.field("method", record.method).field("path", record.path).field("status", record.status);
  json.field("bytes_in", record.bytes_in).field("bytes_out", record.bytes_out);
  json.field("ms", static_cast<double>(static_cast<std::int64_t>(record.seconds * 1e6)) / 1e3).end_object();
  access_log_(line);
}

std::string Monitor::metrics(const HttpGauges& now, Engine& engine) const {
  Text text;
  text.single("up", "gauge", "1.", 1);
  text.single("connections", "gauge", "Open connections.", static_cast<double>(now.connections));
  text.single("requests_running", "gauge", "Requests that are handled.", static_cast<double>(now.requests));
  text.single("resident_bytes", "gauge", "Memory of the process.", static_cast<double>(resident_bytes()));
  write_engine(text, engine);
  const std::lock_guard lock(mutex_);
  text.family("requests_total", "counter", "Requests by route and status.");
  for (const auto& [name, route] : routes_) {
    for (const auto& [status, count] : route.by_status) {
      text.sample("requests_total", "route=\"" + name + "\",status=\"" + std::to_string(status) + "\"",
                  static_cast<double>(count));
    }
  }
  text.family("request_seconds", "histogram", "From the last byte of a request to the last of its answer.");
  for (const auto& [name, route] : routes_) {
    std::uint64_t below = 0;
    const std::string label = "route=\"" + name + "\"";
    for (std::size_t i = 0; i < route.buckets.size(); ++i) {
      below += route.buckets[i];
      std::string bound = "+Inf";
      if (i < kBounds.size()) append_number(bound = "", kBounds[i]);
      text.sample("request_seconds_bucket", label + ",le=\"" + bound + "\"", static_cast<double>(below));
    }
    text.sample("request_seconds_sum", label, route.seconds);
    text.sample("request_seconds_count", label, static_cast<double>(below));
  }
  return std::move(text.out);
}

}  // namespace isogloss::serve
