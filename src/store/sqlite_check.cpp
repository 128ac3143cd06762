// SPDX-License-Identifier: Apache-2.0
// check() compares every derived file with the truth, row by row; snapshot() copies the truth while others work.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "store/filter_rows.hpp"
#include "store/sqlite_store.hpp"
#include "store/truth/records.hpp"

namespace isogloss::store {
namespace fs = std::filesystem;
namespace {

constexpr float kRowTolerance = 1e-5F;

// What SQLite finds, and what its rules cannot express.
Result<std::string> truth_problem(Database& database) {
  Statement statement = IG_TRY(database.prepare("PRAGMA integrity_check(1)"));
  if (IG_TRY(statement.step()) && statement.text(0) != "ok") return std::string(statement.text(0));
  if (IG_TRY(database.integer("SELECT count(*) FROM vector WHERE chunk NOT IN (SELECT id FROM chunk)")) != 0) {
    return std::string("there are vectors of chunks that do not exist");
  }
  if (IG_TRY(database.integer("SELECT count(*) FROM document d WHERE d.last_chunk-d.first_chunk+1 <> "
                              "(SELECT count(*) FROM chunk c WHERE c.document=d.id)")) != 0) {
    return std::string("there are documents that lack chunks");
  }
  return std::string();
}

std::string compare_ids(const std::vector<std::int64_t>& truth, std::size_t size, const auto& contains) {
  for (const std::int64_t number : truth) {
    if (!contains(number)) return "chunk " + std::to_string(number) + " is missing";
  }
  if (size == truth.size()) return {};
  return "it holds " + std::to_string(size) + " entries, the truth " + std::to_string(truth.size());
}

// Every term's document frequency, counted anew from the text.
Result<std::string> compare_terms(Database& database, const TermIndex& index, const LexicalOptions& lexical) {
  std::map<std::string, std::size_t> frequencies;
  TermCounts counts;
  IG_TRY(visit_chunks(database, {0, INT64_MAX}, [&](StoredChunk& chunk) -> Result<bool> {
    lexical.analyse(indexed_text(chunk.heading, chunk.text), counts);
    for (const auto& [term, count] : counts.terms) ++frequencies[term];
    return true;
  }));
  for (const auto& [term, frequency] : frequencies) {
    if (index.document_frequency(term) != frequency) return "term '" + term + "' has another document frequency";
  }
  return std::string();
}

Result<std::string> compare_rows(Database& database, const VectorIndex& index, const SpaceInfo& space) {
  std::string problem;
  IG_TRY(visit_vectors(database, space.number, {0, INT64_MAX}, [&](std::int64_t chunk, std::span<const std::byte> data) -> Status {
    if (!problem.empty()) return {};
    const std::vector<float> kept = IG_TRY(index.row(chunk));
    std::vector<float> row(space.dimension);
    std::memcpy(row.data(), data.data(), std::min(data.size(), row.size() * sizeof(float)));
    double norm = 0;
    for (const float v : row) norm += double{v} * v;
    const double scale = space.metric == Metric::cosine && norm > 0 ? 1 / std::sqrt(norm) : 1;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (std::abs(kept[i] - static_cast<float>(row[i] * scale)) > kRowTolerance) {
        problem = "the row of chunk " + std::to_string(chunk) + " differs";
      }
    }
    return {};
  }));
  return problem;
}

}  // namespace

Status SqliteStore::check_indexes(std::vector<CheckFinding>& findings, Context& context) {
  // Damage inside a file, byte by byte. A writer may have replaced one since it was listed.
  const auto verify = [&](const std::vector<View::DerivedFile>& files, const auto& map) {
    for (const auto& file : files) {
      const auto index = map(file.path);
      if (!index && index.error().code == Code::not_found) continue;
      const Status sound = index ? (*index)->verify() : Status(std::unexpected(index.error()));
      findings.push_back({file.path.filename().string(), sound ? "" : sound.error().message});
    }
  };
  verify(view_->term_files(), [](const fs::path& path) { return map_term_index(path); });
  const auto view = IG_TRY(current_view(context));
  const std::vector<std::int64_t> truth = IG_TRY(VisibleChunks().all(*reader_));  // as the tables say, not as kept
  const TermIndex& terms = *view_->terms();
  std::string problem = compare_ids(truth, terms.size(), [&](std::int64_t n) { return terms.contains(n); });
  if (problem.empty()) problem = IG_TRY(compare_terms(*reader_, terms, lexical_));
  findings.push_back({"term index", problem});
  if (view_->vectors() == nullptr) return {};
  verify(view_->vector_files(view_->space()->number), [](const fs::path& path) { return map_scan_index(path); });
  const VectorIndex& vectors = *view_->vectors();
  problem = compare_ids(truth, vectors.size(), [&](std::int64_t n) { return vectors.contains(n); });
  if (problem.empty()) problem = IG_TRY(compare_rows(*reader_, vectors, *view_->space()));
  findings.push_back({"vector index", problem});
  return {};
}

Result<std::vector<CheckFinding>> SqliteStore::check(Context& context) {
  return guard([&]() -> Result<std::vector<CheckFinding>> {
    std::vector<CheckFinding> findings;
    remove_abandoned(fs::absolute(folder_));  // of a killed snapshot to this name
    // One read transaction, so that the indexes are compared with the truth they were caught up to while others write.
    const std::lock_guard reading(reader_mutex_);
    IG_TRY(reader_->execute("BEGIN"));
    const auto look = [&]() -> Status {
      findings.push_back({"truth", IG_TRY(truth_problem(*reader_))});
      return check_indexes(findings, context);
    };
    const Status looked = look();
    IG_TRY(reader_->execute("COMMIT"));
    if (!looked) return fail(looked.error());
    return findings;
  });
}

Status SqliteStore::snapshot(const fs::path& folder, Context& context) {
  return guard([&]() -> Status {
    IG_TRY(context.check());
    std::error_code error;
    if (fs::exists(folder, error)) {
      return fail(Code::already_exists, "'" + folder.string() + "' exists already; name a new folder for the snapshot.");
    }
    remove_abandoned(fs::absolute(folder));  // what a killed snapshot left behind
    const fs::path temporary = temporary_name(fs::absolute(folder));
    fs::create_directories(temporary, error);
    if (error) return fail(Code::io, "cannot create the folder '" + folder.string() + "': " + error.message());
    const auto copy = [&]() -> Status {
      // A connection of its own: VACUUM INTO is refused under query_only, and takes its time.
      const auto database = IG_TRY(Database::open(folder_ / "db.sqlite", OpenAs::read_only, options_.vfs));
      Statement vacuum = IG_TRY(database->prepare("VACUUM INTO ?"));
      return vacuum.bind(0, std::string_view((temporary / "db.sqlite").string())).run();
    };
    Status done = copy();
    if (done) done = sync_file(temporary / "db.sqlite");  // VACUUM INTO does not
    if (done) done = sync_folder(temporary);
    if (done) {
      fs::rename(temporary, folder, error);
      if (error) done = fail(Code::io, "cannot create the folder '" + folder.string() + "': " + error.message());
    }
    if (done) return sync_folder(fs::absolute(folder).parent_path());
    fs::remove_all(temporary, error);
    return done;
  });
}

}  // namespace isogloss::store
