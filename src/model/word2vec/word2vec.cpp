// SPDX-License-Identifier: Apache-2.0
#include "model/word2vec/word2vec.hpp"

#include "core/describe.hpp"
#include "core/text.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "model/word2vec/word2vec_trainer.hpp"
#include "vectors/word_corpus.hpp"
#include "vectors/word_model.hpp"

namespace isogloss::model {
namespace {

using formats::WordVectorLayout;

constexpr std::string_view kFamily = "word2vec";
constexpr WordVectorLayout kLayouts[] = {WordVectorLayout::text, WordVectorLayout::binary};

// A model trained here: beside the vectors it has what they were trained against.
class Word2vecModel final : public vectors::WordModel {
 public:
  struct Trained {
    OptionValues options;
    std::vector<float> outputs;  // (words, dim) or empty
    std::vector<float> nodes;    // (words - 1, dim) or empty
  };
  Word2vecModel(vectors::WordTable table, const vectors::WordModelOptions& options, vectors::WordModelInfo info,
                Trained trained)
      : WordModel(std::move(table), options, std::move(info)), trained_(std::move(trained)) {}

 private:
  formats::ModelParts parts() const override {
    formats::ModelParts parts = WordModel::parts();
    parts.options = trained_.options;
    const std::size_t dim = table().dim();
    const auto add = [&](const char* name, const std::vector<float>& rows) {
      if (!rows.empty()) parts.tensors.add_view(name, {rows.size() / dim, dim}, std::span<const float>(rows));
    };
    add("output", trained_.outputs);
    add("nodes", trained_.nodes);
    return parts;
  }

  Trained trained_;
};

Result<ModelPtr> train(const Dataset& data, const OptionValues& values, Context& context) {
  const auto options = IG_TRY(parse_options<Word2vecOptions>(values, "Family 'word2vec'"));
  IG_TRY(context.check());
  vectors::CorpusRules rules;
  rules.lowercase = options.lowercase;
  rules.signs = options.split == "words";
  rules.min_count = static_cast<std::uint64_t>(options.min_count);
  rules.max_vocab = static_cast<std::size_t>(options.max_vocab);
  vectors::WordCorpus corpus = IG_TRY(vectors::WordCorpus::count(data, rules, context));
  const std::size_t words = corpus.counts().size();
  context.say(LogLevel::info, counted(words, "word") + " in the vocabulary, " + std::to_string(corpus.total()) +
                                  " of " + counted(corpus.seen(), "word") + " of the text.");
  IG_TRY(corpus.hold(context.memory_limit == 0 ? SIZE_MAX : context.memory_limit / 2, context));
  Word2vecWeights weights = IG_TRY(train_word2vec(corpus, options, context));
  context.say(LogLevel::info, std::to_string(options.epochs) + " x " + counted(corpus.total(), "word") +
                                  " read, as expected; loss " + std::to_string(weights.loss) + " a pair.");
  corpus.release();
  Word2vecModel::Trained trained{option_values(options), std::move(weights.outputs).take(),
                                 std::move(weights.nodes).take()};
  vectors::WordTable table(corpus.words(), std::move(weights.inputs).take(), static_cast<std::size_t>(options.dim),
                           corpus.counts());
  vectors::WordModelInfo info;
  info.family = kFamily;
  info.trained_on = data.description();
  return std::make_shared<Word2vecModel>(std::move(table), vectors::WordModelOptions{}, std::move(info),
                                         std::move(trained));
}

Result<std::vector<float>> rows_of(const formats::ModelSource& source, std::string_view name, std::size_t rows,
                                   std::size_t dim) {
  const std::size_t shape[] = {rows, dim};
  if (!source.tensors.tensors().contains(name)) return std::vector<float>();
  return source.tensors.read<float>(name, shape);
}

Result<ModelPtr> load(const FileSet& files, const OptionValues& values, Context& context) {
  if (files.is_single_file()) return vectors::load_word_model(files, kFamily, values, context);
  const auto options = IG_TRY(vectors::parse_word_options(values, kFamily));
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, kFamily));
  vectors::WordTable table = IG_TRY(vectors::read_word_folder(source));
  Word2vecModel::Trained trained;
  trained.options = source.options;
  trained.outputs = IG_TRY(rows_of(source, "output", table.size(), table.dim()));
  trained.nodes = IG_TRY(rows_of(source, "nodes", table.size() - 1, table.dim()));
  vectors::WordModelInfo info;
  info.family = kFamily;
  info.trained_on = source.trained_on;
  info.space_id = source.space_id;
  return std::make_shared<Word2vecModel>(std::move(table), options, std::move(info), std::move(trained));
}

}  // namespace

const Family& word2vec_family() {
  static const Family family = {
      .name = kFamily,
      .title = "word2vec",
      .generation = "static words",
      .summary =
          "A vector a word, learned from the words around it: trained here, or word2vec files, text and binary, and "
          "fastText .vec.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return vectors::recognise_word_model(files, kFamily, kLayouts); },
      .load_options = vectors::word_load_options,
      .train_options = option_infos<Word2vecOptions>,
      .embed_options = nullptr,
      .load = load,
      .train = train,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
