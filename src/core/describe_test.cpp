// SPDX-License-Identifier: Apache-2.0
#include "core/describe.hpp"

#include <gtest/gtest.h>

namespace isogloss {
namespace {

struct SampleOptions {
  std::int64_t dim = 100;
  bool normalize = true;
  std::string norm = "l2";
  std::vector<std::string> ngram_range{"1", "1"};
};

template <class Visitor>
void describe(SampleOptions& o, Visitor& v) {
  v("dim", o.dim, Range{1, 1000}, "Dimensions.");
  v("normalize", o.normalize, "Unit length.");
  v("norm", o.norm, Choice{"l1|l2|none"}, "Norm.");
  v("ngram_range", o.ngram_range, "Shortest and longest n-gram.");
}

TEST(Options, AreParsedFromTheirTextForm) {
  const auto values = parse_option_list("dim=7,normalize=no,ngram_range=1-2", "a test");
  ASSERT_TRUE(values);
  const auto options = parse_options<SampleOptions>(*values, "Family 'sample'");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->dim, 7);
  EXPECT_FALSE(options->normalize);
  EXPECT_EQ(options->ngram_range, (std::vector<std::string>{"1", "2"}));
}

TEST(Options, UnknownNameNamesTheNearest) {
  const auto options = parse_options<SampleOptions>({{"dmi", std::string("7")}}, "Family 'sample'");
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().message, "Family 'sample' has no option 'dmi'. Did you mean 'dim'?");
}

TEST(Options, ValuesOutOfRangeAreRefused) {
  EXPECT_FALSE(parse_options<SampleOptions>({{"dim", std::int64_t{0}}}, "x"));
  EXPECT_FALSE(parse_options<SampleOptions>({{"norm", std::string("l3")}}, "x"));
  EXPECT_FALSE(parse_options<SampleOptions>({{"dim", std::string("ten")}}, "x"));
}

TEST(Options, RoundTripThroughJson) {
  SampleOptions options;
  options.dim = 3;
  options.ngram_range = {"2", "4"};
  std::string text;
  JsonWriter writer(text);
  write_option_values(writer, option_values(options));
  const auto json = Json::parse(text, "x");
  ASSERT_TRUE(json);
  const auto back = parse_options<SampleOptions>(option_values_from_json(*json), "x");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->dim, 3);
  EXPECT_EQ(back->ngram_range, (std::vector<std::string>{"2", "4"}));
}

TEST(Options, TableHasTypeDefaultAndRange) {
  const auto infos = option_infos<SampleOptions>();
  ASSERT_EQ(infos.size(), 4u);
  EXPECT_EQ(infos[0].default_value, "100");
  EXPECT_EQ(infos[0].range, "1..1000");
  EXPECT_EQ(infos[2].range, "l1|l2|none");
}

}  // namespace
}  // namespace isogloss
