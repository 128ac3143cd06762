// SPDX-License-Identifier: Apache-2.0
// Our side of the exact-search bench: `bench_exact_search f32|bf16`, then commands on standard input:
//   load VECTORS QUERIES DIM            files of f32
//   filter IDS | filter -               file of int64, or none
//   search one|batch COUNT K OUT        the first COUNT queries; ids (COUNT x K, int64) to OUT
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
    words >> vectors >> queries >> dim_;
    const std::vector<float> values = read_values<float>(vectors);
    queries_ = read_values<float>(queries);
    std::vector<std::int64_t> ids(values.size() / dim_);
    std::iota(ids.begin(), ids.end(), 0);
    const Stopwatch watch;
    index_ = must(make_flat_index({dim_, Metric::dot, dtype_}));
    must(index_->add(ids, view(values, ids.size()), Context{}));
    return timed(watch, nullptr);
  }

  std::string filter(std::istringstream& words) {
    std::string path;
    words >> path;
    filter_.reset();
    if (path != "-") filter_.emplace(read_values<std::int64_t>(path));
    return "{}";
  }

  std::string search(std::istringstream& words) {
    std::string how;
    std::string out;
    std::size_t count = 0;
    IndexQuery query;
    words >> how >> count >> query.k >> out;
    query.filter = filter_ ? &*filter_ : nullptr;
    std::vector<std::vector<IndexHit>> hits;
    const Stopwatch watch;
    if (how == "batch") {
      hits = must(index_->search(view(queries_, count), query, Context{}));
    } else {
      for (std::size_t q = 0; q < count; ++q) {
        VectorsView one = view(queries_, 1);
        one.data += q * one.stride;
        hits.push_back(must(index_->search(one, query, Context{})).front());
      }
    }
    return timed(watch, [&] { write_ids(hits, query.k, out); });
  }

  static void write_ids(const std::vector<std::vector<IndexHit>>& hits, std::size_t k, const std::string& path) {
    std::vector<std::int64_t> ids;
    for (const auto& list : hits) {
      for (std::size_t i = 0; i < k; ++i) ids.push_back(i < list.size() ? list[i].id : -1);
    }
    must(write_file(path, {static_cast<const char*>(static_cast<const void*>(ids.data())), ids.size() * 8}));
  }

  template <class After>
  static std::string timed(const Stopwatch& watch, const After& after) {
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    after();
    return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(cpu) + "}";
  }
  static std::string timed(const Stopwatch& watch, std::nullptr_t) {
    return timed(watch, [] {});
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
