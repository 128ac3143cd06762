// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "model/open_files.hpp"
#include "runtime/word_files.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;

Status convert_into(const Family& family, const FileSet& files, const fs::path& folder, const ConvertOptions& options,
                    Context& context) {
  IG_TRY(family.convert(files, folder, options, context));
  IG_TRY(model::load_files(IG_TRY(FileSet::open(folder)), family.name, {}, context));
  return {};
}

// fill(folder) makes it under another name first, so that it is there whole or not at all.
template <class Fill>
Status into_new_folder(const fs::path& target, Fill&& fill) {
  std::error_code error;
  remove_abandoned(target);
  const fs::path temporary = temporary_name(target);
  fs::create_directories(temporary, error);
  if (error) return fail(Code::io, "cannot create folder '" + target.string() + "': " + error.message());
  Status status = fill(temporary);
  if (status) fs::rename(temporary, target, error);
  if (status && error) status = fail(Code::io, "cannot create folder '" + target.string() + "': " + error.message());
  if (!status) fs::remove_all(temporary, error);
  return status;
}

bool writes_file(const Family& family, const fs::path& target) {
  return family.convert_file != nullptr &&
         std::ranges::find(family.file_endings, target.extension().string()) != family.file_endings.end();
}

// A single file, under a name with the same ending first.
Status convert_to_file(const Family& family, const FileSet& files, const fs::path& target,
                       const ConvertOptions& options, Context& context) {
  const fs::path temporary = temporary_name(target).string() + target.extension().string();
  Status status = family.convert_file(files, temporary, options, context);
  std::error_code error;
  if (status) fs::rename(temporary, target, error);
  if (status && error) status = fail(Code::io, "cannot create '" + target.string() + "': " + error.message());
  if (!status) fs::remove(temporary, error);
  return status;
}

}  // namespace

Status convert_model(std::string_view text, const fs::path& target, const ConvertOptions& options, Context& context) {
  return guard([&]() -> Status {
    const ModelReference reference = IG_TRY(parse_model_reference(text));
    std::error_code error;
    if (fs::exists(target, error))
      return fail(Code::already_exists, "'" + target.string() + "' exists. Choose another name.");
    std::optional<FileSet> files;
    const Family* family = nullptr;
    if (!reference.path.empty()) {
      files = IG_TRY(FileSet::open(reference.path));
      family = IG_TRY(model::family_of(*files, reference.family));
      // What the family writes itself keeps more of the model than its words.
      if (options.as.empty() && writes_file(*family, target)) {
        return convert_to_file(*family, *files, target, options, context);
      }
    }
    if (const WordFileKind* kind = IG_TRY(runtime::word_file_kind(target, options.as))) {
      const ModelPtr model = IG_TRY(load(text, {}, context));
      const Vocabulary* words = IG_TRY(runtime::words_to_write(*model, text, *kind));
      if (!kind->folder) return kind->write(*words, target, options, context);
      return into_new_folder(target,
                             [&](const fs::path& folder) { return kind->write(*words, folder, options, context); });
    }
    if (family == nullptr)
      return fail(Code::invalid_argument, "'" + reference.text + "' is no model on this machine that has files.");
    if (family->convert == nullptr) {
      return fail(Code::unsupported, "'" + reference.text + "' is a model of family '" + std::string(family->name) +
                                         "', which has one form only. To copy it: isogloss models add NAME FOLDER");
    }
    return into_new_folder(
        target, [&](const fs::path& folder) { return convert_into(*family, *files, folder, options, context); });
  });
}

}  // namespace isogloss
