// SPDX-License-Identifier: Apache-2.0
#include "model/word2vec/word2vec.hpp"

#include "core/describe.hpp"
#include "core/text.hpp"
#include "model/word2vec/word2vec_model.hpp"
#include "model/word2vec/word2vec_options.hpp"
#include "model/word2vec/word2vec_trainer.hpp"
#include "vectors/word_corpus.hpp"
#include "vectors/word_model.hpp"

namespace isogloss::model {
namespace {

using formats::WordVectorLayout;

constexpr std::string_view kFamily = "word2vec";
constexpr WordVectorLayout kLayouts[] = {WordVectorLayout::text, WordVectorLayout::binary, WordVectorLayout::numpy};

// Options of the base hold unless others are given; what shapes its rows cannot be another.
Result<Word2vecOptions> options_of(const OptionValues& values, const Word2vecModel* base) {
  constexpr const char* kOwner = "Family 'word2vec'";
  if (base == nullptr) return parse_options<Word2vecOptions>(values, kOwner);
  const Word2vecModel::Trained& trained = base->trained();
  if (trained.outputs.empty() && trained.nodes.empty()) {
    return fail(Code::unsupported,
                "the base model has vectors but not what they were trained against (a file of other "
                "tools). Only a model that train wrote can be trained further.");
  }
  OptionValues all = trained.options;
  for (const auto& [name, value] : values) all.set(name, value);
  const auto before = IG_TRY(parse_options<Word2vecOptions>(trained.options, kOwner));
  const auto now = IG_TRY(parse_options<Word2vecOptions>(all, kOwner));
  if (now.dim == before.dim && now.model == before.model && now.hs == before.hs &&
      (now.negative > 0) == (before.negative > 0)) {
    return now;
  }
  return fail(Code::invalid_argument, "a model that is trained further keeps model (" + before.model + "), dim (" +
                                          std::to_string(before.dim) + "), hs (" + (before.hs ? "true" : "false") +
                                          ") and whether it has negative words: leave these options away.");
}

template <class Vector>
Word2vecModel::Rows held(Vector values) {
  const auto owner = std::make_shared<const Vector>(std::move(values));
  return {*owner, owner};
}

Result<ModelPtr> train(const Dataset& data, const OptionValues& values, const TrainingRun& run, Context& context) {
  if (run.base != nullptr && run.base->card().family != kFamily) {
    return fail(Code::invalid_argument,
                "the base model is one of family '" + run.base->card().family + "', not word2vec.");
  }
  // Every model of this name is made below.
  const auto* base = static_cast<const Word2vecModel*>(run.base.get());
  const Word2vecOptions options = IG_TRY(options_of(values, base));
  IG_TRY(context.check());
  vectors::CorpusRules rules = vectors::corpus_rules(options);
  rules.phrases = static_cast<std::size_t>(options.phrases);
  rules.phrase_threshold = options.phrase_threshold;
  vectors::WordCorpus corpus = IG_TRY(
      vectors::WordCorpus::count(data, rules, context, {base != nullptr ? &base->table() : nullptr, !options.hs}));
  const std::size_t words = corpus.counts().size();
  context.say(LogLevel::info, counted(words, "word") + " in the vocabulary, " + std::to_string(corpus.total()) +
                                  " of " + counted(corpus.seen(), "word") + " of the text.");
  if (base != nullptr && words > base->table().size()) {
    context.say(LogLevel::info, counted(words - base->table().size(), "word") + " of these new.");
  }
  IG_TRY(corpus.hold(context.memory_limit == 0 ? SIZE_MAX : context.memory_limit / 2, context));
  Word2vecBase from;
  if (base != nullptr) from = {&base->table(), base->trained().outputs.values, base->trained().nodes.values};
  training::Checkpoint checkpoint(run, vectors::training_mark("word2vec 1", option_values(options), corpus,
                                                              base != nullptr ? base->card().space_id : "", context));
  Word2vecWeights weights = IG_TRY(train_word2vec(corpus, options, from, std::move(checkpoint), context));
  corpus.release();
  const auto dim = static_cast<std::size_t>(options.dim);
  const Word2vecModel::Rows inputs = held(std::move(weights.inputs).compact());
  Word2vecModel::Trained trained{option_values(options), held(std::move(weights.outputs).compact()),
                                 held(std::move(weights.nodes).compact())};
  vectors::WordTable table(vectors::frozen(corpus.words()), inputs.owner, inputs.values, dim, corpus.counts());
  vectors::WordModelInfo info;
  info.family = kFamily;
  info.trained_on = (base != nullptr ? base->card().trained_on + ", then " : "") + data.description();
  return std::make_shared<Word2vecModel>(std::move(table), vectors::WordModelOptions{}, std::move(info),
                                         std::move(trained));
}

Result<Word2vecModel::Rows> rows_of(const formats::ModelSource& source, std::string_view name, std::size_t rows,
                                    std::size_t dim) {
  const std::size_t shape[] = {rows, dim};
  if (!source.tensors.tensors().contains(name)) return Word2vecModel::Rows();
  if (!source.mapped) return held(IG_TRY(source.tensors.read<float>(name, shape)));
  return Word2vecModel::Rows{IG_TRY(source.tensors.view<float>(name, shape)), source.mapped};
}

Result<ModelPtr> load(const FileSet& files, const OptionValues& values, Context& context) {
  const auto options = IG_TRY(vectors::parse_word_options(values, kFamily));
  if (files.is_single_file()) {
    vectors::WordModelInfo info;
    info.family = kFamily;
    info.trained_on = files.name();
    vectors::OpenedWords opened = IG_TRY(vectors::open_word_file(files, kFamily, context));
    info.space_id = std::move(opened.space_id);
    return std::make_shared<Word2vecModel>(std::move(opened.table), options, std::move(info), Word2vecModel::Trained());
  }
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
          "fastText .vec, NumPy matrices with their words beside them.",
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return vectors::recognise_word_model(files, kFamily, kLayouts); },
      .load_options = vectors::word_load_options,
      .train_options = option_infos<Word2vecOptions>,
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
