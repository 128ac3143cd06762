// SPDX-License-Identifier: Apache-2.0
#include "isogloss/reference.hpp"

#include <algorithm>

#include "core/describe.hpp"
#include "core/text.hpp"
#include "hub/hub_cache.hpp"
#include "hub/hub_settings.hpp"
#include "hub/known_models.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/family.hpp"

namespace isogloss {
namespace fs = std::filesystem;
namespace {

bool is_family(std::string_view name) {
  const auto all = families();
  return std::any_of(all.begin(), all.end(), [&](const Family* f) { return f->name == name; });
}

std::vector<std::string> installed_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(models_folder(), error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  return names;
}

Result<ModelReference> fit_reference(ModelReference reference, std::string_view family) {
  const Family* known = IG_TRY(find_family(family));
  if (known->train == nullptr) {
    return fail(Code::unsupported, "family '" + std::string(family) + "' cannot be fitted on a collection.");
  }
  reference.kind = ReferenceKind::fit;
  reference.family = family;
  reference.text = "fit:" + std::string(family);
  return reference;
}

std::unexpected<Error> unknown_model(const std::string& text) {
  std::vector<std::string> known = installed_names();
  for (const Family* family : families()) known.emplace_back(family->name);
  for (const hub::KnownModel& model : hub::known_models()) known.emplace_back(model.name);
  const std::string nearest = nearest_name(text, known);
  return fail(Code::not_found, "model '" + text + "' is not on this machine." +
                                   (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") +
                                   " Run: isogloss models list, or give the path of a model folder.");
}

// A short name of ours, or ORG/NAME[@REVISION]: the snapshot in the cache of the Hugging Face libraries.
Result<ModelReference> hub_reference(ModelReference reference, std::string_view repository) {
  const std::string& text = reference.text;
  const auto parsed = hub::parse_hub_reference(repository);
  if (!parsed)
    return fail(Code::not_found, "there is no file or folder '" + text + "', and no repository can be called that.");
  const auto snapshot = hub::find_snapshot(hub::hub_settings().root, *parsed);
  if (snapshot) {
    reference.kind = ReferenceKind::hub;
    reference.path = *snapshot;
    return reference;
  }
  if (snapshot.error().code != Code::not_found) return fail(snapshot.error());
  const bool path_like = text.contains('/');
  return fail(Code::not_found,
              "model '" + text + "' is not on this machine" +
                  (path_like ? ", neither as a path nor in the cache (" + snapshot.error().message + ")" : "") +
                  ". Run: isogloss models pull " + text);
}

}  // namespace

fs::path models_folder() { return data_home() / "models"; }

std::string ModelReference::canonical() const {
  std::string out = text;
  for (const auto& [name, value] : options) out += "," + name + "=" + detail::to_text(value);
  return out;
}

Result<std::vector<std::string>> split_model_list(std::string_view text) {
  std::vector<std::string> references;
  for (const std::string_view item : split(text, ',')) {
    const bool option = item.find('=') != std::string_view::npos && item.find('/') == std::string_view::npos &&
                        item.find('+') == std::string_view::npos;
    if (option && references.empty()) {
      return fail(Code::invalid_argument, "'" + std::string(text) + "' begins with an option; name a model first.");
    }
    if (option) {
      references.back() += "," + std::string(item);
    } else if (!item.empty()) {
      references.emplace_back(item);
    }
  }
  return references;
}

Result<ModelReference> parse_model_reference(std::string_view text) {
  const std::size_t comma = text.find(',');
  ModelReference reference;
  reference.text = text.substr(0, comma);
  if (comma != std::string_view::npos) {
    reference.options = IG_TRY(parse_option_list(text.substr(comma + 1), "model '" + std::string(text) + "'"));
  }
  const std::string& name = reference.text;
  std::error_code error;
  if (name.empty()) return fail(Code::invalid_argument, "an empty model name was given.");
  if (fs::exists(name, error)) {
    reference.path = name;
    return reference;
  }
  if (name.starts_with("fit:"))
    return fit_reference(std::move(reference),
                         std::string_view(text).substr(4, comma == std::string_view::npos ? comma : comma - 4));
  if (name.starts_with("http://") || name.starts_with("https://") || name.starts_with("cmd:")) {
    reference.kind = ReferenceKind::url;
    return reference;
  }
  if (const std::size_t colon = name.find(':'); colon != std::string::npos && is_family(name.substr(0, colon))) {
    reference.family = name.substr(0, colon);
    reference.path = name.substr(colon + 1);
    if (fs::exists(reference.path, error)) return reference;
    return fail(Code::not_found, "there is no file or folder '" + reference.path.string() + "'.");
  }
  if (fs::is_directory(models_folder() / name, error) && name.find('/') == std::string::npos) {
    reference.kind = ReferenceKind::installed;
    reference.path = models_folder() / name;
    return reference;
  }
  if (is_family(name)) return fit_reference(std::move(reference), std::string(name));
  if (const hub::KnownModel* known = hub::find_known_model(name))
    return hub_reference(std::move(reference), known->repository);
  if (name.find('/') == std::string::npos) return unknown_model(name);
  const std::string given = name;
  return hub_reference(std::move(reference), given);
}

}  // namespace isogloss
