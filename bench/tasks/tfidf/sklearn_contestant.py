#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's side of the vectoriser bench: the same commands and answers as isogloss_contestant.cpp."""
import json
import pathlib
import sys
import time

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer


def make(family, options):
    low, _, high = options.get("ngram_range", "1-1").partition("-")
    shared = {"ngram_range": (int(low), int(high))}
    if family == "bow":
        return CountVectorizer(**shared)
    if family == "hashing":
        return HashingVectorizer(**shared)
    return TfidfVectorizer(**shared)


def fit(family, options, texts):
    begin, cpu = time.perf_counter(), time.process_time()
    vectorizer = make(family, options)
    matrix = vectorizer.fit_transform(texts)
    energy = 0.0
    if family == "lsa":
        dense = TruncatedSVD(int(options.get("dim", "100")), random_state=0).fit_transform(matrix)
        energy = float((dense ** 2).sum())
    times = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu,
             "columns": matrix.shape[1], "nonzeros": int(matrix.nnz)}
    return vectorizer, matrix, energy, times


def write_rows(vectorizer, matrix, energy, rows, path):
    matrix = matrix[:rows].tocsr()
    matrix.sort_indices()
    names = [] if isinstance(vectorizer, HashingVectorizer) else vectorizer.get_feature_names_out().tolist()
    listed = []
    for i in range(matrix.shape[0]):
        span = slice(matrix.indptr[i], matrix.indptr[i + 1])
        listed.append([matrix.indices[span].tolist(), matrix.data[span].tolist()])
    pathlib.Path(path).write_text(json.dumps({"names": names, "rows": listed, "energy": energy}), encoding="utf-8")


def main():
    texts = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8").split("\n")
    for line in sys.stdin:
        words = line.split()
        rows, path = (int(words[1]), words[2]) if words[0] == "rows" else (0, "")
        words = words[3:] if words[0] == "rows" else words[1:]
        options = dict(item.split("=", 1) for item in words[1:])
        vectorizer, matrix, energy, times = fit(words[0], options, texts)
        if path:
            write_rows(vectorizer, matrix, energy, rows, path)
        print(json.dumps(times), flush=True)


main()
