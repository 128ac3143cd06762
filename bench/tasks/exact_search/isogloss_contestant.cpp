// SPDX-License-Identifier: Apache-2.0
// Our side of the exact-search bench (bench/index_contestant.hpp):
//   load VECTORS QUERIES DIM
//   search one|batch COUNT K OUT        the first COUNT queries
#include "bench/index_contestant.hpp"

namespace isogloss::bench {
namespace {

class Contestant final : public IndexContestant {
 public:
  using IndexContestant::IndexContestant;

 private:
  Values build(std::span<const std::int64_t> ids, VectorsView rows, std::istringstream&) override {
    index_ = must(make_flat_index({dim_, Metric::dot, dtype_}));
    must(index_->add(ids, rows, Context{}));
    return {};
  }

  std::string search(std::istringstream& words) override {
    std::string how;
    std::string out;
    std::size_t count = 0;
    IndexQuery query;
    words >> how >> count >> query.k >> out;
    query.filter = filter();
    Hits hits;
    const Stopwatch watch;
    if (how == "batch") {
      hits = must(index_->search(view(queries_, count), query, Context{}));
    } else {
      for (std::size_t q = 0; q < count; ++q) hits.push_back(search_one(q, query));
    }
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    write_ids(hits, query.k, out);
    return record(seconds, cpu, {});
  }
};

}  // namespace
}  // namespace isogloss::bench

int main(int argc, char** argv) { return isogloss::bench::serve_index<isogloss::bench::Contestant>(argc, argv); }
