// SPDX-License-Identifier: Apache-2.0
// POST /v1/files and what belongs to it: files that vector stores are made of.
#include "serve/engine/files.hpp"
#include "serve/http/multipart.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

void write_file_object(JsonWriter& json, const UploadedFile& file) {
  json.begin_object()
      .field("id", file.id)
      .field("object", "file")
      .field("bytes", file.bytes)
      .field("created_at", file.created / 1'000'000);
  json.field("filename", file.filename).field("purpose", file.purpose).field("status", "processed").end_object();
}

Response file_object(const UploadedFile& file) {
  std::string body;
  JsonWriter json(body);
  write_file_object(json, file);
  return json_response(std::move(body));
}

Result<Response> upload(Call& call) {
  const std::vector<FormField> form = IG_TRY(read_form(call.request.header("content-type"), call.request.body));
  const FormField* file = nullptr;
  std::string_view purpose = "assistants";
  for (const FormField& field : form) {
    if (field.name == "file") file = &field;
    if (field.name == "purpose") purpose = field.content;
  }
  if (file == nullptr) return fail(Code::invalid_argument, "The form has no field 'file'.");
  const std::string name = file->filename.substr(file->filename.find_last_of("/\\") + 1);
  return file_object(IG_TRY(call.services.files.add(name.empty() ? "file.txt" : name, purpose, file->content)));
}

Result<Response> list(Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const UploadedFile& file : call.services.files.list()) write_file_object(json, file);
  json.end_array().field("has_more", false).end_object();
  return json_response(std::move(body));
}

Result<Response> show(Call& call) { return file_object(IG_TRY(call.services.files.get(call.parameters[0]))); }

Result<Response> content(Call& call) {
  Response response;
  response.body = IG_TRY(call.services.files.content(call.parameters[0]));
  response.content_type = "application/octet-stream";
  return response;
}

Result<Response> remove(Call& call) {
  IG_TRY(call.services.files.remove(call.parameters[0]));
  std::string body;
  JsonWriter(body)
      .begin_object()
      .field("id", call.parameters[0])
      .field("object", "file")
      .field("deleted", true)
      .end_object();
  return json_response(std::move(body));
}

}  // namespace

std::vector<Route> openai_files_routes() {
  Route add{"POST", {"/v1/files"}, Owner::openai, "Upload a file: a form with 'file' and 'purpose'", {}, upload};
  add.raw = true;
  return {std::move(add),
          {"GET", {"/v1/files"}, Owner::openai, "The uploaded files", {}, list},
          {"GET", {"/v1/files/{file}"}, Owner::openai, "One uploaded file", {}, show},
          {"GET", {"/v1/files/{file}/content"}, Owner::openai, "Its bytes", {}, content},
          {"DELETE", {"/v1/files/{file}"}, Owner::openai, "Remove an uploaded file", {}, remove}};
}

}  // namespace isogloss::serve
