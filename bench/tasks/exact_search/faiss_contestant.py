# SPDX-License-Identifier: Apache-2.0
"""faiss's side of the exact-search bench: IndexFlatIP, filters as IDSelectorBitmap. Commands: isogloss_contestant.cpp."""
import pathlib
import sys
import time

import faiss
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

faiss.omp_set_num_threads(1)
STATE = {"parameters": None}


def load(vectors, queries, dim):
    rows = np.fromfile(vectors, np.float32).reshape(-1, int(dim))
    STATE["queries"] = np.fromfile(queries, np.float32).reshape(-1, int(dim))
    begin, cpu = time.perf_counter(), time.process_time()
    STATE["index"] = faiss.IndexFlatIP(int(dim))
    STATE["index"].add(rows)
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


def set_filter(path):
    STATE["parameters"] = None
    if path != "-":
        bits = np.zeros(STATE["index"].ntotal, np.uint8)
        bits[np.fromfile(path, np.int64)] = 1
        STATE["bits"] = np.packbits(bits, bitorder="little")
        STATE["parameters"] = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(STATE["bits"]))
    return {}


def search(how, count, k, out):
    queries, k = STATE["queries"][:int(count)], int(k)
    begin, cpu = time.perf_counter(), time.process_time()
    found = [STATE["index"].search(some, k, params=STATE["parameters"])[1]
             for some in ([queries] if how == "batch" else queries[:, None, :])]
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    np.concatenate(found).astype(np.int64).tofile(out)
    return {"seconds": seconds, "cpu": cpu}


harness.serve({"load": load, "filter": set_filter, "search": search})
