// SPDX-License-Identifier: Apache-2.0
// Tokenizes texts for tokens_test.py, which compares with the reference libraries.
//
//   tokens_driver TOKENIZER IN OUT [SPECIAL]
//
// IN: per text a u32 of its bytes, then the bytes. OUT: per text u32 n, n ids, n pairs of byte offsets, then u32 of the
// decoded text's bytes and the bytes. SPECIAL = 1: with special tokens.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "isogloss/tokens.hpp"

namespace {

void put(std::string& out, const void* data, std::size_t bytes) { out.append(static_cast<const char*>(data), bytes); }
void put(std::string& out, std::uint32_t value) { put(out, &value, 4); }

isogloss::Status run(const char* tokenizer_path, const char* in, const char* out_path, bool special) {
  isogloss::Context context;
  const isogloss::TokenizerPtr tokenizer = IG_TRY(isogloss::load_tokenizer(tokenizer_path, {}, context));
  const std::string input = IG_TRY(isogloss::read_file(in));
  std::string_view rest = input;
  std::string out;
  isogloss::Tokens tokens;
  isogloss::EncodeOptions options;
  options.special_tokens = special ? isogloss::SpecialTokens::add : isogloss::SpecialTokens::leave_out;
  while (rest.size() >= 4) {
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data(), 4);
    const std::string_view text = rest.substr(4, size);
    rest.remove_prefix(4 + size);
    IG_TRY(tokenizer->encode(text, options, tokens));
    put(out, static_cast<std::uint32_t>(tokens.size()));
    put(out, tokens.ids.data(), tokens.size() * 4);
    put(out, tokens.offsets.data(), tokens.size() * 8);
    const std::string decoded = IG_TRY(tokenizer->decode(tokens.ids, {}));
    put(out, static_cast<std::uint32_t>(decoded.size()));
    put(out, decoded.data(), decoded.size());
  }
  return isogloss::write_file(out_path, out);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const isogloss::Status status = run(argv[1], argv[2], argv[3], argc > 4 && std::strcmp(argv[4], "1") == 0);
  if (!status) std::fprintf(stderr, "tokens_driver: %s\n", status.error().message.c_str());
  return status ? 0 : 1;
}
