// SPDX-License-Identifier: Apache-2.0
// Our side of the tokenizer bench: `bench_tokenize TOKENIZER TEXTS THREADS` reads a text per line, then answers commands:
//   ids PATH    the ids of all texts, a line of numbers each, to PATH                    -> {}
//   batch       all texts at once, with offsets                            -> {"seconds","cpu","tokens"}
//   lines       one text after the other into the same Tokens, one thread  -> {"seconds","cpu","tokens"}
//   query N     the first 16-token text, N times: seconds per call         -> {"seconds","cpu","tokens"}
//   memory N    N megabytes of random words: resident memory after 1 and after N -> {"first_kb","last_kb"}
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "contestant.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace {

using bench::must;

struct Bench {
  TokenizerPtr tokenizer;
  std::string content;
  std::vector<std::string_view> texts;
  ThreadPool pool;
  Context context;
  EncodeOptions options;

  Bench(const char* path, const char* file, std::size_t threads) : pool(threads) {
    context.pool = &pool;
    tokenizer = must(load_tokenizer(path, {}, context));
    content = must(read_file(file));
    texts = split(content, '\n');
    if (!texts.empty() && texts.back().empty()) texts.pop_back();
    options.special_tokens = SpecialTokens::leave_out;
  }
};

std::string timed(const bench::Stopwatch& watch, std::size_t tokens, double divide = 1) {
  return "{\"seconds\":" + std::to_string(watch.seconds() / divide) + ",\"cpu\":" + std::to_string(watch.cpu() / divide) +
         ",\"tokens\":" + std::to_string(tokens) + "}";
}

std::string batch(Bench& bench) {
  const bench::Stopwatch watch;
  std::size_t tokens = 0;
  for (const Tokens& text : must(encode_batch(*bench.tokenizer, bench.texts, bench.options, bench.context))) tokens += text.size();
  return timed(watch, tokens);
}

std::string lines(Bench& bench) {
  const bench::Stopwatch watch;
  std::size_t count = 0;
  Tokens tokens;
  for (const std::string_view text : bench.texts) {
    must(bench.tokenizer->encode(text, bench.options, tokens));
    count += tokens.size();
  }
  return timed(watch, count);
}

std::string query(Bench& bench, std::size_t repeats) {
  // The words of the first texts, cut to what makes 16 tokens.
  std::string text;
  Tokens tokens;
  for (std::string_view word : split(bench.texts.front(), ' ')) {
    text += text.empty() ? "" : " ";
    text += word;
    must(bench.tokenizer->encode(text, bench.options, tokens));
    if (tokens.size() >= 16) break;
  }
  const bench::Stopwatch watch;
  for (std::size_t i = 0; i < repeats; ++i) must(bench.tokenizer->encode(text, bench.options, tokens));
  std::ostringstream out;
  out.precision(9);
  out << "{\"seconds\":" << watch.seconds() / static_cast<double>(repeats)
      << ",\"cpu\":" << watch.cpu() / static_cast<double>(repeats) << ",\"tokens\":" << tokens.size() << "}";
  return out.str();
}

std::size_t resident_kb() {
  std::ifstream status("/proc/self/statm");
  std::size_t pages = 0;
  status >> pages >> pages;
  return pages * 4;
}

std::string memory(Bench& bench, std::size_t megabytes) {
  std::mt19937 random(7);
  Tokens tokens;
  std::size_t first = 0;
  for (std::size_t mb = 0; mb < megabytes; ++mb) {
    std::string text;
    while (text.size() < (1u << 20)) {
      const std::size_t letters = 1 + random() % 14;
      for (std::size_t i = 0; i < letters; ++i) text.push_back(static_cast<char>('a' + random() % 26));
      text.push_back(random() % 40 == 0 ? '\n' : ' ');
    }
    for (const std::string_view line : split(text, '\n')) must(bench.tokenizer->encode(line, bench.options, tokens));
    if (mb == 0) first = resident_kb();
  }
  return "{\"first_kb\":" + std::to_string(first) + ",\"last_kb\":" + std::to_string(resident_kb()) + "}";
}

std::string write_ids(Bench& bench, const std::string& path) {
  std::string out;
  Tokens tokens;
  for (const std::string_view text : bench.texts) {
    must(bench.tokenizer->encode(text, bench.options, tokens));
    for (const std::uint32_t id : tokens.ids) out += std::to_string(id) + " ";
    out += "\n";
  }
  must(write_file(path, out));
  return "{}";
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
    if (command == "ids") answer = isogloss::write_ids(bench, argument);
    if (command == "batch") answer = isogloss::batch(bench);
    if (command == "lines") answer = isogloss::lines(bench);
    if (command == "query") answer = isogloss::query(bench, std::stoul(argument));
    if (command == "memory") answer = isogloss::memory(bench, std::stoul(argument));
    std::cout << answer << std::endl;
  }
}
