// SPDX-License-Identifier: Apache-2.0
// Classifiers (Joulin et al. 2017). A text is read once and kept as the numbers of its rows; an epoch goes through all
// lines in an order of its own, where the original follows the file, so that files sorted by label do no harm.
//
//   h = mean of the rows of the line           g = alpha (label - p) for every label that is looked at
//   row += sum g w / (rows of the line)        w += g h
#include <algorithm>
#include <cmath>
#include <mutex>
#include <thread>

#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/text.hpp"
#include "math/softmax.hpp"
#include "math/vector.hpp"
#include "model/fasttext/fasttext_quantise.hpp"
#include "model/fasttext/fasttext_trainer.hpp"
#include "tokens/analysis/word_map.hpp"
#include "tokens/train/word_counts.hpp"
#include "train/pair_kernels.hpp"
#include "train/word_draws.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kPiece = 256;                          // lines of one task
constexpr std::size_t kMostDistinct = std::size_t{1} << 26;  // words while counting; the rarest half goes beyond
constexpr std::uint64_t kOrderStream = std::uint64_t{1} << 61;
constexpr std::uint64_t kFirstStream = std::uint64_t{1} << 62;  // of pieces; those below made the first rows

// Calls word(view) for every word of a record, labels among them, and for the line's end.
template <class Word>
void words_of(const Record& record, const FasttextOptions& o, std::string& scratch, Word&& word) {
  if (!record.label.empty()) word(std::string_view(scratch.assign(o.label_prefix).append(record.label)));
  each_word(record.text, rules_of(o), o.label_prefix, word);
  word(tokens::kLineEnd);
}

// Lines as numbers of rows and labels, one after another.
struct Lines {
  std::vector<std::uint32_t> rows;
  std::vector<std::uint32_t> labels;
  std::vector<std::size_t> row_ends;    // (lines)
  std::vector<std::size_t> label_ends;  // (lines)
  std::size_t size() const { return row_ends.size(); }
  std::size_t bytes() const { return (rows.size() + labels.size()) * 4 + size() * 16; }
  void close() {
    row_ends.push_back(rows.size());
    label_ends.push_back(labels.size());
  }
  static std::span<const std::uint32_t> part(const std::vector<std::uint32_t>& of, const std::vector<std::size_t>& ends,
                                             std::size_t i) {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::span(of).subspan(begin, ends[i] - begin);
  }
  std::span<const std::uint32_t> rows_of(std::size_t i) const { return part(rows, row_ends, i); }
  std::span<const std::uint32_t> labels_of(std::size_t i) const { return part(labels, label_ends, i); }
  void append(const Lines& more) {
    for (const std::size_t end : more.row_ends) row_ends.push_back(rows.size() + end);
    for (const std::size_t end : more.label_ends) label_ends.push_back(labels.size() + end);
    rows.insert(rows.end(), more.rows.begin(), more.rows.end());
    labels.insert(labels.end(), more.labels.begin(), more.labels.end());
  }
};

// From records to lines.
class LineReader {
 public:
  LineReader(const Dataset& data, const FasttextOptions& options, Context& context)
      : data_(data), options_(options), context_(context) {}

  // Words and labels by falling count.
  Status count(formats::FasttextFile& file) {
    const tokens::WordCounts all = IG_TRY(tokens::count_blocks(
        data_,
        [&](std::size_t block, tokens::WordCounts& out) {
          std::string scratch;
          return data_.read_block(
              block,
              [&](const Record& record) -> Status {
                words_of(record, options_, scratch, [&](std::string_view word) { out.add(word); });
                return {};
              },
              context_);
        },
        [](const tokens::WordCounts& counts) { return counts.size() > kMostDistinct; }, [](std::uint64_t) {},
        context_));
    file.tokens = static_cast<std::int64_t>(all.total());
    for (const std::uint32_t i : all.ranked()) {
      const bool label = is_label(all.word(i));
      const auto count = static_cast<std::int64_t>(all.count(i));
      const bool full = options_.max_vocab > 0 && file.words.size() == static_cast<std::size_t>(options_.max_vocab);
      if (count < (label ? options_.min_count_label : options_.min_count) || (!label && full)) continue;
      (label ? file.labels : file.words).add(all.word(i));
      (label ? file.label_counts : file.word_counts).push_back(count);
    }
    if (file.labels.size() == 0) {
      return fail(Code::invalid_argument, "the training text (" + data_.description() +
                                              ") has no label: no column of labels, and no word that begins with '" +
                                              options_.label_prefix + "' (--label-field, --label-prefix).");
    }
    return {};
  }

  void set_dictionary(const formats::FasttextFile& file) {
    for (std::size_t i = 0; i < file.words.size(); ++i) words_.insert(file.words[i]);
    for (std::size_t i = 0; i < file.labels.size(); ++i) labels_.insert(file.labels[i]);
  }

  // How many distinct n-grams of letters and words the lines have.
  Result<std::size_t> distinct_ngrams() {
    DistinctCounter distinct;
    const tokens::Subwords letters(0, letters_rule(1));
    for (std::uint32_t i = 0; options_.maxn > 0 && i < words_.size(); ++i) {
      letters.each_ngram(words_.word(i), [&](const tokens::Ngram& gram) { distinct.add(gram.hash); });
    }
    // With a bucket of 2^32 - 1 rows hardly two share one.
    const tokens::Subwords runs(0, {0, 0, UINT32_MAX});
    std::string scratch;
    std::vector<std::uint32_t> hashes, rows;
    if (options_.word_ngrams > 1) {
      IG_TRY(data_.for_each(
          [&](const Record& record) -> Status {
            hashes.clear();
            rows.clear();
            words_of(record, options_, scratch, [&](std::string_view word) {
              if (!is_label(word)) hashes.push_back(tokens::word_hash(word));
            });
            runs.add_word_ngrams(hashes, static_cast<std::size_t>(options_.word_ngrams), rows);
            for (const std::uint32_t row : rows) distinct.add(row);
            return {};
          },
          context_));
    }
    return distinct.count();
  }

  Result<Lines> read(const formats::FasttextFile& file, std::size_t limit) {
    Lines out;
    const std::size_t wave = context_.thread_count();
    tokens::Subwords subwords(words_.size(), letters_rule(static_cast<std::size_t>(file.settings.bucket)));
    if (file.pruned) subwords.keep_only({file.kept.begin(), file.kept.end()});
    for (std::size_t first = 0; first < data_.blocks(); first += wave) {
      const std::size_t count = std::min(wave, data_.blocks() - first);
      std::vector<Lines> parts(count);
      std::vector<Status> failures(count);
      parallel_for(context_, count, 1,
                   [&](std::size_t i, std::size_t) { failures[i] = read_block(first + i, subwords, parts[i]); });
      for (std::size_t i = 0; i < count; ++i) {
        IG_TRY(std::move(failures[i]));
        out.append(parts[i]);
      }
      if (out.bytes() > limit) {
        return fail(Code::out_of_memory,
                    "the training text takes more than half of the memory limit as numbers. Raise "
                    "--memory-limit, or give fewer texts.");
      }
    }
    return out;
  }

  bool is_label(std::string_view word) const {
    return word.starts_with(options_.label_prefix) && !options_.label_prefix.empty();
  }

 private:
  tokens::Subwords::Rule letters_rule(std::size_t bucket) const {
    return {static_cast<std::size_t>(options_.minn), static_cast<std::size_t>(options_.maxn), bucket};
  }

  Status read_block(std::size_t block, const tokens::Subwords& subwords, Lines& out) {
    std::string scratch;
    std::vector<std::uint32_t> hashes;
    return data_.read_block(
        block,
        [&](const Record& record) -> Status {
          hashes.clear();
          words_of(record, options_, scratch, [&](std::string_view word) {
            if (is_label(word)) {
              const std::uint32_t label = labels_.find(word);
              if (label != tokens::WordMap::kNone) out.labels.push_back(label);
              return;
            }
            const std::uint32_t id = words_.find(word);
            if (id != tokens::WordMap::kNone) out.rows.push_back(id);
            subwords.add_ngrams(word, out.rows);
            if (options_.word_ngrams > 1) hashes.push_back(tokens::word_hash(word));
          });
          subwords.add_word_ngrams(hashes, static_cast<std::size_t>(options_.word_ngrams), out.rows);
          out.close();
          return {};
        },
        context_);
  }

  const Dataset& data_;
  const FasttextOptions& options_;
  Context& context_;
  tokens::WordMap words_, labels_;
};

struct ClassifierSetup {
  FasttextOptions options;
  training::RowMatrix* inputs = nullptr;   // (words + buckets, dim)
  training::RowMatrix* outputs = nullptr;  // (labels, dim); with hs the inner nodes of the tree
  training::AliasTable negatives;
  training::HuffmanTree tree;
  const training::PairKernels* kernels = nullptr;
};

// One thread's work.
class LabelSteps {
 public:
  LabelSteps(const ClassifierSetup& setup, Random random) : setup_(setup), random_(random) {
    const std::size_t padded = setup.inputs->padded();
    hidden_.resize(padded);
    error_.resize(padded);
    row_[0] = hidden_.data();
    for (std::size_t i = 0; i < setup.outputs->rows(); ++i) all_.push_back(setup.outputs->row(i));
  }

  void line(std::span<const std::uint32_t> rows, std::span<const std::uint32_t> labels, float alpha) {
    if (rows.empty() || labels.empty()) return;
    const training::RowMatrix& inputs = *setup_.inputs;
    const std::size_t padded = inputs.padded();
    const float share = 1.0F / static_cast<float>(rows.size());
    shares_.assign(rows.size(), share);
    math::weighted_sum(shares_, rows, inputs.row(0), padded, hidden_);
    const std::uint32_t label = labels[labels.size() == 1 ? 0 : random_.bounded(labels.size())];
    training::PairStep step = make_step(alpha);
    if (setup_.options.loss == "softmax") {
      softmax(step, label);
    } else {
      targets_of(step, labels, label);
      setup_.kernels->measure(step);
      watch(step);
      setup_.kernels->update(step);
    }
    ++lines_;
    for (const std::uint32_t row : rows) math::add_scaled(share, error_, {setup_.inputs->row(row), padded});
  }

  double loss() const { return lines_ > 0 ? loss_ / lines_ : 0; }

 private:
  training::PairStep make_step(float alpha) {
    training::PairStep step;
    step.rows = row_;
    step.row_count = 1;
    step.errors = error_.data();
    step.dim = setup_.inputs->padded();
    step.alpha = alpha;
    return step;
  }

  void size(training::PairStep& step, float* const* targets, std::size_t count) {
    step.targets = targets;
    step.target_count = count;
    step.stride = (count + training::kRowFloats - 1) / training::kRowFloats * training::kRowFloats;
    if (gradients_.size() < step.stride) {
      gradients_.resize(step.stride);
      labels_.resize(step.stride);
      weights_.resize(step.stride, 1.0F);
      scratch_.resize((1 + step.stride) * training::kRowFloats);
    }
    step.labels = labels_.data();
    step.weights = weights_.data();
    step.gradients = gradients_.data();
    step.scratch = scratch_.data();
  }

  void softmax(training::PairStep& step, std::uint32_t label) {
    size(step, all_.data(), all_.size());
    const std::span<float> scores(gradients_.data(), all_.size());
    math::dot_rows(hidden_, all_[0], scores);
    const float wanted = scores[label];
    loss_ += static_cast<double>(math::softmax(scores) - wanted);
    for (float& p : scores) p *= -step.alpha;
    scores[label] += step.alpha;
    setup_.kernels->apply(step);
  }

  void targets_of(training::PairStep& step, std::span<const std::uint32_t> labels, std::uint32_t label) {
    const FasttextOptions& o = setup_.options;
    if (o.loss == "ova") {
      size(step, all_.data(), all_.size());
      std::ranges::fill(labels_, 0.0F);
      for (const std::uint32_t right : labels) labels_[right] = 1;
      return;
    }
    targets_.clear();
    if (o.loss == "hs") {
      for (const std::uint32_t node : setup_.tree.nodes(label)) targets_.push_back(setup_.outputs->row(node));
      size(step, targets_.data(), targets_.size());
      for (std::size_t i = 0; i < targets_.size(); ++i) labels_[i] = 1 - setup_.tree.labels(label)[i];
      return;
    }
    targets_.push_back(all_[label]);
    for (std::int64_t n = 0; n < o.negative && all_.size() > 1; ++n) {
      std::uint32_t other = label;
      while (other == label) other = setup_.negatives.draw(random_.next());
      targets_.push_back(all_[other]);
    }
    size(step, targets_.data(), targets_.size());
    std::ranges::fill(labels_, 0.0F);
    labels_[0] = 1;
  }

  void watch(const training::PairStep& step) {
    for (std::size_t t = 0; t < step.target_count; ++t) {
      const double s = static_cast<double>(gradients_[t]);
      loss_ += std::log1p(std::exp(std::min(labels_[t] > 0 ? -s : s, 80.0)));
    }
    if (step.target_count == 0) std::ranges::fill(error_, 0.0F);
  }

  const ClassifierSetup& setup_;
  Random random_;
  std::vector<float> hidden_, error_;  // (padded)
  float* row_[1] = {nullptr};
  std::vector<float*> all_;  // (labels)
  std::vector<float*> targets_;
  std::vector<float> labels_, weights_, gradients_, scratch_, shares_;
  double loss_ = 0, lines_ = 0;
};

class ClassifierTraining {
 public:
  ClassifierTraining(const FasttextOptions& options, Context& context)
      : context_(context), main_(std::this_thread::get_id()) {
    setup_.options = options;
  }

  Result<formats::FasttextFile> run(const Dataset& data) {
    IG_TRY(prepare(data));
    IG_TRY(train());
    if (setup_.options.cutoff == 0) return std::move(file_);
    prune_rows(file_, static_cast<std::size_t>(setup_.options.cutoff));
    if (setup_.options.retrain && file_.pruned) {
      IG_TRY(prepare_again(data));
      IG_TRY(train());
    }
    return std::move(file_);
  }

 private:
  // All epochs; the rows end up in the file.
  Status train() {
    const auto epochs = static_cast<std::size_t>(setup_.options.epochs);
    std::vector<std::uint32_t> order(lines_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    Context alone = context_;
    alone.threads = 1;
    const Context& here = setup_.options.deterministic ? alone : context_;
    for (epoch_ = 0; epoch_ < epochs; ++epoch_) {
      Random(context_.seed, kOrderStream + epoch_).shuffle(std::span(order));
      loss_ = pieces_ = 0;
      parallel_for(here, order.size(), kPiece, [&](std::size_t begin, std::size_t end) {
        if (context_.check()) train_piece(order, begin, end);  // else told below
      });
      IG_TRY(context_.check());
    }
    const std::string remedy = "alpha (" + std::to_string(setup_.options.alpha) + ")";
    IG_TRY(training::check_finite(inputs_, remedy));
    IG_TRY(training::check_finite(outputs_, remedy));
    context_.say(LogLevel::info, std::to_string(epochs) + " x " + counted(lines_.size(), "text") + " read; loss " +
                                     std::to_string(pieces_ > 0 ? loss_ / pieces_ : 0) + " a text.");
    lines_ = {};
    const std::size_t rows = inputs_.rows(), labels = outputs_.rows(), dim = inputs_.dim();
    file_.input = formats::FasttextMatrix::holding(std::move(inputs_).compact(), rows, dim);
    file_.output = formats::FasttextMatrix::holding(std::move(outputs_).compact(), labels, dim);
    return {};
  }

  // The rows that are left, and the lines by them.
  Status prepare_again(const Dataset& data) {
    LineReader reader(data, setup_.options, context_);
    reader.set_dictionary(file_);
    lines_ = IG_TRY(reader.read(file_, memory_for_lines()));
    inputs_ = rows_of(file_.input);
    outputs_ = rows_of(file_.output);
    return {};
  }

  static training::RowMatrix rows_of(const formats::FasttextMatrix& m) {
    training::RowMatrix out(m.rows, m.columns);
    for (std::size_t i = 0; i < m.rows; ++i) std::copy_n(m.values.data() + i * m.columns, m.columns, out.row(i));
    return out;
  }

  std::size_t memory_for_lines() const { return context_.memory_limit == 0 ? SIZE_MAX : context_.memory_limit / 2; }

  Status prepare(const Dataset& data) {
    const FasttextOptions& o = setup_.options;
    LineReader reader(data, o, context_);
    IG_TRY(reader.count(file_));
    const Pretrained pretrained = IG_TRY(read_pretrained(o, context_));
    add_pretrained_words(pretrained, file_);
    reader.set_dictionary(file_);
    std::size_t bucket = 0;
    if (o.maxn > 0 || o.word_ngrams > 1) {
      bucket = o.bucket > 0 ? static_cast<std::size_t>(o.bucket) : bucket_for(IG_TRY(reader.distinct_ngrams()));
    }
    file_.settings = settings_of(o, bucket);
    lines_ = IG_TRY(reader.read(file_, memory_for_lines()));
    const auto dim = static_cast<std::size_t>(o.dim);
    inputs_ = random_rows(file_.words.size() + bucket, dim, context_);
    copy_pretrained(pretrained, file_, inputs_);
    outputs_ = training::RowMatrix(file_.labels.size(), dim);
    const std::vector<std::uint64_t> counts(file_.label_counts.begin(), file_.label_counts.end());
    if (o.loss == "hs") setup_.tree = training::HuffmanTree(counts);
    if (o.loss == "ns") setup_.negatives = training::negative_table(counts, o.ns_exponent);
    setup_.inputs = &inputs_;
    setup_.outputs = &outputs_;
    setup_.kernels = &training::pair_kernels();
    context_.say(LogLevel::info, counted(lines_.size(), "text") + ", " + counted(file_.labels.size(), "label") + ", " +
                                     counted(file_.words.size(), "word") + ", " + counted(bucket, "row") +
                                     " for n-grams.");
    return context_.check();
  }

  void train_piece(std::span<const std::uint32_t> order, std::size_t begin, std::size_t end) {
    LabelSteps steps(setup_, Random(context_.seed, kFirstStream + (epoch_ << 32 | begin / kPiece)));
    const double all = static_cast<double>(order.size()) * static_cast<double>(setup_.options.epochs);
    for (std::size_t i = begin; i < end; ++i) {
      const double done = static_cast<double>(epoch_ * order.size() + i) / all;
      if (i + 1 < end) fetch(lines_.rows_of(order[i + 1]));
      steps.line(lines_.rows_of(order[i]), lines_.labels_of(order[i]),
                 static_cast<float>(setup_.options.alpha * (1 - done)));
    }
    const std::lock_guard lock(mutex_);
    loss_ += steps.loss();
    pieces_ += 1;
    if (std::this_thread::get_id() != main_) return;
    context_.report({"train", "texts", static_cast<double>(epoch_ * order.size() + end), all, loss_ / pieces_});
  }

  void fetch(std::span<const std::uint32_t> rows) const {
    for (const std::uint32_t row : rows) training::prefetch_row(inputs_.row(row), inputs_.padded());
  }

  Context& context_;
  decltype(std::this_thread::get_id()) main_;  // progress is told from here alone
  formats::FasttextFile file_;
  ClassifierSetup setup_;
  Lines lines_;
  training::RowMatrix inputs_, outputs_;
  std::uint64_t epoch_ = 0;
  std::mutex mutex_;
  double loss_ = 0, pieces_ = 0;
};

}  // namespace

Result<formats::FasttextFile> train_classifier(const Dataset& data, const FasttextOptions& options, Context& context) {
  IG_TRY(context.check());
  return ClassifierTraining(options, context).run(data);
}

}  // namespace isogloss::model
