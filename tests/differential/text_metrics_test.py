#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""isogloss metric bleu, chrf, ter and rouge against sacreBLEU and rouge-score on random texts: 10,000 lines of each setting
(1,000 of TER with each of its sixteen settings, which takes sacreBLEU milliseconds a line).

usage: text_metrics_test.py ISOGLOSS. Every score must agree within 1e-9.
"""
import itertools
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    from rouge_score import rouge_scorer
    from sacrebleu.metrics import BLEU, CHRF, TER
except ImportError:
    print("skipped: no sacrebleu or rouge-score; pip install sacrebleu rouge-score and set ISOGLOSS_PYTHON")
    sys.exit(77)

CASES = 10_000
WORDS = ("the a cat dog running runs ran quickly generalization U.S. 3.5 1,000 5-6 don't (hi) \"quoted\" &amp; &quot;x&quot; "
         "<skipped> état naïve Straße 猫が好き 中文，测试。 № £5 100% e.g., -- ... ¿qué? İstanbul Ελλάς 5. a.b x-1 "
         "flying happily university ties denied 😀 test-case Ada's 's (x)「東京」。 ﾊﾟ・ｶ，！ ㈱ 㐀 ひらがな カタカナ &lt;b&gt; a,b 3. 4-").split()


def line(rng):
    return rng.choice([" ", " ", "  "]).join(rng.choice(WORDS) for _ in range(rng.choice([1, 3, 8, 15, 25])))


def changed(rng, text):
    words = text.split(" ")
    for _ in range(rng.randint(0, 6)):
        at = rng.randrange(len(words))
        words[at:at + rng.randint(0, 1)] = rng.choice([[], [rng.choice(WORDS)]])
        words = words or ["the"]
    return " ".join(words)


def wmt(lines=100):
    """(pair, references, hypotheses): the first lines of one system of every pair of WMT22, where the data are here."""
    root = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"])
    folder = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", root.parent / "shared" / "data")) / "eval/wmt22"
    first = {}
    for file in sorted((folder / "system-outputs").glob("*.hyp.*")):
        first.setdefault(file.name.split(".")[1], file)
    for pair, file in first.items():
        reference = next(iter(sorted((folder / "references").glob(f"generaltest2022.{pair}.ref.*"))))
        yield pair, *([text for text in f.read_text(encoding="utf-8").split("\n")[:lines]] for f in (reference, file))


class Files:
    def __init__(self, folder, program):
        self.folder, self.program = pathlib.Path(folder), program

    def values(self, metric, hypotheses, references, *flags):
        (self.folder / "hyp").write_text("".join(h + "\n" for h in hypotheses), encoding="utf-8")
        names = []
        for i, reference in enumerate(references):
            (self.folder / f"ref{i}").write_text("".join(r + "\n" for r in reference), encoding="utf-8")
            names.append(str(self.folder / f"ref{i}"))
        more = [word for name in names[1:] for word in ("--reference", name)]
        out = subprocess.run([self.program, "metric", metric, names[0], self.folder / "hyp", *more, "--json", *flags],
                             check=True, capture_output=True, text=True).stdout
        return [json.loads(row) for row in out.splitlines()]


def compare(name, ours, theirs):
    bad = [(i, a, b) for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if abs(a - b) > 1e-9]
    print(f"{name}: {len(ours)} values, {len(bad)} different")
    for row in bad[:3]:
        print("  ", row)
    return len(bad)


def main():
    rng = random.Random(11)
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        files = Files(folder, sys.argv[1])
        first = [line(rng) for _ in range(CASES)]
        second = [changed(rng, text) for text in first]
        hypotheses = [changed(rng, text) for text in first]
        settings = [("--tokenize", t, BLEU(tokenize=t, effective_order=True)) for t in ("13a", "none", "char", "intl", "zh")]
        settings += [("--smooth", s, BLEU(smooth_method=s, effective_order=True)) for s in ("floor", "add-k", "none")]
        settings.append(("--lowercase", "", BLEU(lowercase=True, effective_order=True)))
        for flag, value, scorer in settings:
            ours = [100 * row["value"] for row in files.values("bleu", hypotheses, [first, second], "--lines", flag,
                                                               *([value] if value else []))]
            theirs = [scorer.sentence_score(h, [a, b]).score for h, a, b in zip(hypotheses, first, second)]
            bad += compare(f"bleu {flag} {value}", ours, theirs)
        for flags, scorer in ([], CHRF()), (["--word-order", "2"], CHRF(word_order=2)), (["--lowercase"], CHRF(lowercase=True)):
            ours = [100 * row["value"] for row in files.values("chrf", hypotheses, [first, second], "--lines", *flags)]
            theirs = [scorer.sentence_score(h, [a, b]).score for h, a, b in zip(hypotheses, first, second)]
            bad += compare(f"chrf {' '.join(flags)}", ours, theirs)
            ours = [100 * row["value"] for row in files.values("chrf", hypotheses, [first, second], *flags)]
            bad += compare("  of all", ours, [scorer.corpus_score(hypotheses, [first, second]).score])
        moved = [" ".join(words[at:] + words[:at]) for words, at in ((h.split(" "), rng.randint(0, 4)) for h in hypotheses[:CASES // 10])]
        for flags in itertools.product((False, True), repeat=4):
            options = dict(zip(("case_sensitive", "normalized", "no_punct", "asian_support"), flags))
            scorer = TER(**options)
            flags = ["--" + name.replace("_", "-") for name, on in options.items() if on]
            ours = [100 * row["value"] for row in files.values("ter", moved, [first[:len(moved)], second[:len(moved)]], "--lines", *flags)]
            theirs = [scorer.sentence_score(h, [a, b]).score for h, a, b in zip(moved, first, second)]
            bad += compare(f"ter {' '.join(flags)}", ours, theirs)
        for pair, references, systems in wmt():
            for flags, scorer in ([], TER()), (["--normalized", "--no-punct", "--asian-support"], TER(True, True, True)):
                ours = [100 * row["value"] for row in files.values("ter", systems, [references], *flags)]
                bad += compare(f"ter {pair} {' '.join(flags)}", ours, [scorer.corpus_score(systems, [references]).score])
        ours = [100 * row["value"] for row in files.values("bleu", hypotheses, [first, second])]
        bad += compare("bleu of all", ours, [BLEU().corpus_score(hypotheses, [first, second]).score])
        types = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
        documents = ["<n>".join(line(rng) for _ in range(rng.randint(1, 4))) for _ in range(CASES)]
        summaries = ["<n>".join(changed(rng, s) for s in rng.sample(d.split("<n>"), d.count("<n>") + 1)) for d in documents]
        for stem in (False, True):
            scorer = rouge_scorer.RougeScorer(types, use_stemmer=stem)
            flags = ["--stem"] if stem else []
            rows = files.values("rouge", summaries, [documents], "--lines", "--sentence-separator", "<n>", *flags)
            split = [(d.replace("<n>", "\n"), s.replace("<n>", "\n")) for d, s in zip(documents, summaries)]
            theirs = [score for d, s in split for score in scorer.score(d, s).values()]
            # <n> gives no token of its own to us: separators go before rouge1, rouge2 and rougeL are counted.
            for key, part in ("value", "fmeasure"), ("precision", "precision"), ("recall", "recall"):
                bad += compare(f"rouge {key} {' '.join(flags)}", [row[key] for row in rows], [getattr(t, part) for t in theirs])
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
