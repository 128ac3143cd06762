// SPDX-License-Identifier: Apache-2.0
#include "model/glove/glove.hpp"

#include "core/text.hpp"
#include "model/glove/glove_options.hpp"
#include "model/glove/glove_trainer.hpp"
#include "vectors/word_corpus.hpp"
#include "vectors/word_model.hpp"

namespace isogloss::model {
namespace {

using formats::WordVectorLayout;

constexpr std::string_view kFamily = "glove";
constexpr WordVectorLayout kLayouts[] = {WordVectorLayout::glove};

// A model trained here: it knows the options it was trained with.
class GloveModel final : public vectors::WordModel {
 public:
  GloveModel(vectors::WordTable table, const vectors::WordModelOptions& options, vectors::WordModelInfo info,
             OptionValues trained)
      : WordModel(std::move(table), options, std::move(info)), trained_(std::move(trained)) {}

 private:
  formats::ModelParts parts() const override {
    formats::ModelParts parts = WordModel::parts();
    parts.options = trained_;
    return parts;
  }

  OptionValues trained_;
};

Result<ModelPtr> train(const Dataset& data, const OptionValues& values, const TrainingRun& run, Context& context) {
  if (run.base != nullptr) {
    return fail(
        Code::unsupported,
        "GloVe models are not trained further: how often the words of the first text met is not in the model. Train "
        "on both texts.");
  }
  const auto options = IG_TRY(parse_options<GloveOptions>(values, "Family 'glove'"));
  IG_TRY(context.check());
  vectors::WordCorpus corpus = IG_TRY(vectors::WordCorpus::count(data, vectors::corpus_rules(options), context));
  context.say(LogLevel::info, counted(corpus.counts().size(), "word") + " in the vocabulary, " +
                                  std::to_string(corpus.total()) + " of " + counted(corpus.seen(), "word") +
                                  " of the text.");
  training::Checkpoint checkpoint(run, vectors::training_mark("glove 1", option_values(options), corpus, "", context));
  GloveWeights weights = IG_TRY(train_glove(corpus, options, std::move(checkpoint), context));
  context.say(LogLevel::info, std::to_string(options.epochs) + " x " + counted(weights.cells, "pair") +
                                  " trained; loss " + std::to_string(weights.loss) + " a pair.");
  vectors::WordTable table(corpus.words(), std::move(weights.vectors), static_cast<std::size_t>(options.dim),
                           corpus.counts());
  vectors::WordModelInfo info;
  info.family = kFamily;
  info.trained_on = data.description();
  return std::make_shared<GloveModel>(std::move(table), vectors::WordModelOptions{}, std::move(info),
                                      option_values(options));
}

Result<ModelPtr> load(const FileSet& files, const OptionValues& values, Context& context) {
  if (files.is_single_file()) return vectors::load_word_model(files, kFamily, values, context);
  const auto options = IG_TRY(vectors::parse_word_options(values, kFamily));
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, kFamily));
  vectors::WordTable table = IG_TRY(vectors::read_word_folder(source));
  vectors::WordModelInfo info;
  info.family = kFamily;
  info.trained_on = source.trained_on;
  info.space_id = source.space_id;
  return std::make_shared<GloveModel>(std::move(table), options, std::move(info), source.options);
}

}  // namespace

const Family& glove_family() {
  static const Family family = {
      .name = kFamily,
      .title = "GloVe",
      .generation = "static words",
      .summary = "A vector a word, learned from how often words meet: trained here, or GloVe text files.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return vectors::recognise_word_model(files, kFamily, kLayouts); },
      .load_options = vectors::word_load_options,
      .train_options = option_infos<GloveOptions>,
      .embed_options = nullptr,
      .load = load,
      .train = [](const Dataset& data, const OptionValues& options,
                  Context& context) { return train(data, options, {}, context); },
      .train_further = train,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
