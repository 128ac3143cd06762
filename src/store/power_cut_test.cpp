// SPDX-License-Identifier: Apache-2.0
// A power cut at every sync, with what was not synced kept, dropped or torn: acknowledged changes are there, the rest
// is a prefix of the history, and the indexes agree. Not simulated: a lost name of db.sqlite itself, whose folder is
// synced before anything is acknowledged.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "isogloss/store.hpp"
#include "store/recording_vfs.hpp"

namespace isogloss::store {
namespace {

namespace fs = std::filesystem;
using Contents = std::map<std::string, std::string>;  // document -> text

constexpr std::size_t kDimension = 4;
constexpr const char* kSpace = "space-of-the-test";

void count_words(std::string_view text, TermCounts& out) {
  out = {};
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const auto same = std::find_if(out.terms.begin(), out.terms.end(), [&](const auto& t) { return t.first == word; });
    same == out.terms.end() ? static_cast<void>(out.terms.emplace_back(word, 1)) : static_cast<void>(++same->second);
    ++out.length;
  }
}

// A document of `chunks` chunks, each the whole text.
DocumentPut document(const std::string& name, const std::string& text, std::size_t chunks) {
  DocumentPut put;
  put.state.name = name;
  put.document.text = text;
  put.vectors = Vectors::dense(chunks, kDimension);
  put.space_id = kSpace;
  for (std::size_t i = 0; i < chunks; ++i) {
    Chunk chunk;
    chunk.key = std::to_string(i + 1);
    chunk.ordinal = static_cast<std::uint32_t>(i);
    chunk.at = {0, text.size()};
    put.chunks.push_back(std::move(chunk));
    count_words(text, put.terms.emplace_back());
    put.vectors.row_f32(i)[i % kDimension] = 1;
  }
  return put;
}

std::unique_ptr<Store> open(const fs::path& folder, OpenMode mode, const std::string& vfs = {}) {
  Context context;
  auto store = open_store(folder, mode, {vfs}, context);
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  (*store)->use_lexical({count_words});
  return std::move(*store);
}

Contents contents_of(Store& store) {
  Contents out;
  const auto documents = store.documents();
  EXPECT_TRUE(documents.has_value());
  for (const DocumentState& state : *documents) {
    const auto text = store.document_text(state.name, kWholeText);
    EXPECT_TRUE(text.has_value()) << text.error().message;
    out[state.name] = text ? *text : "";
  }
  return out;
}

void expect_sound(Store& store, const std::string& where) {
  Context context;
  const auto findings = store.check(context);
  ASSERT_TRUE(findings.has_value()) << where << findings.error().message;
  for (const CheckFinding& finding : *findings) EXPECT_EQ(finding.problem, "") << where << finding.part;
}

// A collection with its history: what it held after each change, and when the change began and was acknowledged,
// counted in operations on files.
class History {
 public:
  explicit History(unsigned seed) : dice_(seed), store_(open(folder_.path() / "live", OpenMode::write, vfs_.name())) {
    Context context;
    SpaceInfo space;
    space.space_id = kSpace;
    space.dimension = kDimension;
    space.role = SpaceRole::building;
    const auto number = store_->add_space(space, "", context);
    EXPECT_TRUE(number && store_->publish_space(*number, Publish::complete, context).value_or(false));
    states_.push_back({{}, vfs_.size(), vfs_.size()});
  }

  void put(const std::vector<std::string>& names, std::size_t chunks) {
    change([&](Contents& now) {
      std::vector<DocumentPut> puts;
      for (const std::string& name : names) {
        now[name] = "text of " + name + " version " + std::to_string(states_.size());
        puts.push_back(document(name, now[name], chunks));
      }
      Context context;
      return store_->put(puts, context);
    });
  }
  void remove(const std::string& name) {
    change([&](Contents& now) {
      now.erase(name);
      Context context;
      return store_->remove({&name, 1}, context);
    });
  }
  void random_changes(int count) {
    for (int i = 0; i < count; ++i) {
      const auto name = [&] { return "d" + std::to_string(dice_() % 12); };
      switch (dice_() % 8) {
        case 0:
          remove(name());
          break;
        case 1:
          put({name(), "x" + name()}, 3);
          break;
        case 2:
          store_->release_writer();
          break;  // empties the log
        case 3:
          flush();
          break;
        default:
          put({name()}, 1 + dice_() % 40);
      }
    }
  }
  void flush() {
    Context context;
    EXPECT_TRUE(store_->flush(context));
  }

  // Cuts the power around the operations that `wanted` names, and looks at what is left. Returns the number of cuts.
  int cut(const std::function<bool(const FileOp&)>& wanted, int tries) {
    store_.reset();
    const std::vector<FileOp> ops = vfs_.ops();
    int cuts = 0;
    for (std::size_t at = states_[0].acknowledged; at <= ops.size(); ++at) {
      if (at < ops.size() && !wanted(ops[at]) && (at == 0 || !wanted(ops[at - 1]))) continue;
      for (int i = 0; i < tries + 2; ++i) {
        const Unsynced unsynced = i == 0       ? Unsynced::none
                                  : i == 1     ? Unsynced::all
                                  : i % 2 == 0 ? Unsynced::some_writes
                                               : Unsynced::some_sectors;
        look(disk_after(ops, at, unsynced, dice_), at, static_cast<int>(unsynced));
        ++cuts;
        if (testing::Test::HasFailure()) return cuts;
      }
    }
    return cuts;
  }

 private:
  struct State {
    Contents contents;
    std::size_t began, acknowledged;
  };

  void change(const std::function<Status(Contents&)>& work) {
    State state{states_.back().contents, vfs_.size(), 0};
    const Status done = work(state.contents);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    state.acknowledged = vfs_.size();
    states_.push_back(std::move(state));
  }

  void look(const std::map<std::string, std::string>& disk, std::size_t at, int unsynced) {
    const fs::path folder = folder_.path() / "after";
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& [name, content] : disk) std::ofstream(folder / name, std::ios::binary) << content;
    const std::string where =
        "cut before operation " + std::to_string(at) + ", unsynced " + std::to_string(unsynced) + ": ";
    const auto store = open(folder, OpenMode::write);
    ASSERT_TRUE(store != nullptr) << where;
    const Contents found = contents_of(*store);
    bool explained = false;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool overtaken = i + 1 < states_.size() && states_[i + 1].acknowledged <= at;  // by an acknowledged change
      const bool begun = i == 0 || states_[i].began < at;
      explained = explained || (begun && !overtaken && states_[i].contents == found);
    }
    EXPECT_TRUE(explained) << where << found.size() << " documents are stored, which is no state that may be there";
    expect_sound(*store, where);
  }

  TemporaryFolder folder_;
  RecordingVfs vfs_;
  std::mt19937 dice_;
  std::unique_ptr<Store> store_;
  std::vector<State> states_;
};

TEST(PowerCut, AcknowledgedChangesSurviveEverySync) {
  for (unsigned seed = 1; seed <= 2 && !HasFailure(); ++seed) {
    History history(seed);
    history.random_changes(30);
    const int cuts = history.cut([](const FileOp& op) { return op.kind == FileOp::Kind::sync; }, 2);
    EXPECT_GT(cuts, 200);
    RecordProperty("cuts_" + std::to_string(seed), cuts);
  }
}

TEST(PowerCut, AtTruncationsRemovalsAndBetweenWrites) {
  History history(7);
  history.random_changes(20);
  std::size_t number = 0;
  const int cuts = history.cut(
      [&](const FileOp& op) {
        return op.kind == FileOp::Kind::write ? ++number % 40 == 0 : op.kind != FileOp::Kind::sync;
      },
      2);
  EXPECT_GT(cuts, 40);
}

TEST(PowerCut, AStagedDocumentIsThereWholeOrNotAtAll) {
  History history(3);
  history.put({"before"}, 2);
  history.put({"large"}, 10'100);
  history.put({"large"}, 10'050);
  history.put({"beside", "large"}, 10'010);
  history.remove("large");
  std::size_t number = 0;
  history.cut([&](const FileOp& op) { return op.kind == FileOp::Kind::sync && ++number % 2 == 0; }, 0);
}

// What a cut can do to the derived files: their rename or their bytes did not reach the disk.
constexpr const char* kDamages[] = {"missing", "empty", "half", "no footer"};

void damage_file(const fs::path& file, const std::string& damage) {
  const auto size = fs::file_size(file);
  if (damage == "missing") {
    fs::remove(file);
  } else {
    fs::resize_file(file, damage == "empty" ? 0 : damage == "half" ? size / 2 : size - 1);
  }
}

std::vector<fs::path> files_of(const fs::path& folder, std::string_view extension) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == extension) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

TEST(PowerCut, LostAndTornIndexFilesAreMadeAgain) {
  for (const std::string damage : kDamages) {
    TemporaryFolder folder;
    Context context;
    {
      const auto store = open(folder.path(), OpenMode::write);
      SpaceInfo space;
      space.space_id = kSpace;
      space.dimension = kDimension;
      const auto number = store->add_space(space, "", context);
      ASSERT_TRUE(number && store->publish_space(*number, Publish::complete, context).value_or(false));
      const std::vector<DocumentPut> puts{document("a", "apple pie", 300), document("b", "banana bread", 3)};
      ASSERT_TRUE(store->put(puts, context) && store->flush(context));
    }
    std::vector<fs::path> files = files_of(folder.path(), ".idx");
    for (const fs::path& file : files_of(folder.path(), ".seg")) files.push_back(file);
    EXPECT_EQ(files.size(), 2U);
    for (const fs::path& file : files) damage_file(file, damage);
    for (const OpenMode mode : {OpenMode::read, OpenMode::write}) {  // reading answers; writing makes the files again
      const auto store = open(folder.path(), mode);
      StoreQuery query;
      query.mode = SearchMode::lexical;
      query.terms = {{"banana", 1.0F}};
      const auto hits = store->search(query, context);
      ASSERT_TRUE(hits.has_value()) << damage << hits.error().message;
      EXPECT_EQ(hits->hits.size(), 3U) << damage;
      EXPECT_TRUE(mode == OpenMode::read || store->flush(context));
    }
    expect_sound(*open(folder.path(), OpenMode::read), damage);
    EXPECT_EQ(files_of(folder.path(), ".idx").size() + files_of(folder.path(), ".seg").size(), 2U) << damage;
  }
}

// A document of chunks with random vectors.
DocumentPut scattered(const std::string& name, std::size_t chunks) {
  DocumentPut put = document(name, "text of " + name, chunks);
  std::mt19937 dice(static_cast<unsigned>(chunks));
  std::normal_distribution<float> normal;
  for (std::size_t i = 0; i < chunks; ++i) {
    for (float& x : put.vectors.row_f32(i)) x = normal(dice);
  }
  return put;
}

std::vector<std::int64_t> nearest(Store& store) {
  const float query[kDimension] = {0.5F, -0.3F, 0.8F, 0.1F};
  StoreQuery asked;
  asked.mode = SearchMode::dense;
  asked.vector = query;
  asked.exact = true;
  Context context;
  const auto hits = store.search(asked, context);
  EXPECT_TRUE(hits.has_value()) << hits.error().message;
  std::vector<std::int64_t> out;
  for (const StoreHit& hit : hits ? hits->hits : std::vector<StoreHit>()) out.push_back(hit.number);
  return out;
}

// Each save of the vectors adds a file to those before: one is lost or torn, the first, one between, or the last.
TEST(PowerCut, EachOfSeveralVectorFilesMayBeLost) {
  TemporaryFolder folder;
  Context context;
  const fs::path whole = folder.path() / "whole";
  {
    const auto store = open(whole, OpenMode::write);
    SpaceInfo space;
    space.space_id = kSpace;
    space.dimension = kDimension;
    const auto number = store->add_space(space, "", context);
    ASSERT_TRUE(number && store->publish_space(*number, Publish::complete, context).value_or(false));
    for (const std::size_t chunks : {3000U, 700U, 150U}) {
      const std::vector<DocumentPut> puts{scattered("d" + std::to_string(chunks), chunks)};
      ASSERT_TRUE(store->put(puts, context) && store->flush(context));
    }
    const std::string gone = "d150";
    ASSERT_TRUE(store->put(std::vector<DocumentPut>{scattered("last", 40)}, context));
    ASSERT_TRUE(store->remove({&gone, 1}, context) && store->flush(context));
  }
  const std::vector<std::int64_t> wanted = nearest(*open(whole, OpenMode::read));
  ASSERT_EQ(wanted.size(), 10U);
  const std::size_t count = files_of(whole, ".seg").size();
  ASSERT_GE(count, 3U);
  for (std::size_t number = 0; number < count; ++number) {
    for (const std::string damage : kDamages) {
      const fs::path part = folder.path() / "part";
      fs::remove_all(part);
      fs::copy(whole, part);
      damage_file(files_of(part, ".seg")[number], damage);
      const std::string where = damage + " " + std::to_string(number);
      EXPECT_EQ(nearest(*open(part, OpenMode::read)), wanted) << where;
      const auto store = open(part, OpenMode::write);
      EXPECT_EQ(nearest(*store), wanted) << where;
      EXPECT_TRUE(store->flush(context)) << where;
      expect_sound(*open(part, OpenMode::read), where);
      EXPECT_EQ(nearest(*open(part, OpenMode::read)), wanted) << where;
    }
  }
}

}  // namespace
}  // namespace isogloss::store
