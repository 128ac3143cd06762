// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include "core/test_support.hpp"

namespace isogloss {
namespace {

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  {
    auto file = AtomicFile::create(folder.path() / "a.txt");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("half"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(AtomicFile, CommitGivesTheWholeContentItsName) {
  const TemporaryFolder folder;
  const std::string big(3'000'000, 'x');
  ASSERT_TRUE(write_file(folder.path() / "a.txt", big));
  EXPECT_EQ(read_file(folder.path() / "a.txt").value(), big);
  const auto mapped = MappedFile::open(folder.path() / "a.txt");
  ASSERT_TRUE(mapped);
  EXPECT_EQ(mapped->bytes().size(), big.size());
}

TEST(ReadFile, SaysWhatIsMissing) {
  const auto content = read_file("/no/such/file");
  ASSERT_FALSE(content);
  EXPECT_EQ(content.error().code, Code::not_found);
  EXPECT_NE(content.error().message.find("/no/such/file"), std::string::npos);
}

TEST(ReadFile, RefusesMoreThanItsLimit) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "a.txt", "12345"));
  EXPECT_EQ(read_file(folder.path() / "a.txt", 4).error().code, Code::too_long);
}

TEST(Temporary, WhatADeadProcessLeftIsRemoved) {
  const TemporaryFolder folder;
  const auto place = folder.path() / "copy";
  std::filesystem::path dead;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  dead = folder.path() / (".copy.tmp-" + std::to_string(child) + "-0");
  const std::filesystem::path mine = temporary_name(place), other = folder.path() / (".other" + dead.filename().string());
  for (const auto& path : {dead, mine, other}) std::filesystem::create_directory(path);
  ASSERT_TRUE(write_file(dead / "db.sqlite", "half"));
  remove_abandoned(place);
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(mine));
  EXPECT_TRUE(std::filesystem::exists(other));
  EXPECT_FALSE(is_abandoned("copy.tmp-1-0"));
  EXPECT_FALSE(is_abandoned(".copy.tmp-"));
}

}  // namespace
}  // namespace isogloss
