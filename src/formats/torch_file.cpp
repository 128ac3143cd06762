// SPDX-License-Identifier: Apache-2.0
#include "formats/torch_file.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/text.hpp"
#include "core/zip.hpp"
#include "formats/pickle.hpp"

namespace isogloss::formats {
namespace {

using Kind = PickleNode::Kind;
using Storages = std::map<std::string, std::string_view, std::less<>>;

constexpr std::size_t kMostDimensions = 8;
// The number 0x1950a86a20f9469cfc6c as a pickle of its own.
constexpr std::string_view kOldMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);

constexpr std::pair<std::string_view, TensorType> kStorages[] = {
    {"torch.FloatStorage", TensorType::f32},     {"torch.HalfStorage", TensorType::f16},
    {"torch.BFloat16Storage", TensorType::bf16}, {"torch.DoubleStorage", TensorType::f64},
    {"torch.LongStorage", TensorType::i64},      {"torch.IntStorage", TensorType::i32},
    {"torch.ShortStorage", TensorType::i16},     {"torch.CharStorage", TensorType::i8},
    {"torch.ByteStorage", TensorType::u8},       {"torch.BoolStorage", TensorType::boolean}};

constexpr std::string_view kFunctions[] = {"collections.OrderedDict",
                                           "torch._utils._rebuild_tensor_v2",
                                           "torch._utils._rebuild_tensor",
                                           "torch._utils._rebuild_parameter",
                                           "torch.FloatStorage",
                                           "torch.HalfStorage",
                                           "torch.BFloat16Storage",
                                           "torch.DoubleStorage",
                                           "torch.LongStorage",
                                           "torch.IntStorage",
                                           "torch.ShortStorage",
                                           "torch.CharStorage",
                                           "torch.ByteStorage",
                                           "torch.BoolStorage"};

std::unexpected<Error> broken(std::string_view where, const std::string& what) {
  return fail(Code::corrupt_data, std::string(where) + ": " + what);
}

// From the nodes of a pickle to tensors.
class Tree {
 public:
  Tree(const Pickle& pickle, const Storages& storages, std::string_view where)
      : pickle_(pickle), storages_(storages), where_(where) {}

  // A storage by its persistent id: ("storage", type, key, place, elements, ...).
  struct StorageId {
    TensorType type = TensorType::f32;
    std::string key;
  };
  std::optional<StorageId> storage_id(const PickleNode& node) const {
    if (node.kind != Kind::persistent) return std::nullopt;
    const PickleNode& id = pickle_.at(node.items[0]);
    if (id.kind != Kind::tuple || id.items.size() < 5 || pickle_.at(id.items[0]).text != "storage") return std::nullopt;
    const auto known = std::ranges::find(kStorages, pickle_.at(id.items[1]).text,
                                         [](const auto& entry) { return std::string(entry.first); });
    if (known == std::end(kStorages)) return std::nullopt;
    return StorageId{known->second, pickle_.at(id.items[2]).text};
  }

  Result<std::map<std::string, TorchTensor, std::less<>>> tensors() const {
    const PickleNode& root = pickle_.at(pickle_.root);
    const bool ordered = root.kind == Kind::call && pickle_.at(root.items[0]).text == "collections.OrderedDict";
    if (root.kind != Kind::dict && !ordered)
      return fail(Code::unsupported, std::string(where_) + ": the file holds no dictionary of tensors.");
    std::map<std::string, TorchTensor, std::less<>> out;
    for (const auto& [key, value] : root.entries) {
      const PickleNode* node = &pickle_.at(value);
      if (pickle_.at(key).kind != Kind::text || node->kind != Kind::call) continue;
      if (pickle_.at(node->items[0]).text == "torch._utils._rebuild_parameter") node = argument(*node, 0);
      if (node == nullptr || node->kind != Kind::call) continue;
      const std::string& function = pickle_.at(node->items[0]).text;
      if (!function.starts_with("torch._utils._rebuild_tensor")) continue;
      out[pickle_.at(key).text] = IG_TRY(tensor(pickle_.at(key).text, *node));
    }
    return out;
  }

 private:
  const PickleNode* argument(const PickleNode& call, std::size_t i) const {
    const std::vector<std::uint32_t>& arguments = pickle_.at(call.items[1]).items;
    return i < arguments.size() ? &pickle_.at(arguments[i]) : nullptr;
  }

  // A tuple of numbers from 0 up.
  std::optional<std::vector<std::size_t>> extents(const PickleNode* node) const {
    if (node == nullptr || node->kind != Kind::tuple || node->items.size() > kMostDimensions) return std::nullopt;
    std::vector<std::size_t> out;
    for (const std::uint32_t item : node->items) {
      const PickleNode& number = pickle_.at(item);
      if (number.kind != Kind::integer || number.integer < 0) return std::nullopt;
      out.push_back(static_cast<std::size_t>(number.integer));
    }
    return out;
  }

  // _rebuild_tensor_v2(storage, offset, shape, strides, ...)
  Result<TorchTensor> tensor(const std::string& name, const PickleNode& call) const {
    const std::string what = "tensor '" + shortened(name, 80) + "' ";
    const PickleNode* const storage = argument(call, 0);
    const PickleNode* const offset = argument(call, 1);
    const auto shape = extents(argument(call, 2));
    const auto strides = extents(argument(call, 3));
    const auto id = storage == nullptr ? std::nullopt : storage_id(*storage);
    if (!id || !shape || !strides || shape->size() != strides->size() || offset == nullptr ||
        offset->kind != Kind::integer || offset->integer < 0) {
      return broken(where_, what + "is described in a way that is not known.");
    }
    const auto found = storages_.find(id->key);
    if (found == storages_.end()) return broken(where_, what + "has no storage '" + shortened(id->key, 40) + "'.");
    TorchTensor out{id->type, *shape, *strides, static_cast<std::size_t>(offset->integer), found->second};
    IG_TRY(check(out, what));
    return out;
  }

  // Every element lies in the storage, and there are no more of them than the storage has.
  Status check(const TorchTensor& t, const std::string& what) const {
    const std::size_t capacity = t.storage.size() / tensor_type_bytes(t.type);
    std::size_t count = 1;
    std::size_t last = t.offset;
    for (std::size_t i = 0; i < t.shape.size(); ++i) {
      std::size_t step = 0;
      if (__builtin_mul_overflow(count, t.shape[i], &count) ||
          __builtin_mul_overflow(t.shape[i] == 0 ? 0 : t.shape[i] - 1, t.strides[i], &step) ||
          __builtin_add_overflow(last, step, &last)) {
        return broken(where_, what + "has an impossible shape.");
      }
    }
    if (count == 0 || (last < capacity && count <= capacity)) return {};
    return broken(where_, what + "claims elements up to " + std::to_string(last) + " of a storage that has " +
                              std::to_string(capacity) + ".");
  }

  const Pickle& pickle_;
  const Storages& storages_;
  std::string_view where_;
};

// Storages are members ROOT/data/KEY, stored as they are.
Result<std::map<std::string, TorchTensor, std::less<>>> read_archive(std::string_view bytes, std::string_view where) {
  const std::vector<ZipMember> members = IG_TRY(zip_members(bytes, where));
  std::string root = "/";
  std::string_view program;
  for (const ZipMember& member : members) {
    if (!member.name.ends_with("data.pkl")) continue;
    root = member.name.substr(0, member.name.size() - 8);
    program = IG_TRY(zip_stored(bytes, member, where));
    break;
  }
  if (root == "/") {
    return fail(Code::unsupported, std::string(where) +
                                       ": there is no data.pkl in the archive, so it holds no tensors of "
                                       "torch (a TorchScript program, perhaps).");
  }
  Storages storages;
  for (const ZipMember& member : members) {
    if (member.name.starts_with(root + "data/"))
      storages[member.name.substr(root.size() + 5)] = IG_TRY(zip_stored(bytes, member, where));
    if (member.name == root + "byteorder" && IG_TRY(zip_stored(bytes, member, where)) != "little")
      return fail(Code::unsupported, std::string(where) + ": the numbers are big-endian.");
  }
  const Pickle pickle = IG_TRY(read_pickle(program, kFunctions, where));
  return Tree(pickle, storages, where).tensors();
}

// magic, protocol, about the machine, the dictionary, the keys of the storages; then (elements, bytes) of each.
Result<std::map<std::string, TorchTensor, std::less<>>> read_old(std::string_view bytes, std::string_view where) {
  std::size_t at = kOldMagic.size();
  Pickle pickles[4];
  for (Pickle& pickle : pickles) {
    pickle = IG_TRY(read_pickle(bytes.substr(at), kFunctions, where));
    at += pickle.bytes;
  }
  for (const auto& [key, value] : pickles[1].at(pickles[1].root).entries) {
    if (pickles[1].at(key).text == "little_endian" && pickles[1].at(value).integer == 0)
      return fail(Code::unsupported, std::string(where) + ": the numbers are big-endian.");
  }
  const Storages none;
  std::map<std::string, TensorType, std::less<>> types;
  for (const PickleNode& node : pickles[2].nodes) {
    if (const auto id = Tree(pickles[2], none, where).storage_id(node)) types[id->key] = id->type;
  }
  Storages storages;
  for (const std::uint32_t item : pickles[3].at(pickles[3].root).items) {
    const std::string& key = pickles[3].at(item).text;
    const auto type = types.find(key);
    std::uint64_t elements = 0;
    if (type == types.end() || bytes.size() - at < 8)
      return broken(where, "storage '" + shortened(key, 40) + "' is missing.");
    std::memcpy(&elements, bytes.data() + at, 8);
    at += 8;
    const std::size_t width = tensor_type_bytes(type->second);
    if (elements > (bytes.size() - at) / width) {
      return broken(where, "storage '" + shortened(key, 40) + "' claims " + std::to_string(elements) +
                               " elements; the file ends before.");
    }
    storages[key] = bytes.substr(at, static_cast<std::size_t>(elements) * width);
    at += static_cast<std::size_t>(elements) * width;
  }
  return Tree(pickles[2], storages, where).tensors();
}

}  // namespace

std::size_t TorchTensor::elements() const {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  return count;
}

bool is_torch_file(std::string_view head) { return is_zip(head) || head.starts_with(kOldMagic); }

Result<std::map<std::string, TorchTensor, std::less<>>> read_torch_file(std::string_view bytes,
                                                                        std::string_view where) {
  if (is_zip(bytes)) return read_archive(bytes, where);
  if (bytes.starts_with(kOldMagic)) return read_old(bytes, where);
  return fail(Code::unsupported,
              std::string(where) + " is no file of torch.save: neither a ZIP archive nor its older form.");
}

std::string contiguous_bytes(const TorchTensor& tensor) {
  const std::size_t width = tensor_type_bytes(tensor.type);
  const std::size_t count = tensor.elements();
  std::vector<std::size_t> place(tensor.shape.size(), 0);
  std::string out(count * width, '\0');
  std::size_t from = tensor.offset;
  bool whole = true;
  for (std::size_t i = tensor.shape.size(), step = 1; i-- > 0; step *= tensor.shape[i]) {
    whole = whole && (tensor.shape[i] <= 1 || tensor.strides[i] == step);
  }
  if (count == 0) return out;
  if (whole) {
    std::memcpy(out.data(), tensor.storage.data() + from * width, count * width);
    return out;
  }
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(out.data() + i * width, tensor.storage.data() + from * width, width);
    for (std::size_t d = place.size(); d-- > 0;) {
      from += tensor.strides[d];
      if (++place[d] < tensor.shape[d]) break;
      from -= tensor.strides[d] * tensor.shape[d];
      place[d] = 0;
    }
  }
  return out;
}

}  // namespace isogloss::formats
