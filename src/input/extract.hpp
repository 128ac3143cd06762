// SPDX-License-Identifier: Apache-2.0
// Documents from a process of its own: the worker isogloss-extract, or the user's --extract-cmd. Both print the JSON
// lines of document_lines.hpp. A hostile file kills the worker, never the engine: time, memory and output are limited.
//
// The worker is asked many times over its life, a file at a time. A question is a line
//   {"task":"docx"|"to_utf8","name":BYTES,"content":BYTES,"max_size":N,"ocr":"eng","text_fields":[],"id_field":""}
// and so many bytes of name and content: it opens no file. The answer is the document's lines, then a line
// {"done":true} or {"failed":CODE,"message":"..."}. Workers end with the process that asked.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "input/charset.hpp"
#include "isogloss/context.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::input {

// Runs `command` by the shell for one file: the path comes on its standard input.
Result<Document> extract_with_command(const std::filesystem::path& path, const std::string& command, Context& context);

// What `task` (the name of a foreign reader) makes of the content. Errors: those of the reader; corrupt_data when the
// worker died of it; exhausted when it took more than its limits.
Result<Document> extract_in_worker(std::string_view task, std::string_view name, std::string_view content,
                                   const ReadOptions& options, Context& context);

// The content as UTF-8, its charset guessed by the worker; a note says which.
Result<Decoded> convert_in_worker(std::string_view name, std::string_view content, Context& context);

// The worker's side: answers questions on standard input until it ends. Returns the exit status.
struct WorkerTask {
  std::string task, name, content;
  ReadOptions options;
};
int answer_questions(Result<Document> (*answer)(const WorkerTask& task));

}  // namespace isogloss::input
