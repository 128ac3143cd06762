// SPDX-License-Identifier: Apache-2.0
// One table in an SQLite file. TRUNCATE journal, because several processes write it and none of them checkpoints;
// nothing is synced, as nothing is lost: what a power cut leaves is caught by the check sum of each row, or as a
// damaged file.
#include "isogloss/embedding_cache.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "core/hash.hpp"
#include "store/truth/database.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;
using store::Database;
using store::OpenAs;
using store::Transaction;

constexpr std::int64_t kApplicationId = 0x49474543;  // "IGEC"
constexpr std::int64_t kFormat = 1;
constexpr std::uint64_t kRowOverhead = 64;  // bytes a row costs beside its values: key, lengths, both trees
constexpr const char* kTables =
    "CREATE TABLE kept(id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, tokens INTEGER NOT NULL, "
    "cut INTEGER NOT NULL, sum INTEGER NOT NULL, row BLOB NOT NULL);"
    "CREATE TABLE total(rows INTEGER NOT NULL, bytes INTEGER NOT NULL); INSERT INTO total VALUES(0,0);";

std::string_view bytes_of(std::span<const float> values) {
  return {static_cast<const char*>(static_cast<const void*>(values.data())), values.size_bytes()};
}

// Of all that a row says.
std::uint32_t sum_of(const EmbeddingCache::Row& row) {
  const std::array counts{row.tokens_used, row.tokens_cut};
  const std::string_view bytes(static_cast<const char*>(static_cast<const void*>(counts.data())), sizeof counts);
  return crc32c(bytes_of(row.values), crc32c(bytes));
}

std::uint64_t cost_of(std::size_t row_bytes) { return row_bytes + kRowOverhead; }

Status make_tables(Database& database) {
  IG_TRY(database.execute("PRAGMA page_size=8192"));
  Transaction transaction = IG_TRY(Transaction::begin(database));
  if (IG_TRY(database.integer("SELECT count(*) FROM sqlite_schema")) == 0) {  // else another process was faster
    IG_TRY(database.execute(kTables));
    IG_TRY(database.execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
    IG_TRY(database.execute(("PRAGMA user_version=" + std::to_string(kFormat)).c_str()));
  }
  return transaction.commit();
}

Result<std::unique_ptr<Database>> opened(const fs::path& file) {
  auto database = IG_TRY(Database::open(file, OpenAs::read_write));
  IG_TRY(database->execute("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=OFF; PRAGMA cache_size=-8192;"));
  if (IG_TRY(database->integer("SELECT count(*) FROM sqlite_schema")) == 0) IG_TRY(make_tables(*database));
  if (IG_TRY(database->integer("PRAGMA application_id")) != kApplicationId ||
      IG_TRY(database->integer("PRAGMA user_version")) != kFormat) {
    return fail(Code::corrupt_data, "'" + file.string() + "' is no embedding cache of this version.");
  }
  return database;
}

void remove_files(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(file.string() + "-journal", ignored);
}

}  // namespace

struct EmbeddingCache::State {
  std::mutex mutex;
  std::unique_ptr<Database> database;  // null after an error
  fs::path file;
  Options options;
  Stats stats;

  // What is wrong with the file is told once; from then on the cache is empty.
  void give_up(const Error& error, const Context& context) {
    if (error.code == Code::unavailable) return;  // another process writes: next time
    database.reset();
    if (error.code == Code::corrupt_data) remove_files(file);
    context.say(LogLevel::warning, "the embedding cache is left aside: " + error.message);
  }

  Result<std::optional<Row>> find(const Key& key) {
    store::Statement* select = IG_TRY(database->cached("SELECT tokens, cut, sum, row FROM kept WHERE key=?"));
    select->bind_borrowed(0, std::as_bytes(std::span(key)));
    if (!IG_TRY(select->step())) {
      select->reset();
      return std::optional<Row>();
    }
    Row row;
    row.tokens_used = static_cast<std::uint32_t>(select->integer(0));
    row.tokens_cut = static_cast<std::uint32_t>(select->integer(1));
    const auto sum = static_cast<std::uint32_t>(select->integer(2));
    const std::span<const std::byte> blob = select->blob(3);
    row.values.resize(blob.size() / sizeof(float));
    if (!row.values.empty()) std::memcpy(row.values.data(), blob.data(), row.values.size() * sizeof(float));
    const bool good = blob.size() % sizeof(float) == 0 && sum_of(row) == sum;
    select->reset();
    return good ? std::optional<Row>(std::move(row)) : std::optional<Row>();
  }

  Status keep(std::span<const Key> keys, std::span<const Row> rows) {
    Transaction transaction = IG_TRY(Transaction::begin(*database));
    std::int64_t bytes_more = 0, rows_more = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string_view bytes = bytes_of(rows[i].values);
      store::Statement* insert = IG_TRY(
          database->cached("INSERT OR IGNORE INTO kept(key, tokens, cut, sum, row) VALUES(?,?,?,?,?) RETURNING id"));
      insert->bind_borrowed(0, std::as_bytes(std::span(keys[i])));
      insert->bind(1, std::int64_t{rows[i].tokens_used}).bind(2, std::int64_t{rows[i].tokens_cut});
      insert->bind(3, std::int64_t{sum_of(rows[i])}).bind_borrowed(4, std::as_bytes(std::span(rows[i].values)));
      if (IG_TRY(insert->step())) {
        bytes_more += static_cast<std::int64_t>(cost_of(bytes.size()));
        ++rows_more;
      }
      insert->reset();
    }
    IG_TRY(add_to_total(rows_more, bytes_more));
    IG_TRY(make_room());
    return transaction.commit();
  }

  Status add_to_total(std::int64_t rows, std::int64_t bytes) {
    store::Statement* update = IG_TRY(database->cached("UPDATE total SET rows=rows+?, bytes=bytes+?"));
    return update->bind(0, rows).bind(1, bytes).run();
  }

  // Lets the oldest rows go, a tenth of the limit at once, so that not every call has to.
  Status make_room() {
    const std::int64_t total = IG_TRY(database->cached_integer("SELECT bytes FROM total"));
    const auto most = static_cast<std::int64_t>(options.most_bytes);
    if (total <= most) return {};
    const std::int64_t excess = total - most + most / 10;
    store::Statement oldest = IG_TRY(database->prepare("SELECT id, length(row) FROM kept ORDER BY id"));
    std::int64_t last = -1, bytes = 0, rows = 0;
    while (bytes < excess && IG_TRY(oldest.step())) {
      last = oldest.integer(0);
      ++rows;
      bytes += static_cast<std::int64_t>(cost_of(static_cast<std::size_t>(oldest.integer(1))));
    }
    oldest.reset();
    IG_TRY(database->execute(("DELETE FROM kept WHERE id<=" + std::to_string(last)).c_str()));
    return add_to_total(-rows, -bytes);
  }
};

EmbeddingCache::EmbeddingCache(std::unique_ptr<State> state) : state_(std::move(state)) {}
EmbeddingCache::~EmbeddingCache() = default;

Result<std::shared_ptr<EmbeddingCache>> EmbeddingCache::open(const fs::path& file, const Options& options) {
  std::error_code failed;
  fs::create_directories(file.parent_path(), failed);
  if (failed) return fail(Code::io, "cannot make '" + file.parent_path().string() + "': " + failed.message());
  auto state = std::make_unique<State>();
  state->file = file;
  state->options = options;
  auto database = opened(file);
  if (!database && database.error().code == Code::corrupt_data) {
    remove_files(file);
    database = opened(file);
  }
  state->database = IG_TRY(std::move(database));
  return std::shared_ptr<EmbeddingCache>(new EmbeddingCache(std::move(state)));
}

std::vector<std::optional<EmbeddingCache::Row>> EmbeddingCache::find(std::span<const Key> keys,
                                                                     const Context& context) {
  std::vector<std::optional<Row>> out(keys.size());
  const std::lock_guard lock(state_->mutex);
  for (std::size_t i = 0; i < keys.size() && state_->database != nullptr; ++i) {
    auto row = state_->find(keys[i]);
    if (!row) {
      state_->give_up(row.error(), context);
      break;
    }
    out[i] = std::move(*row);
  }
  const auto hits =
      static_cast<std::uint64_t>(std::ranges::count_if(out, [](const auto& row) { return row.has_value(); }));
  state_->stats.hits += hits;
  state_->stats.misses += keys.size() - hits;
  return out;
}

void EmbeddingCache::keep(std::span<const Key> keys, std::span<const Row> rows, const Context& context) {
  if (keys.empty()) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->database == nullptr) return;
  if (const Status kept = state_->keep(keys, rows); !kept) state_->give_up(kept.error(), context);
}

EmbeddingCache::Stats EmbeddingCache::stats() {
  const std::lock_guard lock(state_->mutex);
  Stats out = state_->stats;
  if (state_->database == nullptr) return out;
  const auto rows = state_->database->integer("SELECT rows FROM total");
  const auto bytes = state_->database->integer("SELECT bytes FROM total");
  if (rows && bytes) {
    out.rows = static_cast<std::uint64_t>(*rows);
    out.bytes = static_cast<std::uint64_t>(*bytes);
  }
  return out;
}

}  // namespace isogloss
