// SPDX-License-Identifier: Apache-2.0
#include "serve/engine/engine.hpp"

#include <cstring>

#include "core/cosine.hpp"

namespace isogloss::serve {
namespace {

Status first_failure(const Prepared& prepared) {
  for (std::size_t i = 0; i < prepared.rows(); ++i) {
    if (!prepared.reports()[i].error) continue;
    Error error = *prepared.reports()[i].error;
    error.item = static_cast<std::ptrdiff_t>(i);
    return fail(std::move(error));
  }
  return {};
}

Result<const Embedder*> embedder_of(const LoadedModel& model) {
  const auto* embedder = model.model->ability<Embedder>();
  if (embedder == nullptr) return fail(Code::unsupported, "The model '" + model.name + "' gives no vectors of texts.");
  return embedder;
}

// About as many tokens as a pair of texts has; what a row costs decides only how long a pass is.
std::uint32_t pair_cost(std::string_view query, std::string_view document) {
  return static_cast<std::uint32_t>((query.size() + std::min<std::size_t>(document.size(), 4096)) / 4 + 3);
}

}  // namespace

Result<Embedding> Engine::embed(const LoadedModel& model, std::span<const Input> inputs, EmbedOptions options,
                                const Caller& caller) {
  options.compute = compute_;
  const Embedder* embedder = IG_TRY(embedder_of(model));
  const Card& card = model.model->card();
  Embedding out;
  if (options.outputs == Outputs::tokens) {
    out = IG_TRY(embed_tokens(*embedder, card, inputs, options, caller));
  } else {
    Context context;
    context.pool = inputs.size() > 1 ? pool_ : nullptr;
    context.cancel = caller.cancel;
    const Prepared prepared = IG_TRY(embedder->prepare(inputs, options, context));
    IG_TRY(first_failure(prepared));
    out = IG_TRY(scheduler_.embed(*embedder, card, prepared, options, caller));
    out.reports.assign(prepared.reports().begin(), prepared.reports().end());
  }
  counts_.texts += inputs.size();
  for (const RowReport& report : out.reports) {
    counts_.tokens += report.tokens_used;
    counts_.truncated += report.tokens_cut != 0 ? 1 : 0;
  }
  return out;
}

// A text a pass: token vectors are asked for by people who look at single texts.
Result<Embedding> Engine::embed_tokens(const Embedder& embedder, const Card& card, std::span<const Input> inputs,
                                       const EmbedOptions& options, const Caller& caller) {
  Embedding out;
  out.reports.reserve(inputs.size());
  const std::vector<std::uint32_t> costs(inputs.size(), 256);
  const auto work = [&](std::size_t begin, std::size_t end, Context& context) -> Status {
    for (std::size_t i = begin; i < end; ++i) {
      auto one = embedder.embed(inputs.subspan(i, 1), options, context);
      if (!one) {
        one.error().item = static_cast<std::ptrdiff_t>(i);
        return fail(std::move(one.error()));
      }
      const Vectors& rows = one->per_token;
      if (out.per_token.dim() == 0) {
        out.per_token = Vectors::dense(0, rows.dim());
        out.per_token.row_offsets = {0};
      }
      const std::size_t held = out.per_token.rows();
      out.per_token.resize(held + rows.rows());
      std::memcpy(out.per_token.data() + held * rows.row_bytes(), rows.data(), rows.rows() * rows.row_bytes());
      out.per_token.row_offsets.push_back(out.per_token.rows());
      out.reports.push_back(std::move(one->reports[0]));
    }
    return {};
  };
  IG_TRY(scheduler_.run(&card, costs, work, caller));
  return out;
}

Result<Engine::Ranking> Engine::rank(const LoadedModel& model, std::string_view query,
                                     std::span<const std::string_view> documents, const Caller& caller) {
  counts_.pairs += documents.size();
  const auto* scorer = model.model->ability<PairScorer>();
  if (scorer == nullptr) return rank_by_cosine(model, query, documents, caller);
  Ranking out;
  out.scores.resize(documents.size());
  std::vector<std::uint32_t> costs;
  for (const std::string_view document : documents) {
    costs.push_back(pair_cost(query, document));
    out.tokens += costs.back();
  }
  const auto work = [&](std::size_t begin, std::size_t end, Context& context) {
    return scorer->score(query, documents.subspan(begin, end - begin),
                         std::span(out.scores).subspan(begin, end - begin), context);
  };
  IG_TRY(scheduler_.run(scorer, costs, work, caller));
  return out;
}

Result<Engine::Ranking> Engine::rank_by_cosine(const LoadedModel& model, std::string_view query,
                                               std::span<const std::string_view> documents, const Caller& caller) {
  if (model.model->card().sparse) {
    return fail(Code::unsupported, "The model '" + model.name +
                                       "' gives sparse vectors; rerank with a cross-encoder or a sentence encoder.");
  }
  std::vector<Input> inputs{Input::text(query, Role::query)};
  for (const std::string_view document : documents) inputs.push_back(Input::text(document, Role::document));
  EmbedOptions options;
  options.truncate = Truncate::end;
  const Embedding made = IG_TRY(embed(model, inputs, options, caller));
  Ranking out;
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    out.scores.push_back(static_cast<float>(cosine(made.dense.row_f32(0), made.dense.row_f32(i))));
    if (made.reports[i].tokens_cut != 0) out.cut.push_back(i - 1);
  }
  for (const RowReport& report : made.reports) out.tokens += report.tokens_used;
  return out;
}

}  // namespace isogloss::serve
