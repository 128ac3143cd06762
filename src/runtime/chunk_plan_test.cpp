// SPDX-License-Identifier: Apache-2.0
// Chunks in a model's own tokens: tests/golden/transformers/bert reads 48 tokens, two of them special.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "isogloss/documents.hpp"
#include "isogloss/model.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace {

ModelPtr tiny_model() {
  Context context;
  const auto folder = std::filesystem::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/transformers/bert";
  return load(folder.string(), {}, context).value();
}

TEST(ChunkPlan, WordsWithoutAModel) {
  const ChunkPlan plan = plan_chunks({}, nullptr);
  EXPECT_EQ(plan.units->name(), "words");
  EXPECT_EQ(plan.options.size, 256u);
}

TEST(ChunkPlan, NoChunkExceedsTheWindow) {
  const ModelPtr model = tiny_model();
  const ChunkPlan plan = plan_chunks({}, model);
  EXPECT_EQ(plan.units->name(), "tokens");
  EXPECT_EQ(plan.options.size, 46u);
  std::string text = "# Cats and dogs\n\n";
  for (int i = 0; i < 60; ++i)
    text += "The cat sat on the mat, and a dog barked at the moon " + std::to_string(i) + ". ";
  Context context;
  const Document document = read_document_text("a.md", text, {}, context).value();
  const auto chunks = chunk_document(document, plan, context).value();
  EXPECT_GT(chunks.size(), 20u);
  const auto* reader = model->ability<TokenEmbedder>();
  for (const Chunk& chunk : chunks) {
    Tokens tokens;
    ASSERT_TRUE(reader->tokenizer().encode(chunk_text(document, chunk), {}, tokens));
    EXPECT_LE(tokens.size(), 48u) << chunk_text(document, chunk);
  }
}

}  // namespace
}  // namespace isogloss
