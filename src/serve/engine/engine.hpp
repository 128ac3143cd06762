// SPDX-License-Identifier: Apache-2.0
// What the wire formats ask for, whatever their fields are called: texts to vectors, pairs to scores.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "serve/engine/models.hpp"
#include "serve/engine/scheduler.hpp"

namespace isogloss::serve {

// Counts for /metrics.
struct EngineCounts {
  std::atomic<std::uint64_t> texts{0}, tokens{0}, truncated{0}, pairs{0};
};

class Engine {
 public:
  // `compute`: arithmetic of requests, which do not choose it.
  Engine(Models& models, const SchedulerOptions& options, std::string compute)
      : models_(models), scheduler_(options), pool_(options.pool), compute_(std::move(compute)) {}

  Models& models() { return models_; }
  const Scheduler& scheduler() const { return scheduler_; }
  const EngineCounts& counts() const { return counts_; }

  // The vectors of `inputs`, as Embedder::embed() makes them, in turn with everybody else's. Errors: unsupported, the
  // model gives no such vectors; exhausted; cancelled; those of prepare() with the input as `item`.
  Result<Embedding> embed(const LoadedModel& model, std::span<const Input> inputs, EmbedOptions options,
                          const Caller& caller);

  // Scores of the documents as the model gives them, higher is better; a model without that ability scores by the
  // cosine of query and document. Texts above the window are cut.
  struct Ranking {
    std::vector<float> scores;     // (documents)
    std::vector<std::size_t> cut;  // documents of which the end was not read, where the model tells
    std::size_t tokens = 0;        // read; estimated from the bytes for a cross-encoder
  };
  Result<Ranking> rank(const LoadedModel& model, std::string_view query, std::span<const std::string_view> documents,
                       const Caller& caller);

 private:
  Result<Embedding> embed_tokens(const Embedder& embedder, const Card& card, std::span<const Input> inputs,
                                 const EmbedOptions& options, const Caller& caller);
  Result<Ranking> rank_by_cosine(const LoadedModel& model, std::string_view query,
                                 std::span<const std::string_view> documents, const Caller& caller);

  Models& models_;
  Scheduler scheduler_;
  ThreadPool* pool_;
  const std::string compute_;
  EngineCounts counts_;
};

}  // namespace isogloss::serve
