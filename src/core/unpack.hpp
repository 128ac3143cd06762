// SPDX-License-Identifier: Apache-2.0
// Files packed with gzip, xz or zstd, recognised by their first bytes whatever they are called, and unpacked while they are
// read: memory is that of the decoder (256 MB at most, 33 KB for gzip), however large the content is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

enum class Packing : std::uint8_t { none, gzip, xz, zstd };
// By the first bytes of the content.
Packing packing_of(std::string_view head);
std::string_view packing_name(Packing packing);
// "corpus.csv.gz" -> "corpus.csv": without an ending .gz, .xz or .zst, which says nothing about what is inside.
std::string_view without_packing(std::string_view name);

class PackedDecoder;

// Content from front to back, unpacked when it is packed. Several members, streams or frames one after the other are one
// content.
class UnpackedReader {
 public:
  // Error{not_found, io}; Error{unavailable} when the library for the packing is not installed.
  static Result<UnpackedReader> open(const std::filesystem::path& path);
  // `bytes` must outlive the reader; `name` is for messages.
  static Result<UnpackedReader> from_memory(std::string name, std::string_view bytes);
  UnpackedReader(UnpackedReader&&) noexcept;
  ~UnpackedReader();

  Packing packing() const { return packing_; }

  // Fills `out`; fewer bytes only at the end. Error{corrupt_data} for content that is damaged or cut off, Error{too_long}
  // for what unpacks to more than 1,000 times its size (beyond 64 MB) or needs more than 256 MB to be unpacked.
  Result<std::size_t> read(std::span<char> out);
  // All that is left; Error{too_long} when that is more than `max_bytes`.
  Result<std::string> rest(std::size_t max_bytes);

 private:
  UnpackedReader() = default;
  Status begin();  // looks at the first bytes
  Status refill();
  Status unpack_into(std::span<char> out, std::size_t& done);

  std::string name_;
  FileHandle file_;
  std::string buffer_;
  std::string_view input_;  // what is left of the buffer or the memory
  bool input_ended_ = false;
  bool complete_ = false;  // the decoder stands at the end of a stream
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  Packing packing_ = Packing::none;
  std::unique_ptr<PackedDecoder> decoder_;
};

// A file's whole content. Error{too_long} when it, or what is unpacked from it, has more than `max_bytes`.
Result<std::string> read_unpacked(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace isogloss
