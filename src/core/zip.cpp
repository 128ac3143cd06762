// SPDX-License-Identifier: Apache-2.0
// A deflated member is read as the gzip stream it would be: ten bytes in front, checksum and size behind, both of which
// the archive's directory holds. So the one decoder of core/unpack.cpp serves, with its limits.
#include "core/zip.hpp"

#include <algorithm>
#include <cstring>

#include "core/unpack.hpp"

namespace isogloss {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kDirectory = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEndLocator64 = 0x07064b50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kDirectoryBytes = 46;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint16_t kEncrypted = 1;  // flag
constexpr std::uint32_t kIn64 = 0xffffffffU;

// Little-endian numbers; outside the archive they are 0.
template <class T>
T number(std::string_view bytes, std::uint64_t at) {
  T value = 0;
  if (at <= bytes.size() && sizeof value <= bytes.size() - at) std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::unexpected<Error> broken(std::string_view where, const std::string& what) {
  return fail(Code::corrupt_data, std::string(where) + ": " + what);
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t members = 0;
};

// The end record stands last, before a comment of at most 64 KB.
Result<Directory> find_directory(std::string_view archive, std::string_view where) {
  if (archive.size() < kEndBytes) return broken(where, "too short for a ZIP archive.");
  const std::size_t lowest = archive.size() - std::min(archive.size(), kEndBytes + kLongestComment);
  for (std::size_t at = archive.size() - kEndBytes + 1; at-- > lowest;) {
    if (number<std::uint32_t>(archive, at) != kEnd) continue;
    Directory d{number<std::uint32_t>(archive, at + 16), number<std::uint32_t>(archive, at + 12),
                number<std::uint16_t>(archive, at + 10)};
    if (at >= 20 && number<std::uint32_t>(archive, at - 20) == kEndLocator64) {
      const auto end64 = number<std::uint64_t>(archive, at - 20 + 8);
      if (number<std::uint32_t>(archive, end64) == kEnd64) {
        d = {number<std::uint64_t>(archive, end64 + 48), number<std::uint64_t>(archive, end64 + 40),
             number<std::uint64_t>(archive, end64 + 32)};
      }
    }
    if (d.offset > archive.size() || d.size > archive.size() - d.offset || d.members > d.size / kDirectoryBytes) {
      return broken(where, "the archive's directory lies outside the file; the file is cut off or damaged.");
    }
    return d;
  }
  return broken(where, "there is no ZIP directory at the end; the file is cut off or no ZIP archive.");
}

// Sizes and offset that did not fit 32 bits stand in extra field 1, in this order.
void take_wide_numbers(std::string_view extra, ZipMember& member) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const std::size_t length = number<std::uint16_t>(extra, at + 2);
    if (number<std::uint16_t>(extra, at) == 1) {
      std::size_t next = at + 4;
      for (std::uint64_t* value : {&member.size, &member.packed_size, &member.offset}) {
        if (*value != kIn64) continue;
        *value = number<std::uint64_t>(extra, next);
        next += 8;
      }
      return;
    }
    at += 4 + length;
  }
}

std::string gzip_of(std::string_view deflated, const ZipMember& member) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  out += deflated;
  const auto size = static_cast<std::uint32_t>(member.size);
  for (const std::uint32_t value : {member.crc, size}) {
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xff);
  }
  return out;
}

// The bytes of a member inside the archive.
Result<std::string_view> packed_bytes(std::string_view archive, const ZipMember& member, std::string_view where) {
  const std::uint64_t name_size = number<std::uint16_t>(archive, member.offset + 26);
  const std::uint64_t extra_size = number<std::uint16_t>(archive, member.offset + 28);
  const std::uint64_t begin = member.offset + kLocalBytes + name_size + extra_size;
  if (number<std::uint32_t>(archive, member.offset) != kLocal || begin > archive.size() ||
      member.packed_size > archive.size() - begin) {
    return broken(where, "'" + member.name + "' lies outside the file; the archive is cut off or damaged.");
  }
  if (member.method == kStored && member.size != member.packed_size)
    return broken(where, "'" + member.name + "' is stored with two different sizes.");
  return archive.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(member.packed_size));
}

}  // namespace

bool is_zip(std::string_view head) {
  return number<std::uint32_t>(head, 0) == kLocal || number<std::uint32_t>(head, 0) == kEnd;
}

Result<std::vector<ZipMember>> zip_members(std::string_view archive, std::string_view where) {
  const Directory directory = IG_TRY(find_directory(archive, where));
  std::vector<ZipMember> members;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    const std::uint64_t name_size = number<std::uint16_t>(archive, at + 28);
    const std::uint64_t extra_size = number<std::uint16_t>(archive, at + 30);
    const std::uint64_t comment_size = number<std::uint16_t>(archive, at + 32);
    const std::uint64_t next = at + kDirectoryBytes + name_size + extra_size + comment_size;
    if (number<std::uint32_t>(archive, at) != kDirectory || next > archive.size()) {
      return broken(where, "entry " + std::to_string(i + 1) + " of the archive's directory is damaged.");
    }
    ZipMember member;
    member.method = number<std::uint16_t>(archive, at + 10);
    if ((number<std::uint16_t>(archive, at + 8) & kEncrypted) != 0) member.method = 0xffff;
    member.crc = number<std::uint32_t>(archive, at + 16);
    member.packed_size = number<std::uint32_t>(archive, at + 20);
    member.size = number<std::uint32_t>(archive, at + 24);
    member.offset = number<std::uint32_t>(archive, at + 42);
    member.name = archive.substr(at + kDirectoryBytes, name_size);
    take_wide_numbers(archive.substr(at + kDirectoryBytes + name_size, extra_size), member);
    members.push_back(std::move(member));
    at = next;
  }
  return members;
}

Result<std::string> zip_content(std::string_view archive, const ZipMember& member, std::size_t max_bytes,
                                std::string_view where) {
  const std::string what = "'" + member.name + "' ";
  if (member.size > max_bytes) {
    return fail(Code::too_long, std::string(where) + ": " + what + "has " + std::to_string(member.size) +
                                    " bytes, more than the " + std::to_string(max_bytes) + " allowed.");
  }
  if (member.method != kStored && member.method != kDeflated) {
    return fail(Code::unsupported,
                std::string(where) + ": " + what + "is encrypted or packed by a method other than deflate.");
  }
  const std::string_view packed = IG_TRY(packed_bytes(archive, member, where));
  if (member.method == kStored) return std::string(packed);
  const std::string stream = gzip_of(packed, member);
  UnpackedReader reader = IG_TRY(UnpackedReader::from_memory(std::string(where) + ": " + member.name, stream));
  std::string content = IG_TRY(reader.rest(static_cast<std::size_t>(member.size)));
  if (content.size() != member.size) return broken(where, what + "is shorter than the archive says.");
  return content;
}

Result<std::string_view> zip_stored(std::string_view archive, const ZipMember& member, std::string_view where) {
  if (member.method == kStored) return packed_bytes(archive, member, where);
  return fail(Code::unsupported,
              std::string(where) + ": '" + member.name + "' is packed, where a stored one is expected.");
}

}  // namespace isogloss
