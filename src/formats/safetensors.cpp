// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/assert.hpp"
#include "core/json.hpp"

namespace isogloss::formats {
namespace {

struct TypeRow {
  TensorType type;
  std::string_view name;
  std::size_t bytes;
};
constexpr std::array kTypes{TypeRow{TensorType::f64, "F64", 8}, TypeRow{TensorType::f32, "F32", 4},
                            TypeRow{TensorType::f16, "F16", 2}, TypeRow{TensorType::bf16, "BF16", 2},
                            TypeRow{TensorType::i64, "I64", 8}, TypeRow{TensorType::i32, "I32", 4},
                            TypeRow{TensorType::i16, "I16", 2}, TypeRow{TensorType::i8, "I8", 1},
                            TypeRow{TensorType::u8, "U8", 1},   TypeRow{TensorType::boolean, "BOOL", 1}};

constexpr std::size_t kMaxHeader = 100'000'000;  // the limit of the reference implementation
constexpr std::size_t kAlignment = 64;
constexpr std::string_view kMetadata = "__metadata__";

std::unexpected<Error> corrupt(std::string_view where, const std::string& what) {
  return fail(Code::corrupt_data, std::string(where) + ": " + what);
}

// One entry of the header, checked against the size of the data section, which starts at `start`.
Result<TensorPlace> parse_entry(const std::string& name, const Json& entry, std::uint64_t start, std::uint64_t size,
                                std::string_view where) {
  TensorPlace place;
  const std::string_view type = entry["dtype"].as_string();
  const auto row = std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeRow& r) { return r.name == type; });
  if (row == kTypes.end()) {
    return corrupt(where, "tensor '" + name + "' has the unknown dtype '" + std::string(type) + "'.");
  }
  place.type = row->type;
  place.bytes = row->bytes;
  for (const Json& extent : entry["shape"].as_array()) {
    const std::int64_t n = extent.as_integer(-1);
    if (n < 0 || __builtin_mul_overflow(place.bytes, static_cast<std::size_t>(n), &place.bytes)) {
      return corrupt(where, "tensor '" + name + "' has an impossible shape.");
    }
    place.shape.push_back(static_cast<std::size_t>(n));
  }
  const auto offsets = entry["data_offsets"].as_array();
  const std::int64_t begin = offsets.size() == 2 ? offsets[0].as_integer(-1) : -1;
  const std::int64_t end = offsets.size() == 2 ? offsets[1].as_integer(-1) : -1;
  if (begin < 0 || end < begin || static_cast<std::uint64_t>(end) > size ||
      static_cast<std::size_t>(end - begin) != place.bytes) {
    return corrupt(where, "tensor '" + name + "' claims bytes " + std::to_string(begin) + ".." + std::to_string(end) +
                              " of " + std::to_string(size) + "; its shape needs " + std::to_string(place.bytes) + ".");
  }
  place.offset = start + static_cast<std::uint64_t>(begin);
  return place;
}

Result<Json> header_json(std::string_view header, std::string_view where) {
  Json json = IG_TRY(Json::parse(header.substr(8), where));
  if (!json.is_object()) return corrupt(where, "the header is not a JSON object.");
  return json;
}

// One tensor of a header.
void write_entry(JsonWriter& json, const std::string& name, TensorType type, std::span<const std::size_t> shape,
                 std::uint64_t begin, std::uint64_t end) {
  json.key(name).begin_object().field("dtype", tensor_type_name(type)).key("shape").begin_array();
  for (const std::size_t extent : shape) json.value(static_cast<std::uint64_t>(extent));
  json.end_array().key("data_offsets").begin_array().value(begin).value(end).end_array().end_object();
}

}  // namespace

std::size_t tensor_type_bytes(TensorType type) { return kTypes[static_cast<std::size_t>(type)].bytes; }
std::string_view tensor_type_name(TensorType type) { return kTypes[static_cast<std::size_t>(type)].name; }

std::size_t TensorView::elements() const { return bytes.size() / tensor_type_bytes(type); }

Result<std::size_t> safetensors_header_bytes(std::string_view first, std::uint64_t file_size, std::string_view where) {
  if (first.size() < 8) return corrupt(where, "too short for a safetensors file.");
  std::uint64_t header = 0;
  std::memcpy(&header, first.data(), 8);
  if (header > kMaxHeader || header > file_size - 8) {
    return corrupt(where, "the header claims " + std::to_string(header) + " bytes, the file has " +
                              std::to_string(file_size - 8) + ".");
  }
  return 8 + static_cast<std::size_t>(header);
}

Result<TensorPlaces> safetensors_places(std::string_view header, std::uint64_t file_size, std::string_view where) {
  const Json json = IG_TRY(header_json(header, where));
  TensorPlaces places;
  for (const auto& [name, entry] : json.as_object()) {
    if (name == kMetadata) continue;
    places[name] = IG_TRY(parse_entry(name, entry, header.size(), file_size - header.size(), where));
  }
  return places;
}

Result<SafeTensors> SafeTensors::parse(std::span<const std::byte> bytes, std::string_view where) {
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
  const std::string_view header = text.substr(0, IG_TRY(safetensors_header_bytes(text, bytes.size(), where)));
  SafeTensors out;
  out.where_ = where;
  const TensorPlaces places = IG_TRY(safetensors_places(header, bytes.size(), where));
  for (const auto& [name, place] : places) {
    out.tensors_[name] = {place.type, place.shape, bytes.subspan(static_cast<std::size_t>(place.offset), place.bytes)};
  }
  const Json json = IG_TRY(header_json(header, where));
  for (const auto& [key, value] : json[kMetadata].as_object()) out.metadata_[key] = value.as_text();
  return out;
}

SafeTensors SafeTensors::none(std::string_view where) {
  SafeTensors out;
  out.where_ = where;
  return out;
}

Result<TensorView> SafeTensors::checked(std::string_view name, TensorType type,
                                        std::span<const std::size_t> shape) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) return corrupt(where_, "tensor '" + std::string(name) + "' is missing.");
  const TensorView& view = it->second;
  if (view.type != type) {
    return corrupt(where_, "tensor '" + std::string(name) + "' is " + std::string(tensor_type_name(view.type)) +
                               ", expected " + std::string(tensor_type_name(type)) + ".");
  }
  bool fits = view.shape.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] == any_extent || shape[i] == view.shape[i];
  if (!fits) return corrupt(where_, "tensor '" + std::string(name) + "' has an unexpected shape.");
  return view;
}

void SafeTensorsWriter::add_bytes(std::string name, TensorType type, std::vector<std::size_t> shape,
                                  std::span<const std::byte> data) {
  const char* begin = static_cast<const char*>(static_cast<const void*>(data.data()));
  tensors_.push_back({std::move(name), type, std::move(shape), std::string(begin, data.size()), {}});
}

Result<SafeTensorsFile> SafeTensorsFile::create(const std::filesystem::path& path, std::span<const Entry> entries) {
  std::string header;
  JsonWriter json(header);
  // Other libraries refuse a file that does not say where its tensors come from.
  json.begin_object().key(kMetadata).begin_object().field("format", "pt").end_object();
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    std::uint64_t bytes = tensor_type_bytes(entry.type);
    for (const std::size_t extent : entry.shape) bytes *= extent;
    write_entry(json, entry.name, entry.type, entry.shape, at, at + bytes);
    at += bytes;
  }
  json.end_object();
  header.resize((header.size() + 7) / 8 * 8, ' ');
  SafeTensorsFile out(IG_TRY(AtomicFile::create(path)));
  const std::uint64_t size = header.size();
  IG_TRY(out.file_.write(std::as_bytes(std::span(&size, 1))));
  IG_TRY(out.file_.write(header));
  out.expected_ = out.file_.size() + at;
  return out;
}

Status SafeTensorsFile::commit() {
  IG_ASSERT(file_.size() == expected_);
  return file_.commit();
}

std::string SafeTensorsWriter::finish() const {
  std::string out;
  const Status written = write([&](std::span<const std::byte> bytes) -> Status {
    out.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    return {};
  });
  IG_ASSERT(written);
  return out;
}

Status SafeTensorsWriter::write(const Sink& sink) const {
  std::vector<const Item*> items;
  for (const Item& item : tensors_) items.push_back(&item);
  std::ranges::stable_sort(
      items, [](const Item* a, const Item* b) { return tensor_type_bytes(a->type) > tensor_type_bytes(b->type); });
  return write(items, 1, sink);
}

Status SafeTensorsWriter::write_aligned(const Sink& sink) const {
  std::vector<const Item*> items;
  for (const Item& item : tensors_) items.push_back(&item);
  return write(items, kAlignment, sink);
}

Status SafeTensorsWriter::write(std::span<const Item* const> items, std::size_t alignment, const Sink& sink) {
  const auto aligned = [&](std::uint64_t at) { return (at + alignment - 1) / alignment * alignment; };
  std::string header;
  JsonWriter json(header);
  json.begin_object();
  std::uint64_t end = 0;
  for (const Item* const item : items) {
    const std::uint64_t begin = aligned(end);
    end = begin + item->bytes().size();
    write_entry(json, item->name, item->type, item->shape, begin, end);
  }
  json.end_object();
  header.resize((header.size() + 8 + kAlignment - 1) / kAlignment * kAlignment - 8, ' ');
  const std::uint64_t size = header.size();
  IG_TRY(sink(std::as_bytes(std::span(&size, 1))));
  IG_TRY(sink(std::as_bytes(std::span(header))));
  constexpr std::byte kHole[kAlignment] = {};
  std::uint64_t at = 0;
  for (const Item* const item : items) {
    IG_TRY(sink(std::span(kHole).first(static_cast<std::size_t>(aligned(at) - at))));
    at = aligned(at) + item->bytes().size();
    IG_TRY(sink(item->bytes()));
  }
  return {};
}

}  // namespace isogloss::formats
