// SPDX-License-Identifier: Apache-2.0
// The documents of a term index that came after its file was written: a list per term in memory, scored one by one.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "index/postings/postings_search.hpp"
#include "index/postings/term_table.hpp"
#include "isogloss/index.hpp"

namespace isogloss::index {

class TermTail {
 public:
  struct Posting {
    std::uint32_t document;  // number in the tail
    std::uint32_t count;
  };

  std::size_t size() const { return number_.size(); }  // live documents
  std::uint64_t total_length() const { return total_length_; }
  bool contains(std::int64_t id) const { return number_.contains(id); }
  std::size_t document_frequency(std::string_view term) const;

  // REQUIRES: a new id, terms checked.
  void add(const TermDocument& document);
  bool remove(std::int64_t id);

  struct WeightedTerm {
    std::string_view term;
    double weight;  // query weight times idf
  };
  void search(std::span<const WeightedTerm> terms, const TermIndexOptions& options, double average_length,
              const ScoreScale& scale, const IdSet* filter, math::TopK& best, std::size_t* scored) const;
  // How many live documents the filter lets through.
  std::size_t count_allowed(const IdSet* filter) const;

  // For save(): everything that was added, removed documents among it.
  std::size_t documents() const { return ids_.size(); }
  bool live(std::size_t document) const { return live_[document] != 0; }
  std::int64_t id(std::size_t document) const { return ids_[document]; }
  std::uint32_t length(std::size_t document) const { return lengths_[document]; }
  const TermTable& terms() const { return terms_; }
  std::span<const Posting> list(std::uint32_t term) const { return lists_[term]; }

 private:
  TermTable terms_;
  std::vector<std::vector<Posting>> lists_;                 // (terms)
  std::vector<std::int64_t> ids_;                           // (documents)
  std::vector<std::uint32_t> lengths_;                      // (documents)
  std::vector<std::uint8_t> live_;                          // (documents)
  std::unordered_map<std::int64_t, std::uint32_t> number_;  // of live documents
  std::uint64_t total_length_ = 0;
};

}  // namespace isogloss::index
