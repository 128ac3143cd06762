#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Questions to a file of word vectors: ours and gensim's answers are the same lists and figures.

usage: words_test.py ISOGLOSS
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"])
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data"))
QUESTIONS = 40
NEAR = 10


class Program:
    def __init__(self, path, folder):
        self.path = path
        self.env = dict(os.environ, ISOGLOSS_HOME=str(folder), ISOGLOSS_CACHE=str(folder / "cache"))

    def __call__(self, *words):
        done = subprocess.run([self.path, *map(str, words), "--json", "-q"], env=self.env, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"FAILED: {words}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def same_list(what, ours, theirs):
    """Equal words in equal order but for neighbours whose scores are equal to 1e-6, and equal scores."""
    ours = [(item["word"], item["score"]) for item in ours]
    for (word, score), (other, wanted) in zip(ours, theirs, strict=True):
        if abs(score - wanted) > 2e-6 or (word != other and (other, wanted) not in
                                          [(w, s) for w, s in theirs if w in dict(ours) and abs(s - score) < 2e-6]):
            sys.exit(f"FAILED: {what}\nours   {ours}\ntheirs {theirs}")


def questions(vectors, seed):
    choose = random.Random(seed)
    return [choose.sample([w for w in vectors.index_to_key[:3000] if w.isalpha()], 4) for _ in range(QUESTIONS)]


def compare_words(program, file, vectors):
    for a, b, c, d in questions(vectors, 1):
        same_list(f"near {a}", program("near", file, a, "-n", NEAR), vectors.most_similar(a, topn=NEAR))
        same_list(f"{b} - {a} + {c}", program("analogy", file, a, b, c, "-n", NEAR),
                  vectors.most_similar(positive=[b, c], negative=[a], topn=NEAR))
        same_list(f"cosmul {b} - {a} + {c}", program("analogy", file, a, b, c, "-n", NEAR, "--rule", "mul"),
                  vectors.most_similar_cosmul(positive=[b, c], negative=[a], topn=NEAR))
        odd = program("odd", file, a, b, c, d)[0]["word"]
        if odd != vectors.doesnt_match([a, b, c, d]):
            sys.exit(f"FAILED: the odd one of {a} {b} {c} {d} is {odd} for us, {vectors.doesnt_match([a, b, c, d])} for gensim")


def compare_tasks(program, file, vectors):
    for name in sorted((DATA / "eval/wordsim_en").glob("EN-*.txt")):
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as tabs:
            for line in name.read_text(encoding="utf-8").splitlines():
                if line.strip():
                    tabs.write("\t".join(line.split()) + "\n")
            tabs.flush()
            figures = program("eval", "-m", file, "--task", f"words:{tabs.name}")
            (pearson, _), (spearman, _), unknown = vectors.evaluate_word_pairs(tabs.name, restrict_vocab=None)
        for figure, wanted in zip(figures, (spearman, pearson), strict=True):
            if abs(figure["value"] - wanted) > 1e-6 or abs(100 * (1 - figure["n"] / figure["of"]) - unknown) > 1e-9:
                sys.exit(f"FAILED: {name.name}: {figure}, gensim {wanted}, {unknown} % unknown")
    file_of_questions = DATA / "eval/analogy_google/questions-words.txt"
    ours = program("eval", "-m", file, "--task", f"analogy:{file_of_questions}", "--convention", "word2vec")
    accuracy, sections = vectors.evaluate_word_analogies(str(file_of_questions))
    right, wrong = (sum(len(s[key]) for s in sections if not s["section"].startswith("Total"))
                    for key in ("correct", "incorrect"))
    if ours[0]["n"] != right + wrong or abs(ours[0]["value"] - accuracy) > 1e-9:
        sys.exit(f"FAILED: analogies {ours[0]}, gensim {accuracy} of {right + wrong}")
    print(f"{QUESTIONS} questions of four kinds, {right + wrong} analogies ({accuracy:.4f}): equal")


def main():
    try:
        from gensim.models import KeyedVectors
    except ImportError:
        print("skipped: no gensim; script/python-env installs it")
        return 77
    source = DATA / "models/glove_50d_4k/glove50_4k.txt"
    if not source.exists():
        print(f"skipped: {source} is not on this machine")
        return 77
    with tempfile.TemporaryDirectory() as name:
        program = Program(sys.argv[1], pathlib.Path(name))
        file = pathlib.Path(name) / "words.bin"
        subprocess.run([sys.argv[1], "models", "convert", source, file, "-q"], check=True, env=program.env)
        vectors = KeyedVectors.load_word2vec_format(str(file), binary=True)
        compare_words(program, file, vectors)
        compare_tasks(program, file, vectors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
