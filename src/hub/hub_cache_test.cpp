// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_cache.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "core/test_support.hpp"
#include "hub/hub_settings.hpp"
#include "hub/known_models.hpp"
#include "isogloss/family.hpp"
#include "isogloss/hub.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::hub {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');

// Sets variables for one test, none of which is set before or after.
class Environment {
 public:
  Environment() { clear(); }
  Environment(const Environment&) = delete;
  ~Environment() {
    clear();
    ::setenv("HOME", home_.c_str(), 1);
  }
  void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

 private:
  static void clear() {
    for (const char* name : {"HF_HUB_CACHE", "HF_HOME", "HF_ENDPOINT", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE",
                             "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_SYMLINKS", "XDG_CACHE_HOME", "ISOGLOSS_HOME"}) {
      ::unsetenv(name);
    }
  }
  std::string home_ = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "/tmp";
};

// A repository with one file, as the libraries lay it out.
void make_snapshot(const fs::path& root, const std::string& repository) {
  ASSERT_TRUE(make_repository(root, repository));
  const fs::path folder = repository_folder(root, repository);
  ASSERT_TRUE(write_file(folder / "blobs" / "e1", "weights"));
  ASSERT_TRUE(point_to_blob(folder, kCommit, "model.safetensors", "e1", Pointer::link));
  ASSERT_TRUE(point_to_blob(folder, kCommit, "1_Pooling/config.json", "e1", Pointer::link));
  ASSERT_TRUE(write_file(folder / "refs" / "main", kCommit));
}

TEST(HubCache, LaysFilesOutAsTheLibrariesDo) {
  const TemporaryFolder root;
  make_snapshot(root.path(), "org/name");
  const fs::path folder = root.path() / "models--org--name";
  EXPECT_EQ(fs::read_symlink(folder / "snapshots" / kCommit / "model.safetensors"), "../../blobs/e1");
  EXPECT_EQ(fs::read_symlink(folder / "snapshots" / kCommit / "1_Pooling/config.json"), "../../../blobs/e1");
  EXPECT_EQ(read_file(folder / "refs/main").value(), kCommit);
  EXPECT_TRUE(
      read_file(root.path() / "CACHEDIR.TAG").value().starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
  EXPECT_TRUE(fs::is_directory(root.path() / ".locks/models--org--name"));
  ASSERT_TRUE(point_to_blob(folder, kCommit, "copied.json", "e1", Pointer::copy));
  EXPECT_FALSE(fs::is_symlink(folder / "snapshots" / kCommit / "copied.json"));
}

TEST(HubCache, AFileSetTakesTheLinksOfASnapshotAndItsFolders) {
  const TemporaryFolder root;
  make_snapshot(root.path(), "org/name");
  const fs::path snapshot = find_snapshot(root.path(), {"org/name"}).value();
  fs::create_symlink("../../blobs/gone", snapshot / "config.json");
  const FileSet files = FileSet::open(snapshot).value();
  EXPECT_EQ(files.names(), (std::vector<std::string>{"1_Pooling/config.json", "model.safetensors"}));
  EXPECT_EQ(files.read("1_Pooling/config.json").value(), "weights");
  EXPECT_EQ(files.name(), "org/name");
  EXPECT_EQ(FileSet::open(snapshot / "1_Pooling").value().name(), "1_Pooling");
}

TEST(HubCache, ABranchIsFoundByItsRefAndACommitAtOnce) {
  const TemporaryFolder root;
  make_snapshot(root.path(), "org/name");
  const fs::path snapshot = root.path() / "models--org--name/snapshots" / kCommit;
  EXPECT_EQ(find_snapshot(root.path(), {"org/name"}).value(), snapshot);
  EXPECT_EQ(find_snapshot(root.path(), {"org/name", kCommit}).value(), snapshot);
  EXPECT_NE(find_snapshot(root.path(), {"org/name", "v2"}).error().message.find("models--org--name/refs/v2"),
            std::string::npos);
  EXPECT_EQ(find_snapshot(root.path(), {"org/name", std::string(40, 'd')}).error().code, Code::not_found);
  ASSERT_TRUE(write_file(root.path() / "models--org--name/refs/bad", kCommit + "\n"));
  EXPECT_EQ(find_snapshot(root.path(), {"org/name", "bad"}).error().code, Code::corrupt_data);
}

TEST(HubCache, ReferencesAreOrgNameAndRevision) {
  EXPECT_EQ(parse_hub_reference("BAAI/bge-small-en-v1.5").value().revision, "main");
  EXPECT_EQ(parse_hub_reference("o/n@refs/pr/1").value().revision, "refs/pr/1");
  for (const char* text :
       {"name", "a/b/c", "a/", "/b", "a/..", "a--b/c", "a/b@", "a/b@../x", "a/b c", ".a/b", "a/b@x y"}) {
    EXPECT_FALSE(parse_hub_reference(text)) << text;
  }
}

TEST(HubSettings, TheRootComesFromTheFirstVariableThatIsSet) {
  Environment environment;
  environment.set("HOME", "/h");
  EXPECT_EQ(hub_settings().root, "/h/.cache/huggingface/hub");
  environment.set("XDG_CACHE_HOME", "/x");
  EXPECT_EQ(hub_settings().root, "/x/huggingface/hub");
  environment.set("HF_HOME", "~/hf");
  EXPECT_EQ(hub_settings().root, "/h/hf/hub");
  environment.set("HF_HUB_CACHE", "/c");
  EXPECT_EQ(hub_settings().root, "/c");
}

TEST(HubSettings, OfflineIsSaidInFourWordsOfAnyCase) {
  Environment environment;
  EXPECT_EQ(hub_settings().offline, "");
  for (const char* value : {"1", "ON", "yes", "True"}) {
    environment.set("TRANSFORMERS_OFFLINE", value);
    EXPECT_EQ(hub_settings().offline, "TRANSFORMERS_OFFLINE");
  }
  environment.set("TRANSFORMERS_OFFLINE", "0");
  EXPECT_EQ(hub_settings().offline, "");
}

TEST(HubSettings, TheTokenComesFromTheVariableOrAFile) {
  const TemporaryFolder folder;
  Environment environment;
  environment.set("HF_HOME", folder.path().string());
  EXPECT_EQ(hub_token().value(), "");
  ASSERT_TRUE(write_file(folder.path() / "token", "hf_home\n"));
  EXPECT_EQ(hub_token().value(), "hf_home");
  ASSERT_TRUE(write_file(folder.path() / "other", "hf_path"));
  environment.set("HF_TOKEN_PATH", (folder.path() / "other").string());
  EXPECT_EQ(hub_token().value(), "hf_path");
  environment.set("HF_TOKEN", "hf_variable");
  EXPECT_EQ(hub_token().value(), "hf_variable");
  environment.set("HF_TOKEN", "two\r\nlines");
  EXPECT_EQ(hub_token().error().code, Code::invalid_argument);
}

TEST(Reference, NamesThatAreNotHereSayHowToGetThem) {
  const TemporaryFolder folder;
  Environment environment;
  environment.set("HF_HUB_CACHE", folder.path().string());
  environment.set("ISOGLOSS_HOME", (folder.path() / "home").string());
  EXPECT_EQ(parse_model_reference("minilm").error().message,
            "model 'minilm' is not on this machine. Run: isogloss models pull minilm");
  const Error error = parse_model_reference("org/name@v1").error();
  EXPECT_EQ(error.code, Code::not_found);
  EXPECT_TRUE(error.message.ends_with("Run: isogloss models pull org/name@v1")) << error.message;
  EXPECT_NE(error.message.find("models--org--name/refs/v1"), std::string::npos) << error.message;
  EXPECT_NE(parse_model_reference("minilms").error().message.find("'minilm'"), std::string::npos);
  EXPECT_NE(parse_model_reference("a/b/c").error().message.find("no file or folder 'a/b/c'"), std::string::npos);
}

TEST(Reference, SnapshotsOpenByRepositoryAndShortName) {
  const TemporaryFolder folder;
  Environment environment;
  environment.set("HF_HUB_CACHE", folder.path().string());
  environment.set("ISOGLOSS_HOME", (folder.path() / "home").string());
  EXPECT_EQ(default_model_name(), "");
  make_snapshot(folder.path(), std::string(known_repository("minilm")));
  const ModelReference reference = parse_model_reference("minilm,compute=f32").value();
  EXPECT_EQ(reference.kind, ReferenceKind::hub);
  EXPECT_EQ(reference.path.filename(), kCommit);
  EXPECT_EQ(reference.canonical(), "minilm,compute=f32");
  EXPECT_EQ(parse_model_reference("sentence-transformers/all-MiniLM-L6-v2@" + kCommit).value().path, reference.path);
  EXPECT_EQ(default_model_name(), "minilm");
  ASSERT_EQ(pulled_models().size(), 1u);
  EXPECT_EQ(pulled_models()[0].revision, "main");
  EXPECT_EQ(pulled_models()[0].bytes, 14u);
  EXPECT_TRUE(remove_pulled_model("minilm"));
  EXPECT_FALSE(fs::exists(folder.path() / "models--sentence-transformers--all-MiniLM-L6-v2"));
  EXPECT_EQ(remove_pulled_model("minilm").error().code, Code::not_found);
}

TEST(KnownModels, AreRepositoriesUnderNamesOfTheirOwn) {
  for (const KnownModel& model : known_models()) {
    EXPECT_TRUE(parse_hub_reference(model.repository)) << model.repository;
    EXPECT_EQ(find_known_model(model.name), &model);
    EXPECT_EQ(known_short_name(model.repository), model.name);
    EXPECT_TRUE(model.weights_sha256.empty() || model.weights_sha256.size() == 64u);
  }
}

}  // namespace
}  // namespace isogloss::hub
