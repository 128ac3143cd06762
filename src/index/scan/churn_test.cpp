// SPDX-License-Identifier: Apache-2.0
// An index that changes for a long time: files that add to each other, removed rows, space, searches meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <numeric>
#include <set>
#include <shared_mutex>
#include <thread>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;
using Hits = std::vector<std::vector<IndexHit>>;

constexpr std::size_t kDim = 40;
#if defined(__SANITIZE_THREAD__)
constexpr std::size_t kRows = 6000;  // lists take minutes there
#else
constexpr std::size_t kRows = 34000;
#endif

Vectors drawn(std::size_t rows, Random& random) {
  Random same(5);
  Vectors centres = Vectors::dense(60, kDim);
  for (std::size_t c = 0; c < 60; ++c) {
    for (float& x : centres.row_f32(c)) x = static_cast<float>(same.normal());
  }
  Vectors out = Vectors::dense(rows, kDim);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto centre = centres.row_f32(random.bounded(60));
    for (std::size_t d = 0; d < kDim; ++d) {
      out.row_f32(i)[d] = centre[d] + 0.8F * static_cast<float>(random.normal());
    }
  }
  return out;
}

std::vector<std::int64_t> numbered(std::int64_t first, std::size_t n) {
  std::vector<std::int64_t> ids(n);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

double recall_of(const Hits& found, const Hits& truth) {
  double right = 0;
  for (std::size_t q = 0; q < truth.size(); ++q) {
    EXPECT_EQ(found[q].size(), truth[q].size());
    const float worst = truth[q].back().score;
    right += static_cast<double>(std::ranges::count_if(found[q], [&](const IndexHit& h) { return h.score >= worst; }));
  }
  return right / static_cast<double>(truth.size() * truth[0].size());
}

std::uintmax_t bytes_of(const VectorIndex& index) {
  std::uintmax_t bytes = 0;
  for (const fs::path& path : index.files()) bytes += fs::file_size(path);
  return bytes;
}

double seconds_for(const VectorIndex& index, const Vectors& queries) {
  double best = 1e9;
  for (int round = 0; round < 5; ++round) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(index.search(queries.view(), {10}, Context{}));
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

// The index under change, a flat one that tells the truth, and the ids that live.
class Churned {
 public:
  Churned(fs::path folder, std::size_t rows) : folder_(std::move(folder)) {
    add(numbered(0, rows));
    save();
  }

  // A tenth is removed, a tenth gets other vectors, a tenth is new.
  void churn() {
    const std::size_t tenth = live_.size() / 10;
    std::vector<std::int64_t> ids(live_.begin(), live_.end());
    random_.shuffle(std::span(ids));
    remove({ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(2 * tenth)});
    add({ids.begin() + static_cast<std::ptrdiff_t>(tenth), ids.begin() + static_cast<std::ptrdiff_t>(2 * tenth)});
    add(numbered(next_, tenth));
  }

  void save() {
    const std::unique_lock turn(turn_);
    const std::unique_lock lock(changing_);
    ASSERT_TRUE(index_->save_changes(folder_ / (std::to_string(++saves_) + ".seg"), {"space", saves_}, Context{}));
    const std::vector<fs::path> files = index_->files();
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (std::ranges::find(files, entry.path()) == files.end()) fs::remove(entry.path());
    }
    most_files_ = std::max(most_files_, files.size());
  }

  // Until `stop`: no removed row is ever found. Returns how many searches there were.
  std::size_t watch(std::uint64_t stream, const std::atomic<bool>& stop) {
    Random random(77, stream);
    const Vectors queries = drawn(20, random);
    std::size_t count = 0;
    for (; !stop; ++count) {
      std::unique_lock turn(turn_);
      const std::shared_lock lock(changing_);
      turn.unlock();
      const auto hits = index_->search(queries.view(), {10}, Context{});
      EXPECT_TRUE(hits.has_value());
      for (const auto& list : *hits) {
        for (const IndexHit& hit : list) EXPECT_TRUE(live_.contains(hit.id)) << hit.id;
      }
    }
    return count;
  }

  const VectorIndex& index() const { return *index_; }
  const VectorIndex& flat() const { return *flat_; }
  std::size_t most_files() const { return most_files_; }
  fs::path newest() const { return folder_ / (std::to_string(saves_) + ".seg"); }
  // The same rows in an index of their own.
  std::unique_ptr<VectorIndex> fresh(const fs::path& path) const {
    EXPECT_TRUE(index_->save(path, {}, Context{}));
    return map_scan_index(path).value();
  }

 private:
  void add(const std::vector<std::int64_t>& ids) {
    const Vectors rows = drawn(ids.size(), random_);
    const std::unique_lock turn(turn_);
    const std::unique_lock lock(changing_);
    ASSERT_TRUE(index_->add(ids, rows.view(), Context{}));
    ASSERT_TRUE(flat_->add(ids, rows.view(), Context{}));
    live_.insert(ids.begin(), ids.end());
    next_ = *live_.rbegin() + 1;
  }
  void remove(const std::vector<std::int64_t>& ids) {
    const std::unique_lock turn(turn_);
    const std::unique_lock lock(changing_);
    EXPECT_EQ(index_->remove(ids), ids.size());
    EXPECT_EQ(flat_->remove(ids), ids.size());
    for (const std::int64_t id : ids) live_.erase(id);
  }

  fs::path folder_;
  std::unique_ptr<VectorIndex> index_ = make_scan_index({kDim, Metric::cosine, DType::f32}).value();
  std::unique_ptr<VectorIndex> flat_ = make_flat_index({kDim, Metric::cosine, DType::f32}).value();
  std::mutex turn_;  // a change waits for the searches that run, not for those that come
  std::shared_mutex changing_;
  std::set<std::int64_t> live_;
  std::int64_t next_ = 0;
  Random random_{6};
  std::uint64_t saves_ = 0;
  std::size_t most_files_ = 0;
};

TEST(Churn, TenRoundsLeaveAnIndexAsGoodAsAFreshOne) {
  const TemporaryFolder folder;
  const fs::path files = folder.path() / "index";
  fs::create_directory(files);
  Churned churned(files, kRows);
  Random random(8);
  const Vectors queries = drawn(100, random);
  std::atomic<bool> stop = false;
  std::vector<std::size_t> searches(2);
  {
    std::vector<std::jthread> watchers;
    for (std::size_t i = 0; i < 2; ++i) {
      watchers.emplace_back([&, i] { searches[i] = churned.watch(i, stop); });
    }
    for (int round = 0; round < 10; ++round) {
      churned.churn();
      churned.save();
    }
    stop = true;
  }
  EXPECT_GT(searches[0], 0U);
  EXPECT_GT(searches[1], 0U);
  EXPECT_EQ(churned.index().size(), churned.flat().size());

  const auto fresh = churned.fresh(folder.path() / "fresh.seg");
  const Hits truth = churned.flat().search(queries.view(), {10}, Context{}).value();
  const double kept = recall_of(churned.index().search(queries.view(), {10}, Context{}).value(), truth);
  const double anew = recall_of(fresh->search(queries.view(), {10}, Context{}).value(), truth);
  EXPECT_GE(kept, anew - 0.05);
  EXPECT_GE(kept, 0.985);
  EXPECT_LE(static_cast<double>(bytes_of(churned.index())), 1.4 * static_cast<double>(bytes_of(*fresh)));
  std::printf("  recall %.4f, fresh %.4f; 100 queries %.2f ms, fresh %.2f ms; %ju bytes, fresh %ju\n", kept, anew,
              1e3 * seconds_for(churned.index(), queries), 1e3 * seconds_for(*fresh, queries),
              bytes_of(churned.index()), bytes_of(*fresh));
}

TEST(Churn, SmallSavesCostWhatIsNewAndStayFew) {
  const TemporaryFolder folder;
  Churned churned(folder.path(), kRows);
  const std::uintmax_t whole = bytes_of(churned.index());
  const auto index = map_scan_index(churned.newest()).value();
  Random random(9);
  const Vectors queries = drawn(50, random);
  std::int64_t next = 1'000'000;
  std::uintmax_t written = 0;
  std::size_t most = 0;
  std::uint64_t seq = 100;
  for (int save = 0; save < 40; ++save) {
    const Vectors rows = drawn(100, random);
    ASSERT_TRUE(index->add(numbered(next, 100), rows.view(), Context{}));
    ASSERT_EQ(index->remove(numbered(next - 30, 10)), save == 0 ? 0U : 10U);
    next += 100;
    const fs::path path = folder.path() / (std::to_string(++seq) + ".seg");
    ASSERT_TRUE(index->save_changes(path, {"space", seq}, Context{}));
    written += fs::file_size(path);
    most = std::max(most, index->files().size());
    if (save % 8 != 7) continue;
    // What was written is what is there.
    const auto mapped = map_scan_index(path).value();
    EXPECT_EQ(mapped->files(), index->files());
    EXPECT_EQ(mapped->stamp().last_seq, seq);
    EXPECT_EQ(mapped->size(), kRows + static_cast<std::size_t>(save + 1) * 100 - static_cast<std::size_t>(save) * 10);
    EXPECT_TRUE(mapped->verify());
    EXPECT_EQ(mapped->search(queries.view(), {10}, Context{}).value(),
              index->search(queries.view(), {10}, Context{}).value());
    const auto fresh_path = folder.path() / "fresh";
    ASSERT_TRUE(index->save(fresh_path, {}, Context{}));
    IndexQuery exact;
    exact.exact = true;
    EXPECT_EQ(mapped->search(queries.view(), exact, Context{}).value(),
              map_scan_index(fresh_path).value()->search(queries.view(), exact, Context{}).value());
  }
  EXPECT_LE(most, 8U);
  EXPECT_LT(written, 17 * whole * 4000 / kRows);  // a new row is written some times; whole files would be 40
}

TEST(Churn, AFileOfChangesIsRefusedWithoutTheFilesItAddsTo) {
  const TemporaryFolder folder;
  Random random(10);
  const auto index = make_scan_index({kDim, Metric::dot, DType::bf16}).value();
  ASSERT_TRUE(index->add(numbered(0, 2000), drawn(2000, random).view(), Context{}));
  ASSERT_TRUE(index->save_changes(folder.path() / "1", {}, Context{}));
  ASSERT_TRUE(index->add(numbered(5000, 10), drawn(10, random).view(), Context{}));
  ASSERT_TRUE(index->save_changes(folder.path() / "2", {}, Context{}));
  ASSERT_EQ(index->files().size(), 2U);
  EXPECT_EQ(map_scan_index(folder.path() / "2").value()->size(), 2010U);
  EXPECT_EQ(map_scan_index(folder.path() / "1").value()->size(), 2000U);

  // Another file under the name of the first.
  const auto other = make_scan_index({kDim, Metric::dot, DType::bf16}).value();
  ASSERT_TRUE(other->add(numbered(0, 2000), drawn(2000, random).view(), Context{}));
  ASSERT_TRUE(other->save(folder.path() / "1", {"other", 1}, Context{}));
  EXPECT_EQ(map_scan_index(folder.path() / "2").error().code, Code::corrupt_data);
  fs::remove(folder.path() / "1");
  const auto missing = map_scan_index(folder.path() / "2");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("'1'"), std::string::npos) << missing.error().message;
}

}  // namespace
}  // namespace isogloss
