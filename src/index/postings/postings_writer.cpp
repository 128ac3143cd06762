// SPDX-License-Identifier: Apache-2.0
#include "index/postings/postings_writer.hpp"

#include <algorithm>
#include <bit>

#include "core/assert.hpp"
#include "core/hash.hpp"

namespace isogloss::index {
namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::size_t kDenseShare = 8;  // a list of at least n / 8 documents is kept as a byte per document

unsigned bits_for(std::span<const std::uint32_t> values) {
  std::uint32_t all = 0;
  for (const std::uint32_t value : values) all |= value;
  return static_cast<unsigned>(std::bit_width(all));
}

// The layout that PostingKernels::unpack reads. values (128)
void pack_full(std::span<const std::uint32_t> values, unsigned bits, std::vector<std::uint32_t>& out) {
  const std::size_t first = out.size();
  out.resize(first + 4 * bits);
  for (std::size_t i = 0; i < kBlockPostings; ++i) {
    const std::size_t bit = i / 4 * bits;
    std::uint32_t* word = out.data() + first + 4 * (bit / 32) + i % 4;
    const std::uint64_t shifted = static_cast<std::uint64_t>(values[i]) << (bit % 32);
    if (bits != 0) word[0] |= static_cast<std::uint32_t>(shifted);
    if (bit % 32 + bits > 32) word[4] |= static_cast<std::uint32_t>(shifted >> 32);
  }
}

// One value after another. values (n)
void pack_some(std::span<const std::uint32_t> values, unsigned bits, std::vector<std::uint32_t>& out) {
  const std::size_t first = out.size();
  out.resize(first + packed_words(values.size(), bits));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t bit = i * bits;
    const std::uint64_t shifted = static_cast<std::uint64_t>(values[i]) << (bit % 32);
    if (bits != 0) out[first + bit / 32] |= static_cast<std::uint32_t>(shifted);
    if (bit % 32 + bits > 32) out[first + bit / 32 + 1] |= static_cast<std::uint32_t>(shifted >> 32);
  }
}

void pack(std::span<const std::uint32_t> values, unsigned bits, std::vector<std::uint32_t>& out) {
  values.size() == kBlockPostings ? pack_full(values, bits, out) : pack_some(values, bits, out);
}

// org.apache.lucene.util.SmallFloat: four significant bits above 24 exact values.
std::uint64_t to_int4(std::uint64_t value) {
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  if (bits < 4) return value;
  const unsigned shift = bits - 4;
  return ((value >> shift) & 7U) | (shift + 1) << 3;
}
std::uint64_t from_int4(std::uint64_t code) { return code < 8 ? code : ((code & 7U) | 8U) << ((code >> 3) - 1); }
constexpr std::uint64_t kExactLengths = 24;

}  // namespace

double norm_length(std::uint32_t length, LengthNorm norm) {
  if (norm == LengthNorm::exact || length < kExactLengths) return length;
  return static_cast<double>(kExactLengths + from_int4(to_int4(length - kExactLengths)));
}

std::vector<float> norms_of(std::span<const std::uint32_t> lengths, const TermIndexOptions& options, double average) {
  std::vector<float> norms(lengths.size());
  const double fixed = options.k1 * (1 - options.b);
  const double slope = average > 0 ? options.k1 * options.b / average : 0;
  if (options.norm == LengthNorm::exact) {
    for (std::size_t i = 0; i < lengths.size(); ++i) norms[i] = static_cast<float>(fixed + slope * lengths[i]);
    return norms;
  }
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    norms[i] = static_cast<float>(fixed + slope * norm_length(lengths[i], options.norm));
  }
  return norms;
}

PostingsWriter::PostingsWriter(const TermIndexOptions& options, std::vector<std::int64_t> ids,
                               std::vector<std::uint32_t> lengths)
    : options_(options), ids_(std::move(ids)), lengths_(std::move(lengths)) {
  IG_ASSERT(ids_.size() == lengths_.size());
  for (const std::uint32_t length : lengths_) total_length_ += length;
  if (!ids_.empty()) average_length_ = static_cast<double>(total_length_) / static_cast<double>(ids_.size());
  norms_ = norms_of(lengths_, options_, average_length_);
}

float PostingsWriter::largest_impact(std::span<const std::uint32_t> documents,
                                     std::span<const std::uint32_t> counts) const {
  float largest = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const auto count = static_cast<float>(counts[i]);
    largest = std::max(largest, count / (count + norms_[documents[i]]));
  }
  return largest;
}

void PostingsWriter::add(std::string_view term, std::span<const std::uint32_t> documents,
                         std::span<const std::uint32_t> counts) {
  IG_ASSERT(!documents.empty() && documents.size() == counts.size());
  term_text_.insert(term_text_.end(), term.begin(), term.end());
  term_ends_.push_back(static_cast<std::uint32_t>(term_text_.size()));
  too_large_ = too_large_ || term_text_.size() > ~0U;
  ListRecord list{static_cast<std::uint32_t>(documents.size()), 0, 0, largest_impact(documents, counts)};
  if (documents.size() == 1) {
    list.first = documents[0];
    list.kind = counts[0];
  } else if (documents.size() >= kBlockPostings && documents.size() * kDenseShare >= ids_.size() &&
             std::ranges::max(counts) <= 255) {
    list.first = static_cast<std::uint32_t>(dense_.size() / ((ids_.size() + 63) / 64 * 64));
    list.kind = 1;
    add_dense(documents, counts);
  } else {
    list.first = static_cast<std::uint32_t>(blocks_.size());
    add_blocks(documents, counts);
  }
  lists_.push_back(list);
}

void PostingsWriter::add_dense(std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts) {
  const std::size_t first = dense_.size();
  dense_.resize(first + (ids_.size() + 63) / 64 * 64);
  const std::size_t first_window = dense_impact_.size();
  dense_impact_.resize(first_window + (ids_.size() + kWindow - 1) / kWindow);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    dense_[first + documents[i]] = static_cast<std::uint8_t>(counts[i]);
    float& largest = dense_impact_[first_window + documents[i] / kWindow];
    const auto count = static_cast<float>(counts[i]);
    largest = std::max(largest, count / (count + norms_[documents[i]]));
  }
}

void PostingsWriter::add_blocks(std::span<const std::uint32_t> documents, std::span<const std::uint32_t> counts) {
  std::uint32_t previous = ~0U;
  std::uint32_t values[kBlockPostings];
  for (std::size_t begin = 0; begin < documents.size(); begin += kBlockPostings) {
    const std::size_t n = std::min(kBlockPostings, documents.size() - begin);
    const auto part = documents.subspan(begin, n);
    const auto part_counts = counts.subspan(begin, n);
    BlockRecord block{};
    block.last = part.back();
    block.offset = static_cast<std::uint32_t>(data_.size());
    too_large_ = too_large_ || data_.size() > ~0U;
    block.postings = static_cast<std::uint16_t>(n);
    block.impact = largest_impact(part, part_counts);
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = part[i] - previous - 1;
      previous = part[i];
    }
    block.gap_bits = static_cast<std::uint8_t>(bits_for({values, n}));
    pack({values, n}, block.gap_bits, data_);
    for (std::size_t i = 0; i < n; ++i) values[i] = part_counts[i] - 1;
    block.count_bits = static_cast<std::uint8_t>(bits_for({values, n}));
    pack({values, n}, block.count_bits, data_);
    blocks_.push_back(block);
  }
}

Status PostingsWriter::write(SectionWriter& writer) const {
  if (too_large_ || blocks_.size() > ~0U) {
    return fail(Code::unsupported, "This text is too large for one term index; split it into several.");
  }
  std::vector<std::uint32_t> slots(std::bit_ceil(lists_.size() * 4 / 3 + 1));
  for (std::size_t term = 0; term < lists_.size(); ++term) {
    const std::size_t begin = term == 0 ? 0 : term_ends_[term - 1];
    std::size_t slot = murmur3_32({term_text_.data() + begin, term_ends_[term] - begin}) & (slots.size() - 1);
    while (slots[slot] != 0) slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = static_cast<std::uint32_t>(term + 1);
  }
  IG_TRY(writer.section<std::int64_t>("ids", ids_));
  IG_TRY(writer.section<std::uint32_t>("lengths", lengths_));
  IG_TRY(writer.section<std::uint32_t>("term_ends", term_ends_));
  IG_TRY(writer.section<char>("term_text", term_text_));
  IG_TRY(writer.section<std::uint32_t>("slots", slots));
  IG_TRY(writer.section<ListRecord>("lists", lists_));
  IG_TRY(writer.section<BlockRecord>("blocks", blocks_));
  IG_TRY(writer.section<std::uint32_t>("data", data_));
  IG_TRY(writer.section<std::uint8_t>("dense", dense_));
  return writer.section<float>("dense_impact", dense_impact_);
}

PostingsDetails PostingsWriter::details() const {
  return {options_.k1,
          options_.b,
          average_length_,
          total_length_,
          static_cast<std::uint32_t>(options_.norm),
          static_cast<std::uint32_t>(lists_.size())};
}

Status PostingsWriter::save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) {
  IG_TRY(context.check());
  if (stamp.space_id.size() > 64) return fail(Code::invalid_argument, "A space id has at most 64 bytes.");
  SectionWriter writer = IG_TRY(SectionWriter::create(path, "bm25", kFormat));
  IG_TRY(write(writer));
  const PostingsDetails all = details();
  return writer.finish(stamp, ids_.size(), std::as_bytes(std::span(&all, 1)));
}

}  // namespace isogloss::index
