// SPDX-License-Identifier: Apache-2.0
#include "runtime/ingest/folder_watch.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "core/test_support.hpp"

namespace isogloss::runtime {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

class FolderWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "sub");
    ASSERT_TRUE(watch_.add({"", root_}).value());
    ASSERT_TRUE(watch_.add({"sub", root_ / "sub"}).value());
  }
  // What changed; empty when nothing does within a tenth of a second.
  Scope changes() {
    while (watch_.wait(milliseconds(100)).value()) {
    }
    return watch_.take();
  }
  void write(const fs::path& name, std::string_view text = "x") { ASSERT_TRUE(write_file(root_ / name, text)); }

  TemporaryFolder folder_;
  fs::path root_ = fs::canonical(folder_.path()) / "docs";
  FolderWatch watch_ = FolderWatch::open().value();
};

TEST_F(FolderWatchTest, TellsFilesByTheirNames) {
  EXPECT_TRUE(changes().empty());
  write("sub/a.md");
  Scope seen = changes();
  EXPECT_TRUE(seen.covers("sub/a.md"));
  EXPECT_FALSE(seen.covers("sub/b.md"));
  EXPECT_TRUE(seen.leads_into("sub"));
  fs::permissions(root_ / "sub/a.md", fs::perms::owner_read);
  EXPECT_TRUE(changes().covers("sub/a.md"));
  fs::remove(root_ / "sub/a.md");
  EXPECT_TRUE(changes().covers("sub/a.md"));
}

TEST_F(FolderWatchTest, AnIgnoreFileChangesItsFolder) {
  write("sub/.gitignore", "*.log");
  EXPECT_TRUE(changes().covers("sub/any.md"));
}

TEST_F(FolderWatchTest, AFolderIsNewOnceAndAgainWhereItWasMovedTo) {
  EXPECT_FALSE(watch_.add({"sub", root_ / "sub"}).value());
  fs::rename(root_ / "sub", root_ / "moved");
  const Scope seen = changes();
  EXPECT_TRUE(seen.covers("sub/a.md"));
  EXPECT_TRUE(seen.covers("moved/a.md"));
  write("moved/quiet.md");
  EXPECT_TRUE(changes().empty());  // nobody listens there yet
  EXPECT_TRUE(watch_.add({"moved", root_ / "moved"}).value());
  write("moved/b.md");
  EXPECT_TRUE(changes().covers("moved/b.md"));
  EXPECT_FALSE(watch_.add({"gone", root_ / "gone"}).value());
}

TEST_F(FolderWatchTest, SaysThatTheRootIsLost) {
  fs::rename(root_, root_.parent_path() / "away");
  EXPECT_TRUE(changes().is_all());
  EXPECT_EQ(watch_.take_lost(), std::vector<fs::path>{root_});
}

TEST_F(FolderWatchTest, AnOverflowIsEverythingAndEveryFolderIsNewAgain) {
  std::size_t limit = 16384;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  const std::size_t events = limit + 10;
  if (events > 200'000) GTEST_SKIP() << "the system queues " << events << " events";
  for (std::size_t i = 0; i < events / 2 + 1; ++i) {
    fs::permissions(root_ / "sub", fs::perms::owner_all);  // an event of the root and one of the folder itself, in turn
    fs::permissions(root_, fs::perms::owner_all);
  }
  EXPECT_TRUE(changes().is_all());
  EXPECT_TRUE(watch_.add({"sub", root_ / "sub"}).value());
}

TEST(Scope, CoversWhatLiesBelowItsNames) {
  Scope scope;
  EXPECT_TRUE(scope.empty());
  scope.add("a/b");
  EXPECT_TRUE(scope.covers("a/b"));
  EXPECT_TRUE(scope.covers("a/b/c/d"));
  EXPECT_FALSE(scope.covers("a/bc"));
  EXPECT_FALSE(scope.covers("a"));
  EXPECT_TRUE(scope.leads_into("a"));
  EXPECT_FALSE(scope.leads_into("a/b"));
  EXPECT_FALSE(scope.is_all());
  scope.add_all();
  EXPECT_TRUE(scope.covers("x"));
}

}  // namespace
}  // namespace isogloss::runtime
