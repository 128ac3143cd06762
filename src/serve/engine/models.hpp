// SPDX-License-Identifier: Apache-2.0
// The models of a server: known by name, loaded when asked for, unloaded when nobody has asked for a while or another
// one needs the room.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/idle_timer.hpp"
#include "isogloss/embedding_cache.hpp"
#include "isogloss/model.hpp"

namespace isogloss::serve {

struct LoadedModel {
  std::string name;
  ModelPtr model;
  double load_seconds = 0;
};
// Whoever holds a lease may use the model, unloaded or not.
using Lease = std::shared_ptr<const LoadedModel>;

struct ModelsOptions {
  std::vector<std::string> references;         // in the order in which they are listed; the first is the default
  std::map<std::string, std::string> aliases;  // further name -> name or reference
  std::string compute = "auto";                // with which they will be used
  std::size_t memory_limit = 0;                // bytes of weights that are loaded at once; 0 = no limit
  std::optional<std::chrono::milliseconds> keep_alive;  // none = for good
  std::shared_ptr<EmbeddingCache> cache;  // that their embedding goes through; null = none
  ThreadPool* pool = nullptr;
};

struct ModelState {
  std::string name, reference;
  Lease loaded;              // null when it is not
  std::int64_t created = 0;  // seconds since 1970
  std::optional<std::chrono::system_clock::time_point> expires;
};

// Thread-safe.
class Models {
 public:
  // Error{invalid_argument}: two models of one name, or an alias of a model that is none.
  static Result<std::unique_ptr<Models>> make(const ModelsOptions& options);

  // The model of that name or alias, loaded now if it is not; empty = the default. Error{not_found} lists the known
  // names; else the errors of load().
  Result<Lease> get(std::string_view name);
  // The name under which a model is listed, without loading it.
  Result<std::string> resolve(std::string_view name) const;
  // From now on: how long the model stays loaded after its last use; 0 = unload now, below 0 = for good.
  void keep(std::string_view name, std::chrono::milliseconds time);
  std::vector<ModelState> list() const;
  EmbeddingCache* cache() const { return cache_.get(); }  // null = none

 private:
  struct Entry {
    std::string name, reference;
    Lease loaded;
    std::optional<std::chrono::milliseconds> keep_alive;
    std::chrono::steady_clock::time_point used;
    std::int64_t created = 0;
    std::optional<std::chrono::steady_clock::time_point> expiry() const;
  };
  explicit Models(const ModelsOptions& options);
  Result<std::size_t> find(std::string_view name) const;
  Lease use(Entry& entry);
  Result<Lease> load_entry(std::size_t index);
  Status make_room(std::size_t bytes, std::size_t keep);
  void tick();
  void unload_expired();

  const std::string compute_;
  const std::size_t memory_limit_;
  const std::shared_ptr<EmbeddingCache> cache_;
  ThreadPool* const pool_;
  std::map<std::string, std::string, std::less<>> aliases_;
  mutable std::mutex mutex_;  // of the entries
  std::mutex loading_;        // one load at a time; taken before mutex_
  std::vector<Entry> entries_;
  bool ticking_ = false;
  IdleTimer timer_;
};

}  // namespace isogloss::serve
