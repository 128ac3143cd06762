// SPDX-License-Identifier: Apache-2.0
// The frame of every index file: named sections, checksums, a footer that says what the file is.
//
//   [section bytes, each on a multiple of 64]  [section table]  [CRC-32C of every 256 KiB of what is before]  [footer]
//
// The footer (256 bytes, little endian) stands at the end, so a file that was cut short cannot pass for a whole one.
// Opening checks the footer, its own checksum, that of the two tables, the file's size and every section's bounds;
// verify() reads the rest against the checksums.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/index.hpp"
#include "isogloss/result.hpp"

namespace isogloss::index {

struct SectionFooter {
  char magic[8];         // "isogloss"
  char kind[8];          // "flat", "bm25"
  std::uint32_t format;  // of this kind
  std::uint32_t sections;
  char space_id[64];
  std::uint64_t last_seq;
  std::uint64_t count;      // entries
  std::uint64_t file_size;  // of the whole file
  std::uint64_t body_size;  // bytes before the tables
  std::uint32_t tables_crc;
  std::uint32_t block_size;
  char details[112];  // fixed-size values of the kind
  char reserved[12];
  std::uint32_t footer_crc;  // of the bytes before
};
static_assert(sizeof(SectionFooter) == 256);

// Writes a section file. The sections come one after another; a section may be written in pieces.
class SectionWriter {
 public:
  static Result<SectionWriter> create(const std::filesystem::path& path, std::string_view kind, std::uint32_t format);

  Status begin(std::string_view name);  // at most 24 bytes
  Status write(std::span<const std::byte> bytes);
  template <class T>
  Status write_array(std::span<const T> values) {
    return write(std::as_bytes(values));
  }
  template <class T>
  Status section(std::string_view name, std::span<const T> values) {
    IG_TRY(begin(name));
    return write_array(values);
  }
  // Tables, footer, and the file gets its name. `details` at most 112 bytes. REQUIRES: stamp.space_id fits 64 bytes.
  Status finish(const IndexStamp& stamp, std::uint64_t count, std::span<const std::byte> details);

 private:
  struct Entry {
    char name[24];
    std::uint64_t offset;
    std::uint64_t size;
  };
  explicit SectionWriter(AtomicFile file) : file_(std::move(file)) {}

  Status append(std::span<const std::byte> bytes);  // to the body, inside or between sections

  AtomicFile file_;
  SectionFooter footer_{};
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> block_crcs_;
  std::uint32_t crc_ = 0;
  std::uint64_t in_block_ = 0;
  friend class SectionFile;
};

// A section file, mapped.
class SectionFile {
 public:
  // Error{corrupt_data} names a damaged, truncated or foreign file, Error{unsupported} a newer format.
  static Result<SectionFile> open(const std::filesystem::path& path, std::string_view kind, std::uint32_t format);

  const SectionFooter& footer() const { return footer_; }
  IndexStamp stamp() const;
  // A section as an array of T. Error{corrupt_data} when it is missing, its size is no multiple of T's, or it does not
  // hold `expected` values (any number when kAny).
  static constexpr std::size_t kAny = SIZE_MAX;
  template <class T>
  Result<std::span<const T>> array(std::string_view name, std::size_t expected = kAny) const {
    const std::span<const std::byte> bytes = IG_TRY(find(name));
    const std::size_t count = bytes.size() / sizeof(T);
    if (bytes.size() % sizeof(T) != 0 || (expected != kAny && count != expected)) return damaged(name);
    return std::span<const T>(static_cast<const T*>(static_cast<const void*>(bytes.data())), count);
  }
  Status verify() const;
  const std::filesystem::path& path() const { return map_.path(); }
  // Error{corrupt_data}: "The index file '...' is damaged: <what>. Delete it; it is rebuilt from its source."
  std::unexpected<Error> damaged(std::string_view what) const;

 private:
  Result<std::span<const std::byte>> find(std::string_view name) const;
  Status read_footer(std::string_view kind, std::uint32_t format);
  Status read_tables();

  MappedFile map_;
  SectionFooter footer_{};
  std::vector<SectionWriter::Entry> entries_;
};

}  // namespace isogloss::index
