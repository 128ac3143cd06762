// SPDX-License-Identifier: Apache-2.0
// The GGUF format, versions 2 and 3, little-endian (specification: ggml, docs/gguf.md): "GGUF", version, numbers of
// tensors and of keys, the keys with typed values, a directory of the tensors (name, shape, type, offset), then their
// bytes. What the keys mean is the caller's business; that every size, count and offset stays inside the file is
// settled here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

// The numbers are the file's.
enum class GgufType : std::uint8_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, array, u64, i64, f64 };
std::string_view gguf_type_name(GgufType type);  // "uint32", "string", "array"

// How the elements of a tensor are written: `block_bytes` bytes for each `block_elements` elements of a row.
struct GgmlType {
  std::uint32_t number = 0;  // in the file
  std::string_view name;     // "F32", "Q4_K"
  std::uint32_t block_elements = 1;
  std::uint32_t block_bytes = 0;
};
// Null for a number that is unknown or that ggml has withdrawn.
const GgmlType* ggml_type(std::uint32_t number);
const GgmlType* ggml_type(std::string_view name);

// The value of a key: a view into the file's bytes.
struct GgufValue {
  GgufType type = GgufType::u8;
  GgufType element = GgufType::u8;   // of an array; of a single value its own type
  std::uint64_t count = 1;           // elements of an array
  std::span<const std::byte> bytes;  // the elements as the file has them; strings with their lengths in front
  bool is_array() const { return type == GgufType::array; }
};

struct GgufTensor {
  std::string name;
  std::vector<std::size_t> shape;    // outermost first, (rows, columns) of a matrix; the file has the reverse
  const GgmlType* type = nullptr;    // never null
  std::uint64_t offset = 0;          // of the first byte, from the start of the file
  std::uint64_t size = 0;            // bytes; offset + size lies in the file
  std::span<const std::byte> bytes;  // empty when the file was opened by name: see Gguf::read()
  std::uint64_t elements() const;
};

// Keys and tensors of one file. Immutable; thread-safe.
class Gguf {
 public:
  // Views into `bytes`, the whole file, which must outlive the object. `where` names the file in errors.
  // Error{corrupt_data}: the place and what is wrong there. Error{unsupported}: another version, big-endian.
  static Result<Gguf> parse(std::span<const std::byte> bytes, std::string_view where);
  // Reads keys and directory only, however large the tensors are; read() fetches those.
  static Result<Gguf> open(const std::filesystem::path& path);

  const std::string& where() const { return where_; }
  std::uint32_t version() const { return version_; }

  // ---- keys. Null or the default when the key is absent; Error{corrupt_data} naming file, key, type and value when it
  // is there and is something else. Integers of any width are taken for each other as far as the value fits.
  const std::map<std::string, GgufValue, std::less<>>& values() const { return values_; }
  const GgufValue* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  Result<std::string_view> text(std::string_view key) const;  // Error{corrupt_data} when absent, as with the next three
  Result<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most) const;
  Result<double> number(std::string_view key) const;  // an integer or a floating-point number
  Result<bool> boolean(std::string_view key) const;
  Result<std::string_view> text_or(std::string_view key, std::string_view absent) const;
  Result<std::int64_t> integer_or(std::string_view key, std::int64_t absent, std::int64_t least,
                                  std::int64_t most) const;
  Result<double> number_or(std::string_view key, double absent) const;
  Result<bool> boolean_or(std::string_view key, bool absent) const;
  // Arrays. Error{corrupt_data} when absent.
  Result<std::vector<std::string_view>> texts(std::string_view key) const;
  Result<std::vector<std::int64_t>> integers(std::string_view key) const;
  Result<std::vector<double>> numbers(std::string_view key) const;

  // ---- tensors, in the order of the file
  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* find_tensor(std::string_view name) const;  // null when absent
  // The tensor's bytes. REQUIRES: out.size() == tensor.size, the tensor is this file's.
  Status read(const GgufTensor& tensor, std::span<std::byte> out) const;

  // A GGUF file with the keys of this one and no tensors: its vocabulary.
  std::string without_tensors() const;

 private:
  class Parser;
  Result<GgufValue> single(std::string_view key) const;
  Result<GgufValue> array(std::string_view key) const;
  std::unexpected<Error> wrong(std::string_view key, const GgufValue& value, std::string_view wanted) const;

  std::string where_;
  std::uint32_t version_ = 0;
  std::map<std::string, GgufValue, std::less<>> values_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string_view, std::size_t> tensor_by_name_;  // views into tensors_, which no longer grows
  FileHandle file_;                                         // of open()
  std::unique_ptr<std::byte[]> head_;                       // of open(): what values_ looks at
};

}  // namespace isogloss::formats
