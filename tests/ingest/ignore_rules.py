#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ignore files mean what they mean to git: random trees with random rules, beside `git ls-files`.

usage: ignore_rules.py [--rounds 60] [--seed 1]. Environment: ISOGLOSS_PROGRAM. Skips (77) without git.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

PROGRAM = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
FOLDERS = ["", "build", "src", "src/build", "src/deep", "src/deep/er", "docs", "docs/a b"]
FILES = ["a.md", "b.txt", "notes.txt", "build.md", "#hash.md", "!mark.md", "x1.txt", "x2.txt", "[y].txt", "c space .md", "a*b.txt"]
RULES = ["*.txt", "!b.txt", "build", "build/", "/build", "src/build", "src/**/er", "**/deep", "deep/**", "docs/*", "!docs/a.md",
         "x[12].txt", "x[!1].txt", "x?.txt", "\\#hash.md", "\\!mark.md", "# comment", "", "*", "!*/", "!*.md", "/*.md", "a.md  ",
         "c space .md", "c space\\ .md", "src/*.md", "**/a.md", "docs/**/a.md", "\\[y\\].txt", "[[]y].txt", "/src/deep/", "a\\*b.txt",
         "*/a.md", "**", "src/", "!src/a.md", "[a-b].*", "docs/a b/", "*.m[c-e]"]


def ours(root, home):
    done = subprocess.run([PROGRAM, "index", f"c{root.name}", root, "-m", "none", "--json"],
                          env=dict(os.environ, ISOGLOSS_HOME=str(home)), capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["path"] for line in lines if "path" in line}


def git_names(root):
    environment = dict(os.environ, GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_SYSTEM="/dev/null", HOME=str(root))
    subprocess.run(["git", "init", "-q", root], env=environment, check=True)
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--others", "--exclude-per-directory=.gitignore"],
                            env=environment, capture_output=True, check=True)
    return {name for name in listed.stdout.decode().split("\0") if name and not pathlib.PurePath(name).name.startswith(".")}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if shutil.which("git") is None:
        print("skipped: git is not on this machine")
        sys.exit(77)
    source = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="isogloss-ignore-") as place:
        for number in range(options.rounds):
            root = pathlib.Path(place) / f"r{number}"
            rules = {}
            for folder in FOLDERS:
                (root / folder).mkdir(parents=True, exist_ok=True)
                for name in FILES:
                    (root / folder / name).write_text(f"{folder} {name}\n")
                if folder == "" or source.random() < 0.3:
                    rules[folder] = source.sample(RULES, k=source.randint(1, 6))
                    (root / folder / ".gitignore").write_text("\n".join(rules[folder]) + "\n")
            wanted, got = git_names(root), ours(root, pathlib.Path(place) / "home")
            if wanted != got:
                print(f"seed {options.seed}, round {number}: rules {rules}\nonly git keeps: {sorted(wanted - got)[:9]}\n"
                      f"only isogloss keeps: {sorted(got - wanted)[:9]}")
                sys.exit(1)
    print(f"{options.rounds} trees alike")


if __name__ == "__main__":
    main()
