// SPDX-License-Identifier: Apache-2.0
// Opening trusts nothing that could lead a search outside the map: the records of terms and blocks are checked once
// (1.3 ms to open 100,000 paragraphs), and a block that is taken apart must end at the document its record names. What
// only makes results wrong (a flipped bit in a count) is found by verify().
#include "index/postings/postings_file.hpp"

#include <cstring>

#include "core/hash.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {

extern const PostingKernels posting_kernels_scalar;
extern const PostingKernels posting_kernels_avx2;
extern const PostingKernels posting_kernels_avx512;

const PostingKernels& posting_kernels() {
  switch (simd::active_level()) {
    case simd::Level::scalar:
      return posting_kernels_scalar;
    case simd::Level::avx2:
      return posting_kernels_avx2;
    case simd::Level::avx512:
    case simd::Level::avx512_bf16:
      return posting_kernels_avx512;
  }
  return posting_kernels_scalar;
}

namespace {

constexpr std::uint32_t kFormat = 1;

// `count` values of `bits` bits, one after another from the lowest bit. values (count)
void unpack_some(const std::uint32_t* words, std::size_t count, unsigned bits, std::uint32_t* values) {
  std::uint64_t held = 0;
  unsigned held_bits = 0;
  const std::uint64_t mask = (1ULL << bits) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (held_bits < bits) {
      held |= static_cast<std::uint64_t>(*words++) << held_bits;
      held_bits += 32;
    }
    values[i] = static_cast<std::uint32_t>(held & mask);
    held >>= bits;
    held_bits -= bits;
  }
}

}  // namespace

Result<PostingsFile> PostingsFile::open(const std::filesystem::path& path) {
  return read(IG_TRY(SectionFile::open(path, "bm25", kFormat)));
}

Result<PostingsFile> PostingsFile::read(SectionFile file) {
  PostingsFile out;
  out.file_ = std::move(file);
  std::memcpy(&out.details_, out.file_.footer().details, sizeof out.details_);
  const std::size_t n = out.file_.footer().count;
  const std::size_t terms = out.details_.terms;
  if (n >= ~0U) return out.file_.damaged("its number of documents is impossible");
  out.ids_ = IG_TRY(out.file_.array<std::int64_t>("ids", n));
  out.lengths_ = IG_TRY(out.file_.array<std::uint32_t>("lengths", n));
  out.term_ends_ = IG_TRY(out.file_.array<std::uint32_t>("term_ends", terms));
  out.term_text_ = IG_TRY(out.file_.array<char>("term_text"));
  out.slots_ = IG_TRY(out.file_.array<std::uint32_t>("slots"));
  out.lists_ = IG_TRY(out.file_.array<ListRecord>("lists", terms));
  out.blocks_ = IG_TRY(out.file_.array<BlockRecord>("blocks"));
  out.data_ = IG_TRY(out.file_.array<std::uint32_t>("data"));
  out.dense_ = IG_TRY(out.file_.array<std::uint8_t>("dense"));
  out.dense_impact_ = IG_TRY(out.file_.array<float>("dense_impact"));
  out.dense_stride_ = (n + 63) / 64 * 64;
  out.windows_ = (n + kWindow - 1) / kWindow;
  IG_TRY(out.check());
  return out;
}

Status PostingsFile::check() const {
  if (slots_.empty() || (slots_.size() & (slots_.size() - 1)) != 0 || slots_.size() <= lists_.size()) {
    return file_.damaged("its table of terms has an impossible size");
  }
  std::uint32_t before = 0;
  for (const std::uint32_t end : term_ends_) {
    if (end < before || end > term_text_.size()) return file_.damaged("a term lies outside its text");
    before = end;
  }
  const std::size_t dense_lists = dense_stride_ == 0 ? 0 : dense_.size() / dense_stride_;
  if (dense_lists * dense_stride_ != dense_.size() || dense_lists * windows_ != dense_impact_.size()) {
    return file_.damaged("its dense lists have an impossible size");
  }
  for (std::size_t term = 0; term < lists_.size(); ++term) IG_TRY(check_list(term));
  return {};
}

Status PostingsFile::check_list(std::size_t term) const {
  const ListRecord& list = lists_[term];
  const std::size_t dense_lists = windows_ == 0 ? 0 : dense_impact_.size() / windows_;
  if (list.documents == 0 || list.documents > size()) return file_.damaged("a list has an impossible length");
  if (list.documents == 1) {
    return list.first < size() ? Status() : Status(file_.damaged("a list names a document that does not exist"));
  }
  if (list.kind == 1) {
    return list.first < dense_lists ? Status() : Status(file_.damaged("a dense list does not exist"));
  }
  const std::size_t blocks = (list.documents + kBlockPostings - 1) / kBlockPostings;
  if (list.kind != 0 || list.first > blocks_.size() || blocks > blocks_.size() - list.first) {
    return file_.damaged("a list lies outside the blocks");
  }
  std::uint32_t last = 0;
  for (const BlockRecord& block : this->blocks(list)) {
    const std::size_t words =
        packed_words(block.postings, block.gap_bits) + packed_words(block.postings, block.count_bits);
    if (block.gap_bits > 32 || block.count_bits > 32 || block.postings == 0 || block.postings > kBlockPostings ||
        block.last >= size() || block.last < last || block.offset > data_.size() ||
        words > data_.size() - block.offset) {
      return file_.damaged("the record of a block is impossible");
    }
    last = block.last;
  }
  return {};
}

std::string_view PostingsFile::term(std::size_t number) const {
  const std::size_t begin = number == 0 ? 0 : term_ends_[number - 1];
  return {term_text_.data() + begin, term_ends_[number] - begin};
}

std::optional<std::uint32_t> PostingsFile::find(std::string_view wanted) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = murmur3_32(wanted) & mask;
  for (std::size_t tries = 0; tries < slots_.size(); ++tries, slot = (slot + 1) & mask) {
    const std::uint32_t entry = slots_[slot];
    if (entry == 0 || entry > lists_.size()) return std::nullopt;
    if (term(entry - 1) == wanted) return entry - 1;
  }
  return std::nullopt;
}

std::span<const BlockRecord> PostingsFile::blocks(const ListRecord& list) const {
  return blocks_.subspan(list.first, (list.documents + kBlockPostings - 1) / kBlockPostings);
}

std::span<const std::uint8_t> PostingsFile::dense(const ListRecord& list) const {
  return dense_.subspan(list.first * dense_stride_, size());
}

std::span<const float> PostingsFile::dense_impact(const ListRecord& list) const {
  return dense_impact_.subspan(list.first * windows_, windows_);
}

bool PostingsFile::block_documents(const BlockRecord& block, std::uint32_t previous, std::uint32_t* documents) const {
  const std::uint32_t* words = data_.data() + block.offset;
  if (block.postings == kBlockPostings) {
    posting_kernels().unpack_ascending(words, block.gap_bits, previous, documents);
  } else {
    unpack_some(words, block.postings, block.gap_bits, documents);
    for (std::size_t i = 0; i < block.postings; ++i) previous = documents[i] += previous + 1;
  }
  return documents[block.postings - 1] == block.last && documents[0] <= block.last;
}

void PostingsFile::block_counts(const BlockRecord& block, std::uint32_t* counts) const {
  const std::uint32_t* words = data_.data() + block.offset + packed_words(block.postings, block.gap_bits);
  if (block.postings == kBlockPostings) {
    posting_kernels().unpack(words, block.count_bits, counts);
  } else {
    unpack_some(words, block.postings, block.count_bits, counts);
  }
  for (std::size_t i = 0; i < block.postings; ++i) ++counts[i];
}

Status PostingsFile::read_list(std::uint32_t number, Postings& out) const {
  const ListRecord& list = lists_[number];
  out.documents.clear();
  out.counts.clear();
  if (list.documents == 1) {
    out.documents.push_back(list.first);
    out.counts.push_back(list.kind);
  } else if (list.kind == 1) {
    const std::span<const std::uint8_t> counts = dense(list);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      out.documents.push_back(static_cast<std::uint32_t>(i));
      out.counts.push_back(counts[i]);
    }
  } else {
    std::uint32_t previous = ~0U;
    std::uint32_t documents[kBlockPostings];
    std::uint32_t counts[kBlockPostings];
    for (const BlockRecord& block : blocks(list)) {
      if (!block_documents(block, previous, documents)) return file_.damaged("a block does not end where it should");
      block_counts(block, counts);
      out.documents.insert(out.documents.end(), documents, documents + block.postings);
      out.counts.insert(out.counts.end(), counts, counts + block.postings);
      previous = block.last;
    }
  }
  return {};
}

}  // namespace isogloss::index
