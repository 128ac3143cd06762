#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""CPU seconds of BLEU and chrF of all WMT22 systems, and of ROUGE of the REALSumm summaries, from files: isogloss metric
beside sacreBLEU and rouge-score. usage: run.py ISOGLOSS [--out FILE]; data at $ISOGLOSS_TEST_DATA or ../shared/data.
"""
import argparse
import gzip
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data")) / "eval"

TRANSLATION = """
import sys
from sacrebleu.metrics import BLEU, CHRF
read = lambda name: open(name, encoding='utf-8', newline='\\n').read().rstrip('\\n').split('\\n')
for pair in sys.argv[1:]:
    reference, hypothesis = (read(name) for name in pair.split('|'))
    for metric in BLEU(), CHRF(): print(metric.corpus_score(hypothesis, [reference]).score)
"""
SUMMARIES = """
import sys
from rouge_score import rouge_scorer
scorer = rouge_scorer.RougeScorer(['rouge1', 'rouge2', 'rougeL', 'rougeLsum'])
sums, n = [0] * 4, 0
for reference, summary in zip(open(sys.argv[1], encoding='utf-8'), open(sys.argv[2], encoding='utf-8')):
    found = scorer.score(reference.rstrip('\\n').replace('<n>', '\\n'), summary.rstrip('\\n').replace('<n>', '\\n'))
    sums, n = [s + v.fmeasure for s, v in zip(sums, found.values())], n + 1
for s in sums: print(100 * s / n)
"""


def cpu(commands):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = [subprocess.run(c, check=True, capture_output=True, text=True).stdout for c in commands]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, "".join(out)


def measured(name, ours, peer_name, peer):
    mine, theirs = min(cpu(ours) for _ in range(3)), cpu(peer)
    ours_values = [100 * json.loads(line)["value"] for line in mine[1].splitlines()]
    worst = max(abs(a - float(b)) for a, b in zip(ours_values, theirs[1].split(), strict=True))
    if worst > 1e-9:
        sys.exit(f"{name}: values differ by {worst}")
    return {"task": name, "values": len(ours_values), "isogloss_cpu_s": round(mine[0], 3), "peer": peer_name,
            "peer_cpu_s": round(theirs[0], 2), "times": round(theirs[0] / mine[0], 1), "largest_difference": worst}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("isogloss")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    pairs = []
    for hypothesis in sorted((DATA / "wmt22/system-outputs").iterdir()):
        language = hypothesis.suffix
        reference = DATA / "wmt22/references" / f"{hypothesis.name.split('.hyp.')[0]}.ref.A{language}"
        pairs.append((str(reference), str(hypothesis)))
    ours = [[arguments.isogloss, "metric", m, r, h, "--json"] for r, h in pairs for m in ("bleu", "chrf")]
    results = [measured("BLEU and chrF of 18 WMT22 systems", ours, "sacreBLEU 2.6.0",
                        [[sys.executable, "-c", TRANSLATION, *("|".join(pair) for pair in pairs)]])]
    with tempfile.TemporaryDirectory() as folder:
        names = [str(pathlib.Path(folder, name)) for name in ("reference", "summary")]
        with gzip.open(DATA / "realsumm/scored_summaries.jsonl.gz", "rt", encoding="utf-8") as rows:
            rows = [json.loads(row) for row in rows]
        for name, key in zip(names, ("reference", "summary")):
            texts = [row[key].replace("</t>", "<n>").replace("<t>", "").replace("\n", " ") for row in rows]
            pathlib.Path(name).write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        results.append(measured(f"ROUGE of {len(rows)} REALSumm summaries",
                                [[arguments.isogloss, "metric", "rouge", *names, "--sentence-separator", "<n>", "--json", "-q"]],
                                "rouge-score 0.1.2", [[sys.executable, "-c", SUMMARIES, *names]]))
    text = json.dumps({"tasks": results}, indent=1)
    print(text)
    if arguments.out:
        pathlib.Path(arguments.out).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
