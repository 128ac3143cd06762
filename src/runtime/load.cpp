// SPDX-License-Identifier: Apache-2.0
// load() and train(): from a reference to a model, through the families' own records.
#include "core/guard.hpp"
#include "core/text.hpp"
#include "hub/packed_cache.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "model/open_files.hpp"
#include "runtime/foreign/foreign_model.hpp"

namespace isogloss {
namespace {

Result<ModelPtr> load_path(const ModelReference& reference, Context& context) {
  FileSet files = IG_TRY(FileSet::open(reference.path));
  files.set_cache(hub::open_packed_cache(hub::cache_folder(), hub::kDefaultCacheLimit));
  return model::load_files(files, reference.family, reference.options, context);
}

// Other programs fetch single files: what the snapshot lacks, a pull adds.
Result<ModelPtr> load_snapshot(const ModelReference& reference, Context& context) {
  Result<ModelPtr> model = load_path(reference, context);
  if (model || (model.error().code != Code::not_found && model.error().code != Code::unsupported)) return model;
  Error error = std::move(model.error());
  error.message += " If the snapshot lacks files, run: isogloss models pull " + reference.text;
  return fail(std::move(error));
}

}  // namespace

Result<ModelPtr> load(std::string_view text, const OptionValues& options, Context& context) {
  return guard([&]() -> Result<ModelPtr> {
    ModelReference reference = IG_TRY(parse_model_reference(text));
    for (const auto& [name, value] : options) reference.options.set(name, value);
    switch (reference.kind) {
      case ReferenceKind::path:
      case ReferenceKind::installed:
        return load_path(reference, context);
      case ReferenceKind::hub:
        return load_snapshot(reference, context);
      case ReferenceKind::fit:
        return fail(Code::invalid_argument, "'" + reference.text + "' is fitted on data, and there is none here. Train it "
                                            "first: isogloss train " + reference.family + " FILE -o FOLDER");
      case ReferenceKind::url:
        return runtime::open_foreign(reference, context);
    }
    return fail(Code::internal, "unknown kind of model reference");
  });
}

Result<ModelPtr> load_or_fit(std::string_view text, const Dataset& data, Context& context) {
  const ModelReference reference = IG_TRY(parse_model_reference(text));
  if (reference.kind == ReferenceKind::fit) return train(reference.family, data, reference.options, context);
  return load(text, {}, context);
}

Result<ModelPtr> train(std::string_view family_name, const Dataset& data, const OptionValues& options,
                       Context& context, const TrainingRun& run) {
  return guard([&]() -> Result<ModelPtr> {
    const Family* family = IG_TRY(find_family(family_name));
    if (family->train == nullptr) {
      return fail(Code::unsupported, "family '" + std::string(family_name) + "' cannot be trained.");
    }
    if (family->train_further != nullptr) return family->train_further(data, options, run, context);
    if (run.base != nullptr) {
      return fail(Code::unsupported, "models of family '" + std::string(family_name) +
                                         "' cannot be trained further. Train a new one on all of the text.");
    }
    return family->train(data, options, context);
  });
}

}  // namespace isogloss
