// SPDX-License-Identifier: Apache-2.0
// A fastText model in a folder of ours, and back. Everything a .bin holds is kept, so that nothing is lost on the way.
#include <array>
#include <limits>

#include "model/fasttext/fasttext_model.hpp"

namespace isogloss::model {
namespace {

using formats::FasttextFile;
using formats::FasttextMatrix;
using formats::FasttextSettings;
using formats::ModelSource;

// The whole numbers of the settings by name.
template <class Settings, class Visit>
void each_setting(Settings& s, Visit&& visit) {
  visit("dim", s.dim);
  visit("window", s.window);
  visit("epochs", s.epochs);
  visit("min_count", s.min_count);
  visit("negative", s.negative);
  visit("word_ngrams", s.word_ngrams);
  visit("loss", s.loss);
  visit("kind", s.kind);
  visit("bucket", s.bucket);
  visit("minn", s.minn);
  visit("maxn", s.maxn);
  visit("rate_steps", s.rate_steps);
}

void add_matrix(formats::ModelParts& parts, const std::string& name, const FasttextMatrix& m) {
  parts.state.emplace_back(name + "_part", Json(static_cast<std::int64_t>(m.part)));
  if (!m.quantised) {
    parts.tensors.add_view(name, {m.rows, m.columns}, m.values);
    return;
  }
  parts.tensors.add_view(name + ".codes", {m.rows, m.parts()}, std::span<const std::uint8_t>(m.codes));
  parts.tensors.add(name + ".centroids", {formats::kFasttextCentroids * m.columns},
                    std::span<const float>(m.centroids));
  if (m.norm_codes.empty()) return;
  parts.tensors.add(name + ".norm_codes", {m.rows}, std::span<const std::uint8_t>(m.norm_codes));
  parts.tensors.add(name + ".norm_centroids", {m.norm_centroids.size()}, std::span<const float>(m.norm_centroids));
}

std::unexpected<Error> broken(const ModelSource& source, const std::string& what) {
  return fail(Code::corrupt_data, "'" + source.files->origin().string() + "': " + what);
}

constexpr std::size_t kAny = formats::SafeTensors::any_extent;

Result<FasttextMatrix> read_matrix(const ModelSource& source, const std::string& name, std::size_t columns) {
  FasttextMatrix m;
  m.columns = columns;
  const std::int64_t part = source.state[name + "_part"].as_integer(0);
  if (part == 0) {
    const std::array shape{kAny, columns};
    m.values = IG_TRY(source.tensors.view<float>(name, shape));
    m.rows = m.values.size() / columns;
    if (source.mapped == nullptr) {
      m.own.assign(m.values.begin(), m.values.end());
      m.values = m.own;
    }
    return m;
  }
  if (part < 0 || part > static_cast<std::int64_t>(columns)) {
    return broken(source, "config.json says " + name + "_part " + std::to_string(part) + ".");
  }
  m.quantised = true;
  m.part = static_cast<std::size_t>(part);
  const std::array codes{kAny, m.parts()};
  const std::array centroids{formats::kFasttextCentroids * columns};
  const std::array norms{formats::kFasttextCentroids};
  m.codes = IG_TRY(source.tensors.read<std::uint8_t>(name + ".codes", codes));
  m.rows = m.codes.size() / m.parts();
  m.centroids = IG_TRY(source.tensors.read<float>(name + ".centroids", centroids));
  if (!source.tensors.tensors().contains(name + ".norm_codes")) return m;
  const std::array rows{m.rows};
  m.norm_codes = IG_TRY(source.tensors.read<std::uint8_t>(name + ".norm_codes", rows));
  m.norm_centroids = IG_TRY(source.tensors.read<float>(name + ".norm_centroids", norms));
  return m;
}

Result<std::vector<std::int64_t>> read_counts(const ModelSource& source, const char* name, std::size_t size) {
  if (size == 0) return std::vector<std::int64_t>();
  const std::array shape{size};
  return source.tensors.read<std::int64_t>(name, shape);
}

Status read_settings(const ModelSource& source, FasttextSettings& settings) {
  Status status;
  each_setting(settings, [&](const char* name, auto& value) {
    const Json* found = source.state.find(name);
    if (found == nullptr || !found->is_integer()) {
      if (status) status = broken(source, "config.json says no " + std::string(name) + ".");
      return;
    }
    const std::int64_t number = found->as_integer();
    const bool fits =
        number >= std::numeric_limits<std::int32_t>::min() && number <= std::numeric_limits<std::int32_t>::max();
    if (!fits && status) status = broken(source, "config.json says " + std::to_string(number) + " for " + name + ".");
    if (fits) value = static_cast<std::remove_reference_t<decltype(value)>>(number);
  });
  IG_TRY(std::move(status));
  const std::int64_t hashes = source.state["hashes"].as_integer(0);
  if (hashes < 0 || hashes > 4) return broken(source, "config.json says " + std::to_string(hashes) + " hashes.");
  settings.hashes = static_cast<std::int32_t>(hashes);
  settings.sample = source.state["sample"].as_number();
  if (settings.dim <= 0) return broken(source, "config.json says " + std::to_string(settings.dim) + " for dim.");
  return {};
}

}  // namespace

formats::ModelParts fasttext_parts(const FasttextFile& file) {
  formats::ModelParts parts;
  parts.family = kFasttextFamily;
  each_setting(file.settings, [&](const char* name, auto value) {
    parts.state.emplace_back(name, Json(static_cast<std::int64_t>(value)));
  });
  if (file.settings.hashes > 0) parts.state.emplace_back("hashes", Json(std::int64_t{file.settings.hashes}));
  parts.state.emplace_back("sample", Json(file.settings.sample));
  parts.state.emplace_back("tokens", Json(file.tokens));
  parts.state.emplace_back("pruned", Json(file.pruned));
  parts.files["vocabulary.txt"] = file.words.to_lines();
  if (file.labels.size() > 0) parts.files["labels.txt"] = file.labels.to_lines();
  const auto add_counts = [&](const char* name, const std::vector<std::int64_t>& counts) {
    if (!counts.empty()) parts.tensors.add(name, {counts.size()}, std::span<const std::int64_t>(counts));
  };
  add_counts("counts", file.word_counts);
  add_counts("label_counts", file.label_counts);
  std::vector<std::int32_t> kept;
  for (const auto& [bucket, row] : file.kept) kept.insert(kept.end(), {bucket, row});
  if (!kept.empty()) parts.tensors.add("kept", {file.kept.size(), 2}, std::span<const std::int32_t>(kept));
  add_matrix(parts, "input", file.input);
  add_matrix(parts, "output", file.output);
  return parts;
}

Result<FasttextFile> read_fasttext_folder(const ModelSource& source) {
  FasttextFile file;
  IG_TRY(read_settings(source, file.settings));
  file.tokens = source.state["tokens"].as_integer();
  file.pruned = source.state["pruned"].as_bool();
  file.words = StringPack::from_lines(IG_TRY(source.files->read("vocabulary.txt")));
  if (file.settings.kind == formats::FasttextKind::supervised) {
    file.labels = StringPack::from_lines(IG_TRY(source.files->read("labels.txt")));
  }
  file.word_counts = IG_TRY(read_counts(source, "counts", file.words.size()));
  file.label_counts = IG_TRY(read_counts(source, "label_counts", file.labels.size()));
  if (source.tensors.tensors().contains("kept")) {
    const std::array shape{kAny, std::size_t{2}};
    const auto kept = IG_TRY(source.tensors.read<std::int32_t>("kept", shape));
    for (std::size_t i = 0; i < kept.size(); i += 2) file.kept.emplace_back(kept[i], kept[i + 1]);
  }
  const auto dim = static_cast<std::size_t>(file.settings.dim);
  file.input = IG_TRY(read_matrix(source, "input", dim));
  file.output = IG_TRY(read_matrix(source, "output", dim));
  IG_TRY(formats::check_fasttext(file, source.files->origin().string()));
  if (file.words.size() == 0 && file.labels.size() == 0) return broken(source, "holds no word.");
  return file;
}

}  // namespace isogloss::model
