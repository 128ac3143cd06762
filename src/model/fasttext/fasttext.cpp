// SPDX-License-Identifier: Apache-2.0
#include "model/fasttext/fasttext.hpp"

#include "core/describe.hpp"
#include "core/file.hpp"
#include "core/unpack.hpp"
#include "formats/floret_file.hpp"
#include "formats/word_vector_writer.hpp"
#include "model/fasttext/fasttext_model.hpp"
#include "model/fasttext/fasttext_quantise.hpp"
#include "model/fasttext/fasttext_trainer.hpp"

namespace isogloss::model {

template <class Visitor>
void describe(FasttextLoadOptions& o, Visitor& v) {
  v("pool", o.pool, Choice{"mean|sif|idf"},
    "How the words of a text are weighed in its mean; classifiers know mean only.");
  v("normalize", o.normalize, "Scale the vectors of texts to length 1.");
  v("label_prefix", o.label_prefix, "What the labels of a classifier begin with; left out when they are told.");
}

// Of the way to a .ftz.
struct FasttextConvertOptions {
  std::int64_t part = 2;
  bool norms = true;
  bool output = false;
  std::int64_t cutoff = 0;
};

template <class Visitor>
void describe(FasttextConvertOptions& o, Visitor& v) {
  v("part", o.part, Range{1, 4096}, "Columns of a row that become one byte.");
  v("norms", o.norms, "Quantise the lengths of rows by themselves.");
  v("output", o.output, "Quantise the output matrix, too.");
  v("cutoff", o.cutoff, Range{0, 2e9}, "Keep so many rows only, those of largest length; 0 = all.");
}

namespace {

constexpr std::size_t kHead = 128;  // bytes looked at to recognise a file

Result<std::string> read_file_head(const std::filesystem::path& path) {
  UnpackedReader reader = IG_TRY(UnpackedReader::open(path));
  std::string head(kHead, '\0');
  head.resize(IG_TRY(reader.read(head)));
  return head;
}

bool is_fasttext_file(const std::filesystem::path& path) {
  const auto head = read_file_head(path);
  return head && (formats::recognise_fasttext(*head) || formats::recognise_floret(*head));
}

Recognised recognise(const FileSet& files) {
  if (!files.is_single_file()) return formats::recognise_model_folder(files, kFasttextFamily);
  return is_fasttext_file(files.origin()) ? Recognised::exact : Recognised::none;
}

Result<formats::FasttextFile> read_file_of(const std::filesystem::path& path, Context& context) {
  const std::string content = IG_TRY(read_file_head(path));
  return formats::recognise_floret(content) ? formats::read_floret(path, context)
                                            : formats::read_fasttext(path, context);
}

Result<std::shared_ptr<FasttextModel>> open(const FileSet& files, const OptionValues& values, Context& context) {
  FasttextInfo info;
  info.options = IG_TRY(parse_options<FasttextLoadOptions>(values, "Family 'fasttext'"));
  const std::string where = files.origin().string();
  if (files.is_single_file()) {
    info.trained_on = files.name();
    return FasttextModel::make(IG_TRY(read_file_of(files.origin(), context)), std::move(info), where);
  }
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, kFasttextFamily));
  formats::FasttextFile file = IG_TRY(read_fasttext_folder(source));
  info.trained_with = source.options;
  info.trained_on = source.trained_on;
  info.space_id = source.space_id;
  info.mapped = source.mapped;
  info.rules = {source.state["ascii_blanks"].as_bool(true), source.state["signs"].as_bool(),
                source.state["lowercase"].as_bool()};
  return FasttextModel::make(std::move(file), std::move(info), where);
}

// Vectors of words as text, as the original writes them beside a .bin.
Status write_vectors(const FasttextModel& model, const std::filesystem::path& target, Context& context) {
  const formats::WordRowSource rows{model.word_count(), model.word_dimension(),
                                    [&](std::size_t i) { return model.word(i); },
                                    [&](std::size_t i, std::span<float> row) { model.word_vector(i, row); }};
  return formats::save_word_vectors(target, rows, {.digits = 5, .significant = true}, context);
}

Status convert_file(const FileSet& files, const std::filesystem::path& target, const ConvertOptions& options,
                    Context& context) {
  const auto how = IG_TRY(parse_options<FasttextConvertOptions>(options.family, "A .ftz of family 'fasttext'"));
  const std::shared_ptr<FasttextModel> model = IG_TRY(open(files, {}, context));
  if (target.extension() == ".vec") return write_vectors(*model, target, context);
  const bool floret = model->file().settings.hashes > 0;
  if (floret != (target.extension() == ".floret")) {
    return fail(Code::unsupported, floret ? "a model of floret has one table for words and n-grams, which .bin and "
                                            ".ftz cannot hold: write .floret or .vec."
                                          : "only a model trained with --floret is written as .floret.");
  }
  if (floret) return formats::write_floret_file(model->file(), target);
  if (target.extension() == ".bin" || model->file().input.quantised) {
    if (target.extension() == ".bin" && model->file().pruned) {
      context.say(LogLevel::warning, "the model is quantised; its file is a .ftz in all but name.");
    }
    return formats::write_fasttext_file(model->file(), target);
  }
  formats::FasttextFile file = std::move(*model).take_file();
  prune_rows(file, static_cast<std::size_t>(how.cutoff));
  IG_TRY(quantise_rows(file, {static_cast<std::size_t>(how.part), how.norms, how.output}, context));
  return formats::write_fasttext_file(file, target);
}

Status convert(const FileSet& files, const std::filesystem::path& target, const ConvertOptions&, Context& context) {
  const std::shared_ptr<FasttextModel> model = IG_TRY(open(files, {}, context));
  std::error_code ignored;
  std::filesystem::remove(target, ignored);  // save() makes the folder itself; this one is empty
  return model->save(target, context);
}

// Word models leave checkpoints; classifiers take seconds.
Result<ModelPtr> train(const Dataset& data, const OptionValues& values, const TrainingRun& run, Context& context) {
  if (run.base != nullptr) {
    return fail(Code::unsupported,
                "fastText models are not trained further. To start from vectors: pretrained_vectors.");
  }
  const auto given = IG_TRY(parse_options<FasttextOptions>(values, "Family 'fasttext'"));
  FasttextOptions options = given.resolved();
  if (options.maxn > 0 && options.minn > options.maxn) {
    return fail(Code::invalid_argument,
                "minn (" + std::to_string(options.minn) + ") is above maxn (" + std::to_string(options.maxn) + ").");
  }
  if (!options.quantise && (options.cutoff > 0 || options.retrain)) {
    return fail(Code::invalid_argument,
                "cutoff and retrain go with quantise = true: only quantised files may lack rows.");
  }
  if (options.floret > 0 && (options.supervised() || options.quantise || !options.pretrained_vectors.empty())) {
    return fail(Code::invalid_argument,
                "floret is for word models, without quantise and pretrained_vectors: all words share rows there.");
  }
  if (!options.tune_validation.empty()) {
    if (!options.supervised()) return fail(Code::invalid_argument, "tune_validation is for model = supervised.");
    options = IG_TRY(tune_classifier(data, options, context));
  }
  formats::FasttextFile file = IG_TRY(options.supervised() ? train_classifier(data, options, context)
                                                           : train_word_model(data, options, run, context));
  if (options.quantise) {
    if (!options.supervised()) prune_rows(file, static_cast<std::size_t>(options.cutoff));
    IG_TRY(quantise_rows(file, {}, context));
  }
  FasttextInfo info;
  info.options.label_prefix = options.label_prefix;
  info.rules = rules_of(options);
  info.trained_with = option_values(options.tune_validation.empty() ? given : options);
  info.trained_on = data.description();
  return IG_TRY(FasttextModel::make(std::move(file), std::move(info), data.description()));
}

}  // namespace

const Family& fasttext_family() {
  static const Family family = {
      .name = kFasttextFamily,
      .title = "fastText",
      .generation = "static words",
      .summary =
          "Vectors of words made of their n-grams, so that words nobody saw have one too, and linear classifiers "
          "of texts: trained here, or .bin and .ftz of fastText.",
      .modalities = {Modality::text},
      .recognise = recognise,
      .load_options = option_infos<FasttextLoadOptions>,
      .train_options = option_infos<FasttextOptions>,
      .embed_options = nullptr,
      .load = [](const FileSet& files, const OptionValues& values, Context& context) -> Result<ModelPtr> {
        return IG_TRY(open(files, values, context));
      },
      .train = [](const Dataset& data, const OptionValues& options,
                  Context& context) { return train(data, options, {}, context); },
      .train_further = train,
      .estimate_memory = nullptr,
      .convert = convert,
      .file_endings = {".bin", ".ftz", ".vec", ".floret"},
      .convert_file = convert_file,
      .convert_options = option_infos<FasttextConvertOptions>,
  };
  return family;
}

}  // namespace isogloss::model
