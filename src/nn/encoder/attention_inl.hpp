// SPDX-License-Identifier: Apache-2.0
// Softmax attention over one sequence, without padding and without a tokens x tokens matrix.
//
// Keys are packed once per key head as panels of a product (units of 4 bytes: a float, or a pair of bf16; columns =
// keys), values likewise (columns = dimensions). Then kMostRows queries at a time: scores against every key they may
// see, softmax of each row, weights times values, division by the sum. A block of scores is 12 x tokens floats: 6 KB at
// 128 tokens, 400 KB at 8,192, so it stays in the caches and the running maximum of "online" softmax has nothing to
// save. Keys a row may not see get -infinity and weigh exactly 0, so a row's bits do not depend on its block.
#pragma once

#include "nn/encoder/multiply_inl.hpp"

namespace isogloss::nn {
namespace {

constexpr float kMinusInfinity = -__builtin_inff();

inline std::size_t round_up(std::size_t n, std::size_t step) { return (n + step - 1) / step * step; }

// Out of a block of scratch memory, in pieces on cache lines.
struct Carver {
  std::byte* next;
  template <class T>
  T* take(std::size_t count) {
    T* const at = static_cast<T*>(static_cast<void*>(next));
    next += round_up(count * sizeof(T), 64);
    return at;
  }
};

// Keys (tokens, dim) -> panels (dim units, keys of a panel). Unit u of a key: 4 bytes.
template <class T>
void pack_keys(const T* key, std::size_t stride, std::size_t tokens, std::size_t dim, std::byte* out) {
  const std::size_t units = dim * sizeof(T) / 4;
  for (std::size_t first = 0; first < tokens; first += kPanelColumns) {
    const std::size_t count = tokens - first < kPanelColumns ? tokens - first : kPanelColumns;
    for (std::size_t j = 0; j < kPanelColumns; ++j) {
      std::byte* to = out + 4 * j;
      const T* const from = key + (first + (j < count ? j : 0)) * stride;
      for (std::size_t u = 0; u < units; ++u) {
        __builtin_memcpy(to + u * 4 * kPanelColumns, bytes(from) + 4 * u, 4);
      }
    }
    out += units * 4 * kPanelColumns;
  }
}

// Values (tokens, dim) -> panels (token units, dimensions of a panel); tokens and dimensions filled up with zeros.
inline void pack_values(const float* value, std::size_t stride, std::size_t tokens, std::size_t dim, std::byte* out) {
  auto* to = static_cast<float*>(static_cast<void*>(out));
  for (std::size_t first = 0; first < dim; first += kPanelColumns) {
    const std::size_t count = dim - first < kPanelColumns ? dim - first : kPanelColumns;
    for (std::size_t t = 0; t < tokens; ++t, to += kPanelColumns) {
      for (std::size_t c = 0; c < kPanelColumns; ++c) to[c] = c < count ? value[t * stride + first + c] : 0.0F;
    }
  }
}
inline void pack_values(const std::uint16_t* value, std::size_t stride, std::size_t tokens, std::size_t dim,
                        std::byte* out) {
  auto* to = static_cast<std::uint32_t*>(static_cast<void*>(out));
  for (std::size_t first = 0; first < dim; first += kPanelColumns) {
    const std::size_t count = dim - first < kPanelColumns ? dim - first : kPanelColumns;
    for (std::size_t t = 0; t < tokens; t += 2, to += kPanelColumns) {
      const std::uint16_t* const even = value + t * stride + first;
      const std::uint16_t* const odd = even + stride;
      const std::uint32_t keep = t + 1 < tokens ? 0xffffU : 0U;
      const std::uint16_t* const odd_or_even = t + 1 < tokens ? odd : even;
      if (count == kPanelColumns) {
        for (std::size_t c = 0; c < kPanelColumns; ++c) to[c] = even[c] | (odd_or_even[c] & keep) << 16;
        continue;
      }
      for (std::size_t c = 0; c < kPanelColumns; ++c) to[c] = c < count ? even[c] | (odd_or_even[c] & keep) << 16 : 0U;
    }
  }
}

// Keys that query i sees: [first, last).
struct Seen {
  std::size_t first;
  std::size_t last;
};
template <class T>
inline Seen seen_by(const AttentionWork<T>& w, std::size_t i) {
  const std::size_t first = w.window != 0 && i > w.window ? i - w.window : 0;
  const std::size_t reach = w.window != 0 && i + w.window + 1 < w.tokens ? i + w.window + 1 : w.tokens;
  return {first, w.causal ? i + 1 : reach};
}

inline void store_weight(float* p, Vec x) { store(p, x); }
inline void store_weight(std::uint16_t* p, Vec x) { store_narrow(p, x); }

// scores (n) -> exp((score - max) scale) as weights; returns their sum. n is a multiple of a panel.
template <class T>
inline float softmax_row(float* scores, std::size_t n, float scale, const float* bias, T* weights) {
  const Vec factor = set1(scale);
  Vec best = set1(kMinusInfinity);
  for (std::size_t j = 0; j < n; j += kLanes) {
    Vec x = load(scores + j);
    if (bias != nullptr) {
      x = fma(x, factor, load(bias + j));
      store(scores + j, x);
    }
    best = max(best, x);
  }
  const float shift = max_of(best);
  const Vec slope = bias != nullptr ? set1(1.0F) : factor;
  const Vec offset = set1(shift);
  Vec total = zero();
  for (std::size_t j = 0; j < n; j += kLanes) {
    const Vec weight = exp_of(mul(sub(load(scores + j), offset), slope));
    total = add(total, weight);
    store_weight(weights + j, weight);
  }
  return sum_of(total);
}

inline void write_out(float* out, const float* x, float factor, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = x[i] * factor;
}
inline void write_out(std::uint16_t* out, const float* x, float factor, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store_narrow(out + i, mul(load(x + i), set1(factor)));
  for (; i < n; ++i) out[i] = scalar_to_bf16(x[i] * factor);
}

inline float weight_value(float x) { return x; }
inline float weight_value(std::uint16_t x) { return scalar_from_bf16(x); }

template <class T>
struct StepOf;
template <>
struct StepOf<float> {
  using Type = StepF32;
};
template <>
struct StepOf<std::uint16_t> {
  using Type = StepBf16;
};

// What the heads of one key head share, and one block of queries.
template <class T>
struct Attention {
  using Step = typename StepOf<T>::Type;
  const AttentionWork<T>& w;
  std::size_t padded_tokens;  // to whole panels of keys
  std::size_t padded_dim;
  std::byte* keys;
  std::byte* values;
  float* scores;  // (kMostRows, padded_tokens)
  T* weights;     // (kMostRows, padded_tokens)
  float* sums;    // (kMostRows, padded_dim)

  explicit Attention(const AttentionWork<T>& work)
      : w(work),
        padded_tokens(round_up(work.tokens, kPanelColumns)),
        padded_dim(round_up(work.head_dim, kPanelColumns)) {
    Carver carver{work.scratch};
    keys = carver.take<std::byte>(padded_tokens * work.head_dim * sizeof(T));
    values = carver.take<std::byte>(padded_tokens * padded_dim * sizeof(T));
    scores = carver.take<float>(kMostRows * padded_tokens);
    weights = carver.take<T>(kMostRows * padded_tokens);
    sums = carver.take<float>(kMostRows * padded_dim);
    pack_keys(w.key, w.stride, w.tokens, w.head_dim, keys);
    pack_values(w.value, w.stride, w.tokens, w.head_dim, values);
  }

  // Keys outside [seen.first, seen.last) out of scores that begin at key `base`.
  void hide(float* row, Seen seen, std::size_t base, std::size_t n) const {
    for (std::size_t j = 0; base + j < seen.first; ++j) row[j] = kMinusInfinity;
    for (std::size_t j = seen.last - base; j < n; ++j) row[j] = kMinusInfinity;
  }

  void block(std::size_t head, std::size_t begin, std::size_t rows) const {
    const T* const query = w.query + begin * w.stride + head * w.head_dim;
    const std::size_t first_panel = seen_by(w, begin).first / kPanelColumns;
    const std::size_t last_panel = round_up(seen_by(w, begin + rows - 1).last, kPanelColumns) / kPanelColumns;
    const std::size_t base = first_panel * kPanelColumns;
    const std::size_t n = last_panel * kPanelColumns - base;
    Destination to;
    to.f32 = scores - base;
    to.stride = padded_tokens;
    multiply<Step>({bytes(query), w.stride * sizeof(T), keys, w.head_dim, nullptr, nullptr, &to}, rows,
                   {first_panel, last_panel});
    float total[kMostRows];
    for (std::size_t r = 0; r < rows; ++r) {
      float* const row = scores + r * padded_tokens;
      hide(row, seen_by(w, begin + r), base, n);
      const float* bias = w.bias == nullptr ? nullptr : w.bias + head * w.bias_stride + w.bias_zero + base - begin - r;
      total[r] = softmax_row(row, n, w.scale, bias, weights + r * padded_tokens);
    }
    const std::size_t depth = w.tokens - base < n ? round_up(w.tokens - base, Step::kValues) : n;
    times_values(base, rows, depth);
    for (std::size_t r = 0; r < rows; ++r) {
      T* const out = w.out + (begin + r - w.first_query) * w.out_stride + head * w.head_dim;
      write_out(out, sums + r * padded_dim, 1.0F / total[r], w.head_dim);
    }
    if (w.weights != nullptr) keep_weights(head, begin, rows, base, n, total);
  }

  // sums = weights (rows, depth) times values from key `base` on.
  void times_values(std::size_t base, std::size_t rows, std::size_t depth) const {
    const std::size_t panel_bytes = round_up(w.tokens, Step::kValues) * kPanelColumns * sizeof(T);
    for (std::size_t panel = 0; panel < padded_dim / kPanelColumns; ++panel) {
      Destination to;
      to.f32 = sums + panel * kPanelColumns;
      to.stride = padded_dim;
      const std::byte* const from = values + panel * panel_bytes + base * kPanelColumns * sizeof(T);
      multiply<Step>({bytes(weights), padded_tokens * sizeof(T), from, depth, nullptr, nullptr, &to}, rows, {0, 1});
    }
  }

  void keep_weights(std::size_t head, std::size_t begin, std::size_t rows, std::size_t base, std::size_t n,
                    const float* total) const {
    for (std::size_t r = 0; r < rows; ++r) {
      float* const out = w.weights + (head * w.tokens + begin + r) * w.tokens;
      for (std::size_t j = 0; j < w.tokens; ++j) out[j] = 0.0F;
      for (std::size_t j = 0; j < n && base + j < w.tokens; ++j) {
        out[base + j] = weight_value(weights[r * padded_tokens + j]) / total[r];
      }
    }
  }
};

template <class T>
void attend(const AttentionWork<T>& work) {
  const Attention<T> attention(work);
  for (std::size_t head = 0; head < work.heads; ++head) {
    for (std::size_t begin = work.first_query; begin < work.last_query; begin += kMostRows) {
      const std::size_t left = work.last_query - begin;
      attention.block(head, begin, left < kMostRows ? left : kMostRows);
    }
  }
}

}  // namespace
}  // namespace isogloss::nn
