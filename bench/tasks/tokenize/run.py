#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers side by side, on the same vocabulary files. See README.md."""
import lzma
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

# name: our file, (peer, its file) ...
MODELS = {
    "WordPiece, BERT uncased": ("tok_bert_base_uncased/vocab.txt", ("tokenizers", ""), ("blingfire", "")),
    "byte-level BPE, GPT-2": ("tok_gpt2", ("tokenizers", ""), ("tiktoken", "tok_tiktoken/r50k_base.tiktoken")),
    "byte-level BPE, cl100k": ("tok_tiktoken/cl100k_base.tiktoken", ("tiktoken", "")),
    "Unigram, T5": ("tok_t5_small/tokenizer.json", ("tokenizers", "")),
    "Unigram, XLNet": ("tok_xlnet/spiece.model", ("sentencepiece", "")),
}
OTHER_IDS = "blingfire"  # reads the same vocabulary by rules of its own


def differing(ours, theirs):
    with open(ours, encoding="utf-8") as a, open(theirs, encoding="utf-8") as b:
        pairs = list(zip(a, b, strict=True))
    return sum(x != y for x, y in pairs), len(pairs)


def contestants_of(model, texts, threads, build):
    file, *peers = MODELS[model]
    path = harness.test_data("models/" + file)
    yield harness.Contestant("isogloss", [pathlib.Path(build) / "bench/tasks/tokenize/bench_tokenize", path, texts, threads])
    for peer, own in peers:
        if threads > 1 and peer == "blingfire":  # has no batch of its own
            continue
        source = harness.test_data("models/" + own) if own else path
        yield harness.Contestant(peer, [sys.executable, HERE / "peer_contestant.py", peer, source, texts, threads])


def run_model(model, texts, threads, options, folder):
    contestants = list(contestants_of(model, texts, threads, options.build))
    rows = {c.name: {} for c in contestants}
    for c in contestants:
        c.ask("ids", folder / c.name)
    for c in contestants[1:]:
        wrong, of = differing(folder / "isogloss", folder / c.name)
        rows[c.name]["texts_with_other_ids"] = wrong
        if wrong and c.name != OTHER_IDS:
            sys.exit(f"{model}: {wrong} of {of} texts have other ids in {c.name}")
    size = pathlib.Path(texts).stat().st_size / 1e6
    for name, found in harness.interleaved(contestants, options.rounds, lambda c: c.ask("batch")).items():
        rows[name].update(harness.summary(found, size), tokens=found[0]["tokens"])
    for name, found in harness.interleaved(contestants, options.rounds, lambda c: c.ask("query", 2000)).items():
        rows[name]["query_us"] = 1e6 * min(a["seconds"] for a in found)
        rows[name]["query_tokens"] = found[0]["tokens"]
    if threads == 1:
        rows["isogloss"]["memory"] = contestants[0].ask("memory", options.memory)
    for c in contestants:
        c.close()
    for name, row in rows.items():
        print(f"{model:24} {threads} thread(s) {name:14} {row['per_s_best']:7.1f} MB/s  {row['per_cpu_s']:7.1f} per CPU s  "
              f"query of {row['query_tokens']} tokens {row['query_us']:7.2f} us", flush=True)
    return rows


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--bytes", type=int, default=10_000_000)
    parser.add_argument("--memory", type=int, default=1000, help="megabytes of random text for the memory check")
    parser.add_argument("--only", default="", help="models whose name holds this")
    options = parser.parse_args()
    versions = harness.versions_of("tokenizers", "sentencepiece", "tiktoken", "blingfire")
    result = harness.record("tokenizers", options.build, versions)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rb") as file:
        text = file.read(options.bytes)
    text = text[:text.rindex(b"\n") + 1]
    result.update(bytes=len(text), texts=text.count(b"\n"), models={})
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "texts").write_bytes(text)
        for model in MODELS:
            if options.only in model:
                result["models"][model] = {f"{threads} thread{'s' if threads > 1 else ''}":
                                           run_model(model, folder / "texts", threads, options, folder) for threads in (1, 2)}
    harness.keep(result, options.out)


main()
