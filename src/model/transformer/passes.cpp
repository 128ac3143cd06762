// SPDX-License-Identifier: Apache-2.0
// How rows become passes. A pass of few tokens reads every weight for few products; one of many pushes its activations
// out of the second cache. Several passes run side by side, a thread each, which needs no joins inside a layer; a single
// pass is split inside its layers instead.
#include "model/transformer/passes.hpp"

#include <algorithm>

#include "core/parallel.hpp"

namespace isogloss::model {
namespace {

// all-MiniLM-L6-v2, one thread of Zen 5, sentences of 16 tokens a CPU second with passes of 64, 128, 256, 512, 1024
// tokens: f32 586, 625, 654, 672, 634; bf16 1136, 1191, 1253, 1258, 1243; int8 2011, 1996, 1958, 2012, 1945.
constexpr std::size_t kMostTokens = 512;
constexpr std::size_t kLeastTokens = 64;

// Rows [begin, end) of each pass, by length from long to short so that the last passes are short ones; at least a pass for
// every thread where there are tokens enough.
std::vector<std::span<const PassRow>> cut_into_passes(std::vector<PassRow>& rows, std::size_t threads) {
  std::ranges::stable_sort(rows, [](const PassRow& a, const PassRow& b) { return a.ids.size() > b.ids.size(); });
  std::size_t total = 0;
  for (const PassRow& row : rows) total += row.ids.size();
  const std::size_t budget = std::clamp((total + threads - 1) / threads, kLeastTokens, kMostTokens);
  std::vector<std::span<const PassRow>> passes;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    for (std::size_t tokens = 0; end < rows.size() && (end == begin || tokens + rows[end].ids.size() <= budget); ++end) {
      tokens += rows[end].ids.size();
    }
    passes.push_back(std::span(rows).subspan(begin, end - begin));
    begin = end;
  }
  return passes;
}

Status run_pass(const nn::Encoder& encoder, nn::Workspace& workspace, std::span<const PassRow> rows,
                nn::WantedRows wanted, const std::function<void(const PassResult&)>& done, const Context& context) {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint8_t> types;
  std::vector<std::size_t> starts{0};
  const bool typed = std::ranges::any_of(rows, [](const PassRow& row) { return !row.types.empty(); });
  for (const PassRow& row : rows) {
    ids.insert(ids.end(), row.ids.begin(), row.ids.end());
    if (typed) {
      types.insert(types.end(), row.types.begin(), row.types.end());
      types.resize(ids.size(), 0);
    }
    starts.push_back(ids.size());
  }
  nn::RunOptions options;
  options.rows = wanted;
  IG_TRY(encoder.run({ids, types, starts}, options, workspace, context));
  done({rows, starts, workspace.x});
  return {};
}

}  // namespace

Status run_passes(const nn::Encoder& encoder, WorkspacePool& workspaces, std::vector<PassRow> rows,
                  nn::WantedRows wanted, const std::function<void(const PassResult&)>& done, Context& context) {
  const std::size_t threads = context.thread_count();
  const auto passes = cut_into_passes(rows, threads);
  if (passes.size() == 1 || threads <= 1) {
    WorkspacePool::Lease workspace = workspaces.take();
    for (const auto& pass : passes) IG_TRY(run_pass(encoder, *workspace, pass, wanted, done, context));
    return {};
  }
  std::vector<Status> results(passes.size());
  parallel_for(context, passes.size(), 1, [&](std::size_t i, std::size_t) {
    Context alone = context;  // this thread only
    alone.pool = nullptr;
    WorkspacePool::Lease workspace = workspaces.take();
    results[i] = run_pass(encoder, *workspace, passes[i], wanted, done, alone);
  });
  for (Status& result : results) IG_TRY(std::move(result));
  return {};
}

}  // namespace isogloss::model
