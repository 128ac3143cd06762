#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stores side by side: ours, sqlite-vec, LanceDB, Chroma, with the caller's vectors. See README.md."""
import dataclasses
import lzma
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

DIM, QUERIES, K, THREADS = 384, 100, 10, 16
FILTERS = {"-": None, "tenth": lambda groups: groups % 10 == 3, "hundredth": lambda groups: groups == 7}
# What slow contestants do less of: documents of the bulk, commits a round, queries a round.
DOCUMENTS = {"chroma": 10_000}
COMMITS = {"isogloss": 500, "sqlite-vec": 500, "lancedb": 50, "chroma": 20}
QUERIES_OF = {"sqlite-vec": 10, "lancedb": 20}


class Data:
    """Files of texts, groups, vectors and queries in `folder`; vectors of unit length around 500 directions."""

    def __init__(self, folder, documents):
        self.paths = [folder / name for name in ("texts", "groups", "vectors", "queries")]
        texts = []
        with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
            for line in file:
                if line.strip():
                    texts.append(line.strip())
                if len(texts) == documents:
                    break
        rng = np.random.default_rng(1)
        centres = rng.standard_normal((500, DIM))
        self.groups = rng.integers(0, 100, documents).astype(np.int32)
        self.vectors, self.queries = (self.around(centres, count, rng) for count in (documents, QUERIES))
        self.paths[0].write_text("\n".join(texts) + "\n", encoding="utf-8")
        for path, values in zip(self.paths[1:], (self.groups, self.vectors, self.queries)):
            values.tofile(path)
        self.text_bytes = self.paths[0].stat().st_size

    @staticmethod
    def around(centres, count, rng):
        x = centres[rng.integers(0, 500, count)] + 1.2 * rng.standard_normal((count, DIM))
        return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)

    def grade(self, ids, name, documents):
        """(recall, whether these are exactly the nearest) of ids (queries, K) among the first `documents`."""
        scores = self.queries[:len(ids)].astype(np.float64) @ self.vectors[:documents].astype(np.float64).T
        if FILTERS[name] is not None:
            scores[:, ~FILTERS[name](self.groups[:documents])] = -np.inf
        expected = np.sort(scores, axis=1)[:, ::-1][:, :K]
        got = np.where(ids < 0, -np.inf, np.take_along_axis(scores, np.maximum(ids, 0), 1))
        distinct = all(len(set(row)) == K for row in ids.tolist())
        exact = distinct and np.allclose(got, expected, rtol=0, atol=1e-5)
        return float((got >= expected[:, -1:] - 1e-5).mean()), bool(exact)


@dataclasses.dataclass
class Writer:
    contestant: harness.Contestant
    count: int  # commits a round
    threads: int = 1

    @property
    def name(self):
        return self.contestant.name


def sync_ms(folder, count=200):
    """Median time of making one appended page durable, which bounds the commits of one thread."""
    times = []
    with open(folder / "page", "wb", buffering=0) as file:
        for _ in range(count):
            file.write(bytes(4096))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


class Bench:
    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.size = {name: min(DOCUMENTS.get(name, options.documents), options.documents) for name in COMMITS}
        self.data = Data(folder, options.documents + options.rounds * COMMITS["isogloss"] * (1 + THREADS // 4))
        binaries = pathlib.Path(options.build) / "bench/tasks/store"
        self.counter = binaries / "libbench_sync_counter.so"
        self.commands = {"isogloss": [binaries / "bench_store"]}
        for peer in ("sqlite_vec", "lancedb", "chroma"):
            self.commands[peer.replace("_", "-")] = [sys.executable, HERE / f"{peer}_contestant.py"]
        for name in self.commands:
            (folder / name).mkdir()
            (folder / name / "syncs").write_bytes(bytes(8))
        self.contestants = [self.start(name) for name in self.commands]
        for contestant in self.contestants:
            contestant.ask("load", *self.data.paths, DIM)

    def start(self, name):
        return harness.Contestant(name, self.commands[name] + [self.folder / name], LD_PRELOAD=str(self.counter),
                                  BENCH_SYNC_COUNT=str(self.folder / name / "syncs"))

    def syncs(self, name):
        return int.from_bytes((self.folder / name / "syncs").read_bytes(), "little")

    def found(self, contestant, name, count):
        contestant.ask("search", name, count, K, self.folder / "ids")
        return np.fromfile(self.folder / "ids", np.int64).reshape(-1, K)

    def bulk(self, rows):
        def load(contestant):
            contestant.ask("create")
            return contestant.ask("bulk", 0, self.size[contestant.name], os.cpu_count())
        answers = {c.name: [] for c in self.contestants}
        alone = []  # ours with one thread
        for _ in range(self.options.bulk_rounds):
            self.contestants[0].ask("create")
            alone.append(self.contestants[0].ask("bulk", 0, self.size["isogloss"], 1))
            for c in self.contestants:
                answers[c.name].append(load(c))
        rows["isogloss"] = {"bulk_one_thread": harness.summary(alone, self.size["isogloss"])}
        for c in self.contestants:
            row = rows.setdefault(c.name, {})
            row["documents"] = self.size[c.name]
            row["bulk"] = harness.summary(answers[c.name], self.size[c.name])
            row["bytes_per_document"] = c.ask("bytes")["bytes"] / self.size[c.name]

    def first(self, rows):
        times = {name: [] for name in rows}
        for _ in range(self.options.rounds):
            for name in rows:
                fresh = self.start(name)
                fresh.ask("load", "-", "-", "-", self.data.paths[3], DIM)
                times[name].append(fresh.ask("first", K, self.folder / "ids")["seconds"])
                rows[name]["opened_mb"] = fresh.peak_mb()
                fresh.close()
        for name, row in rows.items():
            row.update(first_answer_s=min(times[name]), first_answer_median_s=statistics.median(times[name]))

    def search(self, rows, name):
        for c in self.contestants:
            recall, exact = self.data.grade(self.found(c, name, QUERIES_OF.get(c.name, QUERIES)), name, self.size[c.name])
            if recall < 0.985 and c.name == "isogloss":  # it finds 0.99 of them unless asked for more
                sys.exit(f"filter {name}: isogloss gives {recall:.4f} of the ten nearest")
            rows[c.name].setdefault("search", {})[name] = {"recall": recall, "exact": exact}
        answers = harness.interleaved(
            self.contestants, self.options.rounds,
            lambda c: c.ask("search", name, QUERIES_OF.get(c.name, QUERIES), K, self.folder / "ids"))
        for c in self.contestants:
            best = [min(times) for times in zip(*(answer["ms"] for answer in answers[c.name]))]
            quantiles = statistics.quantiles(best, n=100, method="inclusive")
            rows[c.name]["search"][name].update(queries=len(best), p50_ms=quantiles[49], p99_ms=quantiles[98])

    def commits(self, rows):
        """Each contestant with one thread, and ours with sixteen that wait for their own."""
        at, writers = dict(self.size), [Writer(c, COMMITS[c.name]) for c in self.contestants]
        writers.append(Writer(self.contestants[0], COMMITS["isogloss"] * THREADS // 4, THREADS))

        def commit(writer):
            begin, before = at[writer.name], self.syncs(writer.name)
            at[writer.name] += writer.count
            answer = writer.contestant.ask("commits", begin, at[writer.name], writer.threads)
            return dict(answer, syncs=self.syncs(writer.name) - before)
        answers = [[] for _ in writers]
        for _ in range(self.options.rounds):
            for writer, kept in zip(writers, answers):
                kept.append(commit(writer))
        for writer, kept in zip(writers, answers):
            quantiles = statistics.quantiles([ms for answer in kept for ms in answer["ms"]], n=100, method="inclusive")
            summary = harness.summary(kept, writer.count)
            summary.update(commits=writer.count, p50_ms=quantiles[49], p99_ms=quantiles[98], threads=writer.threads,
                           syncs_per_commit=sum(answer["syncs"] for answer in kept) / (writer.count * len(kept)))
            rows[writer.name]["commits" if writer.threads == 1 else "commits_shared"] = summary
        for c in self.contestants:  # everybody has to find what was committed; a graph is not asked to be exact
            rows[c.name]["recall_after"] = self.data.grade(self.found(c, "-", 10), "-", at[c.name])[0]


def show(name, row):
    print(f"{name:11} {row['documents']:7} documents  bulk {row['bulk']['per_s_best']:7.0f}/s "
          f"({row['bulk']['per_cpu_s']:.0f} per CPU s)  {row['bytes_per_document']:6.0f} bytes each  first answer "
          f"{row['first_answer_s']:.3f} s")
    if alone := row.get("bulk_one_thread"):
        print(f"{'':11} bulk with one thread {alone['per_s_best']:7.0f}/s ({alone['per_cpu_s']:.0f} per CPU s)")
    for commits in (row["commits"], row.get("commits_shared")):
        if commits:
            print(f"{'':11} commits of {commits['threads']:2} threads: {commits['per_s_best']:6.0f}/s (median "
                  f"{commits['commits'] / commits['median_s']:.0f})  p50 {commits['p50_ms']:.2f} p99 "
                  f"{commits['p99_ms']:.2f} ms  {commits['syncs_per_commit']:.2f} syncs each")
    for kind, found in row["search"].items():
        print(f"{'':11} filter {kind:10} p50 {found['p50_ms']:8.3f}  p99 {found['p99_ms']:8.3f} ms  recall "
              f"{found['recall']:.4f}{'' if found['exact'] else '  NOT the exact ten'}", flush=True)


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--bulk-rounds", type=int, default=3)
    options = parser.parse_args()
    result = harness.record("store", options.build, harness.versions_of("sqlite-vec", "lancedb", "chromadb", "numpy"))
    rows = {}
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(pathlib.Path(name), options)
        result.update(documents=options.documents, dim=DIM, k=K, text_bytes=bench.data.text_bytes)
        result["sync_ms"] = sync_ms(pathlib.Path(name))
        print(f"one fdatasync: {result['sync_ms']:.2f} ms", flush=True)
        bench.bulk(rows)
        bench.first(rows)
        for kind in FILTERS:
            bench.search(rows, kind)
        bench.commits(rows)
        for contestant in bench.contestants:
            rows[contestant.name]["peak_mb"] = contestant.peak_mb()
            contestant.close()
            show(contestant.name, rows[contestant.name])
    result["contestants"] = rows
    harness.keep(result, options.out)


main()
