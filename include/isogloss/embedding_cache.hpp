// SPDX-License-Identifier: Apache-2.0
// Vectors of texts that were embedded before, in one bounded file that runs and processes share:
//
//   const auto cache = EmbeddingCache::open(EmbeddingCache::usual_place(), {}).value();
//   const ModelPtr model = cached(load("minilm", {}, context).value(), cache);
//
// Nothing in it is needed: a row that is missing, damaged or cannot be read is computed again, and the rows that come
// out have the same bits either way. What takes part in a row's key: the space id, the compute type, the instruction
// set, the version of the program, role and prompt, how the text is cut, the columns wanted, the text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/model.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

// Thread-safe, and safe for several processes.
class EmbeddingCache {
 public:
  using Key = std::array<std::uint8_t, 32>;
  struct Row {
    std::vector<float> values;  // (columns)
    std::uint32_t tokens_used = 0, tokens_cut = 0;
    bool operator==(const Row&) const = default;
  };
  struct Options {
    std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of rows; what was kept first goes first
  };
  // Of this object, since it was opened; `rows` and `bytes` of the file.
  struct Stats {
    std::uint64_t hits = 0, misses = 0, rows = 0, bytes = 0;
  };

  // Opens or makes the file; one that is damaged or of another version is made anew. Errors: io, unavailable.
  static Result<std::shared_ptr<EmbeddingCache>> open(const std::filesystem::path& file, const Options& options);
  // "embeddings.db" in $ISOGLOSS_CACHE, else $XDG_CACHE_HOME/isogloss, else ~/.cache/isogloss.
  static std::filesystem::path usual_place();
  ~EmbeddingCache();

  // The rows there are. (keys) After an error (told once, as a warning) the object finds and keeps nothing any more.
  std::vector<std::optional<Row>> find(std::span<const Key> keys, const Context& context);
  // Keeps rows[i] under keys[i]; a key that is there stays as it is.
  void keep(std::span<const Key> keys, std::span<const Row> rows, const Context& context);
  Stats stats();

 private:
  struct State;
  explicit EmbeddingCache(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The model, asked only for what the cache does not have. Models that are as fast as the cache (a vector a word,
// counted features), and those without vectors, are returned as they are; so is every model when `cache` is null.
ModelPtr cached(ModelPtr model, std::shared_ptr<EmbeddingCache> cache);

}  // namespace isogloss
