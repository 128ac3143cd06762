#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Indexes the corpus of make.py and checks what is said of every document, memory, and that planted sentences are found at
the right words: within one chunk, under their heading, on their page, and in PDFs within their boxes, which are read back
from the page by pdftotext. usage: run.py FOLDER (made anew); $ISOGLOSS_PROGRAM is the program."""
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
MOST_MEMORY = 500e6  # bytes, of the program and its workers together
SKIP = 77
failures = []


def check(holds, *what):
    if not holds:
        failures.append(" ".join(map(str, what))[:600])


def tree_memory(root):
    """Resident bytes of a process and its descendants. Memory they share is counted for each."""
    total, queue = 0, [root]
    while queue:
        pid = queue.pop()
        try:
            total += int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                queue += map(int, (task / "children").read_text().split())
        except (OSError, IndexError):
            continue
    return total


def run(*arguments, home, watch=None):
    env = dict(os.environ, ISOGLOSS_HOME=str(home))
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    peak = [0]

    def sample():
        while process.poll() is None:
            peak[0] = max(peak[0], tree_memory(process.pid))
            time.sleep(0.01)
    if watch:
        threading.Thread(target=sample, daemon=True).start()
    out, errors = process.communicate(timeout=500)
    return process.returncode, out.decode(), errors.decode(), peak[0]


def check_reports(entries, reports):
    for entry in entries:
        report = reports.get(entry["path"])
        check(report, "no report of", entry["path"])
        if not report:
            continue
        check(entry["status"] in ("any", report["status"]), entry["path"], "expected", entry["status"], "got", report)
        check(report["status"] != "failed" or len(report["reason"]) > 20, entry["path"], "failed without a reason", report)
        check(entry["status"] == "any" or re.search(entry["reason"], report["reason"]), entry["path"], "expected", entry["reason"],
              "got", report)
        check("internal" not in report["reason"] and "unexpected exception" not in report["reason"], report)


def squeezed(text):
    return "".join(text.split())


def check_positions(entries, documents):
    """Returns how many sentences were looked for."""
    count = 0
    for entry in entries:
        document = documents.get(entry["path"])
        if not document:
            check(not entry["sentences"] or entry["status"] != "added", entry["path"], "is not in the collection")
            continue
        text = document["text"].encode()
        cjk_pdf = entry["path"] == "cjk.pdf"  # the page has gaps between Han and digits
        for sentence in entry["sentences"]:
            wanted = sentence["text"].encode()
            count += 1
            if cjk_pdf:
                check(squeezed(sentence["text"]) in squeezed(document["text"]), entry["path"], "lost", sentence["text"])
                continue
            at = text.find(wanted)
            check(at >= 0, entry["path"], "lost", sentence["text"])
            if at < 0:
                continue
            chunks = [c for c in document["chunks"] if c["start"] <= at and at + len(wanted) <= c["end"]]
            check(chunks, entry["path"], "has no chunk with", sentence["text"])
            if chunks and "page" in sentence:
                check(chunks[0]["page"] == sentence["page"], entry["path"], "page", chunks[0]["page"], "for", sentence)
    return count


def worker_lines(path):
    """What the worker says of a file (src/input/extract.hpp)."""
    extract = PROGRAM.parent / "isogloss-extract"
    if not extract.exists():
        extract = PROGRAM.parent.parent / "isogloss-extract/isogloss-extract"
    name, content = path.name.encode(), path.read_bytes()
    head = dict(task="pdf", name=len(name), content=len(content), max_size=10**8, ocr="", id_field="", text_fields=[])
    out = subprocess.run([extract], input=json.dumps(head).encode() + b"\n" + name + content, capture_output=True, check=True)
    lines = [json.loads(line) for line in out.stdout.splitlines()]
    check(lines and lines[-1].get("done"), path.name, "cannot be read:", lines[-1:])
    return lines[:-1]


def words_in(path, page, boxes):
    """The words that pdftotext finds within the boxes of one line."""
    left, top = min(b[2] for b in boxes), min(b[3] for b in boxes)
    right, bottom = max(b[4] for b in boxes), max(b[5] for b in boxes)
    scale = 4  # pixels a point
    region = {"-x": left * scale, "-y": (top + 1) * scale, "-W": (right - left) * scale, "-H": (bottom - top - 2) * scale}
    flags = [str(round(v) if isinstance(v, float) else v) for pair in region.items() for v in pair]
    return subprocess.run(["pdftotext", "-r", str(72 * scale), "-f", str(page), "-l", str(page), *flags, path, "-"],
                          capture_output=True, check=True).stdout.decode()


def check_boxes(path, entry):
    count = 0
    for line in worker_lines(path):
        text = line["text"].encode()
        for sentence in entry["sentences"]:
            wanted = sentence["text"].encode()
            at = text.find(wanted)
            if at < 0 or sentence.get("page", line["page"]) != line["page"]:
                continue
            rows = collections.OrderedDict()
            for box in line.get("boxes", []):
                if at <= box[0] and box[1] <= at + len(wanted):
                    rows.setdefault((round(box[3]), round(box[5])), []).append(box)
            found = " ".join(words_in(path, line["page"], row).strip() for row in rows.values())
            found = re.sub(r"- (?=[a-z])", "", " ".join(found.split()))
            check(found == sentence["text"], path.name, "boxes of", sentence["text"], "hold", found)
            count += 1
    return count


def check_recognition(folder, entries):
    """Scanned pages by tesseract: most sentences come through, on their page."""
    if shutil.which("tesseract") is None:
        return print("tesseract is not installed: --ocr was not tried")
    entry = next(e for e in entries if e["path"] == "scanned_ocr.pdf")
    status, out, errors, _ = run("index", "ocr", folder / "files/scanned_ocr.pdf", "-m", "none", "--json", "--ocr", home=folder / "home")
    check(status == 0 and "2 pages read by tesseract" in out, "--ocr:", out, errors)
    run("collections", "export", "ocr", folder / "ocr.jsonl", home=folder / "home")
    text = json.loads((folder / "ocr.jsonl").read_text().split("\n")[0])["text"]
    found = sum(text.count(s["text"]) for s in entry["sentences"])
    print(f"{found} of {2 * len(entry['sentences'])} scanned sentences read by tesseract without a fault")
    check(found >= len(entry["sentences"]), "tesseract read", found)


def main():
    folder = pathlib.Path(sys.argv[1])
    if shutil.which("pdftotext") is None:
        print("skipped: pdftotext (package poppler-utils) is not installed")
        sys.exit(SKIP)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(subprocess.run([sys.executable, HERE / "make.py", folder], check=True, capture_output=True, text=True).stdout, end="")
    entries = json.loads((folder / "manifest.json").read_text())
    check(len(entries) >= 150, "only", len(entries), "documents")
    status, out, errors, peak = run("index", "all", folder / "files", "-m", "none", "--json", home=folder / "home", watch=True)
    check(status == 4, "exit", status, errors[-300:])
    reports = {r["path"]: r for r in map(json.loads, out.split("\n")[:-1]) if "path" in r}
    check_reports(entries, reports)
    print(f"peak memory {peak / 1e6:.0f} MB")
    if not os.environ.get("ISOGLOSS_SANITIZED"):
        check(peak < MOST_MEMORY, "peak memory", peak)
    status, _, errors, _ = run("collections", "export", "all", folder / "all.jsonl", home=folder / "home")
    check(status == 0, "export", errors)
    documents = {d["name"]: d for d in map(json.loads, (folder / "all.jsonl").read_text().split("\n")[:-1]) if "name" in d}
    count = check_positions(entries, documents)
    boxed = sum(check_boxes(folder / "files" / e["path"], e) for e in entries
                if e["path"] in ("normal.pdf", "columns.pdf", "office_odt.pdf", "partly_scanned.pdf"))
    print(f"{count} sentences at their places, {boxed} within their boxes")
    check(count >= 500 and boxed >= 500, "too few sentences", count, boxed)
    check_recognition(folder, entries)
    print("\n".join(failures[:60]))
    sys.exit(1 if failures else 0)


main()
