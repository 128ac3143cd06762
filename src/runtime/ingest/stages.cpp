// SPDX-License-Identifier: Apache-2.0
// Every thread of the context runs the same loop: it looks for the next step, finish a full batch first, else prepare
// the next item, and when there is neither it lends a hand to whatever else runs on the pool, as the loops inside a
// step of another thread. So there is no thread that belongs to a stage, and one thread alone does both in turn.
// Batches end where the queue happens to end; what the second stage makes of its items must not depend on that.
//
// Only the calling thread finishes, so that progress and reports come from there; while a large file keeps it busy with
// preparing, the queue fills and the others wait. Letting any thread finish would gain that wait and cost that promise.
#include "runtime/ingest/stages.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "core/guard.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::chrono::milliseconds kLook{2};  // between looks for other work on the pool

}  // namespace

Stages::Stages(std::size_t count, const Work& work, StageLimits limits)
    : work_(work), limits_(limits), places_(count, Place::waiting), bytes_(count, 0), end_(count) {}

Status Stages::run(const Context& context) {
  for (std::size_t i = 0; i < places_.size(); ++i) bytes_[i] = work_.bytes(i);
  const auto busy = static_cast<std::size_t>(std::ranges::count_if(bytes_, [](std::uint64_t b) { return b != 0; }));
  const std::size_t threads = std::min(context.thread_count(), busy);
  const auto caller = std::this_thread::get_id();
  if (threads > 1) {
    context.pool->run(threads, [&](std::size_t) { work(context, std::this_thread::get_id() == caller); }, threads);
  }
  work(context, true);  // the rest: everything, when there is one thread
  if (!failure_) return failure_;
  return finished_ < places_.size() ? context.check() : Status();
}

void Stages::work(const Context& context, bool is_caller) {
  std::unique_lock lock(mutex_);
  while (true) {
    switch (next_step(context, is_caller)) {
      case Step::finish:
        finish_batch(lock);
        break;
      case Step::prepare:
        prepare_one(lock);
        break;
      case Step::wait: {
        lock.unlock();
        const bool helped = context.pool != nullptr && context.pool->help();
        lock.lock();
        if (!helped) changed_.wait_for(lock, kLook);
        break;
      }
      case Step::leave:
        return;
    }
  }
}

Stages::Step Stages::next_step(const Context& context, bool is_caller) {
  if (end_ > claimed_ && !context.check()) end_ = claimed_;  // cancelled: what is claimed is the rest
  if (finished_ >= end_) return Step::leave;
  if (is_caller && ready_ > finished_ && (batch_is_full() || !may_claim())) return Step::finish;
  if (may_claim()) return Step::prepare;
  return !is_caller && claimed_ >= end_ ? Step::leave : Step::wait;
}

bool Stages::may_claim() const {
  if (claimed_ >= end_) return false;
  if (claimed_ == finished_) return true;
  return queued_bytes_ + bytes_[claimed_] <= limits_.queue_bytes && claimed_ - finished_ < 2 * limits_.batch_items;
}

bool Stages::batch_is_full() const {
  return ready_bytes_ >= limits_.batch_bytes || ready_ - finished_ >= limits_.batch_items;
}

void Stages::fail_from(std::size_t item, Status status) {
  if (item >= end_) return;
  end_ = item;
  failure_ = std::move(status);
}

void Stages::prepare_one(std::unique_lock<std::mutex>& lock) {
  const std::size_t item = claimed_++;
  queued_bytes_ += bytes_[item];
  places_[item] = Place::claimed;
  lock.unlock();
  Status done = bytes_[item] != 0 ? guard([&] { return work_.prepare(item); }) : Status();
  lock.lock();
  if (!done) fail_from(item, std::move(done));
  places_[item] = Place::ready;
  for (; ready_ < claimed_ && places_[ready_] == Place::ready; ++ready_) ready_bytes_ += bytes_[ready_];
  changed_.notify_all();
}

std::size_t Stages::batch_end() const {
  std::uint64_t bytes = 0;
  std::size_t end = finished_;
  while (end < std::min(ready_, end_) && end - finished_ < limits_.batch_items && bytes < limits_.batch_bytes) {
    bytes += bytes_[end++];
  }
  return end;
}

void Stages::finish_batch(std::unique_lock<std::mutex>& lock) {
  const std::size_t begin = finished_, end = batch_end();
  lock.unlock();
  Status done = guard([&] { return work_.finish(begin, end); });
  lock.lock();
  for (std::size_t i = begin; i < end; ++i) {
    queued_bytes_ -= bytes_[i];
    ready_bytes_ -= bytes_[i];
  }
  finished_ = end;
  if (!done) {
    end_ = 0;
    failure_ = std::move(done);
  }
  changed_.notify_all();
}

}  // namespace isogloss::runtime
