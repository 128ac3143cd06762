# SPDX-License-Identifier: Apache-2.0
"""bm25s: method "lucene", numba backend, stop words kept."""
import sys

import bm25s
import python_contestant


def build(texts, folder):
    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numba")
    index.index([text.split() for text in texts], show_progress=False)
    index.save(folder)
    return index


def search_one(index, text, k):
    words = [word for word in text.split() if word in index.vocab_dict]
    if not words:
        return []
    ids, scores = index.retrieve([words], k=k, show_progress=False, n_threads=1)
    return [(int(i), float(s)) for i, s in zip(ids[0], scores[0]) if s > 0]


if len(sys.argv) > 1:
    python_contestant.serve(build, search_one)
