// SPDX-License-Identifier: Apache-2.0
// How the rows of one file, or of the tail, are coded, and the files themselves.
//
// A file (kind "scan", format 2) holds, besides the sections of index/row_store.hpp:
//   "codes", "factors", "adds" by position, "bytes", "steps" by rank (CodedRows); empty: the rows are not coded
//   "centre" (dim) or empty; "calibration" (Calibration) or empty
//   "starts", "centres", "list_adds", "radii", "row_of", "position" (ListArrays) or empty
// and, in a file of changes, what it adds to:
//   "earlier"    names of the files in the same folder, the oldest first, each ended by a newline
//   "marks"      (files) checksum of each one's footer
//   "removed"    their removed rows, one file after another: (rows / 64, rounded up) words of bits each
// Format 1 had none of the last three. A file of changes is coded as the first file is (same centre), without lists.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

#include "index/row_store.hpp"
#include "index/scan/code_builder.hpp"
#include "index/scan/coder.hpp"
#include "index/scan/lists.hpp"

namespace isogloss::index {

struct Coding {
  std::shared_ptr<const Coder> coder;  // null: not coded
  CodedRows rows;
  std::unique_ptr<Lists> lists;              // null: one run of blocks
  RowMask live;                              // with lists: positions of the rows that were not removed
  std::unique_ptr<Calibration> calibration;  // null: errors are taken for normal
  double largest = 0;                        // |x|
  double deviation = 0;                      // Spread::deviation

  Effort effort(const IndexQuery& query, float query_length) const;
  // Takes a row out of `live`.
  void remove(std::size_t row);
};

// The file at `path` and the files it adds to, the oldest first. Error{corrupt_data} also when one of those is missing
// or another one.
Result<std::vector<SectionFile>> open_scan_files(const std::filesystem::path& path);
// Marks what the newest file says is removed of the others. REQUIRES: the rows of open_scan_files().
Status restore_removed(RowStore& rows);
// `first`: coding of the first file, whose coder is shared where the centre is the same; or null. Error{corrupt_data}.
Result<Coding> map_coding(const RowStore& rows, std::size_t base, const Coding* first);

// Writes the rows as a file that needs no other.
Status write_scan_file(const std::filesystem::path& path, const IndexStamp& stamp, const RowStore& rows,
                       const Context& context);
// Writes what lives in bases [keep, ...) and the tail as a file that adds to the bases before. REQUIRES: keep >= 1, and
// the files of those bases lie in the folder of `path`.
Status write_scan_changes(const std::filesystem::path& path, const IndexStamp& stamp, const RowStore& rows,
                          std::size_t keep, std::shared_ptr<const Coder> coder, const Context& context);

}  // namespace isogloss::index
