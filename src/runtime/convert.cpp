// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "formats/word_vector_writer.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "runtime/load.hpp"

namespace isogloss {
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

// The only list of files of word vectors that are written.
constexpr WordFileKind kWordFiles[] = {
    {".vec", "word2vec text", write_word2vec_text},
    {".txt", "GloVe text, with --header a line of counts first", write_glove},
    {".bin", "word2vec binary", write_word2vec_binary},
    {".npy", "NumPy matrix, its words in a .vocabulary.txt beside it", write_numpy},
};

const WordFileKind* word_file_of(const fs::path& target) {
  const auto* found = std::ranges::find(kWordFiles, target.extension().string(), &WordFileKind::ending);
  return found == std::end(kWordFiles) ? nullptr : found;
}

Status convert_to_words(std::string_view text, const WordFileKind& kind, const fs::path& target,
                        const ConvertOptions& options, Context& context) {
  const ModelPtr model = IG_TRY(load(text, {}, context));
  const Vocabulary* words = model->ability<Vocabulary>();
  if (words == nullptr || words->word_dimension() == 0) {
    return fail(Code::unsupported, "model '" + std::string(text) + "' has no vectors of words, which '" +
                                       target.string() + "' (" + std::string(kind.summary) +
                                       ") is for. Name a folder that does not end in " + std::string(kind.ending) +
                                       ".");
  }
  return kind.write(*words, target, options, context);
}

Status convert_into(const Family& family, const FileSet& files, const fs::path& folder, const ConvertOptions& options,
                    Context& context) {
  IG_TRY(family.convert(files, folder, options, context));
  IG_TRY(runtime::load_files(IG_TRY(FileSet::open(folder)), family.name, {}, context));
  return {};
}

}  // namespace

std::span<const WordFileKind> word_file_kinds() { return kWordFiles; }

Status convert_model(std::string_view text, const fs::path& target, const ConvertOptions& options, Context& context) {
  return guard([&]() -> Status {
    const ModelReference reference = IG_TRY(parse_model_reference(text));
    std::error_code error;
    if (fs::exists(target, error))
      return fail(Code::already_exists, "'" + target.string() + "' exists. Choose another name for the new model.");
    if (const WordFileKind* kind = word_file_of(target)) return convert_to_words(text, *kind, target, options, context);
    if (reference.path.empty())
      return fail(Code::invalid_argument, "'" + reference.text + "' is no model on this machine that has files.");
    const FileSet files = IG_TRY(FileSet::open(reference.path));
    const Family* const family = IG_TRY(runtime::family_of(files, reference.family));
    if (family->convert == nullptr) {
      return fail(Code::unsupported, "'" + reference.text + "' is a model of family '" + std::string(family->name) +
                                         "', which has one form only. To copy it: isogloss models add NAME FOLDER");
    }
    remove_abandoned(target);
    const fs::path temporary = temporary_name(target);
    fs::create_directories(temporary, error);
    if (error) return fail(Code::io, "cannot create folder '" + target.string() + "': " + error.message());
    Status status = convert_into(*family, files, temporary, options, context);
    if (status) fs::rename(temporary, target, error);
    if (status && error) status = fail(Code::io, "cannot create folder '" + target.string() + "': " + error.message());
    if (!status) fs::remove_all(temporary, error);
    return status;
  });
}

}  // namespace isogloss
