// SPDX-License-Identifier: Apache-2.0
#include "core/scratch_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/test_support.hpp"

namespace isogloss {
namespace {

TEST(ScratchFile, GivesBackWhatWasWritten) {
  ScratchFile file = ScratchFile::create().value();
  EXPECT_EQ(file.append(std::as_bytes(std::span("abc", 3))).value(), 0u);
  EXPECT_EQ(file.append(std::as_bytes(std::span("defg", 4))).value(), 3u);
  ASSERT_TRUE(file.write_at(1, std::as_bytes(std::span("X", 1))));
  std::string read(5, ' ');
  ASSERT_TRUE(file.read_at(1, std::as_writable_bytes(std::span(read))));
  EXPECT_EQ(read, "Xcdef");
  EXPECT_EQ(file.size(), 7u);
  EXPECT_FALSE(file.read_at(4, std::as_writable_bytes(std::span(read))));
}

}  // namespace
}  // namespace isogloss
