#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Truncated SVD side by side: ours, scikit-learn's randomised and ARPACK. See README.md."""
import gzip
import json
import pathlib
import sys
import tempfile

import numpy as np
from scipy.linalg import subspace_angles
from sklearn.feature_extraction.text import TfidfVectorizer

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

K, VALUE_LIMIT, ANGLE_LIMIT = 100, 1e-4, 1e-3


def make_data(folder):
    with gzip.open(harness.test_data("eval/newsgroups20/test_20groups.jsonl.gz"), "rt", encoding="utf-8") as file:
        matrix = TfidfVectorizer().fit_transform([json.loads(line)["text"] for line in file]).tocsr()
    matrix.sort_indices()
    paths = [folder / name for name in ("starts", "columns", "values")]
    for path, part in zip(paths, (matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32),
                                  matrix.data.astype(np.float32))):
        part.tofile(path)
    return paths, matrix.shape, matrix.nnz


def answer_of(contestant, folder, columns):
    contestant.ask("svd", K, folder / "s", folder / "v")
    return np.fromfile(folder / "s", np.float64), np.fromfile(folder / "v", np.float32).reshape(columns, K).astype(np.float64)


def main():
    options = harness.arguments(__doc__).parse_args()
    binary = pathlib.Path(options.build) / "bench/tasks/lsa/bench_lsa"
    result = harness.record("truncated SVD", options.build, harness.versions_of("numpy", "scipy", "scikit-learn"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths, shape, nonzeros = make_data(folder)
        result.update(rows=shape[0], columns=shape[1], nonzeros=nonzeros, k=K)
        contestants = [harness.Contestant("isogloss", [binary])]
        for algorithm in ("randomized", "arpack"):
            command = [sys.executable, HERE / "sklearn_contestant.py", algorithm]
            contestants.append(harness.Contestant(f"scikit-learn {algorithm}", command))
        found = {}
        for contestant in contestants:
            contestant.ask("load", *paths, *shape)
            found[contestant.name] = answer_of(contestant, folder, shape[1])
        values, vectors = found["scikit-learn arpack"]
        errors = {who: (float(np.max(np.abs(s - values) / values)), float(np.max(subspace_angles(v, vectors))))
                  for who, (s, v) in found.items()}
        if errors["isogloss"][0] > VALUE_LIMIT or errors["isogloss"][1] > ANGLE_LIMIT:
            sys.exit(f"isogloss: values differ by {errors['isogloss'][0]}, angle {errors['isogloss'][1]}")
        answers = harness.interleaved(contestants, options.rounds, lambda c: c.ask("svd", K, folder / "s", folder / "v"))
        result["contestants"] = {}
        for c in contestants:
            row = dict(harness.summary(answers[c.name], 1), value_error=errors[c.name][0], angle=errors[c.name][1],
                       cpu_s=min(answer["cpu"] for answer in answers[c.name]), peak_mb=c.peak_mb())
            result["contestants"][c.name] = row
            print(f"{c.name:24} best {row['best_s']:6.3f}  median {row['median_s']:6.3f}  CPU {row['cpu_s']:6.3f} s  values "
                  f"within {row['value_error']:.1e}  angle {row['angle']:.1e}  peak {row['peak_mb']} MB", flush=True)
            c.close()
    harness.keep(result, options.out)


main()
