#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Correlations, classification and clustering against SciPy and scikit-learn, entities against seqeval (default and strict
mode): 10,000 random and tie-heavy inputs of each.

usage: values_test.py VALUES_DRIVER. Values must agree within 1e-9; what is undefined (one class, a constant side) is NaN
here, whatever scikit-learn's fallback is.
"""
import math
import random
import subprocess
import sys
import warnings

from scipy import stats
from sklearn import metrics

try:
    import seqeval.metrics
    import seqeval.scheme
except ImportError:
    seqeval = None
    print("without seqeval: entities are left out; script/python-env installs it")

CASES = 10_000


def correlation(rng):
    n, ties = rng.randint(2, 40), rng.random() < 0.6
    column = lambda: [rng.randint(0, 3) if ties else rng.gauss(0, 1) for _ in range(n)]
    x, y = column(), column()
    # Pearson's of columns that only rounding keeps apart is noise on both sides.
    theirs = [stats.spearmanr(x, y)[0], stats.pearsonr(x, y)[0], stats.kendalltau(x, y)[0]]
    return [x, y], theirs


def labels(rng, n, most):
    k = rng.randint(1, most)
    return [f"c{rng.randrange(k)}" for _ in range(n)]


def classification(rng):
    n = rng.randint(1, 40)
    truth, guess = labels(rng, n, 6), labels(rng, n, 6)
    guess = [t if rng.random() < 0.5 else g for t, g in zip(truth, guess)]
    one = len(set(truth)) == 1 or len(set(guess)) == 1
    theirs = [metrics.accuracy_score(truth, guess), math.nan if one else metrics.matthews_corrcoef(truth, guess)]
    for average in ("macro", "weighted", "micro"):
        theirs += metrics.precision_recall_fscore_support(truth, guess, average=average, zero_division=0)[:3]
    return [truth, guess], theirs


def ranking(rng):
    n, ties = rng.randint(1, 40), rng.random() < 0.6
    truth = [rng.randint(0, 1) for _ in range(n)]
    scores = [rng.randint(0, 4) if ties else rng.random() for _ in range(n)]
    ap = metrics.average_precision_score(truth, scores) if any(truth) else math.nan
    auc = metrics.roc_auc_score(truth, scores) if len(set(truth)) == 2 else math.nan
    return [truth, scores], [ap, auc]


def clustering(rng):
    n = rng.randint(1, 60)
    truth, guess = labels(rng, n, 8), labels(rng, n, 8)
    guess = [t if rng.random() < rng.choice([0, 0.5, 1]) else g for t, g in zip(truth, guess)]
    theirs = [*metrics.homogeneity_completeness_v_measure(truth, guess), metrics.normalized_mutual_info_score(truth, guess),
              metrics.adjusted_mutual_info_score(truth, guess), metrics.adjusted_rand_score(truth, guess)]
    return [truth, guess], theirs


def silhouette(rng):
    while True:
        n = rng.randint(3, 30)
        guess = labels(rng, n, 5)
        if 2 <= len(set(guess)) <= n - 1:
            break
    x, y = ([rng.choice([rng.randint(0, 3), rng.gauss(0, 1)]) for _ in range(n)] for _ in range(2))
    return [guess, x, y], [metrics.silhouette_score(list(zip(x, y)), guess)]


SCHEMES = {"conll": ("BIES", None), "iob2": ("BI", "IOB2"), "iobes": ("BIES", "IOBES"), "bilou": ("BILU", "BILOU")}


def tags(rng):
    scheme = rng.choice(list(SCHEMES))
    prefixes, strict = SCHEMES[scheme]
    n = rng.randint(1, 25)
    tag = lambda: "O" if rng.random() < 0.3 else f"{rng.choice(prefixes)}-{rng.choice(['PER', 'LOC', 'a-b'])}"
    truth = [tag() for _ in range(n)]
    guess = [t if rng.random() < 0.7 else tag() for t in truth]
    mode = {"mode": "strict", "scheme": getattr(seqeval.scheme, strict)} if strict else {}
    theirs = []
    for average in ("micro", "macro"):
        for score in (seqeval.metrics.precision_score, seqeval.metrics.recall_score, seqeval.metrics.f1_score):
            theirs.append(score([truth], [guess], average=average, zero_division=0, **mode))
    if any(map(math.isnan, theirs)):  # no entity on either side: seqeval's macro mean is NaN, its micro mean 0
        theirs = [math.nan] * 6
    return [[scheme], truth, guess], theirs


def main():
    warnings.simplefilter("ignore")
    rng, bad = random.Random(3), 0
    for kind in (correlation, classification, ranking, clustering, silhouette, *([tags] if seqeval else [])):
        cases = [kind(rng) for _ in range(CASES)]
        text = "".join(";".join([kind.__name__, *(" ".join(map(str, column)) for column in columns)]) + "\n" for columns, _ in cases)
        out = subprocess.run([sys.argv[1]], input=text, check=True, capture_output=True, text=True).stdout.splitlines()
        different = 0
        for (columns, theirs), line in zip(cases, out, strict=True):
            for a, b in zip(map(float, line.split()), theirs, strict=True):
                if abs(a - b) <= 1e-9 or (math.isnan(a) and math.isnan(b)):
                    continue
                different += 1
                if different <= 3:
                    print(kind.__name__, a, b, columns)
        print(f"{kind.__name__}: {CASES} cases, {different} values different")
        bad += different
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
