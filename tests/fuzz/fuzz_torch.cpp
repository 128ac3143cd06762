// SPDX-License-Identifier: Apache-2.0
// A file of torch.save of any content: an error, or tensors whose elements lie in it. And any bytes as a pickle.
#include <vector>

#include "fuzz.hpp"

#include "formats/pickle.hpp"
#include "formats/torch_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view bytes = fuzz::text_of(data, size);
  constexpr std::string_view kKnown[] = {"collections.OrderedDict", "torch._utils._rebuild_tensor_v2",
                                         "torch.FloatStorage"};
  if (const auto pickle = formats::read_pickle(bytes, kKnown, "input")) {
    fuzz::require(pickle->bytes <= size && pickle->root < pickle->nodes.size(), "a pickle ends in its bytes");
    fuzz::require(pickle->nodes.size() <= size, "a pickle makes no more values than it has bytes");
    for (const formats::PickleNode& node : pickle->nodes) {
      for (const std::uint32_t item : node.items) fuzz::require(item < pickle->nodes.size(), "values refer to values");
      for (const auto& [key, value] : node.entries) {
        fuzz::require(key < pickle->nodes.size() && value < pickle->nodes.size(), "entries refer to values");
      }
    }
  } else {
    fuzz::require(pickle.error().message.starts_with("input: "), "an error names the file");
  }
  const auto file = formats::read_torch_file(bytes, "input");
  if (!file) {
    fuzz::require(file.error().message.find("input") != std::string::npos, "an error names the file");
    return 0;
  }
  for (const auto& [name, tensor] : *file) {
    const std::string elements = formats::contiguous_bytes(tensor);
    fuzz::require(elements.size() <= size, "a tensor has no more bytes than its file");
  }
  return 0;
}
