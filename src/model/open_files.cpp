// SPDX-License-Identifier: Apache-2.0
#include "model/open_files.hpp"

#include <vector>

namespace isogloss::model {
namespace {

std::string names_of(const std::vector<const Family*>& list) {
  std::string out;
  for (const Family* family : list) out += (out.empty() ? "" : ", ") + std::string(family->name);
  return out;
}

}  // namespace

Result<const Family*> family_of(const FileSet& files, std::string_view family_name) {
  if (!family_name.empty()) {
    const Family* family = IG_TRY(find_family(family_name));
    if (family->load == nullptr)
      return fail(Code::unsupported, "family '" + std::string(family_name) + "' has no files.");
    return family;
  }
  std::vector<const Family*> exact, weak;
  for (const Family* family : families()) {
    if (family->recognise == nullptr || family->load == nullptr) continue;
    const Recognised found = family->recognise(files);
    if (found == Recognised::exact) exact.push_back(family);
    if (found == Recognised::weak) weak.push_back(family);
  }
  const std::string where = "'" + files.origin().string() + "'";
  const std::vector<const Family*>& candidates = exact.empty() ? weak : exact;
  if (candidates.empty()) {
    return fail(Code::unsupported, where +
                                       " is not a model this version knows. A folder of isogloss holds config.json "
                                       "with an \"isogloss\" block.");
  }
  if (candidates.size() > 1) {
    return fail(Code::invalid_argument,
                where + " could be one of " + names_of(candidates) + ". Say which: FAMILY:" + files.origin().string());
  }
  return candidates[0];
}

Result<ModelPtr> load_files(const FileSet& files, std::string_view family_name, const OptionValues& options,
                            Context& context) {
  return IG_TRY(family_of(files, family_name))->load(files, options, context);
}

}  // namespace isogloss::model
