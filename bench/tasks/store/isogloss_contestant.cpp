// SPDX-License-Identifier: Apache-2.0
// Our side of the store bench: `bench_store FOLDER`, then commands on standard input:
// clang-format off
//   load TEXTS GROUPS VECTORS QUERIES DIM   a text a line, int32, files of f32; "-" for what is not needed
//   create                                  an empty store; what was there goes
//   bulk BEGIN END THREADS                  documents BEGIN..END in batches, and everything a search needs
//   commits BEGIN END THREADS               the same one by one, each thread waits until its own is durable; times of each
//   search FILTER COUNT K OUT               ids (COUNT x K, int64, -1 = none) to OUT, with the texts read
//   first K OUT                             opens the store and asks one query
//   bytes                                   of the folder
// clang-format on
// Texts are analysed for search by words as well, inside the time.
#include <atomic>
#include <fstream>
#include <iostream>
#include <sstream>

#include "bench/contestant.hpp"
#include "core/parallel.hpp"
#include "isogloss/store.hpp"
#include "isogloss/tokens.hpp"
#include "runtime/analysis.hpp"

namespace isogloss::bench {
namespace {

constexpr std::size_t kBatch = 4000;
constexpr const char* kSpace = "bench";

class Contestant {
 public:
  explicit Contestant(std::string folder)
      : folder_(std::move(folder)), counter_(must(runtime::TermCounter::make(must(analyzer_preset("simple"))))) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "load") return load(words);
    if (command == "create") return create();
    if (command == "bulk") return bulk(words);
    if (command == "commits") return commits(words);
    if (command == "search") return search(words);
    if (command == "first") return first(words);
    return "{\"bytes\": " + std::to_string(bytes()) + "}";
  }

 private:
  std::string load(std::istringstream& words) {
    std::string texts, groups, vectors, queries;
    words >> texts >> groups >> vectors >> queries >> dim_;
    if (texts != "-") {
      std::ifstream file(texts);
      for (std::string line; std::getline(file, line);) texts_.push_back(line);
      groups_ = read_values<std::int32_t>(groups);
      vectors_ = read_values<float>(vectors);
    }
    queries_ = read_values<float>(queries);
    return "{}";
  }

  void open(OpenMode mode) {
    store_ = must(open_store(folder_ / "store", mode, {}, context_));
    LexicalOptions lexical;
    lexical.analyse = [counter = counter_.get()](std::string_view text, TermCounts& out) { counter->count(text, out); };
    store_->use_lexical(std::move(lexical));
  }

  std::string create() {
    store_.reset();
    std::filesystem::remove_all(folder_ / "store");
    open(OpenMode::write);
    SpaceInfo space;
    space.space_id = kSpace;
    space.model = "caller";
    space.dimension = dim_;
    space.role = SpaceRole::building;
    must(store_->publish_space(must(store_->add_space(space, {}, context_)), Publish::complete, context_));
    return "{}";
  }

  DocumentPut document(std::size_t i) {
    DocumentPut put;
    put.state.name = std::to_string(i);
    put.document.text = texts_[i];
    put.document.meta = {{"tenth", std::int64_t{groups_[i] % 10}}, {"hundredth", std::int64_t{groups_[i]}}};
    put.chunks.emplace_back().at = {0, texts_[i].size()};
    put.chunks[0].key = "0";
    counter_->count(texts_[i], put.terms.emplace_back());
    put.vectors = Vectors::dense(1, dim_);
    std::copy_n(vectors_.data() + i * dim_, dim_, put.vectors.row_f32(0).data());
    put.space_id = kSpace;
    return put;
  }

  // A batch is made while the one before is stored, where there is a second thread.
  std::string bulk(std::istringstream& words) {
    std::size_t begin = 0, end = 0, threads = 0;
    words >> begin >> end >> threads;
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    const Stopwatch watch;
    std::vector<DocumentPut> batch, next;
    const auto make_next = [&] {
      next.clear();
      for (; begin < end && next.size() < kBatch; ++begin) next.push_back(document(begin));
    };
    for (make_next(); !next.empty();) {
      std::swap(batch, next);
      run_both(context, [&] { must(store_->put(batch, context)); }, make_next);
    }
    must(store_->flush(context));
    return timed(watch, "");
  }

  std::string commits(std::istringstream& words) {
    std::size_t begin = 0, end = 0, threads = 0;
    words >> begin >> end >> threads;
    std::vector<double> times(end - begin);
    std::atomic<std::size_t> next = begin;
    ThreadPool pool(threads);
    const Stopwatch watch;
    pool.run(threads, [&](std::size_t) {
      Context context;
      for (std::size_t i = next++; i < end; i = next++) {
        const Stopwatch one;
        const DocumentPut put = document(i);
        must(store_->put({&put, 1}, context));
        times[i - begin] = one.seconds() * 1e3;
      }
    });
    std::string listed;
    for (const double ms : times) listed += (listed.empty() ? "" : ", ") + std::to_string(ms);
    return timed(watch, listed);
  }

  std::vector<std::int64_t> search_one(std::size_t query, const std::string& filter, std::size_t k) {
    StoreQuery question;
    question.mode = SearchMode::dense;
    question.k = k;
    question.vector = {queries_.data() + query * dim_, dim_};
    question.filter = filter == "tenth" ? "tenth = 3" : filter == "hundredth" ? "hundredth = 7" : "";
    std::vector<std::int64_t> numbers;
    for (const StoreHit& hit : must(store_->search(question, context_)).hits) numbers.push_back(hit.number);
    std::vector<std::int64_t> ids;
    for (const StoredChunk& chunk : must(store_->chunks(numbers))) ids.push_back(std::stoll(chunk.document));
    ids.resize(k, -1);
    return ids;
  }

  std::string search(std::istringstream& words) {
    std::string filter, out;
    std::size_t count = 0, k = 0;
    words >> filter >> count >> k >> out;
    std::string times;
    std::vector<std::int64_t> ids;
    const Stopwatch watch;
    for (std::size_t q = 0; q < count; ++q) {
      const Stopwatch one;
      const std::vector<std::int64_t> found = search_one(q, filter, k);
      ids.insert(ids.end(), found.begin(), found.end());
      times += (times.empty() ? "" : ", ") + std::to_string(one.seconds() * 1e3);
    }
    const std::string answer = timed(watch, times);
    write_ids(ids, out);
    return answer;
  }

  std::string first(std::istringstream& words) {
    std::size_t k = 0;
    std::string out;
    words >> k >> out;
    const Stopwatch watch;
    open(OpenMode::read);
    const std::vector<std::int64_t> ids = search_one(0, "-", k);
    const std::string answer = timed(watch, "");
    write_ids(ids, out);
    return answer;
  }

  static void write_ids(const std::vector<std::int64_t>& ids, const std::string& path) {
    must(write_file(path, {static_cast<const char*>(static_cast<const void*>(ids.data())), ids.size() * 8}));
  }

  static std::string timed(const Stopwatch& watch, const std::string& times) {
    const double seconds = watch.seconds();
    return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(watch.cpu()) + ", \"ms\": [" +
           times + "]}";
  }

  // The write lock is given back first, as after 200 ms without a write: that empties the log.
  std::uintmax_t bytes() {
    store_->release_writer();
    std::uintmax_t sum = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      if (entry.is_regular_file()) sum += entry.file_size();
    }
    return sum;
  }

  std::filesystem::path folder_;
  std::unique_ptr<runtime::TermCounter> counter_;
  Context context_;
  std::size_t dim_ = 0;
  std::vector<std::string> texts_;
  std::vector<std::int32_t> groups_;
  std::vector<float> vectors_;  // (documents, dim)
  std::vector<float> queries_;  // (queries, dim)
  std::unique_ptr<Store> store_;
};

}  // namespace
}  // namespace isogloss::bench

int main(int, char** argv) {
  isogloss::bench::Contestant contestant(argv[1]);
  for (std::string line; std::getline(std::cin, line);) std::cout << contestant.answer(line) << std::endl;
}
