#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retrieval quality on real judged collections, through `isogloss eval`.

  bm25_sets.py check      the gates: SciFact nDCG@10 0.6789 +- 0.003 and CACM MAP 0.3123 +- 0.005 with Lucene's settings (k1
                          0.9, b 0.4, Porter, its stop words; the published figures of Anserini), and hybrid search with a
                          fitted LSA space not below words alone by more than 0.005 on SciFact.
  bm25_sets.py defaults   nDCG@10 of the default BM25 on six sets, odd and even queries apart.
CACM is built from the HTML form that Anserini indexes (title, abstract, authors, keywords) with its topics and qrels.
"""
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data")) / "eval"
PROGRAM = os.environ.get("ISOGLOSS_PROGRAM", str(ROOT / "build/release/apps/isogloss/isogloss"))
LUCENE = "fit:bm25,k1=0.9,b=0.4,analyzer=lucene-english"
SETS = ["scifact", "cacm", "cranfield", "cisi", "npl", "adi"]


def evaluate(model, folder, metric, queries="all"):
    out = subprocess.run([PROGRAM, "eval", "-m", model, "--task", f"beir:{folder}", "--metric", metric, "--json",
                          "--queries", queries], capture_output=True, text=True, check=True)
    return json.loads(out.stdout.splitlines()[0])["value"]


def anserini_cacm(folder):
    """The HTML pages as a BEIR folder; topics are <DOC> blocks."""
    raw = DATA / "cacm/raw"
    (folder / "qrels").mkdir(parents=True)
    with tarfile.open(raw / "anserini.tar.gz") as archive, open(folder / "corpus.jsonl", "w", encoding="utf-8") as out:
        for member in archive.getmembers():
            if not member.isfile() or not member.name.endswith(".html"):
                continue
            page = archive.extractfile(member).read().decode("latin-1")
            text = html.unescape(re.sub(r"<[^>]+>", " ", page))
            name = pathlib.PurePath(member.name).stem
            out.write(json.dumps({"_id": name, "title": "", "text": text.strip()}) + "\n")
    topics = (raw / "topics.cacm.txt").read_text(encoding="latin-1")
    with open(folder / "queries.jsonl", "w", encoding="utf-8") as out:
        for number, text in re.findall(r"<DOCNO>\s*(\d+)\s*</DOCNO>(.*?)</DOC>", topics, re.S):
            out.write(json.dumps({"_id": number, "text": " ".join(text.split())}) + "\n")
    with open(folder / "qrels/test.tsv", "w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for line in (raw / "qrels.cacm.txt").read_text(encoding="utf-8").splitlines():
            query, _, document, relevance = line.split()
            out.write(f"{query.lstrip('0')}\t{document}\t{relevance}\n")


def check():
    good = True

    def gate(name, value, low, high):
        nonlocal good
        inside = low <= value <= high
        good = good and inside
        print(f"{'ok  ' if inside else 'FAIL'} {name}: {value:.4f} (gate {low:.4f} to {high:.4f})")

    gate("SciFact nDCG@10, Lucene's settings", evaluate(LUCENE, DATA / "scifact", "ndcg@10"), 0.6759, 0.6819)
    with tempfile.TemporaryDirectory() as folder:
        anserini_cacm(pathlib.Path(folder))
        gate("CACM MAP, Lucene's settings", evaluate(LUCENE, folder, "map"), 0.3073, 0.3173)
    words = evaluate("fit:bm25", DATA / "scifact", "ndcg@10")
    gate("SciFact nDCG@10, default words", words, 0.68, 1)
    gate("SciFact nDCG@10, words + fitted LSA", evaluate("fit:bm25+fit:lsa", DATA / "scifact", "ndcg@10"), words - 0.005, 1)
    return 0 if good else 1


def defaults():
    for queries in ("odd", "even"):
        values = [evaluate("fit:bm25", DATA / name, "ndcg@10", queries) for name in SETS]
        print(queries, dict(zip(SETS, (round(v, 4) for v in values))), "mean", round(sum(values) / len(values), 4))
    return 0


if not DATA.exists():
    print(f"skipped: {DATA} is not on this machine")
    sys.exit(77)
sys.exit(defaults() if sys.argv[1:] == ["defaults"] else check())
