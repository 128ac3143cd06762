// SPDX-License-Identifier: Apache-2.0
// The safetensors format: bytes <-> named tensors. 8 bytes little-endian header length, a JSON header
// {name: {dtype, shape, data_offsets}}, then the tensors' bytes (specification: huggingface/safetensors, format 0.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

enum class TensorType : std::uint8_t { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::size_t tensor_type_bytes(TensorType type);
std::string_view tensor_type_name(TensorType type);  // "F32"

template <class T>
constexpr TensorType tensor_type_of() {
  if constexpr (std::is_same_v<T, double>) return TensorType::f64;
  if constexpr (std::is_same_v<T, float>) return TensorType::f32;
  if constexpr (std::is_same_v<T, std::int64_t>) return TensorType::i64;
  if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint32_t>) return TensorType::i32;
  if constexpr (sizeof(T) > 4) static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>, "no such tensor");
  return TensorType::u8;
}

// A tensor inside somebody else's bytes.
struct TensorView {
  TensorType type = TensorType::f32;
  std::vector<std::size_t> shape;
  std::span<const std::byte> bytes;
  std::size_t elements() const;
};

// Where a tensor lies in its file.
struct TensorPlace {
  TensorType type = TensorType::f32;
  std::vector<std::size_t> shape;
  std::uint64_t offset = 0;  // from the start of the file
  std::size_t bytes = 0;
};
using TensorPlaces = std::map<std::string, TensorPlace, std::less<>>;

// The bytes of a file's header, its length field included; `first` = the first 8 bytes or more. Error{corrupt_data}.
Result<std::size_t> safetensors_header_bytes(std::string_view first, std::uint64_t file_size, std::string_view where);
// The tensors of a file of which only the header was read. Every place is checked to lie inside the file.
Result<TensorPlaces> safetensors_places(std::string_view header, std::uint64_t file_size, std::string_view where);

// The tensors of one file; views into `bytes`, which must outlive it. Every size is checked before it is used.
class SafeTensors {
 public:
  // `where` names the file in errors.
  static Result<SafeTensors> parse(std::span<const std::byte> bytes, std::string_view where);
  // A file without tensors, or one that is not there.
  static SafeTensors none(std::string_view where);

  const std::map<std::string, TensorView, std::less<>>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  // A copy of the tensor `name` as T. Error{corrupt_data} when it is absent, of another type or another shape. An
  // extent of `any_extent` in `shape` fits every size.
  template <class T>
  Result<std::vector<T>> read(std::string_view name, std::span<const std::size_t> shape) const;
  // The tensor itself, not copied. REQUIRES: the bytes given to parse() begin at a multiple of 8.
  template <class T>
  Result<std::span<const T>> view(std::string_view name, std::span<const std::size_t> shape) const;
  static constexpr std::size_t any_extent = static_cast<std::size_t>(-1);

 private:
  Result<TensorView> checked(std::string_view name, TensorType type, std::span<const std::size_t> shape) const;
  std::string where_;
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

// Collects tensors and writes them, those with wide elements first, so that each begins at a multiple of its element
// without a hole in front, which other libraries refuse.
class SafeTensorsWriter {
 public:
  template <class T>
  void add(std::string name, std::vector<std::size_t> shape, std::span<const T> data) {
    add_bytes(std::move(name), tensor_type_of<T>(), std::move(shape), std::as_bytes(data));
  }
  void add_bytes(std::string name, TensorType type, std::vector<std::size_t> shape, std::span<const std::byte> data);
  // Not copied. REQUIRES: `data` outlives the writer.
  template <class T>
  void add_view(std::string name, std::vector<std::size_t> shape, std::span<const T> data) {
    tensors_.push_back({std::move(name), tensor_type_of<T>(), std::move(shape), {}, std::as_bytes(data)});
  }
  bool empty() const { return tensors_.empty(); }
  std::string finish() const;
  // The same, part by part.
  using Sink = std::function<Status(std::span<const std::byte>)>;
  Status write(const Sink& sink) const;
  // In order of addition, each at a multiple of 64 bytes: what write() gave before, and what space ids are made of
  // still.
  Status write_aligned(const Sink& sink) const;

 private:
  struct Item {
    std::string name;
    TensorType type;
    std::vector<std::size_t> shape;
    std::string own;                  // or
    std::span<const std::byte> view;  // of others
    std::span<const std::byte> bytes() const { return own.empty() ? view : std::as_bytes(std::span(own)); }
  };
  static Status write(std::span<const Item* const> items, std::size_t alignment, const Sink& sink);
  std::vector<Item> tensors_;
};

// Writes tensors that are not all in memory at once: the header first, then the bytes of each in its order, without
// holes between them, as the reference implementation asks. The file gets its name when the last one is there.
class SafeTensorsFile {
 public:
  struct Entry {
    std::string name;
    TensorType type = TensorType::f32;
    std::vector<std::size_t> shape;
  };
  static Result<SafeTensorsFile> create(const std::filesystem::path& path, std::span<const Entry> entries);
  Status append(std::span<const std::byte> bytes) { return file_.write(bytes); }
  // REQUIRES: the bytes of every entry were appended.
  Status commit();

 private:
  explicit SafeTensorsFile(AtomicFile file) : file_(std::move(file)) {}
  AtomicFile file_;
  std::uint64_t expected_ = 0;  // bytes
};

template <class T>
Result<std::span<const T>> SafeTensors::view(std::string_view name, std::span<const std::size_t> shape) const {
  const TensorView found = IG_TRY(checked(name, tensor_type_of<T>(), shape));
  const void* data = found.bytes.data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(T) != 0) {
    return fail(Code::corrupt_data, where_ + ": tensor '" + std::string(name) + "' is not aligned.");
  }
  return std::span(static_cast<const T*>(data), found.elements());
}

template <class T>
Result<std::vector<T>> SafeTensors::read(std::string_view name, std::span<const std::size_t> shape) const {
  const TensorView view = IG_TRY(checked(name, tensor_type_of<T>(), shape));
  const T* begin = static_cast<const T*>(static_cast<const void*>(view.bytes.data()));
  std::vector<T> out(view.elements());
  if (!out.empty()) __builtin_memcpy(out.data(), begin, view.bytes.size());
  return out;
}

}  // namespace isogloss::formats
