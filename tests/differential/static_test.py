#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A table that isogloss distilled, opened by model2vec: the same vectors on real sentences.

usage: static_test.py ISOGLOSS
"""
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"])
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data"))


def main():
    try:
        from model2vec import StaticModel
    except ImportError:
        print("skipped: no model2vec; script/python-env installs it")
        return 77
    sentences = DATA / "eval/stsb_multi/stsb-en-test.csv"
    if not sentences.exists():
        print(f"skipped: {sentences} is not on this machine")
        return 77
    texts = [row[0] for row in csv.reader(sentences.open())] + ["", "naïve café, 東京"]
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = dict(os.environ, ISOGLOSS_HOME=name, ISOGLOSS_CACHE=str(folder / "cache"))
        (folder / "corpus.txt").write_text("\n".join(texts) + "\n")
        (folder / "texts.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
        for dtype, allowed in (("int8", 1e-5), ("f16", 2e-3), ("f32", 1e-5)):  # model2vec sums f16 in f16
            table = folder / dtype
            subprocess.run([program, "distill", ROOT / "tests/golden/transformers/bert", "--corpus", folder / "corpus.txt",
                            "--dtype", dtype, "-o", table, "-q"], check=True, env=env)
            subprocess.run([program, "embed", "-m", table, "-i", folder / "texts.jsonl", "-f", "npy", "-o", folder / "x.npy", "-q"],
                           check=True, env=env)
            ours = np.load(folder / "x.npy")
            theirs = StaticModel.from_pretrained(table).encode(texts)
            worst = float(np.abs(ours - theirs).max())
            print(f"{dtype}: {len(texts)} texts, largest difference {worst:.1e}")
            if not worst <= allowed:
                print(f"FAILED: more than {allowed}")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
