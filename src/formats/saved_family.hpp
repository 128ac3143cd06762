// SPDX-License-Identifier: Apache-2.0
// The record of a family whose models are kept in folders of ours (model_folder.hpp). Its model type says the rest:
//
//   class LsaModel : public Model {
//     using Options = LsaOptions;                           described once (core/describe.hpp)
//     static constexpr std::string_view kFamily = "lsa";
//     explicit LsaModel(Options options);
//     Status train(const Dataset& data, Context& context);  fills this new object from data
//     Status open(const formats::ModelSource& source);      or from a folder
//   };
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/describe.hpp"
#include "formats/model_folder.hpp"

namespace isogloss::formats {

template <class M>
Result<std::shared_ptr<M>> new_model(const OptionValues& values) {
  const std::string owner = "Family '" + std::string(M::kFamily) + "'";
  return std::make_shared<M>(IG_TRY(parse_options<typename M::Options>(values, owner)));
}

template <class M>
Result<ModelPtr> train_model(const Dataset& data, const OptionValues& values, Context& context) {
  const std::shared_ptr<M> model = IG_TRY(new_model<M>(values));
  IG_TRY(model->train(data, context));
  return model;
}

template <class M>
Result<ModelPtr> load_model(const FileSet& files, const OptionValues&, Context&) {
  const ModelSource source = IG_TRY(open_model_folder(files, M::kFamily));
  const std::shared_ptr<M> model = IG_TRY(new_model<M>(source.options));
  IG_TRY(model->open(source));
  return model;
}

// A text family without options for opening and embedding.
template <class M>
Family saved_family(std::string_view title, std::string_view generation, std::string_view summary) {
  return {
      .name = M::kFamily,
      .title = title,
      .generation = generation,
      .summary = summary,
      .modalities = {Modality::text},
      .recognise = [](const FileSet& files) { return recognise_model_folder(files, M::kFamily); },
      .load_options = nullptr,
      .train_options = [] { return option_infos<typename M::Options>(); },
      .embed_options = nullptr,
      .load = load_model<M>,
      .train = train_model<M>,
      .estimate_memory = nullptr,
  };
}

}  // namespace isogloss::formats
