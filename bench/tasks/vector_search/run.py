#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Approximate vector search side by side: ours, ScaNN, hnswlib, faiss, usearch. See README.md."""
import importlib.util
import pathlib
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

DIMS = {"minilm": 384, "avg100": 100, "avg128": 128}
K = 10
ASKED = (0.95, 0.98, 0.99, 0.999)
GRAPH = ["16", "32", "64", "128", "256", "512", "1024"]
LISTS = ["8", "16", "32", "64", "128", "256", "512"]
SETTINGS = {"isogloss f32": ["0.8", "0.9", "0.95", "0.98", "0.99", "0.999", "0.9999"],
            "isogloss bf16": ["0.9", "0.95", "0.98", "0.99", "0.999", "0.9999"], "hnswlib": GRAPH, "faiss": GRAPH,
            "usearch": GRAPH, "svs": GRAPH, "faiss-ivf-sq8": LISTS, "faiss-ivf-pq": LISTS, "scann": ["20,60", "40,100", "60,100", "100,100", "100,200", "150,200", "250,300",
                                        "447,500"]}
SHARES = (0.5, 0.1, 0.01, 0.001)


PACKAGES = {"scann": "scann", "hnswlib": "hnswlib", "faiss": "faiss-cpu", "usearch": "usearch", "svs": "scalable-vs"}


def installed(module):
    return importlib.util.find_spec(module) is not None


def recall_of(found, exact):
    return float(np.mean([len(set(a) & set(b)) / K for a, b in zip(found.tolist(), exact.tolist())]))


def rate_at(points, recall):
    """Queries a second at a recall, between the two settings around it; 0 where no setting reaches it."""
    points = sorted(points)
    above = [p for p in points if p[0] >= recall]
    if not above:
        return 0.0
    below = [p for p in points if p[0] < recall]
    if not below:
        return max(p[1] for p in above)
    (r0, q0), (r1, q1) = below[-1], above[0]
    between = q0 + (q1 - q0) * (recall - r0) / (r1 - r0)
    return max(between, *(p[1] for p in above))


def sweep(contestants, exact, queries, rounds, folder):
    points = {contestant.name: {} for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            for setting in SETTINGS[contestant.name]:
                answer = contestant.ask("search", queries, K, folder / "ids", setting)
                recall = recall_of(np.fromfile(folder / "ids", np.int64).reshape(queries, K), exact)
                kept = points[contestant.name].setdefault(setting, {"recall": recall, "per_s": 0.0})
                if abs(kept["recall"] - recall) > 1e-9 and "isogloss" in contestant.name:
                    sys.exit(f"{contestant.name} gives another answer in another round")
                if queries / answer["seconds"] > kept["per_s"]:
                    kept.update({k: v for k, v in answer.items() if k not in ("seconds", "cpu")},
                                per_s=queries / answer["seconds"])
    return points


def batched(contestants, points, exact, rounds, folder):
    """Queries a second of all queries as one batch, on one thread and on two, at the first setting that reaches 0.98."""
    out = {}
    for _ in range(rounds):
        for contestant in contestants:
            good = [s for s in SETTINGS[contestant.name] if points[contestant.name][s]["recall"] >= 0.98]
            if not good:
                continue
            row = out.setdefault(contestant.name, {"setting": good[0], "1": 0.0, "2": 0.0})
            for threads in ("1", "2"):
                answer = contestant.ask("batch", len(exact), K, folder / "ids", good[0], threads)
                row["recall"] = recall_of(np.fromfile(folder / "ids", np.int64).reshape(len(exact), K), exact)
                row[threads] = max(row[threads], len(exact) / answer["seconds"])
    for name, row in out.items():
        print(f"  {name:14} batch at recall {row['recall']:.4f}: {row['1']:.0f} queries/s on one thread, {row['2']:.0f} on two",
              flush=True)
    return out


def filtered(contestant, files, rounds, folder):
    """Milliseconds and recall of ours under filters that keep a random share of the rows."""
    vectors, queries = files
    rng = np.random.default_rng(9)
    rows = []
    for share in SHARES:
        kept = np.flatnonzero(rng.random(len(vectors)) < share).astype(np.int64)
        kept.tofile(folder / "filter")
        contestant.ask("filter", folder / "filter")
        answers = [contestant.ask("search", 200, K, folder / "ids", 0.99) for _ in range(rounds)]
        found = np.fromfile(folder / "ids", np.int64).reshape(200, K)
        exact = kept[np.argsort(-(queries[:200] @ vectors[kept].T), axis=1, kind="stable")[:, :K]]
        row = {"share": share, "ms": min(a["seconds"] for a in answers) * 5, "recall": recall_of(found, exact)}
        rows.append(row)
        print(f"  {contestant.name} keeping {share * 100:g} %: {row['ms']:.4f} ms, recall {row['recall']:.4f}", flush=True)
    contestant.ask("filter", "-")
    return rows


def run_set(name, options, folder):
    data, dim = pathlib.Path(options.data), DIMS[name]
    exact = np.fromfile(data / f"{name}.exact", np.int64).reshape(-1, K)
    binary = pathlib.Path(options.build) / "bench/tasks/vector_search/bench_vector_search"
    contestants = [harness.Contestant(f"isogloss {dtype}", [binary, dtype]) for dtype in ("f32", "bf16")]
    contestants += [harness.Contestant(peer, [sys.executable, HERE / "peer_contestant.py", peer])
                    for peer in options.peers.split(",") if peer and installed(peer.split("-")[0])]
    result = {"build": {}, "at": {}}
    for contestant in contestants:
        built = contestant.ask("load", data / f"{name}.vectors", data / f"{name}.queries", dim,
                               folder / contestant.name.replace(" ", "-"))
        result["build"][contestant.name] = built
        print(f"{name} {contestant.name:14} built in {built['cpu']:.2f} CPU s, {built['bytes'] / result_rows(data, name, dim):.0f} "
              "bytes a vector", flush=True)
    result["points"] = sweep(contestants, exact, len(exact), options.rounds, folder)
    for contestant in contestants:
        points = [(p["recall"], p["per_s"]) for p in result["points"][contestant.name].values()]
        result["at"][contestant.name] = {str(r): rate_at(points, r) for r in ASKED}
        print(f"{name} {contestant.name:14} " + "  ".join(
            f"{r}: {q:8.0f}" for r, q in result["at"][contestant.name].items()) + " queries/s", flush=True)
        print("   " + "  ".join(f"{s}: {p['recall']:.4f} {p['per_s']:.0f}/s"
                                for s, p in result["points"][contestant.name].items()), flush=True)
    result["batch"] = batched(contestants, result["points"], exact, options.rounds, folder)
    vectors = np.fromfile(data / f"{name}.vectors", np.float32).reshape(-1, dim)
    queries = np.fromfile(data / f"{name}.queries", np.float32).reshape(-1, dim)
    result["filtered"] = {c.name: filtered(c, (vectors, queries), options.rounds, folder) for c in contestants[:2]}
    for contestant in contestants:
        contestant.close()
    return result


def result_rows(data, name, dim):
    return (data / f"{name}.vectors").stat().st_size / 4 / dim


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--data", default=str(harness.ROOT / "build/vector-sets"), help="folder that make_sets.py filled")
    parser.add_argument("--sets", default="minilm,avg100")
    parser.add_argument("--peers", default="scann,hnswlib,faiss,faiss-ivf-sq8,faiss-ivf-pq,usearch,svs")
    options = parser.parse_args()
    for one in options.sets.split(","):
        if not (pathlib.Path(options.data) / f"{one}.exact").exists():
            sys.exit(f"'{options.data}' holds no set {one}; make it with bench/tasks/vector_search/make_sets.py")
    result = harness.record("vector search", options.build, harness.versions_of("numpy", *(p for module, p in PACKAGES.items() if installed(module))))
    result["sets"] = {}
    with tempfile.TemporaryDirectory() as name:
        for one in options.sets.split(","):
            result["sets"][one] = run_set(one, options, pathlib.Path(name))
    harness.keep(result, options.out)


main()
