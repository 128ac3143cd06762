#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""BM25 side by side: ours, bm25s, tantivy, SQLite FTS5. See README.md. Standard library only."""
import lzma
import pathlib
import random
import re
import sqlite3
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

TEXTS, QUERIES, K = 100_000, 1_000, 10
SLOW = {"sqlite fts5": 60}          # contestants that answer only so many queries a round
COMMON = {"tantivy": 0.9, "sqlite fts5": 0.6}  # least share of ids in common with ours; others must have our scores


def make_data(folder):
    word = re.compile(r"\w+")
    lines = []
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        for line in file:
            words = word.findall(line.lower())
            if words:
                lines.append(words)
            if len(lines) == 2 * TEXTS:
                break
    rng, queries = random.Random(1), []
    while len(queries) < QUERIES:
        words, size = rng.choice(lines[TEXTS:]), rng.randint(3, 8)
        if len(words) > size:
            first = rng.randrange(len(words) - size)
            queries.append(words[first:first + size])
    for name, rows in (("texts", lines[:TEXTS]), ("queries", queries)):
        (folder / name).write_text("\n".join(" ".join(words) for words in rows) + "\n", encoding="utf-8")
    return sum(len(" ".join(words)) + 1 for words in lines[:TEXTS])


def answers_of(contestant, folder):
    contestant.ask("search", SLOW.get(contestant.name, QUERIES), K, folder / "hits")
    rows = (folder / "hits").read_text(encoding="utf-8").split("\n")[:-1]
    return [[(int(i), float(s)) for i, _, s in (hit.partition(":") for hit in row.split())] for row in rows]


def verify(contestant, ours, theirs):
    """The share of ids in common; exits when the answers are not those of the stated formula."""
    common, worst = [], 0.0
    for a, b in zip(ours, theirs):
        common.append(len({i for i, _ in a} & {i for i, _ in b}) / max(1, len(a)))
        worst = max([worst] + [abs(x - y) for (_, x), (_, y) in zip(a, b)] + [1.0] * (len(a) != len(b)))
    share = statistics.mean(common)
    if contestant.name in COMMON:
        if share < COMMON[contestant.name]:
            sys.exit(f"{contestant.name}: only {share:.3f} of the ids in common with ours")
    elif worst > 1e-4:
        sys.exit(f"{contestant.name}: scores differ by up to {worst}")
    print(f"verified {contestant.name:12} ids in common {share:.4f}"
          + ("" if contestant.name in COMMON else f", scores differ by at most {worst:.1e}"), flush=True)
    return share


def summary(contestant, indexed, searched):
    count = SLOW.get(contestant.name, QUERIES)
    best = [min(times) for times in zip(*(answer["ms"] for answer in searched))]  # of each query over the rounds
    quantiles = statistics.quantiles(best, n=100, method="inclusive")
    row = {"contestant": contestant.name, "index": harness.summary(indexed, TEXTS),
           "index_mb": indexed[-1]["bytes"] / 1e6, "query": harness.summary(searched, count), "queries": count,
           "p50_ms": quantiles[49], "p99_ms": quantiles[98], "peak_mb": contestant.peak_mb()}
    print(f"{row['contestant']:12} index {row['index']['per_s_best']:8.0f} texts/s {row['index']['per_cpu_s']:8.0f} per "
          f"CPU s {row['index_mb']:6.1f} MB   query p50 {row['p50_ms']:8.4f} p99 {row['p99_ms']:8.4f} ms "
          f"{row['query']['per_cpu_s']:8.0f} per CPU s   peak {row['peak_mb']} MB", flush=True)
    return row


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--index-rounds", type=int, default=3)
    options = parser.parse_args()
    binary = pathlib.Path(options.build) / "bench/tasks/lexical_search/bench_lexical_search"
    versions = dict(harness.versions_of("bm25s", "numba", "tantivy"), sqlite=sqlite3.sqlite_version)
    result = harness.record("lexical search", options.build, versions)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        result.update(texts=TEXTS, text_bytes=make_data(folder), queries=QUERIES, k=K)
        commands = {"isogloss": [binary]}
        for peer in ("bm25s", "tantivy", "sqlite_fts5"):
            commands[peer.replace("_", " ")] = [sys.executable, HERE / f"{peer}_contestant.py"]
        contestants = []
        for number, (contestant, command) in enumerate(commands.items()):
            (folder / str(number)).mkdir()
            contestants.append(harness.Contestant(contestant, command + [folder / str(number)]))
            contestants[-1].ask("load", folder / "texts", folder / "queries")
        indexed = harness.interleaved(contestants, options.index_rounds, lambda c: c.ask("index"))
        ours = answers_of(contestants[0], folder)
        shares = {c.name: verify(c, ours, answers_of(c, folder)) for c in contestants[1:]}
        searched = harness.interleaved(
            contestants, options.rounds,
            lambda c: c.ask("search", SLOW.get(c.name, QUERIES), K, folder / "hits"))
        result["contestants"] = [summary(c, indexed[c.name], searched[c.name]) for c in contestants]
        result["ids_in_common"] = shares
        for contestant in contestants:
            contestant.close()
    harness.keep(result, options.out)


main()
