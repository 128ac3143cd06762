// SPDX-License-Identifier: Apache-2.0
// One pass over the head of the file. Nothing is reserved by a count that the file claims: a list grows with the
// entries that are really there, each of which has taken bytes of the file. Values stay where they are; a vocabulary of
// 250,000 strings is walked once to see that it ends inside the file and once more when it is asked for.
//
// open() does not know how long the head is: it reads 1 MiB and, as long as the parser runs out of bytes before the
// file does, four times as much.
#include "formats/gguf.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "core/text.hpp"

namespace isogloss::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied from little-endian files");

constexpr std::size_t kFirstHead = std::size_t{1} << 20;
constexpr std::size_t kLargestHead = std::size_t{1} << 30;
constexpr std::uint32_t kMaxDimensions = 4;  // GGML_MAX_DIMS
constexpr int kMaxNesting = 4;               // arrays of arrays
constexpr std::size_t kShown = 60;           // bytes of a foreign text in a message

struct ValueType {
  std::string_view name;
  std::uint32_t bytes;  // 0 = told by the content
};
// By GgufType.
constexpr std::array<ValueType, 13> kValueTypes{{{"uint8", 1},
                                                 {"int8", 1},
                                                 {"uint16", 2},
                                                 {"int16", 2},
                                                 {"uint32", 4},
                                                 {"int32", 4},
                                                 {"float32", 4},
                                                 {"bool", 1},
                                                 {"string", 0},
                                                 {"array", 0},
                                                 {"uint64", 8},
                                                 {"int64", 8},
                                                 {"float64", 8}}};

// ggml.h and gguf-py's constants of 2026; numbers 4, 5, 31-33 and 36-38 are withdrawn.
constexpr GgmlType kGgmlTypes[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 36},
    {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},   {15, "Q8_K", 256, 292},   {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},         {25, "I16", 1, 2},
    {26, "I32", 1, 4},        {27, "I64", 1, 8},        {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36},    {41, "Q1_0", 128, 18}};

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

std::string_view text_at(const std::byte* begin, std::uint64_t size) {
  return {static_cast<const char*>(static_cast<const void*>(begin)), static_cast<std::size_t>(size)};
}

// Whole numbers of any width; nothing when the type is no integer or the value above 2^63 - 1.
std::optional<std::int64_t> integer_of(GgufType type, const std::byte* from) {
  switch (type) {
    case GgufType::u8:
      return load<std::uint8_t>(from);
    case GgufType::i8:
      return load<std::int8_t>(from);
    case GgufType::u16:
      return load<std::uint16_t>(from);
    case GgufType::i16:
      return load<std::int16_t>(from);
    case GgufType::u32:
      return load<std::uint32_t>(from);
    case GgufType::i32:
      return load<std::int32_t>(from);
    case GgufType::i64:
      return load<std::int64_t>(from);
    case GgufType::u64:
      if (const auto value = load<std::uint64_t>(from); value <= INT64_MAX) return static_cast<std::int64_t>(value);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<double> number_of(GgufType type, const std::byte* from) {
  if (type == GgufType::f32) return static_cast<double>(load<float>(from));
  if (type == GgufType::f64) return load<double>(from);
  const auto whole = integer_of(type, from);
  return whole ? std::optional(static_cast<double>(*whole)) : std::nullopt;
}

std::uint32_t width_of(GgufType type) { return kValueTypes[static_cast<std::size_t>(type)].bytes; }

// Every element of an array of numbers, converted by `convert`; nothing when one cannot be.
template <class T, class Convert>
std::optional<std::vector<T>> converted(const GgufValue& value, Convert convert) {
  const std::uint32_t width = width_of(value.element);
  if (width == 0) return std::nullopt;
  std::vector<T> out;
  out.reserve(static_cast<std::size_t>(value.count));  // count * width bytes lie in the file
  for (std::uint64_t i = 0; i < value.count; ++i) {
    const auto element = convert(value.element, value.bytes.data() + i * width);
    if (!element) return std::nullopt;
    out.push_back(*element);
  }
  return out;
}

std::string described(const GgufValue& value) {
  if (value.is_array()) {
    return "an array of " + std::to_string(value.count) + " " + std::string(gguf_type_name(value.element)) + " values";
  }
  const std::string type(gguf_type_name(value.type));
  if (value.type == GgufType::text) {
    return "the string '" + shortened(text_at(value.bytes.data() + 8, value.bytes.size() - 8), kShown) + "'";
  }
  if (const auto whole = integer_of(value.type, value.bytes.data())) return type + " " + std::to_string(*whole);
  return "a value of type " + type;
}

Status read_at(const FileHandle& file, std::uint64_t offset, std::span<std::byte> out, std::string_view where) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(file.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", std::filesystem::path(where)));
    if (n == 0) {
      return fail(Code::io, std::string(where) + " ended at byte " + std::to_string(offset + done) +
                                " while it was being read. Was it being written?");
    }
    done += static_cast<std::size_t>(n);
  }
  return {};
}

}  // namespace

std::string_view gguf_type_name(GgufType type) { return kValueTypes[static_cast<std::size_t>(type)].name; }

const GgmlType* ggml_type(std::uint32_t number) {
  const auto* const found = std::ranges::find(kGgmlTypes, number, &GgmlType::number);
  return found == std::end(kGgmlTypes) ? nullptr : found;
}

const GgmlType* ggml_type(std::string_view name) {
  const auto* const found = std::ranges::find(kGgmlTypes, name, &GgmlType::name);
  return found == std::end(kGgmlTypes) ? nullptr : found;
}

std::uint64_t GgufTensor::elements() const { return size / type->block_bytes * type->block_elements; }

// Reads the head of a file of `file_size` bytes from `bytes`, its beginning.
class Gguf::Parser {
 public:
  Parser(std::span<const std::byte> bytes, std::uint64_t file_size, Gguf& out)
      : bytes_(bytes), file_size_(file_size), out_(out) {}

  Status run() {
    const std::uint32_t magic = IG_TRY(number<std::uint32_t>("the magic number"));
    if (magic != 0x46554747) return corrupt("the file does not begin with 'GGUF'");
    IG_TRY(read_version());
    const std::uint64_t tensors = IG_TRY(number<std::uint64_t>("the number of tensors"));
    const std::uint64_t keys = IG_TRY(number<std::uint64_t>("the number of keys"));
    for (std::uint64_t i = 0; i < keys; ++i) IG_TRY(read_key());
    const std::int64_t alignment = IG_TRY(out_.integer_or("general.alignment", 32, 1, 1 << 20));
    if (!std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
      return corrupt("general.alignment is " + std::to_string(alignment) + ", which is no power of two");
    }
    alignment_ = static_cast<std::uint64_t>(alignment);
    for (std::uint64_t i = 0; i < tensors; ++i) IG_TRY(read_tensor());
    return place_tensors();
  }

  // The bytes given were used up, and the file has more.
  bool ran_out() const { return ran_out_; }

 private:
  std::unexpected<Error> corrupt(const std::string& what) const {
    return fail(Code::corrupt_data, out_.where_ + ": at byte " + std::to_string(at_) + ", " + what + ".");
  }

  Status need(std::uint64_t size, std::string_view what) {
    if (size <= bytes_.size() - at_) return {};
    ran_out_ = size <= file_size_ - at_;
    return corrupt(std::string(what) + " claims " + std::to_string(size) + " bytes, the file has " +
                   std::to_string(file_size_ - at_) + " more");
  }

  template <class T>
  Result<T> number(std::string_view what) {
    IG_TRY(need(sizeof(T), what));
    const T value = load<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }

  Result<std::string_view> text(std::string_view what) {
    const auto size = IG_TRY(number<std::uint64_t>(what));
    IG_TRY(need(size, what));
    const std::string_view read = text_at(bytes_.data() + at_, size);
    at_ += static_cast<std::size_t>(size);
    return read;
  }

  Status read_version() {
    out_.version_ = IG_TRY(number<std::uint32_t>("the version"));
    if (out_.version_ == 2 || out_.version_ == 3) return {};
    if (const std::uint32_t swapped = __builtin_bswap32(out_.version_); swapped == 2 || swapped == 3) {
      return fail(Code::unsupported,
                  out_.where_ +
                      " is a big-endian GGUF file; little-endian ones are read. Convert it with gguf_convert_endian.");
    }
    return fail(Code::unsupported, out_.where_ + " is of GGUF version " + std::to_string(out_.version_) +
                                       "; versions 2 and 3 are read. Convert it with a current llama.cpp.");
  }

  Result<GgufType> value_type(std::string_view what) {
    const auto type = IG_TRY(number<std::uint32_t>(what));
    if (type < kValueTypes.size()) return static_cast<GgufType>(type);
    return corrupt(std::string(what) + " has the unknown type " + std::to_string(type) + "; 0 to 12 are known");
  }

  Status read_key() {
    const std::string key(IG_TRY(text("the name of key " + std::to_string(out_.values_.size()))));
    const std::string what = "key '" + shortened(key, kShown) + "'";
    GgufValue value;
    value.type = value.element = IG_TRY(value_type(what));
    const std::size_t begin = at_;
    if (value.is_array()) {
      value.element = IG_TRY(value_type(what));
      value.count = IG_TRY(number<std::uint64_t>(what));
      const std::size_t first = at_;
      IG_TRY(skip(value.element, value.count, what, 0));
      value.bytes = bytes_.subspan(first, at_ - first);
    } else {
      IG_TRY(skip(value.type, 1, what, 0));
      value.bytes = bytes_.subspan(begin, at_ - begin);
    }
    if (!out_.values_.emplace(key, value).second) return corrupt(what + " stands there twice");
    return {};
  }

  // Goes over `count` values.
  Status skip(GgufType type, std::uint64_t count, std::string_view what, int depth) {
    if (const std::uint32_t width = width_of(type); width > 0) {
      std::uint64_t size = 0;
      if (__builtin_mul_overflow(count, std::uint64_t{width}, &size)) {
        return corrupt(std::string(what) + " claims " + std::to_string(count) + " values");
      }
      IG_TRY(need(size, what));
      at_ += static_cast<std::size_t>(size);
      return {};
    }
    if (depth > kMaxNesting)
      return corrupt(std::string(what) + " has arrays inside arrays, more than " + std::to_string(kMaxNesting) +
                     " deep");
    for (std::uint64_t i = 0; i < count; ++i) {
      if (type == GgufType::text) {
        IG_TRY(text(what));
        continue;
      }
      const GgufType inner = IG_TRY(value_type(what));
      const auto inner_count = IG_TRY(number<std::uint64_t>(what));
      IG_TRY(skip(inner, inner_count, what, depth + 1));
    }
    return {};
  }

  Status read_tensor() {
    GgufTensor tensor;
    tensor.name = IG_TRY(text("the name of tensor " + std::to_string(out_.tensors_.size())));
    const std::string what = "tensor '" + shortened(tensor.name, kShown) + "'";
    const auto dimensions = IG_TRY(number<std::uint32_t>(what));
    if (dimensions > kMaxDimensions) {
      return corrupt(what + " has " + std::to_string(dimensions) + " dimensions; at most " +
                     std::to_string(kMaxDimensions) + " are allowed");
    }
    std::uint64_t elements = 1;
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      const auto extent = IG_TRY(number<std::uint64_t>(what));
      if (__builtin_mul_overflow(elements, extent, &elements)) return corrupt(what + " has an impossible shape");
      tensor.shape.push_back(static_cast<std::size_t>(extent));
    }
    std::ranges::reverse(tensor.shape);
    const auto type = IG_TRY(number<std::uint32_t>(what));
    tensor.type = ggml_type(type);
    if (tensor.type == nullptr) {
      return fail(Code::unsupported, out_.where_ + ": " + what + " has the ggml type " + std::to_string(type) +
                                         ", which this version does not know. Convert the file to F16 or Q8_0.");
    }
    tensor.offset = IG_TRY(number<std::uint64_t>(what));
    const std::uint64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (row % tensor.type->block_elements != 0) {
      return corrupt(what + " has rows of " + std::to_string(row) + " elements, which is no multiple of the " +
                     std::to_string(tensor.type->block_elements) + " of a block of " + std::string(tensor.type->name));
    }
    if (__builtin_mul_overflow(elements / tensor.type->block_elements, std::uint64_t{tensor.type->block_bytes},
                               &tensor.size)) {
      return corrupt(what + " has an impossible shape");
    }
    out_.tensors_.push_back(std::move(tensor));
    return {};
  }

  // From offsets in the data section to offsets in the file.
  Status place_tensors() {
    const std::uint64_t data = (at_ + alignment_ - 1) / alignment_ * alignment_;
    for (std::size_t i = 0; i < out_.tensors_.size(); ++i) {
      GgufTensor& tensor = out_.tensors_[i];
      const std::string what = "tensor '" + shortened(tensor.name, kShown) + "'";
      std::uint64_t begin = 0;
      std::uint64_t end = 0;
      if (__builtin_add_overflow(data, tensor.offset, &begin) || __builtin_add_overflow(begin, tensor.size, &end) ||
          end > file_size_) {
        return corrupt(what + " claims " + std::to_string(tensor.size) + " bytes at offset " +
                       std::to_string(tensor.offset) + " of the data, which begin at byte " + std::to_string(data) +
                       " of " + std::to_string(file_size_));
      }
      if (tensor.offset % alignment_ != 0) {
        return corrupt(what + " begins at offset " + std::to_string(tensor.offset) + ", which is no multiple of " +
                       std::to_string(alignment_));
      }
      tensor.offset = begin;
      if (end <= bytes_.size())
        tensor.bytes = bytes_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(tensor.size));
      if (!out_.tensor_by_name_.emplace(tensor.name, i).second) return corrupt(what + " stands there twice");
    }
    return {};
  }

  std::span<const std::byte> bytes_;
  std::uint64_t file_size_;
  Gguf& out_;
  std::size_t at_ = 0;
  std::uint64_t alignment_ = 32;
  bool ran_out_ = false;
};

Result<Gguf> Gguf::parse(std::span<const std::byte> bytes, std::string_view where) {
  Gguf out;
  out.where_ = where;
  IG_TRY(Parser(bytes, bytes.size(), out).run());
  return out;
}

Result<Gguf> Gguf::open(const std::filesystem::path& path) {
  FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error("open", path));
  const std::uint64_t size = IG_TRY(stat_file(path)).size;
  for (std::size_t head = kFirstHead;; head *= 4) {
    head = static_cast<std::size_t>(std::min<std::uint64_t>(head, size));
    Gguf out;
    out.where_ = path.string();
    out.head_ = std::make_unique<std::byte[]>(head);
    IG_TRY(read_at(file, 0, {out.head_.get(), head}, out.where_));
    Parser parser({out.head_.get(), head}, size, out);
    const Status status = parser.run();
    if (!status && parser.ran_out() && head < kLargestHead) continue;
    IG_TRY(status);
    for (GgufTensor& tensor : out.tensors_) tensor.bytes = {};
    out.file_ = std::move(file);
    return out;
  }
}

std::string Gguf::without_tensors() const {
  std::string out = "GGUF";
  const auto put = [&](const auto value) {
    out.append(static_cast<const char*>(static_cast<const void*>(&value)), sizeof(value));
  };
  put(std::uint32_t{3});
  put(std::uint64_t{0});
  put(static_cast<std::uint64_t>(values_.size()));
  for (const auto& [key, value] : values_) {
    put(static_cast<std::uint64_t>(key.size()));
    out += key;
    put(static_cast<std::uint32_t>(value.type));
    if (value.is_array()) {
      put(static_cast<std::uint32_t>(value.element));
      put(value.count);
    }
    out += text_at(value.bytes.data(), value.bytes.size());
  }
  return out;
}

Status Gguf::read(const GgufTensor& tensor, std::span<std::byte> out) const {
  if (file_.is_open()) return read_at(file_, tensor.offset, out, where_);
  if (!out.empty()) std::memcpy(out.data(), tensor.bytes.data(), out.size());
  return {};
}

const GgufTensor* Gguf::find_tensor(std::string_view name) const {
  const auto found = tensor_by_name_.find(name);
  return found == tensor_by_name_.end() ? nullptr : &tensors_[found->second];
}

const GgufValue* Gguf::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::unexpected<Error> Gguf::wrong(std::string_view key, const GgufValue& value, std::string_view wanted) const {
  return fail(Code::corrupt_data, where_ + ": key '" + std::string(key) + "' is " + described(value) +
                                      "; it has to be " + std::string(wanted) + ".");
}

Result<GgufValue> Gguf::single(std::string_view key) const {
  const GgufValue* const value = find(key);
  if (value == nullptr) return fail(Code::corrupt_data, where_ + ": key '" + std::string(key) + "' is missing.");
  if (value->is_array()) return wrong(key, *value, "a single value");
  return *value;
}

Result<GgufValue> Gguf::array(std::string_view key) const {
  const GgufValue* const value = find(key);
  if (value == nullptr) return fail(Code::corrupt_data, where_ + ": key '" + std::string(key) + "' is missing.");
  if (!value->is_array()) return wrong(key, *value, "an array");
  return *value;
}

Result<std::string_view> Gguf::text(std::string_view key) const {
  const GgufValue value = IG_TRY(single(key));
  if (value.type != GgufType::text) return wrong(key, value, "a string");
  return text_at(value.bytes.data() + 8, value.bytes.size() - 8);
}

Result<std::int64_t> Gguf::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const GgufValue value = IG_TRY(single(key));
  const auto whole = value.type == GgufType::text ? std::nullopt : integer_of(value.type, value.bytes.data());
  if (whole && *whole >= least && *whole <= most) return *whole;
  return wrong(key, value, "an integer of " + std::to_string(least) + " to " + std::to_string(most));
}

Result<double> Gguf::number(std::string_view key) const {
  const GgufValue value = IG_TRY(single(key));
  const auto read = value.type == GgufType::text ? std::nullopt : number_of(value.type, value.bytes.data());
  if (read && std::isfinite(*read)) return *read;
  return wrong(key, value, "a finite number");
}

Result<bool> Gguf::boolean(std::string_view key) const {
  const GgufValue value = IG_TRY(single(key));
  const auto byte = std::to_integer<unsigned>(value.bytes.empty() ? std::byte{2} : value.bytes[0]);
  if (value.type != GgufType::boolean || byte > 1) return wrong(key, value, "a bool, 0 or 1");
  return byte == 1;
}

Result<std::string_view> Gguf::text_or(std::string_view key, std::string_view absent) const {
  if (!has(key)) return absent;
  return text(key);
}

Result<std::int64_t> Gguf::integer_or(std::string_view key, std::int64_t absent, std::int64_t least,
                                      std::int64_t most) const {
  if (!has(key)) return absent;
  return integer(key, least, most);
}

Result<double> Gguf::number_or(std::string_view key, double absent) const {
  if (!has(key)) return absent;
  return number(key);
}

Result<bool> Gguf::boolean_or(std::string_view key, bool absent) const {
  if (!has(key)) return absent;
  return boolean(key);
}

Result<std::vector<std::string_view>> Gguf::texts(std::string_view key) const {
  const GgufValue value = IG_TRY(array(key));
  if (value.element != GgufType::text) return wrong(key, value, "an array of strings");
  std::vector<std::string_view> out;
  out.reserve(static_cast<std::size_t>(value.count));  // each has at least 8 bytes in the file
  const std::byte* at = value.bytes.data();
  for (std::uint64_t i = 0; i < value.count; ++i) {
    const auto size = load<std::uint64_t>(at);
    out.push_back(text_at(at + 8, size));
    at += 8 + size;
  }
  return out;
}

Result<std::vector<std::int64_t>> Gguf::integers(std::string_view key) const {
  const GgufValue value = IG_TRY(array(key));
  auto out = converted<std::int64_t>(value, integer_of);
  if (!out) return wrong(key, value, "an array of integers");
  return std::move(*out);
}

Result<std::vector<double>> Gguf::numbers(std::string_view key) const {
  const GgufValue value = IG_TRY(array(key));
  auto out = converted<double>(value, number_of);
  if (!out) return wrong(key, value, "an array of numbers");
  return std::move(*out);
}

}  // namespace isogloss::formats
