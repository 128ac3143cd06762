#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gensim's KeyedVectors, commands as for isogloss_contestant.cpp."""
import pathlib
import sys
import time

from gensim.models import KeyedVectors

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

vectors = None


def timed(work):
    start, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def open_file(path):
    global vectors
    vectors, times = timed(lambda: KeyedVectors.load_word2vec_format(path, binary=True))
    vectors.fill_norms()
    return times


def near(first, count, _):
    words = [vectors.index_to_key[i * 9973 % len(vectors)] for i in range(int(first), int(first) + int(count))]
    each = []

    def one(word):
        answer, times = timed(lambda: vectors.most_similar(word, topn=10))
        each.append(times["seconds"])
        return [found for found, _ in answer]

    answers, times = timed(lambda: [one(word) for word in words])
    return dict(times, p50=sorted(each)[len(each) // 2], words=answers)


harness.serve({"open": open_file, "near": near})
