// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_listing.hpp"

#include <gtest/gtest.h>

namespace isogloss::hub {
namespace {

const std::string kCommit(40, 'a');

std::string listing_json(const std::string& siblings) {
  return R"({"sha":")" + kCommit + R"(","siblings":[)" + siblings + "]}";
}

std::vector<std::string> names(const std::vector<HubFile>& files) {
  std::vector<std::string> out;
  for (const HubFile& file : files) out.push_back(file.name);
  return out;
}

HubListing of(const std::vector<std::string>& files) {
  HubListing out{kCommit, {}};
  for (const std::string& name : files) out.files.push_back({name, 1, "b", {}, {}});
  return out;
}

TEST(HubListing, ReadsFilesWithTheirHashes) {
  const HubListing listing =
      parse_listing(
          listing_json(
              R"({"rfilename":"model.safetensors","size":7,"blobId":"b1","lfs":{"sha256":"c0","size":7,"pointerSize":134}},)"
              R"({"rfilename":"1_Pooling/config.json","size":5,"blobId":"b2"})"),
          "answer")
          .value();
  EXPECT_EQ(listing.commit, kCommit);
  EXPECT_EQ(names(listing.files), (std::vector<std::string>{"1_Pooling/config.json", "model.safetensors"}));
  EXPECT_EQ(listing.files[1].sha256, "c0");
  EXPECT_EQ(listing.files[0].size, 5u);
}

TEST(HubListing, NamesThatLeadOutOfTheFolderAreRefused) {
  for (const char* name : {"../x.json", "/etc/x.json", "a/../../x.json", "a//b.json", "", "a\\\\b.json", "a/./b.json",
                           "x\\u0000.json", "a\\nb"}) {
    const auto listing = parse_listing(listing_json(std::string(R"({"rfilename":")") + name + "\"}"), "answer");
    ASSERT_FALSE(listing) << name;
    EXPECT_EQ(listing.error().code, Code::corrupt_data) << name;
  }
  EXPECT_FALSE(module_folders(R"([{"path":"../other"}])", "modules.json"));
}

TEST(HubListing, AnswersThatAreNoListAreRefused) {
  for (const char* text : {"", "[]", "<html>", R"({"sha":"main","siblings":[]})", R"({"siblings":[]})"}) {
    EXPECT_EQ(parse_listing(text, "answer").error().code, Code::corrupt_data) << text;
  }
}

// As the Hugging Face library writes it.
TEST(HubListing, TheTreeFileReadsBackTheSame) {
  HubListing listing{kCommit, {{"a.json", 5, "b2", {}, {}}, {"m.safetensors", 7, "b1", "c0", "e1"}}};
  const std::string text = tree_text(listing);
  EXPECT_EQ(
      text,
      "{\n \"format_version\": 1,\n \"files\": {\n  \"a.json\": {\n   \"size\": 5,\n   \"blob_id\": \"b2\"\n  },\n"
      "  \"m.safetensors\": {\n   \"size\": 7,\n   \"blob_id\": \"b1\",\n   \"lfs_sha256\": \"c0\",\n   \"lfs_size\": "
      "7,\n"
      "   \"xet_hash\": \"e1\"\n  }\n }\n}");
  const HubListing back = parse_tree(text, kCommit, "tree").value();
  EXPECT_EQ(tree_text(back), text);
  EXPECT_FALSE(parse_tree(R"({"format_version":2,"files":{}})", kCommit, "tree"));
  listing.files[0].blob_id.clear();
  EXPECT_EQ(tree_text(listing), "");
}

TEST(HubListing, AModelFolderNeedsNoOtherFormatsAndNoOtherFolders) {
  const HubListing listing =
      of({".gitattributes", "1_Pooling/config.json", "README.md", "config.json", "model.safetensors", "modules.json",
          "onnx/config.json", "onnx/model.onnx", "openvino/openvino_model.xml", "picture.png", "pytorch_model.bin",
          "pytorch_model.bin.index.json", "tf_model.h5", "tokenizer.json", "vocab.txt"});
  const std::vector<std::string> modules{"1_Pooling"};
  EXPECT_EQ(names(wanted_files(listing, modules, "o/n").value()),
            (std::vector<std::string>{"config.json", "modules.json", "tokenizer.json", "vocab.txt",
                                      "1_Pooling/config.json", "model.safetensors"}));
}

TEST(HubListing, ShardsAreFetchedOnlyWithoutTheWholeFile) {
  const std::vector<std::string> shards{"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"};
  HubListing listing =
      of({"config.json", "consolidated.safetensors", shards[0], shards[1], "model.safetensors.index.json"});
  EXPECT_EQ(names(wanted_files(listing, {}, "o/n").value()),
            (std::vector<std::string>{"config.json", "model.safetensors.index.json", shards[0], shards[1]}));
  listing.files.push_back({"model.safetensors", 1, "b", {}, {}});
  EXPECT_EQ(wanted_files(listing, {}, "o/n").value().back().name, "model.safetensors");
  EXPECT_EQ(wanted_files(listing, {}, "o/n").value().size(), 3u);
}

TEST(HubListing, PicklesAloneAreRefusedByName) {
  const auto none = wanted_files(of({"config.json", "pytorch_model.bin"}), {}, "o/n");
  EXPECT_EQ(none.error().code, Code::unsupported);
  EXPECT_NE(none.error().message.find("only pytorch_model.bin"), std::string::npos) << none.error().message;
}

}  // namespace
}  // namespace isogloss::hub
