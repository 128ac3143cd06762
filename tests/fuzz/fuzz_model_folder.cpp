// SPDX-License-Identifier: Apache-2.0
#include "core/text.hpp"
#include "formats/model_folder.hpp"
#include "fuzz.hpp"
#include "isogloss/family.hpp"

// The input is a whole folder as one blob (formats::pack_files), or a config.json alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string text(fuzz::text_of(data, size));
  auto unpacked = formats::unpack_files(text, "input");
  const FileSet files =
      FileSet::from_memory(unpacked ? *std::move(unpacked) : std::map<std::string, std::string>{{"config.json", text}});
  const Input probe = Input::text("the red cat saw a dog");
  for (const Family* family : families()) {
    if (family->recognise(files) == Recognised::none) continue;
    Context context;
    const auto model = family->load(files, {}, context);
    if (!model) continue;
    const Card& card = (*model)->card();
    EmbedOptions options;
    options.on_error = OnError::skip;
    const auto* embedder = (*model)->ability<Embedder>();
    if (embedder != nullptr && card.dimension < 100'000) (void)embedder->embed({&probe, 1}, options, context);
  }
  return 0;
}
