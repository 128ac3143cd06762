#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nearest words among millions: ours and gensim's. See README.md."""
import pathlib
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

DIM, CLUMPS, STEP, CHECKED = 300, 2000, 20000, 20


def make_file(path, words):
    """word2vec's binary layout; rows in clumps, with dimensions of falling weight."""
    random = np.random.default_rng(0)
    middles = random.standard_normal((CLUMPS, DIM)).astype(np.float32)
    weight = (np.arange(1, DIM + 1) ** -0.35).astype(np.float32)
    with path.open("wb") as file:
        file.write(f"{words} {DIM}\n".encode())
        for begin in range(0, words, STEP):
            rows = middles[random.integers(0, CLUMPS, STEP)] * 0.7 + random.standard_normal((STEP, DIM)).astype(np.float32)
            rows *= weight
            file.write(b"".join(b"w%d " % (begin + i) + rows[i].tobytes() + b"\n" for i in range(STEP)))


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--words", type=int, default=3_000_000)
    parser.add_argument("--file", help="a file made before")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    binary = pathlib.Path(options.build) / "bench/tasks/near_words/bench_near_words"
    result = harness.record("nearest words", options.build, harness.versions_of("numpy", "gensim"))
    result.update(words=options.words, dim=DIM, contestants={})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(options.file or pathlib.Path(folder) / "words.bin")
        if not path.exists():
            make_file(path, options.words)
        cache = {"ISOGLOSS_CACHE": folder}
        contestants = [harness.Contestant(f"isogloss, {n} thread{'s' if n > 1 else ''}", [binary, n], **cache) for n in (1, 2)]
        first = contestants[0].ask("open", path)  # makes the packed file
        opened = {c.name: c.ask("open", path) for c in contestants}
        if not options.no_peers:
            contestants.append(harness.Contestant("gensim", [sys.executable, HERE / "gensim_contestant.py"]))
            opened["gensim"] = contestants[-1].ask("open", path)
        truth = contestants[-1].ask("near", 0, CHECKED, 1)["words"]
        for c in contestants:
            for together in (1, CHECKED):
                if c.ask("near", 0, CHECKED, together)["words"] != truth:
                    sys.exit(f"{c.name} gives other words")
        single = harness.interleaved(contestants, options.rounds, lambda c: c.ask("near", 100, 9, 1))
        batch = harness.interleaved(contestants[:2], options.rounds, lambda c: c.ask("near", 200, 32, 32))
        for c in contestants:
            row = {"first_open_s": first["seconds"] if c is contestants[0] else None, "open_s": opened[c.name]["seconds"],
                   "p50_ms": 1e3 * min(a["p50"] for a in single[c.name]), "single": harness.summary(single[c.name], 9)}
            line = f"{c.name:22} open {row['open_s']:7.3f} s  near p50 {row['p50_ms']:7.1f} ms"
            if c.name in batch:
                row["batch"] = harness.summary(batch[c.name], 32)
                line += f"  in batches of 32 {1e3 / row['batch']['per_s_best']:6.2f} ms a word"
            row["peak_mb"] = c.peak_mb()
            print(line, flush=True)
            result["contestants"][c.name] = row
            c.close()
    harness.keep(result, options.out)


main()
