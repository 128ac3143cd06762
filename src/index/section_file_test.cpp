// SPDX-License-Identifier: Apache-2.0
#include "index/section_file.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "core/test_support.hpp"

namespace isogloss::index {
namespace {

std::string bytes_of(const std::filesystem::path& path) { return read_file(path).value(); }

void write_sample(const std::filesystem::path& path) {
  SectionWriter writer = SectionWriter::create(path, "sample", 2).value();
  const std::vector<std::uint32_t> numbers = {7, 8, 9};
  std::vector<double> many(100'000);
  std::iota(many.begin(), many.end(), 0.5);
  ASSERT_TRUE(writer.section<std::uint32_t>("numbers", numbers));
  ASSERT_TRUE(writer.section<double>("many", many));
  ASSERT_TRUE(writer.section<std::uint8_t>("empty", {}));
  ASSERT_TRUE(writer.finish({"space", 42}, 3, std::as_bytes(std::span(numbers))));
}

TEST(SectionFile, GivesBackSectionsStampAndCount) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.idx";
  write_sample(path);
  const SectionFile file = SectionFile::open(path, "sample", 2).value();
  EXPECT_EQ(file.array<std::uint32_t>("numbers").value()[2], 9U);
  EXPECT_EQ(file.array<double>("many", 100'000).value()[99'999], 99'999.5);
  EXPECT_TRUE(file.array<std::uint8_t>("empty").value().empty());
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.array<double>("many").value().data()) % 64, 0U);
  EXPECT_EQ(file.stamp().space_id, "space");
  EXPECT_EQ(file.stamp().last_seq, 42U);
  EXPECT_EQ(file.footer().count, 3U);
  EXPECT_TRUE(file.verify());
  EXPECT_EQ(file.array<double>("many", 5).error().code, Code::corrupt_data);
  EXPECT_EQ(file.array<double>("none").error().code, Code::corrupt_data);
}

TEST(SectionFile, RefusesEveryTruncationAndNamesTheFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.idx";
  write_sample(path);
  const std::string whole = bytes_of(path);
  for (std::size_t size = 0; size < whole.size(); size = size < 600 ? size + 1 : size * 5 / 4) {
    std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    const auto opened = SectionFile::open(path, "sample", 2);
    ASSERT_FALSE(opened) << size;
    EXPECT_NE(opened.error().message.find("a.idx"), std::string::npos);
  }
}

TEST(SectionFile, FindsEveryChangedByteWhenItVerifies) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.idx";
  write_sample(path);
  const std::string whole = bytes_of(path);
  for (std::size_t at = 0; at<whole.size(); at += at + 600> whole.size() ? 1 : 9'973) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
    const auto opened = SectionFile::open(path, "sample", 2);
    EXPECT_TRUE(!opened || !opened->verify()) << at;
  }
}

TEST(SectionFile, RefusesAnotherKindAndANewerFormat) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.idx";
  write_sample(path);
  EXPECT_EQ(SectionFile::open(path, "flat", 2).error().code, Code::corrupt_data);
  EXPECT_EQ(SectionFile::open(path, "sample", 1).error().code, Code::unsupported);
  EXPECT_EQ(SectionFile::open(folder.path() / "none", "sample", 1).error().code, Code::not_found);
}

}  // namespace
}  // namespace isogloss::index
