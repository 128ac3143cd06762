// SPDX-License-Identifier: Apache-2.0
// The wire format of protocol buffers, as far as reading a flat message needs it: fields one after the other.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace isogloss::tokens {

// Reads the fields of one message. Every length is checked against the bytes that are left.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : rest_(bytes) {}

  // The next field; false at the end or when the message is damaged (see ok()).
  bool next() {
    if (rest_.empty()) return false;
    std::uint64_t key = 0;
    if (!varint(key)) return false;
    number_ = static_cast<std::uint32_t>(key >> 3);
    switch (key & 7) {
      case 0:
        return varint(value_);
      case 1:
        return take(8);
      case 2: {
        std::uint64_t size = 0;
        return varint(size) && take(size);
      }
      case 5:
        return take(4);
      default:
        return ok_ = false;
    }
  }
  bool ok() const { return ok_; }

  std::uint32_t number() const { return number_; }
  std::uint64_t integer() const { return value_; }
  std::string_view bytes() const { return bytes_; }
  float real() const {
    float value = 0;
    if (bytes_.size() == 4) std::memcpy(&value, bytes_.data(), 4);
    return value;
  }

 private:
  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return ok_ = false;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return ok_ = false;
  }
  bool take(std::uint64_t size) {
    if (size > rest_.size()) return ok_ = false;
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  std::string_view bytes_;
  std::uint64_t value_ = 0;
  std::uint32_t number_ = 0;
  bool ok_ = true;
};

}  // namespace isogloss::tokens
