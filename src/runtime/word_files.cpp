// SPDX-License-Identifier: Apache-2.0
#include "runtime/word_files.hpp"

#include <algorithm>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/utf8.hpp"
#include "formats/safetensors.hpp"
#include "formats/word_vector_writer.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace runtime {
namespace {

namespace fs = std::filesystem;

formats::WordRowSource source_of(const Vocabulary& words) {
  return {words.word_count(), words.word_dimension(), [&words](std::size_t i) { return words.word(i); },
          [&words](std::size_t i, std::span<float> row) { words.word_vector(i, row); }};
}

Status write_word2vec_text(const Vocabulary& words, const fs::path& path, const ConvertOptions& options,
                           Context& context) {
  return formats::save_word_vectors(path, source_of(words), {.digits = static_cast<int>(options.digits)}, context);
}
Status write_glove(const Vocabulary& words, const fs::path& path, const ConvertOptions& options, Context& context) {
  const formats::WordVectorForm form{
      .header = options.header, .trailing_blank = false, .digits = static_cast<int>(options.digits)};
  return formats::save_word_vectors(path, source_of(words), form, context);
}
Status write_word2vec_binary(const Vocabulary& words, const fs::path& path, const ConvertOptions&, Context& context) {
  return formats::save_word_vectors(path, source_of(words), {.binary = true}, context);
}
Status write_numpy(const Vocabulary& words, const fs::path& path, const ConvertOptions&, Context& context) {
  return formats::save_word_matrix(path, source_of(words), context);
}

// A tokenizer.json that reads texts as models of word vectors do: blanks and signs divide. Lower case when the
// vocabulary has no other.
std::string word_tokenizer(const Vocabulary& words, std::string_view unknown) {
  bool lower = true;
  for (std::size_t i = 0; i < words.word_count() && lower; ++i) lower = to_lower_full(words.word(i)) == words.word(i);
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("version", "1.0").key("truncation").null().key("padding").null();
  json.key("added_tokens").begin_array().begin_object().field("id", std::uint64_t{0}).field("content", unknown);
  for (const char* name : {"single_word", "lstrip", "rstrip", "normalized"}) json.field(name, false);
  json.field("special", true).end_object().end_array();
  json.key("normalizer");
  if (lower) {
    json.begin_object().field("type", "Lowercase").end_object();
  } else {
    json.null();
  }
  json.key("pre_tokenizer").begin_object().field("type", "Sequence").key("pretokenizers").begin_array();
  json.begin_object().field("type", "WhitespaceSplit").end_object();
  json.begin_object().field("type", "Punctuation").field("behavior", "Isolated").end_object();
  json.end_array().end_object().key("post_processor").null().key("decoder").null();
  json.key("model").begin_object().field("type", "WordLevel").key("vocab").begin_object();
  json.field(unknown, std::uint64_t{0});
  for (std::size_t i = 0; i < words.word_count(); ++i) json.field(words.word(i), static_cast<std::uint64_t>(i + 1));
  json.end_object().field("unk_token", unknown).end_object().end_object();
  return out;
}

// Row 0 is a zero for unknown words, which are left out of a text's mean.
Status write_static(const Vocabulary& words, const fs::path& folder, const ConvertOptions&, Context& context) {
  std::string unknown = "[UNK]";
  while (words.find_word(unknown)) unknown.insert(unknown.size() - 1, 1, '_');
  IG_TRY(write_file(folder / "config.json", R"({"model_type":"model2vec","normalize":false})"));
  IG_TRY(write_file(folder / "tokenizer.json", word_tokenizer(words, unknown)));
  const formats::SafeTensorsFile::Entry entry{
      "embeddings", formats::TensorType::f32, {words.word_count() + 1, words.word_dimension()}};
  auto file = IG_TRY(formats::SafeTensorsFile::create(folder / "model.safetensors", {&entry, 1}));
  std::vector<float> row(words.word_dimension());
  IG_TRY(file.append(std::as_bytes(std::span(row))));
  for (std::size_t i = 0; i < words.word_count(); ++i) {
    if (i % 4096 == 0) IG_TRY(context.check());
    words.word_vector(i, row);
    IG_TRY(file.append(std::as_bytes(std::span(row))));
  }
  return file.commit();
}

// The only list of forms that words are written in.
constexpr WordFileKind kKinds[] = {
    {"vec", "word2vec text", false, write_word2vec_text},
    {"txt", "GloVe text (--header: a line of counts first)", false, write_glove},
    {"bin", "word2vec binary", false, write_word2vec_binary},
    {"npy", "NumPy matrix with a .vocabulary.txt beside it", false, write_numpy},
    {"static", "folder with safetensors and tokenizer, as model2vec's", true, write_static},
};

}  // namespace

Result<const WordFileKind*> word_file_kind(const fs::path& target, std::string_view name) {
  std::vector<std::string> known;
  for (const WordFileKind& kind : kKinds) {
    if (name.empty() ? !kind.folder && target.extension() == "." + std::string(kind.name) : kind.name == name) {
      return &kind;
    }
    known.emplace_back(kind.name);
  }
  if (name.empty()) return nullptr;
  const std::string nearest = nearest_name(name, known);
  return fail(Code::invalid_argument,
              "words cannot be written as '" + std::string(name) + "'." +
                  (nearest.empty() ? " Use vec, txt, bin, npy or static." : " Did you mean '" + nearest + "'?"));
}

Result<const Vocabulary*> words_to_write(const Model& model, std::string_view name, const WordFileKind& kind) {
  const Vocabulary* words = model.ability<Vocabulary>();
  if (words != nullptr && words->word_dimension() > 0) return words;
  return fail(Code::unsupported,
              "model '" + std::string(name) + "' has no vectors of words, which " + std::string(kind.summary) +
                  " is for. Give the target a name that does not end in ." + std::string(kind.name) + ".");
}

}  // namespace runtime

std::span<const WordFileKind> word_file_kinds() { return runtime::kKinds; }

}  // namespace isogloss
