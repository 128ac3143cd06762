// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "core/file.hpp"
#include "core/test_support.hpp"

namespace isogloss::formats {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string with_header(const std::string& header, std::size_t data) {
  const std::uint64_t size = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &size, 8);
  return out + header + std::string(data, '\0');
}

TEST(SafeTensors, ReadsWhatItWrote) {
  SafeTensorsWriter writer;
  const std::vector<float> a{1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> b{-7};
  writer.add<float>("a", {2, 3}, a);
  writer.add<std::int64_t>("b", {1}, b);
  const std::string file = writer.finish();
  const auto tensors = SafeTensors::parse(bytes_of(file), "t");
  ASSERT_TRUE(tensors);
  EXPECT_EQ(tensors->read<float>("a", std::vector<std::size_t>{2, 3}).value(), a);
  EXPECT_EQ(tensors->read<std::int64_t>("b", std::vector<std::size_t>{SafeTensors::any_extent}).value(), b);
  EXPECT_FALSE(tensors->read<double>("a", std::vector<std::size_t>{2, 3}));
  EXPECT_FALSE(tensors->read<float>("a", std::vector<std::size_t>{3, 2}));
}

// 3 bytes, 2 floats, 1 double: by width they lie at 0, 8 and 16 and end at 19, as other libraries want it.
TEST(SafeTensors, LeavesNoHoleBetweenTensors) {
  SafeTensorsWriter writer;
  writer.add<std::uint8_t>("bytes", {3}, std::vector<std::uint8_t>{1, 2, 3});
  writer.add<float>("floats", {2}, std::vector<float>{4, 5});
  writer.add<double>("double", {1}, std::vector<double>{6});
  const std::string file = writer.finish();
  const std::size_t header = safetensors_header_bytes(file, file.size(), "t").value();
  const TensorPlaces places = safetensors_places(std::string_view(file).substr(0, header), file.size(), "t").value();
  EXPECT_EQ(places.at("double").offset, header);
  EXPECT_EQ(places.at("floats").offset, header + 8);
  EXPECT_EQ(places.at("bytes").offset, header + 16);
  EXPECT_EQ(file.size(), header + 19);
  EXPECT_EQ(header % 8, 0U);
}

TEST(SafeTensors, WritesTensorsOneByOne) {
  const TemporaryFolder folder;
  const std::vector<SafeTensorsFile::Entry> entries{{"a", TensorType::f32, {2}}, {"b", TensorType::f16, {1, 1}}};
  auto file = SafeTensorsFile::create(folder.path() / "t.safetensors", entries);
  ASSERT_TRUE(file) << file.error().message;
  const float a[] = {1, 2};
  const std::uint16_t b[] = {0x3C00};
  ASSERT_TRUE(file->append(std::as_bytes(std::span(a))));
  ASSERT_TRUE(file->append(std::as_bytes(std::span(b))));
  ASSERT_TRUE(file->commit());
  const std::string bytes = read_file(folder.path() / "t.safetensors").value();
  const auto tensors = SafeTensors::parse(bytes_of(bytes), "t");
  ASSERT_TRUE(tensors) << tensors.error().message;
  EXPECT_EQ(tensors->metadata().at("format"), "pt");
  EXPECT_EQ(tensors->read<float>("a", std::vector<std::size_t>{2}).value(), (std::vector<float>{1, 2}));
  EXPECT_EQ(tensors->tensors().at("b").bytes.size(), 2U);
}

TEST(SafeTensors, RefusesImpossibleClaims) {
  const std::string huge =
      with_header(R"({"a":{"dtype":"F32","shape":[1152921504606846976,64],"data_offsets":[0,4]}})", 4);
  EXPECT_EQ(SafeTensors::parse(bytes_of(huge), "t").error().code, Code::corrupt_data);
  const std::string beyond = with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 4);
  EXPECT_FALSE(SafeTensors::parse(bytes_of(beyond), "t"));
  std::string long_header = with_header("{}", 0);
  long_header[6] = 1;
  EXPECT_FALSE(SafeTensors::parse(bytes_of(long_header), "t"));
  EXPECT_FALSE(SafeTensors::parse(bytes_of(std::string("abc")), "t"));
}

}  // namespace
}  // namespace isogloss::formats
