# SPDX-License-Identifier: Apache-2.0
"""NumPy's side of the exact-search bench: the matrix product, then argpartition. Commands: isogloss_contestant.cpp."""
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

STATE = {"filter": None}


def load(vectors, queries, dim):
    STATE["vectors"] = np.fromfile(vectors, np.float32).reshape(-1, int(dim))
    STATE["queries"] = np.fromfile(queries, np.float32).reshape(-1, int(dim))
    return {"seconds": 0.0, "cpu": 0.0}


def set_filter(path):
    STATE["filter"] = None if path == "-" else np.fromfile(path, np.int64)
    return {}


def best(scores, k):
    k = min(k, scores.shape[1])
    part = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, part, 1), axis=1, kind="stable")
    return np.take_along_axis(part, order, 1)


def search(how, count, k, out):
    queries, k = STATE["queries"][:int(count)], int(k)
    begin, cpu = time.perf_counter(), time.process_time()
    found = []
    for some in ([queries] if how == "batch" else queries[:, None, :]):
        if STATE["filter"] is None:
            found.append(best(some @ STATE["vectors"].T, k))
        else:
            ids = STATE["filter"]
            found.append(ids[best(some @ STATE["vectors"][ids].T, k)])
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    ids = np.full((len(queries), k), -1, np.int64)
    rows = np.concatenate(found)
    ids[:, :rows.shape[1]] = rows
    ids.tofile(out)
    return {"seconds": seconds, "cpu": cpu}


harness.serve({"load": load, "filter": set_filter, "search": search})
