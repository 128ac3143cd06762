#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The counting families against scikit-learn over a grid of options, on real text in many languages.

    counting_test.py COUNTING_DRIVER

Features must be the same strings in the same order, rows equal within 1e-6 (LSA: 1e-3, its decomposition is iterative).
"""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import sklearn
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import (CountVectorizer, ENGLISH_STOP_WORDS, HashingVectorizer, TfidfVectorizer)
from sklearn.preprocessing import OneHotEncoder

TOLERANCE = 1e-6


def find_data():
    roots = [os.environ.get("ISOGLOSS_TEST_DATA", ""), os.environ.get("ISOGLOSS_SOURCE_DIR", ".") + "/../shared/data"]
    for root in roots:
        if root and pathlib.Path(root, "eval").is_dir():
            return pathlib.Path(root, "eval")
    print("skipped: the shared test data is not on this machine")
    sys.exit(77)


def read_texts(data):
    """A few lines of every file of these folders, and texts made to be awkward."""
    texts = []
    for folder, step, limit in (("tatoeba_bitext", 67, 10), ("xquad", 1, 60), ("ag_news_test", 53, 100),
                                ("sentence_classification", 201, 30), ("newsgroups20", 13, 300), ("cosqa", 101, 100)):
        for path in sorted(data.glob(folder + "/**/*")):
            if path.is_file() and path.name != "SOURCE.md" and path.suffix not in (".zip", ".gz", ".xz", ".bin"):
                lines = path.read_text(encoding="utf-8", errors="replace").split("\n")[::step][:limit]
                texts += [line[:1500] for line in lines]
    texts += ["", "   ", "a", "_ __ a_b", "İstanbul ΟΔΟΣ Straße ﬁne ½ x² ① 中文字 ａｂｃ", "tab\tand\n\nline  \r\n feeds\x1c\x1f",
              "e\u0301te\u0301 \u00e9t\u00e9 na\u00efve", "don't can't it's 3.14 1,000 C++ #tag #Tag", "\u200b\u00a0x y\u3000z"]
    return texts


def option(value):
    return "yes" if value is True else "no" if value is False else value


WORD_GRID = [
    {}, {"ngram_range": (1, 2)}, {"ngram_range": (2, 3)}, {"lowercase": False}, {"strip_accents": "unicode"},
    {"strip_accents": "ascii"}, {"stop_words": "english"}, {"stop_words": ["the", "of", "und"]},
    {"stop_words": "english", "ngram_range": (1, 2)},
    {"token_pattern": r"(?u)\b\w+\b"}, {"token_pattern": r"\S+"}, {"token_pattern": r"[a-z]{3,}"},
    {"token_pattern": r"#?(\w+)"}, {"token_pattern": r"(?u)\b\w\w\w+\b", "ngram_range": (1, 3)},
    {"token_pattern": r"\b[a-zA-Z][a-z']+\b"}, {"token_pattern": r"\w+ \w+", "ngram_range": (1, 2)},
    {"analyzer": "char", "ngram_range": (1, 3)}, {"analyzer": "char", "ngram_range": (4, 4), "lowercase": False},
    {"analyzer": "char_wb", "ngram_range": (2, 4)}, {"analyzer": "char_wb", "ngram_range": (3, 5), "strip_accents": "unicode"},
]


def our_options(options):
    """scikit-learn's options as ours."""
    ours = {}
    for name, value in options.items():
        if name == "analyzer" and value.startswith("char"):
            ours["unit"] = value
        elif name == "ngram_range":
            ours[name] = [str(value[0]), str(value[1])]
        elif name == "stop_words" and isinstance(value, list):
            ours[name] = " ".join(value)
        elif value is None:
            ours[name] = "none"
        else:
            ours[name] = value
    return ours


class Checks:
    def __init__(self, fit, test):
        self.fit, self.test = fit, test
        self.jobs, self.checks = [], []

    def add(self, family, options, check, role="document"):
        self.jobs.append({"family": family, "options": our_options(options), "role": role})
        self.checks.append((family + " " + json.dumps(options), check))

    def run(self, driver, columns, table):
        job = {"fit": self.fit, "test": self.test, "columns": columns, "table": table, "jobs": self.jobs}
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
            json.dump(job, file)
            file.flush()
            output = subprocess.run([driver, file.name], capture_output=True, check=True).stdout
        lines = output.decode("utf-8").rstrip("\n").split("\n")
        assert len(lines) == len(self.checks), (len(lines), len(self.checks))
        failures = 0
        for (name, check), line in zip(self.checks, lines):
            answer = json.loads(line)
            try:
                assert "error" not in answer, answer
                check(answer)
            except AssertionError as error:
                failures += 1
                print(f"FAILED {name}: {str(error)[:600]}")
        print(f"{len(lines) - failures} of {len(lines)} configurations equal on {len(self.fit)} + {len(self.test)} texts "
              f"(scikit-learn {sklearn.__version__})")
        return failures == 0


def same_rows(rows, matrix, tolerance=TOLERANCE):
    matrix = matrix.tocsr()
    matrix.sort_indices()
    for i, (columns, values) in enumerate(rows):
        begin, end = matrix.indptr[i], matrix.indptr[i + 1]
        assert columns == matrix.indices[begin:end].tolist(), f"columns of row {i}"
        np.testing.assert_allclose(values, matrix.data[begin:end], rtol=tolerance, atol=tolerance, err_msg=f"row {i}")


def check_features(vectorizer, test):
    analyze = vectorizer.build_analyzer()
    expected = [list(analyze(text)) for text in test]

    def check(answer):
        for i, (ours, theirs) in enumerate(zip(answer["features"], expected)):
            assert ours == theirs, f"text {i} {test[i]!r}: {ours} {theirs}"
    return check


def check_vectorizer(vectorizer, fit, test):
    train = vectorizer.fit_transform(fit)
    expected = vectorizer.transform(test)
    sums = np.sort(np.asarray(train.sum(axis=0)).ravel())[::-1][:50]

    def check(answer):
        names = vectorizer.get_feature_names_out().tolist()
        assert answer["names"] == names, f"{len(answer['names'])} names, expected {len(names)}"
        same_rows(answer["rows"], expected)
        np.testing.assert_allclose(answer["sums"], sums, rtol=1e-5)
    return check


def check_most_frequent(vectorizer, fit):
    """Which of equally frequent features stay is not specified: their frequencies are."""
    everything = CountVectorizer()
    counts = np.asarray(everything.fit_transform(fit).sum(axis=0)).ravel()
    vectorizer.fit(fit)

    def check(answer):
        frequency = dict(zip(everything.get_feature_names_out(), counts))
        ours = sorted(frequency[name] for name in answer["names"])
        assert ours == sorted(frequency[name] for name in vectorizer.get_feature_names_out())
        assert answer["names"] == sorted(answer["names"])
    return check


def check_hashing(vectorizer, test):
    expected = vectorizer.transform(test)
    return lambda answer: same_rows(answer["rows"], expected)


def check_lsa(fit, test, dim):
    tfidf = TfidfVectorizer()
    svd = TruncatedSVD(dim, algorithm="arpack")
    svd.fit(tfidf.fit_transform(fit))
    expected = svd.transform(tfidf.transform(test))

    def check(answer):
        rows = np.array([row[0] for row in answer["rows"]])
        np.testing.assert_allclose(rows, expected, atol=1e-3)
    return check


def check_bm25(fit, test, k1, b, query):
    counter = CountVectorizer()
    train = counter.fit_transform(fit)
    n = train.shape[0]
    frequency = np.asarray((train > 0).sum(axis=0)).ravel()
    idf = np.log(1 + (n - frequency + 0.5) / (frequency + 0.5))
    mean = train.sum() / n
    analyze = counter.build_analyzer()

    def check(answer):
        assert answer["names"] == counter.get_feature_names_out().tolist()
        counts = counter.transform(test).tocsr()
        counts.sort_indices()
        for i, (columns, values) in enumerate(answer["rows"]):
            tf = counts.data[counts.indptr[i]:counts.indptr[i + 1]].astype(float)
            length = len(analyze(test[i]))
            expected = tf * idf[columns] if query else tf / (tf + k1 * (1 - b + b * length / mean))
            np.testing.assert_allclose(values, expected, rtol=1e-6)
    return check


def check_onehot(table):
    encoder = OneHotEncoder().fit(np.array(table, dtype=object))
    expected = encoder.transform(np.array(table, dtype=object))

    def check(answer):
        names = encoder.get_feature_names_out(["colour", "size"]).tolist()
        assert answer["names"] == names, (answer["names"], names)
        same_rows(answer["rows"], expected)
    return check


def build(checks, fit, test, table):
    for options in WORD_GRID:
        checks.add("analyze", options, check_features(CountVectorizer(**options), test))
        checks.add("bow", options, check_vectorizer(CountVectorizer(**options), fit, test))
        checks.add("tfidf", options, check_vectorizer(TfidfVectorizer(**options), fit, test))
        checks.add("hashing", options, check_hashing(HashingVectorizer(**options), test))
    for limits in ({"min_df": 2}, {"min_df": 0.02}, {"max_df": 0.1}, {"max_df": 30}, {"min_df": 2, "max_df": 0.5},
                   {"binary": True}, {"binary": True, "min_df": 3, "ngram_range": (1, 2)}):
        checks.add("bow", limits, check_vectorizer(CountVectorizer(**limits), fit, test))
        checks.add("tfidf", limits, check_vectorizer(TfidfVectorizer(**limits), fit, test))
    for options in ({"norm": "l1"}, {"norm": None}, {"smooth_idf": False}, {"sublinear_tf": True}, {"use_idf": False},
                    {"sublinear_tf": True, "norm": "l1", "binary": True, "smooth_idf": False}):
        checks.add("tfidf", options, check_vectorizer(TfidfVectorizer(**options), fit, test))
    checks.add("ngram", {}, check_vectorizer(CountVectorizer(ngram_range=(2, 2)), fit, test))
    checks.add("bow", {"max_features": 100}, check_most_frequent(CountVectorizer(max_features=100), fit))
    for options in ({"n_features": 1000}, {"n_features": 7}, {"n_features": 7, "norm": None}, {"alternate_sign": False},
                    {"norm": "l1", "n_features": 50}, {"binary": True, "n_features": 50}):
        checks.add("hashing", options, check_hashing(HashingVectorizer(**options), test))
    checks.add("lsa", {"dim": 12, "normalize": False}, check_lsa(fit, test, 12))
    for query, role in ((False, "document"), (True, "query")):
        checks.add("bm25", {"k1": 0.9, "b": 0.4, "analyzer": "sklearn"}, check_bm25(fit, test, 0.9, 0.4, query), role)
    checks.add("onehot", {"columns": ["colour", "size"]}, check_onehot(table))


def main():
    texts = read_texts(find_data())
    fit, test = texts[::2] + texts[-9:], texts[1::2] + texts[-9:]
    assert len(fit) > 500 and len(ENGLISH_STOP_WORDS) == 318 and math.isfinite(len(test))
    table = [["red", "small"], ["brown", "large"], ["red", "tiny"], ["Übergrün", "10"], ["blue", "9"]]
    checks = Checks(fit, test)
    build(checks, fit, test, table)
    sys.exit(0 if checks.run(sys.argv[1], ["colour", "size"], table) else 1)


main()
