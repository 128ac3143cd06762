// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "core/describe.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "runtime/foreign/foreign_model.hpp"

namespace isogloss::runtime {
namespace {

struct CommandOptions {
  std::int64_t batch = 4096;
  std::int64_t seconds = 3600;
};

template <class Visitor>
void describe(CommandOptions& o, Visitor& v) {
  v("batch", o.batch, Range{1, 1e6}, "Texts of one run of the command.");
  v("seconds", o.seconds, Range{1, 1e6}, "Time that one run may take.");
}

std::string_view role_name(Role role) {
  return role == Role::query ? "query" : role == Role::document ? "document" : "none";
}

class CommandClient final : public ForeignClient {
 public:
  CommandClient(std::string command, const CommandOptions& options) : command_(std::move(command)), options_(options) {}

  std::string family() const override { return "command"; }
  std::string identity() const override { return "cmd:" + command_; }
  std::size_t batch() const override { return static_cast<std::size_t>(options_.batch); }
  bool calls_are_dear() const override { return true; }

  Result<Vectors> embed(std::span<const ForeignText> texts, Context& context) const override {
    std::string lines;
    for (const ForeignText& text : texts) {
      JsonWriter(lines).begin_object().field("text", text.text).field("role", role_name(text.role)).end_object();
      lines += '\n';
    }
    ProcessLimits limits;
    limits.time = std::chrono::seconds(options_.seconds);
    limits.memory = 0;
    limits.output = std::size_t{4} << 30;
    const ProcessResult run = IG_TRY(run_process({"/bin/sh", "-c", command_}, lines, limits, context));
    if (run.exit_status != 0) {
      return fail(Code::unavailable, "the command '" + command_ + "' failed (exit " + std::to_string(run.exit_status) +
                                         "): " + one_line(shortened(run.errors, 300)));
    }
    Vectors out;
    std::size_t row = 0;
    IG_TRY(each_json_line(
        run.output, "the output of " + command_, [&](const Json& json, const std::string& where) -> Status {
          if (row == texts.size()) return fail(Code::corrupt_data, where + ": more vectors than texts.");
          return fill_row(json.is_array() ? json : json["embedding"], row++, texts.size(), out, where);
        }));
    if (row == texts.size()) return out;
    return fail(Code::corrupt_data, "the command '" + command_ + "' printed " + counted(row, "vector") + " for " +
                                        counted(texts.size(), "text") + ".");
  }

 private:
  std::string command_;
  CommandOptions options_;
};

}  // namespace

Result<std::unique_ptr<ForeignClient>> command_client(const ModelReference& reference) {
  const std::string command(trim(std::string_view(reference.text).substr(4)));
  if (command.empty()) return fail(Code::invalid_argument, "cmd: needs a command, as cmd:./embed.py");
  const auto options = IG_TRY(parse_options<CommandOptions>(reference.options, "a command as a model"));
  return std::unique_ptr<ForeignClient>(std::make_unique<CommandClient>(command, options));
}

}  // namespace isogloss::runtime
