// SPDX-License-Identifier: Apache-2.0
#include "model/glove/glove_cells.hpp"

#include <algorithm>

#include "core/parallel.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kPiece = 32768;                      // cells that one thread takes
constexpr std::size_t kWrite = 4096;                       // cells of a bucket that are written together
constexpr std::uint64_t kStream = std::uint64_t{1} << 63;  // of the seed: away from those of other uses

}  // namespace

ShuffledCells::ShuffledCells(std::size_t buckets, std::size_t bytes, std::uint64_t seed)
    : buckets_(std::max<std::size_t>(1, buckets)), bytes_(bytes), seed_(seed), random_(seed, kStream) {}

Status ShuffledCells::add(std::span<const GloveCell> cells) {
  for (const GloveCell& cell : cells) {
    Bucket& bucket = buckets_[(random_.next() >> 32) * buckets_.size() >> 32];
    bucket.cells.push_back(cell);
    ++bucket.size;
    if (file_ && bucket.cells.size() >= kWrite) IG_TRY(flush(bucket));
  }
  size_ += cells.size();
  if (file_ || size_ * sizeof(GloveCell) <= bytes_) return {};
  file_ = std::make_unique<ScratchFile>(IG_TRY(ScratchFile::create()));
  for (Bucket& bucket : buckets_) IG_TRY(flush(bucket));
  return {};
}

Status ShuffledCells::flush(Bucket& bucket) {
  if (bucket.cells.empty()) return {};
  const std::uint64_t offset = IG_TRY(file_->append(std::as_bytes(std::span(bucket.cells))));
  bucket.extents.push_back({offset, bucket.cells.size()});
  bucket.cells = {};
  bucket.cells.reserve(kWrite);
  return {};
}

Status ShuffledCells::shuffle(Context& context) {
  if (!file_) {
    parallel_for(context, buckets_.size(), 1, [&](std::size_t i, std::size_t) {
      Random(seed_, kStream + 1 + i).shuffle(std::span(buckets_[i].cells));
    });
    return context.check();
  }
  ScratchFile ordered = IG_TRY(ScratchFile::create());
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    IG_TRY(context.check());
    Bucket& bucket = buckets_[i];
    IG_TRY(flush(bucket));
    std::vector<GloveCell> cells(bucket.size);
    std::size_t at = 0;
    for (const Extent& extent : bucket.extents) {
      IG_TRY(file_->read_at(extent.offset, std::as_writable_bytes(std::span(cells).subspan(at, extent.count))));
      at += extent.count;
    }
    Random(seed_, kStream + 1 + i).shuffle(std::span(cells));
    bucket = {};
    bucket.size = cells.size();
    bucket.extents = {{IG_TRY(ordered.append(std::as_bytes(std::span(cells)))), cells.size()}};
  }
  *file_ = std::move(ordered);
  return {};
}

std::vector<ShuffledCells::Piece> ShuffledCells::pieces() const {
  std::vector<Piece> out;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    for (std::size_t at = 0; at < buckets_[i].size; at += kPiece) {
      out.push_back({i, at, std::min(kPiece, buckets_[i].size - at)});
    }
  }
  return out;
}

Result<std::span<const GloveCell>> ShuffledCells::read(const Piece& piece, std::vector<GloveCell>& scratch) const {
  const Bucket& bucket = buckets_[piece.bucket];
  if (!file_) return std::span(bucket.cells).subspan(piece.begin, piece.count);
  scratch.resize(piece.count);
  IG_TRY(file_->read_at(bucket.extents.front().offset + piece.begin * sizeof(GloveCell),
                        std::as_writable_bytes(std::span(scratch))));
  return std::span<const GloveCell>(scratch);
}

}  // namespace isogloss::model
