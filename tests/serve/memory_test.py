#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Small requests of every kind to a static model, hundreds of thousands of them: memory after the last is within 5 % of what it was after
the first 10,000, and every answer has the status it should have.
usage: memory_test.py [--requests N] [--model FOLDER]   (60,000, a table of the tiny encoder; the long run: 1,000,000, a real one)"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

from support import PROGRAM, TINY, Server, http_bytes

parser = argparse.ArgumentParser()
parser.add_argument("--requests", type=int, default=60_000)
parser.add_argument("--model", type=pathlib.Path)
OPTIONS = parser.parse_args()
REQUESTS = OPTIONS.requests
FIRST, CONNECTIONS, GROUP = 10_000, 4, 100
SANITIZED = re.search("asan|tsan", os.environ.get("ISOGLOSS_PROGRAM", ""))  # their allocators keep what is freed

# What is asked, and the status of the answer.
KINDS = [
    (lambda n: http_bytes("/v1/embeddings", {"input": f"text {n} of the cat", "encoding_format": "base64"}), 200),
    (lambda n: http_bytes("/v1/embeddings", {"input": [f"text {n}", "the sea", "a dog and a cat"]}), 200),
    (lambda n: http_bytes("/embed", {"inputs": f"the sea {n}"}), 200),
    (lambda n: http_bytes("/api/embed", {"model": model.name, "input": f"a dog {n}"}), 200),
    (lambda n: http_bytes("/v2/rerank", {"query": "a cat", "documents": ["the cat", f"the dog {n}"]}), 200),
    (lambda n: http_bytes("/v1/near", {"words": "cat", "n": 3}), 200),
    (lambda n: http_bytes("/v1/embeddings", {"input": n}), 400),
    (lambda n: http_bytes("/v1/embeddings", {"model": f"none-{n}", "input": "x"}), 404),
    (lambda n: http_bytes(f"/nothing/{n}", {}), 404),
    (lambda n: http_bytes("/v1/models", b"", method="GET"), 200),
    (lambda n: http_bytes("/health", b"", method="GET"), 200),
]

folder = tempfile.TemporaryDirectory()
model = OPTIONS.model or pathlib.Path(folder.name) / "bert-static"
if not OPTIONS.model:
    subprocess.run([PROGRAM, "distill", TINY / "bert", "-o", model, "-q"], env={**os.environ, "ISOGLOSS_CACHE": folder.name}, check=True,
                   stderr=subprocess.DEVNULL)
server = Server("-m", model)
problems = []


def replies(peer, buffer, wanted):
    """The statuses of that many answers."""
    out = []
    while len(out) < wanted:
        end = buffer.find(b"\r\n\r\n")
        if end >= 0:
            length = int(re.search(rb"Content-Length: (\d+)", buffer[:end]).group(1))
            if len(buffer) >= end + 4 + length:
                out.append(int(buffer[9:12]))
                del buffer[:end + 4 + length]
                continue
        piece = peer.recv(1 << 18)
        assert piece, "the server closed a connection"
        buffer += piece
    return out


def ask(first, count):
    """Groups of requests one behind the other, a new connection every tenth group."""
    for begin in range(first, first + count, GROUP):
        if (begin - first) % (10 * GROUP) == 0:
            peer, buffer = server.open(), bytearray()
        numbers = range(begin, begin + GROUP)
        peer.sendall(b"".join(KINDS[n % len(KINDS)][0](n) for n in numbers))
        got, want = replies(peer, buffer, GROUP), [KINDS[n % len(KINDS)][1] for n in numbers]
        if got != want:
            problems.append(next((n, a, b) for n, a, b in zip(numbers, got, want) if a != b))


def ask_all(first, count):
    threads = [threading.Thread(target=ask, args=(first + i * count // CONNECTIONS, count // CONNECTIONS)) for i in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems, problems[:3]
    return server.resident()


before = ask_all(0, FIRST)
after = ask_all(FIRST, REQUESTS - FIRST)
print(f"{before / 1e6:.2f} MB after {FIRST} requests, {after / 1e6:.2f} MB after {REQUESTS}: {100 * (after / before - 1):+.1f} %")
assert server.stop() == 0 and not server.error_text(), server.error_text()
# The tiny one's process is so small that code which is first run late counts.
sys.exit(0 if SANITIZED or after < before * 1.05 + (0 if OPTIONS.model else 2e6) else 1)
