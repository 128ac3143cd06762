// SPDX-License-Identifier: Apache-2.0
#include "core/hash.hpp"

#include <gtest/gtest.h>

#include <set>

namespace isogloss {
namespace {

// FIPS 180-4, appendix B.1.
TEST(Sha256, HashesAbc) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256, PartsGiveTheSameAsTheWholeAndTheObjectStartsOver) {
  Sha256 hash;
  hash.update("a");
  hash.update("bc");
  EXPECT_EQ(hash.hex(), sha256_hex("abc"));
  EXPECT_EQ(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 3720, appendix B.4.
// FIPS 180-4, and what `printf hello | git hash-object --stdin` prints.
TEST(Sha1, HashesAbcAndAGitBlob) {
  Sha1 hash;
  hash.update("abc");
  EXPECT_EQ(hash.hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  hash.update(std::string_view("blob 5\0", 7));
  hash.update("hello");
  EXPECT_EQ(hash.hex(), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
}

TEST(Crc32c, MatchesTheValuesOfTheRfc) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

TEST(Crc32c, ContinuesFromASeed) { EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789")); }

// scikit-learn 1.9.1: murmurhash3_32(text, seed, positive=True)
TEST(Murmur3, EqualsScikitLearn) {
  struct Row {
    const char* text;
    std::uint32_t seed0;
    std::uint32_t seed42;
  };
  for (const Row& row :
       {Row{"", 0u, 142593372u}, Row{"a", 1009084850u, 3001393763u}, Row{"ab", 2613040991u, 3610054215u},
        Row{"abc", 3017643002u, 1313807976u}, Row{"abcd", 1139631978u, 3898664396u},
        Row{"hello", 613153351u, 3806057185u}, Row{"the quick brown fox", 519850996u, 2314002818u}}) {
    EXPECT_EQ(murmur3_32(row.text), row.seed0) << row.text;
    EXPECT_EQ(murmur3_32(row.text, 42), row.seed42) << row.text;
  }
}

// mmh3 5 (Python): struct.unpack("<4I", mmh3.hash_bytes(text, seed))
TEST(Murmur3, HasTheFourWordsOfTheWideVariant) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(murmur3_128(""), (Words{0, 0, 0, 0}));
  EXPECT_EQ(murmur3_128("hello"), (Words{1102945026, 3419973555, 1219370265, 1528729706}));
  EXPECT_EQ(murmur3_128("hello", 2166136261u), (Words{2278740777, 3647351999, 1994335931, 886353239}));
  EXPECT_EQ(murmur3_128("<a longer word of 21>", 2166136261u), (Words{872313863, 2597451966, 4074084917, 2297671062}));
}

TEST(Hash64, SeparatesPrefixesAndZeroBytes) {
  std::set<std::uint64_t> seen;
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(seen.insert(hash64(text)).second) << i;
    text.push_back('\0');
  }
}

}  // namespace
}  // namespace isogloss
