// SPDX-License-Identifier: Apache-2.0
// Texts that say the same as an earlier one.
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/heads.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::size_t kShown = 70;  // bytes of a text in the table

class DedupeVerb final : public Verb {
 public:
  std::string_view name() const override { return "dedupe"; }
  std::string_view summary() const override { return "find texts that say the same as an earlier one"; }
  std::string_view examples() const override {
    return "  isogloss dedupe -i lines.txt                                 # the same words\n"
           "  isogloss dedupe -m minilm-static -i paragraphs.txt --threshold 0.95\n"
           "  isogloss dedupe -m minilm -i faq.jsonl -o kept.txt --json > duplicates.jsonl\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", model_,
                "model whose vectors are compared, or fit:FAMILY; without, only equal texts are found");
    flags.value("-i,--input", files_, "file with a text per line, or CSV, TSV, JSON lines (repeat)");
    flags.value("--threshold", threshold_, "cosine from which two texts say the same");
    flags.value("-o,--output", output_, "file for the texts that are kept, one per line");
    flags.value("--text-field", data_.text_fields, "column of text (repeat) [title and text, or all]");
  }

  Result<int> run(Program& program) override {
    if (files_.empty()) return usage_error("dedupe needs texts: -i FILE.");
    const std::vector<std::string> texts = IG_TRY(read_all_texts(files_, data_, program.context));
    const std::vector<Duplicate> found =
        IG_TRY(from_flags(find_duplicates(model_, texts, threshold_, program.context)));
    if (!output_.empty()) IG_TRY(write_kept(texts, found));
    program.flags.json ? print_json(program, texts, found) : print_table(program, texts, found);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < found.size(); ++i) kept += found[i].of == i ? 1 : 0;
    program.note(counted(texts.size(), "text") + ", " + std::to_string(kept) + " kept, " +
                 counted(texts.size() - kept, "duplicate"));
    return kDone;
  }

 private:
  Status write_kept(const std::vector<std::string>& texts, const std::vector<Duplicate>& found) const {
    AtomicFile file = IG_TRY(AtomicFile::create(output_));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (found[i].of == i) IG_TRY(file.write(one_line(texts[i]) + "\n"));
    }
    return file.commit();
  }

  static void print_table(Program& program, const std::vector<std::string>& texts,
                          const std::vector<Duplicate>& found) {
    std::vector<std::vector<std::string>> rows{{"text", "repeats", "cosine", "which says"}};
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].of == i) continue;
      rows.push_back({std::to_string(i + 1), std::to_string(found[i].of + 1), fixed(found[i].cosine, 4),
                      shortened(one_line(texts[i]), kShown)});
    }
    if (rows.size() > 1) program.out(format_table(rows));
  }

  // A line a duplicate: its number and text, and the number of the text it repeats.
  static void print_json(Program& program, const std::vector<std::string>& texts, const std::vector<Duplicate>& found) {
    std::string out;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i].of == i) continue;
      JsonWriter json(out);
      json.begin_object()
          .field("id", static_cast<std::uint64_t>(i + 1))
          .field("of", static_cast<std::uint64_t>(found[i].of + 1));
      json.field("cosine", found[i].cosine).field("text", texts[i]).end_object();
      out += '\n';
    }
    program.out(out);
  }

  std::string model_, output_;
  std::vector<std::string> files_;
  double threshold_ = 0.95;
  DatasetOptions data_;
};

}  // namespace

std::unique_ptr<Verb> make_dedupe_verb() { return std::make_unique<DedupeVerb>(); }

}  // namespace isogloss::cli
