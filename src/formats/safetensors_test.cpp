// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>

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

TEST(SafeTensors, RefusesImpossibleClaims) {
  const std::string huge = with_header(R"({"a":{"dtype":"F32","shape":[1152921504606846976,64],"data_offsets":[0,4]}})", 4);
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
