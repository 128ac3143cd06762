// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/text_model.hpp"

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "core/parallel.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/machine.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kBlock = 4096;  // texts between two reports of progress

// What a model may be fitted on: texts without labels.
class Corpus final : public Dataset {
 public:
  explicit Corpus(std::span<const std::string> texts) : texts_(texts) {}
  const std::vector<std::string>& column_names() const override { return none_; }
  std::size_t blocks() const override { return 1; }
  Status read_block(std::size_t, const RecordSink& sink, Context& context) const override {
    IG_TRY(context.check());
    for (const std::string& text : texts_) {
      Record record;
      record.text = text;
      IG_TRY(sink(record));
    }
    return {};
  }
  std::string description() const override { return "the texts of the task"; }

 private:
  std::span<const std::string> texts_;
  std::vector<std::string> none_;
};

}  // namespace

Result<TextModel> TextModel::open(std::string_view reference, std::span<const std::string> corpus,
                                  const EvalOptions& options, Context& context) {
  TextModel out;
  const ModelReference parsed = IG_TRY(parse_model_reference(reference));
  out.model_ = parsed.kind == ReferenceKind::fit ? IG_TRY(train(parsed.family, Corpus(corpus), parsed.options, context))
                                                 : IG_TRY(load(reference, {}, context));
  out.embedder_ = out.model_->ability<Embedder>();
  out.scorer_ = out.model_->ability<PairScorer>();
  if (out.embedder_ == nullptr && out.scorer_ == nullptr) {
    return fail(Code::unsupported,
                "model '" + std::string(reference) + "' neither gives vectors for texts nor scores pairs of them.");
  }
  out.options_.truncate = options.truncate;
  out.options_.compute = options.compute;
  out.options_.dim = options.dim;
  return out;
}

Status TextModel::check_report(const RowReport& report) {
  if (report.error) return fail(*report.error);
  ++texts_;
  tokens_ += report.tokens_used;
  cut_ += report.tokens_cut > 0 ? 1 : 0;
  return {};
}

Result<heads::Features> TextModel::embed(std::span<const std::string> texts, Role role, Context& context) {
  if (embedder_ == nullptr) return fail(Code::unsupported, "The model only scores pairs; this task needs vectors.");
  const auto start = std::chrono::steady_clock::now();
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<Input> inputs;
  std::vector<std::size_t> row_of;
  for (const std::string& text : texts) {
    const auto [at, fresh] = known.try_emplace(text, inputs.size());
    if (fresh) inputs.push_back(Input::text(text, role));
    row_of.push_back(at->second);
  }
  Vectors rows;
  for (std::size_t begin = 0; begin < inputs.size(); begin += kBlock) {
    IG_TRY(context.check());
    const auto block = std::span(inputs).subspan(begin, std::min(kBlock, inputs.size() - begin));
    const Embedding found = IG_TRY(embedder_->embed(block, options_, context));
    for (const RowReport& report : found.reports) IG_TRY(check_report(report));
    const bool sparse = model_->card().sparse;
    if (begin == 0)
      rows = sparse ? Vectors::sparse(found.sparse.dim()) : Vectors::dense(inputs.size(), found.dense.dim());
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (sparse)
        rows.append_sparse(found.sparse.row_sparse(i).columns, found.sparse.row_sparse(i).values);
      else
        std::ranges::copy(found.dense.row_f32(i), rows.row_f32(begin + i).begin());
    }
    context.report(
        {"embed", "texts", static_cast<double>(begin + block.size()), static_cast<double>(inputs.size()), 0});
  }
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const heads::Features distinct(rows);
  return inputs.size() == texts.size() ? distinct : distinct.pick(row_of);
}

Result<std::vector<heads::Likeness>> TextModel::likenesses(std::span<const std::string> a,
                                                           std::span<const std::string> b, Context& context) {
  std::vector<heads::Likeness> out(a.size());
  if (embedder_ == nullptr) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::string_view document[] = {b[i]};
      float score[1] = {};
      IG_TRY(scorer_->score(a[i], document, score, context));
      out[i].cosine = out[i].dot = static_cast<double>(score[0]);
    }
    return out;
  }
  std::vector<std::string> texts(a.begin(), a.end());
  texts.insert(texts.end(), b.begin(), b.end());
  const heads::Features rows = IG_TRY(embed(texts, Role::none, context));
  parallel_for(context, a.size(), 256, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = rows.likeness(i, rows, a.size() + i);
  });
  return out;
}

void TextModel::record(std::map<std::string, std::string>& out) const {
  const Card& card = model_->card();
  const MachineInfo machine = machine_info();
  out["family"] = card.family;
  out["space"] = card.space_id;
  out["dimension"] = std::to_string(options_.dim != 0 ? options_.dim : card.dimension);
  out["window"] = std::to_string(card.window);
  out["compute"] = options_.compute;
  for (const auto& [name, value] : card.facts) out[name] = value;
  for (const auto& [name, text] : card.prompts) out["prompt " + name] = text;
  out["texts"] = std::to_string(texts_);
  out["texts cut"] = std::to_string(cut_);
  out["tokens"] = std::to_string(tokens_);
  out["embed seconds"] = std::to_string(seconds_);
  out["version"] = machine.version;
  out["machine"] = machine.cpu + ", " + counted(machine.cores, "core") + ", " + machine.kernels;
}

void Report::add(std::string metric, double value, std::pair<double, double> interval) {
  figures_.push_back({.model = model_,
                      .task = task_,
                      .metric = std::move(metric),
                      .value = value,
                      .low = interval.first,
                      .high = interval.second,
                      .n = 0,
                      .of = 0,
                      .convention = convention_,
                      .record = {}});
}

std::vector<EvalFigure> Report::take() {
  for (EvalFigure& figure : figures_) {
    if (figure.low == 0 && figure.high == 0) figure.low = figure.high = figure.value;
    figure.n = n;
    figure.of = of;
    figure.record = record;
  }
  return std::move(figures_);
}

}  // namespace isogloss::evaluation
