// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <map>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace fs = std::filesystem;
namespace {

class CollectionsVerb final : public Verb {
 public:
  std::string_view name() const override { return "collections"; }
  std::string_view summary() const override { return "list, show, check, copy and delete collections"; }
  std::string_view examples() const override {
    return "  isogloss collections list\n"
           "  isogloss collections show docs\n"
           "  isogloss collections check docs\n"
           "  isogloss collections export docs docs.jsonl\n"
           "  isogloss collections import docs2 docs.jsonl\n"
           "  isogloss collections snapshot docs ./backup\n"
           "  isogloss collections delete docs --yes\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("ACTION", action_, "list, show, check, export, import, snapshot or delete");
    flags.optional_positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.optional_positional("TARGET", target_, "file or folder of export, import and snapshot");
    flags.flag("--readonly", readonly_, "export: a checkpointed copy that opens on a read-only medium");
    flags.flag("--yes", yes_, "delete: do it");
  }

  Result<int> run(Program& program) override {
    if (action_ == "list") return list(program);
    using Action = Result<int> (CollectionsVerb::*)(Program&);
    constexpr std::pair<std::string_view, Action> kActions[] = {
        {"show", &CollectionsVerb::show},     {"check", &CollectionsVerb::check},
        {"export", &CollectionsVerb::save},   {"import", &CollectionsVerb::restore},
        {"delete", &CollectionsVerb::remove}, {"snapshot", &CollectionsVerb::snapshot}};
    for (const auto& [name, action] : kActions) {
      if (action_ != name) continue;
      if (collection_.empty()) return usage_error("collections " + action_ + " needs the name of a collection.");
      return (this->*action)(program);
    }
    const std::string nearest =
        nearest_name(action_, {"list", "show", "check", "export", "import", "snapshot", "delete"});
    return usage_error("there is no action '" + action_ + "'." +
                       (nearest.empty() ? " Use list, show, check, export, import, snapshot or delete."
                                        : " Did you mean '" + nearest + "'?"));
  }

 private:
  static Result<int> list(Program& program) {
    std::vector<std::vector<std::string>> rows;
    std::string json_lines;
    for (const std::string& name : IG_TRY(list_collections())) {
      const auto collection = open_collection(name, OpenMode::read, {}, program.context);
      if (!collection) {
        program.warn(collection.error().message);
        continue;
      }
      const auto facts = (*collection)->facts();
      rows.push_back({name, facts.at("documents") + " documents", facts.at("chunks") + " chunks",
                      human_bytes(std::stod(facts.at("bytes"))), facts.at("model")});
      JsonWriter json(json_lines);
      json.begin_object().field("name", name);
      for (const auto& [key, value] : facts) json.field(key, value);
      json.end_object();
      json_lines += '\n';
    }
    program.out(program.flags.json ? json_lines : format_table(rows));
    if (rows.empty()) program.note("no collection yet. Make one: isogloss index NAME FOLDER");
    return kDone;
  }

  Result<int> show(Program& program) {
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    const auto facts = collection->facts();
    print_facts(program, {facts.begin(), facts.end()});
    return kDone;
  }

  Result<int> check(Program& program) {
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    bool good = true;
    std::string out;
    for (const CheckFinding& finding : IG_TRY(collection->store().check(program.context))) {
      good = good && finding.problem.empty();
      if (program.flags.json) {
        JsonWriter(out).begin_object().field("part", finding.part).field("problem", finding.problem).end_object();
        out += '\n';
      } else {
        out += finding.part + ": " + (finding.problem.empty() ? "in order" : finding.problem) + "\n";
      }
    }
    program.out(out);
    if (!good) program.warn("derived files are made again by: isogloss reindex " + collection_);
    return good ? kDone : kFailed;
  }

  // JSON lines, a document each:
  // {"name","path","root","hash","title","text","meta","chunks":[{"key","start","end","page", "heading","meta"}]}, with
  // what write_exact_places() adds; text is the whole extracted text, in which the spans lie. A chunk's meta is that of
  // its row, as far as it is not the document's.
  Result<int> save(Program& program) {
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    if (readonly_) {
      if (target_.empty()) return usage_error("collections export --readonly needs a folder to write to.");
      IG_TRY(collection->store().snapshot(target_, program.context));
      program.note("wrote " + target_);
      return kDone;
    }
    std::optional<AtomicFile> file;
    if (!target_.empty() && target_ != "-") file.emplace(IG_TRY(AtomicFile::create(target_)));
    std::map<std::string, std::vector<std::int64_t>> numbers;
    IG_TRY(collection->store().for_each_chunk([&](const StoredChunk& chunk) -> Result<bool> {
      numbers[chunk.document].push_back(chunk.number);
      return true;
    }));
    const auto documents = IG_TRY(collection->store().documents());
    for (const DocumentState& state : documents) {
      IG_TRY(program.context.check());
      const std::string line = IG_TRY(exported(collection->store(), state, numbers[state.name]));
      if (file) {
        IG_TRY(file->write(line));
      } else {
        program.out(line);
      }
    }
    if (file) IG_TRY(file->commit());
    program.note(counted(documents.size(), "document") + " exported");
    return kDone;
  }

  // An object of what `meta` says and `known` does not.
  static void write_metadata(JsonWriter& json, const Metadata& meta, const Metadata& known) {
    json.begin_object();
    for (const auto& [name, value] : meta) {
      const auto same = known.find(name);
      if (same == known.end() || same->second != value) json.key(name).value(value);
    }
    json.end_object();
  }

  static Result<std::string> exported(Store& store, const DocumentState& state, std::span<const std::int64_t> numbers) {
    const std::vector<StoredChunk> chunks = IG_TRY(store.chunks(numbers));
    std::string line;
    JsonWriter json(line);
    json.begin_object().field("name", state.name).field("path", state.path).field("root", state.root);
    json.field("hash", state.hash).field("title", chunks.empty() ? "" : chunks[0].title);
    const Metadata own = IG_TRY(store.document_metadata(state.name));
    json.field("text", IG_TRY(store.document_text(state.name, kWholeText))).key("meta");
    write_metadata(json, own, {});
    json.key("chunks").begin_array();
    for (const StoredChunk& chunk : chunks) {
      json.begin_object().field("key", chunk.id.substr(state.name.size() + 1));
      json.field("start", static_cast<std::uint64_t>(chunk.at.begin))
          .field("end", static_cast<std::uint64_t>(chunk.at.end));
      json.field("page", chunk.page).field("heading", chunk.heading).key("meta");
      write_metadata(json, chunk.meta, own);
      write_exact_places(json, chunk);
      json.end_object();
    }
    json.end_array().end_object();
    return line + "\n";
  }

  // "wider":[begin,end], "boxes":[[begin,end,page,left,top,right,bottom],...], "moments":[[begin,end,from,to],...]:
  // what a chunk has of them.
  static void write_exact_places(JsonWriter& json, const StoredChunk& chunk) {
    const auto span = [&](Span at) -> JsonWriter& {
      return json.begin_array().value(static_cast<std::uint64_t>(at.begin)).value(static_cast<std::uint64_t>(at.end));
    };
    if (chunk.wider.size() != 0) {
      json.key("wider");
      span(chunk.wider).end_array();
    }
    if (!chunk.boxes.empty()) {
      json.key("boxes").begin_array();
      for (const Box& box : chunk.boxes) {
        span(box.at).value(box.page).value(box.left).value(box.top).value(box.right).value(box.bottom).end_array();
      }
      json.end_array();
    }
    if (!chunk.moments.empty()) {
      json.key("moments").begin_array();
      for (const Moment& moment : chunk.moments) span(moment.at).value(moment.begin).value(moment.end).end_array();
      json.end_array();
    }
  }

  static Span span_of(std::span<const Json> numbers) {
    if (numbers.size() < 2) return {};
    return {static_cast<std::size_t>(numbers[0].as_integer()), static_cast<std::size_t>(numbers[1].as_integer())};
  }

  static void read_exact_places(const Json& item, Chunk& chunk, Document& document) {
    chunk.wider = span_of(item["wider"].as_array());
    for (const Json& box : item["boxes"].as_array()) {
      const auto n = box.as_array();
      if (n.size() != 7) continue;
      const auto edge = [&](std::size_t i) { return static_cast<float>(n[i].as_number()); };
      document.boxes.push_back(
          {span_of(n), static_cast<std::uint32_t>(n[2].as_integer()), edge(3), edge(4), edge(5), edge(6)});
    }
    for (const Json& moment : item["moments"].as_array()) {
      const auto n = moment.as_array();
      if (n.size() == 4) document.moments.push_back({span_of(n), n[2].as_number(), n[3].as_number()});
    }
  }

  // In the order of the text; chunks that overlap tell of the same words.
  template <class T>
  static void sort_places(std::vector<T>& places) {
    std::ranges::stable_sort(places, {}, [](const T& place) { return place.at.begin; });
    const auto again =
        std::ranges::unique(places, {}, [](const T& place) { return std::pair(place.at.begin, place.at.end); });
    places.erase(again.begin(), again.end());
  }

  static Result<DocumentPut> imported(std::string_view line, const std::string& where) {
    const Json json = IG_TRY(Json::parse(line, where));
    if (!json["name"].is_string() || !json["text"].is_string() || !json["chunks"].is_array()) {
      return fail(Code::corrupt_data, where + " lacks \"name\", \"text\" or \"chunks\".");
    }
    DocumentPut put;
    put.state.name = json["name"].as_string();
    put.state.path = json["path"].as_string();
    put.state.root = json["root"].as_string();
    put.state.hash = json["hash"].as_string();
    put.document.text = json["text"].as_string();
    put.document.title = json["title"].as_string();
    put.document.type = "imported";
    for (const auto& [key, value] : json["meta"].as_object()) put.document.meta[key] = value.as_meta();
    for (const Json& item : json["chunks"].as_array()) {
      Chunk chunk;
      chunk.key = item["key"].as_text();
      chunk.ordinal = static_cast<std::uint32_t>(put.chunks.size());
      chunk.at = {static_cast<std::size_t>(item["start"].as_integer(-1)),
                  static_cast<std::size_t>(item["end"].as_integer(-1))};
      chunk.page = static_cast<std::uint32_t>(item["page"].as_integer());
      chunk.heading = item["heading"].as_string();
      for (const auto& [key, value] : item["meta"].as_object()) chunk.meta[key] = value.as_meta();
      read_exact_places(item, chunk, put.document);
      put.chunks.push_back(std::move(chunk));
    }
    sort_places(put.document.boxes);
    sort_places(put.document.moments);
    return put;
  }

  Result<int> restore(Program& program) {
    if (target_.empty())
      return usage_error("collections import needs a file: isogloss collections import NAME FILE.jsonl");
    std::ifstream file(target_);
    if (!file) return fail(Code::not_found, "there is no file '" + target_ + "'.");
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, {}, program.context));
    std::string line;
    std::size_t number = 0, done = 0;
    while (std::getline(file, line)) {
      IG_TRY(program.context.check());
      ++number;
      if (trim(line).empty()) continue;
      IG_TRY(collection->restore(IG_TRY(imported(line, "'" + target_ + "' line " + std::to_string(number))),
                                 program.context));
      ++done;
    }
    IG_TRY(collection->reindex("", program.context));
    IG_TRY(collection->flush(program.context));
    program.note(counted(done, "document") + " imported");
    return kDone;
  }

  Result<int> snapshot(Program& program) {
    if (target_.empty())
      return usage_error("collections snapshot needs a folder: isogloss collections snapshot NAME FOLDER");
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    IG_TRY(collection->store().snapshot(target_, program.context));
    program.note("snapshot in " + target_);
    return kDone;
  }

  Result<int> remove(Program& program) {
    const fs::path folder = IG_TRY(collection_folder(collection_));
    std::error_code error;
    if (!fs::exists(folder / "db.sqlite", error)) {
      return fail(Code::not_found, "there is no collection '" + collection_ + "'. Run: isogloss collections list");
    }
    if (!yes_) return usage_error("this deletes '" + folder.string() + "' for good. Say so with --yes.");
    fs::remove_all(folder, error);
    if (error) return fail(Code::io, "cannot delete '" + folder.string() + "': " + error.message());
    program.note("deleted " + folder.string());
    return kDone;
  }

  std::string action_, collection_, target_;
  bool readonly_ = false, yes_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_collections_verb() { return std::make_unique<CollectionsVerb>(); }

}  // namespace isogloss::cli
