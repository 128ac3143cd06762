// SPDX-License-Identifier: Apache-2.0
// An index over an array of one's own: vectors FOLDER. The lines between the marks are those of
// docs/guide/vector-index.md.
#include <iostream>
#include <isogloss/index.hpp>
#include <numeric>

static isogloss::Status run(const std::filesystem::path& folder) {
  const std::size_t count = 5000;
  const std::size_t dim = 16;
  std::vector<float> array(count * dim);
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<float>(i * 7919 % 1009) - 500;
  std::vector<std::int64_t> ids(count);
  std::iota(ids.begin(), ids.end(), 1000);
  const std::filesystem::path file = folder / "vectors.index";
  // guide:
  isogloss::Context context;
  isogloss::VectorsView rows{reinterpret_cast<const std::byte*>(array.data()), count, dim, dim * sizeof(float)};
  auto index = IG_TRY(isogloss::make_scan_index({dim, isogloss::Metric::cosine}));
  IG_TRY(index->add(ids, rows, context));
  index->remove(std::vector<std::int64_t>{1003, 1004});
  isogloss::VectorsView queries = rows;
  queries.rows = 3;
  const auto nearest = IG_TRY(index->search(queries, {.k = 10, .recall = 0.99}, context));
  const auto within = IG_TRY(index->search(queries, {.k = index->size(), .at_least = 0.8F}, context));
  IG_TRY(index->save(file, {}, context));
  index = IG_TRY(isogloss::map_scan_index(file));
  // :guide
  for (std::size_t q = 0; q < 3; ++q) std::cout << nearest[q][0].id << ' ' << nearest[q].size() << ' ';
  std::cout << (within[0].size() >= 1 && within[0].back().score >= 0.8F) << ' ' << index->size() << "\n";
  return {};
}

int main(int, char** argv) {
  const isogloss::Status status = run(argv[1]);
  if (!status) std::cerr << status.error().message << "\n";
  return status ? 0 : 1;
}
