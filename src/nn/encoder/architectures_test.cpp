// SPDX-License-Identifier: Apache-2.0
// Checkpoints of every architecture are in model/transformer's tests; here is what a config.json may not say.
#include "nn/encoder/architectures/architectures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss::nn {
namespace {

using testing::HasSubstr;

// `members` replace those of a small config: the last one of a name counts.
Result<Architecture> architecture(const std::string& members) {
  const std::string text =
      R"({"vocab_size":9,"hidden_size":8,"num_hidden_layers":2,"num_attention_heads":2,"intermediate_size":12,)" +
      members + "}";
  return architecture_of(Json::parse(text, "t").value(), "config.json");
}

std::string error_of(const std::string& members) {
  const auto read = architecture(members);
  return read ? "no error" : read.error().message;
}

// Two heads of four, one key head; 10 positions, of which RoBERTa's first two are never used.
TEST(Architectures, ReadASmallConfigByHand) {
  const auto llama = architecture(R"("model_type":"llama","num_key_value_heads":1,"max_position_embeddings":10)");
  ASSERT_TRUE(llama) << llama.error().message;
  EXPECT_EQ(llama->config.head_dim, 4U);
  EXPECT_EQ(llama->config.kv_heads, 1U);
  EXPECT_EQ(llama->config.max_tokens, 10U);
  EXPECT_TRUE(llama->config.causal);
  const auto roberta = architecture(R"("model_type":"roberta","max_position_embeddings":10,"pad_token_id":1)");
  ASSERT_TRUE(roberta) << roberta.error().message;
  EXPECT_EQ(roberta->config.position_offset, 2U);
  EXPECT_EQ(roberta->config.max_tokens, 8U);
}

TEST(Architectures, HaveNoMorePositionsThanTablesAreMadeFor) {
  EXPECT_EQ(architecture(R"("model_type":"llama","max_position_embeddings":10485760)")->config.max_tokens, 131072U);
}

TEST(Architectures, RefuseNumbersThatNothingCanBeComputedFrom) {
  EXPECT_THAT(error_of(R"("model_type":"modernbert","max_position_embeddings":0)"),
              HasSubstr("config.json: the positions allow no token"));
  EXPECT_THAT(error_of(R"("model_type":"bert","max_position_embeddings":1e300)"), HasSubstr("a whole number from 0"));
  EXPECT_THAT(error_of(R"("model_type":"nomic_bert","rotary_emb_fraction":-1e300)"), HasSubstr("a share of a head"));
  EXPECT_THAT(error_of(R"("model_type":"gemma3_text","query_pre_attn_scalar":0)"),
              HasSubstr("scale of attention scores"));
  EXPECT_THAT(error_of(R"("model_type":"llama","rope_theta":-1)"), HasSubstr("rotary positions"));
  EXPECT_THAT(error_of(R"("model_type":"llama","rms_norm_eps":-1)"), HasSubstr("variances"));
  EXPECT_THAT(error_of(R"("model_type":"mpnet","max_position_embeddings":9,"relative_attention_num_buckets":1)"),
              HasSubstr("1 buckets"));
  EXPECT_THAT(error_of(R"("model_type":"mpnet","max_position_embeddings":9,"relative_attention_num_buckets":4096)"),
              HasSubstr("4096 buckets"));
  EXPECT_THAT(error_of(R"("model_type":"mamba")"), HasSubstr("'mamba'; the architectures known here are bert"));
}

}  // namespace
}  // namespace isogloss::nn
