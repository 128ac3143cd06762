// SPDX-License-Identifier: Apache-2.0
// Named blocks of bytes on cache lines: what an encoder runs on. Either own memory, filled while weights are packed, or
// the mapped file that an earlier run wrote (write_sections). The file is a safetensors file of U8 tensors.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/result.hpp"
#include "math/matrix.hpp"

namespace isogloss::nn {

class Sections {
 public:
  // A new block, zero-filled. REQUIRES: no block of that name.
  template <class T>
  std::span<T> add(std::string name, std::size_t count) {
    std::span<std::byte> block = add_bytes(std::move(name), count * sizeof(T));
    return {static_cast<T*>(static_cast<void*>(block.data())), count};
  }
  // A block; empty when there is none.
  template <class T>
  std::span<const T> get(std::string_view name) const {
    const std::span<const std::byte> block = get_bytes(name);
    return {static_cast<const T*>(static_cast<const void*>(block.data())), block.size() / sizeof(T)};
  }
  std::size_t bytes() const;

  // Writes all blocks so that open() finds them; atomically.
  Status write(const std::filesystem::path& path, std::string_view description) const;
  // Maps a file that write() made with the same description. Error{mismatch} when it is of another one,
  // Error{corrupt_data} when it is damaged.
  static Result<Sections> open(const std::filesystem::path& path, std::string_view description);

 private:
  std::span<std::byte> add_bytes(std::string name, std::size_t bytes);
  std::span<const std::byte> get_bytes(std::string_view name) const;

  std::map<std::string, math::AlignedVector<std::byte>, std::less<>> own_;
  std::map<std::string, std::span<const std::byte>, std::less<>> mapped_;
  std::shared_ptr<const MappedFile> file_;
};

}  // namespace isogloss::nn
