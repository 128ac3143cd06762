#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training of word vectors: ours and gensim's, speed and quality. See README.md."""
import concurrent.futures
import itertools
import json
import lzma
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE))
import harness  # noqa: E402
from quality import quality  # noqa: E402

EPOCHS = 5
GLOVE_EPOCHS = 15
START_WORDS = 2_300_000


def run(command):
    """The command's own output and messages, CPU seconds and peak memory in MB."""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} failed")
    return text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def make_corpora(folder):
    whole, start = folder / "whole.txt", folder / "start.txt"
    words = 0
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as source, \
            whole.open("w", encoding="utf-8") as all_lines, start.open("w", encoding="utf-8") as first_lines:
        for line in source:
            all_lines.write(line)
            if words < START_WORDS:
                first_lines.write(line)
            words += len(line.split())
    return {"whole": whole, "start": start}


def counted_words(model):
    """Words of the text that are in the vocabulary: what an epoch reads."""
    raw = (model / "model.safetensors").read_bytes()
    size = int.from_bytes(raw[:8], "little")
    begin, end = json.loads(raw[8:8 + size])["counts"]["data_offsets"]
    counts = raw[8 + size + begin:8 + size + end]
    return sum(int.from_bytes(counts[i:i + 8], "little") for i in range(0, len(counts), 8))


class Trainer:
    """A contestant and one of its set-ups. command(path, out, seed) -> what to run; read(text, cpu) -> CPU seconds."""

    def __init__(self, name, command, ours=False, glove=False, own_cpu=False, corpora=None):
        self.corpora = corpora  # None = all
        self.name, self.command, self.ours, self.glove, self.own_cpu = name, command, ours, glove, own_cpu
        self.results = {}
        self.pairs = {}  # that GloVe trained, of a corpus

    def train(self, corpus, path, out, seed):
        begin = time.perf_counter()
        text, cpu, peak = run(self.command(path, out, seed))
        wall = time.perf_counter() - begin
        if self.own_cpu:
            cpu = float(text.split()[-1])
        if self.glove:
            self.pairs[corpus] = GLOVE_EPOCHS * int(re.search(r"^(\d+) pairs of words meet", text, re.M)[1])
        row = self.results.setdefault(corpus, {"cpu_s": [], "wall_s": [], "peak_mb": 0, "quality": []})
        row["cpu_s"].append(cpu)
        row["wall_s"].append(wall)
        row["peak_mb"] = max(row["peak_mb"], peak)


def make_trainers(options):
    program = pathlib.Path(options.build) / "apps/isogloss/isogloss"
    threads = options.threads

    def ours(model, block):
        return lambda path, out, seed: [program, "train", "word2vec", path, "-o", out, "-q", "--threads", threads, "--seed", seed,
                                        "--model", model, "--block", block, "--epochs", EPOCHS]

    def glove(path, out, seed):
        return [program, "train", "glove", path, "-o", out, "--threads", threads, "--seed", seed, "--epochs", GLOVE_EPOCHS, "-v",
                "--progress", "none"]

    def gensim(model):
        return lambda path, out, seed: [sys.executable, HERE / "gensim_contestant.py", path, out, threads, EPOCHS, seed, model]

    def original(cbow):
        return lambda path, out, seed: ["env", f"W2V_SEED={seed}", options.word2vec, "-train", path, "-output", out, "-size", 100,
                                        "-window", 5, "-sample", "1e-4", "-negative", 5, "-threads", threads, "-iter", EPOCHS,
                                        "-min-count", 5, "-alpha", "0.05" if cbow else "0.025", "-cbow", cbow, "-binary", 1]

    trainers = [Trainer("isogloss", ours("skipgram", 4), ours=True), Trainer("isogloss block 1", ours("skipgram", 1), ours=True),
                Trainer("isogloss cbow", ours("cbow", 4), ours=True), Trainer("isogloss glove", glove, ours=True, glove=True)]
    of_gensim = options.gensim_corpora.split(",")
    trainers += [Trainer("gensim", gensim("skipgram"), own_cpu=True, corpora=of_gensim),
                 Trainer("gensim cbow", gensim("cbow"), own_cpu=True, corpora=of_gensim)]
    if options.word2vec:
        trainers += [Trainer("word2vec", original(0)), Trainer("word2vec cbow", original(1))]
    return trainers


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--corpora", default="start,whole")
    parser.add_argument("--word2vec", help="the original, built as README.md says")
    parser.add_argument("--gensim-corpora", default="start,whole", help="gensim takes five minutes for a seed of the whole")
    parser.set_defaults(rounds=3)
    options = parser.parse_args()
    trainers = make_trainers(options)
    result = harness.record("training of word vectors", options.build, harness.versions_of("numpy", "scipy", "gensim"))
    result.update(threads=options.threads, epochs=EPOCHS, words={}, contestants={})
    data = harness.test_data("eval").parent
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        corpora = {key: path for key, path in make_corpora(folder).items() if key in options.corpora.split(",")}
        for (corpus, path), seed, trainer in itertools.product(corpora.items(), range(1, options.rounds + 1), trainers):
            if trainer.corpora is not None and corpus not in trainer.corpora:
                continue
            out = folder / trainer.name.replace(" ", "_")
            trainer.train(corpus, path, out, seed)
            if trainer.ours:
                result["words"].setdefault(corpus, counted_words(out))
            if corpus == "whole":
                # In a process of its own: what this one has held counts as memory of all it starts later.
                with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
                    trainer.results[corpus]["quality"].append(alone.submit(quality, out, data).result())
        for trainer, corpus in itertools.product(trainers, corpora):
            row = trainer.results.get(corpus)
            if row is None:
                continue
            epochs = GLOVE_EPOCHS if trainer.pairs else EPOCHS
            row["words_per_s"] = epochs * result["words"][corpus] / min(row["wall_s"])
            row["words_per_cpu_s"] = epochs * result["words"][corpus] / min(row["cpu_s"])
            if trainer.pairs:
                row["updates_per_cpu_s"] = trainer.pairs[corpus] / min(row["cpu_s"])
            means = [found["mean"] for found in row["quality"]]
            print(f"{trainer.name:18} {corpus:6} {row['words_per_cpu_s'] / 1e6:6.2f} M words/s/core  {row['words_per_s'] / 1e6:6.2f} M words/s  peak {row['peak_mb']:.0f} MB"
                  + (f"  {row['updates_per_cpu_s'] / 1e6:.2f} M updates/s/core" if trainer.pairs else "")
                  + (f"  quality {sum(means) / len(means):.1f} (analogies "
                     + ", ".join(f"{q['analogies']:.1f}" for q in row["quality"]) + ")" if means else ""), flush=True)
            result["contestants"].setdefault(trainer.name, {})[corpus] = row
    harness.keep(result, options.out)


if __name__ == "__main__":
    main()
