// SPDX-License-Identifier: Apache-2.0
// SHA-256 and SHA-1 are libcrypto's, which uses the CPU's SHA instructions. CRC-32C runs on the SSE4.2 instruction,
// eight bytes at a time, where the CPU has it, and else on four 256-entry tables ("slicing by 4": byte k of a word is
// looked up in the table of values already shifted by 3 - k bytes), built at compile time.
#include "core/hash.hpp"

#include <algorithm>
#include <openssl/evp.h>

#include <bit>
#include <new>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace isogloss {

namespace {

// One of libcrypto's digests of a stream.
class Digest {
 public:
  explicit Digest(const EVP_MD* kind) : kind_(kind), context_(EVP_MD_CTX_new()) {
    if (context_ == nullptr) throw std::bad_alloc();
    EVP_DigestInit_ex(context_, kind_, nullptr);
  }
  ~Digest() { EVP_MD_CTX_free(context_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void update(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
  void finish(std::span<std::uint8_t> out) {  // as long as the digest
    EVP_DigestFinal_ex(context_, out.data(), nullptr);
    EVP_DigestInit_ex(context_, kind_, nullptr);
  }

 private:
  const EVP_MD* kind_;
  EVP_MD_CTX* context_;
};

std::string hex_text(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

}  // namespace

struct Sha256::State {
  Digest digest{EVP_sha256()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) { state_->digest.update(bytes); }

std::array<std::uint8_t, 32> Sha256::digest() {
  std::array<std::uint8_t, 32> out{};
  state_->digest.finish(out);
  return out;
}

std::string Sha256::hex() { return hex_text(digest()); }

struct Sha1::State {
  Digest digest{EVP_sha1()};
};

Sha1::Sha1() : state_(std::make_unique<State>()) {}
Sha1::~Sha1() = default;
Sha1::Sha1(Sha1&&) noexcept = default;
Sha1& Sha1::operator=(Sha1&&) noexcept = default;

void Sha1::update(std::string_view bytes) { state_->digest.update(bytes); }

std::string Sha1::hex() {
  std::array<std::uint8_t, 20> out{};
  state_->digest.finish(out);
  return hex_text(out);
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

namespace {

using CrcTables = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr CrcTables make_crc_tables() {
  constexpr std::uint32_t kPolynomial = 0x82F63B78u;  // 0x1EDC6F41, bits reversed
  CrcTables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0u);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < 4; ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[k - 1][i];
      tables[k][i] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

constexpr CrcTables kCrc = make_crc_tables();

std::uint32_t crc32c_table(const char* p, std::size_t n, std::uint32_t crc) {
  for (; n >= 4; p += 4, n -= 4) {
    std::uint32_t word;
    std::memcpy(&word, p, 4);
    word ^= crc;
    crc = kCrc[3][word & 255] ^ kCrc[2][word >> 8 & 255] ^ kCrc[1][word >> 16 & 255] ^ kCrc[0][word >> 24];
  }
  for (; n > 0; ++p, --n) crc = (crc >> 8) ^ kCrc[0][(crc ^ static_cast<unsigned char>(*p)) & 255];
  return crc;
}

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] std::uint32_t crc32c_instruction(const char* p, std::size_t n, std::uint32_t crc) {
  std::uint64_t wide = crc;
  for (; n >= 8; p += 8, n -= 8) wide = _mm_crc32_u64(wide, hash_detail::load8(p));
  crc = static_cast<std::uint32_t>(wide);
  for (; n > 0; ++p, --n) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(*p));
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~crc32c_instruction(bytes.data(), bytes.size(), ~seed);
#endif
  return ~crc32c_table(bytes.data(), bytes.size(), ~seed);
}

std::uint32_t murmur3_32(std::string_view bytes, std::uint32_t seed) {
  constexpr std::uint32_t c1 = 0xCC9E2D51u;
  constexpr std::uint32_t c2 = 0x1B873593u;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  std::uint32_t h = seed;
  for (; n >= 4; p += 4, n -= 4) {
    const auto word = static_cast<std::uint32_t>(hash_detail::load4(p));
    h ^= std::rotl(word * c1, 15) * c2;
    h = std::rotl(h, 13) * 5 + 0xE6546B64u;
  }
  if (n > 0) {
    std::uint32_t tail = 0;
    for (std::size_t i = n; i-- > 0;) tail = tail << 8 | static_cast<unsigned char>(p[i]);
    h ^= std::rotl(tail * c1, 15) * c2;
  }
  h ^= static_cast<std::uint32_t>(bytes.size());
  h = (h ^ h >> 16) * 0x85EBCA6Bu;
  h = (h ^ h >> 13) * 0xC2B2AE35u;
  return h ^ h >> 16;
}

std::array<std::uint32_t, 4> murmur3_128(std::string_view bytes, std::uint32_t seed) {
  constexpr std::uint64_t c1 = 0x87C37B91114253D5u;
  constexpr std::uint64_t c2 = 0x4CF5AD432745937Fu;
  const auto mix1 = [](std::uint64_t k) { return std::rotl(k * c1, 31) * c2; };
  const auto mix2 = [](std::uint64_t k) { return std::rotl(k * c2, 33) * c1; };
  const auto finish = [](std::uint64_t h) {
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCDu;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
    return h ^ h >> 33;
  };
  std::uint64_t h1 = seed;
  std::uint64_t h2 = seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  for (; n >= 16; p += 16, n -= 16) {
    h1 ^= mix1(hash_detail::load8(p));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52DCE729u;
    h2 ^= mix2(hash_detail::load8(p + 8));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495AB5u;
  }
  char tail[16] = {};
  std::copy_n(p, n, tail);
  h2 ^= mix2(hash_detail::load8(tail + 8));  // a tail of zeros changes nothing
  h1 ^= mix1(hash_detail::load8(tail));
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  h2 += h1;
  return {static_cast<std::uint32_t>(h1), static_cast<std::uint32_t>(h1 >> 32), static_cast<std::uint32_t>(h2),
          static_cast<std::uint32_t>(h2 >> 32)};
}

}  // namespace isogloss
