#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Collections and chat over HTTP: documents in and out, hits, answers with references that point at the right bytes, in one piece
and as a stream, extractive and from a chat server; kill -9 during upserts loses nothing that was acknowledged."""
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading

from support import NPY, PROGRAM, ROOT, TINY, Server, f32, npy, read_npy, run_all

HANDBOOK = ROOT / "tests/docs/fixture/handbook"
server = Server("-m", TINY / "bert", "-m", TINY / "cross_bert")
MODEL = "bert"
DOCUMENTS = [{"id": file.name, "text": file.read_text(), "metadata": {"year": 2024}} for file in sorted(HANDBOOK.glob("*.md"))]
TEXTS = {one["id"]: one["text"] for one in DOCUMENTS}
QUESTION = "What is the refund period?"


def setup(at=server, name="docs"):
    if at.ask("GET", f"/v1/collections/{name}")[0] == 404:
        assert at.post("/v1/collections", {"name": name, "model": MODEL})[0] == 201
        status, reply, _ = at.post(f"/v1/collections/{name}/upsert", {"documents": DOCUMENTS})
        assert status == 200 and reply["upserted"] == len(DOCUMENTS), reply


def test_documents_go_in_and_come_out():
    setup()
    assert server.ask("GET", "/v1/collections/docs/count")[1]["documents"] == len(DOCUMENTS)
    item = server.post("/v1/collections/docs/get", {"ids": ["refunds.md"]})[1]["items"][0]
    assert item["text"] == TEXTS["refunds.md"] and item["meta"]["year"] == 2024, item
    assert "docs" in [one["name"] for one in server.ask("GET", "/v1/collections")[1]["data"]]
    facts = server.ask("GET", "/v1/collections/docs")[1]
    assert facts["name"] == "docs" and "folder" not in facts
    lines = [json.loads(line) for line in server.ask("GET", "/v1/collections/docs/export")[1].splitlines()]
    assert len(lines) == server.ask("GET", "/v1/collections/docs/count")[1]["chunks"]
    assert server.post("/v1/collections/docs/get", {"ids": [lines[0]["id"]]})[1]["items"][0] == lines[0]
    assert server.post("/v1/collections/docs/get", {"ids": ["nothing"]})[0] == 404


def test_hits_have_spans_scores_and_filters():
    setup()
    for mode in ("lexical", "dense", "hybrid"):
        status, reply, _ = server.post("/v1/collections/docs/query", {"query": "refund period", "n": 3, "mode": mode})
        assert status == 200 and reply["hits"] and reply["hits"][0]["score_kind"], reply
        for hit in reply["hits"]:
            source = hit["source"]
            assert TEXTS[source["path"]].encode()[source["start"]:source["end"]].decode() == hit["text"]
    hit = server.post("/v1/collections/docs/query", {"query": "refund period", "mode": "lexical", "n": 1})[1]["hits"][0]
    assert hit["source"]["path"] == "refunds.md"
    assert server.post("/v1/collections/docs/query", {"query": "refund", "where": "year>2024"})[1]["hits"] == []
    assert server.post("/v1/collections/docs/query", {"query": "refund", "where": "year>>"})[0] == 400
    reranked = server.post("/v1/collections/docs/query", {"query": "refund", "rerank": "cross_bert"})[1]["hits"]
    assert reranked[0]["score_kind"] == "rerank"
    assert server.post("/v1/collections/docs/query", {"query": "refund", "rerank": "bert"})[0] == 422


def test_vectors_go_out_and_in_as_arrays():
    setup()
    lines = [json.loads(line) for line in server.ask("GET", "/v1/collections/docs/export")[1].splitlines()]
    status, data, head = server.ask("GET", "/v1/collections/docs/export", headers={"Accept": NPY})
    shape, numbers = read_npy(data)
    assert status == 200 and head["content-type"] == NPY and shape == (len(lines), 32)
    third = numbers[2 * 32:3 * 32]
    text = " ".join(filter(None, (lines[2]["source"]["heading"], lines[2]["text"])))
    assert abs(sum(x * x for x in third) - 1) < 1e-5, text
    place = "/v1/collections/docs/query"
    by_list = server.post(place, {"vector": third, "n": 3, "exact": True})[1]["hits"]
    assert by_list[0]["id"] == lines[2]["id"] and by_list[0]["score_kind"] == "cosine" and by_list[0]["score"] > 0.9999, by_list
    for shape in ("(32,)", "(1, 32)"):
        array = {"raw": npy(third, shape), "headers": {"Content-Type": NPY}}
        assert server.ask("POST", place + "?n=3&exact=true", **array)[1]["hits"] == by_list
    filtered = server.ask("POST", place + "?where=year%3E2024", raw=npy(third, "(32,)"), headers={"Content-Type": NPY})
    assert filtered[0] == 200 and filtered[1]["hits"] == []
    question = {"query": QUESTION, "n": 5}
    made = server.post("/v1/embeddings", {"model": MODEL, "input": QUESTION, "input_type": "query"})[1]["data"][0]["embedding"]
    assert server.post(place, {**question, "vector": made})[1]["hits"] == server.post(place, question)[1]["hits"]


def test_vectors_that_fit_nothing_are_refused():
    setup()
    place = "/v1/collections/docs/query"
    assert server.post(place, {})[0] == 400 and server.post(place, {"vector": []})[0] == 400
    status, reply, _ = server.post(place, {"vector": [1.0] * 31})
    assert status == 409 and "31" in reply["error"]["message"] and "32" in reply["error"]["message"], reply
    for bad in (["a"] * 32, [1e300] + [0] * 31):
        assert server.post(place, {"vector": bad})[0] == 400
    assert server.post(place, {"vector": [1.0] * 32, "mode": "hybrid"})[0] == 400
    assert server.post(place, {"vector": [1.0] * 32, "rerank": "cross_bert"})[0] == 400
    for raw in (b"", b"x", npy([1.0] * 64, "(2, 32)"), npy([1.0] * 31, "(1, 32)"), npy([float("nan")] * 32, "(32,)")):
        assert server.ask("POST", place, raw=raw, headers={"Content-Type": NPY})[0] == 400, raw
    server.post("/v1/collections", {"name": "words", "model": "none"})
    assert server.post("/v1/collections/words/upsert", {"documents": DOCUMENTS[:1]})[0] == 200
    assert server.post("/v1/collections/words/query", {"vector": [1.0] * 32})[0] == 422
    assert server.ask("GET", "/v1/collections/words/export", headers={"Accept": NPY})[0] == 422


def test_deleted_documents_are_gone_and_names_are_checked():
    setup(name="short")
    assert server.post("/v1/collections/short/delete", {"ids": ["refunds.md", "nothing"]})[1]["deleted"] == 1
    assert "refunds.md" not in json.dumps(server.post("/v1/collections/short/query", {"query": "refund"})[1])
    assert server.ask("DELETE", "/v1/collections/short")[0] == 200 and server.ask("GET", "/v1/collections/short")[0] == 404
    assert server.post("/v1/collections", {"name": "other", "model": str(TINY / "gpt2")})[0] == 404  # no path from a request
    for name in ("..", ".hidden", "a/b", "x" * 101, ""):
        assert server.post("/v1/collections", {"name": name})[0] == 400, name
    assert server.post("/v1/collections", {"name": "docs", "model": MODEL})[0] == 409
    assert server.post("/v1/collections/docs/upsert", {"documents": [{"id": "x"}]})[0] == 400
    assert server.post("/v1/collections/nothing/query", {"query": "x"})[0] == 404


def upload(name, text):
    form = (f'--X\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--X\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: text/markdown\r\n\r\n{text}\r\n--X--\r\n')
    return server.ask("POST", "/v1/files", raw=form.encode(), headers={"Content-Type": "multipart/form-data; boundary=X"})


def test_files_and_vector_stores_of_openai():
    ids = {}
    for name, text in TEXTS.items():
        status, reply, _ = upload("../" + name, text)
        assert status == 200 and reply["filename"] == name and reply["bytes"] == len(text.encode()), reply
        ids[name] = reply["id"]
    assert server.ask("GET", f"/v1/files/{ids['refunds.md']}/content")[1] == TEXTS["refunds.md"]
    assert [one["id"] for one in server.ask("GET", "/v1/files")[1]["data"]] == list(ids.values())
    store = server.post("/v1/vector_stores", {"name": "handbook", "metadata": {"a": "b"}, "file_ids": [ids["refunds.md"]]})[1]
    assert store["file_counts"]["completed"] == 1 and store["name"] == "handbook" and store["metadata"] == {"a": "b"}
    place = f"/v1/vector_stores/{store['id']}"
    added = server.post(place + "/files", {"file_id": ids["shipping.md"], "attributes": {"region": 'the "north"', "level": 2}})[1]
    assert added["status"] == "completed" and added["attributes"]["level"] == 2
    found = server.post(place + "/search", {"query": "refund period", "max_num_results": 2})[1]["data"]
    hit = next(one for one in found if one["filename"] == "refunds.md")
    assert hit["file_id"] == ids["refunds.md"] and hit["content"][0]["text"] in TEXTS["refunds.md"]

    def files_for(filters):
        status, reply, _ = server.post(place + "/search", {"query": "refund parcels shipping", "filters": filters, "max_num_results": 50})
        assert status == 200, reply
        return {one["filename"] for one in reply["data"]}

    north = {"type": "eq", "key": "region", "value": 'the "north"'}
    assert files_for(north) == {"shipping.md"}
    assert files_for({"type": "and", "filters": [north, {"type": "gte", "key": "level", "value": 3}]}) == set()
    assert files_for({"type": "or", "filters": [north, {"type": "eq", "key": "lang", "value": "en"}]}) >= {"shipping.md", "refunds.md"}
    assert files_for({"type": "in", "key": "level", "value": [1, 2]}) == {"shipping.md"}
    for bad in ({"type": "eq", "key": "a b", "value": 1}, {"type": "like", "key": "a", "value": 1}, {"type": "in", "key": "a", "value": []},
                {"type": "and", "filters": []}, {"type": "or", "filters": [north, {"type": "eq", "key": "a", "value": {}}]}):
        assert server.post(place + "/search", {"query": "x", "filters": bad})[0] == 400, bad
    high = server.post(place + "/search", {"query": "refund period", "ranking_options": {"score_threshold": 0.999999}})[1]["data"]
    assert all(one["score_kind"] == "cosine" and one["score"] >= 0.999999 for one in high)
    assert server.ask("DELETE", place + "/files/" + ids["shipping.md"])[1]["deleted"]
    assert len(server.ask("GET", place + "/files")[1]["data"]) == 1
    assert server.post(place, {"name": "other"})[1]["name"] == "other" and len(server.ask("GET", "/v1/vector_stores")[1]["data"]) == 1
    assert server.ask("DELETE", place)[1]["deleted"] and server.ask("GET", place)[0] == 404
    for missing in ("file-0", "file-" + "0" * 24, "..%2fdocs", "vs_" + "0" * 24):
        assert server.ask("GET", "/v1/files/" + missing)[0] == 404 and server.ask("GET", "/v1/vector_stores/" + missing)[0] == 404
    assert server.ask("DELETE", "/v1/files/" + ids["refunds.md"])[1]["deleted"]
    assert server.post("/v1/files", {"file": "x"})[0] == 400


def answer(body, at=server):
    return at.post("/v1/chat/completions", {"model": "rag:docs", **body})


def check_references(references, text):
    assert references and references[0]["n"] == 1 and "[1]" in text
    for one in references:
        source = one["source"]
        assert TEXTS[source["path"]].encode()[source["start"]:source["end"]].decode() == one["text"]


def test_chat_cites_the_right_bytes_and_says_what_it_does_not_know():
    setup()
    status, reply, _ = answer({"messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": QUESTION}]})
    message = reply["choices"][0]["message"]["content"]
    assert status == 200 and reply["found"] and "days" in message, reply
    check_references(reply["references"], message)

    def tokens(text):
        return len(server.post("/tokenize", {"inputs": text, "add_special_tokens": False})[1][0])

    usage = {"prompt_tokens": tokens(QUESTION), "completion_tokens": tokens(message)}
    assert reply["usage"] == {**usage, "total_tokens": sum(usage.values())} and min(usage.values()) > 4, reply["usage"]
    parts = answer({"messages": [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]})[1]
    assert parts["choices"][0]["message"]["content"] == message
    unknown = answer({"messages": [{"role": "user", "content": "Which colour has the moon landing module of Neil Armstrong?"}]})[1]
    assert unknown["choices"][0]["message"]["content"] == "not found in your documents" and not unknown["found"] and not unknown["references"]
    assert answer({"messages": [{"role": "assistant", "content": "x"}]})[0] == 400
    assert server.post("/v1/collections/docs/upsert", {"documents": DOCUMENTS[:1]})[0] == 200  # a refused chat holds nothing
    assert server.post("/v1/chat/completions", {"model": "bert", "messages": []})[0] == 404
    assert server.post("/v1/chat/completions", {"model": "rag:nothing", "messages": [{"role": "user", "content": "x"}]})[0] == 404


def test_chat_streams_the_same_answer():
    setup()
    whole = answer({"messages": [{"role": "user", "content": QUESTION}]})[1]
    status, text, head = answer({"messages": [{"role": "user", "content": QUESTION}], "stream": True, "stream_options": {"include_usage": True}})
    assert status == 200 and head["content-type"] == "text/event-stream"
    events = [line[6:] for line in text.split("\n\n") if line]
    assert events[-1] == "[DONE]"
    chunks = [json.loads(one) for one in events[:-1]]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"] == whole["usage"] and chunks[-2]["choices"][0]["finish_reason"] == "stop"
    said = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks if one["choices"])
    assert said == whole["choices"][0]["message"]["content"] and chunks[-2]["references"] == whole["references"]


def test_chat_in_the_formats_of_ollama_cohere_and_responses():
    setup()
    body = {"model": "rag:docs", "messages": [{"role": "user", "content": QUESTION}]}
    said = answer(body)[1]["choices"][0]["message"]["content"]
    status, text, head = server.post("/api/chat", body)
    lines = [json.loads(line) for line in text.splitlines()]
    usage = answer(body)[1]["usage"]
    assert (lines[-1]["prompt_eval_count"], lines[-1]["eval_count"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert server.post("/v2/chat", body)[1]["usage"]["tokens"]["output_tokens"] == usage["completion_tokens"]
    assert "".join(one["message"]["content"] for one in lines) == said and lines[-1]["done"] and lines[-1]["references"]
    assert server.post("/api/chat", {**body, "stream": False})[1]["message"]["content"] == said
    assert server.post("/v2/chat", body)[1]["message"]["content"][0]["text"] == said
    text = server.post("/v2/chat", {**body, "stream": True})[1]
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [one["type"] for one in events] == ["message-start", "content-start", "content-delta", "content-end", "message-end"]
    reply = server.post("/v1/responses", {"model": "rag:docs", "input": QUESTION})[1]
    assert reply["output"][0]["content"][0]["text"] == said
    assert reply["usage"]["input_tokens"] == usage["prompt_tokens"] and reply["usage"]["total_tokens"] == usage["total_tokens"]
    text = server.post("/v1/responses", {"model": "rag:docs", "input": QUESTION, "stream": True})[1]
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    assert [one["sequence_number"] for one in events] == list(range(len(events))) and events[0]["type"] == "response.created"
    assert "".join(one["delta"] for one in events if one["type"] == "response.output_text.delta") == said
    assert events[-1]["type"] == "response.completed", events[-1]
    assert events[-1]["response"]["output"] == [{**reply["output"][0], "id": events[-2]["item"]["id"]}], events[-1]


class ChatServer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen = []

    def log_message(self, *_):
        pass

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.seen.append(request["messages"][0]["content"])
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in ["Thirty", " days", " [", "1", "]", " or [", "99]", "."]:
            self.wfile.write(f"data: {json.dumps({'choices': [{'delta': {'content': word}}]})}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")


def test_an_upstream_server_writes_and_its_citations_are_checked():
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), ChatServer)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{upstream.server_port}/v1"
    own = Server("-m", TINY / "bert", "--llm", url, "--llm-model", "any")
    setup(own)
    status, text, _ = answer({"messages": [{"role": "user", "content": QUESTION}], "stream": True}, own)
    chunks = [json.loads(line[6:]) for line in text.split("\n\n") if line.startswith("data: {")]
    said = "".join(one["choices"][0]["delta"].get("content", "") for one in chunks)
    assert said.startswith("Thirty days [1]") and "99" not in said and len(chunks) > 4, said
    assert chunks[-1]["references"][0]["n"] == 1 and QUESTION in ChatServer.seen[-1] and "[1]" in ChatServer.seen[-1]
    upstream.shutdown()
    upstream.server_close()  # the upstream dies: an error, in one piece and within a stream, and the server goes on
    status, reply, _ = answer({"messages": [{"role": "user", "content": QUESTION}]}, own)
    assert status == 503 and reply["error"]["message"], reply
    status, text, _ = answer({"messages": [{"role": "user", "content": QUESTION}], "stream": True}, own)
    assert status == 200 and '"error"' in text and "[DONE]" not in text
    assert own.post("/v1/embeddings", {"input": "a"})[0] == 200 and own.stop() == 0


def test_kill_9_during_upserts_loses_nothing_acknowledged():
    home = tempfile.mkdtemp()
    for round_number in range(3):
        own = Server("-m", TINY / "bert", home=home)
        if round_number == 0:
            assert own.post("/v1/collections", {"name": "kept", "model": MODEL})[0] == 201
        acknowledged = []

        def writer():
            for i in range(10_000):
                name = f"r{round_number}-{i}.txt"
                try:
                    if own.post("/v1/collections/kept/upsert", {"documents": [{"id": name, "text": f"text number {i}"}]})[0] == 200:
                        acknowledged.append(name)
                except OSError:
                    return
                except http.client.HTTPException:
                    return

        thread = threading.Thread(target=writer)
        thread.start()
        while len(acknowledged) < 20:
            pass
        own.kill()
        thread.join()
        again = Server("-m", TINY / "bert", home=home)
        items = again.post("/v1/collections/kept/get", {"ids": acknowledged})
        assert items[0] == 200 and len(items[1]["items"]) == len(acknowledged), items[1]
        assert again.stop() == 0
        out = subprocess.run([PROGRAM, "collections", "check", "kept"], env={"ISOGLOSS_HOME": home, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
        assert out.returncode == 0, out
    shutil.rmtree(home)


def check_bias(words):
    """Two words a list, by hand: s(king) = cos(king, man) - cos(king, woman) and so on."""
    lists = {"targets": [["king", "zzzz"], ["queen"]], "attributes": [["man"], ["woman"]]}
    status, reply, _ = words.post("/v1/bias", lists)
    king, queen = 2 ** -0.5 - 0.5, 3 ** -0.5 - 2 / 6 ** 0.5
    deviation = abs(king - queen) / 2 ** 0.5
    test = reply["tests"][0]
    assert status == 200 and len(reply["tests"]) == 1 and (test["n"], test["of"]) == (4, 5), reply
    assert abs(test["effect"] - (king - queen) / deviation) < 1e-5, reply
    for bad in ({}, {"targets": lists["targets"]}, {**lists, "task": "x"}, {**lists, "targets": [["king"]]}, {**lists, "targets": [["king"], []]},
                {**lists, "attributes": [["man"], [1]]}, {**lists, "attributes": ["man", "woman"]}):
        assert words.post("/v1/bias", bad)[0] == 400, bad
    assert words.post("/v1/bias", {"task": "none"})[0] == 404 and words.post("/v1/bias", {**lists, "model": "none"})[0] == 404
    assert words.post("/v1/bias", {**lists, "targets": [["zzzz"], ["queen"]]})[0] == 422
    folder = words.home / "tasks" / "crowns"
    folder.mkdir(parents=True)
    (folder / "lists.json").write_text(json.dumps({name: {"examples": words} for name, words in zip(
        ("targ1", "targ2", "attr1", "attr2"), lists["targets"] + lists["attributes"])}))
    (folder / "task.toml").write_text('kind = "bias"\nplace = "lists.json"\nsummary = "crowns"\n')
    status, named, _ = words.post("/v1/bias", {"task": "crowns"})
    assert status == 200 and named["tests"][0]["effect"] == test["effect"], named


def test_words_and_attention():
    rows = {"man": (1, 0, 0), "woman": (1, 1, 0), "king": (1, 0, 1), "queen": (1, 1, 1), "stone": (-1, 0.1, 0.2)}
    file = server.home / "words.txt"
    file.write_text("5 3\n" + "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in rows.items()))
    words = Server("-m", file)
    status, reply, _ = words.post("/v1/near", {"words": "king - man + woman", "n": 2})
    assert status == 200 and reply["words"][0]["word"] == "queen" and "king" in reply["excluded"], reply
    assert words.post("/v1/analogy", {"a": "man", "b": "king", "c": "woman", "n": 2})[1]["words"] == reply["words"]
    assert words.post("/v1/near", {"words": "zzzz"})[0] == 404
    check_bias(words)
    assert words.stop() == 0
    status, reply, _ = server.post("/v1/attention", {"model": "bert", "text": "The cat sat.", "layer": 0})
    assert status == 200 and all(abs(sum(row) - 1) < 1e-4 for head in reply["heads"] for row in head)
    n = len(reply["tokens"])
    numbers = f32([x for head in reply["heads"] for row in head for x in row])
    asked = {"model": "bert", "text": "The cat sat.", "layer": 0}
    assert read_npy(server.post("/v1/attention", asked, headers={"Accept": NPY})[1]) == ((len(reply["heads"]), n, n), numbers)
    second = server.post("/v1/attention", {**asked, "head": 1}, headers={"Accept": NPY})[1]
    assert read_npy(second) == ((1, n, n), numbers[n * n:2 * n * n])
    assert server.post("/v1/attention", {"model": "bert", "text": "The cat", "layer": 99})[0] == 400
    assert server.post("/v1/attention", {"model": "bert", "text": "The cat", "layer": 0, "head": 99})[0] == 400
    assert server.post("/v1/attention", {"model": "bert", "text": "The cat", "layer": -1})[0] == 400


status = run_all(dict(globals()))
assert server.stop() == 0
sys.exit(status)
