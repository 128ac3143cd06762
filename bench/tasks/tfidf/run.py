#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Vectorisers side by side: ours and scikit-learn's, on one thread, from texts in memory to rows.

    run.py --binary build/bench/bench/tasks/tfidf/bench_tfidf --corpus enwiki18m.txt.xz --peer-python PYTHON -o out.json

Every contestant fits and transforms the same texts. First the answers are compared (names equal, rows within 1e-6; LSA:
the energy kept, since a randomised decomposition has no one answer), then rounds are interleaved. Standard library only.
"""
import argparse
import json
import lzma
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))
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
        path = os.path.join(folder, contestant.name + ".json")
        contestant.ask(f"rows 2000 {path} {task}")
        answers.append(json.loads(pathlib.Path(path).read_text(encoding="utf-8")))
    ours, theirs = answers
    if ours["names"] != theirs["names"]:
        return "names differ"
    if task.startswith("lsa"):
        return "" if ours["energy"] >= 0.999 * theirs["energy"] else f"energy {ours['energy']} below {theirs['energy']}"
    for i, (a, b) in enumerate(zip(ours["rows"], theirs["rows"], strict=True)):
        if a[0] != b[0] or any(abs(x - y) > 1e-6 * max(1.0, abs(y)) for x, y in zip(a[1], b[1])):
            return f"row {i} differs"
    return ""


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def output_of(command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def measure(contestants, task, rounds, words):
    times = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            times[contestant.name].append(contestant.ask("fit " + task))
    rows = []
    for contestant in contestants:
        seconds = [t["seconds"] for t in times[contestant.name]]
        cpu = min(t["cpu"] for t in times[contestant.name])
        last = times[contestant.name][-1]
        rows.append({"contestant": contestant.name, "best_s": min(seconds), "median_s": statistics.median(seconds),
                     "words_per_s_best": words / min(seconds), "words_per_cpu_s": words / cpu,
                     "columns": last["columns"], "nonzeros": last["nonzeros"]})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lsa-rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("-o", "--output", default="")
    arguments = parser.parse_args()
    opener = lzma.open if arguments.corpus.endswith(".xz") else open
    with opener(arguments.corpus, "rb") as file:
        text = file.read(arguments.bytes).decode("utf-8", errors="ignore")
    words = len(text.split())
    record = {"task": "vectorisers", "commit": output_of(["git", "-C", str(HERE), "rev-parse", "HEAD"]), "cpu": cpu_name(),
              "system": platform.platform(), "compiler": output_of(["c++", "--version"]).split("\n")[0],
              "peer": output_of([arguments.peer_python, "-c", "import sklearn, numpy, scipy, sys; print('scikit-learn',"
                                 " sklearn.__version__, 'numpy', numpy.__version__, 'scipy', scipy.__version__, 'python',"
                                 " sys.version.split()[0])"]),
              "threads": 1, "bytes": len(text), "words": words, "texts": text.count("\n") + 1, "tasks": {}}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "texts.txt")
        pathlib.Path(path).write_text(text, encoding="utf-8")
        for name, task in TASKS.items():
            if arguments.only not in name:
                continue
            contestants = [harness.Contestant("isogloss", [arguments.binary, path]),
                           harness.Contestant("scikit-learn", [arguments.peer_python, str(HERE / "sklearn_contestant.py"), path])]
            fault = verify(contestants, task, folder)
            if fault:
                sys.exit(f"{name}: answers differ: {fault}")
            rounds = arguments.lsa_rounds if task.startswith("lsa") else arguments.rounds
            rows = measure(contestants, task, rounds, words)
            for row, contestant in zip(rows, contestants):
                row["peak_mb"] = contestant.peak_mb()
                contestant.close()
                print(f"{name:18} {row['contestant']:13} best {row['best_s']:7.3f} s  median {row['median_s']:7.3f} s  "
                      f"{row['words_per_s_best'] / 1e6:6.2f} M words/s  {row['words_per_cpu_s'] / 1e6:6.2f} per CPU s  "
                      f"peak {row['peak_mb']} MB", flush=True)
            record["tasks"][name] = rows
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


main()
