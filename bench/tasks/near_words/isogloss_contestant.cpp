// SPDX-License-Identifier: Apache-2.0
// usage: bench_near_words THREADS. Commands on standard input: open FILE | near FIRST COUNT TOGETHER: the ten nearest
// of the words w<FIRST * 9973 % words> ..., COUNT of them, TOGETHER at a time; every answer one line of JSON.
#include <iostream>
#include <sstream>

#include "bench/contestant.hpp"
#include "core/json.hpp"
#include "isogloss/model.hpp"
#include "isogloss/words.hpp"

using namespace isogloss;

int main(int, char** argv) {
  const auto threads = static_cast<std::size_t>(std::stoul(argv[1]));
  ThreadPool pool(threads);
  Context context;
  context.pool = &pool;
  ModelPtr model;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    if (verb == "open") {
      std::string file;
      words >> file;
      const bench::Stopwatch watch;
      model = bench::must(load(file, {}, context));
      json.field("seconds", watch.seconds()).field("cpu", watch.cpu());
    } else {
      const Vocabulary& vocabulary = *model->ability<Vocabulary>();
      std::size_t first = 0, count = 0, together = 0;
      words >> first >> count >> together;
      std::vector<WordSum> sums;
      for (std::size_t i = first; i < first + count; ++i) {
        sums.push_back({{std::string(vocabulary.word(i * 9973 % vocabulary.word_count()))}, {}});
      }
      std::vector<double> times;
      std::vector<NearestWords> found;
      const bench::Stopwatch watch;
      for (std::size_t i = 0; i < count; i += together) {
        const bench::Stopwatch one;
        auto answers =
            bench::must(nearest_words(vocabulary, std::span(sums).subspan(i, together), NearestOptions(), context));
        times.push_back(one.seconds());
        found.insert(found.end(), answers.begin(), answers.end());
      }
      json.field("seconds", watch.seconds()).field("cpu", watch.cpu());
      std::ranges::sort(times);
      json.field("p50", times[times.size() / 2]).key("words").begin_array();
      for (const NearestWords& answer : found) {
        json.begin_array();
        for (const WordScore& word : answer.words) json.value(word.word);
        json.end_array();
      }
      json.end_array();
    }
    json.end_object();
    std::cout << out << std::endl;
  }
}
