#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""isogloss bias against WEFE 1.0.1: WEAT, RNSB and MAC on the words of WEAT in GoogleNews, before and after hard debiasing.
WEFE needs an older
NumPy than the other peers: script/python-env --wefe makes an environment of its own, where this runs itself again.

usage: bias_test.py ISOGLOSS
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    from gensim.models import KeyedVectors
    from wefe.debias.hard_debias import HardDebias
    from wefe.metrics import MAC, RNSB, WEAT
    from wefe.query import Query
    from wefe.word_embedding_model import WordEmbeddingModel
except ImportError:
    own = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"]) / ".venv-wefe/bin/python"
    if own.exists() and pathlib.Path(sys.executable) != own:
        os.execv(own, [str(own), *sys.argv])
    print("skipped: no wefe; script/python-env --wefe installs it")
    sys.exit(77)

ROOT = pathlib.Path(os.environ["ISOGLOSS_SOURCE_DIR"])
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data"))
PAIRS = [["woman", "man"], ["girl", "boy"], ["she", "he"], ["mother", "father"], ["daughter", "son"], ["female", "male"],
         ["her", "his"]]
KEEP = ["sister", "brother", "uncle", "aunt", "grandmother", "grandfather"]
TOLERANCE = {"effect": 1e-6, "rnsb": 3e-6, "mac": 1e-6}  # WEFE fits in f32: 1.4e-6 from the minimum in f64, ours 1e-7


def theirs(model, tests):
    """(effect, rnsb, mac) of every test. Effects with n - 1, as the papers have it: WEFE takes the deviation of all."""
    out = {}
    for name, test in tests.items():
        lists = [test[test[key]] for key in ("X_key", "Y_key", "A_key", "B_key")]
        query = Query(lists[:2], lists[2:])
        common = dict(lost_vocabulary_threshold=1.0)
        weat = WEAT().run_query(query, model, return_effect_size=True, **common)
        count = sum(word in model.vocab for words in lists[:2] for word in words)
        rnsb = RNSB().run_query(query, model, holdout=False, normalize=True, random_state=1, **common,
                                estimator_params={"solver": "lbfgs", "max_iter": 10000, "tol": 1e-10})
        mac = MAC().run_query(query, model, **common)
        out[name] = (weat["effect_size"], rnsb["rnsb"], mac["mac"], count)
    return out


def compare(ours, wanted, what):
    bad = 0
    for row in ours:
        effect, rnsb, mac, count = wanted[row["test"]]
        exact = effect * ((count - 1) / count) ** 0.5
        nearest = min((effect, exact), key=lambda value: abs(value - row["effect"]))
        for name, mine, other in ("effect", row["effect"], nearest), ("rnsb", row["rnsb"], rnsb), ("mac", row["mac"], mac):
            if abs(mine - other) > TOLERANCE[name]:
                print(f"{what} {row['test']} {name}: {mine}, WEFE {other}")
                bad += 1
    print(f"{what}: {len(ours)} tests, {bad} values different")
    return bad


def main():
    source = DATA / "eval/bias_weat_word2vec"
    if not source.exists():
        print(f"skipped: {source} is not on this machine")
        return 77
    tests = json.loads((source / "weat.json").read_text(encoding="utf-8"))
    tests = {name: test for name, test in tests.items() if "X_key" in test}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        env = dict(os.environ, ISOGLOSS_HOME=name, ISOGLOSS_CACHE=name)
        words = folder / "words.bin"
        subprocess.run([sys.argv[1], "models", "convert", f"word2vec:{source / 'weat_words_googlenews300.txt'}", words, "-q"],
                       check=True, env=env)
        for file, content in ("tests", tests), ("pairs", PAIRS), ("keep", KEEP):
            (folder / file).write_text(json.dumps(content), encoding="utf-8")
        out = subprocess.run([sys.argv[1], "bias", words, "--lists", folder / "tests", "--debias", "hard", "--pairs", folder / "pairs",
                              "--keep", folder / "keep", "--json", "-q"], check=True, env=env, capture_output=True, text=True).stdout
        rows = [json.loads(line) for line in out.splitlines()]
        vectors = KeyedVectors.load_word2vec_format(str(words), binary=True)
        known = {name for name in tests if all(any(w in vectors for w in tests[name][tests[name][k]])
                                               for k in ("X_key", "Y_key", "A_key", "B_key"))}
        tests = {name: test for name, test in tests.items() if name in known}
        before = WordEmbeddingModel(vectors, "words")
        bad = compare([row for row in rows if row["debias"] is None], theirs(before, tests), "as they are")
        hard = HardDebias(verbose=False, pca_args={"n_components": 5}).fit(before, definitional_pairs=PAIRS)
        kept = KEEP + [word for pair in PAIRS for word in pair]
        after = hard.transform(before, ignore=kept, copy=True)
        bad += compare([row for row in rows if row["debias"] == "hard"], theirs(after, tests), "hard")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
