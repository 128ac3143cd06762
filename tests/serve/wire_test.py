#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The captured requests of the real clients (data/wire), sent again: each gets an answer of the shape its client reads, with
the vectors of the library."""
import json
import sys

from support import DATA, SKIP, TINY, Server, library_vectors, skip, unpack

WIRE = DATA / "wire"
if not WIRE.is_dir():
    skip(f"no captures in {WIRE}")

server = Server("-m", TINY / "bert", "--alias", "m=bert", "--alias", "text-embedding-3-small=bert", "--alias",
                "embed-v4.0=bert", "--allow-truncate-dim")
known = {}


def vector_of(text, dimensions=None):
    if text not in known:
        known[text] = library_vectors(TINY / "bert", [text])[0]
    full = known[text]
    if dimensions is None:
        return full
    cut = full[:dimensions]
    length = sum(x * x for x in cut) ** 0.5
    return [x / length for x in cut]


def check_vector(got, text, dimensions=None):
    got = unpack(got) if isinstance(got, str) else got
    want = vector_of(text, dimensions)
    assert len(got) == len(want), (len(got), len(want))
    assert all(abs(a - b) < 1e-6 for a, b in zip(got, want)), (text, got[:3], want[:3])


def as_list(value):
    return [value] if isinstance(value, str) else value


def openai(body, reply):
    texts = as_list(body["input"])
    assert reply["object"] == "list" and reply["model"] == body["model"] and reply["usage"]["total_tokens"] > 0
    assert [one["index"] for one in reply["data"]] == list(range(len(texts)))
    dimensions = body.get("dimensions") or body.get("output_dimension")
    for text, one in zip(texts, reply["data"]):
        assert isinstance(one["embedding"], str) == (body.get("encoding_format") == "base64")
        check_vector(one["embedding"], text, dimensions)


def cohere_embed(body, reply):
    texts = body.get("texts") or [item["content"][0]["text"] for item in body["inputs"]]
    assert reply["texts"] == texts and "id" in reply and "meta" in reply
    embeddings = reply["embeddings"]
    if isinstance(embeddings, list):
        embeddings = {"float": embeddings}
    dimensions = body.get("output_dimension", 32)
    assert list(embeddings) == body.get("embedding_types", ["float"])
    for kind, rows in embeddings.items():
        assert len(rows) == len(texts)
        for text, row in zip(texts, rows):
            if kind in ("float", "base64"):
                check_vector(row, text, dimensions)
            else:
                assert len(row) == (dimensions // 8 if "binary" in kind else dimensions)


def rerank(body, reply):
    if "texts" in body:
        assert sorted(one["index"] for one in reply) == list(range(len(body["texts"])))
        assert all(one["text"] == body["texts"][one["index"]] for one in reply)
        return
    results = reply["data" if "top_k" in body else "results"]
    scores = [one["relevance_score"] for one in results]
    assert len(results) == body.get("top_n", body.get("top_k", len(body["documents"])))
    assert scores == sorted(scores, reverse=True) and all(0 <= one["index"] < len(body["documents"]) for one in results)


def tei(body, reply):
    if isinstance(body["inputs"], dict):  # sentence similarity
        assert len(reply) == len(body["inputs"]["sentences"]) and all(-1.001 <= one <= 1.001 for one in reply)
        return
    for text, row in zip(as_list(body["inputs"]), reply, strict=True):
        check_vector(row, text)


def ollama(body, reply):
    texts = as_list(body.get("input", body.get("prompt")))
    rows = reply["embeddings"] if "embeddings" in reply else [reply["embedding"]]
    for text, row in zip(texts, rows, strict=True):
        check_vector(row, text, body.get("dimensions"))
    assert "embedding" in reply or reply["prompt_eval_count"] > 0


def models(_, reply):
    assert reply["data"][0]["id"] == "bert" if "data" in reply else reply["models"][0]["name"] == "bert"


CHECKS = [("/v1/embeddings", openai), ("/embeddings", openai), ("/v1/embed", cohere_embed), ("/v2/embed", cohere_embed),
          ("/v1/rerank", rerank), ("/v2/rerank", rerank), ("/rerank", rerank), ("/embed", tei), ("/", tei),
          ("/api/embed", ollama), ("/api/embeddings", ollama), ("/api/tags", models), ("/v1/models", models)]
checks = dict(CHECKS)
# Chats of the captures name a model "m"; this server's chats are of collections: collections_test.py.
CHATS = ("/v1/chat/completions", "/v1/responses", "/v2/chat", "/api/chat")
sent = chats = 0
for file in sorted(WIRE.glob("*.jsonl")):
    for line in file.read_text(encoding="utf-8").splitlines():
        capture = json.loads(line)
        body = capture.get("body")
        if capture["path"] in CHATS:
            chats += 1
            continue
        headers = {k: v for k, v in capture["headers"].items() if k not in ("host", "content-length", "connection")}
        status, reply, head = server.ask(capture["method"], capture["path"], body, headers)
        where = f"{file.name}: {capture['call']}"
        ids = isinstance(body, dict) and isinstance(body.get("input"), list) and not isinstance(body["input"][0], str)
        if ids:  # products.md 2, row 1
            assert status == 400 and "check_embedding_ctx_length=False" in reply["error"]["message"], (where, status, reply)
        elif isinstance(body, dict) and "images" in body:
            assert status == 422 and "images" in reply["message"], (where, status, reply)
        else:
            assert status == 200, (where, status, reply)
            try:
                checks[capture["path"]](body, reply)
            except AssertionError as error:
                raise AssertionError(f"{where}: {error}") from error
        sent += 1
assert sent > 80, sent
assert server.stop() == 0
print(f"{sent} captured requests answered as their clients expect; {chats} of chats are another test's")
