// SPDX-License-Identifier: Apache-2.0
// Broken, truncated and hostile files of every kind: an error that names the file and the place, at load; or, where the
// file is sound and a text is what it cannot take, an error of that text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "formats/gguf_test_support.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::tokens {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The error of loading `content` as a file of this name; "no error" when there is none, after a text was cut.
std::string error_of(const std::string& name, std::string_view content, std::string_view merges = {}) {
  const TemporaryFolder folder;
  Context context;
  EXPECT_TRUE(write_file(folder.path() / name, content));
  if (!merges.empty()) {
    EXPECT_TRUE(write_file(folder.path() / "merges.txt", merges));
  }
  const auto tokenizer = load_tokenizer(folder.path() / name, {}, context);
  if (!tokenizer) return tokenizer.error().message;
  Tokens tokens;
  if (const Status status = (*tokenizer)->encode("ab \u00e9 \xff", {}, tokens); !status) return status.error().message;
  (*tokenizer)->pieces("ab \u00e9 \xff", tokens);
  return "no error";
}

std::string json_model(std::string_view model, std::string_view rest = "") {
  return R"({"model":)" + std::string(model) + std::string(rest) + "}";
}
constexpr std::string_view kWords = R"({"type":"WordLevel","unk_token":"?","vocab":{"?":0}})";

struct Hostile {
  std::string_view what;
  std::string content;
  std::string_view error;
};

TEST(HostileTokenizerJson, IsRefusedWithFileAndPlace) {
  std::string nested;
  for (int i = 0; i < 100; ++i) nested += R"({"type":"Sequence","normalizers":[)";
  std::string deep(100'000, '[');
  const Hostile files[] = {
      {"nesting without end", R"({"model":)" + deep, "tokenizer.json"},
      {"normalisers in normalisers", json_model(kWords, R"(,"normalizer":)" + nested + std::string(100, ']')),
       "tokenizer.json"},
      {"an id that is no integer", json_model(R"({"type":"BPE","vocab":{"a":1.5},"merges":[]})"), "model.vocab"},
      {"an id below zero", json_model(R"({"type":"BPE","vocab":{"a":-4},"merges":[]})"), "model.vocab"},
      {"an id without measure", json_model(R"({"type":"BPE","vocab":{"a":4294967295},"merges":[]})"), "model.vocab"},
      {"merges that are numbers", json_model(R"({"type":"BPE","vocab":{"a":0},"merges":[1,2]})"),
       "model.merges has no pair of pieces at place 0"},
      {"a merge of three", json_model(R"({"type":"BPE","vocab":{"a":0},"merges":["a a a"]})"),
       "model.merges has the line 'a a a' at place 0"},
      {"a cyclic merge", json_model(R"({"type":"BPE","vocab":{"a":0,"":1},"merges":[["a",""]]})"),
       "model.merges makes at place 0 of 'a' and '' the piece 'a' again"},
      {"a cyclic merge by its prefix",
       json_model(R"({"type":"BPE","continuing_subword_prefix":"##","vocab":{"a":0,"##":1},"merges":["a ##"]})"),
       "model.merges makes at place 0"},
      {"a missing unknown token", json_model(R"({"type":"BPE","unk_token":"?","vocab":{"a":0},"merges":[]})"),
       "model is unusable"},
      {"an unknown id behind the pieces", json_model(R"({"type":"Unigram","unk_id":7,"vocab":[["a",0]]})"),
       "model.unk_id"},
      {"a score that is text", json_model(R"({"type":"Unigram","vocab":[["a","b"]]})"),
       "model.vocab has no piece with its score at place 0"},
      {"a piece without end", json_model(R"({"type":"Unigram","vocab":[[")" + std::string(100'000, 'a') + R"(",0]]})"),
       "model.vocab has a piece of 100000 bytes at place 0"},
      {"an added token far outside", json_model(kWords, R"(,"added_tokens":[{"id":8000000,"content":"<x>"}])"),
       "added_tokens[0].id lies far beyond"},
      {"a template of ids that are none",
       json_model(
           kWords,
           R"(,"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"special_tokens":{"x":{"id":"x","ids":[8000000],"tokens":["x"]}}})"),
       "post_processor adds the id 8000000"},
      {"a processor of ids that are none",
       json_model(kWords, R"(,"post_processor":{"type":"BertProcessing","sep":["x",5],"cls":["?",0]})"),
       "post_processor adds the id 5"},
      {"a character map that is no base64",
       json_model(kWords, R"(,"normalizer":{"type":"Precompiled","precompiled_charsmap":"*"})"),
       "normalizer.precompiled_charsmap"},
      {"a character map that points outside",
       json_model(kWords, R"(,"normalizer":{"type":"Precompiled","precompiled_charsmap":"////f////38="})"),
       "normalizer.precompiled_charsmap"},
      {"an expression without end",
       json_model(
           kWords,
           R"(,"pre_tokenizer":{"type":"Split","behavior":"Isolated","pattern":{"Regex":"(a{1,60000}){1,60000}"}})"),
       "pre_tokenizer.pattern"},
      {"words of no characters", json_model(kWords, R"(,"pre_tokenizer":{"type":"FixedLength","length":0})"),
       "pre_tokenizer"},
      {"blanks without measure",
       json_model(kWords, R"(,"decoder":{"type":"Strip","content":" ","start":99999999999,"stop":0})"),
       "decoder.start"},
  };
  for (const Hostile& file : files) {
    EXPECT_THAT(error_of("tokenizer.json", file.content),
                AllOf(HasSubstr("tokenizer.json"), HasSubstr(std::string(file.error))))
        << file.what;
  }
}

// Rules that each make a text a hundred times as long. The first one's text is within the limit when the text is long.
TEST(HostileTokenizerJson, RulesThatMultiplyATextAreStopped) {
  const auto rule = [](std::string_view pattern) {
    return R"({"type":"Replace","pattern":)" + std::string(pattern) + R"(,"content":")" + std::string(100, 'a') +
           R"("})";
  };
  for (const std::string_view pattern : {R"({"Regex":"a"})", R"({"String":"a"})", R"({"Regex":""})"}) {
    std::string rules = rule(pattern);
    for (int i = 0; i < 9; ++i) rules += "," + rule(pattern);
    EXPECT_THAT(error_of("tokenizer.json",
                         json_model(kWords, R"(,"normalizer":{"type":"Sequence","normalizers":[)" + rules + "]}")),
                AllOf(HasSubstr("tokenizer.json: normalizer"), HasSubstr("64 times")))
        << pattern;
    const TemporaryFolder folder;
    Context context;
    EXPECT_TRUE(write_file(folder.path() / "tokenizer.json",
                           json_model(R"({"type":"WordLevel","unk_token":"a","vocab":{"a":0}})",
                                      R"(,"decoder":{"type":"Sequence","decoders":[)" + rules + "]}")));
    const auto tokenizer = load_tokenizer(folder.path(), {}, context);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    EXPECT_THAT((*tokenizer)->decode(std::vector<std::uint32_t>(5, 0), {}).error().message, HasSubstr("64 times"))
        << pattern;
  }
}

// Whatever a file is cut to, opening it ends, with an error that names it.
TEST(HostileTokenizerFiles, CutAnywhereAreErrors) {
  const std::string json =
      json_model(R"({"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]})",
                 R"(,"added_tokens":[{"id":3,"content":"<x>"}],"normalizer":{"type":"NFC"},"decoder":null)");
  EXPECT_EQ(error_of("tokenizer.json", json), "no error");
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_THAT(error_of("tokenizer.json", std::string_view(json).substr(0, size)), HasSubstr("tokenizer.json"))
        << size;
  }
  std::string model("\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02", 16);
  model += std::string(
      "\x0a\x08\x0a\x01"
      "a\x15\0\0\x80\xbf",
      10);
  EXPECT_EQ(error_of("x.model", model), "no error");
  for (std::size_t size = 0; size < model.size(); ++size) {
    if (size == 16) continue;  // a model of one piece
    EXPECT_THAT(error_of("x.model", std::string_view(model).substr(0, size)), HasSubstr("x.model")) << size;
  }
}

TEST(HostileTokenizerFiles, OfOtherKindsAreRefusedWithFileAndPlace) {
  EXPECT_THAT(error_of("vocab.txt", std::string_view("[UNK]\na\0b\n\xff\xfe\n", 13)), HasSubstr("vocab.txt"));
  EXPECT_THAT(error_of("vocab.txt", "[UNK]\n" + std::string(1 << 20, 'a')), HasSubstr("vocab.txt"));
  EXPECT_THAT(error_of("vocab.json", R"({"a":0})", "#version\na b\n"), AllOf(HasSubstr("line 2"), HasSubstr("lacks")));
  EXPECT_THAT(error_of("vocab.json", R"({"a":0})", "a\n"), AllOf(HasSubstr("line 1"), HasSubstr("two pieces")));
  EXPECT_THAT(error_of("vocab.json", R"({"a":0,"":1})", "#version\na \n"),
              AllOf(HasSubstr("line 2"), HasSubstr("again")));
  EXPECT_THAT(error_of("vocab.json", R"([1])", "a b\n"), HasSubstr("vocab.json"));
  EXPECT_THAT(error_of("x.tiktoken", "YQ== 0\nYg== 4294967296\n"), AllOf(HasSubstr("x.tiktoken"), HasSubstr("line 2")));
  EXPECT_THAT(error_of("x.tiktoken", "YQ== 8000000\n"), AllOf(HasSubstr("x.tiktoken"), HasSubstr("line 1")));
  EXPECT_THAT(error_of("x.tiktoken", "YQ*= 0\n"), AllOf(HasSubstr("x.tiktoken"), HasSubstr("line 1")));
  EXPECT_THAT(error_of("x.model", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
              AllOf(HasSubstr("x.model"), HasSubstr("piece 0")));
}

std::string fasttext(std::int32_t entries, std::int32_t words, std::int64_t pruned, std::int32_t longest = 3) {
  std::string out;
  const auto put = [&](auto value) {
    out.append(static_cast<const char*>(static_cast<const void*>(&value)), sizeof(value));
  };
  for (const std::int32_t number : {793712314, 12, 4, 5, 5, 1, 5, 1, 1, 2, 1000, 3, longest, 100}) put(number);
  put(1e-4);
  for (const std::int32_t number : {entries, words, 0}) put(number);
  put(std::int64_t{9});
  put(pruned);
  return out + std::string("the\0\x09\0\0\0\0\0\0\0\0", 13);
}

TEST(HostileFastText, CountsBeyondTheFileAreRefused) {
  EXPECT_EQ(error_of("x.bin", fasttext(1, 1, -1)), "no error");
  EXPECT_THAT(error_of("x.bin", fasttext(2147483647, 1, -1)), AllOf(HasSubstr("x.bin"), HasSubstr("head")));
  EXPECT_THAT(error_of("x.bin", fasttext(2, 2, -1)), AllOf(HasSubstr("x.bin"), HasSubstr("entry 1")));
  EXPECT_THAT(error_of("x.bin", fasttext(1, 1, std::int64_t{1} << 60)), AllOf(HasSubstr("x.bin"), HasSubstr("head")));
  EXPECT_THAT(error_of("x.bin", fasttext(1, 1, -1, 2'000'000'000)), AllOf(HasSubstr("x.bin"), HasSubstr("head")));
}

TEST(HostileGguf, CountsBeyondTheFileAndCyclicMergesAreRefused) {
  const auto head = [](std::uint64_t tensors, std::uint64_t keys) {
    std::string out = "GGUF";
    const std::uint32_t version = 3;
    out.append(static_cast<const char*>(static_cast<const void*>(&version)), 4);
    out.append(static_cast<const char*>(static_cast<const void*>(&tensors)), 8);
    out.append(static_cast<const char*>(static_cast<const void*>(&keys)), 8);
    return out;
  };
  EXPECT_THAT(error_of("x.gguf", head(0, ~std::uint64_t{0})), HasSubstr("x.gguf"));
  EXPECT_THAT(error_of("x.gguf", head(~std::uint64_t{0}, 0)), HasSubstr("x.gguf"));
  std::string array = head(0, 1);  // a key "k": array of 2^60 strings
  for (const std::uint64_t number : {std::uint64_t{1}})
    array.append(static_cast<const char*>(static_cast<const void*>(&number)), 8);
  array += "k";
  for (const std::uint32_t number : {9u, 8u})
    array.append(static_cast<const char*>(static_cast<const void*>(&number)), 4);
  const std::uint64_t count = std::uint64_t{1} << 60;
  array.append(static_cast<const char*>(static_cast<const void*>(&count)), 8);
  EXPECT_THAT(error_of("x.gguf", array), HasSubstr("x.gguf"));
  formats::GgufBuilder merges;
  merges.key("tokenizer.ggml.model", "gpt2").key("tokenizer.ggml.pre", "gpt-2");
  merges.array("tokenizer.ggml.tokens", std::vector<std::string>{"a", ""})
      .array("tokenizer.ggml.merges", std::vector<std::string>{"a "});
  EXPECT_THAT(error_of("x.gguf", merges.finish()),
              AllOf(HasSubstr("x.gguf"), HasSubstr("'tokenizer.ggml.merges', entry 0")));
}

}  // namespace
}  // namespace isogloss::tokens
