// SPDX-License-Identifier: Apache-2.0
// Stemmers by name: "porter" (as Lucene), "porter-original", "porter-nltk", and the Snowball languages of libstemmer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss::tokens {

// Holds scratch memory: not thread-safe, make one per thread.
class Stemmer {
 public:
  virtual ~Stemmer() = default;
  // Replaces the content of `stem`.
  virtual void stem(std::string_view word, std::string& stem) = 0;
};

// Null for "none". Error{invalid_argument} names the nearest known stemmer.
Result<std::unique_ptr<Stemmer>> make_stemmer(std::string_view name);

}  // namespace isogloss::tokens
