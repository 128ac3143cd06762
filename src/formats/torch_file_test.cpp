// SPDX-License-Identifier: Apache-2.0
// Files of torch itself (tests/golden/torch/make.py) and pickles written by hand.
#include "formats/torch_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/file.hpp"
#include "formats/pickle.hpp"

namespace isogloss::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

constexpr std::string_view kDict[] = {"collections.OrderedDict"};

// {"a": 5} of protocol 2: PROTO 2, EMPTY_DICT, BINPUT 0, BINUNICODE "a", BININT1 5, SETITEM, STOP.
TEST(Pickle, ReadsADictionaryWrittenByHand) {
  const auto pickle = read_pickle(
      "\x80\x02}q\x00X\x01\x00\x00\x00"
      "aK\x05s."s,
      kDict, "t.bin");
  ASSERT_TRUE(pickle) << pickle.error().message;
  const PickleNode& root = pickle->at(pickle->root);
  EXPECT_EQ(root.kind, PickleNode::Kind::dict);
  ASSERT_EQ(root.entries.size(), 1U);
  EXPECT_EQ(pickle->at(root.entries[0].first).text, "a");
  EXPECT_EQ(pickle->at(root.entries[0].second).integer, 5);
}

std::string error_of(const std::string& bytes) {
  const auto pickle = read_pickle(bytes, kDict, "t.bin");
  return pickle ? "no error" : pickle.error().message;
}

TEST(Pickle, NamesWhatItDoesNotCall) {
  EXPECT_THAT(error_of("cos\nsystem\nX\x02\x00\x00\x00ls\x85R."s), HasSubstr("t.bin: the pickle names 'os.system'"));
  EXPECT_THAT(error_of("cos\nsystem\nX\x02\x00\x00\x00ls\x85R."s), HasSubstr("Nothing of it was run"));
  EXPECT_THAT(error_of("(S'ls'\nios\nsystem\n."), HasSubstr("opcode 83 at byte 1"));
  EXPECT_EQ(error_of("ccollections\nOrderedDict\n)R."), "no error");
}

TEST(Pickle, SaysWhereItIsBroken) {
  EXPECT_THAT(error_of(""), HasSubstr("broken at byte 0: it ends in the middle"));
  EXPECT_THAT(error_of("."), HasSubstr("a value is missing"));
  EXPECT_THAT(error_of("X\xff\xff\xff\x7f."s), HasSubstr("claims 2147483647 bytes"));
  EXPECT_THAT(error_of("N(\x85."s), HasSubstr("a value is missing"));  // below the mark
  EXPECT_THAT(error_of("NNa."), HasSubstr("no list"));
  EXPECT_THAT(error_of("t."), HasSubstr("a mark is missing"));
  EXPECT_THAT(error_of("h\x01."), HasSubstr("before it is made"));
  EXPECT_THAT(error_of("N)R."), HasSubstr("no function is called"));
}

std::vector<float> floats_of(const TorchTensor& tensor) {
  const std::string bytes = contiguous_bytes(tensor);
  std::vector<float> out(bytes.size() / 4);
  std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

class TorchFile : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
    bytes_ = read_file(std::filesystem::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/torch" / GetParam())
                 .value();
  }
  std::string bytes_;
};

TEST_P(TorchFile, GivesTheTensorsOfADictionary) {
  EXPECT_TRUE(is_torch_file(bytes_));
  const auto file = read_torch_file(bytes_, "t.bin");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->size(), 10U);
  const auto& at = [&](const char* name) -> const TorchTensor& { return file->find(name)->second; };
  EXPECT_THAT(floats_of(at("matrix")), ElementsAre(0, .125F, .25F, .375F, .5F, .625F));
  EXPECT_THAT(at("turned").shape, ElementsAre(3, 2));
  EXPECT_THAT(floats_of(at("turned")), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(floats_of(at("part")), ElementsAre(1, 1.125F, 1.75F, 1.875F));
  EXPECT_EQ(at("tied").storage.data(), at("matrix").storage.data());
  EXPECT_EQ(contiguous_bytes(at("half")), "\x00\x3c\x00\xc1"s);
  EXPECT_EQ(contiguous_bytes(at("bfloat")), "\x80\x3f\x20\xc0"s);
  EXPECT_EQ(at("double").type, TensorType::f64);
  EXPECT_EQ(at("ids").type, TensorType::i64);
  EXPECT_TRUE(at("scalar").shape.empty());
  EXPECT_THAT(floats_of(at("scalar")), ElementsAre(7));
  EXPECT_THAT(floats_of(at("parameter")), ElementsAre(3, 4));
}

// Every file cut short is an error, not a crash.
TEST_P(TorchFile, RefusesAFileThatIsCutOff) {
  for (std::size_t size = 0; size < bytes_.size(); size += 7) {
    EXPECT_FALSE(read_torch_file(std::string_view(bytes_).substr(0, size), "t.bin")) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, TorchFile, testing::Values("new.bin", "old.bin", "protocol4.bin"));

TEST(TorchFileOfSomebody, IsRefusedWhenItWantsToRunSomething) {
  if (std::getenv("ISOGLOSS_SOURCE_DIR") == nullptr) GTEST_SKIP() << "ISOGLOSS_SOURCE_DIR is not set";
  for (const char* name : {"evil.bin", "evil4.bin"}) {
    const std::string bytes =
        read_file(std::filesystem::path(std::getenv("ISOGLOSS_SOURCE_DIR")) / "tests/golden/torch" / name).value();
    const auto file = read_torch_file(bytes, name);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, Code::unsupported);
    EXPECT_THAT(file.error().message, HasSubstr(".system'"));
  }
  EXPECT_FALSE(read_torch_file("hello", "t.bin"));
}

}  // namespace
}  // namespace isogloss::formats
