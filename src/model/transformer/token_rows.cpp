// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/token_rows.hpp"

#include <algorithm>

#include "core/utf8.hpp"

namespace isogloss::model {

TextEncoder::TextEncoder(TokenizerPtr tokenizer, const SentenceModules& modules)
    : tokenizer_(std::move(tokenizer)), modules_(modules) {}

Result<std::string_view> TextEncoder::prompt_of(const Input& input) const {
  const auto named = [&](std::string_view name) {
    const auto it = modules_.prompts.find(std::string(name));
    return it == modules_.prompts.end() ? std::string_view() : std::string_view(it->second);
  };
  if (!input.prompt.empty()) {
    if (modules_.prompts.contains(std::string(input.prompt))) return named(input.prompt);
    std::string known;
    for (const auto& [name, prompt] : modules_.prompts) known += (known.empty() ? "" : ", ") + name;
    return fail(Code::invalid_argument, "this model has no prompt '" + std::string(input.prompt) + "'" +
                                            (known.empty() ? "; it has none at all." : "; it has " + known + "."));
  }
  if (input.role == Role::query && modules_.prompts.contains("query")) return named("query");
  if (input.role == Role::document) {
    for (const char* name : {"document", "passage", "corpus"}) {
      if (modules_.prompts.contains(name)) return named(name);
    }
  }
  return input.role == Role::none ? named(modules_.default_prompt) : std::string_view();
}

Status TextEncoder::check_length(std::size_t tokens) const {
  if (modules_.max_tokens == 0 || tokens <= modules_.max_tokens) return {};
  return fail(Code::too_long, "the text has " + std::to_string(tokens) + " tokens, the model reads " +
                                  std::to_string(modules_.max_tokens) + " (" + modules_.max_tokens_from +
                                  "). Cut it into chunks, or say which end to cut: --truncate end.");
}

Status TextEncoder::encode_ids(const Input& input, Truncate truncate, Tokens& out) const {
  out.clear();
  for (const std::int32_t id : input.part.ids) {
    if (id < 0 || static_cast<std::size_t>(id) >= tokenizer_->vocabulary_size()) {
      return fail(Code::invalid_argument, "token id " + std::to_string(id) + " is outside the model's vocabulary of " +
                                              std::to_string(tokenizer_->vocabulary_size()) + ".");
    }
    out.ids.push_back(static_cast<std::uint32_t>(id));
  }
  if (out.ids.empty()) return fail(Code::invalid_argument, "an input of no token ids cannot be embedded.");
  if (truncate == Truncate::error) return check_length(out.ids.size());
  if (modules_.max_tokens != 0 && out.ids.size() > modules_.max_tokens) {
    out.cut = out.ids.size() - modules_.max_tokens;
    const auto cut = static_cast<std::ptrdiff_t>(out.cut);
    truncate == Truncate::start ? out.ids.erase(out.ids.begin(), out.ids.begin() + cut)
                                : out.ids.erase(out.ids.end() - cut, out.ids.end());
  }
  return {};
}

Status TextEncoder::encode(const Input& input, Truncate truncate, Tokens& out, std::size_t& skip) const {
  skip = 0;
  if (input.further.empty() && input.part.modality == Modality::tokens) return encode_ids(input, truncate, out);
  std::string_view text = input.part.text;
  std::string joined;
  const auto is_text = [](const Part& part) { return part.modality == Modality::text; };
  if (!is_text(input.part) || !std::ranges::all_of(input.further, is_text)) {
    return fail(Code::unsupported, "this model reads text only.");
  }
  const std::string_view prompt = IG_TRY(prompt_of(input));
  if (!input.further.empty() || !prompt.empty() || modules_.lower_case) {
    joined = prompt;
    joined += text;
    for (const Part& part : input.further) (joined += '\n') += part.text;
    if (modules_.lower_case) joined = to_lower_full(joined);
    text = joined;
  }
  EncodeOptions options;
  if (truncate != Truncate::error) options.max_tokens = modules_.max_tokens;
  if (truncate == Truncate::start) options.cut_side = CutSide::start;
  IG_TRY(tokenizer_->encode(text, options, out));
  IG_TRY(check_length(out.size()));
  if (out.ids.empty()) return fail(Code::invalid_argument, "the text gives no token at all for this model.");
  if (modules_.include_prompt || prompt.empty()) return {};
  Tokens alone;  // the end of text that the tokenizer adds does not stand behind the prompt
  IG_TRY(tokenizer_->encode(prompt, {}, alone));
  while (!alone.special.empty() && alone.special.back() != 0) alone.special.pop_back();
  skip = std::min(alone.special.size(), out.size() - 1);
  return {};
}

}  // namespace isogloss::model
