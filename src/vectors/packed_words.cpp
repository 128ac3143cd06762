// SPDX-License-Identifier: Apache-2.0
#include "vectors/packed_words.hpp"

#include "index/section_file.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::string_view kKind = "words";
constexpr std::uint32_t kFormat = 1;

}  // namespace

std::size_t packed_words_bytes(const WordTable& table) {
  return table.bytes() + table.size() * (table.dim() + 2 * sizeof(float)) + 4096;
}

Status write_packed_words(const std::filesystem::path& path, const WordTable& table, std::string_view space_id,
                          Context& context) {
  const WordScan scan = WordScan::build(table.rows(), table.dim(), context);
  IG_TRY(context.check());
  auto file = IG_TRY(index::SectionWriter::create(path, kKind, kFormat));
  IG_TRY(file.section("words.text", table.words().text()));
  IG_TRY(file.section("words.ends", table.words().ends()));
  IG_TRY(file.section("words.slots", table.words().slots()));
  IG_TRY(file.section("rows", table.rows()));
  IG_TRY(file.section("codes", scan.codes()));
  IG_TRY(file.section("factors", scan.factors()));
  IG_TRY(file.section("errors", scan.errors()));
  IG_TRY(file.section("counts", table.counts()));
  const std::uint64_t dim = table.dim();
  return file.finish({std::string(space_id)}, table.size(), std::as_bytes(std::span(&dim, 1)));
}

Result<OpenedWords> open_packed_words(const std::filesystem::path& path) {
  auto file = std::make_shared<index::SectionFile>(IG_TRY(index::SectionFile::open(path, kKind, kFormat)));
  const auto count = static_cast<std::size_t>(file->footer().count);
  std::uint64_t dim = 0;
  __builtin_memcpy(&dim, file->footer().details, sizeof dim);
  if (dim == 0 || dim > (std::size_t{1} << 20) || count > UINT32_MAX) return file->damaged("its number of columns");
  const auto named = [&](const Error& error) { return file->damaged(error.message); };
  const auto text = IG_TRY(file->array<char>("words.text"));
  const auto ends = IG_TRY(file->array<std::uint64_t>("words.ends", count));
  const auto slots = IG_TRY(file->array<std::uint32_t>("words.slots"));
  auto words = FrozenWords::view(text, ends, slots, file);
  if (!words) return named(words.error());
  auto scan = WordScan::view(IG_TRY(file->array<std::uint8_t>("codes")), IG_TRY(file->array<float>("factors")),
                             IG_TRY(file->array<float>("errors")), count, dim, file);
  if (!scan) return named(scan.error());
  const auto rows = IG_TRY(file->array<float>("rows", count * dim));
  const auto counts = IG_TRY(file->array<std::uint64_t>("counts"));
  if (!counts.empty() && counts.size() != count) return file->damaged("counts");
  return OpenedWords{WordTable(std::move(*words), file, rows, dim, {counts.begin(), counts.end()}, std::move(*scan)),
                     file->stamp().space_id};
}

}  // namespace isogloss::vectors
