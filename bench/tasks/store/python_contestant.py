# SPDX-License-Identifier: Apache-2.0
"""What the Python contestants of the store bench share. Commands: isogloss_contestant.cpp.

A store has open(folder), create(), add(ids, texts, groups, vectors) for one durable commit, finish() after a bulk,
find(vector, filter, k) -> ids with the texts read, and `batch`; filter is None or (field, value).
"""
import pathlib
import shutil
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

FILTERS = {"-": None, "tenth": ("tenth", 3), "hundredth": ("hundredth", 7)}


class Contestant:
    def __init__(self, store):
        self.store = store
        self.folder = pathlib.Path(sys.argv[1]) / "store"

    def load(self, texts, groups, vectors, queries, dim):
        if texts != "-":
            self.texts = pathlib.Path(texts).read_text(encoding="utf-8").split("\n")[:-1]
            self.groups = np.fromfile(groups, np.int32).tolist()
            self.vectors = np.fromfile(vectors, np.float32).reshape(-1, int(dim))
        self.queries = np.fromfile(queries, np.float32).reshape(-1, int(dim))
        return {}

    def create(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.store.open(self.folder)
        self.store.create(self.queries.shape[1])
        return {}

    def add(self, begin, end):
        self.store.add(list(range(begin, end)), self.texts[begin:end], self.groups[begin:end], self.vectors[begin:end])

    def bulk(self, begin, end, _threads):
        clock = Clock()
        for at in range(int(begin), int(end), self.store.batch):
            self.add(at, min(int(end), at + self.store.batch))
        self.store.finish()
        return clock.answer()

    def commits(self, begin, end, _threads):
        clock = Clock()
        for number in range(int(begin), int(end)):
            with clock:
                self.add(number, number + 1)
        return clock.answer()

    def search(self, name, count, k, out):
        ids = np.full((int(count), int(k)), -1, np.int64)
        clock = Clock()
        for row, query in zip(ids, self.queries):
            with clock:
                found = self.store.find(query, FILTERS[name], int(k))
            row[:len(found)] = found
        answer = clock.answer()
        ids.tofile(out)
        return answer

    def first(self, k, out):
        clock = Clock()
        self.store.open(self.folder)
        found = self.store.find(self.queries[0], None, int(k))
        answer = clock.answer()
        np.array(found, np.int64).tofile(out)
        return answer

    def bytes(self):
        return {"bytes": sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())}


class Clock:
    """Wall and CPU time since it was made, and of each `with` block in milliseconds."""

    def __init__(self):
        self.times = []
        self.begin, self.cpu = time.perf_counter(), time.process_time()

    def __enter__(self):
        self.one = time.perf_counter()

    def __exit__(self, *_):
        self.times.append((time.perf_counter() - self.one) * 1e3)

    def answer(self):
        return {"seconds": time.perf_counter() - self.begin, "cpu": time.process_time() - self.cpu, "ms": self.times}


def serve(store):
    contestant = Contestant(store)
    names = ("load", "create", "bulk", "commits", "search", "first", "bytes")
    harness.serve({name: getattr(contestant, name) for name in names})
