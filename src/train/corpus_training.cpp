// SPDX-License-Identifier: Apache-2.0
#include "train/corpus_training.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "core/text.hpp"

namespace isogloss::training {

Status CorpusTraining::run(const MakePiece& make, std::string_view remedy) {
  IG_TRY(resume());
  while (at_.epoch < options_.epochs) {
    IG_TRY(corpus_.pass([&](std::span<const vectors::CorpusPiece> pieces) { return train(pieces, make); }, context_));
    at_ = {at_.epoch + 1, 0, at_.words};
    last_loss_ = mean_loss();
    loss_ = pieces_ = 0;
    context_.report({"train", "words", static_cast<double>(at_.words), all_words(), last_loss_});
  }
  const std::uint64_t expected = options_.epochs * corpus_.total();
  if (at_.words != expected) {
    return fail(Code::internal,
                "training saw " + std::to_string(at_.words) + " words of " + std::to_string(expected) + ".");
  }
  for (const auto& [name, matrix] : matrices_) IG_TRY(check_finite(*matrix, remedy));
  context_.say(LogLevel::info, std::to_string(options_.epochs) + " x " + counted(corpus_.total(), "word") +
                                   " read, as expected; loss " + std::to_string(last_loss_) + " a pair.");
  return {};
}

Status CorpusTraining::train(std::span<const vectors::CorpusPiece> pieces, const MakePiece& make) {
  Context alone = context_;
  alone.threads = 1;
  const Context& context = options_.deterministic ? alone : context_;
  next_ = 0;
  while (next_ < pieces.size() && pieces[next_].number < at_.piece) ++next_;  // done before the interruption
  while (next_ < pieces.size()) {
    first_ = next_;
    parallel_for(context, context.thread_count(), 1, [&](std::size_t, std::size_t) {
      while (const vectors::CorpusPiece* piece = claim(pieces)) train_piece(*piece, make);
    });
    at_.piece = next_ < pieces.size() ? pieces[next_].number : pieces.back().number + 1;
    const Status go_on = context_.check();
    if (checkpoint_.due() || (checkpoint_.wanted() && !go_on)) IG_TRY(write_checkpoint());
    IG_TRY(go_on);
  }
  return {};
}

// The next piece, null when there is none or all are to stop: pieces are begun in their order, so that those before
// next_ are done when all threads are back.
const vectors::CorpusPiece* CorpusTraining::claim(std::span<const vectors::CorpusPiece> pieces) {
  const std::lock_guard lock(mutex_);
  const bool pause = checkpoint_.due() && next_ > first_;
  if (next_ == pieces.size() || pause || !context_.check()) return nullptr;
  return &pieces[next_++];
}

void CorpusTraining::train_piece(const vectors::CorpusPiece& piece, const MakePiece& make) {
  const std::unique_ptr<Piece> work = make(at_.epoch << 32 | piece.number);
  const auto before = static_cast<double>(at_.epoch * corpus_.total() + piece.before);
  std::uint64_t words = 0;
  for (std::size_t at = 0; at < piece.ids.size();) {
    std::size_t end = at;
    while (end < piece.ids.size() && piece.ids[end] != vectors::kSentenceEnd && end - at < options_.sentence) ++end;
    work->sentence(piece.ids.subspan(at, end - at), (before + static_cast<double>(words)) / all_words());
    words += end - at;
    at = end + (end < piece.ids.size() && piece.ids[end] == vectors::kSentenceEnd ? 1 : 0);
  }
  work->finish();
  const std::lock_guard lock(mutex_);
  at_.words += words;
  loss_ += work->loss();
  pieces_ += 1;
  if (std::this_thread::get_id() != main_) return;
  context_.report({"train", "words", static_cast<double>(at_.words), all_words(), mean_loss()});
}

Status CorpusTraining::write_checkpoint() {
  formats::SafeTensorsWriter tensors;
  for (const auto& [name, matrix] : matrices_) {
    tensors.add_view(name, {matrix->rows(), matrix->padded()}, matrix->numbers());
  }
  const std::int64_t place[] = {static_cast<std::int64_t>(at_.epoch), static_cast<std::int64_t>(at_.piece),
                                static_cast<std::int64_t>(at_.words)};
  const double loss[] = {loss_, pieces_};
  tensors.add_view("place", {3}, std::span<const std::int64_t>(place));
  tensors.add_view("loss", {2}, std::span<const double>(loss));
  return checkpoint_.write(std::move(tensors));
}

Status CorpusTraining::resume() {
  const auto file = IG_TRY(checkpoint_.read());
  if (!file) return {};
  for (const auto& [name, matrix] : matrices_) {
    const std::size_t shape[] = {matrix->rows(), matrix->padded()};
    std::ranges::copy(IG_TRY(file->tensors.view<float>(name, shape)), matrix->row(0));
  }
  const std::size_t three[] = {3};
  const std::size_t two[] = {2};
  const auto place = IG_TRY(file->tensors.view<std::int64_t>("place", three));
  const auto loss = IG_TRY(file->tensors.view<double>("loss", two));
  at_ = {static_cast<std::uint64_t>(place[0]), static_cast<std::uint64_t>(place[1]),
         static_cast<std::uint64_t>(place[2])};
  loss_ = loss[0];
  pieces_ = loss[1];
  context_.say(LogLevel::info, "going on from '" + checkpoint_.path().string() + "': epoch " +
                                   std::to_string(at_.epoch + 1) + ", " + counted(at_.words, "word") + " read.");
  return {};
}

}  // namespace isogloss::training
