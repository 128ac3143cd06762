// SPDX-License-Identifier: Apache-2.0
#include "index/scan/coding.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

namespace isogloss::index {
namespace {

namespace fs = std::filesystem;

// What signs are off by is orthogonal to a row: less where the row lies along the query, as the neighbours do that room
// was measured on, than across it (cosine 0.6: by sqrt(1 - 0.6^2)).
constexpr float kFarRoom = 1.25;

constexpr std::string_view kKind = "scan";
constexpr std::uint32_t kFormat = 2;
constexpr std::uint32_t kFirstWithChanges = 2;
constexpr std::size_t kMostEarlier = 64;  // each is twice as large as the next, so this is never reached

struct Details {
  RowStore::Details rows;
  double largest;    // |x|
  double deviation;  // Spread::deviation
  std::uint32_t width;
  std::uint32_t unused;
};

// The quantile of the normal distribution, by bisection: how many deviations a share lies above.
double deviations_of(double share) {
  double low = -8;
  double high = 8;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

Result<std::vector<std::string>> earlier_names(const SectionFile& file) {
  std::vector<std::string> names;
  if (file.footer().format < kFirstWithChanges) return names;
  const auto text = IG_TRY(file.array<char>("earlier"));
  for (auto at = text.begin(); at != text.end();) {
    const auto end = std::find(at, text.end(), '\n');
    names.emplace_back(at, end);
    if (end == text.end() || names.back().empty() || names.back().find('/') != std::string::npos ||
        names.size() > kMostEarlier) {
      return file.damaged("the names of the files it adds to are not file names");
    }
    at = end + 1;
  }
  return names;
}

Status map_lists(const SectionFile& file, std::size_t count, std::size_t dim, Coding& to) {
  ListArrays arrays;
  arrays.starts = IG_TRY(file.array<std::uint32_t>("starts"));
  if (arrays.starts.empty()) return {};
  const std::size_t lists = arrays.starts.size() - 1;
  if (lists == 0 || arrays.starts.front() != 0 || arrays.starts.back() != count || lists > count ||
      !std::ranges::is_sorted(arrays.starts)) {
    return file.damaged("its lists do not hold its rows");
  }
  arrays.centres = IG_TRY(file.array<std::uint16_t>("centres", lists * dim));
  arrays.adds = IG_TRY(file.array<float>("list_adds", lists));
  arrays.radii = IG_TRY(file.array<float>("radii", lists));
  arrays.row_of = IG_TRY(file.array<std::uint32_t>("row_of", count));
  arrays.position = IG_TRY(file.array<std::uint32_t>("position", count));
  to.lists = std::make_unique<Lists>(arrays);
  to.live = to.lists->filled();
  return {};
}

Status map_codes(const SectionFile& file, std::size_t count, std::size_t width, Coding& to) {
  const std::size_t whole = (count + kBlockRows - 1) / kBlockRows * kBlockRows;
  const std::size_t positions = to.lists != nullptr ? to.lists->positions() : whole;
  const std::size_t ranks = to.lists != nullptr ? count : whole;
  to.rows.codes = IG_TRY(file.array<std::uint8_t>("codes", positions * (width / 8)));
  to.rows.factors = IG_TRY(file.array<float>("factors", positions));
  to.rows.adds = IG_TRY(file.array<float>("adds", positions));
  to.rows.bytes = IG_TRY(file.array<std::int8_t>("bytes", ranks * width));
  to.rows.steps = IG_TRY(file.array<float>("steps", ranks));
  to.rows.positions = positions;
  to.rows.width = width;
  return {};
}

Status write_codes(SectionWriter& writer, const BuiltCodes& built) {
  const CodedRows codes = built.codes != nullptr ? built.codes->view() : CodedRows();
  IG_TRY(writer.section<std::uint8_t>("codes", codes.codes));
  IG_TRY(writer.section<float>("factors", codes.factors));
  IG_TRY(writer.section<float>("adds", codes.adds));
  IG_TRY(writer.section<std::int8_t>("bytes", codes.bytes));
  IG_TRY(writer.section<float>("steps", codes.steps));
  IG_TRY(writer.section<float>("centre", built.coder->centre()));
  IG_TRY(writer.begin("calibration"));
  if (built.calibration) IG_TRY(writer.write_array<float>(built.calibration->values()));
  IG_TRY(writer.section<std::uint32_t>("starts", built.lists.starts));
  IG_TRY(writer.section<std::uint16_t>("centres", built.lists.centres));
  IG_TRY(writer.section<float>("list_adds", built.lists.adds));
  IG_TRY(writer.section<float>("radii", built.lists.radii));
  IG_TRY(writer.section<std::uint32_t>("row_of", built.lists.row_of));
  return writer.section<std::uint32_t>("position", built.lists.position);
}

// What bases [0, keep) are, and what is removed of them.
Status write_earlier(SectionWriter& writer, const RowStore& rows, std::size_t keep) {
  IG_TRY(writer.begin("earlier"));
  std::vector<std::uint32_t> marks;
  for (std::size_t base = 0; base < keep; ++base) {
    const std::string line = rows.file(base).path().filename().string() + '\n';
    IG_TRY(writer.write_array<char>(line));
    marks.push_back(rows.file(base).footer().footer_crc);
  }
  IG_TRY(writer.section<std::uint32_t>("marks", marks));
  IG_TRY(writer.begin("removed"));
  for (std::size_t base = 0; base < keep; ++base) {
    IG_TRY(writer.write_array<std::uint64_t>(rows.removed(base).words()));
  }
  return {};
}

template <class Build>
Status write_file(const fs::path& path, const IndexStamp& stamp, const RowStore& rows, std::size_t keep,
                  const Context& context, const Build& build) {
  IG_TRY(check_stamp(stamp));
  const RowStore::Live live = rows.live(keep);
  const ReadRow read = [&](std::size_t i, std::span<float> out) { rows.read_row(live.rows[i], out); };
  SectionWriter writer = IG_TRY(SectionWriter::create(path, kKind, kFormat));
  IG_TRY(rows.write(writer, live, context));
  const BuiltCodes built = IG_TRY(build(live.ids.size(), read));
  IG_TRY(write_codes(writer, built));
  IG_TRY(write_earlier(writer, rows, keep));
  const Details details{rows.details(), built.largest, built.deviation,
                        static_cast<std::uint32_t>(built.coder->width()), 0};
  return writer.finish(stamp, live.ids.size(), std::as_bytes(std::span(&details, 1)));
}

}  // namespace

Effort Coding::effort(const IndexQuery& query, float query_length) const {
  if (calibration == nullptr) {
    return {static_cast<float>(deviations_of(query.recall) * deviation * static_cast<double>(query_length)), 0.0F};
  }
  if (query.filter == nullptr) {
    return calibration->nominal(calibration->nominal_for(query.recall, query.k), lists != nullptr, deviation,
                                query_length);
  }
  // What passes may lie anywhere: taking the k best of a tenth for the 10 k best of all finds 0.86 of rows far from the
  // query where 0.99 is asked for.
  Effort out = calibration->nominal(1 - query.recall, lists != nullptr, deviation, query_length);
  out.room *= kFarRoom;
  return out;
}

void Coding::remove(std::size_t row) {
  if (lists == nullptr) return;
  const std::uint32_t position = lists->arrays().position[row];
  if (position < rows.positions) live.erase(position);
}

Result<std::vector<SectionFile>> open_scan_files(const fs::path& path) {
  SectionFile newest = IG_TRY(SectionFile::open(path, kKind, kFormat));
  const std::vector<std::string> names = IG_TRY(earlier_names(newest));
  std::vector<SectionFile> files;
  if (!names.empty()) {
    const auto marks = IG_TRY(newest.array<std::uint32_t>("marks", names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto file = SectionFile::open(path.parent_path() / names[i], kKind, kFormat);
      if (!file || file->footer().footer_crc != marks[i]) {
        return newest.damaged("the file '" + names[i] + "' that it adds to is missing or another one");
      }
      files.push_back(std::move(*file));
    }
  }
  files.push_back(std::move(newest));
  return files;
}

Status restore_removed(RowStore& rows) {
  const std::size_t newest = rows.bases() - 1;
  if (newest == 0) return {};
  auto words = IG_TRY(rows.file(newest).array<std::uint64_t>("removed"));
  for (std::size_t base = 0; base < newest; ++base) {
    const std::size_t count = std::min(words.size(), rows.removed(base).words().size());
    IG_TRY(rows.restore_removed(base, words.first(count)));
    words = words.subspan(count);
  }
  return {};
}

Result<Coding> map_coding(const RowStore& rows, std::size_t base, const Coding* first) {
  const SectionFile& file = rows.file(base);
  const std::size_t dim = rows.options().dim;
  Details details;
  static_assert(sizeof details <= sizeof(SectionFooter::details));
  std::memcpy(&details, file.footer().details, sizeof details);
  Coding out;
  if (IG_TRY(file.array<std::uint8_t>("codes")).empty()) return out;
  const auto centre = IG_TRY(file.array<float>("centre"));
  if (!centre.empty() && centre.size() != dim) return file.damaged("its centre has another dimension");
  if (first != nullptr && first->coder != nullptr && std::ranges::equal(first->coder->centre(), centre)) {
    out.coder = first->coder;
  } else {
    out.coder =
        std::make_shared<const Coder>(dim, rows.options().metric, std::vector<float>(centre.begin(), centre.end()));
  }
  if (details.width != out.coder->width()) return file.damaged("its codes have another width");
  if (!(details.deviation >= 0 && details.deviation <= 1) || !(details.largest >= 0) ||
      details.largest > kLongestCoded) {
    return file.damaged("what it says about its rows is impossible");
  }
  IG_TRY(map_lists(file, rows.count(base), dim, out));
  IG_TRY(map_codes(file, rows.count(base), details.width, out));
  const auto calibration = IG_TRY(file.array<float>("calibration"));
  if (calibration.size() == Calibration::kValues) {
    out.calibration = std::make_unique<Calibration>(Calibration::from(calibration));
  } else if (!calibration.empty() || out.lists != nullptr) {
    return file.damaged("its calibration has another size");
  }
  out.largest = details.largest;
  out.deviation = details.deviation;
  std::vector<std::uint32_t> removed;
  rows.removed(base).rows_between(0, rows.count(base), removed);
  for (const std::uint32_t row : removed) out.remove(row);
  return out;
}

Status write_scan_file(const fs::path& path, const IndexStamp& stamp, const RowStore& rows, const Context& context) {
  return write_file(path, stamp, rows, 0, context, [&](std::size_t count, const ReadRow& read) {
    return build_codes(count, rows.options().dim, rows.options().metric, read, context);
  });
}

Status write_scan_changes(const fs::path& path, const IndexStamp& stamp, const RowStore& rows, std::size_t keep,
                          std::shared_ptr<const Coder> coder, const Context& context) {
  return write_file(path, stamp, rows, keep, context, [&](std::size_t count, const ReadRow& read) {
    return build_changes(count, std::move(coder), read, context);
  });
}

}  // namespace isogloss::index
