#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: realsumm.py check

ROUGE of 2,500 summaries of REALSumm (Bhandari et al. 2020), one by one, beside the values of the Perl program ROUGE-1.5.5
that the set carries. `metric rouge` follows rouge_score, which differs from the Perl program in its stemmer's exceptions
and in hyphens and brackets: the differences must be those that rouge_score has on this set, to their last digit."""
import gzip
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ISOGLOSS_PROGRAM", str(ROOT / "build/release/apps/isogloss/isogloss"))
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared/data")) / "eval/realsumm/scored_summaries.jsonl.gz"
# Mean of the F of rouge_score 0.1.2 (with its stemmer) less Perl's, and the share of summaries where both are equal.
EXPECTED = {"rouge1": ("rouge_1_f_score", -0.00350505, 0.7112), "rouge2": ("rouge_2_f_score", -0.00099433, 0.86),
            "rougeLsum": ("rouge_l_f_score", -0.00887423, 0.6116)}


def sentences(text):
    return "~".join(part.strip() for part in re.findall(r"<t>(.*?)</t>", text, re.DOTALL))


def main():
    if not DATA.exists():
        print(f"skipped: {DATA} is not here")
        return 77
    rows = [json.loads(line) for line in gzip.open(DATA, "rt", encoding="utf-8")]
    assert len(rows) == 2500, len(rows)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name in ("reference", "summary"):
            files.append(os.path.join(folder, name))
            pathlib.Path(files[-1]).write_text("".join(sentences(row[name]) + "\n" for row in rows), encoding="utf-8")
        run = subprocess.run([PROGRAM, "--json", "metric", "rouge", *files, "--lines", "--stem", "--sentence-separator", "~"],
                             capture_output=True, text=True, check=True)
    values = {}
    for line in run.stdout.splitlines():
        figure = json.loads(line)
        values.setdefault(figure["metric"], []).append(figure["value"])
    good = True
    for metric, (theirs, mean, share) in EXPECTED.items():
        differences = [ours - row["scores"][theirs] for ours, row in zip(values[metric], rows, strict=True)]
        equal = sum(abs(d) < 1e-5 for d in differences) / len(differences)
        found, largest = statistics.mean(differences), max(map(abs, differences))
        right = abs(found - mean) < 1e-8 and abs(equal - share) < 1e-9
        good = good and right
        print(f"{metric:10} mean difference {found:+.5f} (expected {mean:+.5f})  largest {largest:.3f}  equal {equal:.1%}  {'good' if right else 'WRONG'}")
    return 0 if good else 1


sys.exit(main())
