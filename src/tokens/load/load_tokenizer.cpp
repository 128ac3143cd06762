// SPDX-License-Identifier: Apache-2.0
// Which file holds a tokenizer, by name; and the public entry points that need more than one part.
#include <algorithm>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;
using tokens::TokenizerParts;

constexpr std::size_t kMaxFile = std::size_t{1} << 30;

struct PairedFile {
  std::string_view ids;
  std::string_view merges;
};
constexpr PairedFile kPaired[] = {{"vocab.json", "merges.txt"}, {"encoder.json", "vocab.bpe"}};

Result<TokenizerParts> read_paired(const fs::path& ids, const fs::path& merges) {
  const std::string vocabulary = IG_TRY(read_file(ids, kMaxFile));
  return tokens::read_vocabulary_and_merges(vocabulary, IG_TRY(read_file(merges, kMaxFile)), ids.string());
}

Result<TokenizerParts> read_bert(const fs::path& path, const TokenizerOptions& options, Context& context) {
  const std::string text = IG_TRY(read_file(path, kMaxFile));
  auto read = IG_TRY(tokens::read_bert_vocabulary(text, options.lower_case, path.string()));
  if (options.lower_case == TokenizerOptions::LowerCase::automatic) {
    context.say(LogLevel::info, tokens::lower_case_note(path.string(), read.lower_case));
  }
  return std::move(read.parts);
}

Result<TokenizerParts> read_parts(const fs::path& path, const TokenizerOptions& options, Context& context) {
  const std::string name = path.filename().string();
  for (const PairedFile& pair : kPaired) {
    if (name == pair.ids || name == pair.merges)
      return read_paired(path.parent_path() / pair.ids, path.parent_path() / pair.merges);
  }
  if (name.ends_with(".txt")) return read_bert(path, options, context);
  if (name.ends_with(".gguf")) {
    return tokens::read_gguf_vocabulary(IG_TRY(formats::Gguf::open(path)), options.lower_case, context);
  }
  const std::string bytes = IG_TRY(read_file(path, kMaxFile));
  if (name.ends_with(".json")) return tokens::read_tokenizer_json(bytes, path.string());
  if (name.ends_with(".model")) return tokens::read_sentencepiece(bytes, path.string());
  if (name.ends_with(".tiktoken")) return tokens::read_tiktoken_ranks(bytes, path.string());
  return fail(Code::unsupported,
              "'" + path.string() +
                  "' has none of the names a tokenizer is known by: tokenizer.json, vocab.txt, "
                  "vocab.json with merges.txt, *.model, *.tiktoken, *.gguf, fastText *.bin and *.ftz.");
}

// The file of a folder that holds its tokenizer.
Result<fs::path> find_in_folder(const fs::path& folder) {
  std::error_code ignored;
  for (const std::string_view name : {"tokenizer.json", "vocab.txt", "vocab.json", "encoder.json", "tokenizer.model",
                                      "spiece.model", "sentencepiece.bpe.model"}) {
    if (fs::exists(folder / name, ignored)) return folder / name;
  }
  std::vector<fs::path> others;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".model" || extension == ".tiktoken" || extension == ".gguf") others.push_back(entry.path());
  }
  std::ranges::sort(others);
  if (others.size() == 1) return others.front();
  if (others.empty()) {
    return fail(Code::not_found, "the folder '" + folder.string() +
                                     "' holds no tokenizer: looked for tokenizer.json, vocab.txt, vocab.json "
                                     "with merges.txt, encoder.json with vocab.bpe, *.model, *.tiktoken, *.gguf.");
  }
  return fail(Code::invalid_argument, "the folder '" + folder.string() + "' holds " + std::to_string(others.size()) +
                                          " tokenizers (" + others[0].filename().string() + ", " +
                                          others[1].filename().string() + " ...). Name the file.");
}

}  // namespace

Result<TokenizerPtr> load_tokenizer(const fs::path& path, const TokenizerOptions& options, Context& context) {
  return guard([&]() -> Result<TokenizerPtr> {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      return fail(Code::not_found, "there is no file or folder '" + path.string() + "'.");
    }
    const fs::path file = fs::is_directory(path, ignored) ? IG_TRY(find_in_folder(path)) : path;
    if (file.extension() == ".bin" || file.extension() == ".ftz") {
      return tokens::read_fasttext_dictionary(IG_TRY(read_file(file)), file.string());
    }
    return TokenizerPtr(std::make_shared<tokens::PipelineTokenizer>(IG_TRY(read_parts(file, options, context))));
  });
}

std::vector<std::string> Tokenizer::pieces(std::string_view, const Tokens& tokens) const {
  std::vector<std::string> out;
  for (const std::uint32_t id : tokens.ids) out.emplace_back(piece(id));
  return out;
}

Result<std::vector<Tokens>> encode_batch(const Tokenizer& tokenizer, std::span<const std::string_view> texts,
                                         const EncodeOptions& options, Context& context) {
  return guard([&]() -> Result<std::vector<Tokens>> {
    constexpr std::size_t kGrain = 32;
    std::vector<Tokens> out(texts.size());
    std::vector<Status> failures((texts.size() + kGrain - 1) / kGrain);
    parallel_for(context, texts.size(), kGrain, [&](std::size_t begin, std::size_t end) {
      Status& status = failures[begin / kGrain];
      if (status = context.check(); !status) return;
      for (std::size_t i = begin; i < end && status; ++i) {
        status = tokenizer.encode(texts[i], options, out[i]);
        if (!status) status.error().item = static_cast<std::ptrdiff_t>(i);
      }
    });
    for (Status& status : failures) IG_TRY(std::move(status));
    return out;
  });
}

std::vector<PieceSpan> code_point_offsets(const Tokens& tokens, std::string_view text) {
  // Number of the code point that begins at or before each byte asked for; both ends ascend in most token lists, so the
  // count is carried along and only starts over when an offset lies further back.
  std::vector<PieceSpan> out(tokens.size());
  std::size_t at = 0;
  std::uint32_t count = 0;
  const auto count_to = [&](std::uint32_t byte) {
    if (byte < at) at = count = 0;
    while (at < byte && at < text.size()) {
      at += utf8_decode(text.data() + at, text.data() + text.size()).size;
      ++count;
    }
    return count;
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens.special[i] != 0) continue;
    const std::uint32_t begin = count_to(tokens.offsets[i].begin);
    out[i] = {begin, count_to(tokens.offsets[i].end)};
  }
  return out;
}

}  // namespace isogloss
