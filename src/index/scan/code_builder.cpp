// SPDX-License-Identifier: Apache-2.0
// Lists are clusters of a sample (k-means, some rounds: the lists only have to be near enough), with centres rounded to
// bf16 before any row is coded, so that nothing is lost by the rounding. About sqrt(n) lists: with half or twice as
// many a search of 50,000 takes up to a tenth longer.
//
// The calibration takes up to 400 rows as queries, finds the ten nearest of each among all other rows (a matrix
// product) and notes for every one of them how far a search would have had to go to keep it. What is needed for a
// recall is then a quantile of those numbers; how much searches with such numbers really miss is measured in turn.
#include "index/scan/code_builder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "core/parallel.hpp"
#include "index/scan/part_search.hpp"
#include "math/gemm.hpp"
#include "math/kmeans.hpp"
#include "math/topk.hpp"
#include "math/vector.hpp"
#include "simd/kernels.hpp"

namespace isogloss::index {
namespace {

constexpr std::size_t kSampleRows = 48;  // per list
constexpr std::size_t kRounds = 6;
constexpr std::size_t kChunk = 8192;  // rows read at once
constexpr std::size_t kMostQueries = 400;
constexpr std::size_t kRowsPerQuery = 64;  // smaller sets are asked less, so that this takes no longer than the codes
constexpr std::size_t kNeighbours = 10;    // of each that are asked what they need
constexpr std::size_t kMostNeighbours = 100;  // that searches are measured by
constexpr std::size_t kSpare = 16;            // rows beyond those, which the rounding of a product may have moved
constexpr std::size_t kDear = 4096;           // rows scored by bytes
constexpr std::size_t kMostDear = 32;
constexpr std::uint64_t kSeed = 42;

// Rows minus the centre of all, as a matrix.
class Centred {
 public:
  Centred(const Coder& coder, const ReadRow& read) : coder_(coder), read_(read) {}
  // out (rows, dim) from row_at(0), row_at(1), ...
  template <class RowAt>
  void read(math::Matrix& out, std::size_t rows, const RowAt& row_at) const {
    for (std::size_t i = 0; i < rows; ++i) {
      read_(row_at(i), out.row(i));
      for (std::size_t d = 0; d < coder_.centre().size(); ++d) out.row(i)[d] -= coder_.centre()[d];
    }
  }

 private:
  const Coder& coder_;
  const ReadRow& read_;
};

std::size_t lists_for(std::size_t count) {
  return std::size_t{1} << static_cast<unsigned>(std::lround(0.5 * std::log2(static_cast<double>(count))));
}

// Centres of the lists, rounded to bf16 and widened again. (lists, dim)
Result<math::Matrix> cluster(std::size_t count, std::size_t lists, const Centred& rows, std::size_t dim,
                             std::vector<std::uint16_t>& narrow, const Context& context) {
  const std::size_t sample = std::min(count, kSampleRows * lists);
  math::Matrix points(sample, dim);
  rows.read(points, sample, [&](std::size_t i) { return i * count / sample; });
  Context fixed = context;
  fixed.seed = kSeed;
  math::KMeansOptions options;
  options.clusters = lists;
  options.rounds = kRounds;
  options.seed_sample = 8;
  math::KMeans found = IG_TRY(math::kmeans(points.view(), options, fixed));
  narrow.resize(lists * dim);
  for (std::size_t list = 0; list < lists; ++list) {
    std::uint16_t* to = narrow.data() + list * dim;
    simd::kernels().f32_to_bf16(found.centroids.row(list).data(), to, dim);
    simd::kernels().bf16_to_f32(to, found.centroids.row(list).data(), dim);
  }
  return std::move(found.centroids);
}

// Sorts the rows into lists: starts, row_of and position.
void arrange(std::size_t count, const Centred& rows, const math::Matrix& centres, ListBuffer& lists,
             const Context& context) {
  std::vector<std::uint32_t> list_of(count);
  parallel_for(context, count, kChunk, [&](std::size_t begin, std::size_t end) {
    math::Matrix some(end - begin, centres.columns());
    rows.read(some, end - begin, [&](std::size_t i) { return begin + i; });
    math::assign_nearest(some.view(), centres.view(), std::span(list_of).subspan(begin, end - begin), Context{});
  });
  lists.starts.assign(centres.rows() + 1, 0);
  for (const std::uint32_t list : list_of) ++lists.starts[list + 1];
  std::partial_sum(lists.starts.begin(), lists.starts.end(), lists.starts.begin());
  std::vector<std::uint32_t> next(lists.starts.begin(), lists.starts.end() - 1);
  lists.row_of.resize(count);
  lists.position.resize(count);
  for (std::size_t i = 0; i < count; ++i) lists.row_of[next[list_of[i]]++] = static_cast<std::uint32_t>(i);
  std::uint32_t first = 0;
  for (std::size_t list = 0; list < centres.rows(); ++list) {
    const std::uint32_t size = lists.starts[list + 1] - lists.starts[list];
    for (std::uint32_t i = 0; i < size; ++i) lists.position[lists.row_of[lists.starts[list] + i]] = first + i;
    first += (size + 63) / 64 * 64;
  }
}

void code_lists(BuiltCodes& built, const math::Matrix& centres, const ReadRow& read, const Context& context) {
  ListBuffer& lists = built.lists;
  const std::size_t dim = centres.columns();
  lists.adds.assign(centres.rows(), 0.0F);
  lists.radii.assign(centres.rows(), 0.0F);
  const Lists layout(lists.view());
  built.codes->resize(layout.positions(), lists.row_of.size());
  std::vector<Spread> spreads(centres.rows());
  parallel_for(context, centres.rows(), 1, [&](std::size_t list, std::size_t) {
    std::vector<float> x(dim);
    std::vector<float> centre(centres.row(list).begin(), centres.row(list).end());
    for (std::size_t d = 0; d < built.coder->centre().size(); ++d) centre[d] += built.coder->centre()[d];
    const std::size_t first = layout.first_block(list) * kBlockRows;
    const std::size_t size = lists.starts[list + 1] - lists.starts[list];
    double adds = 0;
    double squares = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t rank = lists.starts[list] + i;
      read(lists.row_of[rank], x);
      const Coder::Measures row = built.coder->encode(x, centre, first + i, rank, *built.codes);
      spreads[list].sum += row.left_out;
      adds += row.add;
      squares += row.squares;
    }
    spreads[list].rows = static_cast<double>(size);
    lists.adds[list] = size > 0 ? static_cast<float>(adds / static_cast<double>(size)) : 0.0F;
    lists.radii[list] = size > 0 ? static_cast<float>(std::sqrt(squares / static_cast<double>(size))) : 0.0F;
  });
  Spread all;
  for (const Spread& spread : spreads) {
    all.sum += spread.sum;
    all.rows += spread.rows;
  }
  built.deviation = all.deviation();
}

// Rows in one run of blocks, without lists.
void code_run(BuiltCodes& built, std::size_t count, const ReadRow& read, const Context& context) {
  const std::size_t positions = (count + kBlockRows - 1) / kBlockRows * kBlockRows;
  built.codes->resize(positions, positions);
  Spread spread;
  code_rows(*built.coder, 0, count, read, *built.codes, spread, context);
  built.deviation = spread.deviation();
}

class Calibrating {
 public:
  Calibrating(const BuiltCodes& built, std::size_t count, std::size_t dim, const ReadRow& read)
      : built_(built),
        count_(count),
        dim_(dim),
        read_(read),
        lists_(built.lists.adds.empty() ? Lists() : Lists(built.lists.view())) {}

  Calibration run(const Context& context) {
    const std::size_t queries = query_count();
    math::Matrix q(queries, dim_);
    Centred(*built_.coder, read_).read(q, queries, [&](std::size_t i) { return query_row(i); });
    std::vector<math::TopK> nearest = find_nearest(q, context);
    std::vector<float> reach;
    std::vector<float> room;
    std::vector<float> x(dim_);
    std::vector<Measured> measured(queries);
    for (std::size_t i = 0; i < queries; ++i) {
      read_(query_row(i), x);
      measured[i].query = built_.coder->query(x);
      measured[i].self = query_row(i);
      measured[i].near = rescored(nearest[i].take(), q.row(i));
      note(measured[i], reach, room);
    }
    Calibration out;
    out.reach = Calibration::points_of(std::move(reach));
    out.room = Calibration::points_of(std::move(room));
    const bool cheap = keep_cheap(measured, out);
    for (std::size_t i = 0; i < out.missed.size(); ++i) {
      if (!cheap) {
        for (std::size_t point = 0; point < Calibration::kPoints; ++point) {
          out.missed[i][point] = static_cast<float>(Calibration::miss_at(point));
        }
        continue;
      }
      const std::size_t some = Calibration::kMeasured[i] > kNeighbours ? measured.size() / 4 : measured.size();
      out.missed[i] = measure(std::span(measured).first(some), Calibration::kMeasured[i], out, context);
    }
    return out;
  }

 private:
  // A row as a query, and its true neighbours (rows).
  struct Measured {
    CodedQuery query;
    std::size_t self = 0;
    std::vector<math::Scored> near;
  };

  std::size_t query_count() const { return std::min(kMostQueries, count_ / kRowsPerQuery); }
  std::size_t query_row(std::size_t i) const { return i * count_ / query_count(); }
  std::size_t position_of(std::size_t row) const {
    return built_.lists.position.empty() ? row : built_.lists.position[row];
  }

  // Inner products (coder.hpp) of all rows with the queries; ids are rows.
  std::vector<math::TopK> find_nearest(const math::Matrix& q, const Context& context) const {
    const math::PackedRight right(q.view().transposed());
    const std::size_t blocks = (count_ + kChunk - 1) / kChunk;
    std::vector<std::vector<math::TopK>> parts(
        blocks, std::vector<math::TopK>(q.rows(), math::TopK(kMostNeighbours + 1 + kSpare)));
    parallel_for(context, count_, kChunk, [&](std::size_t begin, std::size_t end) {
      std::vector<math::TopK>& best = parts[begin / kChunk];
      math::Matrix some(end - begin, dim_);
      Centred(*built_.coder, read_).read(some, end - begin, [&](std::size_t i) { return begin + i; });
      math::Matrix scores(end - begin, q.rows());
      math::gemm(some.view(), right, scores.view(), math::Write::set, Context{});
      for (std::size_t i = 0; i < end - begin; ++i) {
        const float add = built_.codes->adds[position_of(begin + i)];
        for (std::size_t j = 0; j < q.rows(); ++j) {
          const float score = scores.row(i)[j] + add;
          if (score >= best[j].threshold()) best[j].push(score, static_cast<std::int64_t>(begin + i));
        }
      }
    });
    for (std::size_t block = 1; block < blocks; ++block) {
      for (std::size_t j = 0; j < q.rows(); ++j) parts[0][j].merge(parts[block][j]);
    }
    return std::move(parts[0]);
  }

  // The same with scores that have the same bits on every instruction set, which those of a product have not. q (dim)
  std::vector<math::Scored> rescored(const std::vector<math::Scored>& near, std::span<const float> q) const {
    math::TopK best(kMostNeighbours + 1);
    math::Matrix row(1, dim_);
    for (const math::Scored& one : near) {
      const auto number = static_cast<std::size_t>(one.id);
      Centred(*built_.coder, read_).read(row, 1, [&](std::size_t) { return number; });
      best.push(math::dot(q, row.row(0)) + built_.codes->adds[position_of(number)], one.id);
    }
    return best.take();
  }

  // What each neighbour needs.
  void note(Measured& one_query, std::vector<float>& reach, std::vector<float>& room) const {
    const CodedQuery& query = one_query.query;
    std::vector<math::Scored>& near = one_query.near;
    std::erase_if(near, [&](const math::Scored& one) { return one.id == static_cast<std::int64_t>(one_query.self); });
    if (near.size() > kMostNeighbours) near.pop_back();
    if (near.empty() || query.length == 0) return;
    std::vector<float> widened(dim_);
    for (const math::Scored& one : std::span(near).first(std::min(kNeighbours, near.size()))) {
      const float limit = one.score;  // as if it were the last to be found
      const std::size_t position = position_of(static_cast<std::size_t>(one.id));
      float shift = 0;
      if (lists_.count() != 0) {
        const std::size_t list = lists_.list_of(position);
        simd::kernels().bf16_to_f32(built_.lists.centres.data() + list * dim_, widened.data(), dim_);
        shift = math::dot(query.centred, widened);
        const float radius = built_.lists.radii[list] * query.length;
        if (radius > 0) reach.push_back((limit - shift - built_.lists.adds[list]) / radius);
      }
      const float error = built_.codes->factors[position] * query.length * static_cast<float>(built_.deviation);
      if (error > 0) room.push_back((limit - key(query, position, shift)) / error);
    }
  }

  // Drops queries near so many equal rows that they would take long to measure; false when they are common, and the
  // nominal rates have to do.
  bool keep_cheap(std::vector<Measured>& queries, const Calibration& calibration) const {
    RowMask live = lists_.count() != 0 ? lists_.filled() : RowMask(count_);
    if (lists_.count() == 0) live.flip(count_);
    std::vector<Measured> cheap;
    std::size_t dear = 0;
    for (Measured& one : queries) {
      PartCost cost;
      search(one, 1, 0, calibration, live, cost);
      if (cost.bytes <= kDear) {
        cheap.push_back(std::move(one));
      } else if (++dear > kMostDear) {
        return false;
      }
    }
    queries = std::move(cheap);
    return queries.size() >= 2 * kMostDear;
  }

  // Positions that a search at a nominal rate leaves for the exact rows, ascending.
  std::vector<std::uint32_t> search(const Measured& one, std::size_t k, std::size_t point,
                                    const Calibration& calibration, const RowMask& live, PartCost& cost) const {
    const bool listed = lists_.count() != 0;
    CodedPart part{built_.codes->view(), listed ? &lists_ : nullptr, built_.largest, dim_, {}};
    if (listed) part.shifts = list_shifts(lists_, one.query);
    const Effort effort = calibration.nominal(Calibration::miss_at(point), listed, built_.deviation, one.query.length);
    float nothing = -INFINITY;
    std::vector<std::uint32_t> found =
        candidates_by_codes(part, one.query, {live.words(), nullptr}, effort, k, nothing, cost);
    std::ranges::sort(found);
    return found;
  }

  // What searches for k rows miss at every other nominal rate, the points between them in the middle.
  Calibration::Points measure(std::span<const Measured> queries, std::size_t k, const Calibration& calibration,
                              const Context& context) const {
    std::vector<std::array<double, Calibration::kPoints>> missed(queries.size());
    parallel_for(context, queries.size(), 8, [&](std::size_t begin, std::size_t end) {
      RowMask live = lists_.count() != 0 ? lists_.filled() : RowMask(count_);
      if (lists_.count() == 0) live.flip(count_);
      for (std::size_t i = begin; i < end; ++i) {
        live.erase(position_of(queries[i].self));
        missed[i] = missed_by(queries[i], k, calibration, live);
        live.insert(position_of(queries[i].self));
      }
    });
    Calibration::Points out{};
    for (std::size_t point = 0; point < Calibration::kPoints; point += 2) {
      double sum = 0;
      for (const auto& one : missed) sum += one[point];
      const auto mean = static_cast<float>(sum / static_cast<double>(queries.size()));
      out[point] = point > 0 ? std::min(mean, out[point - 2]) : mean;
      if (point > 0) out[point - 1] = (out[point - 2] + out[point]) / 2;
    }
    return out;
  }

  std::array<double, Calibration::kPoints> missed_by(const Measured& one, std::size_t k, const Calibration& calibration,
                                                     const RowMask& live) const {
    const std::span<const math::Scored> near = std::span(one.near).first(std::min(k, one.near.size()));
    std::array<double, Calibration::kPoints> out{};
    for (std::size_t point = 0; point < Calibration::kPoints; point += 2) {
      PartCost cost;
      const std::vector<std::uint32_t> found = search(one, k, point, calibration, live, cost);
      for (const math::Scored& neighbour : near) {
        const auto position = static_cast<std::uint32_t>(position_of(static_cast<std::size_t>(neighbour.id)));
        if (!std::ranges::binary_search(found, position)) out[point] += 1.0 / static_cast<double>(near.size());
      }
    }
    return out;
  }

  // The estimate of one row from signs.
  float key(const CodedQuery& query, std::size_t position, float shift) const {
    const CodedRows rows = built_.codes->view();
    const std::size_t block = position / kBlockRows;
    const std::size_t width = built_.coder->width();
    const std::uint64_t live = 1ULL << (position % kBlockRows);
    const CodeBlocks one{rows.codes.data() + block * block_bytes(width),
                         rows.factors.data() + block * kBlockRows,
                         rows.adds.data() + block * kBlockRows,
                         &live,
                         1,
                         width / kStepDims};
    CodeQuery code = query.code;
    code.shift = shift;
    float keys[kBlockRows + 16];
    std::uint32_t found[kBlockRows + 16];
    return code_kernels().scan(one, code, -INFINITY, keys, found) == 1 ? keys[0] : 0.0F;
  }

  const BuiltCodes& built_;
  std::size_t count_;
  std::size_t dim_;
  const ReadRow& read_;
  Lists lists_;
};

}  // namespace

Result<BuiltCodes> build_codes(std::size_t count, std::size_t dim, Metric metric, const ReadRow& read,
                               const Context& context) {
  BuiltCodes built;
  RowStatistics statistics = measure_rows(count, dim, read, context);
  built.largest = statistics.largest;
  built.coder = std::make_shared<const Coder>(dim, metric, std::move(statistics.centre));
  if (count < kLeastCoded || built.largest > kLongestCoded) return built;
  IG_TRY(context.check());
  built.codes = std::make_unique<CodeBuffer>(built.coder->width());
  if (count >= kLeastListed) {
    const Centred centred(*built.coder, read);
    const math::Matrix centres = IG_TRY(cluster(count, lists_for(count), centred, dim, built.lists.centres, context));
    IG_TRY(context.check());
    arrange(count, centred, centres, built.lists, context);
    IG_TRY(context.check());
    code_lists(built, centres, read, context);
  } else {
    code_run(built, count, read, context);
  }
  IG_TRY(context.check());
  if (count >= kLeastCalibrated) built.calibration = Calibrating(built, count, dim, read).run(context);
  return built;
}

Result<BuiltCodes> build_changes(std::size_t count, std::shared_ptr<const Coder> coder, const ReadRow& read,
                                 const Context& context) {
  BuiltCodes built;
  built.coder = std::move(coder);
  built.largest = measure_rows(count, built.coder->dim(), read, context).largest;
  if (count == 0 || built.largest > kLongestCoded) return built;
  built.codes = std::make_unique<CodeBuffer>(built.coder->width());
  code_run(built, count, read, context);
  IG_TRY(context.check());
  return built;
}

}  // namespace isogloss::index
