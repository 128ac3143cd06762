// SPDX-License-Identifier: Apache-2.0
// The order in which blocks of a page are read. pdftotext's own order goes wrong where a column begins beside a
// heading, so blocks are cut apart anew (recursive XY cut, Nagy and Seth 1984): bands of the page from top to bottom;
// bands that stand one upon the other and share a gap between columns are columns together, the left one read first, or
// the right one where the script runs from right to left. A region whose short lines stand side by side is a table,
// read row by row.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/utf8.hpp"
#include "input/foreign/pdf_pages.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr float kColumnGap = 5;    // points
constexpr float kSameRow = 3;      // points between the tops of cells of a row
constexpr std::size_t kCell = 20;  // bytes of a cell, on the average, that make a table rather than columns of prose
constexpr std::size_t kTableRows = 2;
constexpr double kFullRows = 0.8;  // of a table's rows have two cells or more
constexpr int kDeepest = 24;

using Block = std::vector<PdfLine>;

struct Area {
  float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
};

Area area_of(const Block& block) {
  Area a;
  for (const PdfLine& line : block) {
    a.left = std::min(a.left, line.left());
    a.top = std::min(a.top, line.top());
    a.right = std::max(a.right, line.right());
    a.bottom = std::max(a.bottom, line.bottom());
  }
  return a;
}

class Order {
 public:
  Order(std::vector<Block> blocks, bool right_to_left) : blocks_(std::move(blocks)), right_to_left_(right_to_left) {
    for (const Block& block : blocks_) areas_.push_back(area_of(block));
  }

  std::vector<Block> run() {
    Set all(blocks_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    take(std::move(all), 0);
    return std::move(out_);
  }

 private:
  using Set = std::vector<std::size_t>;  // of blocks

  void emit(const Set& set) {
    for (const std::size_t i : set) out_.push_back(std::move(blocks_[i]));
  }

  // The set cut at the widest gap between columns; both empty when there is none.
  std::pair<Set, Set> columns(Set set) const {
    std::ranges::sort(set, {}, [this](std::size_t i) { return areas_[i].left; });
    float right = -1e9F, widest = kColumnGap;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const float gap = areas_[set[i]].left - right;
      if (i > 0 && gap > widest) widest = gap, cut = i;
      right = std::max(right, areas_[set[i]].right);
    }
    if (cut == 0) return {};
    const auto middle = set.begin() + static_cast<std::ptrdiff_t>(cut);
    return {Set(set.begin(), middle), Set(middle, set.end())};
  }

  // The set cut at every gap between rows of blocks, top to bottom.
  std::vector<Set> bands(Set set) const {
    std::ranges::stable_sort(set, {}, [this](std::size_t i) { return areas_[i].top; });
    std::vector<Set> out;
    float bottom = -1e9F;
    for (const std::size_t i : set) {
      // Letters of neighbouring lines may touch.
      const float overlap = std::min(2.0F, (areas_[i].bottom - areas_[i].top) / 4);
      if (out.empty() || areas_[i].top >= bottom - overlap) out.emplace_back();
      out.back().push_back(i);
      bottom = std::max(bottom, areas_[i].bottom);
    }
    return out;
  }

  void take(Set set, int depth) {
    if (set.size() < 2 || depth > kDeepest) return emit(set);
    std::vector<Set> rows = bands(set);
    if (rows.size() == 1) return take_band(std::move(rows[0]), depth);
    for (std::size_t i = 0; i < rows.size();) {
      Set together = rows[i];
      std::size_t next = i + 1;
      for (; next < rows.size(); ++next) {
        Set more = together;
        more.insert(more.end(), rows[next].begin(), rows[next].end());
        if (columns(more).first.empty()) break;
        together = std::move(more);
      }
      take_band(std::move(together), depth);
      i = next;
    }
  }

  // Blocks that are columns together, or that no gap parts.
  void take_band(Set set, int depth) {
    auto [left, right] = columns(set);
    if (left.empty()) {
      std::ranges::sort(set);  // as pdftotext has them
      return emit(set);
    }
    if (is_table(set)) return emit_rows(set);
    if (right_to_left_) std::swap(left, right);
    take(std::move(left), depth + 1);
    take(std::move(right), depth + 1);
  }

  // The lines of the blocks, those of a row together.
  std::vector<std::vector<const PdfLine*>> rows_of(const Set& set) const {
    std::vector<const PdfLine*> lines;
    for (const std::size_t i : set) {
      for (const PdfLine& line : blocks_[i]) lines.push_back(&line);
    }
    std::ranges::stable_sort(lines, {}, [](const PdfLine* line) { return line->top(); });
    std::vector<std::vector<const PdfLine*>> rows;
    for (const PdfLine* line : lines) {
      if (rows.empty() || line->top() - rows.back().front()->top() > kSameRow) rows.emplace_back();
      rows.back().push_back(line);
    }
    for (auto& row : rows) {
      std::ranges::sort(row, {},
                        [this](const PdfLine* line) { return right_to_left_ ? -line->right() : line->left(); });
    }
    return rows;
  }

  bool is_table(const Set& set) const {
    const auto rows = rows_of(set);
    std::size_t full = 0, cells = 0, bytes = 0;
    for (const auto& row : rows) {
      full += row.size() > 1 ? 1 : 0;
      cells += row.size();
      for (const PdfLine* cell : row) bytes += cell->text().size();
    }
    return rows.size() >= kTableRows && static_cast<double>(full) >= kFullRows * static_cast<double>(rows.size()) &&
           bytes <= kCell * cells;
  }

  // Every row a block of one line.
  void emit_rows(const Set& set) {
    for (const auto& row : rows_of(set)) {
      PdfLine line;
      for (const PdfLine* cell : row) {
        line.words.insert(line.words.end(), cell->words.begin(), cell->words.end());
        line.leader = line.leader || cell->leader;
      }
      out_.push_back({std::move(line)});
    }
  }

  std::vector<Block> blocks_, out_;
  std::vector<Area> areas_;
  bool right_to_left_;
};

}  // namespace

void put_in_reading_order(PdfPage& page) {
  std::size_t letters = 0, from_right = 0;
  for (const Block& block : page.blocks) {
    for (const PdfLine& line : block) {
      letters += line.words.size();
      from_right += line.words.front().left > line.words.back().left ? line.words.size() : 0;
    }
  }
  page.blocks = Order(std::move(page.blocks), 2 * from_right > letters).run();
}

}  // namespace isogloss::input::foreign
