// SPDX-License-Identifier: Apache-2.0
// The head of a fastText .bin or .ftz file (version 12 of the format): arguments and dictionary. Matrices are not read.
#include <bit>
#include <cstring>

#include "core/utf8.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/ngram/ngram_tokenizer.hpp"

namespace isogloss::tokens {
namespace {

static_assert(std::endian::native == std::endian::little);

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T number() {
    T value{};
    if (rest_.size() < sizeof(T)) {
      ok_ = false;
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view text() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      ok_ = false;
      return {};
    }
    const std::string_view value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return value;
  }
  bool ok() const { return ok_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

struct Header {
  std::int32_t words = 0;
  std::int32_t entries = 0;
  std::int64_t pruned = -1;
};

Result<Header> read_header(Bytes& bytes, NgramRules& rules, std::string_view where) {
  constexpr std::int32_t kMagic = 793712314;
  constexpr std::int32_t kVersion = 12;
  if (bytes.number<std::int32_t>() != kMagic) return fail(Code::corrupt_data, std::string(where) + " is no fastText model.");
  const auto version = bytes.number<std::int32_t>();
  if (version != kVersion) {
    return fail(Code::unsupported, std::string(where) + " has version " + std::to_string(version) + " of the fastText format; 12 is read.");
  }
  std::int32_t arguments[12];  // dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate
  for (std::int32_t& argument : arguments) argument = bytes.number<std::int32_t>();
  bytes.number<double>();  // sampling threshold
  Header header;
  header.entries = bytes.number<std::int32_t>();
  header.words = bytes.number<std::int32_t>();
  bytes.number<std::int32_t>();  // labels
  bytes.number<std::int64_t>();  // tokens of the corpus
  header.pruned = bytes.number<std::int64_t>();
  const bool sane = bytes.ok() && arguments[8] >= 0 && arguments[9] >= 0 && arguments[10] >= 0 && arguments[10] <= 1000 &&
                    header.entries >= 0 && header.words >= 0 && header.words <= header.entries &&
                    static_cast<std::uint64_t>(header.entries) <= bytes.left() && header.pruned <= static_cast<std::int64_t>(bytes.left() / 8);
  if (!sane) return fail(Code::corrupt_data, std::string(where) + ": the head of the fastText model is damaged.");
  rules.buckets = static_cast<std::uint32_t>(arguments[10] > 0 ? arguments[8] : 0);
  rules.min_length = static_cast<std::uint32_t>(arguments[9]);
  rules.max_length = static_cast<std::uint32_t>(arguments[10]);
  return header;
}

}  // namespace

Result<TokenizerPtr> read_fasttext_dictionary(std::string_view content, std::string_view where) {
  Bytes bytes(content);
  NgramRules rules;
  const Header header = IG_TRY(read_header(bytes, rules, where));
  Vocabulary words;
  for (std::int32_t i = 0; i < header.entries; ++i) {
    const std::string_view word = bytes.text();
    bytes.number<std::int64_t>();  // count
    bytes.number<std::int8_t>();   // word or label
    if (!bytes.ok() || word.size() > kMaxPieceBytes) {
      return fail(Code::corrupt_data, std::string(where) + ": entry " + std::to_string(i) + " of the dictionary is damaged.");
    }
    if (i < header.words) words.add(word, static_cast<std::uint32_t>(i));
  }
  rules.pruned = header.pruned >= 0;
  for (std::int64_t i = 0; i < header.pruned; ++i) {
    const auto from = bytes.number<std::int32_t>();
    rules.kept[static_cast<std::uint32_t>(from)] = static_cast<std::uint32_t>(bytes.number<std::int32_t>());
  }
  if (!bytes.ok()) return fail(Code::corrupt_data, std::string(where) + " is cut off in its list of kept n-grams.");
  return TokenizerPtr(std::make_shared<NgramTokenizer>(std::move(words), std::move(rules)));
}

}  // namespace isogloss::tokens
