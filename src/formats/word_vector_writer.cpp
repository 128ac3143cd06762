// SPDX-License-Identifier: Apache-2.0
#include "formats/word_vector_writer.hpp"

#include <charconv>
#include <vector>

#include "core/file.hpp"
#include "core/npy.hpp"

namespace isogloss::formats {
namespace {

constexpr std::size_t kCheckEvery = 4096;  // rows between questions whether to go on

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

// Feeds write(word, row) with every word.
template <class Write>
Status each_row(const WordRowSource& source, Context& context, Write&& write) {
  std::vector<float> row(source.dim);
  for (std::size_t i = 0; i < source.words; ++i) {
    if (i % kCheckEvery == 0) {
      IG_TRY(context.check());
      context.report({"write", "words", static_cast<double>(i), static_cast<double>(source.words), 0});
    }
    source.row(i, row);
    IG_TRY(write(source.word(i), std::span<const float>(row)));
  }
  return {};
}

Status check_word(std::string_view word, std::string_view forbidden, const std::filesystem::path& path) {
  if (!word.empty() && word.find_first_of(forbidden) == std::string_view::npos) return {};
  return fail(Code::unsupported, "the word '" + std::string(word.substr(0, 40)) + "' cannot stand in '" +
                                     path.string() +
                                     "': it is empty, or holds a blank or a line feed. Write .npy instead.");
}

}  // namespace

std::string word_vector_header(std::size_t words, std::size_t dim) {
  return std::to_string(words) + " " + std::to_string(dim) + "\n";
}

void append_word_row(std::string_view word, std::span<const float> row, const WordVectorForm& form, std::string& out) {
  out += word;
  if (form.binary) {
    out += ' ';
    out.append(static_cast<const char*>(static_cast<const void*>(row.data())), row.size_bytes());
    out += '\n';
    return;
  }
  char number[64];
  for (const float value : row) {
    const auto done =
        form.digits == 0
            ? std::to_chars(number, number + sizeof number, value)
            : std::to_chars(number, number + sizeof number, static_cast<double>(value),
                            form.significant ? std::chars_format::general : std::chars_format::fixed, form.digits);
    out += ' ';
    out.append(number, done.ptr);
  }
  out += form.trailing_blank ? " \n" : "\n";
}

Status save_word_vectors(const std::filesystem::path& path, const WordRowSource& source, const WordVectorForm& form,
                         Context& context) {
  AtomicFile file = IG_TRY(AtomicFile::create(path));
  if (form.header) IG_TRY(file.write(word_vector_header(source.words, source.dim)));
  std::string line;
  // A text's word is what stands before its numbers, so that blanks inside are none of a problem there.
  const std::string_view forbidden = form.binary ? " \n" : "\n";
  IG_TRY(each_row(source, context, [&](std::string_view word, std::span<const float> row) -> Status {
    IG_TRY(check_word(word, forbidden, path));
    line.clear();
    append_word_row(word, row, form, line);
    return file.write(line);
  }));
  return file.commit();
}

Status save_word_matrix(const std::filesystem::path& path, const WordRowSource& source, Context& context) {
  std::filesystem::path names = path;
  names.replace_extension(".vocabulary.txt");
  AtomicFile words = IG_TRY(AtomicFile::create(names));
  AtomicFile file = IG_TRY(AtomicFile::create(path));
  const std::size_t shape[] = {source.words, source.dim};
  IG_TRY(file.write(npy_header("<f4", shape)));
  IG_TRY(each_row(source, context, [&](std::string_view word, std::span<const float> row) -> Status {
    IG_TRY(check_word(word, "\n", names));
    IG_TRY(words.write(bytes_of(std::string(word) + "\n")));
    return file.write(std::as_bytes(row));
  }));
  IG_TRY(words.commit());
  return file.commit();
}

}  // namespace isogloss::formats
