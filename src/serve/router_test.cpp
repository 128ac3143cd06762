// SPDX-License-Identifier: Apache-2.0
#include "serve/router.hpp"

#include <gtest/gtest.h>

namespace isogloss::serve {
namespace {

Result<Response> nothing(Call&) { return Response{}; }

Router small() {
  return Router({{"GET", {"/a"}, Owner::openai, "", {}, nothing},
                 {"POST", {"/a", "/b/{x}/c"}, Owner::openai, "", {}, nothing, "texts"},
                 {"POST", {"/a"}, Owner::tei, "", {}, nothing, "inputs"},
                 {"GET", {"/m/{id...}"}, Owner::openai, "", {}, nothing}});
}

TEST(Router, FindsByMethodAndPath) {
  const Router router = small();
  EXPECT_EQ(router.find("GET", "/a").routes.size(), 1U);
  EXPECT_EQ(router.find("GET", "/a/").routes.size(), 1U);
  EXPECT_EQ(router.find("HEAD", "/a").routes.size(), 1U);
  EXPECT_EQ(router.find("POST", "/a").routes.size(), 2U);
  EXPECT_EQ(router.find("DELETE", "/a").allowed, "GET, POST");
  EXPECT_TRUE(router.find("GET", "/").pattern.empty());
  EXPECT_TRUE(router.find("GET", "").pattern.empty());
}

TEST(Router, ParametersAreDecodedAndTheLastMayHoldSlashes) {
  const Router router = small();
  EXPECT_EQ(router.find("POST", "/b/x%20y/c").parameters, (std::vector<std::string>{"x y"}));
  EXPECT_TRUE(router.find("POST", "/b//c").routes.empty());
  EXPECT_TRUE(router.find("POST", "/b/x").routes.empty());
  EXPECT_EQ(router.find("GET", "/m/ORG/NAME").parameters, (std::vector<std::string>{"ORG/NAME"}));
}

TEST(Router, TheBodyTellsRoutesOfOnePathApart) {
  const Router router = small();
  const auto match = router.find("POST", "/a");
  EXPECT_EQ(choose(match.routes, *Json::parse(R"({"inputs":1})", "x"))->owner, Owner::tei);
  EXPECT_EQ(choose(match.routes, *Json::parse(R"({"texts":1})", "x"))->owner, Owner::openai);
}

TEST(Fields, SayWhatIsWrong) {
  const std::vector<Field> fields{
      {"n", kInteger, "how many", true}, {"kind", kText, "", false, "a|b"}, {"x", kText | kArray, ""}};
  const auto checked = [&](std::string_view body) {
    const Status status = check_fields(fields, *Json::parse(body, "x"));
    return status ? std::string() : status.error().message;
  };
  EXPECT_EQ(checked(R"({"n":1,"kind":"a","x":[],"more":{}})"), "");
  EXPECT_EQ(checked(R"({"n":1,"kind":null})"), "");
  EXPECT_EQ(checked(R"({})"), "The field 'n' is missing: how many.");
  EXPECT_EQ(checked(R"({"n":"1"})"), "The field 'n' must be an integer.");
  EXPECT_EQ(checked(R"({"n":1.5})"), "The field 'n' must be an integer.");
  EXPECT_EQ(checked(R"({"n":1,"kind":"c"})"), "The field 'kind' takes a, b, not 'c'.");
  EXPECT_EQ(checked(R"({"n":1,"x":true})"), "The field 'x' must be a string or an array.");
  EXPECT_EQ(checked(R"([1])"), "The body must be a JSON object.");
}

TEST(OpenApi, HoldsEveryPathOfTheTable) {
  const Json table = *Json::parse(openapi(all_routes()), "openapi");
  for (const Route& route : all_routes()) {
    for (std::string path : std::vector<std::string>(route.paths.begin(), route.paths.end())) {
      if (const std::size_t dots = path.find("..."); dots != std::string::npos) path.erase(dots, 3);
      EXPECT_TRUE(table["paths"][path].is_object()) << path;
    }
    EXPECT_FALSE(route.summary.empty()) << route.paths[0];
  }
}

TEST(Errors, HaveTheShapeOfTheirOwner) {
  const Error error{Code::too_long, "long", 3, 0.0};
  EXPECT_EQ(error_response(Owner::openai, error).body,
            R"({"error":{"message":"Input 3: long","type":"invalid_request_error","param":null,"code":"too_long"}})");
  EXPECT_EQ(error_response(Owner::tei, error).body, R"({"error":"Input 3: long","error_type":"Validation"})");
  EXPECT_EQ(error_response(Owner::tei, error).status, 413);
  EXPECT_EQ(error_response(Owner::ollama, error).body, R"({"error":"Input 3: long"})");
  EXPECT_EQ(error_response(Owner::cohere, error).body, R"({"message":"Input 3: long"})");
  EXPECT_EQ(error_response(Owner::openai, Error{Code::exhausted, "x", -1, 2.2}).headers[0].second, "3");
}

}  // namespace
}  // namespace isogloss::serve
