// SPDX-License-Identifier: Apache-2.0
// Groups of texts, and the words that tell them apart.
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/heads.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::size_t kShown = 60;  // bytes of a central text in the table

class ClusterVerb final : public Verb {
 public:
  std::string_view name() const override { return "cluster"; }
  std::string_view summary() const override { return "group texts by what they are about"; }
  std::string_view examples() const override {
    return "  isogloss cluster -m minilm -i questions.txt            # as many groups as there are\n"
           "  isogloss cluster -m minilm -i tickets.csv --text-field subject -k 20\n"
           "  isogloss cluster -m fit:lsa -i notes.jsonl -k 8 --method agglomerative --json > groups.jsonl\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", model_, "model whose vectors are grouped, or fit:FAMILY");
    flags.value("-i,--input", files_, "file with a text per line, or CSV, TSV, JSON lines (repeat)");
    flags.value("-k,--clusters", options_.clusters, "how many groups; without, as many as there are (hdbscan)");
    flags.value("--method", options_.method, "kmeans, agglomerative or hdbscan [kmeans with -k, else hdbscan]");
    flags.value("--min-size", options_.min_size, "hdbscan: fewer texts are no group");
    flags.value("--terms", options_.terms, "words shown for each group");
    flags.value("--stop-words", options_.stop_words, "words left out of these: english, none or another list");
    flags.value("--text-field", data_.text_fields, "column of text (repeat) [title and text, or all]");
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("which model? isogloss cluster -m MODEL -i FILE");
    if (files_.empty()) return usage_error("cluster needs texts: -i FILE.");
    std::vector<std::string> texts;
    const std::vector<std::filesystem::path> paths(files_.begin(), files_.end());
    const auto data = IG_TRY(open_dataset(paths, data_, program.context));
    IG_TRY(data->for_each(
        [&](const Record& record) -> Status {
          if (!trim(record.text).empty()) texts.emplace_back(record.text);
          return {};
        },
        program.context));
    if (texts.empty()) return fail(Code::corrupt_data, "'" + data->description() + "' has no text in it.");
    const TextClusters found = IG_TRY(from_flags(cluster_texts(model_, texts, options_, program.context)));
    program.flags.json ? print_json(program, texts, found) : print_table(program, texts, found);
    return kDone;
  }

 private:
  static std::string words_of(const TextClusters::Cluster& cluster) {
    std::string out;
    for (const WordScore& term : cluster.terms) out += (out.empty() ? "" : " ") + term.word;
    return out;
  }

  static void print_table(Program& program, const std::vector<std::string>& texts, const TextClusters& found) {
    std::vector<std::vector<std::string>> rows{{"group", "texts", "words", "most central"}};
    std::size_t grouped = 0;
    for (std::size_t c = 0; c < found.clusters.size(); ++c) {
      const TextClusters::Cluster& cluster = found.clusters[c];
      grouped += cluster.size;
      rows.push_back({std::to_string(c + 1), std::to_string(cluster.size), words_of(cluster),
                      shortened(one_line(texts[cluster.central]), kShown)});
    }
    if (rows.size() > 1) program.out(format_table(rows));
    if (grouped < texts.size()) program.note(counted(texts.size() - grouped, "text") + " of no group");
  }

  // A line a text, then one a group. Groups are numbered from 1; a text of none has null.
  static void print_json(Program& program, const std::vector<std::string>& texts, const TextClusters& found) {
    std::string out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      JsonWriter json(out);
      json.begin_object().field("id", static_cast<std::uint64_t>(i + 1)).field("text", texts[i]).key("group");
      if (found.cluster[i] < 0)
        json.null();
      else
        json.value(static_cast<std::int64_t>(found.cluster[i]) + 1);
      json.end_object();
      out += '\n';
    }
    for (std::size_t c = 0; c < found.clusters.size(); ++c) {
      JsonWriter json(out);
      json.begin_object().key("summary").begin_object();
      json.field("group", static_cast<std::uint64_t>(c + 1))
          .field("texts", static_cast<std::uint64_t>(found.clusters[c].size));
      json.field("central", static_cast<std::uint64_t>(found.clusters[c].central + 1)).key("words").begin_array();
      for (const WordScore& term : found.clusters[c].terms) json.value(term.word);
      json.end_array().end_object().end_object();
      out += '\n';
    }
    program.out(out);
  }

  std::string model_;
  std::vector<std::string> files_;
  DatasetOptions data_;
  ClusterOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_cluster_verb() { return std::make_unique<ClusterVerb>(); }

}  // namespace isogloss::cli
