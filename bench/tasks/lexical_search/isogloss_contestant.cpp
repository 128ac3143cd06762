// SPDX-License-Identifier: Apache-2.0
// Our side of the lexical-search bench: `bench_lexical_search FOLDER`, then commands on standard input:
//   load TEXTS QUERIES           one a line
//   index                        builds, saves into FOLDER and maps
//   search COUNT K OUT           the first COUNT queries; lines "id:score ..." to OUT, times of each in the answer
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>
#include <unordered_map>

#include "bench/contestant.hpp"
#include "isogloss/index.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::bench {
namespace {

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class Contestant {
 public:
  explicit Contestant(std::string folder)
      : path_(std::move(folder) + "/bm25-1.idx"), analyzer_(must(make_analyzer(must(analyzer_preset("simple"))))) {}

  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    if (command == "index") return index();
    if (command == "search") return search(words);
    std::string texts;
    std::string queries;
    words >> texts >> queries;
    texts_ = read_lines(texts);
    queries_ = read_lines(queries);
    return "{}";
  }

 private:
  std::string index() {
    index_.reset();
    const Stopwatch watch;
    TermIndexBuilder builder = must(TermIndexBuilder::create({1.2, 0.75}));
    std::vector<Term> terms;
    std::vector<TermCount> counts;
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      analyzer_->analyze(texts_[i], terms);
      counts.clear();
      places.clear();
      for (const Term& term : terms) {
        const auto [place, is_new] = places.emplace(term.text, counts.size());
        if (is_new) counts.push_back({term.text, 0});
        ++counts[place->second].count;
      }
      must(builder.add({static_cast<std::int64_t>(i), counts, static_cast<std::uint32_t>(terms.size())}));
    }
    must(builder.save(path_, {}, Context{}));
    index_ = must(map_term_index(path_));
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(cpu) +
           ", \"bytes\": " + std::to_string(std::filesystem::file_size(path_)) + "}";
  }

  std::string search(std::istringstream& words) {
    std::size_t count = 0;
    IndexQuery query;
    std::string out;
    words >> count >> query.k >> out;
    std::vector<std::vector<IndexHit>> hits(count);
    std::string times;
    const Stopwatch all;
    for (std::size_t q = 0; q < count; ++q) {
      const Stopwatch one;
      hits[q] = search_one(queries_[q], query);
      times += (q == 0 ? "" : ", ") + std::to_string(one.seconds() * 1e3);
    }
    const double seconds = all.seconds();
    const double cpu = all.cpu();
    std::ofstream file(out);
    file.precision(9);
    for (const auto& list : hits) {
      for (const IndexHit& hit : list) file << hit.id << ':' << hit.score << ' ';
      file << '\n';
    }
    return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(cpu) + ", \"ms\": [" + times +
           "]}";
  }

  std::vector<IndexHit> search_one(const std::string& text, const IndexQuery& query) {
    analyzer_->analyze(text, query_terms_);
    weights_.clear();
    for (const Term& term : query_terms_) weights_.push_back({term.text, 1.0F});
    return must(index_->search(weights_, query));
  }

  std::string path_;
  AnalyzerPtr analyzer_;
  std::vector<std::string> texts_;
  std::vector<std::string> queries_;
  std::unique_ptr<TermIndex> index_;
  std::vector<Term> query_terms_;
  std::vector<TermWeight> weights_;
};

}  // namespace
}  // namespace isogloss::bench

int main(int, char** argv) {
  isogloss::bench::Contestant contestant(argv[1]);
  for (std::string line; std::getline(std::cin, line);) std::cout << contestant.answer(line) << std::endl;
}
