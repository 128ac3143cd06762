// SPDX-License-Identifier: Apache-2.0
// The cells of the table of co-occurrences in random order, in memory or in a file without a name.
//
// Every cell goes to a bucket at random, and every bucket is shuffled when all are there: a uniform permutation (Rao
// 1961, Sandelius 1962) that never jumps over more memory than one bucket has. Order and cells depend on the seed
// alone, not on where they are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/random.hpp"
#include "core/scratch_file.hpp"
#include "isogloss/context.hpp"
#include "model/glove/glove_kernels.hpp"

namespace isogloss::model {

class ShuffledCells {
 public:
  struct Piece {
    std::size_t bucket = 0;
    std::size_t begin = 0;  // in the bucket
    std::size_t count = 0;
  };

  // bytes: of cells that may be kept in memory; all of them go to a file when there are more.
  ShuffledCells(std::size_t buckets, std::size_t bytes, std::uint64_t seed);

  Status add(std::span<const GloveCell> cells);
  Status shuffle(Context& context);  // no add() after it

  std::size_t size() const { return size_; }
  std::uint64_t file_bytes() const { return file_ ? file_->size() : 0; }
  std::vector<Piece> pieces() const;
  // The cells of a piece, in `scratch` when they come from the file. Any thread.
  Result<std::span<const GloveCell>> read(const Piece& piece, std::vector<GloveCell>& scratch) const;

 private:
  struct Extent {
    std::uint64_t offset = 0;
    std::size_t count = 0;
  };
  struct Bucket {
    std::vector<GloveCell> cells;  // in memory, or still to be written
    std::vector<Extent> extents;
    std::size_t size = 0;
  };
  Status flush(Bucket& bucket);

  std::vector<Bucket> buckets_;
  std::size_t bytes_;
  std::size_t size_ = 0;
  std::uint64_t seed_;
  Random random_;
  std::unique_ptr<ScratchFile> file_;
};

}  // namespace isogloss::model
