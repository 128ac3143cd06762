#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A folder changes at random under `isogloss watch`; at the end the collection must be a fresh index of the folder.

usage: watch_soak.py [--seconds 12] [--seed 1]

Files are created, edited in place, edited as editors do (write a new file, rename it over the old one), appended to,
renamed, copied and deleted; folders are made, moved, removed with all in them, made unreadable for a moment; links are
made, broken and turned round; ignore files come and go; now and then a few hundred files change at once, or more than the
event queue holds; the root itself is moved away and comes back. Compared are ids, texts, places and vectors, bit for
bit. Environment: ISOGLOSS_PROGRAM.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
MODEL = pathlib.Path(__file__).resolve().parents[2] / "tests/golden/transformers/bert"
WORDS = "the cat sat on mat dog ran over hill and river under moon with seven small stones".split()
OVERFLOW = 17_000  # more events than fs.inotify.max_queued_events holds
QUIET = 2.5        # seconds without a report that end the wait


class Broken(Exception):
    pass


class Folder:
    """A folder with its random changes."""

    def __init__(self, root, random_source):
        self.root = root
        self.random = random_source
        self.made = 0

    def text(self):
        lines = [" ".join(self.random.choices(WORDS, k=self.random.randint(4, 12))) + "." for _ in range(self.random.randint(1, 5))]
        return f"# Page {self.random.randint(1, 9)}\n\n" + "\n\n".join(lines) + "\n"

    def files(self):
        return [p for p in sorted(self.root.rglob("*")) if p.is_file() and not p.is_symlink() and not p.name.startswith(".")]

    def folders(self):
        return [self.root] + [p for p in sorted(self.root.rglob("*")) if p.is_dir() and not p.is_symlink()]

    def new_name(self, suffix=".md"):
        self.made += 1
        return self.random.choice(self.folders()) / f"n{self.made}{suffix}"

    def some_file(self):
        files = self.files()
        return self.random.choice(files) if files else None

    def create(self):
        self.new_name(self.random.choice([".md", ".txt", ".csv"])).write_text(self.text())

    def edit(self):
        if file := self.some_file():
            file.write_text(self.text())

    def edit_as_editors_do(self):
        if file := self.some_file():
            new = file.with_name(f".{file.name}.swp")
            new.write_text(self.text())
            new.rename(file)

    def append(self):
        if file := self.some_file():
            with file.open("a") as out:
                for _ in range(3):
                    out.write(self.text())
                    out.flush()

    def rename(self):
        if file := self.some_file():
            file.rename(self.new_name(file.suffix))

    def copy(self):
        if file := self.some_file():
            shutil.copy2(file, self.new_name(file.suffix))

    def delete(self):
        if file := self.some_file():
            file.unlink()

    def touch(self):
        if file := self.some_file():
            os.utime(file)

    def make_tree(self):
        self.made += 1
        deep = self.random.choice(self.folders()) / f"d{self.made}" / "inner" / "innermost"
        deep.mkdir(parents=True)
        for folder in (deep, deep.parent, deep.parent.parent):
            (folder / "page.md").write_text(self.text())

    def move_folder(self):
        folders = self.folders()[1:]
        if not folders:
            return
        folder = self.random.choice(folders)
        targets = [t for t in self.folders() if folder != t and folder not in t.parents]
        self.made += 1
        folder.rename(self.random.choice(targets) / f"m{self.made}")

    def remove_folder(self):
        folders = self.folders()[1:]
        if len(folders) > 6:
            shutil.rmtree(self.random.choice(folders))

    def ignore(self):
        file = self.random.choice(self.folders()) / self.random.choice([".gitignore", ".isoglossignore"])
        if file.exists():
            file.unlink()
        else:
            file.write_text(self.random.choice(["*.csv\n", "n1*.md\n!n11.md\n", "inner/\n", "/page.md\n"]))

    def link(self):
        target = self.some_file()
        if target is None:
            return
        link = self.new_name()
        link.symlink_to(os.path.relpath(target, link.parent))
        self.made += 1
        self.random.choice(self.folders()).joinpath(f"loop{self.made}").symlink_to(self.root)

    def turn_link(self):
        links = [p for p in sorted(self.root.rglob("*.md")) if p.is_symlink()]
        if links:
            link = self.random.choice(links)
            link.unlink()
            if self.random.random() < 0.7 and (target := self.some_file()):
                link.symlink_to(target)

    def forbid(self):
        folders = self.folders()[1:]
        if folders and os.geteuid() != 0:
            folder = self.random.choice(folders)
            folder.chmod(0)
            time.sleep(0.4)
            folder.chmod(0o755)

    def many(self):
        self.made += 1
        folder = self.root / f"many{self.made}"
        folder.mkdir()
        for i in range(300):
            (folder / f"f{i}.txt").write_text(f"{self.text()} {i}")
        for i in range(0, 300, 3):
            (folder / f"f{i}.txt").unlink()

    def overflow(self):
        """More changes than the kernel keeps for a watch that is busy, new folders among them."""
        self.make_tree()
        scratch = self.root / "scratch.tmp"
        for _ in range(OVERFLOW // 4):
            scratch.write_text("x")
            scratch.rename(self.root / "scratch2.tmp")
            (self.root / "scratch2.tmp").unlink()
        self.make_tree()

    def move_root(self):
        away = self.root.with_name("away")
        self.root.rename(away)
        time.sleep(1.5)
        away.rename(self.root)

    def run(self, seconds):
        often = [self.create, self.edit, self.edit_as_editors_do, self.append, self.rename, self.copy, self.delete, self.touch]
        seldom = [self.make_tree, self.move_folder, self.remove_folder, self.ignore, self.link, self.turn_link, self.forbid]
        once = [self.many, self.overflow, self.move_root]
        end = time.monotonic() + seconds
        planned = sorted((time.monotonic() + seconds * share, number) for number, share in enumerate((0.25, 0.5, 0.75)))
        counts = {}
        while time.monotonic() < end:
            if planned and time.monotonic() >= planned[0][0]:
                change = once[planned.pop(0)[1]]
            else:
                change = self.random.choice(often if self.random.random() < 0.75 else seldom)
            change()
            counts[change.__name__] = counts.get(change.__name__, 0) + 1
            time.sleep(self.random.choice([0, 0, 0.01, 0.05, 0.2]))
        return counts


class Watch:
    """`isogloss watch` with its reports."""

    def __init__(self, home, root):
        self.process = subprocess.Popen(
            [PROGRAM, "watch", "kept", root, "-m", MODEL, "--json", "--settle", "100"], env=dict(os.environ, ISOGLOSS_HOME=str(home)),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines, self.errors, self.last = [], [], time.monotonic()
        for stream, into in ((self.process.stdout, self.lines), (self.process.stderr, self.errors)):
            threading.Thread(target=self.read, args=(stream, into), daemon=True).start()

    def read(self, stream, into):
        for line in stream:
            into.append(line)
            self.last = time.monotonic()

    def wait_for_start(self):
        end = time.monotonic() + 30
        while not any("summary" in line for line in self.lines):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Broken("the watch did not start: " + "".join(self.errors))
            time.sleep(0.05)

    def wait_for_quiet(self):
        end = time.monotonic() + 120
        started = time.monotonic()
        while time.monotonic() - max(self.last, started) < QUIET:
            if time.monotonic() > end:
                raise Broken("the watch reports changes without end")
            time.sleep(0.1)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(timeout=60)
        if status != 0:
            raise Broken(f"the watch ended with {status}: " + "".join(self.errors[-5:]))


def content(home, name):
    """Every chunk with its places and its vector, by id."""
    database = sqlite3.connect(f"file:{home}/collections/{name}/db.sqlite?mode=ro", uri=True)
    rows = database.execute(
        "SELECT d.name || '#' || c.key, d.path, d.hash, c.begin, c.end, c.line, c.heading, c.text_hash, hex(v.data) FROM chunk c "
        "JOIN document d ON d.id = c.document LEFT JOIN vector v ON v.chunk = c.id AND v.space = "
        "(SELECT id FROM space WHERE role = 0)").fetchall()
    documents = {row[0] for row in database.execute("SELECT name FROM document")}
    return {row[0]: row[1:] for row in rows}, documents


def check(home, root):
    subprocess.run([PROGRAM, "index", "fresh", root, "-m", MODEL, "-q"], env=dict(os.environ, ISOGLOSS_HOME=str(home)),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    (kept, kept_names), (fresh, fresh_names) = content(home, "kept"), content(home, "fresh")
    if kept_names != fresh_names:
        raise Broken(f"documents that should be gone: {sorted(kept_names - fresh_names)[:9]}, that are missing: "
                     f"{sorted(fresh_names - kept_names)[:9]}")
    for identity in sorted(fresh.keys() | kept.keys()):
        if fresh.get(identity) != kept.get(identity):
            raise Broken(f"{identity} differs:\nkept  {kept.get(identity)}\nfresh {fresh.get(identity)}")
    if any(row[-1] is None for row in kept.values()):
        raise Broken("a chunk has no vector")
    checked = subprocess.run([PROGRAM, "collections", "check", "kept"], env=dict(os.environ, ISOGLOSS_HOME=str(home)),
                             capture_output=True, text=True, check=False)
    if checked.returncode != 0:
        raise Broken("the collection is not in order: " + checked.stdout + checked.stderr)
    return len(fresh)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="isogloss-watch-") as place:
        home, root = pathlib.Path(place) / "home", pathlib.Path(place) / "docs"
        root.mkdir()
        folder = Folder(root, random.Random(options.seed))
        for _ in range(30):
            folder.create()
        folder.make_tree()
        watch = Watch(home, root)
        try:
            watch.wait_for_start()
            counts = folder.run(options.seconds)
            watch.wait_for_quiet()
            watch.stop()
            chunks = check(home, root)
            runs = [json.loads(line)["summary"] for line in watch.lines if "summary" in line]
            notes = [json.loads(line)["note"] for line in watch.lines if '"note"' in line]
            kept = sum(run["kept_vectors"] for run in runs)
            print(f"{sum(counts.values())} changes in {options.seconds:.0f} s, {len(runs)} runs, {chunks} chunks equal, "
                  f"{kept} vectors kept; {counts}; {notes}")
        except Broken as broken:
            print(f"seed {options.seed}: {broken}")
            sys.exit(1)
        finally:
            if watch.process.poll() is None:
                watch.process.kill()


if __name__ == "__main__":
    main()
