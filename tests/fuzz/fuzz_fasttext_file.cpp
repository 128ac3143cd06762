// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"

#include "formats/fasttext_file.hpp"
#include "formats/floret_file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view content(static_cast<const char*>(static_cast<const void*>(data)), size);
  Context context;
  (void)formats::recognise_fasttext(content);
  if (formats::recognise_floret(content)) {
    const auto table = formats::parse_floret(content, "input", context);
    if (table) {
      fuzz::require(table->input.values.size() == table->input.rows * table->input.columns, "a number for every place");
    }
    return 0;
  }
  const auto read = formats::parse_fasttext(content, "input", context);
  if (!read) return 0;
  std::string written;
  const Status status = formats::write_fasttext(*read, [&](std::span<const std::byte> bytes) -> Status {
    written.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
    return {};
  });
  fuzz::require(status.has_value(), "what was read can be written");
  const auto again = formats::parse_fasttext(written, "written", context);
  fuzz::require(again.has_value(), "what was written can be read");
  fuzz::require(again->words.size() == read->words.size() && again->input.rows == read->input.rows, "and is the same");
  return 0;
}
