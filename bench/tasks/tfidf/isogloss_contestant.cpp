// SPDX-License-Identifier: Apache-2.0
// Our side of the vectoriser bench: `bench_tfidf TEXTS` reads a text per line, then commands from standard input, one a
// line, and answers each with a line of JSON.
//   fit FAMILY [name=value ...]         train and embed all texts, timed -> {"seconds","cpu","columns","nonzeros"}
//   rows N PATH FAMILY [name=value ...] the same, and the names and first N rows to PATH, for the check
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <sstream>

#include "core/describe.hpp"
#include "core/file.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

struct Measured {
  double seconds = 0;
  double cpu = 0;
  ModelPtr model;
  Embedding embedding;
};

double cpu_now() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

Result<Measured> fit(const std::string& family, const OptionValues& options, const tokens::MemoryDataset& data,
                     std::span<const Input> inputs) {
  Context context;
  Measured m;
  const auto begin = std::chrono::steady_clock::now();
  const double cpu = cpu_now();
  const Family* const record = IG_TRY(find_family(family));
  m.model = IG_TRY(record->train(data, options, context));
  m.embedding = IG_TRY(m.model->ability<Embedder>()->embed(inputs, {}, context));
  m.cpu = cpu_now() - cpu;
  m.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return m;
}

double energy(const Embedding& e) {
  double sum = 0;
  for (std::size_t i = 0; i < e.dense.rows(); ++i) {
    for (const float v : e.dense.row_f32(i)) sum += static_cast<double>(v) * static_cast<double>(v);
  }
  return sum;
}

Status write_rows(const Measured& m, std::size_t rows, const std::string& path) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().key("names").begin_array();
  if (const Vocabulary* words = m.model->ability<Vocabulary>()) {
    for (std::size_t i = 0; i < words->word_count(); ++i) out.value(words->word(i));
  }
  out.end_array().key("rows").begin_array();
  for (std::size_t i = 0; m.embedding.sparse.is_sparse() && i < rows; ++i) {
    const SparseRow row = m.embedding.sparse.row_sparse(i);
    out.begin_array().begin_array();
    for (const std::uint32_t column : row.columns) out.value(column);
    out.end_array().values(row.values).end_array();
  }
  out.end_array().field("energy", energy(m.embedding)).end_object();
  return write_file(path, text);
}

Status answer(const std::string& line, const tokens::MemoryDataset& data, std::span<const Input> inputs) {
  std::istringstream words(line);
  std::string command, family, path, item;
  std::size_t rows = 0;
  words >> command;
  if (command == "rows") words >> rows >> path;
  words >> family;
  OptionValues options;
  while (words >> item) {
    const std::size_t equals = item.find('=');
    options.set(item.substr(0, equals), item.substr(equals + 1));
  }
  const Measured m = IG_TRY(fit(family, options, data, inputs));
  if (command == "rows") IG_TRY(write_rows(m, rows, path));
  std::printf(R"({"seconds":%.6f,"cpu":%.6f,"columns":%zu,"nonzeros":%zu})"
              "\n",
              m.seconds, m.cpu, m.model->card().dimension, m.embedding.sparse.nonzeros());
  std::fflush(stdout);
  return {};
}

Status run(const char* path) {
  const std::string text = IG_TRY(read_file(path));
  std::vector<std::string> texts;
  for (const std::string_view line : split(text, '\n')) texts.emplace_back(line);
  std::vector<Input> inputs;
  for (const std::string& line : texts) inputs.push_back(Input::text(line));
  const tokens::MemoryDataset data(texts);
  for (std::string line; std::getline(std::cin, line);) IG_TRY(answer(line, data, inputs));
  return {};
}

}  // namespace
}  // namespace isogloss

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const isogloss::Status status = isogloss::run(arguments[1]);
  if (!status) std::fprintf(stderr, "bench_tfidf: %s\n", status.error().message.c_str());
  return status ? 0 : 1;
}
