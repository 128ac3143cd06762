// SPDX-License-Identifier: Apache-2.0
// Whether the same text has the same vector, to the last bit: every text of a file alone on one thread, and then among
// the others, in other orders, on other numbers of threads.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/random.hpp"
#include "core/text.hpp"
#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"

namespace isogloss::evaluation {
namespace {

using Order = std::vector<std::size_t>;

struct Way {
  const char* metric;
  std::size_t batch;  // texts of a call; 0 = all
  bool shuffled;      // else in order of the file
  std::size_t threads;
};
constexpr Way kWays[] = {{"batches", 7, false, 1}, {"batches", 64, false, 1}, {"batches", 0, false, 1},
                         {"order", 0, true, 1},    {"order", 7, true, 1},     {"threads", 0, false, 2},
                         {"threads", 0, false, 3}};

struct Difference {
  bool equal = true;
  double largest = 0;
};

// Whatever the rows are, dense or sparse: same columns with the same bits.
Difference difference(const heads::Features& a, const heads::Features& b, std::size_t i, std::size_t j) {
  Difference out;
  if (!a.is_sparse()) {
    const auto x = a.dense().row(i), y = b.dense().row(j);
    out.equal = std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
    for (std::size_t k = 0; k < x.size(); ++k) {
      out.largest = std::max(out.largest, std::abs(static_cast<double>(x[k]) - static_cast<double>(y[k])));
    }
    return out;
  }
  const auto columns = a.sparse().row_columns(i), others = b.sparse().row_columns(j);
  const auto x = a.sparse().row_values(i), y = b.sparse().row_values(j);
  out.equal = std::ranges::equal(columns, others) && std::memcmp(x.data(), y.data(), x.size_bytes()) == 0;
  for (std::size_t k = 0, l = 0; k < columns.size() || l < others.size();) {
    const bool left = l == others.size() || (k < columns.size() && columns[k] <= others[l]);
    const bool right = k == columns.size() || (l < others.size() && others[l] <= columns[k]);
    out.largest = std::max(out.largest,
                           std::abs((left ? static_cast<double>(x[k]) : 0) - (right ? static_cast<double>(y[l]) : 0)));
    k += left ? 1 : 0;
    l += right ? 1 : 0;
  }
  return out;
}

class Trials {
 public:
  Trials(TextModel& model, std::span<const std::string> texts, Context& context)
      : model_(model), texts_(texts), context_(context), order_(texts.size()), same_(texts.size(), 1) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  // Every text alone, which the others are compared with.
  Status alone() {
    ThreadPool pool(1);
    Context one = on(pool);
    for (const std::string& text : texts_) alone_.push_back(IG_TRY(model_.embed({&text, 1}, Role::none, one)));
    return {};
  }
  // (texts) 1 where the bits are the same.
  Result<std::vector<double>> same(const Way& way) {
    ThreadPool pool(way.threads);
    Context context = on(pool);
    Order order = order_;
    Random random(context.seed);
    if (way.shuffled) random.shuffle(std::span(order));
    std::vector<double> out(texts_.size());
    const std::size_t batch = way.batch == 0 ? order.size() : way.batch;
    for (std::size_t begin = 0; begin < order.size(); begin += batch) {
      const auto picks = std::span(order).subspan(begin, std::min(batch, order.size() - begin));
      std::vector<std::string> some;
      for (const std::size_t i : picks) some.push_back(texts_[i]);
      const heads::Features rows = IG_TRY(model_.embed(some, Role::none, context));
      for (std::size_t k = 0; k < picks.size(); ++k) {
        const Difference found = difference(alone_[picks[k]], rows, 0, k);
        out[picks[k]] = found.equal ? 1 : 0;
        if (!found.equal) same_[picks[k]] = 0;
        largest_ = std::max(largest_, found.largest);
      }
    }
    return out;
  }
  const std::vector<double>& in_every_way() const { return same_; }
  double largest() const { return largest_; }

 private:
  Context on(ThreadPool& pool) const {
    Context out = context_;
    out.pool = &pool;
    out.threads = 0;
    return out;
  }

  TextModel& model_;
  std::span<const std::string> texts_;
  Context& context_;
  Order order_;
  std::vector<heads::Features> alone_;
  std::vector<double> same_;
  double largest_ = 0;
};

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  std::vector<std::string> texts = IG_TRY(read_texts(std::string(place)));
  std::erase_if(texts, [](const std::string& text) { return trim(text).empty(); });
  if (texts.empty()) return fail(Code::corrupt_data, "'" + std::string(place) + "' has no text, one a line.");
  EvalOptions without_cache = options;  // which would answer from one computation
  without_cache.cache = nullptr;
  TextModel model = IG_TRY(TextModel::open(model_name, texts, without_cache, context));
  if (!model.embeds()) return fail(Code::unsupported, "The model only scores pairs; this task needs vectors.");
  Trials trials(model, texts, context);
  IG_TRY(trials.alone());
  std::map<std::string, std::vector<double>> by_metric;  // worst of the ways of a name
  for (const Way& way : kWays) {
    const std::vector<double> same = IG_TRY(trials.same(way));
    auto& worst = by_metric.try_emplace(way.metric, same.size(), 1.0).first->second;
    for (std::size_t i = 0; i < same.size(); ++i) worst[i] = std::min(worst[i], same[i]);
  }
  Report report(model_name, task_name(place), "isogloss: same bits as alone on one thread");
  report.n = report.of = texts.size();
  report.add_mean("identical", trials.in_every_way(), options, context);
  for (const auto& [metric, same] : by_metric) report.add_mean(metric, same, options, context);
  report.add("largest_difference", trials.largest());
  report.record["data"] = IG_TRY(data_hash({std::string(place)}));
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kDeterminismTask{
    "determinism", "FILE", "texts, one a line, alone, in batches, orders, on threads: share with the same bits", run};

}  // namespace isogloss::evaluation
