// SPDX-License-Identifier: Apache-2.0
// Our side of the vector-search bench (bench/index_contestant.hpp):
//   load VECTORS QUERIES DIM FILE    builds a scan index, saves it as FILE and maps that; `first` = seconds from there
//   to
//                                    the first answer
//   search COUNT K OUT RECALL        the first COUNT queries one by one. RECALL 1 = exact
//   batch COUNT K OUT RECALL THREADS the same as one call
#include <filesystem>

#include "bench/index_contestant.hpp"

namespace isogloss::bench {
namespace {

class Contestant final : public IndexContestant {
 public:
  using IndexContestant::IndexContestant;

 private:
  Values build(std::span<const std::int64_t> ids, VectorsView rows, std::istringstream& words) override {
    words >> file_;
    {
      const auto fresh = must(make_scan_index({dim_, Metric::cosine, dtype_}));
      must(fresh->add(ids, rows, Context{}));
      must(fresh->save(file_, {}, Context{}));
    }
    const Stopwatch watch;
    index_ = must(map_scan_index(file_));
    rows.rows = 1;
    must(index_->search(rows, IndexQuery(), Context{}));
    return {{"bytes", static_cast<double>(std::filesystem::file_size(file_))}, {"first", watch.seconds()}};
  }

  std::string batch(std::istringstream& words) override {
    std::string out;
    std::size_t count = 0, threads = 1;
    IndexQuery query;
    words >> count >> query.k >> out >> query.recall >> threads;
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    context.threads = threads;
    const Stopwatch watch;
    const Hits hits = must(index_->search(view(queries_, count), query, context));
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    write_ids(hits, query.k, out);
    return record(seconds, cpu, {});
  }

  std::string search(std::istringstream& words) override {
    std::string out;
    std::size_t count = 0;
    IndexQuery query;
    words >> count >> query.k >> out >> query.recall;
    query.filter = filter();
    Hits hits;
    hits.reserve(count);
    IndexCost all;
    IndexCost cost;
    const Stopwatch watch;
    for (std::size_t q = 0; q < count; ++q) {
      hits.push_back(search_one(q, query, &cost));
      all.lists += cost.lists;
      all.codes += cost.codes;
      all.bytes += cost.bytes;
      all.scored += cost.scored;
    }
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    write_ids(hits, query.k, out);
    const auto mean = [&](std::size_t n) { return static_cast<double>(n) / static_cast<double>(count); };
    return record(seconds, cpu,
                  {{"lists", mean(all.lists)},
                   {"codes", mean(all.codes)},
                   {"bytes", mean(all.bytes)},
                   {"scored", mean(all.scored)}});
  }

  std::string file_;
};

}  // namespace
}  // namespace isogloss::bench

int main(int argc, char** argv) { return isogloss::bench::serve_index<isogloss::bench::Contestant>(argc, argv); }
