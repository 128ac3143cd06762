#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes src/nn/encoder/gelu_table.inc: Phi(t) - 1/2 for t in [0, 6) as 16 polynomials of degree 5.

Segment s covers [s w, (s + 1) w), w = 6/16; its polynomial takes u = t / w - s - 1/2 in [-1/2, 1/2). Coefficients come
from interpolation at Chebyshev points, in double precision. Prints the largest error after rounding to f32.
"""
import math
import pathlib

SEGMENTS, DEGREE, END = 16, 5, 6.0
WIDTH = END / SEGMENTS


def phi(t):
    return 0.5 * math.erf(t / math.sqrt(2.0))


def solve(rows, values):
    n = len(values)
    a = [row[:] + [v] for row, v in zip(rows, values)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(a[r][i]))
        a[i], a[pivot] = a[pivot], a[i]
        for r in range(n):
            if r != i:
                factor = a[r][i] / a[i][i]
                a[r] = [x - factor * y for x, y in zip(a[r], a[i])]
    return [a[i][n] / a[i][i] for i in range(n)]


def segment(s):
    nodes = [0.5 * math.cos(math.pi * (k + 0.5) / (DEGREE + 1)) for k in range(DEGREE + 1)]
    return solve([[u ** p for p in range(DEGREE + 1)] for u in nodes], [phi((s + 0.5 + u) * WIDTH) for u in nodes])


def main():
    table = [segment(s) for s in range(SEGMENTS)]
    worst = max(abs(sum(c * u ** p for p, c in enumerate(table[s])) - phi((s + 0.5 + u) * WIDTH))
                for s in range(SEGMENTS) for u in [k / 500.0 - 0.5 for k in range(501)])
    lines = ["// Made by tools/activation_tables/make_gelu_table.py; largest error %.1e. (degree + 1, segments)" % worst]
    for p in range(DEGREE + 1):
        lines.append("{" + ", ".join("%.9gF" % table[s][p] if table[s][p] != int(table[s][p]) else "%.1fF" % table[s][p]
                                     for s in range(SEGMENTS)) + "},")
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    (root / "src/nn/encoder/gelu_table.inc").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(lines[0])


main()
