// SPDX-License-Identifier: Apache-2.0
// distill(): teacher and corpus to a folder of files, in memory, which is then opened like any other.
#include "isogloss/distill.hpp"

#include <algorithm>
#include <cmath>

#include "core/describe.hpp"
#include "core/guard.hpp"
#include "core/json.hpp"
#include "formats/model_folder.hpp"
#include "model/static/fit.hpp"
#include "model/static/static_model.hpp"
#include "simd/kernels.hpp"

namespace isogloss {

template <class Visitor>
void describe(DistillOptions& o, Visitor& v) {
  v("dim", o.dim, Range{0, 65536}, "Columns kept, strongest first; 0 = the teacher's (256 at most without a corpus).");
  v("dtype", o.dtype, Choice{"int8|f16|f32"}, "How the table is stored.");
  v("compute", o.compute, Choice{"auto|f32|bf16|int8"}, "Arithmetic of the teacher.");
  v("texts", o.texts, Range{100, 100'000'000}, "Pieces of text of the corpus that the teacher reads.");
  v("least_tokens", o.least_tokens, Range{1, 512}, "Tokens of the shortest piece of text.");
  v("most_tokens", o.most_tokens, Range{1, 512}, "Tokens of the longest piece of text.");
  v("sif", o.sif, Range{0, 1}, "A token weighs sif / (sif + its share of the corpus).");
  v("lambda", o.lambda, Range{0, 1e9},
    "How strongly token vectors are drawn to those that the teacher gives single tokens.");
  v("start", o.start, Range{0, 100}, "Length of the teacher's vectors of single tokens in that.");
}

namespace model {
namespace {

constexpr std::size_t kLeastTexts = 100;

// Less the mean of all pieces that are not special, whose rows stay zero.
void centre(math::Matrix& rows) {
  std::vector<double> mean(rows.columns());
  std::size_t count = 0;
  const auto is_zero = [&](std::size_t i) { return std::ranges::all_of(rows.row(i), [](float x) { return x == 0; }); };
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    count += is_zero(i) ? 0 : 1;
    for (std::size_t j = 0; j < mean.size(); ++j) mean[j] += static_cast<double>(rows(i, j));
  }
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (is_zero(i)) continue;
    for (std::size_t j = 0; j < mean.size(); ++j)
      rows(i, j) -= static_cast<float>(mean[j] / static_cast<double>(count));
  }
}

// The tokenizer.json of the teacher without what it adds to a text, cuts or fills up.
Result<std::string> bare_tokenizer(const std::string& json) {
  const Json document = IG_TRY(Json::parse(json, "the teacher's tokenizer.json"));
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  for (const auto& [key, value] : document.as_object()) {
    writer.key(key);
    key == "truncation" || key == "padding" || key == "post_processor" ? writer.null() : writer.value(value);
  }
  writer.end_object();
  return out;
}

// Rows as int8 with a scale each; the scale goes into the piece's weight.
void add_int8(formats::SafeTensorsWriter& tensors, FittedTable& table) {
  const simd::Kernels& k = simd::kernels();
  const std::size_t dim = table.vectors.columns();
  std::vector<std::int8_t> narrow(table.vectors.rows() * dim);
  for (std::size_t i = 0; i < table.vectors.rows(); ++i) {
    const float largest = k.max_abs(table.vectors.row(i).data(), dim);
    if (largest > 0) k.f32_to_i8(table.vectors.row(i).data(), 127.0F / largest, &narrow[i * dim], dim);
    table.weights[i] *= largest / 127.0F;
  }
  tensors.add_bytes("embeddings", formats::TensorType::i8, {table.vectors.rows(), dim},
                    std::as_bytes(std::span(narrow)));
}

void add_table(formats::SafeTensorsWriter& tensors, FittedTable& table, const std::string& dtype) {
  const std::vector<std::size_t> shape{table.vectors.rows(), table.vectors.columns()};
  const std::span<const float> values(table.vectors.data(), shape[0] * shape[1]);
  if (dtype == "int8") {
    add_int8(tensors, table);
  } else if (dtype == "f16") {
    std::vector<std::uint16_t> narrow(values.size());
    simd::kernels().f32_to_f16(values.data(), narrow.data(), values.size());
    tensors.add_bytes("embeddings", formats::TensorType::f16, shape, std::as_bytes(std::span(narrow)));
  } else {
    tensors.add("embeddings", shape, values);
  }
  tensors.add("weights", {table.weights.size()}, std::span<const float>(table.weights));
}

// The keys by which model2vec knows its own.
Json::Object model2vec_keys(std::size_t dim, const std::string& dtype, double sif) {
  const auto text = [](const char* value) { return Json(std::string(value)); };
  return {{"model_type", text("model2vec")},
          {"architectures", Json(Json::Array{text("StaticModel")})},
          {"normalize", Json(true)},
          {"hidden_dim", Json(static_cast<std::int64_t>(dim))},
          {"sif_coefficient", Json(sif)},
          {"embedding_dtype", text(dtype == "int8"  ? "int8"
                                   : dtype == "f16" ? "float16"
                                                    : "float32")}};
}

constexpr std::string_view kModules =
    R"([{"idx":0,"name":"0","path":".","type":"sentence_transformers.models.StaticEmbedding"},)"
    R"({"idx":1,"name":"1","path":"1_Normalize","type":"sentence_transformers.models.Normalize"}])"
    "\n";

Result<ModelPtr> make_model(FittedTable& table, std::string tokenizer, const std::string& trained_on,
                            const DistillOptions& options, Context& context) {
  formats::ModelParts parts;
  parts.family = kStaticFamily;
  parts.options = option_values(options);
  parts.trained_on = trained_on;
  parts.top = model2vec_keys(table.vectors.columns(), options.dtype, options.sif);
  add_table(parts.tensors, table, options.dtype);
  parts.files["tokenizer.json"] = std::move(tokenizer);
  parts.files["modules.json"] = kModules;
  Card card;
  card.family = kStaticFamily;
  card.modalities = {Modality::text};
  card.dimension = table.vectors.columns();
  card.normalized = true;
  card.space_id = formats::space_id_of(parts);
  StaticLayout layout;
  layout.normalize = true;
  layout.drop_unknown = true;
  layout.trained_on = trained_on;
  layout.space_id = card.space_id;
  return IG_TRY(StaticModel::open(FileSet::from_memory(formats::model_files(parts, card)), std::move(layout), context));
}

Status check_texts(const CorpusSample& sample) {
  if (sample.texts() >= kLeastTexts) return {};
  return fail(Code::invalid_argument, "the corpus has " + std::to_string(sample.texts()) +
                                          " pieces of text that are long enough; " + std::to_string(kLeastTexts) +
                                          " are the least, 100,000 and more are better.");
}

Result<Distilled> distill_from(const Model& model, const Dataset* corpus, const DistillOptions& options,
                               Context& context) {
  const Teacher teacher = IG_TRY(Teacher::of(model, options.compute));
  if (static_cast<std::size_t>(options.dim) > teacher.dim()) {
    return fail(Code::invalid_argument, "dim must be at most the teacher's " + std::to_string(teacher.dim()) +
                                            ", not " + std::to_string(options.dim) + ".");
  }
  if (options.most_tokens < options.least_tokens) {
    return fail(Code::invalid_argument, "most_tokens (" + std::to_string(options.most_tokens) +
                                            ") must not be below least_tokens (" +
                                            std::to_string(options.least_tokens) + ").");
  }
  const std::string tokenizer = IG_TRY(bare_tokenizer(IG_TRY(teacher.tokenizer_json())));
  CorpusSample sample;
  if (corpus != nullptr) {
    const SampleOptions sampling{static_cast<std::size_t>(options.texts),
                                 static_cast<std::size_t>(options.least_tokens),
                                 std::min(teacher.room(), static_cast<std::size_t>(options.most_tokens))};
    sample = IG_TRY(sample_corpus(*corpus, teacher.tokenizer(), sampling, context));
    IG_TRY(check_texts(sample));
  }
  math::Matrix start = IG_TRY(teacher.piece_vectors(context));
  centre(start);
  const std::size_t cut =
      options.dim != 0 ? static_cast<std::size_t>(options.dim) : std::min<std::size_t>(256, teacher.dim());
  FittedTable table = corpus != nullptr ? IG_TRY(fit_to_corpus(teacher, sample, std::move(start), options, context))
                                        : IG_TRY(fit_to_pieces(std::move(start), cut, options.sif));
  Distilled out;
  out.texts = sample.texts();
  out.quality = table.quality;
  const std::string trained_on = model.card().trained_on + (corpus == nullptr ? "" : " on " + corpus->description());
  out.model = IG_TRY(make_model(table, tokenizer, trained_on, options, context));
  return out;
}

}  // namespace
}  // namespace model

std::vector<OptionInfo> distill_options() { return option_infos<DistillOptions>(); }

Result<DistillOptions> parse_distill_options(const OptionValues& values) {
  return parse_options<DistillOptions>(values, "distill");
}

Result<Distilled> distill(const Model& teacher, const Dataset* corpus, const DistillOptions& options,
                          Context& context) {
  return guard([&] { return model::distill_from(teacher, corpus, options, context); });
}

}  // namespace isogloss
