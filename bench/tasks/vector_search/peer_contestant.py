# SPDX-License-Identifier: Apache-2.0
"""The peers' side of the vector-search bench: `peer_contestant.py hnswlib|faiss|usearch|scann`. Commands as in
isogloss_contestant.cpp; what an index is searched with is ef (graphs) or LEAVES,RE-ORDERED (ScaNN). Inner product of unit
vectors, single queries, one thread; indexes are built with the parameters their documentation recommends."""
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

STATE = {}


class Hnswlib:
    def __init__(self, rows):
        import hnswlib
        self.index = hnswlib.Index("ip", rows.shape[1])
        self.index.init_index(len(rows), M=16, ef_construction=200)
        self.index.set_num_threads(1)
        self.index.add_items(rows)

    def search(self, query, k, setting):
        self.index.set_ef(int(setting))
        return self.index.knn_query(query, k, num_threads=1)[0][0]

    def bytes(self):
        return self.index.index_file_size()


class Faiss:
    def __init__(self, rows):
        import faiss
        faiss.omp_set_num_threads(1)
        self.index = faiss.IndexHNSWFlat(rows.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = 80
        self.index.add(rows)
        self.size = len(faiss.serialize_index(self.index))

    def search(self, query, k, setting):
        self.index.hnsw.efSearch = int(setting)
        return self.index.search(query[None], k)[1][0]

    def bytes(self):
        return self.size


class Usearch:
    def __init__(self, rows):
        from usearch.index import Index
        self.index = Index(ndim=rows.shape[1], metric="ip", dtype="bf16", connectivity=16, expansion_add=200)
        self.index.add(np.arange(len(rows)), rows, threads=1)

    def search(self, query, k, setting):
        self.index.expansion_search = int(setting)
        return self.index.search(query, k, threads=1).keys

    def bytes(self):
        return self.index.serialized_length


class Scann:
    def __init__(self, rows):
        import scann
        self.index = scann.scann_ops_pybind.builder(rows, 10, "dot_product").tree(
            num_leaves=int(2 * len(rows) ** 0.5), num_leaves_to_search=50, training_sample_size=len(rows)).score_ah(
                2, anisotropic_quantization_threshold=0.2).reorder(100).build()
        self.size = rows.nbytes + len(rows) * rows.shape[1] // 4  # what it keeps: rows, and 4 bits for two dimensions

    def search(self, query, k, setting):
        leaves, reorder = setting.split(",")
        return self.index.search(query, k, leaves_to_search=int(leaves), pre_reorder_num_neighbors=int(reorder))[0]

    def bytes(self):
        return self.size


def load(vectors, queries, dim, _file):
    rows = np.fromfile(vectors, np.float32).reshape(-1, int(dim))
    STATE["queries"] = np.fromfile(queries, np.float32).reshape(-1, int(dim))
    begin, cpu = time.perf_counter(), time.process_time()
    STATE["index"] = {"hnswlib": Hnswlib, "faiss": Faiss, "usearch": Usearch, "scann": Scann}[sys.argv[1]](rows)
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu,
            "bytes": STATE["index"].bytes()}


def search(count, k, out, setting):
    index, k = STATE["index"], int(k)
    queries = list(STATE["queries"][:int(count)])
    index.search(queries[0], k, setting)
    begin, cpu = time.perf_counter(), time.process_time()
    found = [index.search(query, k, setting) for query in queries]
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    np.asarray(found).astype(np.int64).tofile(out)
    return {"seconds": seconds, "cpu": cpu}


harness.serve({"load": load, "search": search})
