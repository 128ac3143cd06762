// SPDX-License-Identifier: Apache-2.0
// Opening and writing. Every change is part of one transaction under the write lock and is durable when it returns
// (synchronous=FULL). Puts and removals that wait while another is being made durable share the next transaction and
// its one fsync: the first of them writes for all, each inside a savepoint. Documents of more than kStagedChunks chunks
// are written in groups that nobody sees, and become visible by their one row, together with the rest of their batch.
// What needs no lock is done outside it and on all threads: texts are packed before, and the first bulk of a collection
// is added to its indexes while COMMIT waits for the disk. 100,000 paragraphs with vectors: 3.25 s before, 2.5 s on two
// threads. A checkpoint every 8,000 pages instead of every 2,000 made no difference.
// The lock is given back after 200 ms without a write, or after 100 ms when another process waits for it, so that
// several writers take turns instead of waiting for the end of each other's run.
#include "store/sqlite_store.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "store/truth/records.hpp"
#include "store/truth/schema.hpp"

namespace isogloss {
namespace fs = std::filesystem;

Result<std::unique_ptr<Store>> open_store(const fs::path& folder, OpenMode mode, StoreOptions options,
                                          Context& context) {
  return guard([&] { return store::SqliteStore::open(folder, mode, std::move(options), context); });
}

namespace store {
namespace {

constexpr std::size_t kStagedChunks = 10'000;
constexpr std::chrono::milliseconds kPatience{30'000};
constexpr std::chrono::milliseconds kIdle{200};
constexpr std::chrono::milliseconds kTurn{100};  // opening and closing the writer costs some 5 ms
constexpr const char* kPragmas =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000; PRAGMA "
    "journal_size_limit=67108864;"
    "PRAGMA cache_size=-32768; PRAGMA temp_store=MEMORY;";

fs::path file_of(const fs::path& folder) { return folder / "db.sqlite"; }

// The role of a space; Error{unavailable} when another process replaced it.
Result<SpaceRole> role_of(Database& database, std::int64_t space) {
  for (const SpaceInfo& info : IG_TRY(list_spaces(database))) {
    if (info.number == space) return info.role;
  }
  return fail(Code::unavailable, "the collection's vectors were made anew by another process meanwhile. Run it again.");
}

// Some chunk has no vector in the space.
Result<bool> lacks_vectors(Database& database, std::int64_t space) {
  Statement* statement =
      IG_TRY(database.cached("SELECT 1 FROM chunk c JOIN document d ON d.id=c.document WHERE NOT EXISTS "
                             "(SELECT 1 FROM vector v WHERE v.space=? AND v.chunk=c.id) LIMIT 1"));
  statement->bind(0, space);
  const bool some = IG_TRY(statement->step());
  statement->reset();
  return some;
}

// In groups, so that no transaction is long.
Status drop_old_spaces(Database& database) {
  while (IG_TRY(database.integer(
             "SELECT EXISTS(SELECT 1 FROM vector WHERE space IN (SELECT id FROM space WHERE role=2))")) != 0) {
    IG_TRY(
        database.execute("DELETE FROM vector WHERE (space, chunk, part) IN (SELECT space, chunk, part FROM vector "
                         "WHERE space IN (SELECT id FROM space WHERE role=2) LIMIT 20000)"));
  }
  return database.execute(
      "DELETE FROM fitted WHERE space IN (SELECT id FROM space WHERE role=2);"
      "DELETE FROM space WHERE role=2");
}

// The serving space the put's vectors are for; null when it brings none.
Result<const SpaceInfo*> space_of(std::span<const SpaceInfo> spaces, const DocumentPut& put) {
  if (put.space_id.empty()) return nullptr;
  for (const SpaceInfo& space : spaces) {
    if (space.role == SpaceRole::search && space.space_id == put.space_id && space.dimension == put.vectors.dim()) {
      return &space;
    }
  }
  return fail(Code::mismatch,
              "the collection's vectors were made anew while '" + put.state.name + "' was embedded. Run it again.");
}

// Makes a folder with its parents, each durable by name.
Status make_folder(const fs::path& folder) {
  std::error_code error;
  const fs::path whole = fs::absolute(folder);
  if (fs::is_directory(whole, error)) return {};
  if (whole.has_relative_path()) IG_TRY(make_folder(whole.parent_path()));
  fs::create_directory(whole, error);
  if (error) return fail(Code::io, "cannot create the folder '" + folder.string() + "': " + error.message());
  return sync_folder(whole.parent_path());
}

}  // namespace

SqliteStore::SqliteStore(fs::path folder, OpenMode mode, StoreOptions options)
    : folder_(std::move(folder)), mode_(mode), options_(std::move(options)) {
  idle_ = std::make_unique<IdleTimer>(kIdle, [this] { release_writer(); });
}

SqliteStore::~SqliteStore() {
  idle_.reset();
  // The reader first: the last connection to close takes the write-ahead log into the database file and removes it, and
  // a reading one cannot.
  reader_.reset();
  release_writer();
}

Result<std::unique_ptr<Store>> SqliteStore::open(const fs::path& folder, OpenMode mode, StoreOptions options,
                                                 Context& context) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(folder, mode, std::move(options)));
  if (mode == OpenMode::write) {
    IG_TRY(make_folder(folder));
    // Makes the tables and the WAL before any reader opens.
    IG_TRY(store->write(context, [](Database&) -> Status { return {}; }));
  }
  IG_TRY(store->open_reader(context));
  return store;
}

Status SqliteStore::open_reader(Context& context) {
  const fs::path file = file_of(folder_);
  std::error_code error;
  if (!fs::exists(file, error)) return fail(Code::not_found, "there is no collection in '" + folder_.string() + "'.");
  const fs::path log = file.string() + "-wal";
  OpenAs as = OpenAs::read_only;
  if (::access(folder_.c_str(), W_OK) != 0 || ::access(file.c_str(), W_OK) != 0) {
    if (fs::exists(log, error) && fs::file_size(log, error) > 0) {
      return fail(Code::io,
                  "'" + folder_.string() +
                      "' cannot be written, and its write-ahead log holds data. Open it once "
                      "where it can be written, or make a copy: isogloss collections export NAME FOLDER --readonly");
    }
    as = OpenAs::immutable;
  }
  reader_ = IG_TRY(Database::open(file, as, options_.vfs));
  IG_TRY(reader_->execute("PRAGMA query_only=1; PRAGMA cache_size=-16384; PRAGMA mmap_size=268435456;"));
  // Its maker died, or is about to make the tables.
  if (IG_TRY(reader_->integer("SELECT count(*) FROM sqlite_schema")) == 0) {
    return fail(Code::not_found, "there is no collection in '" + folder_.string() + "'.");
  }
  if (IG_TRY(format_of(*reader_, file)) == kStoreFormat) return {};
  reader_.reset();
  if (as == OpenAs::immutable) {
    return fail(Code::unsupported,
                "'" + folder_.string() +
                    "' was made by an older version and cannot be written. Open it once where it can be, "
                    "with: isogloss collections show FOLDER");
  }
  IG_TRY(upgrade(context));
  return open_reader(context);
}

void SqliteStore::use_lexical(LexicalOptions options) {
  const std::unique_lock lock(view_mutex_);
  lexical_ = std::move(options);
  view_ = std::make_unique<View>(folder_, lexical_);
}

// The lock is not kept: a reader writes this once, and nothing else.
Status SqliteStore::upgrade(Context& context) {
  const fs::path file = file_of(folder_);
  FileLock lock = IG_TRY(FileLock::acquire(folder_ / "LOCK", "is being written by", kPatience, context));
  const auto database = IG_TRY(Database::open(file, OpenAs::read_write, options_.vfs));
  IG_TRY(prepare_schema(*database, file));
  context.say(LogLevel::info, "'" + folder_.string() + "' was brought to collection format " +
                                  std::to_string(kStoreFormat) +
                                  "; what it was before is kept beside it, in db.sqlite.format-1");
  return {};
}

Status SqliteStore::write(Context& context, const std::function<Status(Database&)>& work) {
  if (mode_ == OpenMode::read) return fail(Code::invalid_argument, "the collection was opened for reading only.");
  IG_TRY(context.check());
  const std::lock_guard guard_writer(writer_mutex_);
  if (!writer_) {
    FileLock lock = IG_TRY(FileLock::acquire(folder_ / "LOCK", "is being written by", kPatience, context));
    auto database = IG_TRY(Database::open(file_of(folder_), OpenAs::read_write, options_.vfs));
    IG_TRY(prepare_schema(*database, file_of(folder_)));
    IG_TRY(database->execute(kPragmas));
    IG_TRY(delete_orphans(*database));
    writer_.emplace(std::move(lock), std::move(database), std::chrono::steady_clock::now());
    staged_ = false;
  }
  if (staged_) {  // groups of a document that failed half way; to be gone before the next one gets their row number
    IG_TRY(delete_orphans(*writer_->database));
    staged_ = false;
  }
  const Status done = work(*writer_->database);
  if (std::chrono::steady_clock::now() - writer_->since >= kTurn && writer_->lock.wanted()) {
    drop_writer();
    FileLock::pause_for_others();
  } else {
    idle_->touch();
  }
  return done;
}

void SqliteStore::release_writer() {
  const std::lock_guard lock(writer_mutex_);
  if (writer_) drop_writer();
}

void SqliteStore::drop_writer() {
  // Readers keep the log alive when this connection closes, so it is emptied here, unless one is reading just now. What
  // fails here is done by the next writer.
  sqlite3_busy_timeout(writer_->database->handle(), 0);
  static_cast<void>(writer_->database->execute("PRAGMA wal_checkpoint(TRUNCATE)").has_value());
  writer_->database.reset();
  writer_.reset();
}

struct SqliteStore::Waiting {
  Context* context;
  const std::function<Status(Database&)>* work;
  Status result;  // of the leader until `done`
  bool done;      // durable, or failed
};

Status SqliteStore::write_together(Context& context, const std::function<Status(Database&)>& work) {
  Waiting mine{&context, &work, {}, false};
  std::unique_lock lock(waiting_mutex_);
  waiting_.push_back(&mine);
  led_.wait(lock, [&] { return mine.done || !leading_; });
  if (mine.done) return mine.result;
  leading_ = true;
  lock.unlock();
  std::vector<Waiting*> group;
  const Status whole = guard([&] {
    return write(context, [&](Database& database) -> Status {
      {
        const std::lock_guard gathering(waiting_mutex_);
        group.swap(waiting_);
      }
      return commit_group(database, group, context);
    });
  });
  lock.lock();
  if (group.empty()) {  // the lock was not to be had; whoever is next tries again
    std::erase(waiting_, &mine);
    mine.result = whole;
  }
  for (Waiting* one : group) {
    if (!whole) one->result = whole;
    one->done = true;
  }
  leading_ = false;
  led_.notify_all();
  return mine.result;
}

Status SqliteStore::commit_group(Database& database, std::span<Waiting* const> group, const Context& context) {
  const auto lock = exclusive_view();
  const auto all = [&]() -> Status {
    Transaction transaction = IG_TRY(Transaction::begin(database));
    for (Waiting* one : group) {
      IG_TRY(database.execute("SAVEPOINT work"));
      one->result = guard([&]() -> Status {
        IG_TRY(one->context->check());
        return (*one->work)(database);
      });
      if (!one->result) {
        view_->abandon_bulk();                                                   // it may hold documents that go now
        if (sqlite3_get_autocommit(database.handle()) != 0) return one->result;  // a full disk undoes everything
        IG_TRY(database.execute("ROLLBACK TO work"));
      }
      IG_TRY(database.execute("RELEASE work"));
    }
    // What a bulk adds to the indexes, it adds while the disk is waited for.
    Status done;
    run_both(
        context, [&] { done = guard([&] { return transaction.commit(); }); }, [&] { view_->add_planned(context); });
    return done;
  };
  const Status committed = all();
  if (!committed) view_->abandon_bulk();
  return committed;
}

Status SqliteStore::review_bulk(Database& database) {
  const std::int64_t seq = IG_TRY(last_seq(database));
  if (lexical_.analyse && view_->may_begin_bulk() &&
      IG_TRY(database.cached_integer("SELECT EXISTS(SELECT 1 FROM document)")) == 0) {
    IG_TRY(view_->begin_bulk(seq));
  }
  if (view_->in_bulk() && seq != view_->bulk_seq()) view_->abandon_bulk();
  return {};
}

Status SqliteStore::put_one(Database& database, const DocumentPut& put, const PackedText& text, const SpaceInfo* space,
                            std::int64_t row) {
  if (IG_TRY(delete_document(database, put.state.name))) view_->abandon_bulk();  // a bulk only appends
  const std::int64_t space_number = space != nullptr ? space->number : 0;
  const ChunkRange chunks = IG_TRY(insert_chunks(database, row, put, text, {0, put.chunks.size()}, space_number));
  const std::int64_t seq = IG_TRY(insert_document(database, row, put, text, chunks));
  if (!view_->in_bulk()) return {};
  view_->plan_bulk(chunks.first, put, has_vectors(put, space_number) ? space : nullptr, seq);
  return {};
}

Result<SqliteStore::Staged> SqliteStore::stage(Database& database, const DocumentPut& put, const PackedText& text,
                                               const SpaceInfo* space, Context& context) {
  Staged out;
  out.row = IG_TRY(next_document_row(database));
  const std::int64_t number = space != nullptr ? space->number : 0;
  for (std::size_t begin = 0; begin < put.chunks.size(); begin += kStagedChunks) {
    IG_TRY(context.check());
    Transaction transaction = IG_TRY(Transaction::begin(database));
    const std::size_t end = std::min(put.chunks.size(), begin + kStagedChunks);
    const ChunkRange group = IG_TRY(insert_chunks(database, out.row, put, text, {begin, end}, number));
    staged_ = true;
    IG_TRY(transaction.commit());
    if (begin == 0) out.chunks.first = group.first;
    out.chunks.last = group.last;
  }
  return out;
}

// First the groups of large documents, which nobody sees; then one transaction in which the whole batch appears.
Status SqliteStore::put_with_large(Database& database, std::span<const DocumentPut> documents,
                                   std::span<const PackedText> texts, Context& context) {
  const std::vector<SpaceInfo> spaces = IG_TRY(list_spaces(database));
  std::vector<const SpaceInfo*> serving;
  std::vector<std::optional<Staged>> staged;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    serving.push_back(IG_TRY(space_of(spaces, documents[i])));
    staged.emplace_back();
    if (documents[i].chunks.size() <= kStagedChunks) continue;
    staged.back() = IG_TRY(stage(database, documents[i], texts[i], serving.back(), context));
  }
  const std::function<Status(Database&)> appear = [&](Database&) -> Status {
    view_->abandon_bulk();
    std::int64_t row = IG_TRY(next_document_row(database));
    for (std::size_t i = 0; i < documents.size(); ++i) {
      if (!staged[i]) {
        IG_TRY(put_one(database, documents[i], texts[i], serving[i], row++));
        continue;
      }
      IG_TRY(delete_document(database, documents[i].state.name));
      IG_TRY(insert_document(database, staged[i]->row, documents[i], texts[i], staged[i]->chunks));
    }
    return {};
  };
  Waiting alone{&context, &appear, {}, false};
  Waiting* const group[] = {&alone};
  IG_TRY(commit_group(database, group, context));
  if (alone.result) staged_ = false;
  return alone.result;
}

Status SqliteStore::put(std::span<const DocumentPut> documents, Context& context) {
  const auto is_large = [](const DocumentPut& put) { return put.chunks.size() > kStagedChunks; };
  return guard([&]() -> Status {
    const std::vector<PackedText> texts = IG_TRY(packer_.pack(documents, context));
    if (std::ranges::any_of(documents, is_large)) {
      return write(context, [&](Database& database) { return put_with_large(database, documents, texts, context); });
    }
    return write_together(context, [&](Database& database) -> Status {
      const std::vector<SpaceInfo> spaces = IG_TRY(list_spaces(database));
      IG_TRY(review_bulk(database));
      const std::int64_t row = IG_TRY(next_document_row(database));
      for (std::size_t i = 0; i < documents.size(); ++i) {
        const SpaceInfo* space = IG_TRY(space_of(spaces, documents[i]));
        IG_TRY(put_one(database, documents[i], texts[i], space, row + static_cast<std::int64_t>(i)));
      }
      return {};
    });
  });
}

Status SqliteStore::remove(std::span<const std::string> names, Context& context) {
  return guard([&] {
    return write_together(context, [&](Database& database) -> Status {
      view_->abandon_bulk();
      for (const std::string& name : names) IG_TRY(delete_document(database, name));
      return {};
    });
  });
}

Status SqliteStore::touch(std::span<const DocumentState> states, Context& context) {
  return guard([&] {
    return write(context, [&](Database& database) -> Status {
      Transaction transaction = IG_TRY(Transaction::begin(database));
      for (const DocumentState& state : states) {
        Statement* update =
            IG_TRY(database.cached("UPDATE document SET size=?, mtime=?, inode=?, path=?, root=? WHERE name=?"));
        update->bind(0, static_cast<std::int64_t>(state.size)).bind(1, state.mtime_ns);
        update->bind(2, static_cast<std::int64_t>(state.inode)).bind(3, std::string_view(state.path));
        IG_TRY(update->bind(4, std::string_view(state.root)).bind(5, std::string_view(state.name)).run());
      }
      return transaction.commit();
    });
  });
}

Status SqliteStore::set_settings(const std::map<std::string, std::string>& values, Context& context) {
  return guard([&] {
    return write(context, [&](Database& database) -> Status {
      Transaction transaction = IG_TRY(Transaction::begin(database));
      for (const auto& [name, value] : values) {
        Statement* insert = IG_TRY(database.cached("INSERT OR REPLACE INTO setting VALUES(?,?)"));
        IG_TRY(insert->bind(0, std::string_view(name)).bind(1, std::string_view(value)).run());
      }
      return transaction.commit();
    });
  });
}

Result<std::unique_ptr<BuildTurn>> SqliteStore::begin_build(std::chrono::milliseconds patience, Context& context) {
  struct Turn final : BuildTurn {
    explicit Turn(FileLock l) : lock(std::move(l)) {}
    FileLock lock;
  };
  return guard([&]() -> Result<std::unique_ptr<BuildTurn>> {
    if (mode_ == OpenMode::read) return fail(Code::invalid_argument, "the collection was opened for reading only.");
    return std::make_unique<Turn>(
        IG_TRY(FileLock::acquire(folder_ / "BUILD", "is getting new vectors from", patience, context)));
  });
}

Result<std::int64_t> SqliteStore::add_space(const SpaceInfo& space, std::string_view fitted_files, Context& context) {
  return guard([&]() -> Result<std::int64_t> {
    std::int64_t number = 0;
    IG_TRY(write(context, [&](Database& database) -> Status {
      Transaction transaction = IG_TRY(Transaction::begin(database));
      // What a build left behind whose process has died: the caller has the turn, so no other one is alive.
      IG_TRY(
          database.execute("DELETE FROM vector WHERE space IN (SELECT id FROM space WHERE role<>0);"
                           "DELETE FROM fitted WHERE space IN (SELECT id FROM space WHERE role<>0);"
                           "DELETE FROM space WHERE role<>0"));
      number = IG_TRY(insert_space(database, space, fitted_files));
      return transaction.commit();
    }));
    return number;
  });
}

Status SqliteStore::put_vectors(std::int64_t space, std::span<const std::int64_t> chunks, VectorsView rows,
                                Context& context) {
  return guard([&] {
    return write(context, [&](Database& database) -> Status {
      if (rows.rows != chunks.size() || rows.dtype != DType::f32) {
        return fail(Code::invalid_argument, "put_vectors needs one f32 row for every chunk.");
      }
      Transaction transaction = IG_TRY(Transaction::begin(database));
      const SpaceRole role = IG_TRY(role_of(database, space));
      for (std::size_t i = 0; i < chunks.size(); ++i)
        IG_TRY(insert_vector(database, space, chunks[i], rows.row_f32(i)));
      if (role == SpaceRole::search) IG_TRY(log_change(database, ChangeOp::spaces, {}));
      return transaction.commit();
    });
  });
}

Result<bool> SqliteStore::publish_space(std::int64_t space, Publish when, Context& context) {
  return guard([&]() -> Result<bool> {
    bool served = false;
    IG_TRY(write(context, [&](Database& database) -> Status {
      Transaction transaction = IG_TRY(Transaction::begin(database));
      IG_TRY(role_of(database, space));
      if (when == Publish::complete && IG_TRY(lacks_vectors(database, space))) return {};
      IG_TRY(database.execute("UPDATE space SET role=2 WHERE role=0"));
      Statement* serve = IG_TRY(database.cached("UPDATE space SET role=0 WHERE id=?"));
      IG_TRY(serve->bind(0, space).run());
      IG_TRY(log_change(database, ChangeOp::spaces, {}));
      IG_TRY(transaction.commit());
      served = true;
      return drop_old_spaces(database);
    }));
    return served;
  });
}

Status SqliteStore::flush(Context& context) {
  return guard([&] {
    return write(context, [&](Database& database) -> Status {
      const auto lock = exclusive_view();
      if (!view_ || !lexical_.analyse) return {};
      return view_->save(database, View::Lag::far_enough, context);
    });
  });
}

Status SqliteStore::rebuild(Context& context) {
  return guard([&] {
    return write(context, [&](Database& database) -> Status {
      const auto lock = exclusive_view();
      if (!lexical_.analyse) return {};
      for (const auto& file : View(folder_, lexical_).term_files()) fs::remove(file.path);
      for (const SpaceInfo& space : IG_TRY(list_spaces(database))) {
        for (const auto& file : View(folder_, lexical_).vector_files(space.number)) fs::remove(file.path);
      }
      view_ = std::make_unique<View>(folder_, lexical_);
      return view_->save(database, View::Lag::any, context);
    });
  });
}

}  // namespace store
}  // namespace isogloss
