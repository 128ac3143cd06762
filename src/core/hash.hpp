// SPDX-License-Identifier: Apache-2.0
// Hashes, each for one purpose: sha256 for identity, sha1 for git's ids, crc32c for damaged files, hash64 for tables in
// memory, murmur3_32 where another tool's columns must be matched. None but sha256 resists an adversary.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace isogloss {

// SHA-256 (FIPS 180-4) of a stream. Not thread-safe. After digest() or hex() the object starts over.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  void update(std::span<const std::byte> bytes) {
    update(std::string_view(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()));
  }
  std::array<std::uint8_t, 32> digest();
  std::string hex();  // 64 lower-case digits

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view bytes);

// SHA-1 (FIPS 180-4) of a stream, for the ids that git gives; broken against an adversary.
class Sha1 {
 public:
  Sha1();
  ~Sha1();
  Sha1(Sha1&&) noexcept;
  Sha1& operator=(Sha1&&) noexcept;

  void update(std::string_view bytes);
  std::string hex();  // 40 lower-case digits; the object starts over

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// CRC-32C (Castagnoli, RFC 3720). `seed` = the value of what came before: crc32c(b, crc32c(a)) == crc32c(a + b).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// MurmurHash3_x86_32 (Appleby, public domain algorithm), as scikit-learn's murmurhash3_32 reads it.
std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed = 0);
// MurmurHash3_x64_128 of the same author: its two words, each as lower and upper half.
std::array<std::uint32_t, 4> murmur3_128(std::string_view bytes, std::uint32_t seed = 0);

namespace hash_detail {
inline constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ull;  // 2^64 / golden ratio
inline constexpr std::uint64_t kSecond = 0xC2B2AE3D27D4EB4Full;

inline std::uint64_t load8(const char* p) {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}
inline std::uint64_t load4(const char* p) {
  std::uint32_t v;
  std::memcpy(&v, p, 4);
  return v;
}
}  // namespace hash_detail

// Folds a 64 x 64 bit product: every bit of the result depends on every bit of both.
inline std::uint64_t hash_mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t hash64(std::uint64_t value) {
  return hash_mix(value ^ hash_detail::kSecond, hash_detail::kMultiplier);
}

// For tables in memory. The value may change between releases: never store it.
inline std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) {
  using namespace hash_detail;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint64_t state = seed ^ (n * kMultiplier);
  while (n > 16) {
    state = hash_mix(load8(p) ^ state, load8(p + 8) ^ kSecond);
    p += 16;
    n -= 16;
  }
  // The tail is read as two overlapping halves, so that no byte loop is needed.
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (n >= 8) {
    a = load8(p);
    b = load8(p + n - 8);
  } else if (n >= 4) {
    a = load4(p);
    b = load4(p + n - 4);
  } else if (n > 0) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])); };
    a = byte(0) << 16 | byte(n / 2) << 8 | byte(n - 1);
  }
  return hash_mix(hash_mix(a ^ kSecond, b ^ state), kMultiplier);
}

}  // namespace isogloss
