// SPDX-License-Identifier: Apache-2.0
// Writes small GGUF files for tests and fuzz seeds.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/gguf.hpp"

namespace isogloss::formats {

class GgufBuilder {
 public:
  GgufBuilder& key(std::string_view name, std::string_view value) {
    begin_key(name, GgufType::text);
    put_text(keys_, value);
    return *this;
  }
  GgufBuilder& key(std::string_view name, const char* value) { return key(name, std::string_view(value)); }
  GgufBuilder& key(std::string_view name, bool value) {
    return raw_key(name, GgufType::boolean, static_cast<std::uint8_t>(value));
  }
  GgufBuilder& key(std::string_view name, std::uint32_t value) { return raw_key(name, GgufType::u32, value); }
  GgufBuilder& key(std::string_view name, float value) { return raw_key(name, GgufType::f32, value); }
  // A value of any type as the bytes of `value`.
  template <class T>
  GgufBuilder& raw_key(std::string_view name, GgufType type, T value) {
    begin_key(name, type);
    put(keys_, value);
    return *this;
  }
  GgufBuilder& array(std::string_view name, const std::vector<std::string>& values) {
    begin_array(name, GgufType::text, values.size());
    for (const std::string& value : values) put_text(keys_, value);
    return *this;
  }
  GgufBuilder& array(std::string_view name, const std::vector<float>& values) {
    return numbers(name, GgufType::f32, values);
  }
  GgufBuilder& array(std::string_view name, const std::vector<std::int32_t>& values) {
    return numbers(name, GgufType::i32, values);
  }
  template <class T>
  GgufBuilder& numbers(std::string_view name, GgufType element, const std::vector<T>& values) {
    begin_array(name, element, values.size());
    for (const T value : values) put(keys_, value);
    return *this;
  }
  // `shape` outermost first; `type` by its name, "F32".
  GgufBuilder& tensor(std::string_view name, std::vector<std::uint64_t> shape, std::string_view type,
                      std::string_view bytes) {
    put_text(directory_, name);
    put(directory_, static_cast<std::uint32_t>(shape.size()));
    for (auto extent = shape.rbegin(); extent != shape.rend(); ++extent) put(directory_, *extent);
    put(directory_, ggml_type(type)->number);
    data_.resize((data_.size() + 31) / 32 * 32);
    put(directory_, static_cast<std::uint64_t>(data_.size()));
    data_ += bytes;
    ++tensors_;
    return *this;
  }
  std::string finish(std::uint32_t version = 3) const {
    std::string out = "GGUF";
    put(out, version);
    put(out, tensors_);
    put(out, count_);
    out += keys_ + directory_;
    if (tensors_ > 0) out.resize((out.size() + 31) / 32 * 32);
    return out + data_;
  }

 private:
  template <class T>
  static void put(std::string& out, T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    out.append(bytes, sizeof(T));
  }
  static void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint64_t>(text.size()));
    out += text;
  }
  void begin_key(std::string_view name, GgufType type) {
    put_text(keys_, name);
    put(keys_, static_cast<std::uint32_t>(type));
    ++count_;
  }
  void begin_array(std::string_view name, GgufType element, std::size_t size) {
    begin_key(name, GgufType::array);
    put(keys_, static_cast<std::uint32_t>(element));
    put(keys_, static_cast<std::uint64_t>(size));
  }

  std::string keys_;
  std::string directory_;
  std::string data_;
  std::uint64_t count_ = 0;
  std::uint64_t tensors_ = 0;
};

}  // namespace isogloss::formats
