// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "core/text.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class SearchVerb final : public Verb {
 public:
  std::string_view name() const override { return "search"; }
  std::string_view alias() const override { return "similar"; }
  std::string_view summary() const override { return "find the passages nearest to a query"; }
  std::string_view examples() const override {
    return "  isogloss search docs \"refund period\"\n"
           "  isogloss search docs \"refund period\" -n 5 --where 'year >= 2024 and lang = \"en\"' --explain\n"
           "  isogloss search docs --like handbook.md#3 --mode dense --json\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.optional_positional("QUERY", query_, "what to look for");
    flags.value("-n,--count", n_, "number of hits");
    flags.value("--like", like_, "search by a chunk of the collection (its id) instead of a query");
    flags.value("--group-by", group_by_, "document: at most one hit a document");
    flags.flag("--explain", explain_, "say how the search was done and what it cost");
    flags.flag("--exit-status", exit_status_, "exit 5 when nothing is found");
    flags.flag("-p,--plain", plain_, "print the texts only");
    search_.describe(flags);
  }

  Result<int> run(Program& program) override {
    if (query_.empty() && like_.empty()) return usage_error("search needs a query, or --like ID.");
    SearchOptions options = IG_TRY(search_.options(program.context));
    options.n = n_;
    options.like = like_;
    if (!group_by_.empty() && group_by_ != "document") return usage_error("--group-by takes 'document', not '" + group_by_ + "'.");
    options.group_by_document = !group_by_.empty();
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    const SearchResult result = IG_TRY(from_flags(collection->search(query_, options, program.context)));
    program.flags.json ? print_json(program, result) : print_text(program, result);
    return result.hits.empty() && exit_status_ ? kGate : kDone;
  }

 private:
  void print_json(Program& program, const SearchResult& result) const {
    std::string out;
    for (const Hit& hit : result.hits) {
      JsonWriter json(out);
      write_hit(json, hit);
      out += '\n';
    }
    if (explain_) {
      JsonWriter json(out);
      const SearchPlan& plan = result.plan;
      json.begin_object().key("plan").begin_object().field("plan", plan.plan);
      json.field("rows", static_cast<std::uint64_t>(plan.rows)).field("matches", static_cast<std::uint64_t>(plan.matches));
      json.field("scored_lexical", static_cast<std::uint64_t>(plan.scored_lexical));
      json.field("scored_dense", static_cast<std::uint64_t>(plan.scored_dense));
      json.field("lists", static_cast<std::uint64_t>(plan.lists)).field("codes", static_cast<std::uint64_t>(plan.codes));
      json.field("bytes", static_cast<std::uint64_t>(plan.bytes));
      json.field("milliseconds", plan.milliseconds).end_object().end_object();
      out += '\n';
    }
    program.out(out);
  }

  void print_text(Program& program, const SearchResult& result) const {
    std::string out;
    for (std::size_t i = 0; i < result.hits.size(); ++i) {
      const Hit& hit = result.hits[i];
      if (plain_) {
        out += one_line(hit.chunk.text) + "\n";
        continue;
      }
      const bool colour = program.is_terminal();
      out += std::to_string(i + 1) + ". " + (colour ? "\x1b[1m" : "") + hit.chunk.id + (colour ? "\x1b[0m" : "");
      out += "  " + std::string(score_kind_name(hit.kind)) + " " + fixed(hit.score, 4);
      if (!hit.chunk.heading.empty()) out += "  " + hit.chunk.heading;
      out += "\n" + wrapped(hit.chunk.text, 100, 3, "   ");
      if (explain_ && result.mode == SearchMode::hybrid) out += "   " + ranks(hit) + "\n";
    }
    if (explain_) {
      const SearchPlan& plan = result.plan;
      out += "plan: " + plan.plan + "; " + counted(plan.rows, "chunk") + ", " + std::to_string(plan.matches) + " pass; " +
             std::to_string(plan.scored_lexical) + " scored by words, " + std::to_string(plan.scored_dense) +
             " by vectors" + stages(plan) + "; " + fixed(plan.milliseconds, 2) + " ms\n";
    }
    program.out(out);
    if (result.hits.empty()) program.note("no hit");
  }

  // What the scan of the vectors read before it scored any.
  static std::string stages(const SearchPlan& plan) {
    if (plan.codes == 0 && plan.bytes == 0) return "";
    const std::string lists = plan.lists != 0 ? " in " + counted(plan.lists, "list") : "";
    return " (" + std::to_string(plan.codes) + " by signs" + lists + ", " + std::to_string(plan.bytes) + " by bytes)";
  }

  static std::string ranks(const Hit& hit) {
    const auto side = [](std::string_view name, std::uint32_t rank, double score) {
      return std::string(name) + (rank == 0 ? ": not listed" : ": rank " + std::to_string(rank) + ", score " + fixed(score, 4));
    };
    return side("words", hit.lexical_rank, hit.lexical_score) + "; " + side("vectors", hit.dense_rank, hit.dense_score);
  }

  std::string collection_, query_, like_, group_by_;
  std::size_t n_ = 10;
  bool explain_ = false, exit_status_ = false, plain_ = false;
  SearchFlags search_;
};

}  // namespace

std::unique_ptr<Verb> make_search_verb() { return std::make_unique<SearchVerb>(); }

}  // namespace isogloss::cli
