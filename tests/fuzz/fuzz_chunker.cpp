// SPDX-License-Identifier: Apache-2.0
// The first line is strategy, size, overlap and window as four bytes; the rest is cut as Markdown and as code.
#include <algorithm>

#include "core/utf8.hpp"
#include "fuzz.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::fuzz {
namespace {

// Two directions, by the parity of the length.
Result<Vectors> vectors_of(std::span<const std::string> texts, Context&) {
  Vectors out = Vectors::dense(texts.size(), 2);
  for (std::size_t i = 0; i < texts.size(); ++i) out.row_f32(i)[texts[i].size() % 2] = 1;
  return out;
}

void check(const Document& document, const ChunkPlan& plan) {
  Context context;
  const auto chunks = chunk_document(document, plan, context);
  if (!chunks) return;
  const std::string& text = document.text;
  std::vector<bool> covered(text.size());
  std::uint32_t line = 1;
  for (const Chunk& chunk : *chunks) {
    require(chunk.at.begin < chunk.at.end && chunk.at.end <= text.size(), "a chunk lies in the text");
    require(chunk.wider.begin <= chunk.wider.end && chunk.wider.end <= text.size(), "what is wider lies in the text");
    const bool inside = chunk.wider.begin <= chunk.at.begin && chunk.at.end <= chunk.wider.end;
    require(chunk.wider.size() == 0 || inside, "a chunk lies in what is wider");
    line =
        static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<long>(chunk.at.begin), '\n')) +
        1;
    require(chunk.line == line, "a chunk knows its line");
    for (std::size_t i = chunk.at.begin; i < chunk.at.end; ++i) covered[i] = true;
  }
  if (document.type != "code") return;
  for (std::size_t i = 0; i < text.size(); ++i) {
    require(covered[i] || static_cast<unsigned char>(text[i]) <= ' ', "all of the code is in some chunk");
  }
}

}  // namespace
}  // namespace isogloss::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  if (size < 5 || size > 20'000) return 0;
  const std::string text = utf8_repair(fuzz::text_of(data, size).substr(4));
  for (const Span& span : split_sentences(text, {0, text.size()})) {
    fuzz::require(utf8_valid(std::string_view(text).substr(span.begin, span.size())), "a sentence is whole characters");
  }
  ChunkPlan plan{{}, {&word_units(), [](const UnitSplitter*) {}}, fuzz::vectors_of, true};
  plan.options.strategy = static_cast<ChunkStrategy>(data[0] % 10);
  plan.options.size = 1 + data[1];
  plan.options.overlap = data[2] % 16;
  plan.options.window = data[3] % 64;
  Context context;
  if (const auto document = read_document_text("a.md", text, {}, context)) fuzz::check(*document, plan);
  Document code;
  code.type = "code";
  code.text = text;
  fuzz::check(code, plan);
  return 0;
}
