// SPDX-License-Identifier: Apache-2.0
// For contestants that search a vector index: `PROGRAM f32|bf16`, then commands on standard input, each answered by one
// line of JSON:
//   load VECTORS QUERIES DIM ...   files of f32
//   filter IDS | filter -          file of int64, or none
//   search ..., batch ...          ids (queries x k, int64) to a file
#pragma once

#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <utility>

#include "bench/contestant.hpp"
#include "isogloss/index.hpp"

namespace isogloss::bench {

class IndexContestant {
 public:
  explicit IndexContestant(DType dtype) : dtype_(dtype) {}
  virtual ~IndexContestant() = default;

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "load") return load(words);
    if (command == "filter") return filter(words);
    if (command == "batch") return batch(words);
    return search(words);
  }

 protected:
  using Values = std::vector<std::pair<std::string, double>>;
  using Hits = std::vector<std::vector<IndexHit>>;

  // Makes index_ of rows numbered from 0; `words` is what stands behind DIM.
  virtual Values build(std::span<const std::int64_t> ids, VectorsView rows, std::istringstream& words) = 0;
  virtual std::string search(std::istringstream& words) = 0;
  virtual std::string batch(std::istringstream&) { return "{}"; }

  VectorsView view(const std::vector<float>& values, std::size_t rows) const {
    return {static_cast<const std::byte*>(static_cast<const void*>(values.data())), rows, dim_, dim_ * sizeof(float),
            DType::f32};
  }
  std::vector<IndexHit> search_one(std::size_t number, const IndexQuery& query, IndexCost* cost = nullptr) const {
    VectorsView one = view(queries_, 1);
    one.data += number * one.stride;
    return must(index_->search(one, query, Context{}, cost)).front();
  }
  const IdSet* filter() const { return filter_ ? &*filter_ : nullptr; }

  static void write_ids(const Hits& hits, std::size_t k, const std::string& path) {
    std::vector<std::int64_t> ids;
    for (const auto& list : hits) {
      for (std::size_t i = 0; i < k; ++i) ids.push_back(i < list.size() ? list[i].id : -1);
    }
    must(write_file(path, {static_cast<const char*>(static_cast<const void*>(ids.data())), ids.size() * 8}));
  }
  static std::string record(double seconds, double cpu, const Values& further) {
    std::string out = "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(cpu);
    for (const auto& [name, value] : further) out += ", \"" + name + "\": " + std::to_string(value);
    return out + "}";
  }

  DType dtype_;
  std::size_t dim_ = 0;
  std::vector<float> queries_;
  std::unique_ptr<VectorIndex> index_;

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
    const Values further = build(ids, view(values, ids.size()), words);
    return record(watch.seconds(), watch.cpu(), further);
  }

  std::string filter(std::istringstream& words) {
    std::string path;
    words >> path;
    filter_.reset();
    if (path != "-") filter_.emplace(read_values<std::int64_t>(path));
    return "{}";
  }

  std::optional<IdSet> filter_;
};

template <class Contestant>
int serve_index(int argc, char** argv) {
  Contestant contestant(must(parse_dtype(argc > 1 ? argv[1] : "f32")));
  for (std::string line; std::getline(std::cin, line);) std::cout << contestant.answer(line) << std::endl;
  return 0;
}

}  // namespace isogloss::bench
