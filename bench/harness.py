# SPDX-License-Identifier: Apache-2.0
"""What the runners of bench/tasks share: contestants as processes that answer commands, interleaved rounds, the record.

A contestant reads one command a line from standard input and answers each with one line of JSON; what it times, it times
itself and reports as `seconds` (wall) and `cpu`. Standard library only.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Contestant:
    def __init__(self, name, command, **environment):
        limits = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                         "NUMBA_NUM_THREADS")}
        self.name = name
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=dict(os.environ, **limits, **environment))

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} died on: {' '.join(str(word) for word in words)}")
        return json.loads(answer)

    def peak_mb(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().split("\n"):
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024)
        return 0

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(commands):
    """The other side: answers standard input with commands[word](*further words), until it ends."""
    for line in sys.stdin:
        word, *rest = line.split()
        print(json.dumps(commands[word](*rest)), flush=True)


def interleaved(contestants, rounds, run):
    """run(contestant) -> answer with seconds and cpu, `rounds` times, contestants in turn. name -> list of answers."""
    answers = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            answers[contestant.name].append(run(contestant))
    return answers


def summary(answers, amount):
    """Best and median seconds, and the rate of `amount` items by the clock (best) and per CPU second (best)."""
    seconds = [answer["seconds"] for answer in answers]
    return {"rounds": len(answers), "best_s": min(seconds), "median_s": statistics.median(seconds),
            "per_s_best": amount / min(seconds), "per_cpu_s": amount / min(answer["cpu"] for answer in answers)}


def _output_of(command):
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT).stdout.strip()


def _cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _flags(build):
    """What the library is compiled with, warnings and paths aside."""
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text(encoding="utf-8"))
    words = next(entry["command"] for entry in commands if "/src/store/" in entry["file"]).split()
    return " ".join(word for word in words if word.startswith(("-O", "-m", "-f", "-std", "-DNDEBUG")))


def record(task, build, versions):
    """The head of a result file: where, with what, of which commit."""
    return {"task": task, "commit": _output_of(["git", "rev-parse", "HEAD"]),
            "changed_files": len(_output_of(["git", "status", "--porcelain", "--untracked-files=no"]).splitlines()),
            "cpu": _cpu_name(), "system": f"{platform.machine()}, {' '.join(platform.libc_ver())}",
            "compiler": _output_of(["c++", "--version"]).split("\n")[0], "flags": _flags(build),
            # Under chrt -r others on the machine wait, whatever the load says.
            "load": os.getloadavg()[0], "real_time": os.sched_getscheduler(0) in (os.SCHED_RR, os.SCHED_FIFO),
            "threads": 1, "versions": versions}


def versions_of(*packages):
    from importlib.metadata import version
    return dict({name: version(name) for name in packages}, python=platform.python_version())


def test_data(relative):
    """A file of the shared test data: $ISOGLOSS_TEST_DATA, else ../shared/data beside the source tree."""
    base = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT / "../shared/data"))
    if not (base / relative).exists():
        sys.exit(f"'{base / relative}' does not exist; set ISOGLOSS_TEST_DATA to the folder of the test data")
    return base / relative


def arguments(description):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/bench"), help="build folder of the preset `bench`")
    parser.add_argument("--out", default="", help="file for the results as JSON")
    parser.add_argument("--rounds", type=int, default=7)
    return parser


def rounded(value):
    """Floats to five significant digits: more is noise."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.5g}") if isinstance(value, float) else value


def keep(result, path):
    if path:
        pathlib.Path(path).write_text(json.dumps(rounded(result), indent=1) + "\n", encoding="utf-8")
