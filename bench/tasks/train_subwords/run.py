#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fastText, ours and the original: speed and quality of word vectors and classifiers. See README.md."""
import csv
import gzip
import json
import lzma
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parent / "train_words"))
import harness  # noqa: E402
import quality  # noqa: E402

PREFIX = "__label__"
CONFIGURATIONS = {  # epochs, rate, run of words, buckets (0 = none)
    "words": (5, 0.5, 1, 0),
    "pairs": (25, 0.5, 2, 200000),
}


def run(command):
    """CPU seconds and peak memory in MB."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def read_text_vectors(path):
    with open(path, encoding="utf-8") as lines:
        count, dim = map(int, lines.readline().split())
        words, rows = [], np.empty((count, dim), np.float32)
        for i, line in enumerate(lines):
            cells = line.rstrip().split(" ")
            words.append(cells[0])
            rows[i] = np.array(cells[1:dim + 1], np.float32)
    return words, rows


def every_fifth(rows):
    return [r for i, r in enumerate(rows) if i % 5], rows[::5]


def labelled(path):
    lines = path.read_text(encoding="latin-1").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if " " in line]


def sets(data):
    """name -> (training rows, test rows), each (label, text)."""
    out = {}
    with open(data / "ag_news_test/test.csv", encoding="utf-8") as file:
        out["ag_news"] = every_fifth([(row[0], " ".join(row[1:])) for row in csv.reader(file)])
    parts = []
    for part in ("train", "test"):
        with open(data / f"banking77/{part}.csv", encoding="utf-8") as file:
            parts.append([(row["category"], row["text"]) for row in csv.DictReader(file)])
    out["banking77"] = tuple(parts)
    with gzip.open(data / "newsgroups20/test_20groups.jsonl.gz", "rt", encoding="utf-8") as file:
        out["newsgroups20"] = every_fifth([(row["label"], row["text"]) for row in map(json.loads, file)])
    sentences = data / "sentence_classification"
    out["stsa.binary"] = labelled(sentences / "stsa.binary.train"), labelled(sentences / "stsa.binary.test")
    for name in ("rt-polarity", "custrev"):
        out[name] = every_fifth(labelled(sentences / f"{name}.all"))
    snips = {"train": [], "validate": []}
    for file in sorted(data.glob("snips/*/*.json")):
        for rows in json.loads(file.read_text(encoding="utf-8", errors="replace")).values():
            snips[file.name.split("_")[0]] += [(file.parent.name, "".join(part["text"] for part in row["data"])) for row in rows]
    out["snips"] = snips["train"], snips["validate"]
    return out


def plain(text):
    return " ".join(re.sub(r"([^\w\s])", r" \1 ", text.lower()).split())


def accuracy(answers, rows):
    told = [line.split(" ")[0].removeprefix(PREFIX) for line in answers.splitlines()]
    return 100 * sum(a == label.replace(" ", "_") for a, (label, _) in zip(told, rows)) / len(rows)


def classifier_round(program, original, folder, train, test, configuration, seed):
    epochs, rate, run_of_words, bucket = configuration
    text, questions = folder / "train.txt", folder / "test.txt"
    lines = [f"{PREFIX}{label.replace(' ', '_')} {plain(t)}\n" for label, t in train]
    random.Random(1).shuffle(lines)
    text.write_text("".join(lines), encoding="utf-8")
    questions.write_text("".join(plain(t) + "\n" for _, t in test), encoding="utf-8")
    shutil.rmtree(folder / "ours", ignore_errors=True)
    ours = run([program, "train", "fasttext", text, "-o", folder / "ours", "--model", "supervised", "--epochs", epochs, "--alpha", rate,
                "--word-ngrams", run_of_words, "--bucket", bucket, "--threads", 1, "--seed", seed, "-q"])
    theirs = run([original, "supervised", "-input", text, "-output", folder / "theirs", "-epoch", epochs, "-lr", rate, "-wordNgrams",
                  run_of_words, "-bucket", bucket, "-thread", 1, "-verbose", 0, "-seed", seed])
    answers = [subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout for command in
               ([program, "classify", "-m", folder / "ours", "-i", questions, "-q"],
                [original, "predict", folder / "theirs.bin", questions])]
    return {"ours": (*ours, accuracy(answers[0], test)), "original": (*theirs, accuracy(answers[1], test))}


def word_round(program, original, folder, corpus, data, seed):
    for name in ("ours", "ours.vec"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).unlink(missing_ok=True)
    ours = run([program, "train", "fasttext", corpus, "-o", folder / "ours", "--threads", 1, "--seed", seed, "-q"])
    run([program, "models", "convert", folder / "ours", folder / "ours.vec", "-q"])
    theirs = run([original, "skipgram", "-input", corpus, "-output", folder / "theirs", "-thread", 1, "-verbose", 0, "-seed", seed])
    return {"ours": (*ours, quality.quality(folder / "ours.vec", data)), "original": (*theirs, quality.quality(folder / "theirs.vec", data))}


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--original", required=True, help="the program fasttext")
    parser.add_argument("--skip-words", action="store_true")
    parser.set_defaults(rounds=1)
    options = parser.parse_args()
    program = pathlib.Path(options.build) / "apps/isogloss/isogloss"
    data = harness.test_data("eval")
    quality.read_binary = read_text_vectors
    result = harness.record("training with n-grams", options.build, harness.versions_of("numpy", "scipy"))
    result["figures"] = []

    def keep(name, rounds):
        for who in ("ours", "original"):
            cpu, peak, value = (min(r[who][0] for r in rounds), max(r[who][1] for r in rounds), [r[who][2] for r in rounds])
            values = [v["mean"] if isinstance(v, dict) else v for v in value]
            print(f"{name:24} {who:9} {cpu:8.2f} CPU s {peak:6.0f} MB  {sum(values) / len(values):.1f} %", flush=True)
            result["figures"].append({"task": name, "contestant": who, "cpu_s": cpu, "peak_mb": peak, "quality": value})

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for task, (train, test) in sets(data).items():
            for kind, configuration in CONFIGURATIONS.items():
                keep(f"{task} {kind}", [classifier_round(program, options.original, folder, train, test, configuration, seed)
                                        for seed in range(1, options.rounds + 1)])
        if not options.skip_words:
            corpus = folder / "corpus.txt"
            with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz")) as source, corpus.open("wb") as target:
                shutil.copyfileobj(source, target)
            keep("enwiki18m skip-gram", [word_round(program, options.original, folder, corpus, data.parent, seed)
                                         for seed in range(1, options.rounds + 1)])
    harness.keep(result, options.out)


main()
