// SPDX-License-Identifier: Apache-2.0
#include "formats/gguf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "formats/gguf_test_support.hpp"

namespace isogloss::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::string_literals;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string error_of(const std::string& file) {
  const auto read = Gguf::parse(bytes_of(file), "t.gguf");
  return read ? "no error" : read.error().message;
}

// magic, version, one tensor, one key "a" = true; tensor "w" of 2 x 1 floats at offset 0; data at byte 96.
const std::string kByHand =
    "GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"s
    "\x01\0\0\0\0\0\0\0a\x07\0\0\0\x01"s
    "\x01\0\0\0\0\0\0\0w\x02\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"s +
    std::string(17, '\0') + "\0\0\x80\x3f\0\0\0\x40"s;

TEST(Gguf, ReadsAFileWrittenByHand) {
  const auto file = Gguf::parse(bytes_of(kByHand), "t.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->boolean("a").value(), true);
  ASSERT_EQ(file->tensors().size(), 1u);
  const GgufTensor& tensor = file->tensors()[0];
  EXPECT_EQ(tensor.name, "w");
  EXPECT_THAT(tensor.shape, ElementsAre(2, 1));
  EXPECT_EQ(tensor.type->name, "F32");
  EXPECT_EQ(tensor.offset, 96u);
  EXPECT_EQ(tensor.size, 8u);
  float values[2] = {};
  ASSERT_TRUE(file->read(tensor, std::as_writable_bytes(std::span(values))));
  EXPECT_THAT(values, ElementsAre(1.0F, 2.0F));
}

GgufBuilder every_kind() {
  GgufBuilder builder;
  builder.key("name", "tiny").key("on", true).key("size", 7u).key("rate", 0.5F);
  builder.raw_key("u64", GgufType::u64, std::uint64_t{1} << 40).raw_key("big", GgufType::u64, ~std::uint64_t{0});
  builder.raw_key("i8", GgufType::i8, std::int8_t{-3})
      .raw_key("f64", GgufType::f64, 0.25)
      .raw_key("odd", GgufType::boolean, std::uint8_t{2});
  builder.array("words", std::vector<std::string>{"a", "", "\u2581b"})
      .array("scores", std::vector<float>{1, -2})
      .array("types", std::vector<std::int32_t>{1, 3});
  builder.tensor("m", {2, 3}, "F16", std::string(12, 'x'))
      .tensor("q", {1, 32}, "Q8_0", std::string(34, 'y'))
      .tensor("s", {}, "F32", "abcd");
  return builder;
}

TEST(Gguf, ValuesAreTypedAndErrorsNameFileKeyAndValue) {
  const std::string bytes = every_kind().finish();
  const auto file = Gguf::parse(bytes_of(bytes), "t.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->text("name").value(), "tiny");
  EXPECT_EQ(file->integer("size", 0, 10).value(), 7);
  EXPECT_EQ(file->integer("u64", 0, INT64_MAX).value(), std::int64_t{1} << 40);
  EXPECT_EQ(file->integer("i8", -5, 5).value(), -3);
  EXPECT_EQ(file->number("rate").value(), 0.5);
  EXPECT_EQ(file->number("f64").value(), 0.25);
  EXPECT_THAT(file->texts("words").value(), ElementsAre("a", "", "\u2581b"));
  EXPECT_THAT(file->numbers("scores").value(), ElementsAre(1.0, -2.0));
  EXPECT_THAT(file->integers("types").value(), ElementsAre(1, 3));
  EXPECT_EQ(file->text_or("absent", "else").value(), "else");
  EXPECT_EQ(file->integer("size", 0, 5).error().message,
            "t.gguf: key 'size' is uint32 7; it has to be an integer of 0 to 5.");
  EXPECT_THAT(file->integer("big", 0, INT64_MAX).error().message, HasSubstr("uint64"));
  EXPECT_THAT(file->boolean_or("name", true).error().message, HasSubstr("the string 'tiny'"));
  EXPECT_THAT(file->boolean("odd").error().message, HasSubstr("a bool, 0 or 1"));
  EXPECT_THAT(file->texts("scores").error().message,
              HasSubstr("an array of 2 float32 values; it has to be an array of strings"));
  EXPECT_THAT(file->integers("size").error().message, HasSubstr("it has to be an array"));
  EXPECT_THAT(file->number("absent").error().message, HasSubstr("key 'absent' is missing"));
}

TEST(Gguf, TensorsLieWhereTheDirectorySays) {
  const std::string bytes = every_kind().finish(2);
  const auto file = Gguf::parse(bytes_of(bytes), "t.gguf");
  ASSERT_TRUE(file) << file.error().message;
  const GgufTensor* const q = file->find_tensor("q");
  ASSERT_NE(q, nullptr);
  EXPECT_EQ(q->elements(), 32u);
  EXPECT_EQ(bytes.substr(q->offset, q->size), std::string(34, 'y'));
  EXPECT_EQ(q->offset % 32, 0u);
  EXPECT_EQ(file->find_tensor("s")->elements(), 1u);
  EXPECT_EQ(file->find_tensor("absent"), nullptr);
}

TEST(Gguf, OpenReadsTheHeadAloneHoweverLongItIs) {
  const TemporaryFolder folder;
  std::vector<std::string> words(300'000, "word");  // 3.6 MB: more than the first read
  const std::string bytes = every_kind().array("vocabulary", words).finish();
  ASSERT_TRUE(write_file(folder.path() / "t.gguf", bytes));
  const auto file = Gguf::open(folder.path() / "t.gguf");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->texts("vocabulary")->size(), words.size());
  const GgufTensor* const m = file->find_tensor("m");
  ASSERT_NE(m, nullptr);
  EXPECT_TRUE(m->bytes.empty());
  std::string content(m->size, ' ');
  ASSERT_TRUE(file->read(*m, std::as_writable_bytes(std::span(content))));
  EXPECT_EQ(content, std::string(12, 'x'));
  EXPECT_EQ(Gguf::open(folder.path() / "absent.gguf").error().code, Code::not_found);
}

TEST(Gguf, EveryTruncationIsRefused) {
  const std::string bytes = every_kind().finish();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_THAT(error_of(bytes.substr(0, size)), HasSubstr("t.gguf: ")) << size;
  }
}

TEST(Gguf, RefusesImpossibleClaims) {
  const auto with = [](std::size_t at, std::uint64_t value, std::size_t size = 8) {
    std::string changed = kByHand;
    std::memcpy(changed.data() + at, &value, size);
    return changed;
  };
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
  EXPECT_THAT(error_of("GGML" + kByHand.substr(4)), HasSubstr("does not begin with 'GGUF'"));
  EXPECT_THAT(error_of(with(4, 1, 4)), HasSubstr("version 1"));
  EXPECT_THAT(error_of(with(4, 0x03000000, 4)), HasSubstr("big-endian"));
  EXPECT_THAT(error_of(with(8, kHuge)), HasSubstr("at byte"));   // tensors
  EXPECT_THAT(error_of(with(16, kHuge)), HasSubstr("at byte"));  // keys
  EXPECT_THAT(error_of(with(24, kHuge)), HasSubstr("name of key 0 claims 4611686018427387904 bytes"));
  EXPECT_THAT(error_of(with(33, 13, 4)), HasSubstr("key 'a' has the unknown type 13"));
  EXPECT_THAT(error_of(with(47, 5, 4)), HasSubstr("5 dimensions"));
  EXPECT_THAT(error_of(with(51, kHuge)), HasSubstr("impossible shape"));
  EXPECT_THAT(error_of(with(59, 3)), HasSubstr("claims 12 bytes at offset 0"));
  EXPECT_THAT(error_of(with(67, 4, 4)), HasSubstr("ggml type 4"));
  EXPECT_THAT(error_of(with(67, 8, 4)), HasSubstr("no multiple of the 32 of a block of Q8_0"));
  EXPECT_THAT(error_of(with(71, ~std::uint64_t{31})), HasSubstr("claims 8 bytes at offset"));
  EXPECT_THAT(
      error_of(GgufBuilder().numbers("general.alignment", GgufType::u32, std::vector<std::uint32_t>{8}).finish()),
      HasSubstr("general.alignment"));
  EXPECT_THAT(error_of(GgufBuilder().key("general.alignment", 24u).finish()), HasSubstr("no power of two"));
  EXPECT_THAT(error_of(GgufBuilder().key("a", 1u).key("a", 2u).finish()), HasSubstr("key 'a' stands there twice"));
  EXPECT_THAT(error_of(GgufBuilder().tensor("w", {1}, "F32", "abcd").tensor("w", {1}, "F32", "abcd").finish()),
              HasSubstr("tensor 'w' stands there twice"));
}

}  // namespace
}  // namespace isogloss::formats
