#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Models that run elsewhere: behind an address that speaks OpenAI's embeddings (our own server, and one that misbehaves),
and as a command. Vectors and figures are those of the model itself."""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

from support import PROGRAM, TINY, Server, run_all

TEXTS = ["a cat", "the dog sleeps", "grammar: 7 \u00e9t\u00e9s \u2603", "line\nfeed \"quoted\"", "a cat"]
folder = tempfile.TemporaryDirectory()
place = os.path.join
server = Server("-m", TINY / "bert")


def isogloss(*arguments, text=None, env=None):
    environment = dict(os.environ, ISOGLOSS_HOME=place(folder.name, "home"), ISOGLOSS_CACHE=place(folder.name, "cache"), **(env or {}))
    environment.pop("OPENAI_API_KEY", None)
    return subprocess.run([PROGRAM, *map(str, arguments)], input=text, env=environment, capture_output=True, text=True, timeout=120,
                          cwd=folder.name)


def vectors(model, *more, texts=TEXTS):
    flags = [part for text in texts for part in ("-c", text)]
    run = isogloss("embed", "-m", model, *more, *flags)
    assert run.returncode == 0, run.stderr
    return [json.loads(line)["embedding"] for line in run.stdout.splitlines()]


def test_an_address_gives_the_vectors_of_the_model():
    own = vectors(TINY / "bert")
    for address in (server.address, server.address + "/v1", server.address + "/v1/embeddings/"):
        assert vectors(address + ",model=bert") == own
    assert vectors(server.address + ",model=bert,batch=2") == own
    assert vectors(server.address + ",model=bert", "--dim", "5") == [row[:5] for row in own]


def test_a_command_gives_the_vectors_it_prints():
    script = place(folder.name, "embed.py")
    with open(script, "w", encoding="utf-8") as file:
        file.write("import json, sys\nfor line in sys.stdin:\n    item = json.loads(line)\n"
                   "    print(json.dumps({'embedding': [len(item['text']), int(item['role'] == 'query'), 0.5]}))\n")
    model = f"cmd:{sys.executable} {script}"
    assert vectors(model) == [[len(text), 0, 0.5] for text in TEXTS]
    assert vectors(model, "--role", "query")[0] == [5, 1, 0.5]
    assert vectors(model + ",batch=2") == vectors(model)
    for command, expected in (("exit 3", "exit 3"), ("echo nonsense", "line 1"), ("true", "0 vectors for 1 text"),
                              ("echo '{\"embedding\":[null]}'", "no number"), ("yes '[1]' | head -9", "more vectors than texts")):
        run = isogloss("embed", "-m", "cmd:" + command, "-c", "a")
        assert run.returncode == 1 and expected in run.stderr, (command, run)
    run = isogloss("embed", "-m", "cmd:cat,speed=3", "-c", "a")
    assert run.returncode != 0 and "speed" in run.stderr, run


def test_an_evaluation_has_the_same_figures():
    pairs = place(folder.name, "pairs.tsv")
    with open(pairs, "w", encoding="utf-8") as file:
        file.writelines(f"{a}\t{b}\t{score}\n" for a, b, score in (("a cat", "a dog", 2.5), ("the sea", "a ship at sea", 4), ("one", "two", 1),
                                                                   ("red wine", "white snow", 0.5), ("she sings", "she sang", 4.5)))

    def figures(model):
        run = isogloss("eval", "-m", model, "--task", "sts:" + pairs, "--json", "--embedding-cache", "off")
        assert run.returncode == 0, run.stderr
        return [(row["metric"], row["value"]) for row in map(json.loads, run.stdout.splitlines())]

    assert figures(server.address + ",model=bert") == figures(TINY / "bert")


def test_a_collection_can_have_such_a_model():
    with open(place(folder.name, "notes.txt"), "w", encoding="utf-8") as file:
        file.write("The harbour is closed in winter.\n\nBread is baked at five.\n")
    model = server.address + ",model=bert"
    run = isogloss("index", "notes", "notes.txt", "-m", model)
    assert run.returncode == 0, run.stderr
    run = isogloss("search", "notes", "harbour", "--mode", "dense", "--json")
    assert run.returncode == 0 and "harbour" in run.stdout, run


def test_what_cannot_be_asked_is_said():
    run = isogloss("embed", "-m", "http://127.0.0.1:9/v1,model=x", "-c", "a")
    assert run.returncode == 1 and "127.0.0.1:9" in run.stderr, run
    for env, flags in (({"HF_HUB_OFFLINE": "1"}, ()), ({}, ("--offline",))):
        run = isogloss("embed", *flags, "-m", "https://api.example.org/v1,model=x", "-c", "a", env=env)
        assert run.returncode == 6 and "switched off" in run.stderr, run
    run = isogloss("embed", "-m", server.address + ",model=nothing", "-c", "a")
    assert run.returncode == 3 and "nothing" in run.stderr, run
    run = isogloss("embed", "-m", server.address + ",modle=bert", "-c", "a")
    assert run.returncode != 0 and "model" in run.stderr, run


class Strange(http.server.BaseHTTPRequestHandler):
    """Too busy at first; then what `answer` says."""
    busy = 2
    answer = staticmethod(lambda texts: [])

    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        if Strange.busy:
            Strange.busy -= 1
            self.send_response(429)
            self.send_header("Retry-After", "0")
            self.end_headers()
            return
        body = json.dumps({"data": Strange.answer(texts)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_a_busy_server_is_asked_again_and_a_wrong_answer_refused():
    strange = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=strange.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{strange.server_address[1]}/v1,model=x"
    Strange.answer = staticmethod(lambda texts: [{"index": i, "embedding": [len(texts[i]), 1]} for i in reversed(range(len(texts)))])
    assert vectors(address) == [[len(text), 1] for text in TEXTS]  # in the order of the indices, after two refusals
    assert Strange.busy == 0
    for answer in (lambda texts: [], lambda texts: [{"embedding": [1, "a"]}], lambda texts: [{"index": 7, "embedding": [1]}],
                   lambda texts: [{"embedding": []}], lambda texts: [{"embedding": None}]):
        Strange.answer = staticmethod(answer)
        run = isogloss("embed", "-m", address, "-c", "a")
        assert run.returncode == 1 and "isogloss: " in run.stderr, run
    Strange.answer = staticmethod(lambda texts: [{"embedding": [1] * (1 + (text != "a"))} for text in texts])
    run = isogloss("embed", "-m", address, "-c", "b")
    assert run.returncode == 1 and "columns after" in run.stderr, run
    strange.shutdown()


status = run_all(dict(globals()))
assert server.stop() == 0
sys.exit(status)
