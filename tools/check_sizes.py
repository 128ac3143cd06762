#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sizes (docs/design/style.md): files within 600 lines outside tables, no function over 60 lines, 90 % within 35.
Exceptions with a reason stand in tools/sizes_allowed.txt: `path  function-or-*  lines  reason`."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE_LIMIT, FUNCTION_LIMIT, USUAL_LIMIT = 600, 60, 35


def allowed():
    table = {}
    for line in (ROOT / "tools/sizes_allowed.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            path, name, lines, _reason = line.split(None, 3)
            table[path, name] = int(lines)
    return table


def functions(text):
    """(name, first line, lines) of function bodies: a brace that opens behind a parameter list, by bracket counting."""
    out, depth, stack = [], 0, []
    in_block_comment = False
    lines = text.splitlines()
    for number, raw in enumerate(lines, 1):
        line = re.sub(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])\'', '""', raw)
        line = re.sub(r"//.*", "", line)
        if "R\"" in raw:
            line = ""
        if "/*" in line:
            in_block_comment = True
        if in_block_comment:
            in_block_comment = "*/" not in line
            continue
        opens = re.search(r"([A-Za-z_~][\w:~]*)\s*\([^;]*\)\s*(const|noexcept|override|final|\s|->\s*[\w:<>,*& ]+)*\{\s*$", line)
        for char in line:
            if char == "{":
                name = None
                if opens and opens.group(1) not in ("if", "for", "while", "switch", "catch", "return"):
                    name, opens = opens.group(1), None
                elif re.match(r"^\s*(const|noexcept|override)?\s*\{?\s*$", line) or ") {" in line:
                    before = " ".join(lines[max(0, number - 4):number])
                    found = re.findall(r"([A-Za-z_~][\w:~]*)\s*\(", before)
                    keyword = re.match(r"\s*(}\s*)?(if|for|while|switch|else|do|try|catch|namespace|struct|class|enum)\b", line)
                    if found and not keyword and line.strip() != "{" and "[" not in line.split("(")[0]:
                        name = found[0]
                stack.append((name, number, depth))
                depth += 1
            elif char == "}" and stack:
                depth -= 1
                name, first, _ = stack.pop()
                if name:
                    out.append((name, first, number - first + 1))
    return out


def main():
    exceptions, found, lengths = allowed(), [], []
    for pattern in ("src/**/*.cpp", "src/**/*.hpp", "apps/**/*.cpp", "apps/**/*.hpp", "include/**/*.hpp"):
        for path in sorted(ROOT.glob(pattern)):
            relative = str(path.relative_to(ROOT))
            text = path.read_text(encoding="utf-8")
            size = text.count("\n")
            if size > exceptions.get((relative, "*"), FILE_LIMIT):
                found.append(f"{relative}: {size} lines, the limit is {FILE_LIMIT}")
            if path.name.endswith("_test.cpp"):
                continue
            for name, line, length in functions(text):
                if name.startswith("TEST") or name in ("extern",):
                    continue
                lengths.append(length)
                if length > exceptions.get((relative, name), FUNCTION_LIMIT):
                    found.append(f"{relative}:{line}: function {name} has {length} lines, the limit is {FUNCTION_LIMIT}")
    within = sum(length <= USUAL_LIMIT for length in lengths) / max(1, len(lengths))
    if within < 0.9:
        found.append(f"only {within:.0%} of the functions are within {USUAL_LIMIT} lines; 90 % must be")
    print("\n".join(found) if found else f"sizes: good ({len(lengths)} functions, {within:.1%} within {USUAL_LIMIT} lines)")
    return 1 if found else 0


sys.exit(main())
