// SPDX-License-Identifier: Apache-2.0
// Prints the id of the best hit: consumer FOLDER
#include <iostream>
#include <isogloss/collection.hpp>

static isogloss::Status run(const char* folder) {
  isogloss::Context context;
  const auto docs = IG_TRY(isogloss::Collection::open(folder, isogloss::OpenMode::write, {}, context));
  IG_TRY(docs->add("cats.txt", "The cat sleeps on the warm stove.", {}, context));
  IG_TRY(docs->add("ships.txt", "The ship leaves the harbour at nine.", {}, context));
  const auto result = IG_TRY(docs->search("When does the ship leave?", {}, context));
  for (const isogloss::Hit& hit : result.hits) std::cout << hit.chunk.id << ": " << hit.chunk.text << "\n";
  return {};
}

int main(int, char** argv) {
  const isogloss::Status status = run(argv[1]);
  if (!status) std::cerr << status.error().message << "\n";
  return status ? 0 : 1;
}
