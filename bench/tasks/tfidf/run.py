#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Vectorisers side by side: ours and scikit-learn's, on one thread, from texts in memory to rows. See README.md.

Every contestant fits and transforms the same texts. First the answers are compared (names equal, rows within 1e-6; LSA:
the energy kept, since a randomised decomposition has no one answer), then rounds are interleaved.
"""
import json
import lzma
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

TASKS = {
    "count 1-grams": "bow", "count 1-2-grams": "bow ngram_range=1-2",
    "tf-idf 1-grams": "tfidf", "tf-idf 1-2-grams": "tfidf ngram_range=1-2",
    "hashing 1-grams": "hashing", "hashing 1-2-grams": "hashing ngram_range=1-2",
    "lsa 100": "lsa dim=100 normalize=no",
}


def verify(contestants, task, folder):
    answers = []
    for contestant in contestants:
        contestant.ask("rows", 2000, folder / "rows.json", task)
        answers.append(json.loads((folder / "rows.json").read_text(encoding="utf-8")))
    ours, theirs = answers
    if ours["names"] != theirs["names"]:
        return "names differ"
    if task.startswith("lsa"):
        return "" if ours["energy"] >= 0.999 * theirs["energy"] else f"energy {ours['energy']} below {theirs['energy']}"
    for i, (a, b) in enumerate(zip(ours["rows"], theirs["rows"], strict=True)):
        if a[0] != b[0] or any(abs(x - y) > 1e-6 * max(1.0, abs(y)) for x, y in zip(a[1], b[1])):
            return f"row {i} differs"
    return ""


def run_task(name, commands, rounds, words, folder):
    task = TASKS[name]
    contestants = [harness.Contestant(who, command) for who, command in commands.items()]
    fault = verify(contestants, task, folder)
    if fault:
        sys.exit(f"{name}: answers differ: {fault}")
    answers = harness.interleaved(contestants, rounds, lambda c: c.ask("fit", task))
    rows = []
    for contestant in contestants:
        last = answers[contestant.name][-1]
        row = dict(contestant=contestant.name, **harness.summary(answers[contestant.name], words),
                   columns=last["columns"], nonzeros=last["nonzeros"], peak_mb=contestant.peak_mb())
        contestant.close()
        rows.append(row)
        print(f"{name:18} {row['contestant']:13} best {row['best_s']:7.3f} s  median {row['median_s']:7.3f} s  "
              f"{row['per_s_best'] / 1e6:6.2f} M words/s  {row['per_cpu_s'] / 1e6:6.2f} per CPU s  "
              f"peak {row['peak_mb']} MB", flush=True)
    return rows


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--lsa-rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="tasks whose name holds this")
    options = parser.parse_args()
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rb") as file:
        text = file.read(options.bytes).decode("utf-8", errors="ignore")
    words = len(text.split())
    result = harness.record("vectorisers", options.build, harness.versions_of("scikit-learn", "numpy", "scipy"))
    result.update(bytes=len(text), words=words, texts=text.count("\n") + 1, tasks={})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "texts").write_text(text, encoding="utf-8")
        commands = {"isogloss": [pathlib.Path(options.build) / "bench/tasks/tfidf/bench_tfidf", folder / "texts"],
                    "scikit-learn": [sys.executable, HERE / "sklearn_contestant.py", folder / "texts"]}
        for task in TASKS:
            if options.only in task:
                rounds = options.lsa_rounds if task.startswith("lsa") else options.rounds
                result["tasks"][task] = run_task(task, commands, rounds, words, folder)
    harness.keep(result, options.out)


main()
