// SPDX-License-Identifier: Apache-2.0
// A passage in its surroundings, from the stored text: what a citation leads to, even when the file is gone.
#include <algorithm>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/places.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class OpenVerb final : public Verb {
 public:
  std::string_view name() const override { return "open"; }
  std::string_view summary() const override { return "show a passage of a collection in its surroundings"; }
  std::string_view examples() const override {
    return "  isogloss open docs handbook.md#3\n"
           "  isogloss open docs handbook.md#3 --context 2000\n"
           "  isogloss open docs report.pdf#12 --json\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.positional("ID", id_, "id of a chunk, as search prints it: handbook.md#3");
    flags.value("--context", context_, "bytes of text to show before and behind the passage, to the nearest word");
  }

  Result<int> run(Program& program) override {
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    Store& store = collection->store();
    const std::int64_t number = IG_TRY(store.chunk_number(id_));
    const std::vector<StoredChunk> found = IG_TRY(store.chunks({&number, 1}));
    if (found.empty()) return fail(Code::not_found, "'" + id_ + "' was removed just now.");
    const StoredChunk& chunk = found.front();
    const std::size_t room = std::min(context_, chunk.at.begin);
    const std::string before = IG_TRY(store.document_text(chunk.document, {chunk.at.begin - room, chunk.at.begin}));
    const std::size_t end = chunk.at.end + std::min(context_, SIZE_MAX - chunk.at.end);
    const std::string after = IG_TRY(store.document_text(chunk.document, {chunk.at.end, end}));
    const std::string file = IG_TRY(file_state(store, chunk));
    const Surroundings around{from_word(before, chunk.at.begin == room), to_word(after, after.size() < context_)};
    program.flags.json ? print_json(program, chunk, around, file) : print_text(program, chunk, around, file);
    return kDone;
  }

 private:
  struct Surroundings {
    std::string_view before, after;
  };

  // The text without what may be a part of a word at its beginning; of a text that has no blanks, of a character.
  static std::string_view from_word(std::string_view text, bool whole) {
    if (whole) return text;
    const std::size_t blank = text.substr(0, text.size() / 2).find_first_of(" \t\n");
    if (blank != std::string_view::npos) return text.substr(blank + 1);
    while (!text.empty() && (static_cast<unsigned char>(text[0]) & 0xC0) == 0x80) text.remove_prefix(1);
    return text;
  }

  static std::string_view to_word(std::string_view text, bool whole) {
    if (whole) return text;
    const std::size_t blank = text.find_last_of(" \t\n");
    const bool usual = blank != std::string_view::npos && blank >= text.size() / 2;
    return text.substr(0, usual ? blank : utf8_valid_prefix(text));
  }

  // "present", "changed since it was indexed", "gone", or "" when it was no file.
  static Result<std::string> file_state(Store& store, const StoredChunk& chunk) {
    const auto state = IG_TRY(store.document(chunk.document));
    if (!state || state->path.empty() || state->root.empty()) return std::string();
    const auto now = stat_file(state->path);
    if (!now) return std::string("gone");
    const bool same = now->size == state->size && now->mtime_ns == state->mtime_ns;
    return std::string(same ? "present" : "changed since it was indexed");
  }

  static void print_json(Program& program, const StoredChunk& chunk, const Surroundings& around,
                         const std::string& file) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().field("id", chunk.id).field("title", chunk.title).field("before", around.before);
    json.field("text", chunk.text).field("after", around.after);
    write_source(json, chunk, chunk.at);
    json.key("meta").begin_object();
    for (const auto& [name, value] : chunk.meta) json.key(name).value(value);
    json.end_object().key("file");
    file.empty() ? json.null() : json.value(file);
    json.end_object();
    program.line(std::move(line));
  }

  static void print_text(Program& program, const StoredChunk& chunk, const Surroundings& around,
                         const std::string& file) {
    const bool colour = program.is_terminal();
    std::string out = (colour ? "\x1b[1m" : "") + chunk.id + (colour ? "\x1b[0m" : "") + "\n";
    const auto line = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) out += "  " + std::string(name) + std::string(9 - name.size(), ' ') + value + "\n";
    };
    line("title", chunk.title);
    line("path", chunk.path + (file.empty() || file == "present" ? "" : "  (" + file + ")"));
    line("heading", chunk.heading);
    line("at", place_line(chunk.at, chunk.line, chunk.page, chunk.boxes, chunk.moments));
    const std::string_view mark = colour ? "\x1b[7m" : ">>> ", unmark = colour ? "\x1b[0m" : " <<<";
    out += "\n" + std::string(around.before) + std::string(mark) + chunk.text + std::string(unmark) +
           std::string(around.after);
    program.out(out.ends_with('\n') ? out : out + "\n");
  }

  std::string collection_, id_;
  std::size_t context_ = 500;
};

}  // namespace

std::unique_ptr<Verb> make_open_verb() { return std::make_unique<OpenVerb>(); }

}  // namespace isogloss::cli
