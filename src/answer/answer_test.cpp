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

TEST(Citations, TheBlankBeforeARemovedMarkGoesToo) {
  std::string text = "One [7] two [8]. Three [9]";
  check_citations(text, 3);
  EXPECT_EQ(text, "One two. Three");
}

// However the pieces are cut, what is shown is what remains of the whole.
TEST(Citations, AStreamNeverShowsAMarkThatGoes) {
  const std::string text = "Thirty days [1] and [9]. By [mail] [2, 7][8], no [";
  std::string whole = text;
  check_citations(whole, 3);
  for (std::size_t size = 1; size < text.size(); ++size) {
    CitationStream stream(3);
    std::string shown;
    for (std::size_t at = 0; at < text.size(); at += size) {
      shown += stream.take(std::string_view(text).substr(at, size));
      EXPECT_EQ(shown.find('9'), std::string::npos);
    }
    EXPECT_EQ(shown + stream.rest(), whole) << size;
  }
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
  EXPECT_EQ(read_event("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}").value().text, "Hi");
  EXPECT_EQ(read_event("data: [DONE]").value().text, "");
  EXPECT_EQ(read_event(": comment").value().text, "");
  EXPECT_FALSE(read_event("data: {broken"));
  EXPECT_TRUE(read_event("data: [DONE]").value().last);
  EXPECT_TRUE(read_event("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}").value().last);
  EXPECT_FALSE(read_event("data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}").value().last);
  EXPECT_FALSE(read_event("data: {\"error\":{\"message\":\"overloaded\"}}"));
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
