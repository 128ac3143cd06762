// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/stemmer.hpp"

#include <libstemmer.h>

#include <algorithm>

#include "isogloss/options.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/analysis/porter.hpp"

namespace isogloss {
namespace tokens {
namespace {

class PorterStemmer final : public Stemmer {
 public:
  explicit PorterStemmer(PorterVariant variant) : variant_(variant) {}
  void stem(std::string_view word, std::string& out) override { porter_stem(word, variant_, out); }

 private:
  PorterVariant variant_;
};

class SnowballStemmer final : public Stemmer {
 public:
  explicit SnowballStemmer(sb_stemmer* handle) : handle_(handle, sb_stemmer_delete) {}
  void stem(std::string_view word, std::string& out) override {
    const auto* bytes = static_cast<const sb_symbol*>(static_cast<const void*>(word.data()));
    const sb_symbol* stemmed = sb_stemmer_stem(handle_.get(), bytes, static_cast<int>(word.size()));
    if (stemmed == nullptr) {  // out of memory
      out = word;
      return;
    }
    out.assign(static_cast<const char*>(static_cast<const void*>(stemmed)),
               static_cast<std::size_t>(sb_stemmer_length(handle_.get())));
  }

 private:
  std::unique_ptr<sb_stemmer, void (*)(sb_stemmer*)> handle_;
};

}  // namespace

Result<std::unique_ptr<Stemmer>> make_stemmer(std::string_view name) {
  if (name == "none" || name.empty()) return std::unique_ptr<Stemmer>();
  if (name == "porter") return std::make_unique<PorterStemmer>(PorterVariant::martin);
  if (name == "porter-original") return std::make_unique<PorterStemmer>(PorterVariant::original);
  if (name == "porter-nltk") return std::make_unique<PorterStemmer>(PorterVariant::nltk);
  const std::string language(name);
  if (sb_stemmer* const handle = sb_stemmer_new(language.c_str(), "UTF_8")) {
    return std::make_unique<SnowballStemmer>(handle);
  }
  const std::string nearest = nearest_name(name, stemmers());
  return fail(Code::invalid_argument,
              "there is no stemmer '" + language + "'." + (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

}  // namespace tokens

std::vector<std::string> stemmers() {
  std::vector<std::string> names{"none", "porter", "porter-original", "porter-nltk"};
  for (const char** language = sb_stemmer_list(); *language != nullptr; ++language) {
    if (std::ranges::find(names, *language) == names.end()) names.emplace_back(*language);
  }
  return names;
}

}  // namespace isogloss
