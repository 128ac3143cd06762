// SPDX-License-Identifier: Apache-2.0
// The Store in a folder: SQLite truth, mapped indexes. Parts: sqlite_store.cpp (opening, writing), sqlite_read.cpp
// (reading, searching), sqlite_check.cpp (check, snapshot).
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include "core/idle_timer.hpp"
#include "isogloss/store.hpp"
#include "store/filter_rows.hpp"
#include "store/truth/database.hpp"
#include "store/truth/lock.hpp"
#include "store/truth/text_packer.hpp"
#include "store/view.hpp"

namespace isogloss::store {

class SqliteStore final : public Store {
 public:
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, OpenMode mode, StoreOptions options,
                                             Context& context);
  ~SqliteStore() override;

  StoreCapabilities capabilities() const override { return {}; }
  void use_lexical(LexicalOptions options) override;

  Status put(std::span<const DocumentPut> documents, Context& context) override;
  Status remove(std::span<const std::string> names, Context& context) override;
  Status touch(std::span<const DocumentState> states, Context& context) override;
  Result<StoreHits> search(const StoreQuery& query, Context& context) override;
  Result<std::vector<std::size_t>> document_frequencies(std::span<const std::string> terms, Context& context) override;
  Result<std::vector<StoredChunk>> chunks(std::span<const std::int64_t> numbers, ChunkParts parts) override;
  Result<std::int64_t> chunk_number(std::string_view id) override;
  Result<std::vector<DocumentState>> documents() override;
  Result<std::optional<DocumentState>> document(std::string_view name) override;
  Result<std::string> document_text(std::string_view name, Span range) override;
  Result<Metadata> document_metadata(std::string_view name) override;
  Status for_each_chunk(const std::function<Result<bool>(const StoredChunk&)>& visit) override;
  Result<std::size_t> chunk_count() override;
  Result<std::int64_t> last_change() override;
  Result<std::map<std::string, std::string>> settings() override;
  Status set_settings(const std::map<std::string, std::string>& values, Context& context) override;
  Result<std::vector<SpaceInfo>> spaces() override;
  Result<std::unique_ptr<BuildTurn>> begin_build(std::chrono::milliseconds patience, Context& context) override;
  Result<std::int64_t> add_space(const SpaceInfo& space, std::string_view fitted_files, Context& context) override;
  Result<std::string> fitted_files(std::int64_t space) override;
  Status put_vectors(std::int64_t space, std::span<const std::int64_t> chunks, VectorsView rows,
                     Context& context) override;
  Result<std::vector<std::int64_t>> missing_vectors(std::int64_t space) override;
  Result<bool> publish_space(std::int64_t space, Publish when, Context& context) override;
  Result<std::vector<std::vector<float>>> vectors_of_texts(std::int64_t space,
                                                           std::span<const std::string> texts) override;
  Result<std::vector<float>> vector(std::int64_t chunk) override;
  Status flush(Context& context) override;
  Status rebuild(Context& context) override;
  Result<std::vector<CheckFinding>> check(Context& context) override;
  Status snapshot(const std::filesystem::path& folder, Context& context) override;
  void release_writer() override;

 private:
  // The write lock with the one connection that writes. The connection is closed before the lock is given back.
  struct Writer {
    FileLock lock;
    std::unique_ptr<Database> database;
    std::chrono::steady_clock::time_point since;
  };

  SqliteStore(std::filesystem::path folder, OpenMode mode, StoreOptions options);
  Status open_reader(Context& context);
  // Brings a collection of an older format up to this one.
  Status upgrade(Context& context);
  // Runs work(database) under the write lock; the lock is kept for a while afterwards.
  Status write(Context& context, const std::function<Status(Database&)>& work);
  void drop_writer();  // REQUIRES: writer_mutex_ is held
  // A write that waits to be part of a transaction.
  struct Waiting;
  // Runs work(database) in a transaction together with the works of others that wait meanwhile; returns when it is
  // durable. A work that fails undoes itself alone.
  Status write_together(Context& context, const std::function<Status(Database&)>& work);
  Status commit_group(Database& database, std::span<Waiting* const> group, const Context& context);
  // Begins a bulk when the collection is empty, ends one that another process has written into.
  Status review_bulk(Database& database);
  // `row` = of the document, a new one.
  Status put_one(Database& database, const DocumentPut& put, const PackedText& text, const SpaceInfo* space,
                 std::int64_t row);
  Status put_with_large(Database& database, std::span<const DocumentPut> documents, std::span<const PackedText> texts,
                        Context& context);
  // Chunks of a large document, committed under a row that does not exist yet.
  struct Staged {
    std::int64_t row = 0;
    ChunkRange chunks;
  };
  Result<Staged> stage(Database& database, const DocumentPut& put, const PackedText& text, const SpaceInfo* space,
                       Context& context);
  // The view for one who changes it. It is waited for with the reader in hand, so that no new search gets in before.
  std::unique_lock<std::shared_mutex> exclusive_view();
  // The view at the newest truth, shared with other searches for as long as the lock is held.
  Result<std::shared_lock<std::shared_mutex>> current_view(const Context& context);
  Result<StoreHits> ranked(const StoreQuery& query, Context& context);
  Status check_indexes(std::vector<CheckFinding>& findings, Context& context);

  std::filesystem::path folder_;
  OpenMode mode_;
  StoreOptions options_;
  std::recursive_mutex reader_mutex_;  // of reader_; taken before view_mutex_ by whoever needs both
  std::unique_ptr<Database> reader_;
  VisibleChunks visible_;    // of reader_
  std::mutex writer_mutex_;  // of writer_
  std::optional<Writer> writer_;
  bool staged_ = false;       // groups were committed whose document is not there
  std::mutex waiting_mutex_;  // of the next two; taken last
  std::vector<Waiting*> waiting_;
  bool leading_ = false;  // one of the waiting writes for all
  std::condition_variable led_;
  std::shared_mutex view_mutex_;
  std::unique_ptr<View> view_;
  LexicalOptions lexical_;
  TextPacker packer_;
  std::unique_ptr<IdleTimer> idle_;
};

}  // namespace isogloss::store
