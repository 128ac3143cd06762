// SPDX-License-Identifier: Apache-2.0
#include "runtime/analysis.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::size_t kMaxTableBytes = std::size_t{64} << 20;

}  // namespace

struct TermCounter::Bench {
  explicit Bench(tokens::TextAnalyzerPtr analyzer) : table(std::move(analyzer)) {}
  tokens::TermTable table;
  std::vector<std::uint32_t> ids;
  std::vector<std::uint32_t> place;  // (terms) 1 + where the term stands in the output; 0 = not yet in it
};

TermCounter::TermCounter(AnalyzerSpec spec, tokens::TextAnalyzerPtr analyzer)
    : spec_(std::move(spec)), analyzer_(std::move(analyzer)) {}
TermCounter::~TermCounter() = default;

Result<std::unique_ptr<TermCounter>> TermCounter::make(const AnalyzerSpec& spec) {
  auto analyzer = IG_TRY(tokens::TextAnalyzer::make(spec));
  return std::unique_ptr<TermCounter>(new TermCounter(spec, std::move(analyzer)));
}

std::unique_ptr<TermCounter::Bench> TermCounter::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Bench>(analyzer_);
  auto bench = std::move(idle_.back());
  idle_.pop_back();
  return bench;
}

void TermCounter::give_back(std::unique_ptr<Bench> bench) {
  if (bench->table.bytes() > kMaxTableBytes) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(bench));
}

void TermCounter::count(std::string_view text, TermCounts& out) {
  auto bench = take();
  bench->table.add_text(text, bench->ids);
  bench->place.resize(bench->table.size(), 0);
  out.terms.clear();
  out.terms.reserve(bench->ids.size());
  out.length = 0;
  for (const std::uint32_t id : bench->ids) {
    if (id == tokens::TermTable::kNone) continue;
    ++out.length;
    std::uint32_t& place = bench->place[id];
    if (place == 0) {
      out.terms.emplace_back(bench->table.term(id), 0);
      place = static_cast<std::uint32_t>(out.terms.size());
    }
    ++out.terms[place - 1].second;
  }
  for (const std::uint32_t id : bench->ids) {
    if (id != tokens::TermTable::kNone) bench->place[id] = 0;
  }
  give_back(std::move(bench));
}

}  // namespace isogloss::runtime
