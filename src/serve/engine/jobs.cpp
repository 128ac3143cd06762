// SPDX-License-Identifier: Apache-2.0
#include "serve/engine/jobs.hpp"

#include <algorithm>
#include <ctime>

#include "core/hash.hpp"

namespace isogloss::serve {

std::string_view job_state_name(JobState state) {
  switch (state) {
    case JobState::waiting:
      return "waiting";
    case JobState::running:
      return "running";
    case JobState::done:
      return "done";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  return "failed";
}

Jobs::~Jobs() { close(); }

void Jobs::close() {
  closed_.cancel();
  stop_ = nullptr;
  const std::lock_guard lock(mutex_);
  for (const auto& job : jobs_) job->cancel.cancel();
}

Result<JobStatus> Jobs::start(std::string what, Work work) {
  auto job = std::make_shared<Job>();
  JobStatus status;
  {
    const std::lock_guard lock(mutex_);
    const auto waiting = std::ranges::count_if(jobs_, [](const auto& one) { return !one->status.ended(); });
    if (static_cast<std::size_t>(waiting) >= kMostWaiting || stopping()) {
      return fail(Error{Code::exhausted, stopping() ? "The server is about to stop." : "Too many jobs wait already.",
                        -1, 30.0});
    }
    // No secret, but hard to meet by chance: whoever knows a job's id may ask about it.
    const std::string seed =
        std::to_string(++last_) + " " + std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
    job->status.id = "job-" + sha256_hex(seed).substr(0, 24);
    job->status.what = std::move(what);
    job->status.created = static_cast<std::int64_t>(std::time(nullptr));
    job->work = std::move(work);
    jobs_.push_back(job);
    forget_old();
    status = job->status;
  }
  threads_.submit([this, job] { run(job); });
  return status;
}

void Jobs::run(const std::shared_ptr<Job>& job) {
  Context context;
  context.pool = pool_;
  context.cancel = &job->cancel;
  context.progress = [&](const Progress& progress) {
    if (stopping()) job->cancel.cancel();
    change(*job, [&](JobStatus& status) {
      status.phase = progress.phase;
      status.unit = progress.unit;
      status.done = progress.done;
      status.total = progress.total;
    });
  };
  if (stopping()) job->cancel.cancel();
  if (!job->cancel.cancelled()) change(*job, [](JobStatus& status) { status.state = JobState::running; });
  Result<std::string> result = job->cancel.cancelled()
                                   ? Result<std::string>(fail(Code::cancelled, "The job was cancelled."))
                                   : job->work(context);
  job->work = nullptr;
  change(*job, [&](JobStatus& status) {
    const bool cancelled = !result && result.error().code == Code::cancelled;
    status.state = result ? JobState::done : cancelled ? JobState::cancelled : JobState::failed;
    if (result)
      status.result = std::move(*result);
    else
      status.error = result.error();
  });
}

void Jobs::change(Job& job, const std::function<void(JobStatus&)>& how) {
  const std::lock_guard lock(mutex_);
  how(job.status);
  ++job.status.version;
  changed_.notify_all();
}

Result<std::shared_ptr<Jobs::Job>> Jobs::find(std::string_view id) const {
  const auto found = std::ranges::find_if(jobs_, [&](const auto& job) { return job->status.id == id; });
  if (found != jobs_.end()) return *found;
  return fail(Code::not_found, "There is no job '" + std::string(id.substr(0, 64)) + "'.");
}

void Jobs::forget_old() {
  const auto ended = [](const auto& job) { return job->status.ended(); };
  while (static_cast<std::size_t>(std::ranges::count_if(jobs_, ended)) > kMostEnded)
    jobs_.erase(std::ranges::find_if(jobs_, ended));
}

Result<JobStatus> Jobs::status(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  return IG_TRY(find(id))->status;
}

Result<JobStatus> Jobs::wait(std::string_view id, std::uint64_t version, std::chrono::milliseconds time) const {
  std::unique_lock lock(mutex_);
  const auto job = IG_TRY(find(id));
  changed_.wait_for(lock, time, [&] { return job->status.version != version; });
  return job->status;
}

Result<JobStatus> Jobs::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto job = IG_TRY(find(id));
  job->cancel.cancel();
  return job->status;
}

}  // namespace isogloss::serve
