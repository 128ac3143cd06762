// SPDX-License-Identifier: Apache-2.0
#include "formats/model_folder.hpp"

#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

ModelParts sample_parts() {
  ModelParts parts;
  parts.family = "sample";
  parts.options.set("dim", std::int64_t{3});
  parts.state.emplace_back("documents", Json(std::int64_t{7}));
  parts.files["vocabulary.txt"] = "a\nb\n";
  const std::vector<float> weights{1, 2};
  parts.tensors.add<float>("weights", {2}, weights);
  return parts;
}

TEST(ModelFolder, OpensWhatItSaved) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_model_folder(folder.path() / "m", sample_parts(), Card{}));
  const auto files = FileSet::open(folder.path() / "m");
  ASSERT_TRUE(files);
  EXPECT_EQ(recognise_model_folder(*files, "sample"), Recognised::exact);
  EXPECT_EQ(recognise_model_folder(*files, "other"), Recognised::none);
  const auto source = open_model_folder(*files, "sample");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->state["documents"].as_integer(), 7);
  EXPECT_EQ(source->tensors.read<float>("weights", std::vector<std::size_t>{2}).value()[1], 2.0F);
}

TEST(ModelFolder, RefusesANewerFormatByName) {
  const FileSet files = FileSet::from_memory({{"config.json", R"({"isogloss":{"format":99,"family":"sample"}})"}});
  const auto source = open_model_folder(files, "sample");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Code::unsupported);
}

TEST(ModelFolder, DoesNotOverwriteWhatIsNotAModel) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "mine");
  EXPECT_EQ(save_model_folder(folder.path() / "mine", sample_parts(), Card{}).error().code, Code::already_exists);
}

TEST(ModelFolder, ReplacesAnOlderSaveAndNoOtherFolder) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "m";
  ASSERT_TRUE(save_model_folder(path, sample_parts(), Card{}));
  ASSERT_TRUE(save_model_folder(path, sample_parts(), Card{}));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1) << "something was left beside it";
  ASSERT_TRUE(write_file(path / "config.json", R"({"architectures":["BertModel"]})"));
  EXPECT_EQ(save_model_folder(path, sample_parts(), Card{}).error().code, Code::already_exists);
  EXPECT_TRUE(std::filesystem::exists(path / "vocabulary.txt"));
}

TEST(ModelFolder, MissingTensorsNameTheirFile) {
  const FileSet files = FileSet::from_memory({{"config.json", R"({"isogloss":{"format":1,"family":"sample"}})"}});
  const auto source = open_model_folder(files, "sample");
  ASSERT_TRUE(source);
  const auto weights = source->tensors.read<float>("weights", std::vector<std::size_t>{2});
  EXPECT_EQ(weights.error().message, "model.safetensors: tensor 'weights' is missing.");
}

TEST(ModelFolder, SpaceIdDependsOnWeightsAndOptions) {
  ModelParts other = sample_parts();
  EXPECT_EQ(space_id_of(sample_parts()), space_id_of(other));
  other.options.set("dim", std::int64_t{4});
  EXPECT_NE(space_id_of(sample_parts()), space_id_of(other));
}

TEST(PackedFiles, RoundTripAndRefuseTruncation) {
  const std::map<std::string, std::string> files{{"a", "1"}, {"b", std::string(1000, 'x')}};
  const std::string blob = pack_files(files);
  EXPECT_EQ(unpack_files(blob, "x").value(), files);
  EXPECT_FALSE(unpack_files(std::string_view(blob).substr(0, blob.size() - 1), "x"));
}

}  // namespace
}  // namespace isogloss::formats
