// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "answer/chat.hpp"
#include "answer/prompt.hpp"
#include "core/http_client.hpp"

namespace isogloss::answer {
namespace {

TEST(Citations, WrongNumbersAreTakenOutAndNamed) {
  std::string text = "Thirty days [1]. By mail [2, 9]. All [1-3]. See [note] and [x1].";
  const CheckedCitations checked = check_citations(text, 3);
  EXPECT_EQ(text, "Thirty days [1]. By mail [2]. All [1, 2, 3]. See [note] and [x1].");
  EXPECT_EQ(checked.cited, (std::vector<std::size_t>{1, 2, 3}));
  EXPECT_EQ(checked.wrong, (std::vector<std::size_t>{9}));
}

TEST(Prompt, FillsItsSlotsOnce) {
  Hit hit;
  hit.chunk.document = "a.md";
  hit.chunk.heading = "Refunds";
  hit.chunk.text = "Use {question} literally.";
  EXPECT_EQ(fill_prompt("Q: {question}\n{context}", "why?", {&hit, 1}).value(),
            "Q: why?\n[1] (a.md, Refunds)\nUse {question} literally.\n\n");
  EXPECT_EQ(fill_prompt("no slots", "why?", {&hit, 1}).error().code, Code::invalid_argument);
}

TEST(Chat, ReadsStreamedEvents) {
  EXPECT_EQ(event_text("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}").value(), "Hi");
  EXPECT_EQ(event_text("data: [DONE]").value(), "");
  EXPECT_EQ(event_text(": comment").value(), "");
  EXPECT_FALSE(event_text("data: {broken"));
  EXPECT_FALSE(event_text("data: {\"error\":{\"message\":\"overloaded\"}}"));
}

TEST(Offline, AllowsLoopbackOnly) {
  EXPECT_TRUE(is_loopback_url("http://127.0.0.1:8080/v1"));
  EXPECT_TRUE(is_loopback_url("http://[::1]:80"));
  EXPECT_TRUE(is_loopback_url("http://localhost"));
  EXPECT_FALSE(is_loopback_url("http://localhost.example.com"));
  EXPECT_FALSE(is_loopback_url("http://127.0.0.1@example.com/"));
  EXPECT_FALSE(is_loopback_url("http://127.0.0.1.example.com/"));
  AskOptions options;
  options.llm_url = "http://example.com";
  options.llm_model = "m";
  options.offline = true;
  Context context;
  EXPECT_EQ(chat(options, "x", context).error().code, Code::offline);
}

}  // namespace
}  // namespace isogloss::answer
