// SPDX-License-Identifier: Apache-2.0
// The stores under test and what is put into them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/test_support.hpp"
#include "isogloss/store.hpp"

namespace isogloss::conformance {

// One kind of store. A new one is one more entry of store_cases().
struct StoreCase {
  std::string name;
  Result<std::unique_ptr<Store>> (*open)(const std::filesystem::path& place, OpenMode mode, Context& context);
};
inline void PrintTo(const StoreCase& test, std::ostream* out) { *out << test.name; }
std::vector<StoreCase> store_cases();
inline std::string store_name(const testing::TestParamInfo<StoreCase>& info) { return info.param.name; }

// Words between blanks, as they are.
LexicalOptions plain_words();

// A document of one chunk per text, keys "0", "1", ...; metadata per chunk when given.
DocumentPut make_document(const std::string& name, const std::vector<std::string>& texts,
                          const std::vector<Metadata>& row_meta = {}, const Metadata& meta = {});
// Gives every chunk a vector of `space`, made from `seed`.
void add_vectors(DocumentPut& put, const std::string& space, std::size_t dimension, unsigned seed);

class StoreConformance : public testing::TestWithParam<StoreCase> {
 protected:
  std::filesystem::path place() const { return folder_.path() / "c"; }
  std::unique_ptr<Store> open(OpenMode mode = OpenMode::write) { return open_at(place(), mode); }
  std::unique_ptr<Store> open_at(const std::filesystem::path& at, OpenMode mode);
  void put(Store& store, const std::vector<DocumentPut>& documents);
  // Ids of the chunks that a lexical search for one word finds, best first.
  std::vector<std::string> find(Store& store, const std::string& word, const std::string& filter = {});
  // Makes a space of the dimension and publishes it.
  std::int64_t serve_space(Store& store, const std::string& space_id, std::size_t dimension);

  TemporaryFolder folder_;
  Context context_;
};

}  // namespace isogloss::conformance
