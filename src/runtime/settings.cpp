// SPDX-License-Identifier: Apache-2.0
#include "runtime/settings.hpp"

#include <charconv>

#include "core/describe.hpp"
#include "core/json.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::runtime {
namespace {

// The defaults of the lexical side. Chosen on the odd queries of SciFact, CACM, Cranfield, CISI, NPL and ADI
// (tests/quality/bm25_sets.py): mean nDCG@10 0.5160 there, 0.5049 on the even ones; k1 0.9, b 0.4 gives 0.5025 / 0.4972.
constexpr const char* kDefaultModel = "fit:lsa";
constexpr const char* kDefaultAnalyzer = "english";

std::string number_text(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

// fit:bm25,k1=..,b=..,analyzer=.. sets the lexical side and asks for no vectors.
Status apply_bm25(const ModelReference& reference, Settings& settings) {
  for (const auto& [name, value] : reference.options) {
    if (name == "k1" || name == "b") {
      IG_TRY(detail::assign(name == "k1" ? settings.k1 : settings.b, value, name));
    } else if (name == "analyzer") {
      settings.analyzer = IG_TRY(analyzer_preset(detail::to_text(value)));
    } else {
      return fail(detail::unknown_option(name, {"k1", "b", "analyzer"}, "fit:bm25"));
    }
  }
  settings.model = "none";
  return {};
}

Status check_bm25(double k1, double b) {
  if (!(k1 >= 0 && k1 <= 100)) return fail(Code::invalid_argument, "--k1 must be in 0..100, not " + number_text(k1) + ".");
  if (!(b >= 0 && b <= 1)) return fail(Code::invalid_argument, "--b must be in 0..1, not " + number_text(b) + ".");
  return {};
}

// A space fitted on the collection counts the same words as its lexical side. 256 dimensions: with 100, SciFact's nDCG@10
// of LSA alone is 0.36, with 256 0.54.
void fill_lsa_defaults(const Settings& settings, ModelReference& reference) {
  const auto unless_given = [&](const char* name, const char* value) {
    if (reference.options.find(name) == nullptr) reference.options.set(name, std::string(value));
  };
  unless_given("analyzer", settings.analyzer.name.c_str());
  unless_given("dim", "256");
  unless_given("sublinear_tf", "yes");
  unless_given("max_features", "20000");
}

Status set_model(const std::string& text, Settings& settings) {
  if (text == "none") {
    settings.model = text;
    return {};
  }
  ModelReference reference = IG_TRY(parse_model_reference(text));
  if (reference.kind == ReferenceKind::fit && reference.family == "bm25") return apply_bm25(reference, settings);
  if (reference.kind == ReferenceKind::path && reference.family.empty()) {
    reference.text = std::filesystem::absolute(reference.path).lexically_normal().string();
  }
  if (reference.kind == ReferenceKind::fit && reference.family == "lsa") fill_lsa_defaults(settings, reference);
  settings.model = reference.canonical();
  return {};
}

std::string chunk_text_form(const ChunkOptions& chunk) {
  return std::string(chunk_strategy_name(chunk.strategy)) + ", size " + std::to_string(chunk.size) + ", overlap " +
         std::to_string(chunk.overlap);
}

std::unexpected<Error> differs(const std::string& collection, const std::string& what, const std::string& has,
                               const std::string& asked, const std::string& remedy) {
  return fail(Code::mismatch, "collection '" + collection + "' was made with " + what + " '" + has + "', not '" + asked +
                                  "'. " + remedy);
}

}  // namespace

Result<Settings> new_settings(const CollectionOptions& options) {
  Settings settings;
  settings.analyzer = IG_TRY(analyzer_preset(options.analyzer.empty() ? kDefaultAnalyzer : options.analyzer));
  const std::string installed = default_model_name();
  const std::string fallback = installed.empty() ? kDefaultModel : installed;
  IG_TRY(set_model(options.model.empty() ? fallback : options.model, settings));
  settings.k1 = options.k1.value_or(settings.k1);
  settings.b = options.b.value_or(settings.b);
  settings.chunk = options.chunk.value_or(ChunkOptions{});
  IG_TRY(check_bm25(settings.k1, settings.b));
  return settings;
}

Result<Settings> settings_from(const std::map<std::string, std::string>& values) {
  Settings settings;
  const auto text = [&](const char* name) {
    const auto it = values.find(name);
    return it == values.end() ? std::string() : it->second;
  };
  const auto size = [&](const char* name, std::size_t fallback) {
    std::size_t out = fallback;
    const std::string value = text(name);
    std::from_chars(value.data(), value.data() + value.size(), out);
    return out;
  };
  settings.model = text("model");
  settings.analyzer = IG_TRY(analyzer_spec_from_json(text("analyzer"), "the collection's analyzer"));
  settings.k1 = std::strtod(text("k1").c_str(), nullptr);
  settings.b = std::strtod(text("b").c_str(), nullptr);
  settings.chunk.strategy = IG_TRY(parse_chunk_strategy(text("chunk")));
  settings.chunk.size = size("chunk_size", settings.chunk.size);
  settings.chunk.overlap = size("chunk_overlap", settings.chunk.overlap);
  return settings;
}

std::map<std::string, std::string> settings_values(const Settings& settings) {
  return {{"model", settings.model},
          {"analyzer", to_json(settings.analyzer)},
          {"k1", number_text(settings.k1)},
          {"b", number_text(settings.b)},
          {"chunk", std::string(chunk_strategy_name(settings.chunk.strategy))},
          {"chunk_size", std::to_string(settings.chunk.size)},
          {"chunk_overlap", std::to_string(settings.chunk.overlap)}};
}

Status reconcile(const CollectionOptions& options, const std::string& collection, Settings& settings) {
  if (!options.model.empty()) {
    Settings asked = settings;
    IG_TRY(set_model(options.model, asked));
    if (asked.model != settings.model) {
      return differs(collection, "model", settings.model, asked.model,
                     "Change it with: isogloss reindex " + collection + " --model " + options.model);
    }
  }
  if (!options.analyzer.empty() && !(IG_TRY(analyzer_preset(options.analyzer)) == settings.analyzer)) {
    return differs(collection, "analyzer", settings.analyzer.name, options.analyzer,
                   "Index into a new collection to use another analyzer.");
  }
  if (options.chunk && (options.chunk->strategy != settings.chunk.strategy || options.chunk->size != settings.chunk.size ||
                        options.chunk->overlap != settings.chunk.overlap)) {
    return differs(collection, "chunks", chunk_text_form(settings.chunk), chunk_text_form(*options.chunk),
                   "Index into a new collection to cut differently.");
  }
  settings.k1 = options.k1.value_or(settings.k1);
  settings.b = options.b.value_or(settings.b);
  return check_bm25(settings.k1, settings.b);
}

}  // namespace isogloss::runtime
