// SPDX-License-Identifier: Apache-2.0
// Members of a ZIP archive in memory (PKWARE's APPNOTE 6.3: stored and deflated members, ZIP64 sizes; no encryption, no
// other methods). Sizes are checked before anything is unpacked, checksums while it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

struct ZipMember {
  std::string name;  // as written in the archive: with '/', perhaps hostile ("../x")
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t packed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;  // of the local header
};

bool is_zip(std::string_view head);

// The members in the order of the archive's directory. Error{corrupt_data} says what is broken; `where` names the file.
Result<std::vector<ZipMember>> zip_members(std::string_view archive, std::string_view where);

// The content of a member. Error{too_long} when it claims more than `max_bytes`, Error{corrupt_data},
// Error{unsupported} for an encrypted one or another method.
Result<std::string> zip_content(std::string_view archive, const ZipMember& member, std::size_t max_bytes,
                                std::string_view where);

// The same of a member that is stored as it is, in place: a view into `archive`.
Result<std::string_view> zip_stored(std::string_view archive, const ZipMember& member, std::string_view where);

}  // namespace isogloss
