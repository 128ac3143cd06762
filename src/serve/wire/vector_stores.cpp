// SPDX-License-Identifier: Apache-2.0
// OpenAI's vector stores: a store is a collection called by its id, a file in it the document FILE_ID/FILENAME, its
// attributes the document's metadata. A file is indexed when the call returns, so nothing is ever "in_progress". Chunks
// are cut for the model, not by the 800 tokens of the original.
#include <algorithm>

#include "core/text.hpp"
#include "serve/engine/collections.hpp"
#include "serve/engine/files.hpp"
#include "serve/route.hpp"
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {
namespace {

constexpr std::size_t kMostResults = 50;

std::string file_of(std::string_view document) { return std::string(document.substr(0, document.find('/'))); }
std::string name_of(std::string_view document) { return std::string(document.substr(document.find('/') + 1)); }

// Of the file that a document was; 0 when it is no longer kept.
std::uint64_t bytes_of(const Call& call, const DocumentState& state) {
  const auto file = call.services.files.get(file_of(state.name));
  return file ? file->bytes : 0;
}

// The document that a file became.
Result<DocumentState> document_of(Collection& collection, std::string_view file) {
  for (DocumentState& state : IG_TRY(collection.store().documents())) {
    if (file_of(state.name) == file) return std::move(state);
  }
  return fail(Code::not_found, "The file '" + shortened(file, 80) + "' is not in this vector store.");
}

void write_counts(JsonWriter& json, std::uint64_t files) {
  json.key("file_counts").begin_object().field("in_progress", 0).field("completed", files).field("failed", 0);
  json.field("cancelled", 0).field("total", files).end_object();
}

Status write_store(JsonWriter& json, Call& call, const StoreRecord& record) {
  const auto collection = IG_TRY(call.services.collections.read(record.id));
  std::uint64_t bytes = 0, files = 0;
  for (const DocumentState& state : IG_TRY(collection->store().documents())) {
    bytes += bytes_of(call, state);
    ++files;
  }
  json.begin_object()
      .field("id", record.id)
      .field("object", "vector_store")
      .field("created_at", record.created / 1'000'000);
  json.field("last_active_at", record.created / 1'000'000)
      .field("name", record.name)
      .field("status", "completed")
      .field("usage_bytes", bytes);
  write_counts(json, files);
  json.key("metadata").raw(record.metadata).key("expires_after").null().key("expires_at").null().end_object();
  return {};
}

Result<Response> store_response(Call& call, const StoreRecord& record) {
  std::string body;
  JsonWriter json(body);
  IG_TRY(write_store(json, call, record));
  return json_response(std::move(body));
}

void write_store_file(JsonWriter& json, const Call& call, std::string_view store, const DocumentState& state,
                      const Metadata& attributes) {
  json.begin_object().field("id", file_of(state.name)).field("object", "vector_store.file").field("created_at", 0);
  json.field("status", "completed")
      .field("vector_store_id", store)
      .field("usage_bytes", bytes_of(call, state))
      .key("last_error")
      .null();
  json.key("attributes").begin_object();
  for (const auto& [name, value] : attributes) json.key(name).value(value);
  json.end_object().end_object();
}

Status add_file(Call& call, std::string_view store, std::string_view id, const Json& attributes) {
  const UploadedFile file = IG_TRY(call.services.files.get(id));
  std::string content = IG_TRY(call.services.files.content(id));
  Metadata meta;
  for (const auto& [name, value] : attributes.as_object()) meta.emplace(name, value.as_meta());
  const auto collection = IG_TRY(call.services.collections.write(store));
  Context context = context_of(call);
  IG_TRY(collection->add(file.id + "/" + file.filename, std::move(content), meta, context));
  return give_vectors(*collection, context);
}

Result<Response> create(Call& call) {
  std::string metadata;
  JsonWriter(metadata).value(call["metadata"].is_object() ? call["metadata"] : Json(Json::Object{}));
  CollectionOptions options;
  options.model = IG_TRY(reference_of(call, Json()));
  const StoreRecord record = IG_TRY(call.services.files.add_store(call["name"].as_string(), metadata));
  IG_TRY(call.services.collections.create(record.id, options));
  for (const Json& id : call["file_ids"].as_array()) IG_TRY(add_file(call, record.id, id.as_string(), Json()));
  return store_response(call, record);
}

Result<Response> list(Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const StoreRecord& record : call.services.files.list_stores()) IG_TRY(write_store(json, call, record));
  json.end_array().field("has_more", false).end_object();
  return json_response(std::move(body));
}

Result<Response> show(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  return store_response(call, record);
}

Result<Response> change(Call& call) {
  StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  if (call["name"].is_string()) record.name = call["name"].as_string();
  if (call["metadata"].is_object()) {
    record.metadata.clear();
    JsonWriter(record.metadata).value(call["metadata"]);
  }
  IG_TRY(call.services.files.change_store(record));
  return store_response(call, record);
}

Response deleted(std::string_view id, std::string_view object) {
  std::string body;
  JsonWriter(body).begin_object().field("id", id).field("object", object).field("deleted", true).end_object();
  return json_response(std::move(body));
}

Result<Response> drop(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  IG_TRY(call.services.collections.remove(record.id));
  IG_TRY(call.services.files.remove_store(record.id));
  return deleted(record.id, "vector_store.deleted");
}

Result<Response> one_file(Call& call, std::string_view store, std::string_view file) {
  const auto collection = IG_TRY(call.services.collections.read(store));
  const DocumentState state = IG_TRY(document_of(*collection, file));
  const Metadata attributes = IG_TRY(collection->store().document_metadata(state.name));
  std::string body;
  JsonWriter json(body);
  write_store_file(json, call, store, state, attributes);
  return json_response(std::move(body));
}

Result<Response> attach(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  IG_TRY(add_file(call, record.id, call["file_id"].as_string(), call["attributes"]));
  return one_file(call, record.id, call["file_id"].as_string());
}

Result<Response> show_file(Call& call) { return one_file(call, call.parameters[0], call.parameters[1]); }

// New attributes: the same file is read again with them.
Result<Response> change_file(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  IG_TRY(add_file(call, record.id, call.parameters[1], call["attributes"]));
  return one_file(call, record.id, call.parameters[1]);
}

Result<Response> detach(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  const auto collection = IG_TRY(call.services.collections.write(record.id));
  const DocumentState state = IG_TRY(document_of(*collection, call.parameters[1]));
  Context context = context_of(call);
  IG_TRY(collection->remove({&state.name, 1}, context));
  return deleted(call.parameters[1], "vector_store.file.deleted");
}

Result<Response> list_files(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  const auto collection = IG_TRY(call.services.collections.read(record.id));
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const DocumentState& state : IG_TRY(collection->store().documents())) {
    write_store_file(json, call, record.id, state, IG_TRY(collection->store().document_metadata(state.name)));
  }
  json.end_array().field("has_more", false).end_object();
  return json_response(std::move(body));
}

Response batch_object(std::string_view id, std::string_view store, std::uint64_t files) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("id", id).field("object", "vector_store.files_batch").field("created_at", 0);
  json.field("status", "completed").field("vector_store_id", store);
  write_counts(json, files);
  json.end_object();
  return json_response(std::move(body));
}

// A batch is done when it is made; its id says how many files it had.
Result<Response> add_batch(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  const std::span<const Json> ids = call["file_ids"].as_array();
  for (const Json& id : ids) IG_TRY(add_file(call, record.id, id.as_string(), call["attributes"]));
  return batch_object(fresh_id("vsfb_" + std::to_string(ids.size()) + "_"), record.id, ids.size());
}

Result<Response> show_batch(Call& call) {
  const std::string& id = call.parameters[1];
  if (!id.starts_with("vsfb_")) return fail(Code::not_found, "There is no batch '" + shortened(id, 80) + "'.");
  return batch_object(id, call.parameters[0], static_cast<std::uint64_t>(std::atoll(id.c_str() + 5)));
}

// Results of one file stand as they were ranked. A threshold is one of cosines, so with one the search is by vectors
// alone.
Result<Response> search(Call& call) {
  const StoreRecord record = IG_TRY(call.services.files.get_store(call.parameters[0]));
  SearchOptions options;
  options.n =
      static_cast<std::size_t>(std::clamp<std::int64_t>(call["max_num_results"].as_integer(10), 1, kMostResults));
  if (!call["filters"].is_null()) options.where = IG_TRY(filter_of(call["filters"]));
  if (const double least = call["ranking_options"]["score_threshold"].as_number(); least > 0) {
    options.mode = SearchMode::dense;
    options.min_score = {ScoreKind::cosine, least};
  }
  std::string query;
  for (const Json& part : call["query"].as_array()) query += (query.empty() ? "" : " ") + std::string(part.as_string());
  if (call["query"].is_string()) query = call["query"].as_string();
  const auto collection = IG_TRY(call.services.collections.read(record.id));
  Context context = context_of(call);
  const SearchResult found = IG_TRY(collection->search(query, options, context));
  std::string body;
  JsonWriter json(body);
  json.begin_object()
      .field("object", "vector_store.search_results.page")
      .key("search_query")
      .begin_array()
      .value(query)
      .end_array();
  json.key("data").begin_array();
  for (const Hit& hit : found.hits) {
    json.begin_object()
        .field("file_id", file_of(hit.chunk.document))
        .field("filename", name_of(hit.chunk.document))
        .field("score", hit.score);
    json.field("score_kind", score_kind_name(hit.kind)).key("attributes").begin_object();
    for (const auto& [name, value] : hit.chunk.meta) json.key(name).value(value);
    json.end_object()
        .key("content")
        .begin_array()
        .begin_object()
        .field("type", "text")
        .field("text", hit.chunk.text)
        .end_object()
        .end_array()
        .end_object();
  }
  json.end_array().field("has_more", false).key("next_page").null().end_object();
  return json_response(std::move(body));
}

}  // namespace

std::vector<Route> vector_stores_routes() {
  const std::vector<Field> naming{{"name", kText, "for people"},
                                  {"metadata", kObject, "kept as it is"},
                                  {"file_ids", kArray, "uploaded files to index"}};
  const std::vector<Field> attributes{{"attributes", kObject, "metadata that filters can ask for"}};
  return {
      {"POST", {"/v1/vector_stores"}, Owner::openai, "Make a vector store", naming, create},
      {"GET", {"/v1/vector_stores"}, Owner::openai, "The vector stores", {}, list},
      {"GET", {"/v1/vector_stores/{store}"}, Owner::openai, "One vector store", {}, show},
      {"POST", {"/v1/vector_stores/{store}"}, Owner::openai, "Rename a vector store", {naming[0], naming[1]}, change},
      {"DELETE", {"/v1/vector_stores/{store}"}, Owner::openai, "Remove a vector store", {}, drop},
      {"POST",
       {"/v1/vector_stores/{store}/search"},
       Owner::openai,
       "Search a vector store",
       {{"query", kText | kArray, "what is looked for", true},
        {"filters", kObject, "{type, key, value}, joined by and, or"},
        {"max_num_results", kInteger, "1..50 (10)"},
        {"ranking_options", kObject, "{score_threshold}: least cosine"},
        {"rewrite_query", kBool, "not used"}},
       search},
      {"POST",
       {"/v1/vector_stores/{store}/files"},
       Owner::openai,
       "Index an uploaded file",
       {{"file_id", kText, "its id", true},
        attributes[0],
        {"chunking_strategy", kObject, "not used: chunks are cut for the model"}},
       attach},
      {"GET", {"/v1/vector_stores/{store}/files"}, Owner::openai, "The files of a vector store", {}, list_files},
      {"GET", {"/v1/vector_stores/{store}/files/{file}"}, Owner::openai, "One file of it", {}, show_file},
      {"POST",
       {"/v1/vector_stores/{store}/files/{file}"},
       Owner::openai,
       "New attributes of a file",
       attributes,
       change_file},
      {"DELETE", {"/v1/vector_stores/{store}/files/{file}"}, Owner::openai, "Take a file out", {}, detach},
      {"POST",
       {"/v1/vector_stores/{store}/file_batches"},
       Owner::openai,
       "Index several files",
       {{"file_ids", kArray, "their ids", true}, attributes[0]},
       add_batch},
      {"GET", {"/v1/vector_stores/{store}/file_batches/{batch}"}, Owner::openai, "What became of them", {}, show_batch},
  };
}

}  // namespace isogloss::serve
