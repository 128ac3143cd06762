// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"

#include <gtest/gtest.h>

namespace isogloss {
namespace {

TEST(JsonWriter, WritesCompactNestedValues) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("a", 1).key("b").begin_array().value(0.5).value("x\n").null().end_array();
  json.field("c", true).end_object();
  EXPECT_EQ(out, R"({"a":1,"b":[0.5,"x\n",null],"c":true})");
}

TEST(JsonWriter, ReplacesInvalidUtf8AndEscapesControls) {
  std::string out;
  append_json_string(out, "a\xFFz\x01\xC3\xA9");
  EXPECT_EQ(out, "\"a\xEF\xBF\xBDz\\u0001\xC3\xA9\"");
}

TEST(Json, RoundTripsThroughTheWriter) {
  const std::string text = R"({"n":-3,"x":1.25,"s":"\u00e9","a":[1,[2]],"t":true,"z":null})";
  const auto parsed = Json::parse(text, "test");
  ASSERT_TRUE(parsed);
  std::string out;
  JsonWriter(out).value(*parsed);
  EXPECT_EQ(out, "{\"n\":-3,\"x\":1.25,\"s\":\"\xC3\xA9\",\"a\":[1,[2]],\"t\":true,\"z\":null}");
}

TEST(Json, NamesTheSourceOfBrokenText) {
  const auto parsed = Json::parse("{\"a\":", "config.json");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::corrupt_data);
  EXPECT_NE(parsed.error().message.find("config.json"), std::string::npos);
}

TEST(Json, RefusesHostileNesting) { EXPECT_FALSE(Json::parse(std::string(100000, '['), "test")); }

TEST(Json, LargeNumbersAreReadBack) {
  for (const double value : {18446744073709551615.0, -9.3e18, 1e300, 9223372036854775807.0, 4e18}) {
    std::string text;
    append_number(text, value);
    const auto read = Json::parse(text, "t");
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->as_number(), value) << text;
  }
}

TEST(Json, ARepeatedKeyKeepsItsLastValueInLargeObjectsToo) {
  std::string text = "{";
  for (int i = 0; i < 200; ++i) text += "\"key" + std::to_string(i % 150) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto json = Json::parse(text, "test");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->as_object().size(), 150u);
  EXPECT_EQ((*json)["key3"].as_integer(), 153);
  EXPECT_EQ((*json)["key149"].as_integer(), 149);
}

}  // namespace
}  // namespace isogloss
