#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The language model of others (lid.176.ftz) on real sentences: labels and probabilities as the original library tells.
And models trained here, written as .bin and .ftz: the original opens them and says the same.

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
        self.dim = self.model.getDimension() if hasattr(self.model, "getDimension") else self.model.getArgs().dim

    def labels(self, text, k):
        # It adds 0.00001 to what it tells, and lets a tree's certainty pass 1.
        return [(label.removeprefix(PREFIX), min(p, 1.0)) for p, label in self.model.predict(text + "\n", k, 0.0, "strict")]

    def vector(self, word):
        return self.vector_of(self.model.getWordVector, word)

    def sentence(self, text):
        return self.vector_of(self.model.getSentenceVector, text + "\n")

    def neighbours(self, word, k):
        return [(name, score) for score, name in self.model.getNN(word, k, "strict")]

    def vector_of(self, method, text):
        import fasttext_pybind
        out = fasttext_pybind.Vector(self.dim)
        method(out, text)
        return np.array(out)


def compare_labels(program, path, original, sentences, folder, added=0.0):
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
            worst = max(worst, abs(ours["probability"] - (probability - added if probability < 1 else 1)))
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


def compare_near(program, path, original, words):
    worst = 0.0
    for word in words:
        out = subprocess.run([program, "near", path, word, "-n", "5", "--json", "-q"], check=True, capture_output=True, text=True).stdout
        ours = [json.loads(line) for line in out.splitlines()]
        for mine, (name, score) in zip(ours, original.neighbours(word, 5)):
            worst = max(worst, abs(mine["score"] - score))
    print(f"neighbours of {len(words)} words: largest difference {worst:.1e}")
    return worst <= 1e-5


def compare_written(program, folder, sentences, labels):
    """Models trained here, as files of the original."""
    texts = [f"__label__{label} {text}" for label, text in zip(labels, sentences)]
    (folder / "texts").write_text("\n".join(texts[::2]) + "\n")
    good = True
    for kind, loss in (("skipgram", "ns"), ("cbow", "hs"), ("supervised", "softmax"), ("supervised", "hs"), ("supervised", "ova"),
                       ("supervised", "ns")):
        model = folder / f"{kind}_{loss}.model"
        subprocess.run([program, "train", "fasttext", folder / "texts", "-o", model, "--model", kind, "--loss", loss, "--dim", "20",
                        "--minn", "2", "--maxn", "4", "--word-ngrams", "2", "--bucket", "5000", "-q"], check=True)
        for ending, options in ((".bin", []), (".ftz", []), (".ftz", ["--option", "cutoff=3000,output=true,part=3"])):
            path = folder / f"{kind}_{loss}_{len(options)}{ending}"
            subprocess.run([program, "models", "convert", model, path, *options, "-q"], check=True)
            print(path.name, end=": ")
            original = Original(path)
            if kind == "supervised":
                good &= compare_labels(program, path, original, sentences[1:400:2], folder, 0.0 if loss == "hs" else 1e-5)
            else:
                good &= compare_near(program, path, original, ["the", "unseenword"])
            good &= compare_vectors(program, path, original, ["the", "na\u00efve", "unseenword"], sentences[1:40:2])
    return good


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
        short = [(file.suffix[1:], file.read_text(encoding="utf-8").split("\n")[:100]) for file in files[:40]]
        pairs = [(label, text) for label, lines in short for text in lines if text]
        good &= compare_written(program, folder, [text for _, text in pairs], [label for label, _ in pairs])
        words = ["the", "Bahnhof", "\u6771\u4eac", "na\u00efve", "zzzzqqqq"]
        good &= compare_vectors(program, path, original, words, sentences[:200:7])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
