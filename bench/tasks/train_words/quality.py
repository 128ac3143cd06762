# SPDX-License-Identifier: Apache-2.0
"""Analogies (3CosAdd among the 30,000 most frequent words) and word similarity (Spearman) of a model, in per cent."""
import json
import pathlib
import struct

import numpy as np
from scipy.stats import spearmanr

MOST_FREQUENT = 30000
FEWEST_PAIRS = 20


def read_folder(path):
    raw = (path / "model.safetensors").read_bytes()
    header = struct.unpack("<Q", raw[:8])[0]
    tensor = json.loads(raw[8:8 + header])["vectors"]
    begin, end = tensor["data_offsets"]
    rows = np.frombuffer(raw[8 + header + begin:8 + header + end], np.float32).reshape(tensor["shape"])
    return (path / "vocabulary.txt").read_text(encoding="utf-8").split("\n")[:len(rows)], rows


def read_binary(path):
    raw = path.read_bytes()
    at = raw.index(b"\n") + 1
    count, dim = map(int, raw[:at].split())
    words, rows = [], np.empty((count, dim), np.float32)
    for i in range(count):
        blank = raw.index(b" ", at)
        words.append(raw[at:blank].lstrip(b"\n").decode())
        at = blank + 1 + 4 * dim
        rows[i] = np.frombuffer(raw[blank + 1:at], np.float32)
    return words, rows


def analogies(place, rows, path):
    questions = []
    for line in path.read_text(encoding="utf-8").splitlines():
        ids = [place.get(word.lower(), MOST_FREQUENT) for word in line.split()]
        if not line.startswith(":") and max(ids) < MOST_FREQUENT:
            questions.append(ids)
    right = 0
    for q in np.array_split(np.array(questions), 1 + len(questions) // 1000):
        scores = (rows[q[:, 1]] - rows[q[:, 0]] + rows[q[:, 2]]) @ rows[:MOST_FREQUENT].T
        for given in range(3):
            scores[np.arange(len(q)), q[:, given]] = -9
        right += int((scores.argmax(1) == q[:, 3]).sum())
    return 100 * right / len(questions)


def similarity(place, rows, path):
    ours, theirs = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split()
        if len(cells) == 3 and all(word.lower() in place for word in cells[:2]):
            ours.append(float(rows[place[cells[0].lower()]] @ rows[place[cells[1].lower()]]))
            theirs.append(float(cells[2]))
    return 100 * float(spearmanr(ours, theirs)[0]) if len(ours) >= FEWEST_PAIRS else None


def quality(path, data):
    path, data = pathlib.Path(path), pathlib.Path(data)
    words, rows = read_folder(path) if path.is_dir() else read_binary(path)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    place = {word: i for i, word in enumerate(words)}
    found = {"analogies": analogies(place, rows, data / "eval/analogy_google/questions-words.txt")}
    for name in sorted((data / "eval/wordsim_en").glob("EN-*.txt")):
        value = similarity(place, rows, name)
        if value is not None:
            found[name.stem] = value
    found["mean"] = float(np.mean(list(found.values())))
    return found
