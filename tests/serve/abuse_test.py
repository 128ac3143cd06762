#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server under everything that is wrong at once: a thousand idle and slow connections, half-closed, oversized, malformed, pipelined and
random ones, wrong types in every field of every route, clients that never read, a chat server that is killed while it speaks, a disk that
is full. It never dies, good requests are still answered with the same bits, every refusal is a proper reply, what was acknowledged is
kept, and memory stays where it was after the first minute.
usage: abuse_test.py [--seconds N]   (20; the long run: 600)"""
import argparse
import json
import os
import pathlib
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from support import ROOT, TINY, Server, http_bytes

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float, default=20)
SECONDS = parser.parse_args().seconds
IDLE = 1000
SANITIZED = re.search("asan|tsan", os.environ.get("ISOGLOSS_PROGRAM", ""))  # slow, and their allocators keep what is freed

# In a namespace of its own, where a small disk can be mounted and is gone with this process.
CAN_MOUNT = "ISOGLOSS_ABUSE_OWN" in os.environ
if not CAN_MOUNT and shutil.which("unshare") and subprocess.run(["unshare", "-Urm", "true"], stderr=subprocess.DEVNULL).returncode == 0:
    os.execvpe("unshare", ["unshare", "-Urm", sys.executable, *sys.argv], {**os.environ, "ISOGLOSS_ABUSE_OWN": "1"})


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


UPSTREAM_PORT = free_port()
server = Server("-m", TINY / "bert", "--header-time", "1", "--body-time", "2", "--idle-time", "3", "--max-body", "100K",
                "--max-client-connections", "1500", "--drain-time", "5", "--llm", f"http://127.0.0.1:{UPSTREAM_PORT}/v1", "--llm-model", "any")
GOOD = {"input": "The cat sat on the mat."}
WANT = server.post("/v1/embeddings", GOOD)[1]["data"]
stop = threading.Event()
problems = []
counts = {}


def note(name):
    counts[name] = counts.get(name, 0) + 1


def statuses(reply):
    return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d{3}) ", reply)]


def is_error(status, reply):
    """A refusal is a sentence in the shape of its owner."""
    if isinstance(reply, dict):
        error = reply.get("error", reply.get("message", reply))
        error = error.get("message", "") if isinstance(error, dict) else error
        return status in (400, 404, 405, 409, 422, 429, 503) and isinstance(error, str) and len(error) > 10
    return False


def good_requests():
    while not stop.is_set():
        status, reply, _ = server.post("/v1/embeddings", GOOD)
        if status != 200 or reply["data"] != WANT:
            problems.append(f"a good request got {status} {reply}")
        note("good")
        time.sleep(0.002)


def expect(name, data, allowed, **more):
    got = statuses(server.exchange(data, **more))
    if not got or got[-1] not in allowed:
        problems.append(f"{name}: {got} instead of {allowed}; sent {data[:80]!r}")
    note(name)


BODY = json.dumps(GOOD).encode()
CASES = [
    ("header too large", b"GET /health HTTP/1.1\r\nX: " + b"a" * 70000 + b"\r\n\r\n", [431]),
    ("many headers", b"GET /health HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(9000)) + b"\r\n", [431]),
    ("target too long", b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n", [431, 400]),
    ("announced body too large", b"POST /embed HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", [413]),
    ("body too large", http_bytes("/embed", b"x" * 150000), [413]),
    ("chunked body too large", b"POST /embed HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ffff\r\n" + b"a" * 65535 + b"\r\nffff\r\n" + b"a" * 65535 + b"\r\n", [413]),
    ("two lengths", b"POST /embed HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", [400]),
    ("length and chunked", b"POST /embed HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [400]),
    ("length is no number", b"POST /embed HTTP/1.1\r\nContent-Length: many\r\n\r\n", [400]),
    ("negative length", b"POST /embed HTTP/1.1\r\nContent-Length: -1\r\n\r\n", [400]),
    ("no HTTP", b"hello\r\n\r\n", [400]),
    ("TLS hello", bytes.fromhex("16030100c8010000c40303") + bytes(200), [400]),
    ("unknown version", b"GET / HTTP/9.9\r\n\r\n", [400]),
    ("space in the header", b"GET /health HTTP/1.1\r\nA b: c\r\n\r\n", [400]),
    ("NUL in the header", b"GET /health HTTP/1.1\r\nA: b\0c\r\n\r\n", [400]),
    ("no JSON", http_bytes("/v1/embeddings", b"{", extra="Connection: close\r\n"), [400]),
    ("deep JSON", http_bytes("/v1/embeddings", b"[" * 50000, extra="Connection: close\r\n"), [400]),
    ("deep object", http_bytes("/v1/embeddings", b'{"input":' + b"[" * 500 + b"]" * 500 + b"}", extra="Connection: close\r\n"), [400]),
    ("not UTF-8", http_bytes("/v1/embeddings", b'{"input":"\xff\xfe"}', extra="Connection: close\r\n"), [400]),
    ("half a surrogate", http_bytes("/v1/embeddings", b'{"input":"\\ud800"}', extra="Connection: close\r\n"), [400]),
    ("NUL in a text", http_bytes("/v1/embeddings", b'{"input":"a\\u0000b"}', extra="Connection: close\r\n"), [200]),
    ("an array", http_bytes("/v1/embeddings", b"[1]", extra="Connection: close\r\n"), [400]),
    ("wrong types", http_bytes("/v1/embeddings", b'{"input":{"a":1}}', extra="Connection: close\r\n"), [400]),
    ("mixed list", http_bytes("/v1/embeddings", b'{"input":["a",1,null]}', extra="Connection: close\r\n"), [400]),
    ("huge id", http_bytes("/v1/embeddings", b'{"input":[99999999999999999999]}', extra="Connection: close\r\n"), [400]),
    ("huge dimension", http_bytes("/v1/embeddings", b'{"input":"a","dimensions":1e300}', extra="Connection: close\r\n"), [400]),
    ("no body", b"POST /v1/embeddings HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", [400]),
    ("traversal", b"GET /../../etc/passwd HTTP/1.1\r\nConnection: close\r\n\r\n", [404]),
    ("encoded traversal", b"GET /v1/models/..%2f..%2fetc%2fpasswd HTTP/1.1\r\nConnection: close\r\n\r\n", [404]),
    ("collection outside", b"GET /v1/collections/..%2f..%2fetc HTTP/1.1\r\nConnection: close\r\n\r\n", [400, 404]),
    ("unknown method", b"BREW /v1/embeddings HTTP/1.1\r\nConnection: close\r\n\r\n", [405]),
    ("slow header", b"GET /health HT", [408]),
    ("slow body", b"POST /embed HTTP/1.1\r\nContent-Length: 50\r\n\r\n{", [408]),
    ("an array of NumPy", http_bytes("/v1/collections/docs/query", b"\x93NUMPY\1\0\xff\xff{", extra="Content-Type: application/x-npy\r\nConnection: close\r\n"), [400]),
    ("an array of 1e20 numbers", http_bytes("/v1/collections/docs/query", b"\x93NUMPY\1\0\x45\0{'descr': '<f4', 'fortran_order': False, 'shape': (1, 99999999999999)}    ", extra="Content-Type: application/x-npy\r\nConnection: close\r\n"), [400]),
]


def malformed():
    rng = random.Random(7)
    while not stop.is_set():
        for name, data, allowed in rng.sample(CASES, len(CASES)):
            if stop.is_set():
                return
            expect(name, data, allowed)


def random_bytes():
    own = random.Random(11)
    while not stop.is_set():
        data = own.randbytes(own.randrange(1, 3000))
        if own.random() < 0.5:  # a request with some bytes changed
            whole = bytearray(http_bytes("/v1/embeddings", BODY))
            for _ in range(own.randrange(1, 6)):
                whole[own.randrange(len(whole))] = own.randrange(256)
            data = bytes(whole)
        reply = server.exchange(data, timeout=5, half_close=own.random() < 0.5)
        if reply and not reply.startswith(b"HTTP/1.1 "):
            problems.append(f"random bytes got {reply[:80]!r}")
        note("random")


def broken_off():
    own = random.Random(13)
    while not stop.is_set():
        data = http_bytes("/v1/embeddings", {"input": ["text %d" % i for i in range(300)]})
        with server.open() as peer:
            peer.sendall(data[:own.randrange(len(data) + 1)])
            if own.random() < 0.3:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # RST instead of FIN
        note("broken off")
        time.sleep(0.01)


def never_reads():
    """Asks and does not read: the server's own buffer must not grow with it."""
    peers = []
    while not stop.is_set():
        peer = server.open()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.settimeout(0.2)
        try:
            for _ in range(20):
                peer.sendall(http_bytes("/v1/embeddings", {"input": ["x"] * 200}))
        except OSError:
            pass
        peers = (peers + [peer])[-20:]
        note("never reads")
        time.sleep(0.2)


def bursts():
    while not stop.is_set():
        last = http_bytes("/v1/embeddings", BODY, extra="Connection: close\r\n")
        got = statuses(server.exchange(http_bytes("/v1/embeddings", BODY) * 50 + last))
        if got != [200] * 51:
            problems.append(f"51 pipelined requests got {got}")
        note("pipelined")


def idle_and_slow():
    """A thousand connections at any time: half of them say nothing, half a byte a second."""
    peers = {}
    drip = b"GET /health HTTP/1.1\r\nX-Slow: " + b"a" * 60
    while not stop.is_set():
        while len(peers) < IDLE:
            peer = server.open()
            peers[peer.fileno()] = (peer, len(peers) % 2)
        for peer, slow in peers.values():
            if not slow:
                continue
            try:
                peer.send(drip[:1])
            except OSError:
                pass
        poll = select.poll()
        for number in peers:
            poll.register(number, select.POLLIN | select.POLLHUP)
        for number, _ in poll.poll(0):  # refused or closed by the server: another one comes
            peers.pop(number)[0].close()
            note("idle or slow")
        time.sleep(1)
    for peer, _ in peers.values():
        peer.close()


def half_closed():
    """Whole requests whose client closes its side at once. It is taken as gone, or answered."""
    while not stop.is_set():
        reply = server.exchange(http_bytes("/v1/embeddings", GOOD), half_close=True)
        if statuses(reply) not in ([], [200], [499]):
            problems.append(f"a half-closed request got {reply[:200]!r}")
        note("half-closed")
        time.sleep(0.005)


def any_value(own, depth=0):
    simple = [None, True, False, 0, -1, 3, 2 ** 63, -2 ** 63, 1e308, 0.5, "", "a", "rag:docs", "bert", "\u0000", "x" * 3000, "../../etc/passwd"]
    if depth < 3 and own.random() < 0.4:
        return [any_value(own, depth + 1) for _ in range(own.randrange(4))]
    if depth < 3 and own.random() < 0.2:
        return {own.choice(["text", "id", "role", "content", "image"]): any_value(own, depth + 1)}
    return own.choice(simple)


def wrong_types():
    """Every field of every route with values of every type. What changes or stops the collections of the others is left out."""
    own = random.Random(17)
    routes = []
    for path, methods in server.ask("GET", "/openapi.json")[1]["paths"].items():
        for method, route in methods.items():
            schema = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            fields = {name for one in schema.get("anyOf", [schema]) for name in one.get("properties", {})}
            if method == "post" and fields and not path.startswith("/v1/files"):
                routes.append((path, sorted(fields)))
    while not stop.is_set():
        path, fields = own.choice(routes)
        path = re.sub(r"\{\w+\}", lambda _: own.choice(["docs2", "nothing", "..", "%00", "bert"]), path)
        body = {name: any_value(own) for name in own.sample(fields, own.randrange(len(fields) + 1))}
        if path == "/v1/collections":
            body["name"] = own.choice(["docs2", "docs2", "..", any_value(own)])
        if path in ("/v1/vector_stores", "/v1/eval"):
            body[fields[0]] = 7  # refused: what it would make is nobody's
        status, reply, _ = server.post(path, body)
        if status != 200 and status not in (201, 202) and not is_error(status, reply):
            problems.append(f"{path} with {json.dumps(body)[:300]} got {status} {str(reply)[:300]}")
        note("wrong types")


UPSTREAM = """
import http.server, json, sys, time
class Chat(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for i in range(20):
            self.wfile.write(f"data: {json.dumps({'choices': [{'delta': {'content': f'word{i} [1] '}}]})}\\n\\n".encode())
            self.wfile.flush()
            time.sleep(0.02)
        self.wfile.write(b"data: [DONE]\\n\\n")
class Server(http.server.ThreadingHTTPServer):
    allow_reuse_address = True
Server(("127.0.0.1", int(sys.argv[1])), Chat).serve_forever()
"""


def chats():
    """The chat server is killed while it speaks, and comes back: an answer, or an error that says so, never half an answer as if whole."""
    own = random.Random(19)
    body = {"model": "rag:docs", "messages": [{"role": "user", "content": "What is the refund period?"}]}
    upstream = None
    while not stop.is_set():
        if upstream is None:
            upstream = subprocess.Popen([sys.executable, "-c", UPSTREAM, str(UPSTREAM_PORT)], stderr=subprocess.DEVNULL)
            time.sleep(0.3)
        streamed = own.random() < 0.7
        killer = threading.Timer(own.random() * 0.8, upstream.kill)
        killer.start()
        status, reply, _ = server.post("/v1/chat/completions", {**body, "stream": streamed})
        killer.join()
        upstream.wait()
        upstream = None
        if streamed and status == 200:
            whole = "[DONE]" in reply and "word19" in reply
            broken = '"error"' in reply and "[DONE]" not in reply
            if whole == broken:
                problems.append(f"a chat whose server was killed ended with {reply[-300:]!r}")
            note("chat answered" if whole else "chat broken off")
        elif status == 200:
            if "word19" not in reply["choices"][0]["message"]["content"]:
                problems.append(f"half an answer as if it were whole: {reply}")
            note("chat answered")
        else:
            if status != 503 or not is_error(status, reply):
                problems.append(f"a chat whose server was killed got {status} {reply}")
            note("chat refused")


def full_disk(small):
    """Documents go into a collection on a small disk until it is full. What was acknowledged is there and can be searched; a refusal says
    why; when there is room again it goes on."""
    own = random.Random(23)
    place = "/v1/collections/c"
    while not stop.is_set():
        status, reply, _ = small.post("/v1/collections", {"name": "c", "model": "none"})
        if status != 201:
            problems.append(f"no collection on the emptied disk: {status} {reply}")
            return
        kept, refused = [], 0
        while refused < 5 and not stop.is_set():
            name = f"d{len(kept)}-{refused}.txt"
            text = " ".join(f"word{own.randrange(10 ** 9)}" for _ in range(5000))
            got, said, _ = small.post(place + "/upsert", {"documents": [{"id": name, "text": text}]})
            if got == 200:
                kept.append(name)
                continue
            refused += 1
            if "full" not in str(said).lower() and "space" not in str(said).lower():
                problems.append(f"on a full disk: {got} {said}")
            note("disk full")
        got, said, _ = small.post(place + "/get", {"ids": kept})
        if got != 200 or len(said["items"]) != len(kept):
            problems.append(f"acknowledged documents are gone: {len(kept)} were, {got} {str(said)[:300]}")
        if (got := small.post(place + "/query", {"query": "word", "n": 1}))[0] != 200:
            problems.append(f"a collection on a full disk cannot be searched: {got}")
        if (got := small.ask("DELETE", place))[0] != 200:
            problems.append(f"a collection on a full disk cannot be removed: {got}")
            return


def small_disk():
    """A server whose collections lie on a disk of eight megabytes; none where nobody may mount one."""
    if not CAN_MOUNT:
        print("no disk is filled: this system lets nobody mount one (unshare -Urm)")
        return None
    disk = pathlib.Path(tempfile.mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=True)
    return Server("-m", TINY / "bert", "--collections", disk)


assert server.post("/v1/collections", {"name": "docs", "model": "bert"})[0] == 201
HANDBOOK = sorted((ROOT / "tests/docs/fixture/handbook").glob("*.md"))
assert server.post("/v1/collections/docs/upsert", {"documents": [{"id": file.name, "text": file.read_text()} for file in HANDBOOK]})[0] == 200
small = small_disk()
attackers = [good_requests, malformed, random_bytes, broken_off, never_reads, bursts, idle_and_slow, half_closed, wrong_types, chats]
threads = [threading.Thread(target=one, daemon=True) for one in attackers]
if small:
    threads.append(threading.Thread(target=full_disk, args=(small,), daemon=True))
for thread in threads:
    thread.start()
warm = min(60, SECONDS / 3)
time.sleep(warm)
before = server.resident()
time.sleep(SECONDS - warm)
stop.set()
for thread in threads:
    thread.join(timeout=60)
after = server.resident()
assert server.process.poll() is None, "the server died: " + server.error_text()
status, reply, _ = server.post("/v1/embeddings", GOOD)
assert status == 200 and reply["data"] == WANT
print(f"{SECONDS:.0f} s, {sum(counts.values())} exchanges ({counts.get('good')} good ones): {json.dumps(counts)}")
print(f"memory {before / 1e6:.1f} MB after {warm:.0f} s, {after / 1e6:.1f} MB at the end")
assert not problems, f"{len(problems)} problems, the first: " + "\n".join(problems[:5])
if not SANITIZED:  # the first seconds have not seen everything yet
    assert after < before * 1.05 + (0 if warm == 60 else 8e6), (before, after)


def open_connections():
    return re.search(r"^isogloss_connections (\d+)", server.ask("GET", "/metrics")[1], re.MULTILINE).group(1)


deadline = time.time() + 10
while open_connections() != "1" and time.time() < deadline:
    time.sleep(0.1)
assert open_connections() == "1", "connections are left over"
for one in filter(None, (server, small)):
    assert one.stop() == 0 and not one.error_text(), one.error_text()
