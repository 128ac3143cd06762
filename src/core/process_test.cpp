// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"

#include <gtest/gtest.h>

namespace isogloss {
namespace {

using std::chrono::milliseconds;

ProcessLimits within(milliseconds time) {
  ProcessLimits limits;
  limits.time = time;
  return limits;
}

Result<ProcessResult> shell(const std::string& script, const ProcessLimits& limits, std::string_view input = {}) {
  Context context;
  return run_process({"/bin/sh", "-c", script}, input, limits, context);
}

TEST(Process, GivesBackWhatAChildSaysAndHowItEnds) {
  const auto run = shell("cat; echo why >&2; exit 3", {}, "hello");
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->output, "hello");
  EXPECT_EQ(run->errors, "why\n");
  EXPECT_EQ(run->exit_status, 3);
  EXPECT_EQ(shell("kill -9 $$", {})->exit_status, 128 + 9);
}

TEST(Process, OneThatHangsIsStopped) {
  for (const char* script : {"sleep 60", "exec >&- 2>&-; sleep 60", "sleep 60 & sleep 60"}) {
    const auto run = shell(script, within(milliseconds(200)));
    ASSERT_FALSE(run) << script;
    EXPECT_EQ(run.error().code, Code::exhausted);
    EXPECT_NE(run.error().message.find("time limit"), std::string::npos);
  }
}

TEST(Process, OneThatFloodsIsStopped) {
  ProcessLimits limits;
  limits.output = 1'000'000;
  const auto run = shell("yes", limits);
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message.find("output limit"), std::string::npos);
  const auto errors = shell("head -c 1000000 /dev/zero >&2", {});
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->errors.size(), 65536U);
}

TEST(Process, OneThatDoesNotReadDoesNotBlock) {
  const std::string much(10'000'000, 'x');
  EXPECT_EQ(shell("exit 0", {}, much)->exit_status, 0);
}

TEST(Process, OneThatIsNotThereIsNamed) {
  Context context;
  const auto run = run_process({"no-such-program"}, "", {}, context);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, Code::unavailable);
}

TEST(Process, AChildMayBeAskedManyTimes) {
  Context context;
  auto child = ChildProcess::start({"/bin/sh", "-c", "while read x; do echo \"got $x\"; done"}, {});
  ASSERT_TRUE(child) << child.error().message;
  const auto line = [](std::string_view output) { return output.ends_with('\n'); };
  for (const std::string_view word : {"one", "two"}) {
    const std::string_view parts[] = {word, "\n"};
    const auto answer = child->ask(parts, line, context);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->output, "got " + std::string(word) + "\n");
    EXPECT_TRUE(child->alive());
  }
}

TEST(Process, AChildThatDiesOfAQuestionIsNoticed) {
  Context context;
  auto child = ChildProcess::start({"/bin/sh", "-c", "read x; echo half; kill -11 $$"}, {});
  ASSERT_TRUE(child) << child.error().message;
  const std::string_view parts[] = {"question\n"};
  const auto answer = child->ask(parts, [](std::string_view output) { return output.ends_with("whole\n"); }, context);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(child->alive());
  EXPECT_EQ(answer->exit_status, 128 + 11);
}

TEST(Process, CancellingStopsTheChild) {
  CancelToken cancel;
  cancel.cancel();
  Context context;
  context.cancel = &cancel;
  const auto run = run_process({"sleep", "60"}, "", {}, context);
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().code, Code::cancelled);
}

}  // namespace
}  // namespace isogloss
