// SPDX-License-Identifier: Apache-2.0
#include "core/base64.hpp"

#include <gtest/gtest.h>

namespace isogloss {
namespace {

// The examples of RFC 4648, section 10.
TEST(Base64, RfcExamplesBothWays) {
  const std::pair<std::string, std::string> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : examples) {
    std::string out = "x";
    append_base64(out, bytes);
    EXPECT_EQ(out, "x" + text);
    EXPECT_EQ(*decode_base64(text), bytes);
  }
}

TEST(Base64, RefusesWhatIsNone) {
  EXPECT_FALSE(decode_base64("Zm9v!"));
  EXPECT_FALSE(decode_base64("Z"));
  EXPECT_FALSE(decode_base64("Zg==Zg=="));
}

}  // namespace
}  // namespace isogloss
