#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the two sets of the vector-search bench from enwiki18m with our own encoder and word vectors (README.md)."""
import argparse
import lzma
import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

QUERIES = 1000
SETS = {"minilm": 50_000, "avg100": 200_000}


def write_set(folder, name, rows):
    """NAME.vectors, NAME.queries (f32 of length 1) and NAME.exact, the ids of the ten nearest (int64), by f32."""
    rows = rows.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    order = np.random.default_rng(5).permutation(len(rows))
    queries, vectors = rows[order[:QUERIES]], rows[order[QUERIES:]]
    exact = [np.argsort(-(queries[i:i + 100] @ vectors.T), axis=1, kind="stable")[:, :10]
             for i in range(0, QUERIES, 100)]
    vectors.tofile(folder / f"{name}.vectors")
    queries.tofile(folder / f"{name}.queries")
    np.concatenate(exact).tofile(folder / f"{name}.exact")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isogloss", default=str(harness.ROOT / "build/release/apps/isogloss/isogloss"))
    parser.add_argument("--data", default=str(harness.ROOT / "build/vector-sets"), help="folder for the sets")
    options = parser.parse_args()
    folder = pathlib.Path(options.data)
    folder.mkdir(parents=True, exist_ok=True)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        text = list(file)
    (folder / "text").write_text("".join(text), encoding="utf-8")
    subprocess.run([options.isogloss, "train", "word2vec", folder / "text", "-o", folder / "words", "--epochs", "1",
                    "--lowercase", "yes"], check=True)
    paragraphs = [line.split() for line in text if len(line.split()) >= 20]
    for name, model, longest in (("minilm", "minilm", 24), ("avg100", folder / "words", 1000)):
        count = SETS[name] + QUERIES
        step = len(paragraphs) / count
        lines = [" ".join(paragraphs[int(i * step)][:longest]) for i in range(count)]
        (folder / "lines").write_text("\n".join(lines) + "\n", encoding="utf-8")
        compute = ["--compute", "bf16"] if name == "minilm" else []
        subprocess.run([options.isogloss, "embed", "-m", model, "-i", folder / "lines", "-f", "npy", "-o",
                        folder / "rows.npy", *compute], check=True)
        write_set(folder, name, np.load(folder / "rows.npy"))


main()
