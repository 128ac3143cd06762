// SPDX-License-Identifier: Apache-2.0
#include "nn/encoder/sections.hpp"

#include "core/assert.hpp"
#include "core/json.hpp"
#include "formats/safetensors.hpp"

namespace isogloss::nn {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::string_view kDescription = "description";

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

std::span<std::byte> Sections::add_bytes(std::string name, std::size_t bytes) {
  auto& block = own_[std::move(name)];
  IG_ASSERT(block.empty());
  block.assign(aligned(bytes), std::byte{0});
  return {block.data(), bytes};
}

std::span<const std::byte> Sections::get_bytes(std::string_view name) const {
  if (const auto it = mapped_.find(name); it != mapped_.end()) return it->second;
  const auto it = own_.find(name);
  return it == own_.end() ? std::span<const std::byte>() : std::span<const std::byte>(it->second);
}

std::size_t Sections::bytes() const {
  std::size_t total = 0;
  for (const auto& [name, block] : own_) total += block.size();
  for (const auto& [name, block] : mapped_) total += block.size();
  return total;
}

// The header is filled up with blanks so that the first block, and so every block, starts on a cache line.
Status Sections::write(const std::filesystem::path& path, std::string_view description) const {
  std::string header;
  JsonWriter json(header);
  json.begin_object();
  json.key("__metadata__").begin_object().field(kDescription, description).end_object();
  std::size_t at = 0;
  for (const auto& [name, block] : own_) {
    const auto extent = static_cast<std::uint64_t>(block.size());
    json.key(name).begin_object().field("dtype", "U8").key("shape").begin_array().value(extent).end_array();
    json.key("data_offsets").begin_array().value(static_cast<std::uint64_t>(at));
    json.value(static_cast<std::uint64_t>(at += block.size())).end_array().end_object();
  }
  json.end_object();
  header.resize(aligned(header.size() + 8) - 8, ' ');
  AtomicFile file = IG_TRY(AtomicFile::create(path));
  const std::uint64_t length = header.size();
  IG_TRY(file.write(std::as_bytes(std::span(&length, 1))));
  IG_TRY(file.write(header));
  for (const auto& [name, block] : own_) IG_TRY(file.write(std::span<const std::byte>(block)));
  return file.commit();
}

Result<Sections> Sections::open(const std::filesystem::path& path, std::string_view description) {
  Sections sections;
  sections.file_ = std::make_shared<MappedFile>(IG_TRY(MappedFile::open(path)));
  const auto tensors = IG_TRY(formats::SafeTensors::parse(sections.file_->bytes(), path.string()));
  const auto& metadata = tensors.metadata();
  const auto found = metadata.find(std::string(kDescription));
  if (found == metadata.end() || found->second != description) {
    return fail(Code::mismatch, "'" + path.string() + "' holds weights packed for another model, machine or version.");
  }
  for (const auto& [name, tensor] : tensors.tensors()) sections.mapped_[name] = tensor.bytes;
  return sections;
}

}  // namespace isogloss::nn
