// SPDX-License-Identifier: Apache-2.0
#include "store_support.hpp"

#include <algorithm>
#include <random>
#include <sstream>

namespace isogloss::conformance {

std::vector<StoreCase> store_cases() {
  return {{"sqlite", [](const std::filesystem::path& place, OpenMode mode, Context& context) {
             return open_store(place, mode, {}, context);
           }}};
}

LexicalOptions plain_words() {
  LexicalOptions options;
  options.analyse = [](std::string_view text, TermCounts& out) {
    out = {};
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word; ++out.length) {
      const auto at = std::ranges::find(out.terms, word, &std::pair<std::string, std::uint32_t>::first);
      if (at != out.terms.end()) ++at->second;
      if (at == out.terms.end()) out.terms.emplace_back(word, 1);
    }
  };
  return options;
}

DocumentPut make_document(const std::string& name, const std::vector<std::string>& texts,
                          const std::vector<Metadata>& row_meta, const Metadata& meta) {
  DocumentPut put;
  put.state.name = name;
  put.state.path = "/data/" + name;
  put.state.root = "/data";
  put.state.hash = std::string(64, 'a');
  put.document.type = "text";
  put.document.title = "Title of " + name;
  put.document.meta = meta;
  const LexicalOptions words = plain_words();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    Chunk chunk;
    chunk.at.begin = put.document.text.size();
    put.document.text += texts[i];
    chunk.at.end = put.document.text.size();
    put.document.text += "\n";
    chunk.ordinal = static_cast<std::uint32_t>(i);
    chunk.key = std::to_string(i);
    if (i < row_meta.size()) chunk.meta = row_meta[i];
    put.chunks.push_back(chunk);
    words.analyse(texts[i], put.terms.emplace_back());
  }
  return put;
}

void add_vectors(DocumentPut& put, const std::string& space, std::size_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  put.vectors = Vectors::dense(put.chunks.size(), dimension);
  put.space_id = space;
  for (std::size_t i = 0; i < put.chunks.size(); ++i) {
    for (float& v : put.vectors.row_f32(i)) v = static_cast<float>(random() % 2001) / 1000.0F - 1.0F;
  }
}

std::unique_ptr<Store> StoreConformance::open_at(const std::filesystem::path& at, OpenMode mode) {
  auto store = GetParam().open(at, mode, context_);
  EXPECT_TRUE(store) << (store ? "" : store.error().message);
  if (!store) return nullptr;
  (*store)->use_lexical(plain_words());
  return std::move(*store);
}

void StoreConformance::put(Store& store, const std::vector<DocumentPut>& documents) {
  const Status status = store.put(documents, context_);
  ASSERT_TRUE(status) << status.error().message;
}

std::vector<std::string> StoreConformance::find(Store& store, const std::string& word, const std::string& filter) {
  StoreQuery query;
  query.mode = SearchMode::lexical;
  query.k = 1000;
  query.terms = {{word, 1.0F}};
  query.filter = filter;
  const auto hits = store.search(query, context_);
  EXPECT_TRUE(hits) << (hits ? "" : hits.error().message);
  std::vector<std::string> ids;
  if (!hits) return ids;
  for (const StoreHit& hit : hits->hits) ids.push_back(store.chunks({{hit.number}}).value()[0].id);
  return ids;
}

std::int64_t StoreConformance::serve_space(Store& store, const std::string& space_id, std::size_t dimension) {
  SpaceInfo info;
  info.space_id = space_id;
  info.model = "test";
  info.compute = "f32";
  info.dimension = dimension;
  info.role = SpaceRole::building;
  const auto number = store.add_space(info, "fitted " + space_id, context_);
  EXPECT_TRUE(number) << (number ? "" : number.error().message);
  if (!number) return 0;
  const std::vector<std::int64_t> missing = store.missing_vectors(*number).value();
  for (const std::int64_t chunk : missing) {
    Vectors row = Vectors::dense(1, dimension);
    row.row_f32(0)[static_cast<std::size_t>(chunk) % dimension] = 1.0F;
    EXPECT_TRUE(store.put_vectors(*number, {{chunk}}, row.view(), context_));
  }
  EXPECT_TRUE(store.publish_space(*number, Publish::complete, context_).value_or(false));
  return *number;
}

}  // namespace isogloss::conformance
