// SPDX-License-Identifier: Apache-2.0
// Our side of the ingest bench: `bench_ingest FOLDER`, the folder of a collection, then commands on standard input:
//   chunk FILES OUT     reads and cuts the files whose paths stand in FILES, one a line; chunks to OUT unless it is "-":
//                       a line each, number of the file, a tab, the text with its white space as blanks
//   read FILES OUT      reads them alone; what was read to OUT, a line each as above, unless it is "-"; OUT "-2" = two threads
//   index FOLDER MODE   an index run of the collection over a folder; MODE is quick or rehash
#include <algorithm>
#include <fstream>
#include <iostream>
#include <sstream>

#include "bench/contestant.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::bench {
namespace {

std::string timed(const Stopwatch& watch, std::size_t chunks) {
  const double seconds = watch.seconds();
  return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(watch.cpu()) +
         ", \"chunks\": " + std::to_string(chunks);
}

std::vector<std::string> lines_of(const std::string& file) {
  std::vector<std::string> out;
  std::ifstream names(file);
  for (std::string line; std::getline(names, line);) out.push_back(line);
  return out;
}

std::string chunk(const std::string& list, const std::string& out) {
  const std::vector<std::string> paths = lines_of(list);
  std::vector<Document> documents;
  std::vector<std::vector<Chunk>> chunks;
  std::size_t count = 0;
  Context context;
  const Stopwatch watch;
  for (const std::string& path : paths) {
    const Document document = must(read_document(path, {}, context));
    const std::vector<Chunk> found = must(chunk_document(document, {}, word_units()));
    count += found.size();
    if (out == "-") continue;
    documents.push_back(document);
    chunks.push_back(found);
  }
  std::string answer = timed(watch, count) + "}";
  if (out == "-") return answer;
  std::ofstream file(out);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    for (const Chunk& one : chunks[i]) {
      std::string text = chunk_text(documents[i], one);
      std::ranges::replace(text, '\n', ' ');
      file << i << '\t' << text << '\n';
    }
  }
  return answer;
}

std::string read(const std::string& list, const std::string& out) {
  const std::vector<std::string> paths = lines_of(list);
  ThreadPool pool(out == "-2" ? 2 : 1);
  std::vector<std::string> texts(paths.size());
  const Stopwatch watch;
  pool.run(paths.size(), [&](std::size_t i) {
    Context context;
    texts[i] = must(read_document(paths[i], {}, context)).text;
  });
  std::string answer = timed(watch, paths.size()) + "}";
  if (out.starts_with('-')) return answer;
  std::ofstream file(out);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::ranges::replace(texts[i], '\n', ' ');
    file << i << '\t' << texts[i] << '\n';
  }
  return answer;
}

std::string index(const std::string& collection, const std::string& root, const std::string& mode) {
  Context context;
  CollectionOptions words_only;
  words_only.model = "fit:bm25";
  IngestOptions options;
  options.rehash = mode == "rehash";
  const Stopwatch watch;
  const auto opened = must(Collection::open(collection, OpenMode::write, words_only, context));
  const std::filesystem::path roots[] = {root};
  const IngestSummary summary = must(opened->index(roots, options, {}, context));
  return timed(watch, summary.chunks) + ", \"added\": " + std::to_string(summary.added) +
         ", \"unchanged\": " + std::to_string(summary.unchanged) + "}";
}

}  // namespace
}  // namespace isogloss::bench

int main(int, char** argv) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string command, first, second;
    words >> command >> first >> second;
    std::cout << (command == "chunk"  ? isogloss::bench::chunk(first, second)
                  : command == "read" ? isogloss::bench::read(first, second)
                                      : isogloss::bench::index(argv[1], first, second))
              << std::endl;
  }
}
