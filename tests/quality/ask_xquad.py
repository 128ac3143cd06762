#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`isogloss ask` on questions over XQuAD (English): each of the 240 paragraphs is a document.

  ask_xquad.py check       60 questions: 30 answerable, 30 whose paragraph is kept out of the search. Chosen by rule: all
                           questions in order of the SHA-256 of their id; the first 30 with distinct paragraphs are
                           answerable, the next 30 with distinct paragraphs (other than those) unanswerable. Gates: the
                           cited chunk holds the gold answer in >= 70 %, "not found" is right in >= 80 %, every citation
                           is verbatim.
  ask_xquad.py calibrate   fits the confidence model on the other questions (needs scikit-learn) and prints coefficients.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data")) / "eval/xquad/xquad.en.json"
PROGRAM = os.environ.get("ISOGLOSS_PROGRAM", str(ROOT / "build/release/apps/isogloss/isogloss"))
FEATURES = ["sentence", "around", "passage", "gap", "uncovered", "names", "pairs"]


def load():
    paragraphs, questions = [], []
    for article in json.loads(DATA.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            name = f"p{len(paragraphs):03d}.txt"
            paragraphs.append((name, paragraph["context"]))
            for qa in paragraph["qas"]:
                questions.append({"id": qa["id"], "name": name, "question": qa["question"],
                                  "answers": [a["text"] for a in qa["answers"]]})
    questions.sort(key=lambda q: hashlib.sha256(q["id"].encode()).hexdigest())
    chosen, used = [], set()
    for question in questions:
        if len(chosen) < 60 and question["name"] not in used:
            used.add(question["name"])
            chosen.append(question)
    return paragraphs, chosen[:30], chosen[30:], [q for q in questions if q not in chosen]


def ask(home, question, without=None, threshold=None):
    command = [PROGRAM, "ask", "xquad", question["question"], "--json", "-v", "--threads", "1"]
    if without:
        command += ["--where", f'name != "{without}"']
    if threshold is not None:
        command += ["--threshold", str(threshold)]
    out = subprocess.run(command, env=dict(os.environ, ISOGLOSS_HOME=home), capture_output=True, text=True, check=True)
    return json.loads(out.stdout)


def build(folder, paragraphs):
    documents = pathlib.Path(folder) / "documents"
    documents.mkdir()
    for name, text in paragraphs:
        (documents / name).write_text(text, encoding="utf-8")
    home = str(pathlib.Path(folder) / "home")
    subprocess.run([PROGRAM, "index", "xquad", str(documents), "-q"], env=dict(os.environ, ISOGLOSS_HOME=home), check=True,
                   stdout=subprocess.DEVNULL)
    return home


def check(home, paragraphs, answerable, unanswerable):
    texts = dict(paragraphs)
    held = right = verbatim = cited = first = 0
    for question in answerable:
        answer = ask(home, question)
        chunks = []
        for citation in answer["citations"]:
            cited += 1
            name = citation["id"].split("#")[0]
            source = citation["source"]
            span = texts[name].encode()[source["start"]:source["end"]].decode()
            verbatim += span == citation["text"]
            chunks.append(texts[name])
        good = [any(a in chunk for a in question["answers"]) for chunk in chunks]
        held += any(good)
        first += bool(good and good[0])
    for question in unanswerable:
        right += not ask(home, question, without=question["name"])["found"]
    print(f"cited chunk holds the gold answer: {held} of {len(answerable)} (first citation: {first})")
    print(f"'not found' is right: {right} of {len(unanswerable)}")
    print(f"verbatim citations: {verbatim} of {cited}")
    return 0 if held >= 0.7 * len(answerable) and right >= 0.8 * len(unanswerable) and verbatim == cited else 1


def calibrate(home, others):
    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_predict
    jobs = [(q, None) for q in others] + [(q, q["name"]) for q in others]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda job: ask(home, job[0], job[1], 0), jobs))
    x = numpy.array([[a["evidence"][f] for f in FEATURES] for a in answers])
    y = numpy.array([1] * len(others) + [0] * len(others))
    model = LogisticRegression(C=10, max_iter=1000).fit(x, y)
    print("bias", round(float(model.intercept_[0]), 3), dict(zip(FEATURES, model.coef_[0].round(3).tolist())))
    probability = cross_val_predict(LogisticRegression(C=10, max_iter=1000), x, y, cv=10, method="predict_proba")[:, 1]
    for share in (0.80, 0.85, 0.88, 0.90):
        limit = float(numpy.quantile(probability[y == 0], share))
        print(f"threshold {limit:.3f}: not found right {share:.0%}, answered {float((probability[y == 1] >= limit).mean()):.1%}")
    return 0


def main():
    if not DATA.exists():
        print(f"skipped: {DATA} is not on this machine")
        return 77
    paragraphs, answerable, unanswerable, others = load()
    with tempfile.TemporaryDirectory(prefix="isogloss-xquad-") as folder:
        home = build(folder, paragraphs)
        if sys.argv[1:] == ["calibrate"]:
            return calibrate(home, others)
        return check(home, paragraphs, answerable, unanswerable)


sys.exit(main())
