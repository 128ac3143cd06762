// SPDX-License-Identifier: Apache-2.0
// What every family promises: its table of options, determinism of training, and model folders that open or are refused
// with a sentence.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <random>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "support.hpp"

namespace isogloss::conformance {
namespace {

namespace fs = std::filesystem;

class FamilyConformance : public testing::TestWithParam<FamilyCase> {
 protected:
  const Family& family() const { return *GetParam().family; }
  bool trained() const { return GetParam().folder.empty(); }
  // The trained model, saved as `name` in the temporary folder.
  fs::path saved(const std::string& name) {
    Context context;
    const ModelPtr model = model_of(GetParam());
    if (model == nullptr) return {};
    const Status status = model->save(folder_.path() / name, context);
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
    return folder_.path() / name;
  }
  Result<ModelPtr> open(const fs::path& path) const {
    Context context;
    const FileSet files = IG_TRY(FileSet::open(path));
    return family().load(files, {}, context);
  }
  TemporaryFolder folder_;
};

// Content by name, that of subfolders as "base/config.json".
std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) out[fs::relative(entry.path(), folder).string()] = read_file(entry.path()).value();
  }
  return out;
}

bool is_lower_snake(std::string_view name) {
  return !name.empty() && std::islower(static_cast<unsigned char>(name[0])) != 0 &&
         std::ranges::all_of(name, [](char c) {
           return std::islower(static_cast<unsigned char>(c)) != 0 ||
                  std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '_';
         });
}

void expect_same_card(const Card& a, const Card& b) {
  EXPECT_EQ(a.family, b.family);
  EXPECT_EQ(a.modalities, b.modalities);
  EXPECT_EQ(a.dimension, b.dimension);
  EXPECT_EQ(a.window, b.window);
  EXPECT_EQ(a.metric, b.metric);
  EXPECT_EQ(a.sparse, b.sparse);
  EXPECT_EQ(a.normalized, b.normalized);
  EXPECT_EQ(a.prompts, b.prompts);
  EXPECT_EQ(a.licence, b.licence);
  EXPECT_EQ(a.space_id, b.space_id);
  EXPECT_EQ(a.trained_on, b.trained_on);
  EXPECT_EQ(a.facts, b.facts);
}

TEST_P(FamilyConformance, RecordIsComplete) {
  EXPECT_TRUE(is_lower_snake(family().name));
  EXPECT_FALSE(family().title.empty());
  EXPECT_FALSE(family().generation.empty());
  EXPECT_TRUE(family().summary.ends_with('.')) << family().summary;
  EXPECT_FALSE(family().modalities.empty());
  ASSERT_NE(family().recognise, nullptr);
  ASSERT_NE(family().load, nullptr);
  EXPECT_EQ(family().train == nullptr, family().train_options == nullptr);
  EXPECT_EQ(family().convert_file == nullptr, family().file_endings.empty());
  EXPECT_EQ(find_family(family().name).value(), &family());
}

TEST_P(FamilyConformance, OptionsAreNamedInLowerSnakeAndExplained) {
  for (const auto table :
       {family().train_options, family().load_options, family().embed_options, family().convert_options}) {
    if (table == nullptr) continue;
    std::vector<std::string> names;
    for (const OptionInfo& info : table()) {
      EXPECT_TRUE(is_lower_snake(info.name)) << info.name;
      EXPECT_TRUE(info.help.ends_with('.')) << info.name << ": " << info.help;
      names.push_back(info.name);
    }
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << "an option stands twice";
  }
}

TEST_P(FamilyConformance, UnknownOptionIsRefusedAndTheNearestNamed) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  Context context;
  for (const OptionInfo& info : family().train_options()) {
    FamilyCase wrong = GetParam();
    wrong.options.set(info.name + "x", std::string("1"));
    const auto model = train_case(wrong, context);
    ASSERT_FALSE(model) << info.name;
    EXPECT_EQ(model.error().code, Code::invalid_argument);
    EXPECT_NE(model.error().message.find("'" + info.name + "'"), std::string::npos) << model.error().message;
  }
  FamilyCase far = GetParam();
  far.options.set("qqqqqqqqqqqqqqqq", true);
  EXPECT_EQ(train_case(far, context).error().code, Code::invalid_argument);
}

TEST_P(FamilyConformance, DefaultsAreAcceptedAsTheyArePrinted) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  Context context;
  FamilyCase printed = GetParam();
  for (const OptionInfo& info : family().train_options()) {
    if (printed.options.find(info.name) == nullptr) printed.options.set(info.name, info.default_value);
  }
  const auto model = train_case(printed, context);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->card().space_id, model_of(GetParam())->card().space_id);
}

TEST_P(FamilyConformance, SameSeedGivesTheSameModelOnAnyNumberOfThreads) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const ModelPtr model = model_of(GetParam());
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->card().space_id.size(), 64u);
  ThreadPool pool(4);
  for (const std::size_t threads : {1, 2, 4}) {
    Context context;
    context.pool = &pool;
    context.threads = threads;
    const auto again = train_case(GetParam(), context);
    ASSERT_TRUE(again) << again.error().message;
    expect_same_card((*again)->card(), model->card());
  }
}

TEST_P(FamilyConformance, TrainingCanBeCancelled) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  CancelToken cancel;
  cancel.cancel();
  Context context;
  context.cancel = &cancel;
  const auto model = train_case(GetParam(), context);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::cancelled);
}

TEST_P(FamilyConformance, ItsOwnFolderAndNoOtherIsRecognised) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const FileSet files = FileSet::open(saved("m")).value();
  for (const Family* other : families()) {
    EXPECT_EQ(other->recognise(files), other == &family() ? Recognised::exact : Recognised::none) << other->name;
  }
  EXPECT_EQ(family().recognise(FileSet::from_memory({})), Recognised::none);
  EXPECT_NE(family().recognise(FileSet::from_memory({{"config.json", "{\"isogloss\":"}})), Recognised::exact);
  EXPECT_NE(family().recognise(FileSet::from_memory({{"config.json", "[]"}, {"x", "y"}})), Recognised::exact);
}

TEST_P(FamilyConformance, SavedModelHasTheSameCardAndBits) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  Context context;
  const ModelPtr model = model_of(GetParam());
  const auto opened = open(saved("m"));
  ASSERT_TRUE(opened) << opened.error().message;
  expect_same_card((*opened)->card(), model->card());
  EXPECT_EQ(probe_bits(**opened, context), probe_bits(*model, context));
  const auto by_reference = load((folder_.path() / "m").string(), {}, context);
  ASSERT_TRUE(by_reference) << by_reference.error().message;
  EXPECT_EQ((*by_reference)->card().space_id, model->card().space_id);
}

TEST_P(FamilyConformance, OpensFromMemory) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const fs::path path = saved("m");
  std::map<std::string, std::string> content = files_of(path);
  Context context;
  const auto opened = family().load(FileSet::from_memory(std::move(content)), {}, context);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ((*opened)->card().space_id, model_of(GetParam())->card().space_id);
}

TEST_P(FamilyConformance, SavesOverAModelOnly) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  Context context;
  const ModelPtr model = model_of(GetParam());
  const fs::path path = saved("m");
  ASSERT_TRUE(write_file(path / "stale.txt", "of the older save"));
  ASSERT_TRUE(model->save(path, context));
  EXPECT_FALSE(fs::exists(path / "stale.txt"));
  EXPECT_TRUE(open(path));

  const fs::path mine = folder_.path() / "mine";
  for (const char* foreign : {"notes.txt", "config.json"}) {
    fs::create_directories(mine);
    ASSERT_TRUE(write_file(mine / foreign, "{\"editor\":{\"tabs\":2}}"));
    const Status status = model->save(mine, context);
    ASSERT_FALSE(status) << foreign;
    EXPECT_EQ(status.error().code, Code::already_exists);
    EXPECT_NE(status.error().message.find("mine"), std::string::npos);
    EXPECT_TRUE(fs::exists(mine / foreign)) << "a foreign folder was touched";
    fs::remove_all(mine);
  }
  ASSERT_TRUE(write_file(mine, "a file"));
  EXPECT_FALSE(model->save(mine, context));
  EXPECT_EQ(read_file(mine).value(), "a file");
}

TEST_P(FamilyConformance, MissingFilesAreNamed) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const fs::path path = saved("m");
  for (const std::string& name : FileSet::open(path).value().names()) {
    if (name.ends_with("README.md")) continue;
    const fs::path broken = folder_.path() / "broken";
    fs::copy(path, broken, fs::copy_options::recursive);
    fs::remove(broken / name);
    const auto opened = open(broken);
    ASSERT_FALSE(opened) << name << " is missing and nobody noticed";
    EXPECT_NE(opened.error().message.find(fs::path(name).filename().string()), std::string::npos) << opened.error().message;
    fs::remove_all(broken);
  }
}

TEST_P(FamilyConformance, TruncatedTensorsAndOtherVocabulariesAreNamed) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const fs::path path = saved("m");
  const auto refused = [&](const std::string& name, const std::string& content, std::string_view named) {
    const std::string kept = read_file(path / name).value();
    ASSERT_TRUE(write_file(path / name, content));
    const auto opened = open(path);
    ASSERT_FALSE(opened) << name << " of " << content.size() << " bytes";
    EXPECT_EQ(opened.error().code, Code::corrupt_data);
    EXPECT_NE(opened.error().message.find(named), std::string::npos) << opened.error().message;
    ASSERT_TRUE(write_file(path / name, kept));
  };
  if (fs::exists(path / "model.safetensors")) {
    const std::string whole = read_file(path / "model.safetensors").value();
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{7}, std::size_t{40}, whole.size() / 2, whole.size() - 1}) {
      refused("model.safetensors", whole.substr(0, size), "model.safetensors");
    }
  }
  if (fs::exists(path / "vocabulary.txt") && fs::exists(path / "model.safetensors")) {
    const std::string whole = read_file(path / "vocabulary.txt").value();
    refused("vocabulary.txt", whole.substr(whole.find('\n') + 1), "");
    refused("vocabulary.txt", whole + "\xF4\x8F\xBF\xBF\n", "");
    refused("vocabulary.txt", "", "");
  }
}

TEST_P(FamilyConformance, NewerFormatIsRefusedByName) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const fs::path path = saved("m");
  std::string config = read_file(path / "config.json").value();
  const std::size_t at = config.find("\"format\":1");
  ASSERT_NE(at, std::string::npos);
  config.replace(at, 10, "\"format\":999");
  ASSERT_TRUE(write_file(path / "config.json", config));
  const auto opened = open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::unsupported);
  EXPECT_NE(opened.error().message.find("config.json"), std::string::npos);
  EXPECT_NE(opened.error().message.find("999"), std::string::npos);
}

// Bytes changed at random: the folder opens or is refused; what opens embeds. Never a crash.
TEST_P(FamilyConformance, DamagedFoldersAreRefusedOrOpen) {
  if (!trained()) GTEST_SKIP() << "opened, not trained";
  const std::map<std::string, std::string> whole = files_of(saved("m"));
  std::mt19937 random(7);
  const Input probe = Input::text("the red cat saw a dog");
  for (const auto& [name, content] : whole) {
    if (name.ends_with("README.md")) continue;
    for (int round = 0; round < 60; ++round) {
      auto files = whole;
      std::string& bytes = files[name];
      for (unsigned changes = 1 + random() % 4; changes > 0 && !bytes.empty(); --changes) {
        bytes[random() % bytes.size()] =
            static_cast<char>(round % 2 == 0 ? random() : "0123456789\"{}[],:-\n"[random() % 19]);
      }
      if (round % 5 == 0) bytes.resize(random() % (bytes.size() + 1));
      Context context;
      const auto opened = family().load(FileSet::from_memory(std::move(files)), {}, context);
      if (!opened) {
        EXPECT_FALSE(opened.error().message.empty());
        EXPECT_NE(opened.error().code, Code::internal) << opened.error().message;
        continue;
      }
      if (const auto* embedder = (*opened)->ability<Embedder>())
        (void)embedder->embed({&probe, 1}, skipping(), context);
      if (const auto* words = (*opened)->ability<Vocabulary>()) {
        (void)words->near("cat", 3, context);
        (void)words->terms(3, context);
        (void)words->word_parts("cat");
      }
      if (const auto* classifier = (*opened)->ability<Classifier>()) (void)classifier->classify({&probe, 1}, 2, context);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FamilyConformance, testing::ValuesIn(family_cases()), case_name);

}  // namespace
}  // namespace isogloss::conformance
