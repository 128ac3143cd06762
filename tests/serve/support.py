# SPDX-License-Identifier: Apache-2.0
"""A running `isogloss serve` for tests, and HTTP as raw as a test needs it."""
import ast
import atexit
import http.client
import json
import math
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("ISOGLOSS_PROGRAM", str(ROOT / "build/release/apps/isogloss/isogloss"))
TINY = ROOT / "tests/golden/transformers"  # bert: 32 dimensions, a window of 48 tokens
DATA = pathlib.Path(os.environ.get("ISOGLOSS_TEST_DATA", ROOT.parent / "shared/data"))
SKIP = 77
NPY = "application/x-npy"


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIP)


class Server:
    """Starts the program on a free port; `address` is http://127.0.0.1:PORT."""

    def __init__(self, *flags, env=None, home=None):
        self.folder = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(home or self.folder.name)
        environment = dict(os.environ, ISOGLOSS_HOME=str(self.home), ISOGLOSS_CACHE=str(self.home / "cache"),
                           HF_HUB_CACHE=str(self.home / "hub"), XDG_CONFIG_HOME=str(self.home / "config"))
        for name in ("ISOGLOSS_API_KEY", "OPENAI_API_KEY"):
            environment.pop(name, None)
        environment.update(env or {})
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([PROGRAM, "serve", "--port", "0", *map(str, flags)], env=environment, cwd=self.home,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)
        atexit.register(self.kill)
        line = self.process.stdout.readline()
        found = re.search(r"https?://[\w.:\[\]]+:(\d+)", line)
        if not found:
            self.kill()
            raise AssertionError(f"the server did not start: {line!r} {self.error_text()!r}")
        self.port = int(found.group(1))
        self.address = f"http://127.0.0.1:{self.port}"

    def error_text(self):
        self.errors.seek(0)
        return self.errors.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=60)
        if status != 0:
            print("the server said:", self.error_text()[-6000:])
        return status

    def ask(self, method, path, body=None, headers=None, raw=None, timeout=60):
        """(status, parsed JSON or text, headers)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        payload = raw if raw is not None else None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **(headers or {})})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        head = {name.lower(): value for name, value in reply.getheaders()}
        if head.get("content-type", "").startswith("application/json") and text:
            return reply.status, json.loads(text), head
        if head.get("content-type") == NPY:
            return reply.status, text, head
        return reply.status, text.decode("utf-8", "replace"), head

    def post(self, path, body, **more):
        return self.ask("POST", path, body, **more)

    def open(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def exchange(self, data, timeout=20, half_close=False):
        """Everything the server sends for these bytes until it closes or is silent."""
        with self.open(timeout) as peer:
            try:
                peer.sendall(data)
                if half_close:
                    peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused while we were writing
            out = b""
            try:
                while True:
                    piece = peer.recv(65536)
                    if not piece:
                        return out
                    out += piece
            except OSError:
                return out

    def resident(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) * 1024
        return 0


def http_bytes(path, body, method="POST", extra=""):
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n{extra}Content-Length: {len(payload)}\r\n\r\n".encode() + payload


def unpack(text):
    import base64
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def read_npy(data):
    """(shape, numbers) of an array of f32 as NumPy writes it."""
    assert data[:8] == b"\x93NUMPY\1\0", data[:8]
    begin = 10 + int.from_bytes(data[8:10], "little")
    header = ast.literal_eval(data[10:begin].decode())
    assert begin % 64 == 0 and header["descr"] == "<f4" and header["fortran_order"] is False, header
    numbers = struct.unpack(f"<{(len(data) - begin) // 4}f", data[begin:])
    assert len(numbers) == math.prod(header["shape"]), header
    return header["shape"], list(numbers)


def npy(numbers, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + struct.pack(f"<{len(numbers)}f", *numbers)


def f32(numbers):
    """Numbers as f32 holds them: JSON has the shortest decimal that reads back the same."""
    return list(struct.unpack(f"<{len(numbers)}f", struct.pack(f"<{len(numbers)}f", *numbers)))


def library_vectors(model, texts, *flags):
    """What `isogloss embed` says of the texts."""
    arguments = [PROGRAM, "embed", "-m", str(model), *flags]
    for text in texts:
        arguments += ["-c", text]
    out = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
    return [json.loads(line)["embedding"] for line in out.splitlines()]


def run_all(names):
    """Runs the test_ functions of a module; prints one line each; the exit status."""
    failed = 0
    for name, function in list(names.items()):
        if not name.startswith("test_"):
            continue
        try:
            function()
            print("good  ", name)
        except Exception as error:  # each test is told, the rest still runs
            failed += 1
            print("FAILED", name, type(error).__name__, str(error)[:2000], "line", error.__traceback__.tb_next.tb_lineno)
    return 1 if failed else 0
