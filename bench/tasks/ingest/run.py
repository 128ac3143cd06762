#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reading, chunking and re-checking files, ours beside langchain-text-splitters. See README.md. Standard library only."""
import lzma
import pathlib
import random
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

FILES, FILE_BYTES, WORDS, LANGCHAIN_FILES = 1_000, 20_000, 256, 100
SMALL_FILES = 10_000


def sections(paragraphs, rng):
    """Endless Markdown: headings of three levels, prose of whole sentences, lists, code."""
    for number, text in enumerate(paragraphs):
        words = text.split()
        if number % 4 == 0:
            yield f"{'#' * rng.randint(1, 3)} {' '.join(words[:4])}\n"
        if number % 9 == 5:
            yield "\n".join(f"- {' '.join(words[i:i + 8])}" for i in range(0, min(len(words), 48), 8)) + "\n"
        elif number % 25 == 7:
            yield "```text\n" + "\n".join(" ".join(words[i:i + 6]) for i in range(0, min(len(words), 60), 6)) + "\n```\n"
        else:
            sentences = (" ".join(words[i:i + 18]).capitalize() + "." for i in range(0, len(words), 18))
            yield " ".join(sentences) + "\n"


def make_files(folder, paragraphs, count, size, rng):
    folder.mkdir()
    parts, paths, pieces = [], [], sections(paragraphs, rng)
    while len(paths) < count:
        parts.append(next(pieces))
        if sum(map(len, parts)) >= size:
            paths.append(folder / f"{len(paths) % 100:02}" / f"{len(paths):05}.md")
            paths[-1].parent.mkdir(exist_ok=True)
            paths[-1].write_text("\n".join(parts), encoding="utf-8")
            parts = []
    return paths


def verify(name, paths, out):
    """Every word of a file is in its chunks, no chunk is too long. Marks of Markdown aside."""
    word = re.compile(r"\w+")
    chunks = [set() for _ in paths]
    for line in out.read_text(encoding="utf-8").splitlines():
        number, _, text = line.partition("\t")
        if len(text.split()) > WORDS:
            sys.exit(f"{name}: a chunk has {len(text.split())} words")
        chunks[int(number)].update(word.findall(text))
    for path, found in zip(paths, chunks):
        lost = set(word.findall(path.read_text(encoding="utf-8"))) - found
        if lost:
            sys.exit(f"{name}: {path.name} has words in no chunk: {sorted(lost)[:5]}")


def chunking(contestants, folder, paths, rounds):
    """langchain takes a tenth of the files."""
    size, lists = {}, {}
    for c in contestants:
        some = paths if c.name == "isogloss" else paths[:LANGCHAIN_FILES]
        lists[c.name] = folder / f"list-{c.name}"
        lists[c.name].write_text("\n".join(map(str, some)) + "\n", encoding="utf-8")
        size[c.name] = sum(path.stat().st_size for path in some)
        c.ask("chunk", lists[c.name], folder / "chunks")
        verify(c.name, some, folder / "chunks")
    answers = harness.interleaved(contestants, rounds, lambda c: c.ask("chunk", lists[c.name], "-"))
    rows = {}
    for c in contestants:
        rows[c.name] = dict(harness.summary(answers[c.name], size[c.name] / 1e6), megabytes=size[c.name] / 1e6,
                            chunks=answers[c.name][0]["chunks"])
        print(f"chunk   {c.name:10} best {rows[c.name]['per_s_best']:8.2f} MB/s  {rows[c.name]['per_cpu_s']:8.2f} per CPU s  "
              f"{rows[c.name]['chunks']} chunks of {rows[c.name]['megabytes']:.1f} MB", flush=True)
    return rows


def rechecking(contestant, root, rounds):
    first = contestant.ask("index", root, "quick")
    if first["added"] != SMALL_FILES:
        sys.exit(f"the first run added {first['added']} files")
    rows = {"first_run_s": first["seconds"]}
    for mode in ("quick", "rehash"):
        answers = [contestant.ask("index", root, mode) for _ in range(rounds)]
        if any(answer["unchanged"] != SMALL_FILES for answer in answers):
            sys.exit(f"{mode}: not every file was found unchanged")
        rows[mode] = harness.summary(answers, SMALL_FILES)
        print(f"recheck {mode:10} best {rows[mode]['best_s']:.3f}  median {rows[mode]['median_s']:.3f} s for {SMALL_FILES} "
              "unchanged files", flush=True)
    return rows


def main():
    options = harness.arguments(__doc__).parse_args()
    binary = pathlib.Path(options.build) / "bench/tasks/ingest/bench_ingest"
    result = harness.record("ingest", options.build, harness.versions_of("langchain-text-splitters"))
    rng = random.Random(1)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        paragraphs = [line.strip() for _, line in zip(range(150_000), file) if len(line) > 80]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = make_files(folder / "large", paragraphs, FILES, FILE_BYTES, rng)
        make_files(folder / "small", paragraphs, SMALL_FILES, 1000, rng)
        contestants = [harness.Contestant("isogloss", [binary, folder / "collection"]),
                       harness.Contestant("langchain", [sys.executable, HERE / "langchain_contestant.py"])]
        result["chunk"] = chunking(contestants, folder, paths, options.rounds)
        result["recheck"] = rechecking(contestants[0], folder / "small", options.rounds)
        for contestant in contestants:
            contestant.close()
    harness.keep(result, options.out)


main()
