#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reading files of five formats, ours on one thread and on two beside LangChain's loaders, and pdftotext alone. See README.md.
Standard library only."""
import lzma
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parents[2] / "tests/documents"))
import harness  # noqa: E402
import writers  # noqa: E402

FILES = {"txt": 400, "md": 400, "html": 200, "docx": 100, "pdf": 12}
PAGES, LINES_A_PAGE, WORDS_A_LINE = 20, 28, 9


def content(paragraphs, rng):
    """Twenty pages: a section each, of lines of prose."""
    out = []
    for page in range(PAGES):
        words = " ".join(rng.choice(paragraphs) for _ in range(9)).split()[:LINES_A_PAGE * WORDS_A_LINE - 30]
        out.append((f"Section {page + 1}", [" ".join(words[i:i + WORDS_A_LINE]) for i in range(0, len(words), WORDS_A_LINE)]))
    return out


def make(folder, paragraphs, rng):
    lists = {}
    for extension, count in FILES.items():
        paths = []
        for number in range(count):
            paths.append(folder / f"{number:04}.{extension}")
            paths[-1].write_bytes(writers.WRITERS[extension](content(paragraphs, rng)))
        lists[extension] = folder / f"list-{extension}"
        lists[extension].write_text("\n".join(map(str, paths)) + "\n", encoding="utf-8")
    return lists


def words(text):
    return re.findall(r"\w+", text)


def verify(name, extension, ours, theirs):
    """Both read the same words of every file, but for what HTML has around its text and PDF at the edge of its pages."""
    for number, (a, b) in enumerate(zip(ours, theirs)):
        lost = set(words(b)) - set(words(a)) - {"Menu", "entry", "Imprint", "and", "privacy", "Harbour", "Board", "Annual", "Report", "Page"}
        lost = {word for word in lost if not word.isdigit()}
        if lost:
            sys.exit(f"{name}: file {number} of {extension} has words that isogloss lost: {sorted(lost)[:5]}")


def texts_in(path):
    return [line.partition("\t")[2] for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def pdftotext(paths):
    begin = time.perf_counter()
    for path in paths:
        subprocess.run(["pdftotext", "-bbox-layout", path, "-"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main():
    options = harness.arguments(__doc__).parse_args()
    result = harness.record("reading", options.build, harness.versions_of("langchain-community", "beautifulsoup4", "docx2txt", "pypdf"))
    rng = random.Random(1)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        paragraphs = [line.strip() for _, line in zip(range(20_000), file) if len(line) > 400]
    binary = pathlib.Path(options.build) / "bench/tasks/ingest/bench_ingest"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lists = make(folder, paragraphs, rng)
        ours = harness.Contestant("isogloss", [binary, folder / "collection"],
                                  PATH=f"{pathlib.Path(options.build).resolve()}/apps/isogloss-extract:{os.environ['PATH']}")
        theirs = harness.Contestant("langchain", [sys.executable, HERE / "langchain_contestant.py"])
        for extension, files in lists.items():
            paths = files.read_text().split()
            size = sum(pathlib.Path(path).stat().st_size for path in paths) / 1e6
            for contestant in (ours, theirs):
                contestant.ask("read", files, folder / contestant.name)
            verify("langchain", extension, texts_in(folder / "isogloss"), texts_in(folder / "langchain"))
            rows = {"isogloss": [], "isogloss x2": [], "langchain": [], "pdftotext": []}
            for _ in range(options.rounds):
                rows["isogloss"].append(ours.ask("read", files, "-")["seconds"])
                rows["isogloss x2"].append(ours.ask("read", files, "-2")["seconds"])
                rows["langchain"].append(theirs.ask("read", files, "-")["seconds"])
                if extension == "pdf":
                    rows["pdftotext"].append(pdftotext(paths))
            result[extension] = {"files": len(paths), "megabytes": size,
                                 **{reader: {"best_s": min(times), "median_s": sorted(times)[len(times) // 2]}
                                    for reader, times in rows.items() if times}}
            for reader, times in rows.items():
                if times:
                    print(f"{extension:5} {reader:12} best {size / min(times):8.1f} MB/s {len(paths) / min(times):8.1f} files/s", flush=True)
        for contestant in (ours, theirs):
            contestant.close()
    harness.keep(result, options.out)


main()
