#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at a random moment of index, checkpoint, compaction, reindex and snapshot; what was acknowledged must be there.

Each round changes a folder, starts isogloss, and kills it. A report line acknowledges a file: it is printed after that
file is committed. Half of the kills of `index` come at a moment of its time; the others are aimed: the kernel tells
(inotify) when the database file is written, which in write-ahead mode only a checkpoint does, when an index file is
written, renamed or removed (compaction), or when a snapshot appears under its name, and the kill follows at once or
within some milliseconds. After every kill, of one collection that lives through all rounds:

  acknowledged   a file reported added, updated or unchanged is stored as it is on disk; one reported removed is gone
  nothing lost   a file not reported is stored as it was before the round, or as it is on disk now
  no ghosts      nothing else is stored, and a search finds no text of a version that is gone
  in order       `collections check` compares every index with the truth and finds nothing

Environment: ISOGLOSS_PROGRAM, ISOGLOSS_CRASH_ROUNDS (20), ISOGLOSS_CRASH_SEED (1), ISOGLOSS_CRASH_SECONDS (a limit on
the time of all rounds, 0 = none; default 12 a round).
"""
import ctypes
import hashlib
import json
import os
import pathlib
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
ROUNDS = int(os.environ.get("ISOGLOSS_CRASH_ROUNDS", "20"))
SEED = int(os.environ.get("ISOGLOSS_CRASH_SEED", "1"))
SECONDS = float(os.environ.get("ISOGLOSS_CRASH_SECONDS", str(12 * ROUNDS)))
STAGED_ROWS = 10_500  # more than the store puts into one transaction
STORED = ("added", "updated", "unchanged")
MODEL = "fit:lsa,dim=8"


class Broken(Exception):
    pass


class Watch:
    """The events of the files in a folder, as inotify tells them."""

    MODIFY, MOVED, CREATE, DELETE = 0x2, 0xC0, 0x100, 0x200

    def __init__(self, folder):
        self.kernel = ctypes.CDLL(None, use_errno=True)
        self.queue = self.kernel.inotify_init1(os.O_CLOEXEC)
        mask = self.MODIFY | self.MOVED | self.CREATE | self.DELETE
        if self.kernel.inotify_add_watch(self.queue, os.fsencode(folder), mask) < 0:
            raise Broken(f"cannot watch {folder}: {os.strerror(ctypes.get_errno())}")

    def wait(self, seconds):
        """(mask, name) of what has happened; empty when nothing did."""
        if not select.select([self.queue], [], [], seconds)[0]:
            return []
        data, at, events = os.read(self.queue, 1 << 16), 0, []
        while at < len(data):
            _, mask, _, size = struct.unpack_from("iIII", data, at)
            events.append((mask, data[at + 16:at + 16 + size].rstrip(b"\0").decode()))
            at += 16 + size
        return events

    def close(self):
        os.close(self.queue)


def is_checkpoint(mask, name):
    return mask & Watch.MODIFY and name == "db.sqlite"


def is_compaction(_, name):
    return name.startswith(("bm25-", "vec-"))


def is_snapshot(_, name):
    return "snapshot" in name


class Folder:
    """The files on disk, and every marker word a version of a file ever held."""

    def __init__(self, path, dice):
        self.path, self.dice = path, dice
        self.hashes, self.markers, self.serial = {}, {}, 0
        path.mkdir()

    def change(self, number):
        names = sorted(self.hashes)
        # The more there are the more go, so that a thousand rounds stay at some 250 files.
        for name in self.dice.sample(names, min(len(names), self.dice.randint(0, 8 + len(names) // 10))):
            (self.path / name).unlink()
            del self.hashes[name], self.markers[name]
        names = sorted(self.hashes)
        for name in self.dice.sample(names, min(len(names), self.dice.randint(0, 12))):
            self.write(name, self.dice.randint(1, 200))
        for _ in range(self.dice.randint(3, 30)):
            folder = self.dice.choice(["", "a/", "a/b/", "c d/"])
            self.write(f"{folder}f{self.serial}.{self.dice.choice(['txt', 'md', 'csv'])}", self.dice.randint(1, 200))
        if number % 6 == 2:  # 30 MB of log: more than one checkpoint before the end
            self.write("big.csv", STAGED_ROWS + self.dice.randint(0, 2000))
        elif number % 6 == 4 and "big.csv" in self.hashes:  # most rounds stay short
            (self.path / "big.csv").unlink()
            del self.hashes["big.csv"], self.markers["big.csv"]

    def write(self, name, lines):
        self.serial += 1
        marker = f"marker{self.serial}x"
        words = ["alpha", "beta", "gamma", "delta", "kettle", "refund", "harbour", "violin", "north", "engine"]
        rows = [f"r{i}" for i in range(lines)]
        if name.endswith(".csv"):
            text = "id,text,price\n" + "".join(f"{row},{marker} {self.dice.choice(words)} {row},{i}\n"
                                               for i, row in enumerate(rows))
        else:
            text = "\n\n".join(f"# Part {row}\n\n{marker} {' '.join(self.dice.choices(words, k=12))}." for row in rows[::8])
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.hashes[name] = hashlib.sha256(text.encode()).hexdigest()
        self.markers[name] = marker


class Program:
    def __init__(self, home):
        self.env = dict(os.environ, ISOGLOSS_HOME=str(home), NO_COLOR="1")

    def run(self, *arguments):
        return subprocess.run([PROGRAM, *map(str, arguments)], env=self.env, capture_output=True, timeout=300, check=False,
                              stdin=subprocess.DEVNULL)

    def good(self, *arguments):
        done = self.run(*arguments)
        if done.returncode != 0:
            raise Broken(f"isogloss {' '.join(map(str, arguments))}: exit {done.returncode}\n"
                         f"{done.stdout.decode()[-2000:]}{done.stderr.decode()[-2000:]}")
        return done.stdout

    def killed(self, arguments, moment):
        """Runs until `moment(process, lines)` returns, kills, and gives the whole lines that were printed."""
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], env=self.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        lines, errors = [], []

        def follow():
            while line := process.stdout.readline():
                lines.append(line)

        readers = [threading.Thread(target=follow), threading.Thread(target=lambda: errors.append(process.stderr.read()))]
        for reader in readers:
            reader.start()
        moment(process, lines)
        died = process.poll()
        process.send_signal(signal.SIGKILL)
        process.wait()
        for reader in readers:
            reader.join()
        if died not in (None, 0, -signal.SIGKILL):
            raise Broken(f"isogloss {' '.join(map(str, arguments))}: exit {died} by itself\n{errors[0].decode()[-2000:]}")
        return [line for line in lines if line.endswith(b"\n")], died == 0


class Rounds:
    def __init__(self, folder):
        self.dice = random.Random(SEED)
        self.home = folder / "home"
        self.program = Program(self.home)
        self.files = Folder(folder / "docs", self.dice)
        self.snapshots = folder
        self.stored = {}
        self.seconds = {"index": 0.3, "reindex": 0.2, "snapshot": 0.05}  # how long each takes when it is left alone
        self.counts = {"index": 0, "reindex": 0, "snapshot": 0, "in checkpoint": 0, "in compaction": 0, "in snapshot": 0,
                       "finished": 0, "acknowledged": 0}

    def moment(self, verb):
        kind, share = self.dice.random(), self.dice.random()
        limit = time.monotonic() + 60

        def at_a_time(process, _):
            try:
                process.wait(share * 1.1 * self.seconds[verb])
            except subprocess.TimeoutExpired:
                pass

        def after_a_line(process, lines):
            wanted = 1 + int(share * len(self.files.hashes))
            while len(lines) < wanted and process.poll() is None and time.monotonic() < limit:
                time.sleep(0.0005)
            time.sleep(self.dice.choice([0, 0.001, 0.01]))

        def near_the_end(process, lines):  # all files are stored: the vectors are fitted, the indexes written
            while len(lines) < len(self.files.hashes) and process.poll() is None and time.monotonic() < limit:
                time.sleep(0.0005)
            time.sleep(share * 0.5 * self.seconds[verb])

        if self.stored and kind < {"index": 0.4, "reindex": 0.5, "snapshot": 0.5}[verb]:
            aims = ["snapshot"] if verb == "snapshot" else ["checkpoint", "checkpoint", "compaction"]
            return self.aimed(self.dice.choice(aims), limit)
        if verb != "index" or kind < 0.7:
            return at_a_time
        return after_a_line if kind < 0.85 else near_the_end

    def aimed(self, aim, limit):
        wanted = self.dice.choice([1, 1, 1, 2, 5, 20])  # events of this kind, then a wait
        wait = self.dice.choice([0, 0, 0, 0.0003, 0.001, 0.003, 0.01])
        matches = {"checkpoint": is_checkpoint, "compaction": is_compaction, "snapshot": is_snapshot}[aim]

        def at_an_event(process, _):
            watch = Watch(self.snapshots if aim == "snapshot" else self.home / "collections" / "docs")
            seen = 0
            while seen < wanted and process.poll() is None and time.monotonic() < limit:
                seen += sum(1 for event in watch.wait(0.005 if seen == 0 else 0.001) if matches(*event))
            watch.close()
            if seen > 0 and wait > 0:
                time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            self.counts[f"in {aim}"] += seen > 0 and process.wait() == -signal.SIGKILL
        return at_an_event

    def round(self, number):
        verb = self.dice.choices(["index", "reindex", "snapshot"], [8, 1, 1])[0] if self.stored else "index"
        self.counts[verb] += 1
        target = self.snapshots / f"snapshot{number}"
        if verb == "index":
            self.files.change(number)
        arguments = {"index": ["index", "docs", self.files.path, "--json", "-m", MODEL],
                     "reindex": ["reindex", "docs"], "snapshot": ["collections", "snapshot", "docs", target]}[verb]
        began = time.monotonic()
        lines, finished = self.program.killed(arguments, self.moment(verb))
        if finished:
            self.counts["finished"] += 1
            self.seconds[verb] = 0.5 * self.seconds[verb] + 0.5 * (time.monotonic() - began)
        else:
            self.seconds[verb] = max(self.seconds[verb] * 1.02, time.monotonic() - began)
        reports = [json.loads(line) for line in lines] if verb == "index" else []
        self.judge({report["path"]: report["status"] for report in reports if "path" in report}, verb)
        if verb == "snapshot" and target.exists():
            self.same(self.export(f"{target}"), self.stored, "the snapshot")
            self.program.good("collections", "check", target)
        for left in [target, *self.snapshots.glob(".snapshot*")]:
            shutil.rmtree(left, ignore_errors=True)

    def export(self, collection):
        done = self.program.run("collections", "export", collection)
        if done.returncode == 3 and not self.stored:
            return None  # killed before the collection was made
        if done.returncode != 0:
            raise Broken(f"export: exit {done.returncode}\n{done.stderr.decode()}")
        out = {}
        for line in done.stdout.splitlines():
            document = json.loads(line)
            out[document["name"]] = document["hash"]
            marker = self.files.markers.get(document["name"])
            if document["hash"] == self.files.hashes.get(document["name"]) and marker not in document["text"]:
                raise Broken(f"{document['name']}: the stored text is not the text of the file")
        return out

    @staticmethod
    def same(found, wanted, what):
        if found != wanted:
            names = [n for n in set(found) | set(wanted) if found.get(n) != wanted.get(n)]
            raise Broken(f"{what} differs from what was stored: {sorted(names)[:10]}")

    def judge(self, reports, verb):
        before, disk = self.stored, self.files.hashes
        now = self.export("docs")
        if now is None:
            if reports:
                raise Broken(f"{len(reports)} files were acknowledged, and there is no collection")
            return
        if verb != "index":
            self.same(now, before, f"the collection after {verb}")
        for name, status in reports.items():
            wanted = disk.get(name) if status in STORED else None
            if status not in STORED + ("removed",):
                raise Broken(f"{name}: reported {status}")
            if now.get(name) != wanted:
                raise Broken(f"{name}: reported {status}, stored {now.get(name)}, on disk {wanted}")
        for name in set(now) | set(before):
            if now.get(name) not in (before.get(name), disk.get(name)):
                raise Broken(f"{name}: stored {now.get(name)}, before {before.get(name)}, on disk {disk.get(name)}")
        self.counts["acknowledged"] += len(reports)
        self.stored = now
        self.program.good("collections", "check", "docs")
        self.search()

    def search(self):
        names = [name for name in sorted(self.files.hashes) if self.stored.get(name) == self.files.hashes[name]]
        for name in self.dice.sample(names, min(2, len(names))):
            if name not in self.found(self.files.markers[name]):
                raise Broken(f"{name} is stored, and a search does not find it")
        current = set(self.files.markers.values())
        old = f"marker{self.dice.randint(1, max(1, self.files.serial))}x"
        found = self.found(old)
        if old not in current and any(self.stored.get(n) == self.files.hashes.get(n) for n in found):
            raise Broken(f"a search for {old} of a version that is gone finds {found}")

    def found(self, word):
        out = self.program.good("search", "docs", word, "--mode", "lexical", "--json", "-n", "3")
        return {json.loads(line)["id"].rpartition("#")[0] for line in out.splitlines()}

    def finish(self):
        self.program.good("index", "docs", self.files.path, "--json", "-m", MODEL)
        self.same(self.export("docs"), self.files.hashes, "the collection at the end")
        self.program.good("collections", "check", "docs")


def main():
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="isogloss-crash-") as folder:
        rounds = Rounds(pathlib.Path(folder))
        done = 0
        try:
            while done < ROUNDS and (SECONDS == 0 or time.monotonic() - began < SECONDS):
                rounds.round(done)
                done += 1
            rounds.finish()
        except Broken as broken:
            print(f"round {done}, seed {SEED}: {broken}")
            if keep := os.environ.get("ISOGLOSS_CRASH_KEEP"):
                shutil.copytree(folder, keep, dirs_exist_ok=True)
            sys.exit(1)
    print(f"{done} of {ROUNDS} rounds in {time.monotonic() - began:.0f} s, seed {SEED}: {rounds.counts}")


if __name__ == "__main__":
    main()
