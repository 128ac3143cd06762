// SPDX-License-Identifier: Apache-2.0
// What the headers promise to several threads at once, for the thread sanitizer to watch.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/parallel.hpp"
#include "core/test_support.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/family.hpp"

namespace isogloss {
namespace {

constexpr int kSearchers = 4;

std::string page(int number) {
  const char* const subjects[] = {"refund", "harbour", "violin", "engine", "kettle"};
  return std::string("page about the ") + subjects[number % 5] + " with number " + std::to_string(number) +
         " and a few words that many pages share";
}

class Pages final : public Dataset {
 public:
  const std::vector<std::string>& column_names() const override { return columns_; }
  std::size_t blocks() const override { return 1; }
  std::string description() const override { return "pages of a test"; }
  Status read_block(std::size_t, const RecordSink& sink, Context&) const override {
    for (int i = 0; i < 60; ++i) {
      const std::string id = std::to_string(i), text = page(i);
      Record record;
      record.id = id;
      record.text = text;
      IG_TRY(sink(record));
    }
    return {};
  }

 private:
  std::vector<std::string> columns_;
};

TEST(Threads, NestedLoopsOfSeveralCallersShareOnePool) {
  ThreadPool pool(4);
  std::atomic<int> visits = 0;
  std::vector<std::jthread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      Context context;
      context.pool = &pool;
      for (int round = 0; round < 20; ++round) {
        parallel_for(context, 16, 1, [&](std::size_t, std::size_t) {
          parallel_for(context, 16, 2, [&](std::size_t begin, std::size_t end) { visits += static_cast<int>(end - begin); });
        });
      }
    });
  }
  callers.clear();
  EXPECT_EQ(visits, 3 * 20 * 16 * 16);
}

// Searches of one object, filtered and not, while another object of the same collection adds, replaces and removes.
TEST(Threads, SearchesGoOnWhileAnotherObjectWrites) {
  TemporaryFolder folder;
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  CollectionOptions options;
  options.model = "fit:lsa,dim=4";
  const auto writer = Collection::open(folder.path() / "c", OpenMode::write, options, context);
  ASSERT_TRUE(writer.has_value()) << writer.error().message;
  const auto add = [&](int number) {
    Context mine;
    const Status added = (*writer)->add("p" + std::to_string(number % 80) + ".txt", page(number), {{"year", std::int64_t{number}}}, mine);
    EXPECT_TRUE(added) << (added ? "" : added.error().message);
  };
  for (int i = 0; i < 60; ++i) add(i);
  ASSERT_TRUE((*writer)->reindex("", context) && (*writer)->flush(context));
  const auto reader = Collection::open(folder.path() / "c", OpenMode::read, {}, context);
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::vector<std::jthread> searchers;
  for (int k = 0; k < kSearchers; ++k) {
    searchers.emplace_back([&, k] {
      while (!stop) {
        Context mine;
        SearchOptions search;
        search.n = 3;
        if (k % 2 == 0) search.where = "year >= 20";
        const auto found = (*reader)->search("harbour number", search, mine);
        ASSERT_TRUE(found.has_value()) << found.error().message;
        EXPECT_EQ(found->hits.size(), 3U);
        ++answered;
      }
    });
  }
  for (int i = 60; i < 160; ++i) {
    add(i);
    const std::vector<std::string> gone{"p" + std::to_string((i + 40) % 80) + ".txt"};
    EXPECT_TRUE(i % 10 != 0 || (*writer)->remove(gone, context));
  }
  while (answered < 40) std::this_thread::yield();
  stop = true;
  searchers.clear();
  EXPECT_TRUE((*writer)->flush(context));
  const auto findings = (*reader)->store().check(context);
  ASSERT_TRUE(findings.has_value());
  for (const CheckFinding& finding : *findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

// Several threads put and remove through one store while others search it.
TEST(Threads, WritersShareTransactionsWhileOthersSearch) {
  constexpr int kWriters = 6, kEach = 10;
  TemporaryFolder folder;
  Context context;
  const auto store = open_store(folder.path() / "s", OpenMode::write, {}, context);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  LexicalOptions lexical;
  lexical.analyse = [](std::string_view, TermCounts& out) { out = {{{"word", 1}}, 1}; };
  (*store)->use_lexical(lexical);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> searchers, writers;
  for (int k = 0; k < 2; ++k) {
    searchers.emplace_back([&] {
      while (!stop) {
        Context mine;
        StoreQuery query;
        query.mode = SearchMode::lexical;
        query.terms = {{"word", 1.0F}};
        query.filter = "n >= 5";
        EXPECT_TRUE((*store)->search(query, mine).has_value());
      }
    });
  }
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i) {
        Context mine;
        DocumentPut put;
        put.state.name = std::to_string(w) + "-" + std::to_string(i);
        put.document.text = "word";
        put.document.meta = {{"n", std::int64_t{i}}};
        put.chunks.emplace_back().at = {0, 4};
        lexical.analyse("word", put.terms.emplace_back());
        EXPECT_TRUE((*store)->put({&put, 1}, mine));
        const std::vector<std::string> gone{put.state.name};
        EXPECT_TRUE(i % 2 == 0 || (*store)->remove(gone, mine));
      }
    });
  }
  writers.clear();
  stop = true;
  searchers.clear();
  EXPECT_EQ((*store)->chunk_count().value(), std::size_t{kWriters * kEach / 2});
  const auto findings = (*store)->check(context);
  ASSERT_TRUE(findings.has_value());
  for (const CheckFinding& finding : *findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

TEST(Threads, OneModelEmbedsForManyWithTheSameBits) {
  ThreadPool pool(3);
  Context context;
  context.pool = &pool;
  const auto model = train("lsa", Pages(), {}, context);
  ASSERT_TRUE(model.has_value()) << model.error().message;
  std::vector<std::string> texts;
  for (int i = 0; i < 30; ++i) texts.push_back(page(i));
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text, Role::document));
  const Embedder* embedder = (*model)->ability<Embedder>();
  ASSERT_NE(embedder, nullptr);
  const auto bits = [&]() -> std::vector<float> {
    Context mine;
    mine.pool = &pool;
    const auto embedding = embedder->embed(inputs, {}, mine);
    EXPECT_TRUE(embedding.has_value());
    std::vector<float> out;
    for (std::size_t i = 0; embedding && i < embedding->dense.rows(); ++i) {
      const auto row = embedding->dense.row_f32(i);
      out.insert(out.end(), row.begin(), row.end());
    }
    return out;
  };
  const std::vector<float> wanted = bits();
  EXPECT_FALSE(wanted.empty());
  std::vector<std::jthread> callers;
  for (int k = 0; k < kSearchers; ++k) {
    callers.emplace_back([&] {
      for (int round = 0; round < 5; ++round) EXPECT_EQ(bits(), wanted);
    });
  }
}

}  // namespace
}  // namespace isogloss
