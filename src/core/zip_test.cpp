// SPDX-License-Identifier: Apache-2.0
#include "core/zip.hpp"

#include <gtest/gtest.h>

#include <random>

namespace isogloss {
namespace {

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// An archive of one member, stored or already deflated.
std::string archive_of(const std::string& name, const std::string& packed, std::uint32_t crc, std::uint32_t size,
                       std::uint16_t method) {
  std::string out;
  put(out, 0x04034b50, 4);
  put(out, 20, 2), put(out, 0, 2), put(out, method, 2), put(out, 0, 4), put(out, crc, 4);
  put(out, packed.size(), 4), put(out, size, 4), put(out, name.size(), 2), put(out, 0, 2);
  out += name + packed;
  const std::size_t directory = out.size();
  put(out, 0x02014b50, 4);
  put(out, 20, 2), put(out, 20, 2), put(out, 0, 2), put(out, method, 2), put(out, 0, 4), put(out, crc, 4);
  put(out, packed.size(), 4), put(out, size, 4), put(out, name.size(), 2), put(out, 0, 2), put(out, 0, 2);
  put(out, 0, 2), put(out, 0, 2), put(out, 0, 4), put(out, 0, 4);
  out += name;
  const std::size_t end = out.size();
  put(out, 0x06054b50, 4);
  put(out, 0, 2), put(out, 0, 2), put(out, 1, 2), put(out, 1, 2), put(out, end - directory, 4), put(out, directory, 4);
  put(out, 0, 2);
  return out;
}

// "hello hello hello" deflated by zlib 1.2.13, level 6; CRC-32 of the text.
const std::string kDeflated("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x00", 10);
constexpr std::uint32_t kCrc = 0xe5f98880;

TEST(Zip, ReadsStoredMembers) {
  const std::string archive = archive_of("a/b.txt", "as it is", 0, 8, 0);
  EXPECT_TRUE(is_zip(archive));
  const auto members = zip_members(archive, "x.zip");
  ASSERT_TRUE(members) << members.error().message;
  ASSERT_EQ(members->size(), 1u);
  EXPECT_EQ(members->front().name, "a/b.txt");
  EXPECT_EQ(zip_content(archive, members->front(), 100, "x.zip").value(), "as it is");
  EXPECT_EQ(zip_content(archive, members->front(), 7, "x.zip").error().code, Code::too_long);
}

TEST(Zip, UnpacksDeflatedMembersAndChecksThem) {
  const std::string archive = archive_of("t", kDeflated, kCrc, 17, 8);
  const auto members = zip_members(archive, "x.zip").value();
  const auto content = zip_content(archive, members[0], 100, "x.zip");
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(*content, "hello hello hello");
  const std::string wrong = archive_of("t", kDeflated, kCrc + 1, 17, 8);
  EXPECT_EQ(zip_content(wrong, zip_members(wrong, "x").value()[0], 100, "x").error().code, Code::corrupt_data);
}

TEST(Zip, RefusesOtherMethodsAndWhatIsNoArchive) {
  const std::string archive = archive_of("t", "x", 0, 1, 12);
  EXPECT_EQ(zip_content(archive, zip_members(archive, "x").value()[0], 100, "x").error().code, Code::unsupported);
  EXPECT_EQ(zip_members("PK", "x").error().code, Code::corrupt_data);
  EXPECT_EQ(zip_members(std::string(1000, 'x'), "x").error().code, Code::corrupt_data);
}

TEST(Zip, DamagedArchivesAreRefusedOrRead) {
  const std::string whole = archive_of("t", kDeflated, kCrc, 17, 8);
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(bytes.size() - (round % 3 == 0 ? random() % bytes.size() : 0));
    const auto members = zip_members(bytes, "x");
    if (!members) continue;
    for (const ZipMember& member : *members) (void)zip_content(bytes, member, 1000, "x");
  }
}

}  // namespace
}  // namespace isogloss
