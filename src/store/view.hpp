// SPDX-License-Identifier: Apache-2.0
// The derived side of a store: a term index and a vector index that show the truth at one sequence number. Loaded from
// the newest valid files, caught up from the change log; files may be deleted at any moment.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isogloss/index.hpp"
#include "isogloss/store.hpp"
#include "store/truth/database.hpp"
#include "store/truth/records.hpp"

namespace isogloss::store {

class View {
 public:
  View(std::filesystem::path folder, LexicalOptions lexical)
      : folder_(std::move(folder)), lexical_(std::move(lexical)) {}

  // Whether the indexes show the truth that `database` shows, so that catch_up() would do nothing.
  Result<bool> is_current(Database& database) const;
  // Brings both indexes to the truth that `database` shows. The first call maps the newest valid files, or builds.
  Status catch_up(Database& database, const Context& context);

  // Takes terms and vectors of puts to the collection's first files without reading them back: between begin_bulk() and
  // the next catch_up() or save(). REQUIRES: may_begin_bulk(), and no document in the collection. `seq` = its newest
  // change. Puts are first planned, in the order in which they become rows, then added all at once, while the disk is
  // waited for.
  Status begin_bulk(std::int64_t seq);
  bool may_begin_bulk() const { return seq_ < 0 && !bulk_; }
  bool in_bulk() const { return bulk_.has_value(); }
  // `seq` = the change this document became; the files will show the truth up to the last of them. `space` is where its
  // vectors went, or null.
  void plan_bulk(std::int64_t first_chunk, const DocumentPut& put, const SpaceInfo* space, std::int64_t seq);
  // REQUIRES: the planned puts are still there. Whatever fails ends the bulk: the files are then made from the truth.
  void add_planned(const Context& context);
  std::int64_t bulk_seq() const { return bulk_->seq; }
  void abandon_bulk() { bulk_.reset(); }

  // Writes files that show the truth of `database`, when they lag far enough (or `always`), and deletes older ones.
  // REQUIRES: the write lock is held.
  enum class Lag { far_enough, any };
  Status save(Database& database, Lag lag, const Context& context);

  const TermIndex* terms() const { return terms_.get(); }
  const VectorIndex* vectors() const { return vectors_.get(); }
  const std::optional<SpaceInfo>& space() const { return space_; }

  // Files of one kind, newest first, with the sequence number in their names.
  struct DerivedFile {
    std::filesystem::path path;
    std::int64_t seq = 0;
  };
  std::vector<DerivedFile> term_files() const;
  std::vector<DerivedFile> vector_files(std::int64_t space) const;
  std::string term_stamp() const;

 private:
  struct Planned {
    std::int64_t first_chunk = 0;
    const DocumentPut* put = nullptr;
    std::optional<SpaceInfo> space;
  };
  struct Bulk {
    TermIndexBuilder terms;
    std::int64_t seq = 0;
    std::size_t documents = 0;
    std::size_t chunks = 0;
    std::optional<SpaceInfo> space;        // of the chunks so far
    std::unique_ptr<VectorIndex> vectors;  // theirs in that space
    std::vector<Planned> planned;
  };

  TermIndexOptions term_options() const;
  Status load_terms(Database& database, std::int64_t seq, const Context& context);
  Status load_vectors(Database& database, std::int64_t seq, const Context& context);
  Status apply(Database& database, const std::vector<Change>& changes, const Context& context);
  Status add_chunk_terms(Database& database, ChunkRange range, const Context& context);
  Status add_chunk_vectors(Database& database, ChunkRange range, const Context& context);
  // False: its space is another than that of the chunks before.
  Result<bool> add_bulk(const Planned& planned, const Context& context);
  Status finish_bulk(const Context& context);
  void drop_files(std::int64_t keep_terms);  // and vectors that vectors_ does not need

  std::filesystem::path folder_;
  LexicalOptions lexical_;
  std::unique_ptr<TermIndex> terms_;
  std::unique_ptr<VectorIndex> vectors_;
  std::optional<SpaceInfo> space_;
  std::optional<Bulk> bulk_;
  std::int64_t seq_ = -1;          // what the indexes show; -1 = not loaded
  std::int64_t saved_terms_ = -1;  // sequence number of the newest file
  std::int64_t saved_vectors_ = -1;
  std::size_t changed_ = 0;  // chunks that came or went since the newest files
};

}  // namespace isogloss::store
