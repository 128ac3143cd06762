#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trec_eval's official measures of a run of 1,000 queries with 1,000 documents each, from files: CPU seconds of
isogloss metric trec and of pytrec_eval. usage: trec.py ISOGLOSS [--out FILE]
"""
import argparse
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

PEER = """
import sys, pytrec_eval
with open(sys.argv[1]) as f: qrels = pytrec_eval.parse_qrel(f)
with open(sys.argv[2]) as f: run = pytrec_eval.parse_run(f)
found = pytrec_eval.RelevanceEvaluator(qrels, {'map', 'ndcg', 'P', 'bpref', 'Rprec', 'recip_rank'}).evaluate(run)
for name in ('map', 'ndcg', 'bpref'): print(name, f"{sum(q[name] for q in found.values()) / len(found):.4f}")
"""


def cpu(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("isogloss")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    rng = random.Random(5)
    with tempfile.TemporaryDirectory() as folder:
        qrels, run = pathlib.Path(folder, "qrels"), pathlib.Path(folder, "run")
        with qrels.open("w") as judged, run.open("w") as ranked:
            for q in range(1000):
                documents = rng.sample(range(100_000), 1000)
                judged.writelines(f"{q} 0 doc{d} {rng.choice([0, 0, 1, 2])}\n" for d in documents[::10])
                ranked.writelines(f"{q} Q0 doc{d} {i} {20 - i * 0.01 + rng.random():.6f} run\n" for i, d in enumerate(documents))
        ours = [arguments.isogloss, "metric", "trec", *"-m map -m ndcg -m P -m bpref -m Rprec -m recip_rank".split(), qrels, run]
        peer = [sys.executable, "-c", PEER, qrels, run]
        mine, theirs = min(cpu(ours) for _ in range(3)), min(cpu(peer) for _ in range(3))
    values = {line.split()[0]: line.split()[2] for line in mine[1].splitlines()}
    for line in theirs[1].splitlines():
        name, value = line.split()
        if values[name] != value:
            sys.exit(f"{name}: {values[name]} is not pytrec_eval's {value}")
    result = {"queries": 1000, "documents": 1000, "isogloss_cpu_s": round(mine[0], 3), "pytrec_eval_cpu_s": round(theirs[0], 3),
              "times": round(theirs[0] / mine[0], 1)}
    print(json.dumps(result))
    if arguments.out:
        pathlib.Path(arguments.out).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
