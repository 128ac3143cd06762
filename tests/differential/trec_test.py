#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""isogloss metric trec against pytrec_eval (trec_eval 9 inside): 10,000 random queries, half of them full of ties.

usage: trec_test.py ISOGLOSS. Every value of every query must print the same four decimals. Left out is what trec_eval 10
changed: the shares of recall of iprec_at_recall and 11pt_avg are rounded now, and rbp and unj are new.
"""
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import pytrec_eval
except ImportError:
    print("skipped: no pytrec_eval; pip install pytrec_eval-terrier and set ISOGLOSS_PYTHON")
    sys.exit(77)

CASES = 10_000
MEASURES = ["num_ret", "num_rel", "num_rel_ret", "map", "Rprec", "bpref", "recip_rank", "P", "recall", "infAP", "ndcg",
            "ndcg_cut", "map_cut", "relative_P", "success", "set_P", "set_recall", "set_relative_P", "set_map", "set_F",
            "Rprec_mult", "utility", "binG", "G", "ndcg_rel", "num_nonrel_judged_ret"]


def case(rng, number):
    documents = [f"d{n}" for n in rng.sample(range(200), rng.randint(2, 60))]
    ties = number % 2 == 0
    scores = [float(rng.randint(0, 3)) if ties else float(rng.randint(-10**6, 10**6)) for _ in documents]
    run = dict(zip(documents, scores))
    pool = rng.sample([f"d{n}" for n in range(200)], rng.randint(1, 80))
    return {d: rng.choice([0, 0, 1, 1, 2, 3]) for d in pool}, run


def main():
    rng = random.Random(7)
    qrels, run = {}, {}
    for number in range(CASES):
        qrels[f"q{number}"], run[f"q{number}"] = case(rng, number)
    theirs = pytrec_eval.RelevanceEvaluator(qrels, set(MEASURES) & pytrec_eval.supported_measures).evaluate(run)
    with tempfile.TemporaryDirectory() as folder:
        judged, ranked = pathlib.Path(folder, "qrels"), pathlib.Path(folder, "run")
        judged.write_text("".join(f"{q} 0 {d} {r}\n" for q, ds in qrels.items() for d, r in ds.items()), encoding="utf-8")
        ranked.write_text("".join(f"{q} Q0 {d} 0 {s!r} t\n" for q, ds in run.items() for d, s in ds.items()), encoding="utf-8")
        words = [word for m in MEASURES for word in ("-m", m)]
        out = subprocess.run([sys.argv[1], "metric", "trec", "-q", "-n", *words, judged, ranked], check=True,
                             capture_output=True, text=True).stdout
    compared, different = 0, 0
    for line in out.splitlines():
        name, query, value = line.split()
        if name not in theirs[query]:
            continue
        compared += 1
        if float(value) != float(f"{theirs[query][name]:6.4f}"):
            different += 1
            if different <= 5:
                print(f"{query} {name}: {value}, pytrec_eval {theirs[query][name]}")
    print(f"{CASES} queries, {compared} values, {different} different")
    sys.exit(different != 0 or compared < 20 * CASES)


if __name__ == "__main__":
    main()
