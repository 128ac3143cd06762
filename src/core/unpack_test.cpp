// SPDX-License-Identifier: Apache-2.0
#include "core/unpack.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <array>

#include "core/test_support.hpp"

namespace isogloss {
namespace {

using namespace std::string_view_literals;

// "hi\n" as gzip -n, xz --check=crc32 and zstd pack it.
constexpr std::array kPacked{
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\xc8\xe4\x02\x00\x7a\x7a\x6f\xed\x03\x00\x00\x00"sv,
    "\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x1c\x00\x00\x00\x10\xcf\x58\xcc"
    "\x01\x00\x02\x68\x69\x0a\x00\x00\x7a\x7a\x6f\xed\x00\x01\x17\x03\x07\x60\x0c\xbc\x90\x42\x99\x0d"
    "\x01\x00\x00\x00\x00\x01\x59\x5a"sv,
    "\x28\xb5\x2f\xfd\x24\x03\x19\x00\x00\x68\x69\x0a\x34\x3d\x50\x92"sv};

Result<std::string> unpack(std::string_view bytes, std::size_t most = SIZE_MAX) {
  UnpackedReader reader = IG_TRY(UnpackedReader::from_memory("x", bytes));
  return reader.rest(most);
}

TEST(Unpack, IsToldByContent) {
  EXPECT_EQ(packing_of(kPacked[0]), Packing::gzip);
  EXPECT_EQ(packing_of(kPacked[1]), Packing::xz);
  EXPECT_EQ(packing_of(kPacked[2]), Packing::zstd);
  EXPECT_EQ(packing_of("plain text"), Packing::none);
  EXPECT_EQ(packing_of(""), Packing::none);
  EXPECT_EQ(without_packing("a/b.csv.GZ"), "a/b.csv");
  EXPECT_EQ(without_packing("gz"), "gz");
  for (const std::string_view packed : kPacked) EXPECT_EQ(unpack(packed).value(), "hi\n");
  EXPECT_EQ(unpack("plain").value(), "plain");
  EXPECT_EQ(unpack("").value(), "");
}

TEST(Unpack, StreamsOneAfterTheOtherAreOneContent) {
  for (const std::string_view packed : kPacked) {
    EXPECT_EQ(unpack(std::string(packed) + std::string(packed)).value(), "hi\nhi\n");
  }
  EXPECT_EQ(unpack(std::string(kPacked[0]) + std::string(512, '\0')).value(), "hi\n");  // padded to a block of tape
  EXPECT_EQ(unpack(std::string(kPacked[0]) + "rest").error().code, Code::corrupt_data);
}

TEST(Unpack, WhatIsCutOffOrDamagedSaysSo) {
  for (const std::string_view packed : kPacked) {
    for (std::size_t size = 6; size < packed.size(); ++size) {
      const auto cut = unpack(packed.substr(0, size));
      ASSERT_FALSE(cut) << size;
      EXPECT_EQ(cut.error().code, Code::corrupt_data) << size;
      EXPECT_NE(cut.error().message.find("cut off"), std::string::npos) << size << cut.error().message;
    }
    for (std::size_t at = 0; at < packed.size(); ++at) {  // errors or content, never a crash or an endless loop
      std::string damaged(packed);
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      static_cast<void>(unpack(damaged, 1000).has_value());
    }
  }
}

TEST(Unpack, ReadsFilesInPieces) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += "line " + std::to_string(static_cast<std::uint64_t>(i) * 2654435761U % 1000003U) + "\n";
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  ASSERT_GT(packed.size(), 65'536U);  // more than a buffer
  ASSERT_TRUE(write_file(folder.path() / "a.zst", packed));
  auto reader = UnpackedReader::open(folder.path() / "a.zst").value();
  std::string out, piece(1000, ' ');
  for (std::size_t n = piece.size(); n == piece.size(); out.append(piece, 0, n)) n = reader.read(piece).value();
  EXPECT_EQ(out, text);
  EXPECT_EQ(read_unpacked(folder.path() / "a.zst", text.size()).value(), text);
  EXPECT_EQ(read_unpacked(folder.path() / "a.zst", text.size() - 1).error().code, Code::too_long);
  EXPECT_EQ(read_unpacked(folder.path() / "none", 1).error().code, Code::not_found);
}

TEST(Unpack, RefusesBombs) {
  const std::string zeros(std::size_t{80} << 20, '\0');
  std::string packed(ZSTD_compressBound(zeros.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), zeros.data(), zeros.size(), 1));
  const auto bomb = unpack(packed);
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().code, Code::too_long);
  EXPECT_NE(bomb.error().message.find("1,000 times"), std::string::npos);
}

}  // namespace
}  // namespace isogloss
