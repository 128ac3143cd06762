// SPDX-License-Identifier: Apache-2.0
// What every Embedder promises: a row's bits depend on its input alone, and the card tells the truth.
#include <algorithm>
#include <cmath>
#include <random>
#include <thread>

#include "support.hpp"

namespace isogloss::conformance {
namespace {

class EmbedderConformance : public testing::TestWithParam<FamilyCase> {
 protected:
  void SetUp() override {
    model_ = model_of(GetParam());
    ASSERT_NE(model_, nullptr);
    embedder_ = model_->ability<Embedder>();
    if (embedder_ == nullptr) GTEST_SKIP() << "does not embed";
  }
  Embedding embed(const std::vector<std::string>& texts, Context& context) const {
    auto embedding = embedder_->embed(inputs_of(texts), skipping(), context);
    EXPECT_TRUE(embedding) << (embedding ? "" : embedding.error().message);
    return embedding ? *std::move(embedding) : Embedding{};
  }
  ModelPtr model_;
  const Embedder* embedder_ = nullptr;
};

// Texts of the sample data, some of them several times, and the odd ones.
std::vector<std::string> many_texts() {
  std::vector<std::string> texts(probe_texts().begin(), probe_texts().end() - 2);
  Context context;
  (void)sample_data()->for_each(
      [&](const Record& record) -> Status {
        texts.emplace_back(record.text);
        texts.push_back(std::string(record.columns[0]) + "," + std::string(record.columns[1]));
        return {};
      },
      context);
  const std::size_t once = texts.size();
  for (std::size_t i = 0; i < 500; ++i) texts.push_back(texts[i * 31 % once]);
  return texts;
}

TEST_P(EmbedderConformance, BatchEqualsOneByOne) {
  Context context;
  const std::vector<std::string> texts = many_texts();
  const std::vector<std::string> together = all_bits(embed(texts, context));
  ASSERT_EQ(together.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(row_bits(embed({texts[i]}, context), 0), together[i]) << i;
}

TEST_P(EmbedderConformance, OrderDoesNotMatter) {
  Context context;
  const std::vector<std::string> texts = many_texts();
  const std::vector<std::string> expected = all_bits(embed(texts, context));
  std::vector<std::size_t> order(texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::shuffle(order, std::mt19937(3));
  std::vector<std::string> shuffled;
  for (const std::size_t i : order) shuffled.push_back(texts[i]);
  const std::vector<std::string> bits = all_bits(embed(shuffled, context));
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(bits[i], expected[order[i]]) << i;
}

TEST_P(EmbedderConformance, ThreadsDoNotMatter) {
  Context alone;
  const std::vector<std::string> texts = many_texts();
  const std::vector<std::string> expected = all_bits(embed(texts, alone));
  ThreadPool pool(4);
  for (const std::size_t threads : {1, 2, 4}) {
    Context context;
    context.pool = &pool;
    context.threads = threads;
    EXPECT_EQ(all_bits(embed(texts, context)), expected) << threads;
  }
}

// One pass over slices of several Prepared, of any size, gives the rows of embed().
TEST_P(EmbedderConformance, SlicesOfSeveralRequestsGiveTheSameRows) {
  Context context;
  const std::vector<std::string> texts = many_texts();
  const Embedding expected = embed(texts, context);
  const std::vector<Input> inputs = inputs_of(texts);
  const Card& card = model_->card();
  for (const std::size_t batch : {1, 7, 256}) {
    std::vector<Prepared> prepared;
    for (std::size_t begin = 0; begin < inputs.size(); begin += batch) {
      const std::size_t size = std::min(batch, inputs.size() - begin);
      auto made = embedder_->prepare(std::span(inputs).subspan(begin, size), skipping(), context);
      ASSERT_TRUE(made) << made.error().message;
      EXPECT_EQ(made->rows(), size);
      prepared.push_back(*std::move(made));
    }
    std::vector<Slice> slices;
    for (const Prepared& p : prepared) {
      slices.push_back({&p, 0, p.rows() / 2});
      slices.push_back({&p, p.rows() / 2, p.rows()});
    }
    Embedding got;
    got.reports = expected.reports;
    EmbeddingOut out;
    if (card.sparse) got.sparse = Vectors::sparse(card.dimension);
    if (!card.sparse) got.dense = Vectors::dense(inputs.size(), card.dimension);
    (card.sparse ? out.sparse : out.dense) = card.sparse ? &got.sparse : &got.dense;
    ASSERT_TRUE(embedder_->run(slices, out, context));
    EXPECT_EQ(all_bits(got), all_bits(expected)) << batch;
  }
}

TEST_P(EmbedderConformance, OddTextsGiveARowOrAReport) {
  Context context;
  const Embedding embedding = embed(probe_texts(), context);
  ASSERT_EQ(embedding.reports.size(), probe_texts().size());
  for (std::size_t i = 0; i < embedding.reports.size(); ++i) {
    EXPECT_TRUE(std::isfinite(row_norm(embedding, i))) << i;
    if (!embedding.reports[i].error) continue;
    EXPECT_EQ(row_norm(embedding, i), 0.0) << i;
    EXPECT_NE(embedding.reports[i].error->code, Code::internal) << embedding.reports[i].error->message;
    EXPECT_LT(embedding.reports[i].error->message.size(), 1000u) << "an error does not repeat a huge text";
  }
}

TEST_P(EmbedderConformance, NoInputGivesNoRow) {
  Context context;
  const Embedding embedding = embed({}, context);
  EXPECT_EQ(embedding.reports.size(), 0u);
  EXPECT_EQ(embedding.dense.rows() + embedding.sparse.rows(), 0u);
}

TEST_P(EmbedderConformance, CardIsTrue) {
  Context context;
  const Card& card = model_->card();
  EXPECT_EQ(card.family, GetParam().family->name);
  EXPECT_EQ(card.modalities, GetParam().family->modalities);
  ASSERT_GT(card.dimension, 0u);
  const std::vector<std::string> texts = many_texts();
  const Embedding embedding = embed(texts, context);
  EXPECT_EQ(embedding.sparse.is_sparse(), card.sparse);
  const Vectors& rows = card.sparse ? embedding.sparse : embedding.dense;
  EXPECT_EQ(rows.rows(), texts.size());
  EXPECT_EQ(rows.dim(), card.dimension);
  EXPECT_EQ(rows.space_id, card.space_id);
  std::size_t filled = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const double norm = row_norm(embedding, i);
    filled += norm > 0 ? 1 : 0;
    if (card.normalized && norm != 0.0) {
      EXPECT_NEAR(norm, 1.0, 1e-5) << i;
    }
    if (!card.sparse) continue;
    const SparseRow row = rows.row_sparse(i);
    EXPECT_TRUE(std::ranges::is_sorted(row.columns));
    EXPECT_EQ(std::ranges::adjacent_find(row.columns), row.columns.end());
    EXPECT_TRUE(row.columns.empty() || row.columns.back() < card.dimension);
  }
  EXPECT_GT(filled, texts.size() / 4) << "hardly any text of the training data has a row";
}

TEST_P(EmbedderConformance, CancelledCallsReturn) {
  CancelToken cancel;
  cancel.cancel();
  Context context;
  context.cancel = &cancel;
  EXPECT_EQ(embedder_->embed(inputs_of(many_texts()), skipping(), context).error().code, Code::cancelled);
  Context late;
  late.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_EQ(embedder_->embed(inputs_of(many_texts()), skipping(), late).error().code, Code::cancelled);
}

TEST_P(EmbedderConformance, FailedRowsStayAlignedOrFailTheCall) {
  Context context;
  const std::vector<std::string> texts = many_texts();
  const std::vector<std::string> expected = all_bits(embed(texts, context));
  std::vector<Input> inputs = inputs_of(texts);
  Input sound;
  sound.part.modality = Modality::audio;
  const std::size_t at = texts.size() / 2;
  inputs.insert(inputs.begin() + static_cast<std::ptrdiff_t>(at), sound);
  const auto skipped = embedder_->embed(inputs, skipping(), context);
  ASSERT_TRUE(skipped) << skipped.error().message;
  ASSERT_EQ(skipped->reports.size(), texts.size() + 1);
  EXPECT_TRUE(skipped->reports[at].error);
  EXPECT_EQ(row_norm(*skipped, at), 0.0);
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(row_bits(*skipped, i < at ? i : i + 1), expected[i]) << i;
  const std::vector<Input> only{sound};
  const auto failed = embedder_->embed(only, {}, context);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().item, 0);
}

TEST_P(EmbedderConformance, UnknownPromptsAreRefused) {
  Context context;
  Input input = Input::text("red,cat");
  input.prompt = "no such prompt";
  const auto embedding = embedder_->embed({&input, 1}, {}, context);
  ASSERT_FALSE(embedding);
  EXPECT_EQ(embedding.error().code, Code::invalid_argument);
}

TEST_P(EmbedderConformance, DimensionBeyondTheModelIsRefused) {
  Context context;
  const Input input = Input::text("red,cat");
  EmbedOptions options = skipping();
  options.dim = model_->card().dimension + 1;
  EXPECT_EQ(embedder_->embed({&input, 1}, options, context).error().code, Code::invalid_argument);
}

TEST_P(EmbedderConformance, TwoThreadsAtOnceGiveTheSameRows) {
  Context context;
  const std::vector<std::string> texts = many_texts();
  const std::vector<std::string> expected = all_bits(embed(texts, context));
  std::vector<std::vector<std::string>> got(2);
  {
    std::vector<std::jthread> threads;
    for (std::vector<std::string>& mine : got) {
      threads.emplace_back([&] {
        Context own;
        mine = all_bits(embed(texts, own));
      });
    }
  }
  EXPECT_EQ(got[0], expected);
  EXPECT_EQ(got[1], expected);
}

INSTANTIATE_TEST_SUITE_P(Families, EmbedderConformance, testing::ValuesIn(model_cases()), case_name);

}  // namespace
}  // namespace isogloss::conformance
