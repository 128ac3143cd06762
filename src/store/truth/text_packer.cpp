// SPDX-License-Identifier: Apache-2.0
#include "store/truth/text_packer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/guard.hpp"
#include "core/parallel.hpp"

namespace isogloss::store {
namespace {

constexpr std::size_t kGrain = 64;  // blocks a thread takes at once: of paragraphs, half a millisecond

struct Block {
  std::string_view text;
  std::string* packed;
};

}  // namespace

std::unique_ptr<Compressor> TextPacker::borrow() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Compressor>();
  auto compressor = std::move(idle_.back());
  idle_.pop_back();
  return compressor;
}

void TextPacker::give_back(std::unique_ptr<Compressor> compressor) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(compressor));
}

Result<std::vector<PackedText>> TextPacker::pack(std::span<const DocumentPut> documents, const Context& context) {
  std::vector<PackedText> out(documents.size());
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const std::string_view text = documents[i].document.text;
    out[i].resize((text.size() + kTextBlock - 1) / kTextBlock);
    for (std::size_t b = 0; b < out[i].size(); ++b) blocks.push_back({text.substr(b * kTextBlock, kTextBlock), &out[i][b]});
  }
  std::vector<Status> done((blocks.size() + kGrain - 1) / kGrain);
  parallel_for(context, blocks.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    done[begin / kGrain] = guard([&]() -> Status {
      IG_TRY(context.check());
      auto compressor = borrow();
      for (const Block& block : std::span(blocks).subspan(begin, end - begin)) {
        const std::span<const std::byte> bytes = IG_TRY(compressor->pack(block.text));
        block.packed->assign(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
      }
      give_back(std::move(compressor));
      return {};
    });
  });
  for (Status& status : done) IG_TRY(std::move(status));
  return out;
}

}  // namespace isogloss::store
