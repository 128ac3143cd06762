#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Training of word vectors: ours and gensim's, speed and quality. See README.md."""
import itertools
import json
import lzma
import os
import pathlib
import re
import subprocess
import sys
import tempfile

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
    def __init__(self, name, model, block, options):
        self.name, self.model, self.block, self.options = name, model, block, options
        self.results = {}
        self.pairs = {}  # that GloVe trained, of a corpus

    def train(self, corpus, path, out, seed):
        if self.block is None:
            text, _, peak = run([sys.executable, HERE / "gensim_contestant.py", path, out, self.options.threads, EPOCHS, seed,
                                 self.model])
            cpu = float(text.split()[-1])
        elif self.model == "glove":
            program = pathlib.Path(self.options.build) / "apps/isogloss/isogloss"
            text, cpu, peak = run([program, "train", "glove", path, "-o", out, "--threads", self.options.threads, "--seed", seed,
                                   "--epochs", GLOVE_EPOCHS, "-v", "--progress", "none"])
            self.pairs[corpus] = GLOVE_EPOCHS * int(re.search(r"^(\d+) pairs of words meet", text, re.M)[1])
        else:
            program = pathlib.Path(self.options.build) / "apps/isogloss/isogloss"
            _, cpu, peak = run([program, "train", "word2vec", path, "-o", out, "-q", "--threads", self.options.threads, "--seed",
                                seed, "--model", self.model, "--block", self.block, "--epochs", EPOCHS])
        row = self.results.setdefault(corpus, {"cpu_s": [], "peak_mb": 0, "quality": []})
        row["cpu_s"].append(cpu)
        row["peak_mb"] = max(row["peak_mb"], peak)


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--corpora", default="start,whole")
    parser.set_defaults(rounds=3)
    options = parser.parse_args()
    trainers = [Trainer("isogloss", "skipgram", 4, options), Trainer("isogloss block 1", "skipgram", 1, options),
                Trainer("isogloss cbow", "cbow", 4, options), Trainer("isogloss glove", "glove", 0, options),
                Trainer("gensim", "skipgram", None, options), Trainer("gensim cbow", "cbow", None, options)]
    result = harness.record("training of word vectors", options.build, harness.versions_of("numpy", "scipy", "gensim"))
    result.update(threads=options.threads, epochs=EPOCHS, words={}, contestants={})
    data = harness.test_data("eval").parent
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        corpora = {key: path for key, path in make_corpora(folder).items() if key in options.corpora.split(",")}
        for (corpus, path), seed, trainer in itertools.product(corpora.items(), range(1, options.rounds + 1), trainers):
            out = folder / trainer.name.replace(" ", "_")
            trainer.train(corpus, path, out, seed)
            if trainer.block is not None:
                result["words"].setdefault(corpus, counted_words(out))
            if corpus == "whole":
                trainer.results[corpus]["quality"].append(quality(out, data))
        for trainer, corpus in itertools.product(trainers, corpora):
            row = trainer.results[corpus]
            epochs = GLOVE_EPOCHS if trainer.pairs else EPOCHS
            row["words_per_cpu_s"] = epochs * result["words"][corpus] / min(row["cpu_s"])
            if trainer.pairs:
                row["updates_per_cpu_s"] = trainer.pairs[corpus] / min(row["cpu_s"])
            means = [found["mean"] for found in row["quality"]]
            print(f"{trainer.name:18} {corpus:6} {row['words_per_cpu_s'] / 1e6:6.2f} M words/s/core  peak {row['peak_mb']:.0f} MB"
                  + (f"  {row['updates_per_cpu_s'] / 1e6:.2f} M updates/s/core" if trainer.pairs else "")
                  + (f"  quality {sum(means) / len(means):.1f} (analogies "
                     + ", ".join(f"{q['analogies']:.1f}" for q in row["quality"]) + ")" if means else ""), flush=True)
            result["contestants"].setdefault(trainer.name, {})[corpus] = row
    harness.keep(result, options.out)


main()
