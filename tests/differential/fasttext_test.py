#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The language model of others (lid.176.ftz) on real sentences: labels and probabilities as the original library tells.

usage: fasttext_test.py ISOGLOSS
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"])
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data"))
PREFIX = "__label__"


class Original:
    """The library's own object below its Python layer, whose predict() breaks with NumPy 2."""

    def __init__(self, path):
        import fasttext
        fasttext.FastText.eprint = lambda *_: None
        self.model = fasttext.load_model(str(path)).f

    def labels(self, text, k):
        # It adds 0.00001 to what it tells, and lets a tree's certainty pass 1.
        return [(label.removeprefix(PREFIX), min(p, 1.0)) for p, label in self.model.predict(text + "\n", k, 0.0, "strict")]

    def vector(self, word):
        return vector_of(self.model.getWordVector, word)

    def sentence(self, text):
        return vector_of(self.model.getSentenceVector, text + "\n")


def vector_of(method, text):
    import fasttext_pybind
    out = fasttext_pybind.Vector(DIM)
    method(out, text)
    return np.array(out)


DIM = 16


def compare_labels(program, path, original, sentences, folder):
    texts = folder / "texts.txt"
    texts.write_text("\n".join(sentences) + "\n")
    answer = subprocess.run([program, "classify", "-m", path, "-i", texts, "-n", "3", "--json"], check=True,
                            capture_output=True, text=True).stdout
    rows = [json.loads(line)["labels"] for line in answer.splitlines()]
    assert len(rows) == len(sentences), (len(rows), len(sentences))
    worst, other = 0.0, 0
    for text, row in zip(sentences, rows):
        theirs = original.labels(text, 3)
        for ours, (label, probability) in zip(row, theirs):
            worst = max(worst, abs(ours["probability"] - probability))
        # Labels of equal probability may stand in any order.
        if [r["label"] for r in row][:1] != [t[0] for t in theirs][:1] and abs(theirs[0][1] - theirs[1][1]) > 1e-6:
            other += 1
    print(f"{len(sentences)} sentences: {other} other labels, largest difference {worst:.1e}")
    return other == 0 and worst <= 1e-5


def compare_vectors(program, path, original, words, sentences):
    def embed(texts, *more):
        args = [a for text in texts for a in ("-c", text)]
        out = subprocess.run([program, "embed", "-m", path, *args, *more], check=True, capture_output=True, text=True).stdout
        return [json.loads(line)["embedding"] for line in out.splitlines()]

    ours = embed([" ".join(words)], "--words", "--json")
    theirs = [original.vector(word) for word in words]
    word_gap = float(np.abs(np.array(ours) - np.array(theirs)).max())
    ours = embed(sentences, "-f", "jsonl")
    theirs = [original.sentence(text) for text in sentences]
    text_gap = float(np.abs(np.array(ours) - np.array(theirs)).max())
    print(f"vectors of {len(words)} words and {len(sentences)} sentences: largest difference {word_gap:.1e}, {text_gap:.1e}")
    return word_gap <= 1e-5 and text_gap <= 1e-5


def main():
    try:
        import fasttext  # noqa: F401
    except ImportError:
        print("skipped: no fasttext; pip install fasttext-wheel into the Python of $ISOGLOSS_PYTHON")
        return 77
    path = DATA / "models/fasttext_lid176/lid.176.ftz"
    if not path.exists():
        print(f"skipped: {path} is not on this machine")
        return 77
    program = sys.argv[1]
    files = sorted((DATA / "eval/tatoeba_bitext").glob("tatoeba.*"))
    sentences = [line for file in files for line in file.read_text(encoding="utf-8").split("\n") if line]
    original = Original(path)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        good = compare_labels(program, path, original, sentences, folder)
        good &= compare_labels(program, path, original, ["a", "\u6771\u4eac", "x y __label__de", "na\u00efve  caf\u00e9\t!"], folder)
        words = ["the", "Bahnhof", "\u6771\u4eac", "na\u00efve", "zzzzqqqq"]
        good &= compare_vectors(program, path, original, words, sentences[:200:7])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
