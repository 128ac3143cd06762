// SPDX-License-Identifier: Apache-2.0
#include "index/section_file.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/assert.hpp"
#include "core/hash.hpp"

namespace isogloss::index {
namespace {

constexpr std::uint32_t kBlockSize = 256 * 1024;
constexpr std::uint64_t kAlignment = 64;
constexpr std::string_view kMagic = "isogloss";
constexpr std::uint32_t kMostSections = 64;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// Copies text into a field of fixed size, padded with zeros.
template <std::size_t kSize>
void put_text(char (&field)[kSize], std::string_view text) {
  IG_ASSERT(text.size() <= kSize);
  std::memset(field, 0, kSize);
  std::memcpy(field, text.data(), std::min(text.size(), kSize));
}

template <std::size_t kSize>
std::string_view get_text(const char (&field)[kSize]) {
  return {field, ::strnlen(field, kSize)};
}

std::uint32_t footer_crc(const SectionFooter& footer) {
  return crc32c(as_text(bytes_of(footer).first(sizeof(SectionFooter) - sizeof(footer.footer_crc))));
}

std::uint64_t blocks_of(std::uint64_t size) { return (size + kBlockSize - 1) / kBlockSize; }

}  // namespace

Result<SectionWriter> SectionWriter::create(const std::filesystem::path& path, std::string_view kind,
                                            std::uint32_t format) {
  SectionWriter writer(IG_TRY(AtomicFile::create(path)));
  put_text(writer.footer_.magic, kMagic);
  put_text(writer.footer_.kind, kind);
  writer.footer_.format = format;
  return writer;
}

Status SectionWriter::begin(std::string_view name) {
  static constexpr std::array<std::byte, kAlignment> kZeros{};
  const std::uint64_t beyond = file_.size() % kAlignment;
  if (beyond != 0) IG_TRY(append(std::span(kZeros).first(kAlignment - beyond)));
  Entry entry{};
  put_text(entry.name, name);
  entry.offset = file_.size();
  entries_.push_back(entry);
  return {};
}

Status SectionWriter::write(std::span<const std::byte> bytes) {
  IG_ASSERT(!entries_.empty());
  entries_.back().size += bytes.size();
  return append(bytes);
}

Status SectionWriter::append(std::span<const std::byte> bytes) {
  IG_TRY(file_.write(bytes));
  while (!bytes.empty()) {
    const std::size_t part = std::min<std::size_t>(bytes.size(), kBlockSize - in_block_);
    crc_ = crc32c(as_text(bytes.first(part)), crc_);
    in_block_ += part;
    bytes = bytes.subspan(part);
    if (in_block_ == kBlockSize) {
      block_crcs_.push_back(crc_);
      crc_ = 0;
      in_block_ = 0;
    }
  }
  return {};
}

Status SectionWriter::finish(const IndexStamp& stamp, std::uint64_t count, std::span<const std::byte> details) {
  IG_ASSERT(stamp.space_id.size() <= sizeof(footer_.space_id) && details.size() <= sizeof(footer_.details));
  IG_TRY(begin(""));  // pads the body
  entries_.pop_back();
  if (in_block_ != 0) block_crcs_.push_back(crc_);
  put_text(footer_.space_id, stamp.space_id);
  footer_.sections = static_cast<std::uint32_t>(entries_.size());
  footer_.last_seq = stamp.last_seq;
  footer_.count = count;
  footer_.body_size = file_.size();
  footer_.block_size = kBlockSize;
  if (!details.empty()) std::memcpy(footer_.details, details.data(), details.size());
  const std::span<const std::byte> table = std::as_bytes(std::span(entries_));
  const std::span<const std::byte> crcs = std::as_bytes(std::span(block_crcs_));
  footer_.tables_crc = crc32c(as_text(crcs), crc32c(as_text(table)));
  footer_.file_size = footer_.body_size + table.size() + crcs.size() + sizeof(SectionFooter);
  footer_.footer_crc = footer_crc(footer_);
  IG_TRY(file_.write(table));
  IG_TRY(file_.write(crcs));
  IG_TRY(file_.write(bytes_of(footer_)));
  return file_.commit();
}

std::unexpected<Error> SectionFile::damaged(std::string_view what) const {
  return fail(Code::corrupt_data, "The index file '" + map_.path().string() + "' is damaged: " + std::string(what) +
                                      ". Delete it; it is rebuilt from its source.");
}

Result<SectionFile> SectionFile::open(const std::filesystem::path& path, std::string_view kind, std::uint32_t format) {
  SectionFile file;
  file.map_ = IG_TRY(MappedFile::open(path));
  IG_TRY(file.read_footer(kind, format));
  IG_TRY(file.read_tables());
  return file;
}

Status SectionFile::read_footer(std::string_view kind, std::uint32_t format) {
  const std::span<const std::byte> bytes = map_.bytes();
  if (bytes.size() < sizeof(SectionFooter)) return damaged("it is too short to hold a footer");
  std::memcpy(&footer_, bytes.data() + bytes.size() - sizeof(SectionFooter), sizeof(SectionFooter));
  if (get_text(footer_.magic) != kMagic) return damaged("it does not end with the footer of an index file");
  if (footer_.footer_crc != footer_crc(footer_)) return damaged("the checksum of its footer is wrong");
  if (get_text(footer_.kind) != kind) {
    return damaged("it is of kind '" + std::string(get_text(footer_.kind)) + "', not '" + std::string(kind) + "'");
  }
  if (footer_.format > format) {
    return fail(Code::unsupported, "The index file '" + map_.path().string() + "' has format " +
                                       std::to_string(footer_.format) + "; this version reads formats up to " +
                                       std::to_string(format) + ". Use a newer isogloss, or delete the file.");
  }
  if (footer_.file_size != bytes.size()) return damaged("its size is not the one its footer states");
  return {};
}

Status SectionFile::read_tables() {
  const std::span<const std::byte> bytes = map_.bytes();
  if (footer_.block_size != kBlockSize || footer_.sections > kMostSections || footer_.body_size > bytes.size()) {
    return damaged("its footer holds impossible sizes");
  }
  const std::uint64_t table_size = footer_.sections * sizeof(SectionWriter::Entry);
  const std::uint64_t crc_size = blocks_of(footer_.body_size) * sizeof(std::uint32_t);
  if (footer_.body_size + table_size + crc_size + sizeof(SectionFooter) != bytes.size()) {
    return damaged("its tables do not fill the room between body and footer");
  }
  const std::span<const std::byte> tables = bytes.subspan(footer_.body_size, table_size + crc_size);
  if (crc32c(as_text(tables)) != footer_.tables_crc) return damaged("the checksum of its tables is wrong");
  entries_.resize(footer_.sections);
  if (table_size != 0) std::memcpy(entries_.data(), tables.data(), table_size);
  for (const SectionWriter::Entry& entry : entries_) {
    if (entry.offset % kAlignment != 0 || entry.offset > footer_.body_size ||
        entry.size > footer_.body_size - entry.offset) {
      return damaged("a section lies outside the file");
    }
  }
  return {};
}

Result<std::span<const std::byte>> SectionFile::find(std::string_view name) const {
  for (const SectionWriter::Entry& entry : entries_) {
    if (get_text(entry.name) == name) return map_.bytes().subspan(entry.offset, entry.size);
  }
  return damaged("section '" + std::string(name) + "' is missing");
}

IndexStamp SectionFile::stamp() const { return {std::string(get_text(footer_.space_id)), footer_.last_seq}; }

Status SectionFile::verify() const {
  const std::span<const std::byte> body = map_.bytes().first(footer_.body_size);
  const std::byte* crcs = body.data() + body.size() + footer_.sections * sizeof(SectionWriter::Entry);
  for (std::uint64_t block = 0; block < blocks_of(body.size()); ++block) {
    const std::uint64_t begin = block * kBlockSize;
    std::uint32_t expected;
    std::memcpy(&expected, crcs + block * sizeof expected, sizeof expected);
    if (crc32c(as_text(body.subspan(begin, std::min<std::uint64_t>(kBlockSize, body.size() - begin)))) != expected) {
      return damaged("bytes " + std::to_string(begin) + " and following do not match their checksum");
    }
  }
  return {};
}

}  // namespace isogloss::index
