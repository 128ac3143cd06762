// SPDX-License-Identifier: Apache-2.0
#include "model/static/teacher.hpp"

#include <algorithm>
#include <cmath>

#include "simd/kernels.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kBatch = 2048;  // pieces asked for together

}  // namespace

Result<Teacher> Teacher::of(const Model& model, const std::string& compute) {
  Teacher teacher;
  teacher.embedder_ = model.ability<Embedder>();
  teacher.reader_ = model.ability<TokenEmbedder>();
  if (teacher.embedder_ == nullptr || teacher.reader_ == nullptr || teacher.reader_->layers() == 0 ||
      model.card().sparse) {
    return fail(Code::unsupported, "a model of family '" + model.card().family +
                                       "' cannot teach a static table: that takes an encoder that reads tokens and "
                                       "gives one dense vector a text.");
  }
  teacher.options_.compute = compute;
  teacher.dim_ = model.card().dimension;
  Tokens sample;
  IG_TRY(teacher.tokenizer().encode("a", {}, sample));
  for (std::size_t i = 0; i < sample.size() && sample.special[i] != 0; ++i) {
    teacher.before_.push_back(static_cast<std::int32_t>(sample.ids[i]));
  }
  for (std::size_t i = sample.size(); i-- > 0 && sample.special[i] != 0;) {
    teacher.after_.insert(teacher.after_.begin(), static_cast<std::int32_t>(sample.ids[i]));
  }
  const std::size_t around = teacher.before_.size() + teacher.after_.size();
  const std::size_t window = model.card().window;
  if (window != 0 && window <= around) return fail(Code::unsupported, "the teacher's window has no room for text.");
  teacher.room_ = window == 0 ? SIZE_MAX : window - around;
  return teacher;
}

bool Teacher::is_special(std::uint32_t id) const {
  const auto is = [&](std::int32_t special) { return static_cast<std::uint32_t>(special) == id; };
  return std::ranges::any_of(before_, is) || std::ranges::any_of(after_, is) || tokenizer().unknown_id() == id;
}

Result<math::Matrix> Teacher::vectors(std::span<const std::span<const std::uint32_t>> texts, Context& context) const {
  std::vector<std::vector<std::int32_t>> ids(texts.size(), before_);
  std::vector<Input> inputs(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (const std::uint32_t id : texts[i]) ids[i].push_back(static_cast<std::int32_t>(id));
    ids[i].insert(ids[i].end(), after_.begin(), after_.end());
    inputs[i].part.modality = Modality::tokens;
    inputs[i].part.ids = ids[i];
  }
  Context quiet = context;  // the caller reports over all batches
  quiet.progress = nullptr;
  const Embedding embedding = IG_TRY(embedder_->embed(inputs, options_, quiet));
  math::Matrix out(texts.size(), dim_);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::span<const float> row = embedding.dense.row_f32(i);
    const float length = std::sqrt(simd::kernels().sum_of_squares(row.data(), row.size()));
    if (!std::isfinite(length)) return fail(Code::corrupt_data, "the teacher gives vectors that are not finite.");
    std::ranges::transform(row, out.row(i).begin(), [&](float x) { return length > 0 ? x / length : 0.0F; });
  }
  return out;
}

Result<math::Matrix> Teacher::piece_vectors(Context& context) const {
  const std::size_t pieces = tokenizer().vocabulary_size();
  math::Matrix out(pieces, dim_);
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 0; id < pieces; ++id) {
    if (!is_special(id)) ids.push_back(id);
  }
  for (std::size_t begin = 0; begin < ids.size(); begin += kBatch) {
    IG_TRY(context.check());
    const std::size_t end = std::min(ids.size(), begin + kBatch);
    std::vector<std::span<const std::uint32_t>> texts;
    for (std::size_t i = begin; i < end; ++i) texts.push_back(std::span(ids).subspan(i, 1));
    const math::Matrix rows = IG_TRY(vectors(texts, context));
    for (std::size_t i = begin; i < end; ++i) std::ranges::copy(rows.row(i - begin), out.row(ids[i]).begin());
    context.report({"tokens", "tokens", static_cast<double>(end), static_cast<double>(ids.size()), 0});
  }
  return out;
}

}  // namespace isogloss::model
