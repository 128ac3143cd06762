// SPDX-License-Identifier: Apache-2.0
#include "store/truth/text_packer.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/parallel.hpp"

namespace isogloss::store {
namespace {

constexpr std::size_t kGrain = 64;  // blocks a thread takes at once: of paragraphs, half a millisecond

struct Block {
  std::string_view text;
  std::string* packed;
};

// Fills the hashes of all chunks, on all threads.
void hash_chunks(std::span<const DocumentPut> documents, std::vector<PackedText>& out, const Context& context) {
  std::vector<std::pair<std::size_t, std::size_t>> chunks;  // document, chunk
  for (std::size_t i = 0; i < documents.size(); ++i) {
    out[i].hashes.resize(documents[i].chunks.size());
    for (std::size_t c = 0; c < documents[i].chunks.size(); ++c) chunks.emplace_back(i, c);
  }
  parallel_for(context, chunks.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto [document, c] = chunks[i];
      const Chunk& chunk = documents[document].chunks[c];
      const std::string_view text = documents[document].document.text;
      const std::string_view own = chunk.at.begin < text.size() ? text.substr(chunk.at.begin, chunk.at.size()) : "";
      out[document].hashes[c] = text_hash(indexed_text(chunk.heading, own));
    }
  });
}

}  // namespace

TextHash text_hash(std::string_view indexed) {
  Sha256 hash;
  hash.update(indexed);
  const std::array<std::uint8_t, 32> digest = hash.digest();
  TextHash out;
  std::memcpy(out.data(), digest.data(), out.size());
  return out;
}

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
    std::vector<std::string>& packed = out[i].blocks;
    packed.resize((text.size() + kTextBlock - 1) / kTextBlock);
    for (std::size_t b = 0; b < packed.size(); ++b)
      blocks.push_back({text.substr(b * kTextBlock, kTextBlock), &packed[b]});
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
  hash_chunks(documents, out, context);
  return out;
}

}  // namespace isogloss::store
