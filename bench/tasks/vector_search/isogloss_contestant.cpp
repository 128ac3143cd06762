// SPDX-License-Identifier: Apache-2.0
// Our side of the vector-search bench: `bench_vector_search f32|bf16`, then commands on standard input:
//   load VECTORS QUERIES DIM FILE   files of f32; builds a scan index, saves it as FILE and maps that
//   filter IDS | filter -           file of int64, or none
//   search COUNT K OUT RECALL       the first COUNT queries one by one; ids (COUNT x K, int64) to OUT. RECALL 1 = exact
#include <filesystem>
#include <iostream>
#include <numeric>
#include <optional>
#include <sstream>

#include "bench/contestant.hpp"
#include "isogloss/index.hpp"

namespace isogloss::bench {
namespace {

class Contestant {
 public:
  explicit Contestant(DType dtype) : dtype_(dtype) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "load") return load(words);
    if (command == "filter") return filter(words);
    return search(words);
  }

 private:
  std::string load(std::istringstream& words) {
    std::string vectors;
    std::string queries;
    std::string file;
    words >> vectors >> queries >> dim_ >> file;
    const std::vector<float> values = read_values<float>(vectors);
    queries_ = read_values<float>(queries);
    std::vector<std::int64_t> ids(values.size() / dim_);
    std::iota(ids.begin(), ids.end(), 0);
    const Stopwatch watch;
    {
      const auto fresh = must(make_scan_index({dim_, Metric::cosine, dtype_}));
      must(fresh->add(ids, view(values, ids.size()), Context{}));
      must(fresh->save(file, {}, Context{}));
    }
    index_ = must(map_scan_index(file));
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    return record(
        {{"seconds", seconds}, {"cpu", cpu}, {"bytes", static_cast<double>(std::filesystem::file_size(file))}});
  }

  std::string filter(std::istringstream& words) {
    std::string path;
    words >> path;
    filter_.reset();
    if (path != "-") filter_.emplace(read_values<std::int64_t>(path));
    return "{}";
  }

  std::string search(std::istringstream& words) {
    std::string out;
    std::size_t count = 0;
    IndexQuery query;
    words >> count >> query.k >> out >> query.recall;
    query.filter = filter_ ? &*filter_ : nullptr;
    std::vector<std::vector<IndexHit>> hits;
    hits.reserve(count);
    IndexCost all;
    IndexCost cost;
    const Stopwatch watch;
    for (std::size_t q = 0; q < count; ++q) {
      VectorsView one = view(queries_, 1);
      one.data += q * one.stride;
      hits.push_back(must(index_->search(one, query, Context{}, &cost)).front());
      all.lists += cost.lists;
      all.codes += cost.codes;
      all.bytes += cost.bytes;
      all.scored += cost.scored;
    }
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    write_ids(hits, query.k, out);
    const auto mean = [&](std::size_t n) { return static_cast<double>(n) / static_cast<double>(count); };
    return record({{"seconds", seconds},
                   {"cpu", cpu},
                   {"lists", mean(all.lists)},
                   {"codes", mean(all.codes)},
                   {"bytes", mean(all.bytes)},
                   {"scored", mean(all.scored)}});
  }

  static void write_ids(const std::vector<std::vector<IndexHit>>& hits, std::size_t k, const std::string& path) {
    std::vector<std::int64_t> ids;
    for (const auto& list : hits) {
      for (std::size_t i = 0; i < k; ++i) ids.push_back(i < list.size() ? list[i].id : -1);
    }
    must(write_file(path, {static_cast<const char*>(static_cast<const void*>(ids.data())), ids.size() * 8}));
  }

  static std::string record(const std::vector<std::pair<std::string, double>>& values) {
    std::string out;
    for (const auto& [name, value] : values) {
      out += (out.empty() ? "{\"" : ", \"") + name + "\": " + std::to_string(value);
    }
    return out + "}";
  }

  VectorsView view(const std::vector<float>& values, std::size_t rows) const {
    return {static_cast<const std::byte*>(static_cast<const void*>(values.data())), rows, dim_, dim_ * sizeof(float),
            DType::f32};
  }

  DType dtype_;
  std::size_t dim_ = 0;
  std::vector<float> queries_;
  std::unique_ptr<VectorIndex> index_;
  std::optional<IdSet> filter_;
};

}  // namespace
}  // namespace isogloss::bench

int main(int argc, char** argv) {
  using namespace isogloss;
  bench::Contestant contestant(bench::must(parse_dtype(argc > 1 ? argv[1] : "f32")));
  for (std::string line; std::getline(std::cin, line);) std::cout << contestant.answer(line) << std::endl;
}
