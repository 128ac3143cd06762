// SPDX-License-Identifier: Apache-2.0
// Base64 of RFC 4648, section 4, with padding.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss {

void append_base64(std::string& out, std::string_view bytes);
inline void append_base64(std::string& out, std::span<const std::byte> bytes) {
  append_base64(out, std::string_view(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()));
}
// Error{corrupt_data}: a character that is none of the 64, or a length that no bytes have.
Result<std::string> decode_base64(std::string_view text);

}  // namespace isogloss
