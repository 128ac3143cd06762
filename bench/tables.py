#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of measured figures, made from bench/results/*.json.

  bench/tables.py           writes them into docs/guide/benchmarks.md and README.md, between the marks
  bench/tables.py --check   exit 1 when a page shows something else
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- figures: bench/tables.py -->\n", "<!-- end of figures -->\n"


def results(task):
    return json.loads((ROOT / f"bench/results/{task}.json").read_text(encoding="utf-8"))


def number(value, digits=3):
    """Three digits that count: 0.0424, 2.13, 3,810."""
    if value >= 10 ** (digits - 1):
        step = 10 ** max(0, len(str(int(value))) - digits)
        return f"{round(value / step) * step:,.0f}"
    return f"{float(f'{value:.{digits}g}'):g}"


def thousands(value):
    return f"{number(value / 1000)}k" if value >= 1000 else number(value)


def versus(rows, figure, ours="isogloss"):
    """(figure of ours, "peer figure, peer figure") of rows: name -> row."""
    return figure(rows[ours]), "; ".join(f"{name} {figure(row)}" for name, row in rows.items() if not name.startswith("isogloss"))


def by_contestant(rows):
    return {row["contestant"]: row for row in rows}


def lexical_rows():
    found = results("lexical_search")
    rows = by_contestant(found["contestants"])
    size = f"{found['texts']:,} paragraphs"
    yield True, f"BM25 over {size}, a query of 3 to 8 words, p50 / p99 ms", *versus(
        rows, lambda row: f"{number(row['p50_ms'])} / {number(row['p99_ms'])}")
    yield True, "indexing them, analysis included, texts/s", *versus(rows, lambda row: thousands(row["index"]["per_s_best"]))


def exact_rows():
    found = results("exact_search")
    shape = f"{found['rows']:,} x {found['dim']}"
    for task, rows in found["tasks"].items():
        rows = by_contestant(rows)
        bf16 = rows["isogloss bf16"]
        unit = (lambda row: number(row["per_s_best"])) if "batch" in task else (lambda row: number(1e3 / row["per_s_best"]))
        ours, others = versus(rows, unit, "isogloss f32")
        yield (task == "one query" or "batch" in task, f"exact scan of {shape}, {task}, " +
               ("queries/s" if "batch" in task else "ms"), f"{ours} (bf16 {unit(bf16)}, recall {bf16['recall']:.3f})", others)


def tfidf_rows():
    for task, rows in results("tfidf")["tasks"].items():
        seconds = task.startswith("lsa")
        yield (task == "tf-idf 1-grams", f"{task}, 10 MB, {'s' if seconds else 'words/s of CPU'}", *versus(
            by_contestant(rows), lambda row: number(row["best_s"]) if seconds else f"{number(row['per_cpu_s'] / 1e6)} M"))


def vector_rows():
    found = results("vector_search")
    shapes = {"minilm": "50,000 x 384 (MiniLM)", "avg100": "200,000 x 100 (averaged words)",
              "avg128": "1,000,000 x 128 (averaged words)"}
    for name, one in found["sets"].items():
        peers = {peer: at for peer, at in one["at"].items() if peer != "isogloss bf16"}
        for recall in ("0.98", "0.99"):
            reached = {peer: at for peer, at in peers.items() if at[recall] > 0}
            yield (name == "minilm" and recall == "0.98",
                   f"ten nearest of {shapes[name]} at recall {recall}, queries/s",
                   *versus(reached, lambda at, recall=recall: number(at[recall]), "isogloss f32"))
        yield False, f"building the index, {shapes[name]}, CPU s", *versus(
            {peer: one["build"][peer] for peer in peers}, lambda row: number(row["cpu"]), "isogloss f32")
        yield False, f"saved index of {shapes[name]}, open to first answer, ms", number(
            1e3 * one["build"]["isogloss f32"]["first"]), ""
        kept = "; ".join(f"{100 * row['share']:g} %: {number(row['ms'])} ({row['recall']:.3f})"
                         for row in one["filtered"]["isogloss f32"])
        yield False, f"under a filter, {shapes[name]}, share kept: ms (recall)", kept, ""


def store_rows():
    found = results("store")
    rows = found["contestants"]
    shared = rows["isogloss"]["commits_shared"]

    def rate(commits):
        return (f"{number(commits['per_s_best'])} (median {number(commits['commits'] / commits['median_s'])}, "
                f"{number(commits['syncs_per_commit'], 2)} syncs each)")
    ours, others = versus(rows, lambda row: rate(row["commits"]))
    yield True, "store: commits of one document a second, one thread", f"{ours}; {shared['threads']} threads {rate(shared)}", others

    def bulk(row, kind="bulk"):
        return f"{thousands(row[kind]['per_s_best'])} / {thousands(row[kind]['per_cpu_s'])}"
    ours, others = versus(rows, bulk)
    alone = bulk(rows["isogloss"], "bulk_one_thread")
    yield False, "bulk on both cores, documents/s by the clock / of CPU", f"{ours} (one thread {alone})", others
    yield True, "open to first answer, s", *versus(rows, lambda row: number(row["first_answer_s"]))
    yield False, "bytes on disk per document", *versus(rows, lambda row: number(row["bytes_per_document"]))
    for kind, title in (("-", "all"), ("tenth", "10 % pass"), ("hundredth", "1 % pass")):
        def latency(row, kind=kind):
            search = row["search"][kind]
            lack = "" if search["exact"] else f" (recall {search['recall']:.3f})"
            return f"{number(search['p50_ms'])} / {number(search['p99_ms'])}{lack}"
        yield kind != "tenth", f"ten nearest of {found['documents']:,}, {title}, p50 / p99 ms", *versus(rows, latency)


def lsa_rows():
    def figure(row):
        return f"{number(row['cpu_s'])}" + (f" (values within {row['value_error']:.0e})" if row["value_error"] else "")
    found = results("lsa")
    yield True, f"truncated SVD, k = {found['k']}, {found['rows']:,} x {found['columns']:,}, CPU s", *versus(found["contestants"], figure)


def ingest_rows():
    found = results("ingest")
    yield True, "reading and chunking Markdown, MB/s", *versus(found["chunk"], lambda row: number(row["per_s_best"]))
    quick, rehash = (number(found["recheck"][mode]["best_s"]) for mode in ("quick", "rehash"))
    yield True, "10,000 unchanged files checked again, s", f"{quick} (reading each: {rehash})", ""


def reading_rows():
    found = results("reading")
    for kind, name in (("html", "HTML"), ("docx", "Word"), ("pdf", "PDF"), ("txt", "plain text")):
        row = found[kind]
        amount = lambda times, row=row: number(row["files"] / times["best_s"])  # noqa: E731
        yield kind != "txt", f"reading {name} files of 20 pages, 1 thread, files/s", *versus(
            {reader: times for reader, times in row.items() if isinstance(times, dict)}, amount)
    for kind, name in (("html", "web pages"), ("docx", "Word files"), ("pdf", "PDFs")):
        yield kind == "html", f"character error of the text of 10 made {name}, %", *versus(
            results("read_quality")[kind], lambda row: f"{100 * row['character_error']:.2f}")


def quality_rows():
    rows = results("bm25_quality")["contestants"]
    for half in ("even", "odd"):
        yield half == "even", f"BM25 defaults, mean nDCG@10 over six judged sets, {half} queries", *versus(
            rows, lambda row, half=half: f"{row[half]['mean']:.4f}")


def tokenize_rows():
    for model, threads in results("tokenize")["models"].items():
        for name, rows in threads.items():
            one = name == "1 thread"
            yield one, f"tokens of {model}, {name}, MB/s", *versus(rows, lambda row: number(row["per_s_best"]))
            if one:
                yield False, "one text of 16 tokens, microseconds", *versus(rows, lambda row: number(row["query_us"]))


def encode_rows():
    found = results("encode")["results"]
    for name, rows in found.items():
        for length in ("16", "32", "128", "256", "mixed"):
            yield (length in ("16", "128") and name.endswith("1 thread"), f"sentence encoder MiniLM, {name}, "
                   + (f"{length} tokens" if length.isdigit() else "mixed abstracts") + ", sentences per CPU second",
                   *versus(rows, lambda row, length=length: number(row[f"model {length}"]["per_cpu_s"])))
        yield name.endswith("1 thread"), f"one query of 16 tokens from text, {name}, p50 ms", *versus(
            rows, lambda row: number(row["query_ms"]["p50"]))
        yield False, f"peak memory, {name}, MB", *versus(rows, lambda row: number(row["peak_mb"]))


def distill_rows():
    found = results("distill")
    rows, quality = found["contestants"], found["scifact"]
    yield True, "static table distilled from MiniLM, 16 tokens from text, sentences per CPU second", *versus(
        rows, lambda row: thousands(row["per_cpu_s"]))
    yield False, "making it from 18 M words, CPU s", number(found["made"]["cpu_s"]), ""
    yield False, "its STS-B test Spearman; SciFact nDCG@10, alone and with BM25", (
        f"{100 * found['sts']['test']:.2f}; {100 * quality['table']:.2f}, {100 * quality['hybrid']:.2f}"), (
        f"BM25 {100 * quality['bm25']:.2f}")


def dedupe_rows():
    found = results("dedupe")
    yield True, f"near duplicates of {found['texts']:,} paragraphs, from text, texts per CPU second", *versus(
        {name: row for name, row in found["contestants"].items() if "given" not in name}, lambda row: thousands(row["per_cpu_s"]))


def near_words_rows():
    found = results("near_words")
    rows = found["contestants"]
    shape = f"{found['words']:,} x {found['dim']}"
    for name in ("1 thread", "2 threads"):
        yield name == "1 thread", f"nearest words among {shape}, {name}, p50 ms", *versus(
            rows, lambda row: number(row["p50_ms"]), f"isogloss, {name}")
    batch = rows["isogloss, 1 thread"]["batch"]
    yield False, "32 together, ms a word", number(1e3 / batch["per_s_best"]), ""
    yield False, "open, s", *versus(rows, lambda row: number(row["open_s"]), "isogloss, 1 thread")


def train_words_rows():
    found = results("train_words")
    rows = found["contestants"]
    titles = {"start": "first 2.3 million words of Wikipedia", "whole": "18 million words"}
    pairs = (("skip-gram", "isogloss", ("gensim", "word2vec")), ("CBOW", "isogloss cbow", ("gensim cbow", "word2vec cbow")))
    for kind, ours, others in pairs:
        for corpus, title in titles.items():
            figure = lambda row, corpus=corpus: f"{row[corpus]['words_per_cpu_s'] / 1e6:.2f} M"  # noqa: E731
            yield corpus == "whole" and kind == "skip-gram", f"train {kind} on {title}, words/s of CPU", figure(rows[ours]), "; ".join(
                f"{name} {figure(rows[name])}" for name in others if name in rows and corpus in rows[name])
        mean = lambda row: "{:.1f}".format(  # noqa: E731
            sum(q["mean"] for q in row["whole"]["quality"]) / len(row["whole"]["quality"]))
        yield False, f"its mean over analogies and similarity sets, {kind}", mean(rows[ours]), "; ".join(
            f"{name} {mean(rows[name])}" for name in others if "whole" in rows.get(name, {}))
    yield False, "train GloVe on 18 million words, updates/s of CPU", number(
        rows["isogloss glove"]["whole"]["updates_per_cpu_s"] / 1e6) + " M", ""
    peak = lambda row: number(row["whole"]["peak_mb"])  # noqa: E731
    yield False, "peak memory of skip-gram, MB", peak(rows["isogloss"]), "; ".join(
        f"{name} {peak(rows[name])}" for name in ("word2vec",) if "whole" in rows.get(name, {}))


def serve_rows():
    if not (ROOT / "bench/results/serve.json").exists():
        return
    found = results("serve")
    rows = {name.replace(", MiniLM", ""): row for name, row in found["contestants"].items() if "static" not in name}
    for n in ("1", "8", "64", "256"):
        at = {name: row[n] for name, row in rows.items()}
        title = f"server, MiniLM, one text of 17 tokens, {n} connection" + ("s" if n != "1" else "")
        yield n == "64", f"{title}, requests/s", *versus(at, lambda row: number(row["per_s"]))
        yield n == "1", f"{title}, p50 / p99 / p99.9 ms", *versus(
            at, lambda row: " / ".join(number(row[one]) for one in ("p50_ms", "p99_ms", "p999_ms")))
    yield False, "a query while two clients send 512 texts a request, p50 / p99 ms", *versus(
        rows, lambda row: f"{number(row['query_under_bulk']['p50_ms'])} / {number(row['query_under_bulk']['p99_ms'])}")
    yield False, "memory of the server, MB", *versus(rows, lambda row: number(row["resident_mb"]))
    static = found["contestants"]["isogloss, static table"]
    yield False, "server, static table, 64 connections, requests/s, us of CPU each", (
        f"{thousands(static['64']['per_s'])}, {number(static['64']['cpu_us'])}"), ""


def table(short):
    lines = ["| task | isogloss | others |", "|---|---|---|"]
    for rows in (lexical_rows, quality_rows, exact_rows, vector_rows, store_rows, ingest_rows, reading_rows, tfidf_rows,
                 lsa_rows, tokenize_rows, encode_rows, distill_rows, near_words_rows, dedupe_rows,
                 train_words_rows, serve_rows):
        lines += [f"| {title} | {ours} | {others} |" for in_short, title, ours, others in rows() if in_short or not short]
    return "\n".join(lines) + "\n"


def main():
    status = 0
    for page, short in (("docs/guide/benchmarks.md", False), ("README.md", True)):
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        head, _, rest = text.partition(BEGIN)
        _, _, tail = rest.partition(END)
        wanted = head + BEGIN + table(short) + END + tail
        if "--check" in sys.argv and wanted != text:
            print(f"{page}: its figures are not those of bench/results; run bench/tables.py")
            status = 1
        elif wanted != text:
            path.write_text(wanted, encoding="utf-8")
    return status


sys.exit(main())
