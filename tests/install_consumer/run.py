#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs the build into a temporary prefix, builds consumer/ against it with strict warnings, and runs it."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, **options):
    done = subprocess.run([str(c) for c in command], text=True, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(str(c) for c in command)}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--config", default="Release")
    parser.add_argument("--cxx", required=True)
    parser.add_argument("--sanitize", default="")
    options = parser.parse_args()
    if options.sanitize:
        print("a sanitizer's libraries are not for installing")
        sys.exit(77)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="isogloss-install-"))
    try:
        check(options, folder)
    finally:
        shutil.rmtree(folder)


def check(options, folder):
    prefix, build = folder / "prefix", folder / "build"
    example = (HERE / "consumer/vectors.cpp").read_text().split("// guide:\n")[1].split("  // :guide")[0]
    shown = (HERE.parents[1] / "docs/guide/vector-index.md").read_text()
    assert textwrap.dedent(example) in shown, "docs/guide/vector-index.md shows another example than vectors.cpp"
    run("cmake", "--install", options.build, "--prefix", prefix)
    exported = "".join(p.read_text() for p in prefix.rglob("*.cmake"))
    source = HERE.parents[1]
    for path in (source, options.build):
        assert str(path) not in exported, f"the package config names {path}"
    run("cmake", "-S", HERE / "consumer", "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_BUILD_TYPE={options.config}", f"-DCMAKE_CXX_COMPILER={options.cxx}")
    run("cmake", "--build", build)
    environment = dict(os.environ, ISOGLOSS_HOME=str(folder / "home"))
    out = run(build / "consumer", folder / "docs", env=environment)
    assert out.startswith("ships.txt#") and "The ship leaves the harbour at nine." in out.splitlines()[0], out
    program = run(prefix / "bin" / "isogloss", "search", folder / "docs", "ship harbour", env=environment)
    assert "ships.txt" in program, program
    vectors = run(build / "vectors", folder)
    assert vectors == "1000 10 1001 10 1002 10 1 4998\n", vectors
    print("install.consumer: good")


main()
