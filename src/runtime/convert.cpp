// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "runtime/load.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;

Status convert_into(const Family& family, const FileSet& files, const fs::path& folder, const ConvertOptions& options,
                    Context& context) {
  IG_TRY(family.convert(files, folder, options, context));
  IG_TRY(runtime::load_files(IG_TRY(FileSet::open(folder)), family.name, {}, context));
  return {};
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
    if (reference.path.empty())
      return fail(Code::invalid_argument, "'" + reference.text + "' is no model on this machine that has files.");
    std::error_code error;
    if (fs::exists(target, error))
      return fail(Code::already_exists, "'" + target.string() + "' exists. Choose another name.");
    const FileSet files = IG_TRY(FileSet::open(reference.path));
    const Family* const family = IG_TRY(runtime::family_of(files, reference.family));
    if (writes_file(*family, target)) return convert_to_file(*family, files, target, options, context);
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
