#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exact search side by side: ours (f32, bf16), NumPy, faiss. See README.md."""
import pathlib
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

ROWS, DIM, QUERIES, K = 50_000, 384, 300, 10
# name -> (how, queries, share of rows the filter keeps or None)
TASKS = {"one query": ("one", 60, None), "batch of 300": ("batch", QUERIES, None), "filter 10 %": ("one", 100, 0.1),
         "filter 1 %": ("one", 100, 0.01), "filter 0.1 %": ("one", 100, 0.001)}


def make_data(folder):
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((500, DIM))
    files = {}
    for name, count in (("vectors", ROWS), ("queries", QUERIES)):
        x = centres[rng.integers(0, 500, count)] + 1.2 * rng.standard_normal((count, DIM))
        x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
        files[name] = folder / name
        x.tofile(files[name])
        files[name + "_values"] = x
    for share in (0.1, 0.01, 0.001):
        ids = np.flatnonzero(rng.random(ROWS) < share).astype(np.int64)
        ids.tofile(folder / f"filter{share}")
    return files


def verify(files, task, found, names):
    """Ids of every contestant against exact f64 scores. Returns recall per contestant; exits when f32 is wrong."""
    how, count, share = TASKS[task]
    scores = files["queries_values"][:count].astype(np.float64) @ files["vectors_values"].astype(np.float64).T
    if share is not None:
        allowed = np.zeros(ROWS, bool)
        allowed[np.fromfile(files["vectors"].parent / f"filter{share}", np.int64)] = True
        scores[:, ~allowed] = -np.inf
    expected = np.sort(scores, axis=1)[:, ::-1][:, :K]
    recalls = {}
    for name in names:
        ids = found[name]
        got = np.take_along_axis(scores, np.where(ids < 0, 0, ids), 1)
        recalls[name] = float((got >= expected[:, -1:] - 1e-5).mean())
        exact = np.allclose(got, expected, rtol=0, atol=1e-5) and all(len(set(row)) == K for row in ids.tolist())
        if not exact and "bf16" not in name:
            sys.exit(f"{task}: {name} does not give the ten nearest")
        if recalls[name] < 0.95:
            sys.exit(f"{task}: recall of {name} is {recalls[name]:.4f}")
    return recalls


def run_task(contestants, files, task, rounds, folder):
    how, count, share = TASKS[task]
    found = {}
    for contestant in contestants:
        contestant.ask("filter", folder / f"filter{share}" if share is not None else "-")
        contestant.ask("search", how, count, K, folder / "ids")
        found[contestant.name] = np.fromfile(folder / "ids", np.int64).reshape(count, K)
    recalls = verify(files, task, found, [contestant.name for contestant in contestants])
    answers = harness.interleaved(contestants, rounds, lambda c: c.ask("search", how, count, K, folder / "ids"))
    rows = []
    for contestant in contestants:
        row = dict(contestant=contestant.name, recall=recalls[contestant.name],
                   **harness.summary(answers[contestant.name], count))
        rows.append(row)
        print(f"{task:14} {row['contestant']:14} best {row['best_s'] / count * 1e3:8.4f}  median "
              f"{row['median_s'] / count * 1e3:8.4f} ms a query  {row['per_s_best']:9.0f} queries/s  "
              f"{row['per_cpu_s']:9.0f} per CPU s  recall {row['recall']:.4f}", flush=True)
    return rows


def main():
    options = harness.arguments(__doc__).parse_args()
    binary = pathlib.Path(options.build) / "bench/tasks/exact_search/bench_exact_search"
    result = harness.record("exact search", options.build, harness.versions_of("numpy", "faiss-cpu"))
    result.update(rows=ROWS, dim=DIM, k=K, tasks={})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        files = make_data(folder)
        contestants = [harness.Contestant("isogloss f32", [binary, "f32"]),
                       harness.Contestant("isogloss bf16", [binary, "bf16"]),
                       harness.Contestant("numpy", [sys.executable, HERE / "numpy_contestant.py"]),
                       harness.Contestant("faiss flat", [sys.executable, HERE / "faiss_contestant.py"])]
        for contestant in contestants:
            contestant.ask("load", files["vectors"], files["queries"], DIM)
        for task in TASKS:
            result["tasks"][task] = run_task(contestants, files, task, options.rounds, folder)
        result["peak_mb"] = {contestant.name: contestant.peak_mb() for contestant in contestants}
        for contestant in contestants:
            contestant.close()
    harness.keep(result, options.out)


main()
