// SPDX-License-Identifier: Apache-2.0
#include "input/extract.hpp"

#include "core/json.hpp"
#include "core/process.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input {
namespace {

Result<Document> parse_extraction(const std::filesystem::path& path, const ProcessResult& run) {
  if (run.exit_status != 0) {
    const std::string reason = one_line(shortened(run.errors, 300));
    return fail(Code::corrupt_data, "the extractor failed on '" + path.string() + "' (exit " +
                                        std::to_string(run.exit_status) + ")" + (reason.empty() ? "." : ": " + reason));
  }
  Document document;
  document.type = "extracted";
  std::int64_t page = 0;
  for (std::string_view line : split(run.output, '\n')) {
    if (trim(line).empty()) continue;
    const Json json = IG_TRY(Json::parse(line, "the extractor's output for '" + path.string() + "'"));
    if (!json["text"].is_string()) {
      return fail(Code::corrupt_data, "the extractor's output for '" + path.string() + "' has a line without \"text\".");
    }
    const std::int64_t at = json["page"].as_integer(0);
    while (page < at && page < 1'000'000) {
      document.pages.push_back(document.text.size());
      ++page;
    }
    document.text += utf8_repair(json["text"].as_string());
    if (!document.text.ends_with('\n')) document.text += '\n';
  }
  return document;
}

}  // namespace

Result<Document> extract_with_command(const std::filesystem::path& path, const std::string& command, Context& context) {
  const ProcessResult run =
      IG_TRY(run_process({"/bin/sh", "-c", command}, path.string() + "\n", ProcessLimits{}, context));
  return parse_extraction(path, run);
}

Result<std::string> convert_in_worker(const std::filesystem::path& path, Context& context) {
  const ProcessResult run = IG_TRY(
      run_process({installed_program("isogloss-extract").string()}, path.string() + "\n", ProcessLimits{}, context));
  const Document document = IG_TRY(parse_extraction(path, run));
  return document.text;
}

}  // namespace isogloss::input
