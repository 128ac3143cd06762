// SPDX-License-Identifier: Apache-2.0
// Evaluations of served models, as jobs: started by one request, watched by others, as server-sent events if they like.
#include "serve/engine/jobs.hpp"
#include "core/figure_json.hpp"
#include "core/scratch_folder.hpp"
#include "isogloss/evaluate.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

constexpr std::chrono::milliseconds kHeartbeat{5'000}, kStep{200};

std::string job_json(const JobStatus& job) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("id", job.id).field("object", "job").field("what", job.what);
  json.field("status", job_state_name(job.state)).field("created", job.created);
  json.key("progress").begin_object().field("phase", job.phase).field("unit", job.unit);
  json.field("done", job.done).field("total", job.total).end_object();
  if (job.error) {
    json.key("error")
        .begin_object()
        .field("code", code_name(job.error->code))
        .field("message", job.error->message)
        .end_object();
  }
  if (!job.result.empty()) json.key("result").raw(job.result);
  json.end_object();
  return body;
}

// What is evaluated: a task by its name on the server, or a kind and the content of its file.
struct Asked {
  std::string reference, name;  // of the model
  std::string task, kind, data, format;
  EvalOptions options;
};

Result<Asked> asked_by(const Call& call) {
  Asked out;
  out.name = IG_TRY(call.services.engine.models().resolve(call["model"].as_string()));
  for (const ModelState& state : call.services.engine.models().list()) {
    if (state.name == out.name) out.reference = state.reference;
  }
  out.task = call["task"].as_string();
  out.kind = call["kind"].as_string();
  out.data = call["data"].as_string();
  out.format = call["format"].as_string("jsonl");
  for (const Json& metric : call["metrics"].as_array()) out.options.metrics.emplace_back(metric.as_string());
  out.options.compute = call.services.options.compute;
  out.options.cache = call.services.options.cache;
  if (out.task.empty() == out.kind.empty()) {
    return fail(Code::invalid_argument, "Give 'task', the name of a task of this server, or 'kind' and 'data'.");
  }
  if (!out.kind.empty() && out.data.empty())
    return fail(Code::invalid_argument, "'kind' needs 'data', the content of the task's file.");
  if (!out.task.empty()) {  // no path of a request is opened
    std::string known;
    for (const InstalledTask& task : IG_TRY(installed_tasks())) {
      if (task.name == out.task) return out;
      known += (known.empty() ? "" : ", ") + task.name;
    }
    return fail(Code::not_found,
                "This server has no task '" + out.task + "'. It has: " + (known.empty() ? "none" : known) + ".");
  }
  return out;
}

Result<std::string> evaluated(const Asked& asked, Context& context) {
  const ScratchFolder scratch("isogloss-job");
  const std::string task = asked.task.empty() ? asked.kind + ":" + (scratch.path() / ("data." + asked.format)).string()
                                              : (tasks_folder() / asked.task).string();
  if (!asked.kind.empty()) IG_TRY(write_file(scratch.path() / ("data." + asked.format), asked.data));
  std::vector<EvalFigure> figures = IG_TRY(evaluate(asked.reference, task, asked.options, context));
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("figures").begin_array();
  for (EvalFigure& figure : figures) {
    figure.model = asked.name;
    write_figure(json, figure);
  }
  json.end_array().end_object();
  return body;
}

Result<Response> start(Call& call) {
  Asked asked = IG_TRY(asked_by(call));
  const std::string what = "eval " + asked.name + " on " + (asked.task.empty() ? asked.kind : asked.task);
  const JobStatus job = IG_TRY(call.services.jobs.start(
      what, [asked = std::move(asked)](Context& context) { return evaluated(asked, context); }));
  Response response = json_response(job_json(job));
  response.status = 202;
  response.headers.emplace_back("Location", "/v1/jobs/" + job.id);
  return response;
}

std::string event(std::string_view name, const std::string& json) {
  return "event: " + std::string(name) + "\ndata: " + json + "\n\n";
}

// Every change until the end; a comment now and then, so that nobody between takes the silence for an end.
void send_events(const Jobs& jobs, std::string id, const CancelToken* gone, const PieceSink& sink) {
  std::uint64_t seen = UINT64_MAX;
  auto quiet = std::chrono::milliseconds(0);
  while (true) {
    const auto job = jobs.wait(id, seen, kStep);
    if (!job) return;
    if (job->version == seen) {
      quiet += kStep;
      if ((gone != nullptr && gone->cancelled()) || (jobs.stopping() && job->state == JobState::waiting)) return;
      if (quiet < kHeartbeat) continue;
      quiet = std::chrono::milliseconds(0);
      if (!sink(": waiting\n\n")) return;
      continue;
    }
    seen = job->version;
    quiet = std::chrono::milliseconds(0);
    if (!sink(event(job->ended() ? "end" : "progress", job_json(*job))) || job->ended()) return;
  }
}

Result<Response> show(Call& call) {
  const JobStatus job = IG_TRY(call.services.jobs.status(call.parameters[0]));
  if (call.request.header("accept").find("text/event-stream") == std::string_view::npos)
    return json_response(job_json(job));
  Response response;
  response.content_type = "text/event-stream";
  response.stream = [&jobs = call.services.jobs, id = job.id, gone = call.request.cancel](const PieceSink& sink) {
    send_events(jobs, id, gone, sink);
  };
  return response;
}

Result<Response> cancel(Call& call) {
  return json_response(job_json(IG_TRY(call.services.jobs.cancel(call.parameters[0]))));
}

}  // namespace

std::vector<Route> jobs_routes() {
  return {
      {"POST",
       {"/v1/eval"},
       Owner::openai,
       "Measure a model on a task: a job, whose figures come with it",
       {{"model", kText, "a served model"},
        {"task", kText, "name of a task folder of the server"},
        {"kind", kText, "instead: kind of a task in one file, as sts"},
        {"data", kText, "content of that file"},
        {"format", kText, "its form (jsonl)", false, "jsonl|csv|tsv|txt|json"},
        {"metrics", kArray, "names; those of the task when missing"}},
       start},
      {"GET",
       {"/v1/jobs/{job}"},
       Owner::openai,
       "A job; with Accept: text/event-stream, its progress until it ends",
       {},
       show},
      {"DELETE", {"/v1/jobs/{job}"}, Owner::openai, "Cancel a job", {}, cancel},
  };
}

}  // namespace isogloss::serve
