// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/json.hpp"
#include "core/places.hpp"
#include "core/text.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class ChunkVerb final : public Verb {
 public:
  std::string_view name() const override { return "chunk"; }
  std::string_view summary() const override { return "show how a file is cut into chunks"; }
  std::string_view examples() const override {
    return "  isogloss chunk README.md\n  isogloss chunk README.md --chunk sentence --show\n  isogloss chunk data.csv "
           "--json\n"
           "  isogloss chunk report.md -m minilm\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("FILE", file_, "file to read");
    flags.value("-m,--model", model_, "cut in the tokens of this model and within its window; default in words");
    flags.flag("--show", show_, "print the whole text of each chunk, with all that is known of where it stands");
    chunk_.describe(flags);
    read_.describe(flags);
  }

  Result<int> run(Program& program) override {
    const ReadOptions read = IG_TRY(read_.options());
    const ChunkOptions options = IG_TRY(chunk_.options()).value_or(ChunkOptions{});
    const Document document = IG_TRY(read_document(file_, read, program.context));
    const ModelPtr model = model_.empty() ? nullptr : IG_TRY(load(model_, {}, program.context));
    const ChunkPlan plan = plan_chunks(options, model);
    unit_ = plan.units->name();
    const std::vector<Chunk> chunks = IG_TRY(chunk_document(document, plan, program.context));
    std::string out;
    std::size_t total = 0, largest = 0;
    for (const Chunk& chunk : chunks) {
      total += chunk.units;
      largest = std::max<std::size_t>(largest, chunk.units);
      program.flags.json ? append_json(out, document, chunk) : append_text(out, document, chunk);
    }
    program.out(out);
    for (const std::string& note : document.notes) program.note(note);
    program.note(document.type + ", " + counted(chunks.size(), "chunk") + ", " + std::to_string(total) + " " + unit_ +
                 ", largest " + std::to_string(largest));
    return kDone;
  }

 private:
  static void append_json(std::string& out, const Document& document, const Chunk& chunk) {
    JsonWriter json(out);
    json.begin_object().field("key", chunk.key).field("start", static_cast<std::uint64_t>(chunk.at.begin));
    json.field("end", static_cast<std::uint64_t>(chunk.at.end))
        .field("units", chunk.units)
        .field("heading", chunk.heading);
    json.field("line", chunk.line).key("page");
    chunk.page != 0 ? json.value(chunk.page) : json.null();
    if (const Row* row = row_of(document, chunk)) json.field("row", row->id);
    if (chunk.wider.size() != 0) {
      json.key("wider").begin_array().value(static_cast<std::uint64_t>(chunk.wider.begin));
      json.value(static_cast<std::uint64_t>(chunk.wider.end)).end_array();
    }
    write_places(json, document.boxes, document.moments, chunk.at);
    json.field("text", std::string_view(document.text).substr(chunk.at.begin, chunk.at.size())).end_object();
    out += '\n';
  }

  void append_text(std::string& out, const Document& document, const Chunk& chunk) const {
    const std::string_view text = std::string_view(document.text).substr(chunk.at.begin, chunk.at.size());
    out += "#" + chunk.key + "  bytes " + std::to_string(chunk.at.begin) + "-" + std::to_string(chunk.at.end) + "  " +
           std::to_string(chunk.units) + " " + unit_;
    if (!chunk.heading.empty()) out += "  " + chunk.heading;
    if (show_) {
      out += "\n   at      " + place_line(chunk.at, chunk.line, chunk.page, document.boxes, document.moments);
      if (const Row* row = row_of(document, chunk)) out += ", row " + row->id;
      if (chunk.wider.size() != 0) {
        out += "\n   within  bytes " + std::to_string(chunk.wider.begin) + "-" + std::to_string(chunk.wider.end);
      }
    }
    out += "\n" + (show_ ? std::string(text) + "\n\n" : wrapped(text, 100, 2, "   "));
  }

  static const Row* row_of(const Document& document, const Chunk& chunk) {
    const auto behind =
        std::ranges::upper_bound(document.rows, chunk.at.begin, {}, [](const Row& r) { return r.at.begin; });
    return behind != document.rows.begin() ? &*std::prev(behind) : nullptr;
  }

  std::string file_, model_, unit_;
  bool show_ = false;
  ChunkFlags chunk_;
  ReadFlags read_;
};

}  // namespace

std::unique_ptr<Verb> make_chunk_verb() { return std::make_unique<ChunkVerb>(); }

}  // namespace isogloss::cli
