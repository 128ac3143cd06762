// SPDX-License-Identifier: Apache-2.0
#include "input/extract.hpp"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/document_lines.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kWorkerMemory = std::size_t{400} << 20;  // address space
constexpr std::size_t kQuestionsOfALife = 2000;  // then a fresh worker: what its libraries leak is bounded
constexpr std::chrono::seconds kTime{60};        // of a file
constexpr std::chrono::seconds kTimeWithOcr{1800};
constexpr std::chrono::seconds kGrace{5};  // then a worker whose engine is gone ends itself
constexpr std::string_view kDone = "{\"done\":";
constexpr std::string_view kFailed = "{\"failed\":";

ProcessLimits worker_limits() {
  ProcessLimits limits;
  limits.memory = kWorkerMemory;
  return limits;
}

std::chrono::seconds time_of(const ReadOptions& options) { return options.ocr.empty() ? kTime : kTimeWithOcr; }

struct Worker {
  ChildProcess process;
  std::size_t questions = 0;
};

// Workers that wait for a question, at most one per core. Shared by all threads of the process.
class WorkerPool {
 public:
  // Asks a waiting worker, or a new one. One that died of an earlier file, or while it waited, is replaced.
  Result<ProcessResult> ask(std::span<const std::string_view> question, std::chrono::seconds time, Context& context) {
    std::optional<Worker> worker = take();
    if (worker) {
      worker->process.limit_time(time);
      auto answer = IG_TRY(worker->process.ask(question, is_whole, context));
      if (worker->process.alive()) {
        give_back(std::move(*worker));
        return answer;
      }
    }
    const std::string program = installed_program("isogloss-extract").string();
    worker.emplace(Worker{IG_TRY(ChildProcess::start({program}, worker_limits()))});
    worker->process.limit_time(time);
    auto answer = IG_TRY(worker->process.ask(question, is_whole, context));
    if (worker->process.alive()) give_back(std::move(*worker));
    return answer;
  }

 private:
  // The last line is the end of an answer.
  static bool is_whole(std::string_view output) {
    if (!output.ends_with('\n')) return false;
    const std::string_view rest = output.substr(0, output.size() - 1);
    const std::string_view line = rest.substr(rest.rfind('\n') + 1);
    return line.starts_with(kDone) || line.starts_with(kFailed);
  }

  std::optional<Worker> take() {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    std::optional<Worker> worker(std::move(waiting_.back()));
    waiting_.pop_back();
    return worker;
  }

  void give_back(Worker worker) {
    const std::scoped_lock lock(mutex_);
    if (++worker.questions >= kQuestionsOfALife || waiting_.size() >= std::thread::hardware_concurrency()) return;
    waiting_.push_back(std::move(worker));
  }

  std::mutex mutex_;
  std::vector<Worker> waiting_;
};

WorkerPool& workers() {
  static WorkerPool pool;
  return pool;
}

std::string question_line(std::string_view task, std::string_view name, std::string_view content,
                          const ReadOptions& options) {
  std::string line;
  JsonWriter json(line);
  json.begin_object().field("task", task).field("name", static_cast<std::uint64_t>(name.size()));
  json.field("content", static_cast<std::uint64_t>(content.size()));
  json.field("max_size", static_cast<std::uint64_t>(options.max_size)).field("ocr", options.ocr);
  json.field("id_field", options.id_field).key("text_fields").begin_array();
  for (const std::string& field : options.text_fields) json.value(field);
  json.end_array().end_object();
  return line + "\n";
}

std::string death_of(const ProcessResult& run) {
  if (run.exit_status > 128) return "signal " + std::to_string(run.exit_status - 128);
  return "exit " + std::to_string(run.exit_status);
}

// The lines of the document of an answer; the failure that it tells.
Result<std::string> lines_of(ProcessResult run, const std::string& quoted) {
  const std::size_t end = run.output.size() - std::min<std::size_t>(run.output.size(), 1);
  const std::size_t before = run.output.rfind('\n', end == 0 ? 0 : end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  const std::string_view last = std::string_view(run.output).substr(begin);
  if (last.starts_with(kFailed)) {
    const Json json = IG_TRY(Json::parse(last, "the answer of isogloss-extract"));
    const auto code =
        static_cast<Code>(std::clamp<std::int64_t>(json["failed"].as_integer(), 0, static_cast<int>(Code::internal)));
    return fail(code, std::string(json["message"].as_string()));
  }
  if (!last.starts_with(kDone)) {
    const std::string reason = one_line(shortened(run.errors, 300));
    return fail(Code::corrupt_data, quoted + " made the reader fail (" + death_of(run) +
                                        "): it is damaged, or made to do harm" +
                                        (reason.empty() ? "." : ": " + reason));
  }
  run.output.resize(begin);
  return std::move(run.output);
}

Result<std::string> ask_worker(std::string_view task, std::string_view name, std::string_view content,
                               const ReadOptions& options, Context& context) {
  const std::string head = question_line(task, name, content, options);
  const std::string_view parts[] = {head, name, content};
  const std::string quoted = "'" + std::string(name) + "'";
  auto run = workers().ask(parts, time_of(options), context);
  if (!run && run.error().code == Code::exhausted) {
    return fail(Code::exhausted, quoted + " was given up: " + run.error().message);
  }
  if (!run) return fail(run.error());
  if (run->exit_status == 127 && run->output.empty()) {
    return fail(Code::unavailable,
                "isogloss-extract, which reads " + quoted + ", cannot be started. It belongs beside isogloss.");
  }
  return lines_of(std::move(*run), quoted);
}

// ---- the worker's side

bool read_bytes(std::FILE* file, std::size_t size, std::string& out) {
  out.resize(size);
  return std::fread(out.data(), 1, size, file) == size;
}

// False at the end of the questions.
bool next_question(WorkerTask& task) {
  std::string line;
  for (int c = std::getchar(); c != '\n'; c = std::getchar()) {
    if (c == EOF || line.size() > 1'000'000) return false;
    line += static_cast<char>(c);
  }
  const auto json = Json::parse(line, "the question");
  if (!json) return false;
  task = {};
  task.task = (*json)["task"].as_string();
  task.options.max_size = static_cast<std::size_t>((*json)["max_size"].as_integer());
  task.options.ocr = (*json)["ocr"].as_string();
  task.options.id_field = (*json)["id_field"].as_string();
  for (const Json& field : (*json)["text_fields"].as_array()) task.options.text_fields.emplace_back(field.as_string());
  return read_bytes(stdin, static_cast<std::size_t>((*json)["name"].as_integer()), task.name) &&
         read_bytes(stdin, static_cast<std::size_t>((*json)["content"].as_integer()), task.content);
}

}  // namespace

Result<Document> extract_with_command(const std::filesystem::path& path, const std::string& command, Context& context) {
  const ProcessResult run =
      IG_TRY(run_process({"/bin/sh", "-c", command}, path.string() + "\n", ProcessLimits{}, context));
  const std::string quoted = "'" + path.string() + "'";
  if (run.exit_status != 0) {
    const std::string reason = one_line(shortened(run.errors, 300));
    return fail(Code::corrupt_data, "the extractor failed on " + quoted + " (" + death_of(run) + ")" +
                                        (reason.empty() ? "." : ": " + reason));
  }
  Document document = IG_TRY(parse_document_lines(run.output, "the extractor's output for " + quoted));
  if (document.type.empty()) document.type = "extracted";
  return document;
}

Result<Document> extract_in_worker(std::string_view task, std::string_view name, std::string_view content,
                                   const ReadOptions& options, Context& context) {
  const std::string lines = IG_TRY(ask_worker(task, name, content, options, context));
  return parse_document_lines(lines, "the reader's answer for '" + std::string(name) + "'");
}

Result<Decoded> convert_in_worker(std::string_view name, std::string_view content, Context& context) {
  Document document = IG_TRY(extract_in_worker("to_utf8", name, content, {}, context));
  return Decoded{std::move(document.text), std::move(document.notes)};
}

int answer_questions(Result<Document> (*answer)(const WorkerTask& task)) {
  WorkerTask task;
  while (next_question(task)) {
    ::alarm(static_cast<unsigned>((time_of(task.options) + kGrace).count()));
    Result<Document> document = guard([&] { return answer(task); });
    if (!document && document.error().code == Code::out_of_memory) {
      document = fail(Code::exhausted,
                      "'" + task.name + "' needs more than " + human_bytes(kWorkerMemory) + " of memory to be read.");
    }
    ::alarm(0);
    std::string out = document ? document_lines(*document) : std::string();
    JsonWriter json(out);
    json.begin_object();
    document ? json.field("done", true)
             : json.field("failed", static_cast<int>(document.error().code)).field("message", document.error().message);
    json.end_object();
    out += '\n';
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size() || std::fflush(stdout) != 0) return 1;
  }
  return 0;
}

}  // namespace isogloss::input
