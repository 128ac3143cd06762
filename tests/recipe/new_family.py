#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds the family of CONTRIBUTING.md to a copy of the source tree, builds it, and runs the conformance suites on it.

The promise: one folder and one line are enough. So no other file of the copy may differ at the end.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FAMILY = "wordlength"
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```\n", re.S)
LINE = re.compile(r"<!-- line: (\S+) after (\S+) -->\n```\w*\n(.*?\n)```\n", re.S)


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(str(c) for c in command)}\n{done.stdout[-8000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def copy_tree(source, target):
    """What a build needs of the source tree, without builds and repositories."""
    for name in ("apps", "cmake", "include", "src", "tests", "bench", "CMakeLists.txt", "CMakePresets.json"):
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
        elif (source / name).exists():
            shutil.copy(source / name, target / name)


def follow_recipe(text, tree):
    """Writes the files and the line that the text shows; returns the paths."""
    written = []
    for path, content in FILE.findall(text):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(content)
        written.append(path)
    lines = LINE.findall(text)
    assert len(lines) == 1, "the recipe shows one line"
    path, anchor, line = lines[0]
    before = (tree / path).read_text()
    at = before.index("\n", before.index(anchor)) + 1
    (tree / path).write_text(before[:at] + line + before[at:])
    return written, path


def contents(tree):
    """Every file of the tree with its bytes."""
    return {str(f.relative_to(tree)): f.read_bytes() for f in tree.rglob("*") if f.is_file()}


def check_diff(before, after, written, listed):
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    assert changed == sorted(written + [listed]), f"more than the folder and the list changed: {changed}"
    assert all(path.startswith(f"src/model/{FAMILY}/") for path in written), written
    added = after[listed].count(b"\n") - before[listed].count(b"\n")
    assert added == 1, f"{added} lines were added to {listed}"


def check_programs(build, folder):
    run(build / "src" / "model" / FAMILY / f"{FAMILY}_test")
    suites = build / "tests" / "conformance" / "conformance_test"
    out = run(suites, f"--gtest_filter=*/{FAMILY}*")
    count = int(re.search(r"\[  PASSED  \] (\d+) tests?", out).group(1))
    assert count >= 20, f"only {count} conformance tests ran"
    isogloss = build / "apps" / "isogloss" / "isogloss"
    environment = dict(os.environ, ISOGLOSS_HOME=str(folder / "home"))
    assert FAMILY in run(isogloss, "models", "list", "--families", env=environment)
    texts = folder / "texts.txt"
    texts.write_text("we do so cat dog cow longer\na b c\n")
    run(isogloss, "train", FAMILY, texts, "-o", folder / "model", "--longest", "3", env=environment)
    rows = run(isogloss, "embed", "-m", folder / "model", "-c", "we do so cat dog cow longer", env=environment)
    assert "0.6" in rows and "0.8" in rows, rows
    print(f"recipe.new_family: {count} conformance tests passed on {FAMILY}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cxx", required=True)
    options = parser.parse_args()
    # The same place every time, so that a compiler cache finds its objects again.
    folder = pathlib.Path(tempfile.gettempdir()) / f"isogloss-recipe-{os.getuid()}"
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "tree"
    tree.mkdir(parents=True)
    try:
        copy_tree(options.source, tree)
        before = contents(tree)
        written, listed = follow_recipe((options.source / "CONTRIBUTING.md").read_text(), tree)
        environment = dict(os.environ, CCACHE_BASEDIR=str(tree), CCACHE_NOHASHDIR="1")
        build = folder / "build"
        run("cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
            f"-DCMAKE_CXX_COMPILER={options.cxx}", env=environment)
        run("cmake", "--build", build, "--parallel", "2", "--target", "conformance_test", "isogloss", f"{FAMILY}_test", env=environment)
        check_diff(before, contents(tree), written, listed)
        check_programs(build, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


main()
