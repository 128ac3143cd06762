// SPDX-License-Identifier: Apache-2.0
#include "core/http_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "core/http_test_support.hpp"

namespace isogloss {
namespace {

std::string reply(const std::string& head, const std::string& body) {
  return "HTTP/1.1 " + head + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

TEST(HttpClient, GivesStatusHeadersAndBody) {
  const TestServer server([](const std::string&) { return reply("200 OK\r\nX-Color:  Red \r\nETag: \"a\"", "hello"); });
  Context context;
  const HttpResponse response = http_request({server.url("/x")}, {}, context).value();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.header("x-color"), "Red");
  EXPECT_EQ(response.header("etag"), "\"a\"");
  EXPECT_EQ(response.header("x-none"), "");
  EXPECT_TRUE(server.requests()[0].starts_with("GET /x HTTP/1.1\r\n"));
}

TEST(HttpClient, HeadTakesNoBody) {
  const TestServer server(
      [](const std::string&) { return "HTTP/1.1 302 Found\r\nContent-Length: 5000\r\nLocation: /y\r\n\r\n"; });
  Context context;
  HttpRequest request{server.url()};
  request.method = "HEAD";
  const HttpResponse response = http_request(request, {}, context).value();
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.header("content-length"), "5000");
  EXPECT_EQ(response.header("location"), "/y");
  EXPECT_EQ(server.requests().size(), 1u);  // the redirect is the caller's
  EXPECT_TRUE(server.requests()[0].starts_with("HEAD / "));
}

TEST(HttpClient, AnInterimReplyIsNotTheReply) {
  const TestServer server(
      [](const std::string&) { return "HTTP/1.1 103 Early\r\nX-A: 1\r\n\r\n" + reply("200 OK\r\nX-B: 2", "x"); });
  Context context;
  HttpRequest request{server.url()};
  std::vector<long> told;
  request.on_headers = [&](const HttpResponse& r) {
    told.push_back(r.status);
    return true;
  };
  const HttpResponse response = http_request(request, {}, context).value();
  EXPECT_EQ(told, std::vector<long>{200});
  EXPECT_EQ(response.header("x-a"), "");
  EXPECT_EQ(response.header("x-b"), "2");
}

TEST(HttpClient, HeadersStopATransferBeforeItsBody) {
  const TestServer server([](const std::string&) { return reply("200 OK", std::string(1 << 20, 'x')); });
  Context context;
  HttpRequest request{server.url()};
  request.on_headers = [](const HttpResponse&) { return false; };
  std::size_t taken = 0;
  const auto response =
      http_request(request, [&](std::string_view piece) { return (taken += piece.size()) > 0; }, context);
  EXPECT_EQ(response.value().status, 200);
  EXPECT_EQ(taken, 0u);
}

TEST(HttpClient, ABodyCutShortIsAnErrorAfterItsPieces) {
  const TestServer server([](const std::string&) { return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"; });
  Context context;
  std::string taken;
  const auto response = http_request(
      {server.url("/f?secret=1")},
      [&](std::string_view piece) {
        taken += piece;
        return true;
      },
      context);
  EXPECT_EQ(taken, "abc");
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_NE(response.error().message.find("/f' stopped answering"), std::string::npos) << response.error().message;
}

TEST(HttpClient, ABodyBeyondItsLimitIsRefused) {
  const TestServer server([](const std::string&) { return reply("404 Not Found", std::string(1000, 'x')); });
  Context context;
  HttpRequest request{server.url()};
  request.max_body = 999;
  EXPECT_EQ(http_request(request, {}, context).error().code, Code::too_long);
  request.max_body = 1000;
  EXPECT_EQ(http_request(request, {}, context).value().body.size(), 1000u);
}

TEST(HttpClient, PostsItsBody) {
  const TestServer server([](const std::string&) { return reply("200 OK", "{}"); });
  Context context;
  HttpRequest request{server.url("/p")};
  request.headers = {{"Content-Type", "text/plain"}};
  request.body = "words";
  EXPECT_EQ(http_request(request, {}, context).value().body, "{}");
  EXPECT_TRUE(server.requests()[0].starts_with("POST /p "));
  EXPECT_TRUE(server.requests()[0].ends_with("\r\n\r\nwords"));
}

TEST(HttpClient, NobodyThereIsUnavailable) {
  std::string url;
  {
    const TestServer server([](const std::string&) { return std::string(); });
    url = server.url();
  }
  Context context;
  const auto response = http_request({url}, {}, context);
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_NE(response.error().message.find("does not answer"), std::string::npos);
}

TEST(Url, OriginLeavesOutPathUserAndTheUsualPort) {
  EXPECT_EQ(url_origin("HTTPS://Example.org/a?b"), "https://example.org");
  EXPECT_EQ(url_origin("https://example.org:443"), "https://example.org");
  EXPECT_EQ(url_origin("http://example.org:443/"), "http://example.org:443");
  EXPECT_EQ(url_origin("http://me:word@example.org:80#x"), "http://example.org");
  EXPECT_EQ(url_origin("http://good.org@bad.org/"), "http://bad.org");
  EXPECT_EQ(url_origin("/relative"), "");
}

TEST(Url, EncodesWhatAPathCannotHold) {
  EXPECT_EQ(url_encode("refs/pr 1"), "refs%2Fpr%201");
  EXPECT_EQ(url_encode("a/b-c.d_e~f", "/"), "a/b-c.d_e~f");
  EXPECT_EQ(url_encode("\xC3\xA9?#%"), "%C3%A9%3F%23%25");
}

bool is_private(const char* text) {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  v4.sin_family = AF_INET;
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    return is_private_address(static_cast<const sockaddr*>(static_cast<const void*>(&v4)));
  }
  EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
  return is_private_address(static_cast<const sockaddr*>(static_cast<const void*>(&v6)));
}

TEST(PrivateAddress, IsWhatTheWorldCannotReach) {
  for (const char* text : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
                           "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
                           "ff02::1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
  for (const char* text :
       {"93.184.216.34", "172.32.0.1", "11.0.0.1", "100.128.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
}

}  // namespace
}  // namespace isogloss
