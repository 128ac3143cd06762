#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the sets of the vector-search bench from enwiki18m with our own encoder and word vectors (README.md)."""
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
AT_ONCE = 500_000  # lines of a file: embed takes 100 MB
PIECE = 18  # words of a text of avg128
SETS = {"minilm": 50_000, "avg100": 200_000, "avg128": 1_000_000}


def texts_of(name, text, count):
    """Texts for a set, evenly spread over the corpus."""
    if name == "avg128":
        words = " ".join(text).split()
        step = (len(words) - PIECE) / count
        return [" ".join(words[int(i * step):int(i * step) + PIECE]) for i in range(count)]
    paragraphs = [line.split() for line in text if len(line.split()) >= 20]
    step = len(paragraphs) / count
    longest = 24 if name == "minilm" else 1000
    return [" ".join(paragraphs[int(i * step)][:longest]) for i in range(count)]


def nearest(scores):
    """The ten best of each row, ties to the lower number."""
    some = np.sort(np.argpartition(-scores, 30, axis=1)[:, :30], axis=1)
    order = np.argsort(-np.take_along_axis(scores, some, axis=1), axis=1, kind="stable")[:, :10]
    return np.take_along_axis(some, order, axis=1).astype(np.int64)


def write_set(folder, name, rows):
    """NAME.vectors, NAME.queries (f32 of length 1) and NAME.exact, the ids of the ten nearest (int64), by f32."""
    rows = rows.astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    order = np.random.default_rng(5).permutation(len(rows))
    queries, vectors = rows[order[:QUERIES]], rows[order[QUERIES:]]
    exact = [nearest(queries[i:i + 50] @ vectors.T) for i in range(0, QUERIES, 50)]
    vectors.tofile(folder / f"{name}.vectors")
    queries.tofile(folder / f"{name}.queries")
    np.concatenate(exact).tofile(folder / f"{name}.exact")


def embedded(isogloss, folder, name, model, lines):
    (folder / "lines.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    compute = ["--compute", "bf16"] if name == "minilm" else []
    subprocess.run([isogloss, "embed", "-m", model, "-i", folder / "lines.txt", "-f", "npy", "-o", folder / "rows.npy",
                    *compute], check=True)
    return np.load(folder / "rows.npy")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isogloss", default=str(harness.ROOT / "build/release/apps/isogloss/isogloss"))
    parser.add_argument("--data", default=str(harness.ROOT / "build/vector-sets"), help="folder for the sets")
    parser.add_argument("--sets", default=",".join(SETS))
    options = parser.parse_args()
    folder = pathlib.Path(options.data)
    folder.mkdir(parents=True, exist_ok=True)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        text = list(file)
    (folder / "text").write_text("".join(text), encoding="utf-8")
    for name in options.sets.split(","):
        model = "minilm"
        if name != "minilm":
            model = folder / f"words-{name}"
            subprocess.run([options.isogloss, "train", "word2vec", folder / "text", "-o", model, "--epochs", "1",
                            "--lowercase", "yes", "--dim", name.removeprefix("avg")], check=True)
        lines = texts_of(name, text, SETS[name] + QUERIES)
        write_set(folder, name, np.concatenate([embedded(options.isogloss, folder, name, model, lines[i:i + AT_ONCE])
                                                for i in range(0, len(lines), AT_ONCE)]))


main()
