// SPDX-License-Identifier: Apache-2.0
// What a model associates with groups of people and things: association tests (WEAT, SEAT) over lists of words or
// sentences that the request brings, or over a set of tests of this server.
#include <array>

#include "core/scratch_folder.hpp"
#include "isogloss/evaluate.hpp"
#include "serve/engine/jobs.hpp"
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {
namespace {

struct Asked {
  std::string reference;  // of the model
  std::string task;       // a task folder of the server, or empty
  std::string lists;      // the test's file
};

Status write_lists(JsonWriter& json, const Json& lists, std::string_view field, std::array<std::string_view, 2> keys) {
  const std::span<const Json> both = lists.as_array();
  if (both.size() != keys.size()) {
    return fail(Code::invalid_argument,
                "'" + std::string(field) + "' is two lists of words, not " + std::to_string(both.size()) + ".");
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    json.key(keys[i]).begin_object().key("examples").begin_array();
    for (const Json& item : both[i].as_array()) {
      if (!item.is_string() || item.as_string().empty())
        return fail(Code::invalid_argument, "A list of '" + std::string(field) + "' holds something that is no word.");
      json.value(item.as_string());
    }
    json.end_array().end_object();
    if (both[i].as_array().empty())
      return fail(Code::invalid_argument, "A list of '" + std::string(field) + "' is empty.");
  }
  return {};
}

Result<Asked> asked_by(const Call& call) {
  Asked out;
  out.reference = IG_TRY(reference_of(call, call["model"]));
  if (out.reference == "none") return fail(Code::not_found, "There is no model 'none'.");
  const bool named = !call["task"].is_null();
  if (named == !call["targets"].is_null() || call["targets"].is_null() != call["attributes"].is_null()) {
    return fail(Code::invalid_argument,
                "Give 'targets' and 'attributes', two lists of words each, or 'task', a set of tests of this server.");
  }
  if (!named) {
    JsonWriter json(out.lists);
    json.begin_object();
    IG_TRY(write_lists(json, call["targets"], "targets", {"targ1", "targ2"}));
    IG_TRY(write_lists(json, call["attributes"], "attributes", {"attr1", "attr2"}));
    json.end_object();
    return out;
  }
  std::string known;
  for (const InstalledTask& task : IG_TRY(installed_tasks())) {
    if (task.kind != "bias") continue;
    if (task.name == call["task"].as_string()) out.task = task.name;
    known += (known.empty() ? "" : ", ") + task.name;
  }
  if (!out.task.empty()) return out;
  return fail(Code::not_found, "This server has no set of bias tests '" + std::string(call["task"].as_string()) +
                                   "'. It has: " + (known.empty() ? "none" : known) + ".");
}

// {"tests":[{"test","n","of","effect","p","rnsb","mac"}]}, each where the lists allow it (isogloss/bias.hpp).
Result<std::string> measured(const Asked& asked, const EvalOptions& options, Context& context) {
  const ScratchFolder scratch("isogloss-bias");
  const std::filesystem::path file = scratch.path() / "lists.json";
  if (asked.task.empty()) IG_TRY(write_file(file, asked.lists));
  const std::string task = asked.task.empty() ? "bias:" + file.string() : (tasks_folder() / asked.task).string();
  const std::vector<EvalFigure> figures = IG_TRY(evaluate(asked.reference, task, options, context));
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("tests").begin_array();
  for (std::size_t i = 0; i < figures.size(); ++i) {
    const EvalFigure& figure = figures[i];
    if (i == 0 || figures[i - 1].task != figure.task) {
      json.begin_object().field("test", figure.task).field("n", static_cast<std::uint64_t>(figure.n));
      json.field("of", static_cast<std::uint64_t>(figure.of));
    }
    json.field(figure.metric, figure.value);
    if (i + 1 == figures.size() || figures[i + 1].task != figure.task) json.end_object();
  }
  json.end_array().end_object();
  return body;
}

// A job like an evaluation, so that one of all runs at a time; the request waits for its end.
Result<Response> bias(Call& call) {
  constexpr std::chrono::milliseconds kStep{200};
  Asked asked = IG_TRY(asked_by(call));
  EvalOptions options;
  options.compute = call.services.options.compute;
  options.cache = call.services.options.cache;
  Jobs& jobs = call.services.jobs;
  JobStatus job = IG_TRY(jobs.start(
      "bias", [asked = std::move(asked), options](Context& context) { return measured(asked, options, context); }));
  while (!job.ended()) {
    if (call.request.cancel != nullptr && call.request.cancel->cancelled()) IG_TRY(jobs.cancel(job.id));
    job = IG_TRY(jobs.wait(job.id, job.version, kStep));
  }
  if (job.error) return fail(*job.error);
  if (job.state != JobState::done) return fail(Code::cancelled, "The server stops.");
  return json_response(std::move(job.result));
}

}  // namespace

std::vector<Route> bias_routes() {
  return {{"POST",
           {"/v1/bias"},
           Owner::openai,
           "What a model associates: association tests of words or sentences (WEAT, SEAT)",
           {{"model", kText, "a served model"},
            {"targets", kArray, "two lists of words or sentences: [[\"rose\", ...], [\"ant\", ...]]"},
            {"attributes", kArray, "two lists that they are compared with"},
            {"task", kText, "instead: name of a task folder of the server, of kind bias"}},
           bias}};
}

}  // namespace isogloss::serve
