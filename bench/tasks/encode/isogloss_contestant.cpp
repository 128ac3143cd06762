// SPDX-License-Identifier: Apache-2.0
// Our side of the encoder bench: `bench_encode MODEL COMPUTE THREADS`, then commands:
//   texts PATH     the texts to work on, one a line                                -> {"texts","tokens"}
//   vectors PATH   their vectors, f32, row after row, to PATH                      -> {}
//   text           all of them in one batch, from strings                          -> {"seconds","cpu"}
//   model          the same from token ids (prepared before the clock starts)      -> {"seconds","cpu"}
//   query N        the first text alone, N times, from its string         -> {"seconds","cpu","p50","p99"}
#include <iostream>
#include <sstream>

#include "contestant.hpp"
#include "core/text.hpp"
#include "isogloss/model.hpp"

namespace isogloss {
namespace {

using bench::must;

struct Bench {
  ThreadPool pool;
  Context context;
  ModelPtr model;
  const Embedder* embedder = nullptr;
  EmbedOptions options;
  std::string content;
  std::vector<Input> inputs;

  Bench(const char* path, const char* compute, std::size_t threads) : pool(threads) {
    context.pool = &pool;
    model = must(load(path, {}, context));
    embedder = model->ability<Embedder>();
    options.compute = compute;
    options.truncate = Truncate::end;
  }
};

std::string timed(const bench::Stopwatch& watch) {
  return "{\"seconds\":" + std::to_string(watch.seconds()) + ",\"cpu\":" + std::to_string(watch.cpu()) + "}";
}

std::string texts(Bench& b, const std::string& path) {
  b.content = must(read_file(path));
  b.inputs.clear();
  for (const std::string_view line : split(b.content, '\n')) {
    if (!line.empty()) b.inputs.push_back(Input::text(line));
  }
  std::size_t tokens = 0;
  const Prepared prepared = must(b.embedder->prepare(b.inputs, b.options, b.context));
  for (const RowReport& report : prepared.reports()) tokens += report.tokens_used;
  return "{\"texts\":" + std::to_string(b.inputs.size()) + ",\"tokens\":" + std::to_string(tokens) + "}";
}

std::string vectors(Bench& b, const std::string& path) {
  const Embedding embedding = must(b.embedder->embed(b.inputs, b.options, b.context));
  const char* bytes = static_cast<const char*>(static_cast<const void*>(embedding.dense.data()));
  must(write_file(path, std::string_view(bytes, embedding.dense.rows() * embedding.dense.row_bytes())));
  return "{}";
}

std::string from_text(Bench& b) {
  const bench::Stopwatch watch;
  must(b.embedder->embed(b.inputs, b.options, b.context));
  return timed(watch);
}

std::string from_ids(Bench& b) {
  const Prepared prepared = must(b.embedder->prepare(b.inputs, b.options, b.context));
  Vectors out = Vectors::dense(prepared.rows(), b.model->card().dimension);
  const Slice slice{&prepared, 0, prepared.rows()};
  const bench::Stopwatch watch;
  EmbeddingOut to;
  to.dense = &out;
  must(b.embedder->run({&slice, 1}, to, b.context));
  return timed(watch);
}

std::string query(Bench& b, std::size_t repeats) {
  std::vector<double> seconds;
  const bench::Stopwatch all;
  for (std::size_t i = 0; i < repeats; ++i) {
    const bench::Stopwatch one;
    must(b.embedder->embed(std::span(b.inputs).first(1), b.options, b.context));
    seconds.push_back(one.seconds());
  }
  std::ranges::sort(seconds);
  std::ostringstream out;
  out.precision(6);
  out << "{\"seconds\":" << all.seconds() / static_cast<double>(repeats)
      << ",\"cpu\":" << all.cpu() / static_cast<double>(repeats) << ",\"p50\":" << seconds[repeats / 2]
      << ",\"p99\":" << seconds[repeats * 99 / 100] << "}";
  return out.str();
}

}  // namespace
}  // namespace isogloss

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  isogloss::Bench bench(argv[1], argv[2], std::stoul(argv[3]));
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command;
    std::string argument;
    words >> command >> argument;
    std::string answer = "{}";
    if (command == "texts") answer = isogloss::texts(bench, argument);
    if (command == "vectors") answer = isogloss::vectors(bench, argument);
    if (command == "text") answer = isogloss::from_text(bench);
    if (command == "model") answer = isogloss::from_ids(bench);
    if (command == "query") answer = isogloss::query(bench, std::stoul(argument));
    std::cout << answer << std::endl;
  }
}
