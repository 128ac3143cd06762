#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Option names: lower case with dashes, no two spellings of one thing, the same letter means the same everywhere.
usage: check_options.py PATH_OF_ISOGLOSS"""
import collections
import re
import subprocess
import sys

program = sys.argv[1]
LETTERS = {"-m": "--model", "-c": "--content", "-i": "--input", "-f": "--format", "-o": "--output", "-p": "--plain",
           "-g": "--glob", "-h": "--help", "-q": "--quiet", "-v": "--verbose"}


def helped(*words):
    return subprocess.run([program, *words, "--help"], capture_output=True, text=True, check=True).stdout


def main():
    found = []
    verbs = re.findall(r"^  ([a-z]+)(?:,\s*[a-z]+)?\s{2,}\S", helped().split("Subcommands:")[1], re.M)
    families = re.findall(r'"name":"(\w+)","title"', subprocess.run(
        [program, "models", "list", "--families", "--json"], capture_output=True, text=True, check=True).stdout)
    spellings = collections.defaultdict(set)
    pages = [(verb, helped(verb)) for verb in verbs] + [("train " + f, helped("train", f)) for f in families]
    for verb, page in pages:
        if "Examples:" not in page:
            found.append(f"{verb}: --help has no examples")
        for letter, name in re.findall(r"^\s+(?:(-\w),)?(--[\w-]+)", page, re.M):
            if not re.fullmatch(r"--[a-z][a-z0-9-]*", name):
                found.append(f"{verb}: {name} is not lower case with dashes")
            # `train --model` is an option of families (skipgram, cbow): its -m is the model to start from.
            base = verb.startswith("train") and (letter, name) == ("-m", "--base")
            if letter in LETTERS and LETTERS[letter] != name and not base:
                found.append(f"{verb}: {letter} means {LETTERS[letter]} elsewhere, here {name}")
            spellings[name.replace("-", "")].add(name)
    for names in spellings.values():
        if len(names) > 1:
            found.append("one thing, two spellings: " + ", ".join(sorted(names)))
    print("\n".join(found) if found else f"options: good ({len(pages)} help pages)")
    return 1 if found else 0


sys.exit(main())
