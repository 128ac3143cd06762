// SPDX-License-Identifier: Apache-2.0
// The embedding cache, its file, and a model behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/test_support.hpp"
#include "isogloss/embedding_cache.hpp"
#include "isogloss/family.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;
using Key = EmbeddingCache::Key;
using Row = EmbeddingCache::Row;

Key key(std::uint8_t first) { return Key{first, 1, 2}; }
Row row(float value, std::size_t columns = 8) { return {std::vector<float>(columns, value), 3, 1}; }

std::shared_ptr<EmbeddingCache> opened(const fs::path& file, EmbeddingCache::Options options = {}) {
  auto cache = EmbeddingCache::open(file, options);
  EXPECT_TRUE(cache) << (cache ? "" : cache.error().message);
  return cache.value();
}

TEST(EmbeddingCache, GivesBackWhatWasKeptToAnotherObjectToo) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "new" / "e.db";
  const auto one = opened(file), two = opened(file);
  const std::vector<Key> keys{key(1), key(2)};
  one->keep(keys, std::vector{row(0.5F), row(-1.25F)}, {});
  one->keep({&keys[0], 1}, std::vector{row(9)}, {});  // stays as it is
  const auto found = two->find(std::vector{key(2), key(3), key(1)}, {});
  EXPECT_EQ(found[0], row(-1.25F));
  EXPECT_EQ(found[1], std::nullopt);
  EXPECT_EQ(found[2], row(0.5F));
  const auto stats = two->stats();
  EXPECT_EQ(stats.hits, 2U);
  EXPECT_EQ(stats.misses, 1U);
  EXPECT_EQ(stats.rows, 2U);
}

TEST(EmbeddingCache, StaysBelowItsLimitAndKeepsTheNewest) {
  const TemporaryFolder folder;
  const auto cache = opened(folder.path() / "e.db", {.most_bytes = 100'000});
  for (int i = 0; i < 200; ++i) {
    const Key mine{static_cast<std::uint8_t>(i), 7};
    cache->keep({&mine, 1}, std::vector{row(1, 250)}, {});
    EXPECT_LE(cache->stats().bytes, 100'000U);
  }
  EXPECT_GE(cache->stats().bytes, 80'000U);
  const std::vector<Key> ends{Key{199, 7}, Key{0, 7}};
  const auto found = cache->find(ends, {});
  EXPECT_TRUE(found[0]);
  EXPECT_FALSE(found[1]);
}

TEST(EmbeddingCache, IsMadeAnewWhenItsFileIsNone) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "e.db";
  std::ofstream(file) << std::string(10'000, 'x');
  const auto cache = opened(file);
  cache->keep(std::vector{key(1)}, std::vector{row(1)}, {});
  EXPECT_EQ(cache->find(std::vector{key(1)}, {})[0], row(1));
}

// Bytes of every page are changed in turn: rows come back as they were or not at all, and what is broken is told.
TEST(EmbeddingCache, DamageCostsRowsAndNothingElse) {
  const TemporaryFolder folder;
  std::vector<Key> keys;
  std::vector<Row> rows;
  for (std::uint8_t i = 0; i < 100; ++i) {
    keys.push_back(key(i));
    rows.push_back(row(i, 100));
  }
  const fs::path whole = folder.path() / "whole.db";
  opened(whole)->keep(keys, rows, {});
  const auto size = static_cast<std::size_t>(fs::file_size(whole));
  std::size_t kept = 0;
  for (std::size_t at = 50; at < size; at += 1021) {
    const fs::path file = folder.path() / "e.db";
    fs::copy_file(whole, file, fs::copy_options::overwrite_existing);
    std::fstream change(file, std::ios::in | std::ios::out | std::ios::binary);
    change.seekp(static_cast<std::streamoff>(at)).write("\x5A\xA5\x3C\xC3", 4);
    change.close();
    const auto found = opened(file)->find(keys, {});
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (found[i]) {
        EXPECT_EQ(*found[i], rows[i]) << "byte " << at;
      }
      kept += found[i] ? 1 : 0;
    }
  }
  EXPECT_GT(kept, 1000U);
}

class CachedModel : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("ISOGLOSS_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    plain_ = load((fs::path(source) / "tests/golden/transformers/bert").string(), {}, context_).value();
    cache_ = opened(folder_.path() / "e.db");
    model_ = cached(plain_, cache_);
  }

  static Embedding embed(const Model& model, std::span<const std::string> texts, const EmbedOptions& options = {},
                         Role role = Role::none) {
    std::vector<Input> inputs;
    for (const std::string& text : texts) inputs.push_back(Input::text(text, role));
    Context context;
    return model.ability<Embedder>()->embed(inputs, options, context).value();
  }
  static bool equal(const Embedding& a, const Embedding& b) {
    return std::equal(a.dense.data(), a.dense.data() + a.dense.rows() * a.dense.row_bytes(), b.dense.data(),
                      b.dense.data() + b.dense.rows() * b.dense.row_bytes()) &&
           std::ranges::equal(a.reports, b.reports, [](const RowReport& x, const RowReport& y) {
             return x.tokens_used == y.tokens_used && x.tokens_cut == y.tokens_cut &&
                    x.error.has_value() == y.error.has_value();
           });
  }

  TemporaryFolder folder_;
  Context context_;
  ModelPtr plain_, model_;
  std::shared_ptr<EmbeddingCache> cache_;
};

TEST_F(CachedModel, GivesTheBitsOfTheModelHoweverManyAreKnown) {
  const std::vector<std::string> first{"one", "two words", "three words here"};
  const std::vector<std::string> mixed{"new", "two words", "another new text", "one", "", "three words here", "last"};
  EXPECT_TRUE(equal(embed(*model_, first), embed(*plain_, first)));
  EXPECT_EQ(cache_->stats().hits, 0U);
  EXPECT_TRUE(equal(embed(*model_, mixed), embed(*plain_, mixed)));
  EXPECT_EQ(cache_->stats().hits, 3U);
  EXPECT_TRUE(equal(embed(*model_, mixed), embed(*plain_, mixed)));
  EXPECT_EQ(cache_->stats().hits, 10U);
}

TEST_F(CachedModel, WhatWasAskedOtherwiseIsAnotherRow) {
  const std::vector<std::string> text{"a text"};
  static_cast<void>(embed(*model_, text));
  EmbedOptions narrow, f32, cut, tokens, small;
  narrow.dim = 16;
  f32.compute = "f32";
  cut.truncate = Truncate::start;
  tokens.outputs = Outputs::tokens;
  small.dtype = DType::bf16;
  for (const EmbedOptions& options : {narrow, cut, tokens}) {
    EXPECT_TRUE(equal(embed(*model_, text, options), embed(*plain_, text, options)));
  }
  EXPECT_TRUE(equal(embed(*model_, text, {}, Role::query), embed(*plain_, text, {}, Role::query)));
  EXPECT_EQ(cache_->stats().hits, 0U);
  EXPECT_TRUE(equal(embed(*model_, text, small), embed(*plain_, text, small)));  // the type of the output is made after
  EXPECT_EQ(cache_->stats().hits, 1U);
  EXPECT_TRUE(equal(embed(*model_, text, f32), embed(*plain_, text, f32)));
}

TEST_F(CachedModel, ATextThatFailsIsNotKept) {
  std::string long_text;
  for (int i = 0; i < 100; ++i) long_text += "word ";
  const std::vector<std::string> texts{"good", long_text};
  EmbedOptions options;
  options.on_error = OnError::skip;
  for (int round = 0; round < 2; ++round) {
    const Embedding got = embed(*model_, texts, options);
    EXPECT_TRUE(equal(got, embed(*plain_, texts, options)));
    EXPECT_TRUE(got.reports[1].error);
  }
  EXPECT_EQ(cache_->stats().rows, 1U);
  EXPECT_EQ(cache_->stats().hits, 1U);
}

TEST_F(CachedModel, FastModelsAndNoCacheStayAsTheyAre) {
  EXPECT_EQ(cached(plain_, nullptr), plain_);
  EXPECT_NE(model_, plain_);
  EXPECT_EQ(model_->ability<TokenEmbedder>(), plain_->ability<TokenEmbedder>());
  EXPECT_EQ(model_->ability<PairScorer>(), nullptr);
}

}  // namespace
}  // namespace isogloss
