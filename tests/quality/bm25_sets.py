#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retrieval quality on real judged collections, through `isogloss eval`.

  bm25_sets.py check      the gates: SciFact nDCG@10 0.6789 +- 0.003 and CACM MAP 0.3123 +- 0.005 with Lucene's settings (k1
                          0.9, b 0.4, Porter, its stop words; the published figures of Anserini), and hybrid search with a
                          fitted LSA space not below words alone by more than 0.005 on SciFact.
  bm25_sets.py defaults   nDCG@10 of the default BM25 on six sets, odd and even queries apart.
  bm25_sets.py peers      the same beside bm25s and tantivy as each documents its use (needs bench/requirements.txt); one
                          nDCG for all, checked against ours; --out FILE keeps the figures.
CACM is built from the HTML form that Anserini indexes (title, abstract, authors, keywords) with its topics and qrels.
"""
import argparse
import html
import json
import math
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


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


class JudgedSet:
    """A folder in BEIR's layout: names and texts of documents, judged queries in file order, judgments."""

    def __init__(self, folder):
        corpus = rows(folder / "corpus.jsonl")
        self.names = [row["_id"] for row in corpus]
        self.texts = [f"{row.get('title', '')} {row['text']}".strip() for row in corpus]
        self.judged = {}
        for line in (folder / "qrels/test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, relevance = line.split("\t")
            self.judged.setdefault(query, {})[document] = int(relevance)
        self.queries = [(row["_id"], row["text"]) for row in rows(folder / "queries.jsonl") if row["_id"] in self.judged]

    def score(self, rankings):
        """Mean nDCG@10 over the odd and over the even queries. rankings: query -> [(document, score)]."""
        means = []
        for first in (0, 1):
            values = [ndcg(rankings.get(name, []), self.judged[name]) for name, _ in self.queries[first::2]]
            means.append(sum(values) / len(values))
        return means


def ndcg(ranking, judged, cut=10):
    """As trec_eval: gain = relevance, discount log2(rank + 1), equal scores by name downwards."""
    def discounted(gains):
        return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains[:cut]) if gain > 0)
    ordered = sorted(ranking, key=lambda hit: (hit[1], hit[0]), reverse=True)
    best = discounted(sorted(judged.values(), reverse=True))
    return discounted([judged.get(name, 0) for name, _ in ordered]) / best if best > 0 else 0.0


def isogloss_rankings(folder, _judged_set):
    with tempfile.NamedTemporaryFile() as run:
        subprocess.run([PROGRAM, "eval", "-m", "fit:bm25", "--task", f"beir:{folder}", "--run-file", run.name],
                       capture_output=True, check=True)
        rankings = {}
        for line in pathlib.Path(run.name).read_text(encoding="utf-8").splitlines():
            query, _, document, _, score, _ = line.split()
            rankings.setdefault(query, []).append((document, float(score)))
    return rankings


def bm25s_rankings(stem):
    """README of bm25s: BM25() on tokenize(corpus, stopwords="en", stemmer=Stemmer("english")); the stemmer is optional."""
    def rank(_folder, data):
        import bm25s
        import Stemmer
        cut = {"stopwords": "en", "stemmer": Stemmer.Stemmer("english") if stem else None, "show_progress": False}
        index = bm25s.BM25()
        index.index(bm25s.tokenize(data.texts, **cut), show_progress=False)
        words = bm25s.tokenize([text for _, text in data.queries], **cut)
        ids, scores = index.retrieve(words, k=min(100, len(data.texts)), show_progress=False)
        return {name: [(data.names[i], float(s)) for i, s in zip(*hits) if s > 0]
                for (name, _), *hits in zip(data.queries, ids, scores)}
    return rank


def tantivy_rankings(tokenizer):
    def rank(_folder, data):
        import tantivy
        schema = tantivy.SchemaBuilder()
        schema.add_integer_field("id", stored=True)
        schema.add_text_field("text", tokenizer_name=tokenizer)
        index = tantivy.Index(schema.build())
        writer = index.writer(num_threads=1)
        for number, text in enumerate(data.texts):
            writer.add_document(tantivy.Document(id=number, text=text))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        searcher, rankings = index.searcher(), {}
        for name, text in data.queries:
            query = index.parse_query(" ".join(re.findall(r"\w+", text.lower())), ["text"])  # no operators of its language
            rankings[name] = [(data.names[searcher.doc(place)["id"][0]], score)
                              for score, place in searcher.search(query, 100).hits]
        return rankings
    return rank


PEERS = {"isogloss": isogloss_rankings, "bm25s": bm25s_rankings(False), "bm25s, stemmed": bm25s_rankings(True),
         "tantivy": tantivy_rankings("default"), "tantivy, en_stem": tantivy_rankings("en_stem")}


def peers(out):
    from importlib.metadata import version
    values = {peer: {} for peer in PEERS}
    for name in SETS:
        data = JudgedSet(DATA / name)
        for peer, rank in PEERS.items():
            values[peer][name] = data.score(rank(DATA / name, data))
        ours = [evaluate("fit:bm25", DATA / name, "ndcg@10", queries) for queries in ("odd", "even")]
        if any(abs(a - b) > 1e-6 for a, b in zip(ours, values["isogloss"][name])):
            sys.exit(f"{name}: this script's nDCG {values['isogloss'][name]} is not that of `isogloss eval` {ours}")
    table = {peer: {half: dict({name: round(pair[i], 4) for name, pair in found.items()},
                               mean=round(sum(pair[i] for pair in found.values()) / len(found), 4))
                    for i, half in enumerate(("odd", "even"))} for peer, found in values.items()}
    for peer, halves in table.items():
        for half, figures in halves.items():
            print(f"{peer:17} {half:4} " + "  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
    if out:
        versions = {name: version(name) for name in ("bm25s", "PyStemmer", "tantivy")}
        commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, cwd=ROOT)
        result = {"task": "BM25 on six judged sets, nDCG@10", "commit": commit.stdout.strip(), "versions": versions,
                  "contestants": table}
        pathlib.Path(out).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    best = max(halves["even"]["mean"] for peer, halves in table.items() if peer != "isogloss")
    behind = best - table["isogloss"]["even"]["mean"]
    print(f"{'ok  ' if behind <= 0.003 else 'FAIL'} mean of the even queries: {-behind:+.4f} against the best peer")
    return 0 if behind <= 0.003 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="check", choices=["check", "defaults", "peers"])
    parser.add_argument("--out", default="", help="peers: file for the figures as JSON")
    options = parser.parse_args()
    if not DATA.exists():
        print(f"skipped: {DATA} is not on this machine")
        return 77
    return peers(options.out) if options.mode == "peers" else {"check": check, "defaults": defaults}[options.mode]()


sys.exit(main())
