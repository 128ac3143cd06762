# SPDX-License-Identifier: Apache-2.0
"""The peers' side of the vector-search bench: `peer_contestant.py NAME`, one of PEERS below. Commands as in
isogloss_contestant.cpp; what an index is searched with is ef (graphs), the number of lists (faiss IVF) or LEAVES,RE-ORDERED
(ScaNN). Inner product of unit vectors; indexes are built on one thread with the parameters their documentation recommends."""
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

    def set(self, setting):
        self.index.set_ef(int(setting))

    def search(self, query, k):
        return self.index.knn_query(query, k, num_threads=1)[0][0]

    def batch(self, queries, k, threads):
        return self.index.knn_query(queries, k, num_threads=threads)[0]

    def bytes(self):
        return self.index.index_file_size()


class Faiss:
    """HNSW; the subclasses are inverted lists of bytes and of 4-bit products of two dimensions, rows re-scored."""
    recipe, parameter = "HNSW32", "efSearch"

    def __init__(self, rows):
        import faiss
        faiss.omp_set_num_threads(1)
        self.faiss = faiss
        lists = int(4 * len(rows) ** 0.5)
        self.index = faiss.index_factory(rows.shape[1], self.recipe.format(lists=lists, half=rows.shape[1] // 2),
                                         faiss.METRIC_INNER_PRODUCT)
        self.space = faiss.ParameterSpace()
        if self.recipe.startswith("HNSW"):
            self.index.hnsw.efConstruction = 80
        else:
            self.index.train(rows)
        self.index.add(rows)
        self.size = len(faiss.serialize_index(self.index))

    def set(self, setting):
        self.space.set_index_parameter(self.index, self.parameter, int(setting))

    def search(self, query, k):
        return self.index.search(query[None], k)[1][0]

    def batch(self, queries, k, threads):
        self.faiss.omp_set_num_threads(threads)
        found = self.index.search(queries, k)[1]
        self.faiss.omp_set_num_threads(1)
        return found

    def bytes(self):
        return self.size


class FaissBytes(Faiss):
    recipe, parameter = "IVF{lists},SQ8", "nprobe"


class FaissProducts(Faiss):
    recipe, parameter = "IVF{lists},PQ{half}x4fs,RFlat", "nprobe"

    def set(self, setting):
        super().set(setting)
        self.space.set_index_parameter(self.index, "k_factor_rf", 20)


class Usearch:
    def __init__(self, rows):
        from usearch.index import Index
        self.index = Index(ndim=rows.shape[1], metric="ip", dtype="bf16", connectivity=16, expansion_add=200)
        self.index.add(np.arange(len(rows)), rows, threads=1)

    def set(self, setting):
        self.index.expansion_search = int(setting)

    def search(self, query, k):
        return self.index.search(query, k, threads=1).keys

    def batch(self, queries, k, threads):
        return self.index.search(queries, k, threads=threads).keys

    def bytes(self):
        return self.index.serialized_length


class Svs:
    """Vamana graph over rows of 16 bits."""
    def __init__(self, rows):
        import svs
        parameters = svs.VamanaBuildParameters(alpha=0.95, graph_max_degree=64, window_size=128)
        self.index = svs.Vamana.build(parameters, rows.astype(np.float16), svs.DistanceType.MIP, num_threads=1)
        self.size = len(rows) * (2 * rows.shape[1] + 4 * 65)  # rows, and a list of edges each

    def set(self, setting):
        self.index.search_window_size = int(setting)

    def search(self, query, k):
        return self.index.search(query[None], k)[0][0]

    def batch(self, queries, k, threads):
        self.index.num_threads = threads
        found = self.index.search(queries, k)[0]
        self.index.num_threads = 1
        return found

    def bytes(self):
        return self.size


class Scann:
    def __init__(self, rows):
        import scann
        self.index = scann.scann_ops_pybind.builder(rows, 10, "dot_product").tree(
            num_leaves=int(2 * len(rows) ** 0.5), num_leaves_to_search=50, training_sample_size=len(rows)).score_ah(
                2, anisotropic_quantization_threshold=0.2).reorder(100).build()
        self.size = rows.nbytes + len(rows) * rows.shape[1] // 4  # what it keeps: rows, and 4 bits for two dimensions

    def set(self, setting):
        leaves, reorder = setting.split(",")
        self.effort = {"leaves_to_search": int(leaves), "pre_reorder_num_neighbors": int(reorder)}

    def search(self, query, k):
        return self.index.search(query, k, **self.effort)[0]

    def batch(self, queries, k, threads):
        if threads == 1:
            return self.index.search_batched(queries, k, **self.effort)[0]
        self.index.set_num_threads(threads)
        return self.index.search_batched_parallel(queries, k, **self.effort)[0]

    def bytes(self):
        return self.size


PEERS = {"hnswlib": Hnswlib, "faiss": Faiss, "faiss-ivf-sq8": FaissBytes, "faiss-ivf-pq": FaissProducts,
         "usearch": Usearch, "svs": Svs, "scann": Scann}


def load(vectors, queries, dim, _file):
    rows = np.fromfile(vectors, np.float32).reshape(-1, int(dim))
    STATE["queries"] = np.fromfile(queries, np.float32).reshape(-1, int(dim))
    begin, cpu = time.perf_counter(), time.process_time()
    STATE["index"] = PEERS[sys.argv[1]](rows)
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu,
            "bytes": STATE["index"].bytes()}


def search(count, k, out, setting):
    index, k = STATE["index"], int(k)
    queries = list(STATE["queries"][:int(count)])
    index.set(setting)
    index.search(queries[0], k)
    begin, cpu = time.perf_counter(), time.process_time()
    found = [index.search(query, k) for query in queries]
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    np.asarray(found).astype(np.int64).tofile(out)
    return {"seconds": seconds, "cpu": cpu}


def batch(count, k, out, setting, threads):
    index, queries = STATE["index"], STATE["queries"][:int(count)]
    index.set(setting)
    index.batch(queries[:2], int(k), int(threads))
    begin, cpu = time.perf_counter(), time.process_time()
    found = index.batch(queries, int(k), int(threads))
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    np.asarray(found).astype(np.int64).tofile(out)
    return {"seconds": seconds, "cpu": cpu}


harness.serve({"load": load, "search": search, "batch": batch})
