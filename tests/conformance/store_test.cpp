// SPDX-License-Identifier: Apache-2.0
// What every Store promises: what was put is found, what was removed is not, and the derived files may vanish.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <limits>
#include <map>
#include <thread>

#include "core/file.hpp"
#include "isogloss/index.hpp"
#include "store_support.hpp"

namespace isogloss::conformance {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

std::vector<DocumentPut> small_set() {
  return {make_document("a.txt", {"red apple", "green apple pie"}), make_document("b.txt", {"red wine"}),
          make_document("c.txt", {})};
}

TEST_P(StoreConformance, WhatWasPutIsFoundAndReadBack) {
  const auto store = open();
  Metadata row{{"n", std::int64_t{7}}, {"x", 2.5}, {"t", std::string("it's")}, {"b", true}};
  put(*store,
      {make_document("it's \"a\".txt", {"red apple", "green apple pie"}, {row}, {{"lang", std::string("en")}})});
  EXPECT_EQ(find(*store, "pie"), Names{"it's \"a\".txt#1"});
  EXPECT_EQ(store->chunk_count().value(), 2u);
  const std::int64_t number = store->chunk_number("it's \"a\".txt#0").value();
  const StoredChunk chunk = store->chunks({{number}}).value()[0];
  EXPECT_EQ(chunk.text, "red apple");
  row["lang"] = std::string("en");
  EXPECT_EQ(chunk.meta, row);
  EXPECT_EQ(store->document_text("it's \"a\".txt", kWholeText).value(), "red apple\ngreen apple pie\n");
  EXPECT_EQ(store->document_frequencies(Names{"apple", "pie", "none"}, context_).value(),
            (std::vector<std::size_t>{2, 1, 0}));
  EXPECT_EQ(store->chunk_number("it's#0").error().code, Code::not_found);
  EXPECT_EQ(store->chunks({{number + 100, number}}).value().size(), 1U);
  EXPECT_EQ(store->document_text("none", kWholeText).error().code, Code::not_found);
}

TEST_P(StoreConformance, PlacesOfASpanAreReadBack) {
  const auto store = open();
  DocumentPut document = make_document("book.pdf", {"red apple", "green apple pie", "the end"});
  // A box a word: "red" 0-3, "apple" 4-9, "green" 10-15 and so on; a moment a text.
  for (std::size_t at = 0; const char* word : {"red", "apple", "green", "apple", "pie", "the", "end"}) {
    const std::size_t size = std::string(word).size();
    document.document.boxes.push_back(
        {{at, at + size}, 3, static_cast<float>(at), 1.5F, static_cast<float>(at + size), 9.25F});
    at += size + 1;
  }
  for (const Chunk& chunk : document.chunks) {
    document.document.moments.push_back(
        {chunk.at, static_cast<double>(chunk.at.begin), static_cast<double>(chunk.at.end)});
  }
  document.chunks[1].line = 2;
  document.chunks[1].wider = {0, 25};
  put(*store, {document, make_document("plain.txt", {"blue"})});
  const std::int64_t number = store->chunk_number("book.pdf#1").value();
  const StoredChunk chunk = store->chunks({{number}}).value()[0];
  EXPECT_EQ(chunk.line, 2u);
  EXPECT_EQ(chunk.wider, (Span{0, 25}));
  ASSERT_EQ(chunk.boxes.size(), 3u);
  EXPECT_EQ(chunk.boxes[0].at, (Span{10, 15}));
  EXPECT_EQ(chunk.boxes[2].at, (Span{22, 25}));
  EXPECT_EQ(chunk.boxes[0].page, 3u);
  EXPECT_EQ(chunk.boxes[0].left, 10);
  EXPECT_EQ(chunk.boxes[0].bottom, 9.25F);
  ASSERT_EQ(chunk.moments.size(), 1u);
  EXPECT_EQ(chunk.moments[0].begin, 10);
  EXPECT_TRUE(store->chunks({{number}}, ChunkParts::names).value()[0].boxes.empty());
  EXPECT_EQ(store->document_text("book.pdf", {4, 15}).value(), "apple\ngreen");
  EXPECT_EQ(store->document_text("book.pdf", {26, 1000}).value(), "the end\n");
  const std::int64_t plain = store->chunk_number("plain.txt#0").value();
  EXPECT_TRUE(store->chunks({{plain}}).value()[0].boxes.empty());
}

TEST_P(StoreConformance, PlacesAreFoundAmongManyThousands) {
  const auto store = open();
  DocumentPut document = make_document("long.pdf", {std::string(40'000, 'x')});
  for (std::size_t at = 0; at < 40'000; at += 2) document.document.boxes.push_back({{at, at + 1}, 1, 0, 0, 1, 1});
  document.chunks[0].at = {30'001, 30'301};  // between two boxes: 150 boxes from 30'002 on
  put(*store, {document});
  const std::int64_t number = store->chunk_number("long.pdf#0").value();
  const StoredChunk chunk = store->chunks({{number}}).value()[0];
  ASSERT_EQ(chunk.boxes.size(), 150u);
  EXPECT_EQ(chunk.boxes.front().at.begin, 30'002u);
  EXPECT_EQ(chunk.boxes.back().at.begin, 30'300u);
}

TEST_P(StoreConformance, EqualTextsLendTheirVectors) {
  const auto store = open();
  SpaceInfo info;
  info.space_id = "s";
  info.dimension = 4;
  const std::int64_t space = store->add_space(info, "", context_).value();
  ASSERT_TRUE(store->publish_space(space, Publish::as_it_is, context_).value());
  DocumentPut document = make_document("a.txt", {"red apple", "green pie"});
  document.chunks[1].heading = "Food";
  add_vectors(document, "s", 4, 7);
  put(*store, {document});
  const std::vector<std::string> texts{"green pie", indexed_text("Food", "green pie"), "red apple", ""};
  const auto found = store->vectors_of_texts(space, texts).value();
  EXPECT_TRUE(found[0].empty());  // it stands under a heading
  EXPECT_EQ(found[1], std::vector<float>(document.vectors.row_f32(1).begin(), document.vectors.row_f32(1).end()));
  EXPECT_EQ(found[2], std::vector<float>(document.vectors.row_f32(0).begin(), document.vectors.row_f32(0).end()));
  EXPECT_TRUE(found[3].empty());
  EXPECT_TRUE(store->vectors_of_texts(space + 1, texts).value()[1].empty());
  ASSERT_TRUE(store->remove(Names{"a.txt"}, context_));
  EXPECT_TRUE(store->vectors_of_texts(space, texts).value()[1].empty());
}

TEST_P(StoreConformance, ReplacingAndRemovingLeaveNothingBehind) {
  const auto store = open();
  put(*store, small_set());
  EXPECT_EQ(find(*store, "red").size(), 2u);
  put(*store, {make_document("a.txt", {"blue apple"})});
  EXPECT_EQ(find(*store, "red"), Names{"b.txt#0"});
  EXPECT_EQ(find(*store, "green"), Names{});
  EXPECT_EQ(find(*store, "apple"), Names{"a.txt#0"});
  ASSERT_TRUE(store->remove(Names{"a.txt", "c.txt", "never there"}, context_));
  EXPECT_EQ(find(*store, "apple"), Names{});
  EXPECT_EQ(store->documents().value().size(), 1u);
  EXPECT_FALSE(store->document("a.txt").value().has_value());
  EXPECT_EQ(store->chunk_count().value(), 1u);
}

TEST_P(StoreConformance, ABatchIsStoredCompletelyOrNotAtAll) {
  const auto store = open();
  std::vector<DocumentPut> batch = small_set();
  batch[1] = make_document("twice.txt", {"one", "two"});
  batch[1].chunks[1].key = batch[1].chunks[0].key;
  EXPECT_FALSE(store->put(batch, context_));
  EXPECT_EQ(store->chunk_count().value(), 0u);
  EXPECT_EQ(find(*store, "apple"), Names{});
  put(*store, small_set());
  EXPECT_EQ(find(*store, "apple").size(), 2u);
  CancelToken cancel;
  cancel.cancel();
  Context cancelled;
  cancelled.cancel = &cancel;
  EXPECT_EQ(store->put(small_set(), cancelled).error().code, Code::cancelled);
  EXPECT_EQ(store->chunk_count().value(), 3u);
}

// Documents above 10,000 chunks are written in groups before their batch appears.
TEST_P(StoreConformance, ABatchWithLargeDocumentsIsStoredCompletelyOrNotAtAll) {
  const auto store = open();
  put(*store, {make_document("large.txt", {"old words"})});
  std::vector<DocumentPut> batch = small_set();
  batch.push_back(make_document("large.txt", std::vector<std::string>(10'001, "many words")));
  batch.push_back(make_document("larger.txt", std::vector<std::string>(10'002, "more words")));
  batch.push_back(make_document("twice.txt", {"one", "two"}));
  batch.back().chunks[1].key = batch.back().chunks[0].key;
  const auto expect_old = [&](Store& seen) {
    EXPECT_EQ(seen.documents().value().size(), 1U);
    EXPECT_EQ(seen.chunk_count().value(), 1U);
    EXPECT_EQ(find(seen, "words"), Names{"large.txt#0"});
  };
  EXPECT_FALSE(store->put(batch, context_));
  expect_old(*store);
  batch.pop_back();
  batch[4].chunks[10'001].key = "0";  // in the second group of the second large one
  EXPECT_FALSE(store->put(batch, context_));
  expect_old(*store);
  expect_old(*open(OpenMode::read));
  batch[4].chunks[10'001].key = "10001";
  put(*store, batch);
  EXPECT_EQ(store->chunk_count().value(), 20'006U);
  EXPECT_EQ(find(*store, "old"), Names{});
  EXPECT_EQ(find(*store, "apple").size(), 2U);
  const std::vector<CheckFinding> findings = open(OpenMode::read)->check(context_).value();
  for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

TEST_P(StoreConformance, OddContentIsKeptAsItIs) {
  const auto store = open();
  const Names texts{std::string("nul\0nul word", 12), "\xFF\xC3 word", "", std::string(1 << 20, 'x') + " word"};
  put(*store, {make_document("odd \xC3\xA9 #1.txt", texts), make_document("", {"word"})});
  EXPECT_EQ(find(*store, "word").size(), 4u);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto number = store->chunk_number("odd \xC3\xA9 #1.txt#" + std::to_string(i));
    ASSERT_TRUE(number) << number.error().message;
    EXPECT_EQ(store->chunks({{*number}}).value()[0].text, texts[i]) << i;
  }
}

TEST_P(StoreConformance, OwnWritesAreSeenAtOnce) {
  const auto store = open();
  for (int i = 0; i < 40; ++i) {
    put(*store, {make_document("d" + std::to_string(i), {"word w" + std::to_string(i)})});
    EXPECT_EQ(find(*store, "word").size(), static_cast<std::size_t>(i + 1));
    EXPECT_EQ(find(*store, "w" + std::to_string(i)).size(), 1u);
    const bool flushed = i % 7 != 3 || store->flush(context_).has_value();
    EXPECT_TRUE(flushed);
  }
}

TEST_P(StoreConformance, ASecondStoreSeesTheWritesOfTheFirst) {
  const auto first = open();
  put(*first, small_set());
  const auto second = open(OpenMode::read);
  EXPECT_EQ(find(*second, "red").size(), 2u);
  put(*first, {make_document("d.txt", {"red sky"})});
  EXPECT_EQ(find(*second, "red").size(), 3u);
  ASSERT_TRUE(first->remove(Names{"a.txt"}, context_));
  EXPECT_EQ(find(*second, "red").size(), 2u);
  EXPECT_FALSE(second->put(small_set(), context_)) << "opened for reading";
  first->release_writer();
  const auto third = open();
  put(*third, {make_document("e.txt", {"red brick"})});
  EXPECT_EQ(find(*first, "red").size(), 3u);
  EXPECT_EQ(find(*second, "brick"), Names{"e.txt#0"});
}

TEST_P(StoreConformance, MetadataOfTheDocumentIsTold) {
  const auto store = open();
  put(*store, {make_document("a.txt", {"red"}, {{{"price", std::int64_t{3}}}}, {{"lang", "en"}})});
  EXPECT_EQ(store->document_metadata("a.txt").value(), (Metadata{{"lang", "en"}}));
  EXPECT_EQ(store->document_metadata("b.txt").error().code, Code::not_found);
}

TEST_P(StoreConformance, SettingsAreKept) {
  {
    const auto store = open();
    ASSERT_TRUE(store->set_settings({{"model", "fit:lsa"}, {"analyzer", "x"}}, context_));
    ASSERT_TRUE(store->set_settings({{"analyzer", "\xC3\xA9'\"\n"}}, context_));
  }
  const auto settings = open(OpenMode::read)->settings().value();
  EXPECT_EQ(settings.at("model"), "fit:lsa");
  EXPECT_EQ(settings.at("analyzer"), "\xC3\xA9'\"\n");
}

TEST_P(StoreConformance, APublishedSpaceReplacesTheOldOne) {
  const auto store = open();
  put(*store, small_set());
  StoreQuery query;
  query.mode = SearchMode::dense;
  const std::vector<float> four{1, 0, 0, 0}, two{1, 0};
  query.vector = four;
  EXPECT_EQ(store->search(query, context_).error().code, Code::unsupported);
  const std::int64_t old = serve_space(*store, "old", 4);
  EXPECT_EQ(store->search(query, context_).value().hits.size(), 3u);
  EXPECT_EQ(store->fitted_files(old).value(), "fitted old");
  const std::int64_t fresh = serve_space(*store, "new", 2);
  EXPECT_EQ(store->search(query, context_).error().code, Code::mismatch);
  query.vector = two;
  EXPECT_EQ(store->search(query, context_).value().hits.size(), 3u);
  const auto spaces = store->spaces().value();
  ASSERT_EQ(spaces.size(), 1u);
  EXPECT_EQ(spaces[0].number, fresh);
  EXPECT_EQ(spaces[0].role, SpaceRole::search);
  EXPECT_EQ(store->fitted_files(old).value(), "");
  EXPECT_TRUE(store->missing_vectors(fresh).value().empty());

  DocumentPut late = make_document("late.txt", {"late"});
  add_vectors(late, "old", 4, 1);  // made for a space that is gone
  EXPECT_EQ(store->put({&late, 1}, context_).error().code, Code::mismatch);
  EXPECT_TRUE(store->missing_vectors(fresh).value().empty());
  EXPECT_EQ(store->search(query, context_).value().hits.size(), 3u);
}

TEST_P(StoreConformance, OneBuildsASpaceAtATime) {
  const auto first = open(), second = open();
  auto turn = first->begin_build({}, context_);
  ASSERT_TRUE(turn) << turn.error().message;
  const auto refused = second->begin_build({}, context_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, testing::HasSubstr(std::to_string(::getpid())));
  put(*second, small_set());  // writing goes on meanwhile
  turn->reset();
  EXPECT_TRUE(second->begin_build({}, context_));
}

TEST_P(StoreConformance, ASpaceThatLacksVectorsDoesNotServeYet) {
  const auto store = open();
  put(*store, small_set());
  SpaceInfo info;
  info.space_id = "s";
  info.dimension = 2;
  info.role = SpaceRole::building;
  const auto turn = store->begin_build({}, context_);
  const std::int64_t number = store->add_space(info, "", context_).value();
  EXPECT_FALSE(store->publish_space(number, Publish::complete, context_).value());
  EXPECT_EQ(store->spaces().value().at(0).role, SpaceRole::building);
  EXPECT_TRUE(store->publish_space(number, Publish::as_it_is, context_).value());
  EXPECT_EQ(store->spaces().value().at(0).role, SpaceRole::search);
  EXPECT_EQ(store->missing_vectors(number).value().size(), 3U);
}

// Without turns the second would wait for the end of the first one's run.
TEST_P(StoreConformance, WritersTakeTurns) {
  const auto one = open(), other = open();
  std::atomic<bool> wrote = false;
  std::jthread second([&] {
    Context mine;
    const DocumentPut put = make_document("other.txt", {"other"});
    EXPECT_TRUE(other->put({&put, 1}, mine));
    wrote = true;
  });
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int i = 0; !wrote && std::chrono::steady_clock::now() < end; ++i) {
    put(*one, {make_document("one" + std::to_string(i % 10) + ".txt", {"one"})});
  }
  EXPECT_TRUE(wrote);
}

TEST_P(StoreConformance, HybridJoinsBothLists) {
  const auto store = open();
  put(*store, {make_document("seed", {"seed"})});
  serve_space(*store, "s", 4);
  std::vector<DocumentPut> documents;
  for (unsigned d = 0; d < 30; ++d) {
    documents.push_back(make_document("d" + std::to_string(d), {d % 3 == 0   ? "apple apple"
                                                                : d % 3 == 1 ? "apple pie crust"
                                                                             : "pie"}));
    add_vectors(documents.back(), "s", 4, d);
  }
  put(*store, documents);
  const std::vector<float> vector{0.3F, -0.2F, 0.9F, 0.1F};
  const auto search = [&](SearchMode mode) {
    StoreQuery query;
    query.mode = mode;
    query.k = 100;
    query.terms = {{"apple", 1.0F}};
    query.vector = vector;
    return store->search(query, context_).value();
  };
  std::map<std::int64_t, double> expected;
  for (const SearchMode mode : {SearchMode::lexical, SearchMode::dense}) {
    const StoreHits list = search(mode);
    for (std::size_t i = 0; i < list.hits.size(); ++i) {
      expected[list.hits[i].number] += (mode == SearchMode::dense ? 0.5 : 1.0) / (60.0 + static_cast<double>(i + 1));
    }
  }
  const StoreHits joined = search(SearchMode::hybrid);
  EXPECT_EQ(joined.hits.size(), expected.size());
  for (const StoreHit& hit : joined.hits) {
    EXPECT_NEAR(hit.score, expected[hit.number], 1e-12);
    EXPECT_EQ(hit.kind, ScoreKind::rrf);
  }
}

TEST_P(StoreConformance, ManyVectorsAreScannedAndFoundAllWhenAsked) {
  constexpr std::size_t kDocuments = 30, kChunks = 100, kDimension = 24;
  const auto flat = make_flat_index({kDimension, Metric::cosine, DType::f32}).value();
  {
    const auto store = open();
    put(*store, {make_document("seed", {"seed"})});
    serve_space(*store, "s", kDimension);
    std::vector<DocumentPut> documents;
    for (unsigned d = 0; d < kDocuments; ++d) {
      documents.push_back(make_document("d" + std::to_string(d), std::vector<std::string>(kChunks, "word")));
      add_vectors(documents.back(), "s", kDimension, d + 7);
    }
    put(*store, documents);
    ASSERT_TRUE(store->flush(context_));
  }
  const auto store = open();
  Vectors query = Vectors::dense(1, kDimension);
  for (std::size_t d = 0; d < kDimension; ++d) query.row_f32(0)[d] = d % 3 == 0 ? 1.0F : -0.5F;
  StoreQuery ask;
  ask.mode = SearchMode::dense;
  ask.k = kDocuments * kChunks;
  ask.vector = query.row_f32(0);
  std::vector<std::int64_t> ids;
  const StoreHits all = store->search(ask, context_).value();
  for (const StoreHit& hit : all.hits) {
    const std::vector<float> row = store->vector(hit.number).value();
    Vectors one = Vectors::dense(1, kDimension);
    std::ranges::copy(row, one.row_f32(0).begin());
    ids.assign(1, hit.number);
    ASSERT_TRUE(flat->add(ids, one.view(), context_));
  }
  EXPECT_EQ(flat->size(), kDocuments * kChunks);
  const auto truth = flat->search(query.view(), {10}, context_).value()[0];
  ask.k = 10;
  const StoreHits scanned = store->search(ask, context_).value();
  EXPECT_EQ(scanned.plan.plan, "scan");
  EXPECT_GT(scanned.plan.codes, 0U);
  EXPECT_EQ(scanned.hits.size(), 10U);
  ask.exact = true;
  const StoreHits proven = store->search(ask, context_).value();
  EXPECT_EQ(proven.plan.plan, "proven");
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(proven.hits[i].number, truth[i].id);
  const std::vector<CheckFinding> findings = store->check(context_).value();
  for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
  ask.recall = 2;
  ask.exact = false;
  EXPECT_EQ(store->search(ask, context_).error().code, Code::invalid_argument);
}

TEST_P(StoreConformance, SnapshotIsACollectionOfItsOwn) {
  const auto store = open();
  put(*store, small_set());
  const fs::path copy = folder_.path() / "copy";
  ASSERT_TRUE(store->snapshot(copy, context_));
  EXPECT_EQ(store->snapshot(copy, context_).error().code, Code::already_exists);
  put(*store, {make_document("later.txt", {"red later"})});
  const auto opened = open_at(copy, OpenMode::read);
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(find(*opened, "red").size(), 2u);
  EXPECT_EQ(opened->document_text("a.txt", kWholeText).value(), store->document_text("a.txt", kWholeText).value());
}

std::vector<fs::path> derived_files(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string kind = entry.path().extension().string();
    if (kind == ".idx" || kind == ".seg") out.push_back(entry.path());
  }
  return out;
}

TEST_P(StoreConformance, DerivedFilesMayVanishOrBreak) {
  Names before;
  {
    const auto store = open();
    put(*store, small_set());
    serve_space(*store, "s", 4);
    ASSERT_TRUE(store->flush(context_));
    before = find(*store, "apple");
  }
  const std::vector<fs::path> files = derived_files(place());
  EXPECT_GE(files.size(), 2u);
  const auto damages = {+[](const fs::path& file) { fs::remove(file); },
                        +[](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); },
                        +[](const fs::path& file) { fs::resize_file(file, 0); },
                        +[](const fs::path& file) { std::ofstream(file) << "not an index"; }};
  const std::vector<float> vector{1, 0, 0, 0};
  for (const auto damage : damages) {
    for (const fs::path& file : derived_files(place())) damage(file);
    const auto store = open();
    EXPECT_EQ(find(*store, "apple"), before);
    StoreQuery dense;
    dense.mode = SearchMode::dense;
    dense.vector = vector;
    EXPECT_EQ(store->search(dense, context_).value().hits.size(), 3u);
    ASSERT_TRUE(store->flush(context_));
    const std::vector<CheckFinding> findings = store->check(context_).value();
    for (const CheckFinding& finding : findings) {
      EXPECT_EQ(finding.problem, "") << finding.part;
    }
  }
}

TEST_P(StoreConformance, NewerFormatsAndForeignFilesAreRefusedByName) {
  const fs::path copy = folder_.path() / "copy";  // a snapshot has no log beside it
  {
    const auto store = open();
    put(*store, small_set());
    ASSERT_TRUE(store->snapshot(copy, context_));
  }
  const fs::path file = copy / "db.sqlite";
  if (!fs::exists(file)) GTEST_SKIP() << "not a store in a file";
  {
    std::fstream database(file, std::ios::in | std::ios::out | std::ios::binary);
    database.seekp(60);  // user_version, big endian
    database.write("\0\0\3\347", 4);
  }
  for (const OpenMode mode : {OpenMode::read, OpenMode::write}) {
    const auto store = GetParam().open(copy, mode, context_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Code::unsupported);
    EXPECT_NE(store.error().message.find("999"), std::string::npos) << store.error().message;
  }
  std::ofstream(file) << "This is no database, it is a letter to a friend, long enough to be looked at.";
  EXPECT_FALSE(GetParam().open(copy, OpenMode::read, context_));
  EXPECT_FALSE(GetParam().open(copy, OpenMode::write, context_));
  EXPECT_EQ(GetParam().open(folder_.path() / "none", OpenMode::read, context_).error().code, Code::not_found);
}

TEST_P(StoreConformance, ThreadsSearchTogether) {
  const auto store = open();
  put(*store, small_set());
  std::vector<int> wrong(3, 0);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          Context context;
          StoreQuery query;
          query.mode = SearchMode::lexical;
          query.terms = {{"red", 1.0F}};
          query.filter = "name like \"%.txt\"";
          const auto hits = store->search(query, context);
          count += hits && hits->hits.size() == 2 ? 0 : 1;
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(3, 0));
}

// Writes that wait for each other share a transaction; one that fails in it fails alone.
TEST_P(StoreConformance, ThreadsWriteTogether) {
  constexpr int kThreads = 8, kEach = 20;
  const auto store = open();
  std::atomic<int> refused = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          Context context;
          const std::string name = std::to_string(t) + "-" + std::to_string(i);
          DocumentPut one = make_document(name, {"word " + name, "further"});
          if (i % 10 == 9) one.chunks[1].key = one.chunks[0].key;
          const Status done = store->put({&one, 1}, context);
          if (!done && done.error().code == Code::invalid_argument) ++refused;
          const Names removed = i % 10 == 4 ? Names{name} : Names{};
          EXPECT_TRUE(store->remove(removed, context));
        }
      });
    }
  }
  EXPECT_EQ(refused, kThreads * 2);
  EXPECT_EQ(store->documents().value().size(), static_cast<std::size_t>(kThreads * 16));
  EXPECT_EQ(find(*store, "word").size(), static_cast<std::size_t>(kThreads * 16));
  EXPECT_EQ(find(*store, "word", "name like \"3-%\"").size(), 16u);
  const std::vector<CheckFinding> findings = store->check(context_).value();
  for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

// A batch with a large document does not share a transaction: it stays whole between those that do.
TEST_P(StoreConformance, ALargeBatchIsWholeAmongWritersThatShare) {
  constexpr int kThreads = 3, kEach = 30;
  const auto store = open();
  std::atomic<bool> stop = false;
  std::atomic<int> torn = 0;
  std::jthread searcher([&] {
    Context context;
    const Names word{"beside"};
    while (!stop) {
      const std::size_t seen = store->document_frequencies(word, context).value()[0];
      if (seen != 0 && seen != 2) ++torn;
    }
  });
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Context context;
        for (int i = 0; i < kEach; ++i) {
          const DocumentPut one = make_document(std::to_string(t) + "-" + std::to_string(i), {"word"});
          EXPECT_TRUE(store->put({&one, 1}, context));
        }
      });
    }
    std::vector<DocumentPut> batch{make_document("first", {"beside"}),
                                   make_document("large", std::vector<std::string>(10'001, "many")),
                                   make_document("last", {"beside"})};
    batch[2].chunks.push_back(batch[2].chunks[0]);
    batch[2].terms.push_back(batch[2].terms[0]);
    EXPECT_EQ(store->put(batch, context_).error().code, Code::invalid_argument);
    batch[2].chunks.pop_back();
    batch[2].terms.pop_back();
    put(*store, batch);
  }
  stop = true;
  searcher.join();
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(store->chunk_count().value(), static_cast<std::size_t>(kThreads * kEach + 10'003));
  const std::vector<CheckFinding> findings = store->check(context_).value();
  for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

// The first documents of a collection that has a space go to its files without being read back.
TEST_P(StoreConformance, TheFirstDocumentsBringTheirVectors) {
  const auto store = open();
  serve_space(*store, "space", 4);
  for (const bool further : {false, true}) {
    std::vector<DocumentPut> documents;
    for (int i = 0; i < 5; ++i) {
      documents.push_back(make_document(std::to_string(i) + (further ? "b" : "a"), {"red apple", "green"}));
      add_vectors(documents.back(), "space", 4, static_cast<unsigned>(i));
    }
    put(*store, documents);
    put(*store, {make_document("without" + std::to_string(further), {})});
  }
  EXPECT_EQ(find(*store, "red").size(), 10u);
  DocumentPut bad = make_document("bad", {"blue"});
  add_vectors(bad, "space", 4, 1);
  bad.vectors.row_f32(0)[2] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(store->put({&bad, 1}, context_).error().code, Code::invalid_argument);
  EXPECT_TRUE(store->flush(context_));
  const std::vector<CheckFinding> findings = store->check(context_).value();
  EXPECT_EQ(findings.size(), 5u);  // the truth, two files, two indexes
  for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
}

// Texts are packed and indexed on all threads, one of several blocks too; what is stored does not show how many there
// are.
TEST_P(StoreConformance, ABulkIsTheSameForAnyNumberOfThreads) {
  std::string long_text;
  for (int i = 0; i < 20'000; ++i) long_text += "word" + std::to_string(i * i % 31) + " ";
  std::vector<std::map<std::string, std::string>> files;
  for (const std::size_t threads : {1, 3}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    const fs::path at = folder_.path() / std::to_string(threads);
    const auto store = open_at(at, OpenMode::write);
    serve_space(*store, "space", 4);
    for (int batch = 0; batch < 3; ++batch) {
      std::vector<DocumentPut> documents{make_document("long" + std::to_string(batch), {long_text})};
      for (int i = 0; i < 200; ++i)
        documents.push_back(make_document(std::to_string(batch * 200 + i), {"red apple", "pie"}));
      for (DocumentPut& put : documents) add_vectors(put, "space", 4, static_cast<unsigned>(batch));
      ASSERT_TRUE(store->put(documents, context));
    }
    ASSERT_TRUE(store->flush(context));
    EXPECT_TRUE(store->document_text("long1", kWholeText).value().starts_with(long_text));
    const std::vector<CheckFinding> findings = store->check(context).value();
    for (const CheckFinding& finding : findings) EXPECT_EQ(finding.problem, "") << finding.part;
    std::map<std::string, std::string>& content = files.emplace_back();
    for (const fs::directory_entry& entry : fs::directory_iterator(at)) {
      const std::string name = entry.path().filename();
      if (name.starts_with("bm25-") || name.starts_with("vec-")) content[name] = read_file(entry.path()).value();
    }
  }
  EXPECT_EQ(files[0], files[1]);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::ValuesIn(store_cases()), store_name);

}  // namespace
}  // namespace isogloss::conformance
