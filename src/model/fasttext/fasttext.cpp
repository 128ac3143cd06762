// SPDX-License-Identifier: Apache-2.0
#include "model/fasttext/fasttext.hpp"

#include "core/describe.hpp"
#include "core/unpack.hpp"
#include "model/fasttext/fasttext_model.hpp"

namespace isogloss::model {

template <class Visitor>
void describe(FasttextLoadOptions& o, Visitor& v) {
  v("pool", o.pool, Choice{"mean|sif|idf"},
    "How the words of a text are weighed in its mean; classifiers know mean only.");
  v("normalize", o.normalize, "Scale the vectors of texts to length 1.");
  v("label_prefix", o.label_prefix, "What the labels of a classifier begin with; left out when they are told.");
}

namespace {

constexpr std::size_t kHead = 64;  // bytes looked at to recognise a file

bool is_fasttext_file(const std::filesystem::path& path) {
  auto reader = UnpackedReader::open(path);
  if (!reader) return false;
  std::string head(kHead, '\0');
  const auto size = reader->read(head);
  return size && formats::recognise_fasttext(std::string_view(head).substr(0, *size));
}

Recognised recognise(const FileSet& files) {
  if (!files.is_single_file()) return formats::recognise_model_folder(files, kFasttextFamily);
  return is_fasttext_file(files.origin()) ? Recognised::exact : Recognised::none;
}

Result<std::shared_ptr<FasttextModel>> open(const FileSet& files, const OptionValues& values, Context& context) {
  FasttextInfo info;
  info.options = IG_TRY(parse_options<FasttextLoadOptions>(values, "Family 'fasttext'"));
  const std::string where = files.origin().string();
  if (files.is_single_file()) {
    info.trained_on = files.name();
    return FasttextModel::make(IG_TRY(formats::read_fasttext(files.origin(), context)), std::move(info), where);
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

}  // namespace

const Family& fasttext_family() {
  static const Family family = {
      .name = kFasttextFamily,
      .title = "fastText",
      .generation = "static words",
      .summary =
          "Vectors of words made of their n-grams, so that words nobody saw have one too, and linear classifiers "
          "of texts: .bin and .ftz of fastText.",
      .modalities = {Modality::text},
      .recognise = recognise,
      .load_options = option_infos<FasttextLoadOptions>,
      .train_options = nullptr,
      .embed_options = nullptr,
      .load = [](const FileSet& files, const OptionValues& values, Context& context) -> Result<ModelPtr> {
        return IG_TRY(open(files, values, context));
      },
      .train = nullptr,
      .estimate_memory = nullptr,
  };
  return family;
}

}  // namespace isogloss::model
