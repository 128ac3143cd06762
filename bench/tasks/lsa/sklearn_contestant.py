# SPDX-License-Identifier: Apache-2.0
"""scikit-learn's side of the SVD bench: sklearn_contestant.py randomized|arpack. Commands: isogloss_contestant.cpp."""
import pathlib
import sys
import time

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

STATE = {}


def load(starts, columns, values, rows, cols):
    parts = (np.fromfile(values, np.float32), np.fromfile(columns, np.int32), np.fromfile(starts, np.int64))
    STATE["matrix"] = csr_matrix(parts, shape=(int(rows), int(cols)))
    if sys.argv[1] == "arpack":  # the reference, in f64 to its own precision
        STATE["matrix"] = STATE["matrix"].astype(np.float64)
    return {}


def svd(k, values, vectors):
    begin, cpu = time.perf_counter(), time.process_time()
    found = TruncatedSVD(int(k), algorithm=sys.argv[1], random_state=0).fit(STATE["matrix"])
    answer = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}
    found.singular_values_.astype(np.float64).tofile(values)
    np.ascontiguousarray(found.components_.T, np.float32).tofile(vectors)
    return answer


harness.serve({"load": load, "svd": svd})
