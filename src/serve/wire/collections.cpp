// SPDX-License-Identifier: Apache-2.0
// Collections over HTTP: documents in, hits out.
#include "serve/engine/collections.hpp"

#include <cmath>

#include "core/hit_json.hpp"
#include "core/npy.hpp"
#include "serve/array.hpp"
#include "serve/route.hpp"
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {
namespace {

constexpr std::size_t kMostHits = 10'000;

Result<Response> list(Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const std::string& name : IG_TRY(call.services.collections.list()))
    json.begin_object().field("name", name).end_object();
  json.end_array().end_object();
  return json_response(std::move(body));
}

Response facts_of(Collection& collection, std::string_view name) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("name", name);
  for (const auto& [key, value] : collection.facts()) {
    if (key != "folder") json.field(key, value);  // where it lies is nobody's business
  }
  json.end_object();
  return json_response(std::move(body));
}

Result<Response> create(Call& call) {
  CollectionOptions options;
  options.model = IG_TRY(reference_of(call, call["model"]));
  options.analyzer = call["analyzer"].as_string();
  const std::string_view name = call["name"].as_string();
  IG_TRY(call.services.collections.create(name, options));
  Response response = facts_of(*IG_TRY(call.services.collections.read(name)), name);
  response.status = 201;
  return response;
}

Result<Response> show(Call& call) {
  return facts_of(*IG_TRY(call.services.collections.read(call.parameters[0])), call.parameters[0]);
}

Result<Response> drop(Call& call) {
  IG_TRY(call.services.collections.remove(call.parameters[0]));
  return json_response(R"({"deleted":true})");
}

Result<Metadata> metadata_of(const Json& given) {
  Metadata out;
  for (const auto& [name, value] : given.as_object()) out.emplace(name, value.as_meta());
  return out;
}

// Each document is durable before the next is read; the answer counts them, the error names the first that failed.
Result<Response> upsert(Call& call) {
  const auto collection = IG_TRY(call.services.collections.write(call.parameters[0]));
  const std::span<const Json> documents = call["documents"].as_array();
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const Json& id = documents[i]["id"];
    const Json& text = documents[i]["text"];
    if (!id.is_string() || id.as_string().empty() || !text.is_string()) {
      return fail(Code::invalid_argument, "A document needs an 'id' and a 'text'.", static_cast<std::ptrdiff_t>(i));
    }
    Context context = context_of(call);
    IG_TRY(context.check());
    const Metadata meta = IG_TRY(metadata_of(documents[i]["metadata"]));
    if (Status added = collection->add(id.as_string(), std::string(text.as_string()), meta, context); !added) {
      added.error().item = static_cast<std::ptrdiff_t>(i);
      return fail(std::move(added.error()));
    }
  }
  Context context = context_of(call);
  IG_TRY(give_vectors(*collection, context));
  std::string body;
  JsonWriter(body).begin_object().field("upserted", static_cast<std::uint64_t>(documents.size())).end_object();
  return json_response(std::move(body));
}

Result<Response> remove(Call& call) {
  std::vector<std::string> names;
  for (const Json& id : call["ids"].as_array()) names.emplace_back(id.as_string());
  const auto collection = IG_TRY(call.services.collections.write(call.parameters[0]));
  std::size_t known = 0;
  for (const std::string& name : names) known += IG_TRY(collection->store().document(name)).has_value() ? 1 : 0;
  Context context = context_of(call);
  IG_TRY(collection->remove(names, context));
  std::string body;
  JsonWriter(body).begin_object().field("deleted", static_cast<std::uint64_t>(known)).end_object();
  return json_response(std::move(body));
}

Result<Response> query(Call& call) {
  const auto collection = IG_TRY(call.services.collections.read(call.parameters[0]));
  SearchOptions options = IG_TRY(search_options(call));
  if (call["query"].is_null() && options.vector.empty())
    return fail(Code::invalid_argument, "Give 'query', a text, or 'vector'.");
  options.n = static_cast<std::size_t>(std::clamp<std::int64_t>(call["n"].as_integer(10), 1, kMostHits));
  Context context = context_of(call);
  const SearchResult found = IG_TRY(collection->search(call["query"].as_string(), options, context));
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("hits").begin_array();
  for (const Hit& hit : found.hits) write_hit(json, hit);
  json.end_array().key("plan").begin_object().field("plan", found.plan.plan);
  json.field("rows", static_cast<std::uint64_t>(found.plan.rows))
      .field("matches", static_cast<std::uint64_t>(found.plan.matches));
  json.field("ms", found.plan.milliseconds).end_object().end_object();
  return json_response(std::move(body));
}

void write_chunk(JsonWriter& json, const StoredChunk& chunk) {
  json.begin_object().field("id", chunk.id).field("document", chunk.document).field("text", chunk.text);
  write_source(json, chunk, chunk.at);
  json.key("meta").begin_object();
  for (const auto& [name, value] : chunk.meta) json.key(name).value(value);
  json.end_object().end_object();
}

// Chunks by id ("guide.md#3"), documents whole by name.
Result<Response> get(Call& call) {
  const auto collection = IG_TRY(call.services.collections.read(call.parameters[0]));
  Store& store = collection->store();
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("items").begin_array();
  for (const Json& id : call["ids"].as_array()) {
    if (!id.is_string()) return fail(Code::invalid_argument, "An item of 'ids' is no text.");
    if (const auto number = store.chunk_number(id.as_string())) {
      for (const StoredChunk& chunk : IG_TRY(store.chunks({&*number, 1}))) write_chunk(json, chunk);
      continue;
    }
    json.begin_object()
        .field("id", id.as_string())
        .field("text", IG_TRY(store.document_text(id.as_string(), kWholeText)));
    json.key("meta").begin_object();
    for (const auto& [name, value] : IG_TRY(store.document_metadata(id.as_string()))) json.key(name).value(value);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(body));
}

Result<Response> count(Call& call) {
  const auto collection = IG_TRY(call.services.collections.read(call.parameters[0]));
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("documents", static_cast<std::uint64_t>(IG_TRY(collection->store().documents()).size()));
  json.field("chunks", static_cast<std::uint64_t>(IG_TRY(collection->store().chunk_count()))).end_object();
  return json_response(std::move(body));
}

Result<std::vector<std::int64_t>> chunk_numbers(Store& store) {
  std::vector<std::int64_t> numbers;
  IG_TRY(store.for_each_chunk([&](const StoredChunk& chunk) -> Result<bool> {
    numbers.push_back(chunk.number);
    return true;
  }));
  return numbers;
}

Status send_chunks(Store& store, const PieceSink& sink) {
  constexpr std::size_t kGroup = 256;
  const std::vector<std::int64_t> numbers = IG_TRY(chunk_numbers(store));
  for (std::size_t begin = 0; begin < numbers.size(); begin += kGroup) {
    std::string lines;
    for (const StoredChunk& chunk :
         IG_TRY(store.chunks(std::span(numbers).subspan(begin, std::min(kGroup, numbers.size() - begin))))) {
      JsonWriter json(lines);
      write_chunk(json, chunk);
      lines += '\n';
    }
    if (!sink(lines)) return {};  // the client has gone
  }
  return {};
}

// A row a chunk, in the order of export_chunks(); NaN where a chunk has no vector.
Status send_vectors(Store& store, std::size_t dimension, const PieceSink& sink) {
  constexpr std::size_t kGroup = 256;
  const std::vector<std::int64_t> numbers = IG_TRY(chunk_numbers(store));
  const std::size_t shape[] = {numbers.size(), dimension};
  std::string piece = npy_header("<f4", shape);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto row = store.vector(numbers[i]);
    if (!row && row.error().code != Code::not_found) return fail(std::move(row.error()));
    if (!row) row = std::vector<float>(dimension, std::nanf(""));
    append_numbers(piece, *row);
    if (i % kGroup != kGroup - 1) continue;
    if (!sink(piece)) return {};  // the client has gone
    piece.clear();
  }
  sink(piece);
  return {};
}

Result<std::size_t> dimension_of(Store& store) {
  for (const SpaceInfo& space : IG_TRY(store.spaces())) {
    if (space.role == SpaceRole::search) return space.dimension;
  }
  return fail(Code::unsupported, "This collection has no vectors.");
}

// A chunk a line, or a vector a row. The collection cannot be changed meanwhile; a client that is too slow is cut off.
Result<Response> export_chunks(Call& call) {
  const auto collection =
      std::make_shared<Collections::Reading>(IG_TRY(call.services.collections.read(call.parameters[0])));
  Response response;
  if (wants_npy(call)) {
    const std::size_t dimension = IG_TRY(dimension_of((*collection)->store()));
    response.content_type = kNpyType;
    // Nothing can be said after the first row: what breaks off is shorter than its header promises.
    response.stream = [collection, dimension](const PieceSink& sink) {
      (void)send_vectors((*collection)->store(), dimension, sink);
    };
    return response;
  }
  response.content_type = "application/x-ndjson";
  response.stream = [collection](const PieceSink& sink) {
    const Status sent = send_chunks((*collection)->store(), sink);
    if (!sent) sink(error_response(Owner::openai, sent.error()).body + "\n");
  };
  return response;
}

}  // namespace

std::vector<Route> collections_routes() {
  const std::vector<Field> ids{{"ids", kArray, "names of documents, or ids of chunks", true}};
  return {
      {"GET", {"/v1/collections"}, Owner::openai, "The collections", {}, list},
      {"POST",
       {"/v1/collections"},
       Owner::openai,
       "Make a collection",
       {{"name", kText, "letters, digits, '-', '_', '.'", true},
        {"model", kText, "a served model, for its vectors; none = lexical search alone"},
        {"analyzer", kText, "words of its lexical search"}},
       create},
      {"GET", {"/v1/collections/{collection}"}, Owner::openai, "One collection", {}, show},
      {"DELETE", {"/v1/collections/{collection}"}, Owner::openai, "Remove a collection", {}, drop},
      {"POST",
       {"/v1/collections/{collection}/upsert"},
       Owner::openai,
       "Add or replace documents",
       {{"documents", kArray, "{id, text, metadata}; the id's ending tells the format (.md, .csv)", true}},
       upsert},
      takes_npy({"POST",
                 {"/v1/collections/{collection}/query"},
                 Owner::openai,
                 "Search; with a vector as body, the other fields stand in the address",
                 search_fields(),
                 query},
                "vector"),
      {"POST", {"/v1/collections/{collection}/get"}, Owner::openai, "Documents and chunks by id", ids, get},
      {"POST", {"/v1/collections/{collection}/delete"}, Owner::openai, "Remove documents", ids, remove},
      {"GET", {"/v1/collections/{collection}/count"}, Owner::openai, "How much is in it", {}, count},
      answers_npy({"GET",
                   {"/v1/collections/{collection}/export"},
                   Owner::openai,
                   "Every chunk, a line of JSON each; its vectors as one array",
                   {},
                   export_chunks},
                  "application/x-ndjson"),
  };
}

}  // namespace isogloss::serve
