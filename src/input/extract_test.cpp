// SPDX-License-Identifier: Apache-2.0
// A script plays the worker, found through PATH; it ends after each answer, so that none waits for another test.
#include "input/extract.hpp"

#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::input {
namespace {

class Worker : public ::testing::Test {
 protected:
  void play(const std::string& script) {
    const std::filesystem::path program = folder_.path() / "isogloss-extract";
    ASSERT_TRUE(write_file(program, "#!/bin/sh\nread head\n" + script + "\n"));
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  void TearDown() override { ::setenv("PATH", path_.c_str(), 1); }

  Result<Document> ask(std::string_view content = "bytes") {
    Context context;
    return extract_in_worker("pdf", "a.pdf", content, {}, context);
  }

  TemporaryFolder folder_;
  std::string path_ = std::getenv("PATH");
};

TEST_F(Worker, GivesTheDocumentOfItsLines) {
  play(R"(printf '{"text":"Hello","page":1}\n{"done":true}\n')");
  const auto d = ask();
  ASSERT_TRUE(d) << d.error().message;
  EXPECT_EQ(d->text, "Hello\n");
}

TEST_F(Worker, TellsWhatItCannotRead) {
  play(R"(printf '{"failed":5,"message":"it is encrypted"}\n')");
  const auto d = ask();
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, Code::unsupported);
  EXPECT_EQ(d.error().message, "it is encrypted");
}

TEST_F(Worker, ItsDeathIsTheFilesFault) {
  for (const auto& [script, reason] :
       {std::pair("kill -11 $$", "signal 11"),
        std::pair("echo oops >&2; exit 3", "exit 3): it is damaged, or made to do harm: oops"),
        std::pair("printf '{\"text\":\"half'", "exit 0")}) {
    play(script);
    const auto d = ask();
    ASSERT_FALSE(d) << script;
    EXPECT_EQ(d.error().code, Code::corrupt_data);
    EXPECT_NE(d.error().message.find(reason), std::string::npos) << d.error().message;
    EXPECT_NE(d.error().message.find("'a.pdf'"), std::string::npos);
  }
}

TEST_F(Worker, WhatItSaysIsChecked) {
  play(R"(printf 'nonsense\n{"done":true}\n')");
  EXPECT_EQ(ask().error().code, Code::corrupt_data);
  play(R"(printf '{"text":"a","boxes":[[0,5,1,1,1,1]]}\n{"done":true}\n')");
  EXPECT_EQ(ask().error().code, Code::corrupt_data);
}

TEST_F(Worker, AFloodIsStopped) {
  play("yes");
  const auto d = ask();
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, Code::exhausted);
}

TEST_F(Worker, OneThatDoesNotReadItsQuestionDoesNotBlock) {
  play("exit 0");
  EXPECT_EQ(ask(std::string(5'000'000, 'x')).error().code, Code::corrupt_data);
}

TEST_F(Worker, OneThatIsMissingIsNamed) {
  ::setenv("PATH", "/nonexistent", 1);
  const auto d = ask();
  ASSERT_FALSE(d);
  EXPECT_EQ(d.error().code, Code::unavailable);
  EXPECT_NE(d.error().message.find("isogloss-extract"), std::string::npos);
}

}  // namespace
}  // namespace isogloss::input
