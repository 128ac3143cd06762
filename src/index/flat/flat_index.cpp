// SPDX-License-Identifier: Apache-2.0
// The flat index: the rows of index/row_store.hpp, and every search reads all of them (flat_scan.cpp). save() writes
// what lives as one file of kind "flat", format 1; opening reads the footer only.
#include <utility>
#include <vector>

#include "core/guard.hpp"
#include "index/flat/flat_scan.hpp"
#include "index/row_store.hpp"

namespace isogloss::index {
namespace {

constexpr std::string_view kKind = "flat";
constexpr std::uint32_t kFormat = 1;

class FlatIndex final : public StoredIndex {
 public:
  explicit FlatIndex(RowStore rows) : StoredIndex(std::move(rows)) {}

  std::size_t remove(std::span<const std::int64_t> ids) override {
    std::size_t count = 0;
    for (const std::int64_t id : ids) count += rows_.remove(id).where != RowStore::Removed::Where::nowhere;
    return count;
  }

  Result<std::vector<std::vector<IndexHit>>> search(VectorsView queries, const IndexQuery& query,
                                                    const Context& context, IndexCost* cost) const override {
    return guard([&]() -> Result<std::vector<std::vector<IndexHit>>> {
      const math::Matrix prepared = IG_TRY(rows_.prepare_queries(queries));
      IG_TRY(context.check());
      std::vector<FlatRows> parts;
      for (std::size_t base = 0; base < rows_.bases(); ++base) parts.push_back(rows_.base_part(base, query.filter));
      parts.push_back(rows_.tail_part(query.filter));
      std::size_t scored = 0;
      auto hits = scan(parts, options().metric, prepared.view(), query.k, query.at_least, context, &scored);
      if (cost != nullptr) {
        *cost = {};
        cost->plan = query.filter != nullptr ? "flat, picked rows" : "flat";
        cost->matches = queries.rows == 0 ? 0 : scored / queries.rows;
        cost->scored = scored;
      }
      return hits;
    });
  }

  Status save(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) const override {
    return guard([&]() -> Status {
      IG_TRY(check_stamp(stamp));
      const RowStore::Live live = rows_.live();
      SectionWriter writer = IG_TRY(SectionWriter::create(path, kKind, kFormat));
      IG_TRY(rows_.write(writer, live, context));
      const RowStore::Details details = rows_.details();
      return writer.finish(stamp, live.ids.size(), std::as_bytes(std::span(&details, 1)));
    });
  }

  // There is nothing but the rows, so all of them are written.
  Status save_changes(const std::filesystem::path& path, const IndexStamp& stamp, const Context& context) override {
    return guard([&]() -> Status {
      IG_TRY(save(path, stamp, context));
      rows_ = IG_TRY(map_rows(path));
      return {};
    });
  }

  static Result<RowStore> map_rows(const std::filesystem::path& path) {
    std::vector<SectionFile> files;
    files.push_back(IG_TRY(SectionFile::open(path, kKind, kFormat)));
    return RowStore::map(std::move(files));
  }
};

}  // namespace
}  // namespace isogloss::index

namespace isogloss {

Result<std::unique_ptr<VectorIndex>> make_flat_index(const VectorIndexOptions& options) {
  IG_TRY(index::check_options(options));
  return std::unique_ptr<VectorIndex>(std::make_unique<index::FlatIndex>(index::RowStore(options)));
}

Result<std::unique_ptr<VectorIndex>> map_flat_index(const std::filesystem::path& path) {
  return guard([&]() -> Result<std::unique_ptr<VectorIndex>> {
    return std::unique_ptr<VectorIndex>(std::make_unique<index::FlatIndex>(IG_TRY(index::FlatIndex::map_rows(path))));
  });
}

}  // namespace isogloss
