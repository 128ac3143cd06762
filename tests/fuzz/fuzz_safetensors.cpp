// SPDX-License-Identifier: Apache-2.0
#include <vector>
#include "fuzz.hpp"

#include "formats/safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto tensors = formats::SafeTensors::parse(std::as_bytes(std::span(data, size)), "input");
  if (!tensors) return 0;
  for (const auto& [name, view] : tensors->tensors()) {
    fuzz::require(view.bytes.empty() ||
                      (view.bytes.data() >= std::as_bytes(std::span(data, size)).data() &&
                       view.bytes.data() + view.bytes.size() <= std::as_bytes(std::span(data, size)).data() + size),
                  "a tensor lies in its file");
    const auto values = tensors->read<float>(name, view.shape);
    if (values) fuzz::require(values->size() == view.elements(), "all elements are read");
  }
  return 0;
}
