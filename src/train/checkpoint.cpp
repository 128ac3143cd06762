// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.hpp"

#include <algorithm>

#include "core/file.hpp"

namespace isogloss::training {
namespace {

constexpr const char* kMark = "checkpoint.mark";

}  // namespace

Status Checkpoint::write(formats::SafeTensorsWriter tensors) {
  tensors.add_bytes(kMark, formats::TensorType::u8, {mark_.size()}, std::as_bytes(std::span(mark_)));
  remove_abandoned(path_);  // what a killed run was writing
  AtomicFile file = IG_TRY(AtomicFile::create(path_));
  IG_TRY(tensors.write([&](std::span<const std::byte> bytes) { return file.write(bytes); }));
  IG_TRY(file.commit());
  last_ = Clock::now();
  return {};
}

Result<std::optional<formats::TensorFile>> Checkpoint::read() const {
  std::error_code ignored;
  if (!wanted() || !std::filesystem::exists(path_, ignored)) return std::nullopt;
  formats::TensorFile file;
  file.mapped = std::make_shared<MappedFile>(IG_TRY(MappedFile::open(path_)));
  file.tensors = IG_TRY(formats::SafeTensors::parse(file.mapped->bytes(), path_.string()));
  const std::size_t any[] = {formats::SafeTensors::any_extent};
  const auto mark = IG_TRY(file.tensors.view<std::uint8_t>(kMark, any));
  if (!std::ranges::equal(mark, mark_, {}, {}, [](char c) { return static_cast<std::uint8_t>(c); })) {
    return fail(Code::already_exists,
                "'" + path_.string() +
                    "' is the checkpoint of another run: options, seed or text differ. Give --restart to "
                    "begin anew, or the same command as before to go on.");
  }
  return std::optional(std::move(file));
}

}  // namespace isogloss::training
