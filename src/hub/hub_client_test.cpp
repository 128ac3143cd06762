// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_client.hpp"

#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/http_test_support.hpp"
#include "core/test_support.hpp"

namespace isogloss::hub {
namespace {

const std::string kCommit(40, 'a');

std::string reply(const std::string& head, const std::string& body = {}) {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

HttpResponse headers(long status, std::vector<std::pair<std::string, std::string>> list) {
  return {status, std::move(list), {}};
}

HubClient client_of(const TestServer& server, const std::string& token = {}) {
  HubSettings settings;
  settings.endpoint = server.url();
  return {settings, token, "org/name"};
}

const std::function<void(std::uint64_t)> kIgnore = [](std::uint64_t) {};

TEST(HubMetadata, LargeFilesAreDescribedByTheirLinkedHeaders) {
  const FileMetadata m = parse_metadata(headers(302, {{"x-repo-commit", kCommit},
                                                      {"etag", "\"pointer\""},
                                                      {"x-linked-etag", "\"c0de\""},
                                                      {"content-length", "12"},
                                                      {"x-linked-size", "90"},
                                                      {"location", "https://cdn.example/x?s=1"}}),
                                        "https://hub.example/o/n")
                             .value();
  EXPECT_EQ(m.etag, "c0de");
  EXPECT_EQ(m.size, 90u);
  EXPECT_EQ(m.location, "https://cdn.example/x?s=1");
}

TEST(HubMetadata, SmallFilesByThePlainOnes) {
  const FileMetadata m =
      parse_metadata(headers(200, {{"x-repo-commit", kCommit}, {"etag", "W/\"b10b\""}, {"content-length", "5"}}), "u")
          .value();
  EXPECT_EQ(m.etag, "b10b");
  EXPECT_EQ(m.size, 5u);
  EXPECT_EQ(m.location, "u");
}

TEST(HubMetadata, AnAddressWithoutEncryptionIsRefused) {
  const auto leads_to = [](const std::string& location) {
    return parse_metadata(
        headers(302, {{"x-repo-commit", kCommit}, {"etag", "a"}, {"content-length", "1"}, {"location", location}}),
        "https://hub.example/o/n/x");
  };
  EXPECT_EQ(leads_to("//cdn.example/x").value().location, "https://cdn.example/x");
  EXPECT_EQ(leads_to("/y").value().location, "https://hub.example/y");
  EXPECT_EQ(leads_to("y").value().location, "https://hub.example/o/n/y");
  EXPECT_EQ(leads_to("http://cdn.example/x").error().code, Code::corrupt_data);
  EXPECT_EQ(leads_to("file:///etc/passwd").error().code, Code::corrupt_data);
}

TEST(HubMetadata, WhatCannotNameAFileIsRefused) {
  const auto with = [](const std::string& commit, const std::string& etag, const std::string& size) {
    return parse_metadata(headers(200, {{"x-repo-commit", commit}, {"etag", etag}, {"content-length", size}}), "u");
  };
  EXPECT_TRUE(with(kCommit, "\"a\"", "1"));
  EXPECT_FALSE(with("main", "\"a\"", "1"));
  EXPECT_FALSE(with("../../" + kCommit.substr(6), "\"a\"", "1"));
  for (const char* etag : {"", "\"\"", "\"../x\"", "a/b", "..", "\"a b\""})
    EXPECT_FALSE(with(kCommit, etag, "1")) << etag;
  for (const char* size : {"", "-1", "1x", "99999999999999999999"}) EXPECT_FALSE(with(kCommit, "\"a\"", size)) << size;
}

TEST(HubClient, FollowsRelativeRedirectsOnHeadAndKeepsTheTokenAtHome) {
  const TestServer server([](const std::string& request) {
    if (request.starts_with("HEAD /org/name/")) return reply("307 Moved\r\nLocation: /api/cache/config.json");
    return reply("302 Found\r\nX-Repo-Commit: " + kCommit +
                 "\r\nX-Linked-ETag: \"e\"\r\nX-Linked-Size: 3\r\nLocation: http://other.invalid/f");
  });
  Context context;
  const auto metadata = client_of(server, "hf_x").metadata(kCommit, "config.json", context).value();
  EXPECT_EQ(metadata->location, "http://other.invalid/f");
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_TRUE(server.requests()[0].starts_with("HEAD /org/name/resolve/" + kCommit + "/config.json "));
  for (const std::string& request : server.requests()) {
    EXPECT_NE(request.find("Accept-Encoding: identity\r\n"), std::string::npos);
    EXPECT_NE(request.find("Authorization: Bearer hf_x\r\n"), std::string::npos);
  }
}

TEST(HubClient, AnotherHostDoesNotSeeTheToken) {
  const TestServer other([](const std::string&) { return reply("200 OK", "abc"); });
  const TestServer server([&](const std::string&) { return reply("302 Found\r\nLocation: " + other.url("/f")); });
  const TemporaryFolder folder;
  Context context;
  EXPECT_TRUE(
      client_of(server, "hf_x").download({kCommit, "e", 3, server.url("/f")}, folder.path() / "f", kIgnore, context));
  EXPECT_NE(server.requests().at(0).find("hf_x"), std::string::npos);
  EXPECT_EQ(other.requests().at(0).find("Authorization"), std::string::npos);
  EXPECT_EQ(read_file(folder.path() / "f").value(), "abc");
}

TEST(HubClient, GoesOnWhereACutConnectionStopped) {
  const TestServer server([](const std::string& request) {
    if (request.find("Range: bytes=4-") == std::string::npos)
      return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
    return reply("206 Partial Content\r\nContent-Range: bytes 4-9/10", "456789");
  });
  const TemporaryFolder folder;
  Context context;
  EXPECT_TRUE(client_of(server).download({kCommit, "e", 10, server.url("/f")}, folder.path() / "f", kIgnore, context));
  EXPECT_EQ(read_file(folder.path() / "f").value(), "0123456789");
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST(HubClient, A200ToARangeStartsOverAndAWrongRangeIsRefused) {
  const TemporaryFolder folder;
  Context context;
  const auto file = folder.path() / "f";
  ASSERT_TRUE(write_file(file, "old"));
  {
    const TestServer server([](const std::string&) { return reply("200 OK", "0123456789"); });
    EXPECT_TRUE(client_of(server).download({kCommit, "e", 10, server.url("/f")}, file, kIgnore, context));
    EXPECT_EQ(read_file(file).value(), "0123456789");
  }
  ASSERT_TRUE(write_file(file, "012"));
  const TestServer server(
      [](const std::string&) { return reply("206 Partial Content\r\nContent-Range: bytes 0-9/10", "0123456789"); });
  EXPECT_EQ(client_of(server).download({kCommit, "e", 10, server.url("/f")}, file, kIgnore, context).error().code,
            Code::corrupt_data);
}

TEST(HubClient, MoreOrLessThanAnnouncedIsAnError) {
  const TestServer server([](const std::string&) { return reply("200 OK", "0123456789"); });
  const TemporaryFolder folder;
  Context context;
  const HubClient client = client_of(server);
  EXPECT_EQ(client.download({kCommit, "e", 9, server.url("/f")}, folder.path() / "a", kIgnore, context).error().code,
            Code::corrupt_data);
  EXPECT_EQ(client.download({kCommit, "e", 11, server.url("/f")}, folder.path() / "b", kIgnore, context).error().code,
            Code::corrupt_data);
}

TEST(HubClient, RefusalsAreSentencesWithTheRemedy) {
  std::string answer;
  const TestServer server([&](const std::string&) { return answer; });
  Context context;
  const auto message = [&](const std::string& head) {
    answer = reply(head, "");
    return client_of(server).commit_of("v9", context).error();
  };
  EXPECT_NE(message("401 Unauthorized").message.find("set HF_TOKEN"), std::string::npos);
  EXPECT_NE(message("403 Forbidden\r\nX-Error-Code: GatedRepo").message.find("accepted at " + server.url("/org/name")),
            std::string::npos);
  EXPECT_EQ(message("404 Not Found\r\nX-Error-Code: RevisionNotFound").message,
            "'org/name' has no revision 'v9' (404).");
  EXPECT_EQ(message("429 Too Many\r\nRetry-After: 7").code, Code::exhausted);
  EXPECT_EQ(message("429 Too Many\r\nRetry-After: 7").retry_after, 7.0);
  EXPECT_EQ(message("500 Oops").code, Code::unavailable);
  answer = reply("404 Not Found\r\nX-Error-Code: EntryNotFound\r\nX-Repo-Commit: " + kCommit);
  EXPECT_EQ(client_of(server).commit_of("v9", context).value(), kCommit);
  EXPECT_FALSE(client_of(server).metadata(kCommit, "x.json", context).value().has_value());
  answer = reply("302 Found\r\nLocation: /again");
  EXPECT_NE(client_of(server).commit_of("v9", context).error().message.find("without end"), std::string::npos);
}

}  // namespace
}  // namespace isogloss::hub
