// SPDX-License-Identifier: Apache-2.0
// No thread of its own: a request that finds nobody at work becomes the runner. It runs passes, its own rows and those
// of others, until its rows are done, and then wakes one that waits to go on. So a lone request starts at once and is
// never handed from thread to thread, and while one pass runs whoever arrives stands in line and joins the next.
//
// Whose turn it is: start-time fair queueing (Goyal, Vin, Cheng 1996) over clients. Each has an account of the tokens
// it was served; a client that comes (back) starts at the virtual time, which is the account of the one that was served
// last. The least served goes first, among equals the one with the least left to do: a short query passes a bulk
// request between two passes, and a stream of short queries cannot starve the bulk.
//
// What joins: behind the first job of a pass those of the same model and options that fit into it whole. A bulk request
// is never used to fill up a pass of short ones: they would wait for it.
//
// How long a pass is: as many tokens as the model did lately in `pass_seconds`. What a row's bits are does not depend
// on the pass, so a measured time may decide here.
#include "serve/engine/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <numeric>
#include <optional>

namespace isogloss::serve {
namespace {

constexpr std::size_t kLeastTokens = 256;   // of a pass: less wastes time at its ends
constexpr std::size_t kMostTokens = 65536;  // bounds the scratch memory
constexpr double kFirstRate = 20'000;       // tokens a second of a model of which nothing is known
constexpr double kSmoothing = 0.2;          // weight of the newest pass in the rate

}  // namespace

struct Scheduler::Job {
  const void* model = nullptr;
  Caller caller;
  std::span<const std::uint32_t> costs;  // (rows)
  const Rows* work = nullptr;            // of run()
  const Embedder* embedder = nullptr;    // of embed(), as what follows
  const Prepared* prepared = nullptr;
  const EmbedOptions* options = nullptr;
  Embedding* out = nullptr;

  std::size_t next = 0;    // first row that is in no pass yet
  std::uint64_t left = 0;  // tokens of the rows from there
  bool done = false;
  bool promoted = false;  // it is to run the passes
  Status outcome;
  std::condition_variable changed;

  bool joins(const Job& other) const {
    return work == nullptr && other.work == nullptr && model == other.model && options->dim == other.options->dim &&
           options->compute == other.options->compute && options->family.empty() && other.options->family.empty();
  }
};

struct Scheduler::Pass {
  struct Part {
    Job* job;
    std::size_t begin, end;
  };
  std::vector<Part> parts;
  std::uint64_t tokens = 0;
  std::size_t rows = 0;

  void add(Job& job, std::size_t end) {
    const std::uint64_t cost = std::accumulate(job.costs.begin() + static_cast<std::ptrdiff_t>(job.next),
                                               job.costs.begin() + static_cast<std::ptrdiff_t>(end), std::uint64_t{0});
    parts.push_back({&job, job.next, end});
    tokens += cost;
    rows += end - job.next;
    job.next = end;
    job.left -= cost;
  }
};

Result<Embedding> Scheduler::embed(const Embedder& embedder, const Card& card, const Prepared& prepared,
                                   const EmbedOptions& options, const Caller& caller) {
  Embedding out;
  if (card.sparse)
    out.sparse = Vectors::sparse(card.dimension);
  else
    out.dense = Vectors::dense(prepared.rows(), options.dim != 0 ? options.dim : card.dimension);
  std::vector<std::uint32_t> costs(prepared.rows());
  for (std::size_t i = 0; i < costs.size(); ++i) costs[i] = prepared.cost(i);
  Job job;
  job.model = &card;
  job.caller = caller;
  job.costs = costs;
  job.embedder = &embedder;
  job.prepared = &prepared;
  job.options = &options;
  job.out = &out;
  IG_TRY(enter(job));
  (card.sparse ? out.sparse : out.dense).space_id = card.space_id;
  return out;
}

Status Scheduler::run(const void* model, std::span<const std::uint32_t> costs, const Rows& work, const Caller& caller) {
  Job job;
  job.model = model;
  job.caller = caller;
  job.costs = costs;
  job.work = &work;
  return enter(job);
}

Status Scheduler::enter(Job& job) {
  if (job.costs.empty()) return {};
  job.left = std::accumulate(job.costs.begin(), job.costs.end(), std::uint64_t{0});
  std::unique_lock lock(mutex_);
  if (stats_.waiting_tokens != 0 && stats_.waiting_tokens + job.left > options_.queue_tokens) {
    ++stats_.refused;
    const auto rate = rates_.find(job.model);
    const double seconds =
        static_cast<double>(stats_.waiting_tokens) / (rate != rates_.end() ? rate->second : kFirstRate);
    Error error{Code::exhausted,
                "The server has as many tokens to work on as it may hold (" + std::to_string(options_.queue_tokens) +
                    "). Try again later.",
                -1, std::ceil(seconds)};
    return fail(std::move(error));
  }
  stats_.waiting_tokens += job.left;
  ++stats_.waiting_requests;
  Client& client = clients_[job.caller.client];
  if (client.jobs++ == 0) client.served = std::max(client.served, virtual_time_);
  jobs_.push_back(&job);
  if (running_) job.changed.wait(lock, [&] { return job.done || job.promoted; });
  if (!job.done) run_passes(job, lock);
  return std::move(job.outcome);
}

// REQUIRES: `lock` is held; nobody else runs passes.
void Scheduler::run_passes(Job& own, std::unique_lock<std::mutex>& lock) {
  running_ = true;
  Context context;
  context.pool = options_.pool;
  while (true) {
    drop_cancelled();
    if (own.done) break;
    Pass pass = next_pass();
    lock.unlock();
    const auto begun = std::chrono::steady_clock::now();
    const Status status = run_pass(pass, context);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    lock.lock();
    account(pass, seconds);
    for (const Pass::Part& part : pass.parts) {
      if (!status || part.job->next == part.job->costs.size()) leave(*part.job, status);
    }
  }
  running_ = !jobs_.empty();
  if (running_) {
    jobs_.front()->promoted = true;
    jobs_.front()->changed.notify_one();
  }
}

std::size_t Scheduler::budget_of(const void* model) const {
  const auto rate = rates_.find(model);
  const double tokens = (rate != rates_.end() ? rate->second : kFirstRate) * options_.pass_seconds;
  return std::clamp(static_cast<std::size_t>(tokens), kLeastTokens, kMostTokens);
}

// REQUIRES: there is a job.
Scheduler::Pass Scheduler::next_pass() {
  std::vector<Job*> order(jobs_.begin(), jobs_.end());
  std::ranges::stable_sort(order, [&](const Job* a, const Job* b) {
    const double served_a = clients_[a->caller.client].served, served_b = clients_[b->caller.client].served;
    return served_a != served_b ? served_a < served_b : a->left < b->left;
  });
  Job& first = *order.front();
  virtual_time_ = std::max(virtual_time_, clients_[first.caller.client].served);
  const std::size_t budget = budget_of(first.model);
  Pass pass;
  std::size_t end = first.next;
  for (std::uint64_t cost = 0; end < first.costs.size(); ++end) {
    cost += first.costs[end];
    if (cost > budget && end > first.next) break;
  }
  pass.add(first, end);
  if (first.next < first.costs.size()) return pass;
  for (Job* job : std::span(order).subspan(1)) {
    if (job->joins(first) && pass.tokens + job->left <= budget) pass.add(*job, job->costs.size());
  }
  return pass;
}

// Outside of the lock: the jobs of a pass wait until it is accounted for.
Status Scheduler::run_pass(Pass& pass, Context& context) const {
  const Job& first = *pass.parts.front().job;
  if (first.work != nullptr) return (*first.work)(pass.parts.front().begin, pass.parts.front().end, context);
  std::vector<Slice> slices;
  for (const Pass::Part& part : pass.parts) slices.push_back({part.job->prepared, part.begin, part.end});
  const bool sparse = first.out->sparse.is_sparse();
  Vectors rows = sparse ? Vectors::sparse(first.out->sparse.dim()) : Vectors::dense(pass.rows, first.out->dense.dim());
  EmbeddingOut out;
  (sparse ? out.sparse : out.dense) = &rows;
  IG_TRY(first.embedder->run(slices, out, context));
  std::size_t at = 0;
  for (const Pass::Part& part : pass.parts) {
    const std::size_t count = part.end - part.begin;
    Embedding& target = *part.job->out;
    if (!sparse) {
      std::memcpy(target.dense.data() + part.begin * rows.row_bytes(), rows.data() + at * rows.row_bytes(),
                  count * rows.row_bytes());
    }
    for (std::size_t i = 0; sparse && i < count; ++i) {
      const SparseRow row = rows.row_sparse(at + i);
      target.sparse.append_sparse(row.columns, row.values);
    }
    at += count;
  }
  return {};
}

void Scheduler::account(const Pass& pass, double seconds) {
  for (const Pass::Part& part : pass.parts) {
    const auto costs = part.job->costs.subspan(part.begin, part.end - part.begin);
    clients_[part.job->caller.client].served +=
        static_cast<double>(std::accumulate(costs.begin(), costs.end(), std::uint64_t{0}));
  }
  stats_.waiting_tokens -= pass.tokens;
  stats_.tokens += pass.tokens;
  stats_.rows += pass.rows;
  ++stats_.passes;
  if (pass.parts.size() > 1) ++stats_.joined;
  const double rate = static_cast<double>(pass.tokens) / std::max(seconds, 1e-6);
  const auto [known, is_new] = rates_.try_emplace(pass.parts.front().job->model, rate);
  if (!is_new) known->second += kSmoothing * (rate - known->second);
}

void Scheduler::leave(Job& job, Status outcome) {
  stats_.waiting_tokens -= job.left;
  --stats_.waiting_requests;
  jobs_.remove(&job);
  const auto client = clients_.find(job.caller.client);
  --client->second.jobs;
  std::erase_if(clients_, [&](const auto& one) { return one.second.jobs == 0 && one.second.served <= virtual_time_; });
  job.outcome = std::move(outcome);
  job.done = true;
  job.changed.notify_one();
}

void Scheduler::drop_cancelled() {
  const std::list<Job*> all = jobs_;
  for (Job* job : all) {
    if (job->caller.cancel == nullptr || !job->caller.cancel->cancelled()) continue;
    ++stats_.cancelled;
    leave(*job, fail(Code::cancelled, "The client went away."));
  }
}

SchedulerStats Scheduler::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace isogloss::serve
