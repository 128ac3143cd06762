#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small models of the original fastText with what it answers: animals.fasttext.bin (skip-gram), .ftz (a classifier,
quantised) and fasttext_expected.json. Needs `pip install fasttext-wheel`; run in this folder."""
import json
import pathlib
import random
import tempfile

import fasttext
import fasttext_pybind
import numpy as np

PETS = ["cat", "dog", "hamster", "parrot"]
WILD = ["wolf", "crow", "whale", "lynx"]
TEXTS = ["the cat sleeps", "a whale and a wolf", "unseenword", "", "na\u00efve caf\u00e9 dog", "the crow </s> cat"]
WORDS = ["cat", "wolves", "na\u00efve", "</s>"]


def corpus(labels):
    random.seed(1)
    lines = []
    for _ in range(200):
        kind, names = random.choice([("pet", PETS), ("wild", WILD)])
        words = ["the", random.choice(names), random.choice(["sleeps", "eats", "runs"]), "and", "a", random.choice(names)]
        lines.append((f"__label__{kind} " if labels else "") + " ".join(words))
    lines += ["__label__none na\u00efve caf\u00e9"] * 3 if labels else []
    return "\n".join(lines) + "\n"


def vector(method, dim, text):
    out = fasttext_pybind.Vector(dim)
    method(out, text)
    return np.array(out).tolist()


def main():
    here = pathlib.Path(__file__).parent
    out = {}
    with tempfile.TemporaryDirectory() as name:
        text = pathlib.Path(name) / "text"
        text.write_text(corpus(False), encoding="utf-8")
        words = fasttext.train_unsupervised(str(text), dim=6, bucket=200, minCount=1, epoch=20, thread=1, verbose=0, lr=0.1)
        words.save_model(str(here / "animals.fasttext.bin"))
        f = words.f
        out["words"] = {w: vector(f.getWordVector, 6, w) for w in WORDS}
        out["texts"] = {t: vector(f.getSentenceVector, 6, t + "\n") for t in TEXTS}
        out["near"] = [[word, score] for score, word in f.getNN("kitten", 5, "strict")]
        for loss in ("softmax", "hs", "ns", "ova"):
            text.write_text(corpus(True), encoding="utf-8")
            model = fasttext.train_supervised(str(text), dim=4, bucket=300, minn=2, maxn=3, wordNgrams=2, epoch=5, thread=1,
                                              verbose=0, loss=loss, lr=0.5)
            if loss == "hs":
                model.quantize(input=str(text), cutoff=260, qnorm=True, dsub=3, verbose=0)
                model.save_model(str(here / "animals.fasttext.ftz"))
            else:
                model.save_model(str(here / f"animals.fasttext_{loss}.bin"))
            out[loss] = {t: [[label, p] for p, label in model.f.predict(t + "\n", 3, 0.0, "strict")] for t in TEXTS}
            out[loss + " vector"] = vector(model.f.getSentenceVector, 4, TEXTS[0] + "\n")
    (here / "fasttext_expected.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
