// SPDX-License-Identifier: Apache-2.0
#include "core/npy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string npy(std::string header, std::string_view numbers, bool wide = false) {
  std::string out(kNpyMagic);
  out += wide ? std::string("\x02\0", 2) : std::string("\x01\0", 2);
  for (std::size_t i = 0; i < (wide ? 4U : 2U); ++i) out += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return out + header + std::string(numbers);
}

template <class T>
std::string bytes(std::initializer_list<T> values) {
  return {static_cast<const char*>(static_cast<const void*>(values.begin())), values.size() * sizeof(T)};
}

TEST(Npy, ReadsMatricesOfThreeTypes) {
  const std::string f4 =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n", bytes({1.0F, 2.0F, 3.0F, 4.5F}));
  const NpyMatrix matrix = parse_npy_matrix(f4, "x").value();
  EXPECT_EQ(matrix.rows, 2u);
  EXPECT_EQ(matrix.columns, 2u);
  EXPECT_THAT(matrix.values, ElementsAre(1.0F, 2.0F, 3.0F, 4.5F));
  const std::string f8 = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", bytes({1.5, -2.0}), true);
  EXPECT_THAT(parse_npy_matrix(f8, "x").value().values, ElementsAre(1.5F, -2.0F));
  const std::string f2 =
      npy("{'descr': '<f2', 'fortran_order': False, 'shape': (2, 1), }", bytes<std::uint16_t>({0x3C00, 0xC000}));
  EXPECT_THAT(parse_npy_matrix(f2, "x").value().values, ElementsAre(1.0F, -2.0F));
}

TEST(Npy, AHeaderIsReadBackAndEndsAtAMultipleOf64) {
  const std::size_t shape[] = {2, 1};
  const std::string header = npy_header("<f4", shape);
  EXPECT_EQ(header.size() % 64, 0u);
  EXPECT_THAT(header, HasSubstr("'shape': (2, 1), }"));
  EXPECT_THAT(parse_npy_matrix(header + bytes({1.0F, 2.0F}), "x").value().values, ElementsAre(1.0F, 2.0F));
  EXPECT_THAT(npy_header("<f4", std::span(shape).first(1)), HasSubstr("'shape': (2, ), }"));
}

TEST(Npy, OneDimensionIsOneRow) {
  const NpyMatrix matrix =
      parse_npy_matrix(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytes({1.0F, 2.0F})), "x")
          .value();
  EXPECT_EQ(matrix.rows, 1u);
  EXPECT_EQ(matrix.columns, 2u);
}

TEST(Npy, WhatItIsNotIsSaid) {
  const auto error = [](const std::string& content) { return parse_npy_matrix(content, "x.npy").error().message; };
  EXPECT_THAT(error("\x93NUMP"), HasSubstr("'x.npy' is no .npy"));
  EXPECT_THAT(error(npy("{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1), }", "abcd")), HasSubstr("<i4"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "abcd")), HasSubstr("C order"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1), }", "abcd")),
              HasSubstr("matrix"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "abcd")), HasSubstr("matrix"));
  EXPECT_THAT(error(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", "abcd")),
              HasSubstr("cut short"));
  std::string cut = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }", "");
  EXPECT_THAT(error(cut), HasSubstr("cut short"));
  cut.resize(20);
  EXPECT_THAT(error(cut), HasSubstr("header"));
}

}  // namespace
}  // namespace isogloss
