// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

namespace isogloss::cli {
namespace {

class ReindexVerb final : public Verb {
 public:
  std::string_view name() const override { return "reindex"; }
  std::string_view summary() const override { return "make a collection's vectors again, with the same or another model"; }
  std::string_view examples() const override {
    return "  isogloss reindex docs\n  isogloss reindex docs --model fit:lsa,dim=200\n  isogloss reindex docs --model none\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("COLLECTION", collection_, "name, or path with a '/'");
    flags.value("-m,--model", model_, "the new model; without it the same one, fitted again");
  }
  Result<int> run(Program& program) override {
    IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));  // opened for writing it would be made
    const auto collection = IG_TRY(open_collection(collection_, OpenMode::write, {}, program.context));
    IG_TRY(collection->reindex(model_, program.context));
    const auto facts = collection->facts();
    program.note("model " + facts.at("model") + ", " + facts.at("chunks") + " chunks" +
                 (facts.contains("dimension") ? ", dimension " + facts.at("dimension") : ""));
    return kDone;
  }

 private:
  std::string collection_, model_;
};

}  // namespace

std::unique_ptr<Verb> make_reindex_verb() { return std::make_unique<ReindexVerb>(); }

}  // namespace isogloss::cli
