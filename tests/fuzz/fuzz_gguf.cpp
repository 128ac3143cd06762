// SPDX-License-Identifier: Apache-2.0
// A GGUF file of any content: an error, or keys and tensors that lie inside it, values of every type that is read, and
// the model that the keys describe.
#include <vector>

#include "fuzz.hpp"

#include "formats/dequantize.hpp"
#include "formats/gguf.hpp"
#include "nn/encoder/architectures/architectures.hpp"
#include "nn/encoder/gguf/gguf_architecture.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto file = formats::Gguf::parse(bytes, "input");
  if (!file) {
    fuzz::require(file.error().message.find("input") != std::string::npos, "an error names the file");
    return 0;
  }
  for (const auto& [key, value] : file->values()) {
    fuzz::require(value.bytes.empty() || (value.bytes.data() >= bytes.data() &&
                                          value.bytes.data() + value.bytes.size() <= bytes.data() + size),
                  "a value lies in its file");
    (void)file->text(key);
    (void)file->integer(key, -5, 5);
    (void)file->number(key);
    (void)file->boolean(key);
    (void)file->integers(key);
    if (const auto numbers = file->numbers(key)) fuzz::require(numbers->size() == value.count, "all numbers are read");
    if (const auto texts = file->texts(key)) {
      fuzz::require(texts->size() == value.count, "all strings are read");
      for (const std::string_view text : *texts) (void)std::string(text);
    }
  }
  for (const formats::GgufTensor& tensor : file->tensors()) {
    fuzz::require(tensor.offset <= size && tensor.size <= size - tensor.offset, "a tensor lies in its file");
    fuzz::require(file->find_tensor(tensor.name) == &tensor, "a tensor is found by its name");
    std::vector<std::byte> copy(tensor.size);
    fuzz::require(file->read(tensor, copy).has_value(), "a tensor can be read");
    if (!formats::can_dequantize(*tensor.type)) continue;
    std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
    formats::dequantize(*tensor.type, copy, values);
  }
  const auto model = nn::gguf_model(*file);
  if (model) {
    const auto architecture = nn::architecture_of(model->config, file->where());
    fuzz::require(architecture || architecture.error().message.find("input") != std::string::npos,
                  "an error names the file");
  }
  return 0;
}
