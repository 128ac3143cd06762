#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What decides whether people's clients work with a server: one test per complaint (rows of the reference's table of issues),
and the rules of each route's owner."""
import json
import re
import sys

from support import NPY, TINY, Server, f32, http_bytes, library_vectors, read_npy, run_all, unpack

LONG = " ".join(["cat"] * 400)  # the tiny encoder reads 48 tokens
server = Server("-m", TINY / "bert", "-m", TINY / "splade", "-m", TINY / "cross_bert", "--alias", "ada=bert")


def embeddings(body, **more):
    return server.post("/v1/embeddings", {"model": "bert", **body}, **more)


# 1: token-id arrays rejected without a word or, worse, 200 with empty data
def test_row_1_token_ids_are_refused_with_the_clients_switch():
    for ids in ([1, 2, 3], [[1, 2, 3], [4]]):
        status, reply, _ = embeddings({"input": ids})
        assert status == 400 and "check_embedding_ctx_length=False" in reply["error"]["message"], reply


def test_row_1_own_token_ids_pass_when_the_server_is_told():
    own = Server("-m", TINY / "bert", "--token-ids", "model")
    status, tokens, _ = own.post("/tokenize", {"inputs": "The cat sat."})
    ids = [one["id"] for one in tokens[0]]
    assert status == 200 and len(ids) > 4
    by_ids = own.post("/v1/embeddings", {"input": [ids, ids]})[1]["data"]
    by_text = own.post("/v1/embeddings", {"input": "The cat sat."})[1]["data"][0]["embedding"]
    assert by_ids[0]["embedding"] == by_ids[1]["embedding"] == by_text
    assert own.post("/v1/embeddings", {"input": [ids[0], 99999999]})[0] == 400
    assert own.stop() == 0


def test_row_1_foreign_token_ids_are_read_by_their_own_tokenizer():
    other = Server("-m", TINY / "bert", "--token-ids", TINY / "bert" / "tokenizer.json")
    tokens = other.post("/tokenize", {"inputs": "The cat sat.", "add_special_tokens": False})[1]
    by_ids = other.post("/v1/embeddings", {"input": [one["id"] for one in tokens[0]]})[1]
    assert len(by_ids["data"]) == 1 and len(by_ids["data"][0]["embedding"]) == 32
    assert other.stop() == 0


# 2: floats decoded as base64: 768 numbers become 192
def test_row_2_base64_is_little_endian_f32_and_float_is_the_default():
    floats = embeddings({"input": "a cat"})[1]["data"][0]["embedding"]
    packed = embeddings({"input": "a cat", "encoding_format": "base64"})[1]["data"][0]["embedding"]
    assert isinstance(floats, list) and isinstance(packed, str) and len(floats) == 32
    assert unpack(packed) == f32(floats)  # written shortest, read back the same


def test_an_array_is_the_same_numbers_for_clients_that_accept_one():
    texts = ["a cat", "the sea", "a cat"]
    rows = [one["embedding"] for one in embeddings({"input": texts})[1]["data"]]
    status, data, _ = embeddings({"input": texts}, headers={"Accept": NPY})
    assert status == 200 and read_npy(data) == ((3, 32), f32([x for row in rows for x in row]))
    assert embeddings({"input": texts, "output_dtype": "int8"}, headers={"Accept": NPY})[0] == 400
    status, reply, head = embeddings({"input": []}, headers={"Accept": NPY})
    assert status == 400 and reply["error"]["message"], reply


def test_an_image_is_no_text_for_a_model_of_text():
    picture = "data:image/png;base64,iVBORw0KGgo="
    for one in (picture, [{"image": picture}], ["a", {"type": "image_url", "image_url": {"url": picture}}]):
        status, reply, _ = embeddings({"input": one})
        assert status == 400 and "the model takes text only" in reply["error"]["message"], reply


def test_paths_and_methods_that_clients_make_up_are_counted_together():
    for i in range(20):
        server.ask(f"M{i}", "/v1/embeddings")
        server.ask("GET", f"/nothing/{i}")
    routes = set(re.findall(r'requests_total\{route="([^"]*)"', server.ask("GET", "/metrics")[1]))
    assert "other" in routes and not [one for one in routes if one.startswith("M") or "nothing" in one], routes


# 3: input cut without a sign
def test_row_3_too_long_text_is_refused_with_index_tokens_and_limit():
    status, reply, _ = embeddings({"input": ["short", LONG]})
    message = reply["error"]["message"]
    assert status == 400 and "Input 1" in message and "48" in message and "402" in message, reply


def test_row_3_what_is_cut_is_told_in_body_header_and_metrics():
    status, reply, head = embeddings({"input": ["short", LONG], "truncate": True})
    assert status == 200 and reply["truncated"] == [1] and head["x-isogloss-truncated"] == "1", (reply.keys(), head)
    status, reply, head = server.post("/api/embed", {"model": "bert", "input": LONG})  # Ollama cuts unless told not to
    assert status == 200 and head["x-isogloss-truncated"] == "0" and reply["truncated"] == [0]
    assert server.post("/api/embed", {"model": "bert", "input": LONG, "truncate": False})[0] == 400
    status, reply, head = server.post("/v2/embed", {"model": "bert", "texts": [LONG], "input_type": "x"})
    assert status == 200 and head["x-isogloss-truncated"] == "0"
    assert server.post("/v2/embed", {"model": "bert", "texts": [LONG], "truncate": "NONE"})[0] == 400
    assert server.post("/embed", {"inputs": LONG})[0] == 413
    status, reply, head = server.post("/embed", {"inputs": LONG, "truncate": True})
    assert status == 200 and head["x-isogloss-truncated"] == "0"
    metrics = server.ask("GET", "/metrics")[1]
    cut = [line for line in metrics.splitlines() if line.startswith("isogloss_truncated_total")]
    assert float(cut[0].split()[1]) >= 4, cut


def test_texts_seen_before_come_from_the_cache_with_the_same_bits():
    fresh = Server("-m", TINY / "bert")
    plain = Server("-m", TINY / "bert", "--embedding-cache", "off")

    def asked(of, *texts):
        status, reply, _ = of.post("/v1/embeddings", {"model": "bert", "input": texts})
        assert status == 200, reply
        return [row["embedding"] for row in reply["data"]], reply["usage"]

    def counted(of, name):
        found = re.search(rf"^isogloss_embedding_cache_{name}_total (\d+)", of.ask("GET", "/metrics")[1], re.MULTILINE)
        return found and int(found.group(1))

    assert asked(fresh, "one", "two", "three") == asked(plain, "one", "two", "three")
    assert (counted(fresh, "hits"), counted(fresh, "misses"), counted(plain, "hits")) == (0, 3, None)
    assert asked(fresh, "four", "two", "one") == asked(plain, "four", "two", "one")
    assert (counted(fresh, "hits"), counted(fresh, "misses")) == (2, 4)


def test_row_3_truncate_error_makes_every_route_refuse():
    strict = Server("-m", TINY / "bert", "--truncate", "error")
    assert strict.post("/api/embed", {"model": "bert", "input": LONG})[0] == 400
    assert strict.post("/v2/embed", {"model": "bert", "texts": [LONG]})[0] == 400
    assert strict.post("/embed", {"inputs": LONG, "truncate": True})[0] == 413
    assert strict.stop() == 0


def test_row_3_start_and_end_are_different_cuts():
    text = "dog " * 100 + "cat " * 100
    end = embeddings({"input": text, "truncate": "end"})[1]["data"][0]["embedding"]
    start = embeddings({"input": text, "truncate": "start"})[1]["data"][0]["embedding"]
    assert start != end


# 4: a limit in characters, and a limit nobody can read
def test_row_4_no_limit_in_characters_and_info_tells_the_window():
    status, reply, _ = server.ask("GET", "/info")
    assert status == 200 and reply["max_input_length"] == 48 and reply["max_client_batch_size"] >= 2048, reply
    assert server.post("/embed", {"inputs": "x" * 200000, "truncate": True})[0] == 200


# 5: 413 on more than 32 inputs
def test_row_5_thousands_of_inputs_in_one_request():
    texts = [f"text number {i}" for i in range(3000)]
    status, reply, _ = embeddings({"input": texts})
    assert status == 200 and len(reply["data"]) == 3000
    alone = embeddings({"input": texts[1234]})[1]["data"][0]["embedding"]
    assert reply["data"][1234]["embedding"] == alone  # same bits in any batch
    assert len(server.post("/embed", {"inputs": texts})[1]) == 3000


# 8: distance, similarity and relevance mixed up
def test_row_8_scores_of_reranking_are_higher_when_better_and_sorted():
    for path, body in (("/v2/rerank", {"documents": ["the cat", "a stone", "cats"]}), ("/rerank", {"texts": ["the cat", "a stone", "cats"]})):
        for model in ("bert", "cross_bert"):
            status, reply, _ = server.post(path, {"model": model, "query": "cat", **body})
            rows = reply if isinstance(reply, list) else reply["results"]
            scores = [row.get("score", row.get("relevance_score")) for row in rows]
            assert status == 200 and len(rows) == 3 and scores == sorted(scores, reverse=True), reply


# 10: dimensions that do not fit
def test_row_10_dimensions_are_never_silently_wrong():
    assert embeddings({"input": "a", "dimensions": 16})[0] == 400
    assert "--allow-truncate-dim" in embeddings({"input": "a", "dimensions": 16})[1]["error"]["message"]
    assert embeddings({"input": "a", "dimensions": 64})[0] == 400
    assert len(embeddings({"input": "a", "dimensions": 32})[1]["data"][0]["embedding"]) == 32
    shown = server.ask("GET", "/v1/models/bert")[1]
    assert shown["embedding"]["dimension"] == 32 and len(shown["embedding"]["space_id"]) == 64


# 18: a cached model that still goes to the network
def test_row_18_serving_opens_no_connection():
    import os
    links = []
    for name in os.listdir(f"/proc/{server.process.pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{server.process.pid}/fd/{name}"))
        except OSError:
            pass
    sockets = {link[8:-1] for link in links if link.startswith("socket:[")}
    remote = []
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}") as lines:
            for line in list(lines)[1:]:
                words = line.split()
                if words[9] in sockets and words[3] == "01" and not words[2].startswith(("0100007F", "0000000000000000FFFF00000100007F")):
                    remote.append(words[2])
    assert not remote, remote


def test_vectors_are_those_of_the_library():
    texts = ["The cat sat on the mat.", "A stone.", "", " x "]
    want = library_vectors(TINY / "bert", texts)
    got = [row for row in server.post("/api/embed", {"model": "bert", "input": texts})[1]["embeddings"]]
    assert got == want


def test_empty_text_and_list_are_refused_where_the_owner_does():
    assert embeddings({"input": ""})[0] == 400 and embeddings({"input": []})[0] == 400 and embeddings({"input": ["a", ""]})[0] == 400
    assert embeddings({})[0] == 400 and embeddings({"input": None})[0] == 400


def test_unknown_fields_and_nulls_are_tolerated():
    assert embeddings({"input": "a", "user": None, "whatever": {"x": [1]}, "output_dtype": None})[0] == 200


def test_unknown_model_is_404_that_lists_the_known_ones():
    status, reply, _ = server.post("/v1/embeddings", {"model": "nope", "input": "a"})
    assert status == 404 and "bert, splade, cross_bert, ada" in reply["error"]["message"], reply


def test_aliases_and_the_latest_of_ollama():
    assert server.post("/v1/embeddings", {"model": "ada", "input": "a"})[1]["model"] == "ada"
    assert server.post("/api/embed", {"model": "bert:latest", "input": "a"})[0] == 200


def test_azure_paths_and_key():
    locked = Server("-m", TINY / "bert", "--api-key", "one", "--api-key", "two")
    path = "/openai/deployments/bert/embeddings?api-version=2024-02-01"
    assert locked.post(path, {"input": "a"})[0] == 401
    assert locked.post(path, {"input": "a"}, headers={"api-key": "two"})[0] == 200
    assert locked.post("/v1/embeddings", {"input": "a"}, headers={"Authorization": "Bearer one"})[0] == 200
    assert locked.post("/v1/embeddings", {"input": "a"}, headers={"Authorization": "Bearer on"})[0] == 401
    assert locked.ask("GET", "/health")[0] == 200 and locked.ask("GET", "/metrics")[0] == 401
    assert locked.ask("GET", "/nothing")[0] == 401
    assert locked.stop() == 0


def test_a_key_may_make_so_many_requests_a_second():
    slow = Server("-m", TINY / "bert", "--api-key", "one", "--api-key", "two", "--key-rate", "2")

    def ask(key):
        return slow.ask("GET", "/v1/models", headers={"api-key": key})

    replies = [ask("one") for _ in range(6)]
    assert [status for status, _, _ in replies][:2] == [200, 200] and 429 in [status for status, _, _ in replies]
    assert int(next(head for status, _, head in replies if status == 429)["retry-after"]) >= 1
    assert ask("two")[0] == 200 and slow.ask("GET", "/health")[0] == 200
    import time
    time.sleep(1.1)
    assert ask("one")[0] == 200 and slow.stop() == 0


def test_errors_have_the_shape_of_their_owner():
    assert set(embeddings({"input": 5})[1]["error"]) == {"message", "type", "param", "code"}
    assert set(server.post("/embed", {"inputs": 5})[1]) == {"error", "error_type"}
    assert set(server.post("/api/embed", {"model": "bert", "input": 5})[1]) == {"error"}
    assert set(server.post("/v2/embed", {"texts": 5})[1]) == {"message"}


def test_embed_is_read_by_its_body():
    assert isinstance(server.post("/embed", {"inputs": "a"})[1], list)
    assert "embeddings" in server.post("/embed", {"texts": ["a"], "model": "bert"})[1]


def test_sparse_models_answer_at_embed_sparse():
    assert embeddings({"model": "splade", "input": "a"})[0] == 422
    status, reply, _ = server.post("/embed_sparse", {"inputs": ["The cat sat."], "model": "splade"})
    assert status == 200 and len(reply) == 1 and {"index", "value"} == set(reply[0][0]), reply
    assert server.post("/embed_sparse", {"inputs": "a"})[0] == 422


def test_tei_token_vectors_tokens_and_similarity():
    rows = server.post("/embed_all", {"inputs": ["The cat sat.", "cat"]})[1]
    assert len(rows) == 2 and len(rows[0]) > len(rows[1]) and len(rows[0][0]) == 32
    tokens = server.post("/tokenize", {"inputs": ["The cat"]})[1][0]
    assert tokens[0]["special"] and tokens[0]["start"] is None
    ids = [one["id"] for one in tokens]
    assert "cat" in server.post("/decode", {"ids": ids})[1][0]
    cosines = server.post("/similarity", {"inputs": {"source_sentence": "a cat", "sentences": ["a cat", "a stone"]}})[1]
    assert abs(cosines[0] - 1) < 1e-5 > cosines[1] - 1
    assert server.post("/", {"inputs": {"source_sentence": "a cat", "sentences": ["a cat"]}})[0] == 200
    assert server.post("/predict", {"inputs": "a"})[0] == 422


def test_models_of_ollama_and_head():
    assert [one["name"] for one in server.ask("GET", "/api/tags")[1]["models"]] == ["bert", "splade", "cross_bert"]
    assert len(server.ask("GET", "/api/ps")[1]["models"]) == 3
    assert server.post("/api/show", {"model": "bert"})[1]["capabilities"] == ["embedding"]
    assert "version" in server.ask("GET", "/api/version")[1]
    assert server.ask("HEAD", "/")[:2] == (200, "")


def test_keep_alive_unloads_and_the_next_request_loads_again():
    import time
    before = server.post("/api/embed", {"model": "splade", "input": "a", "keep_alive": 0})
    assert before[0] == 422  # sparse, but the wish was heard
    for _ in range(40):
        loaded = [one["name"] for one in server.ask("GET", "/api/ps")[1]["models"]]
        if "splade" not in loaded:
            break
        time.sleep(0.1)
    assert "splade" not in loaded and server.post("/embed_sparse", {"inputs": "a", "model": "splade"})[0] == 200


def test_memory_limit_unloads_what_was_used_longest_ago():
    small = Server("-m", TINY / "bert", "-m", TINY / "distilbert", "--model-memory", "150K")
    loaded = [one["name"] for one in small.ask("GET", "/api/ps")[1]["models"]]
    assert loaded == ["distilbert"], loaded
    for name in ("bert", "distilbert", "bert"):
        assert small.post("/v1/embeddings", {"model": name, "input": "a"})[0] == 200
        assert [one["name"] for one in small.ask("GET", "/api/ps")[1]["models"]] == [name]
    assert small.stop() == 0


def test_typed_vectors_of_cohere_voyage_and_jina():
    rows = server.post("/v2/embed", {"texts": ["a cat"], "model": "bert", "embedding_types": ["float", "int8", "uint8", "binary", "ubinary", "base64"]})[1]["embeddings"]
    assert unpack(rows["base64"][0]) == f32(rows["float"][0])
    assert [u - 128 for u in rows["uint8"][0]] == rows["int8"][0] and [u - 128 for u in rows["ubinary"][0]] == rows["binary"][0]
    bits = "".join(f"{byte:08b}" for byte in rows["ubinary"][0])
    assert bits == "".join("1" if x > 0 else "0" for x in rows["float"][0])
    voyage = embeddings({"input": "a cat", "output_dtype": "int8"})[1]["data"][0]["embedding"]
    assert voyage == rows["int8"][0]
    jina = embeddings({"input": [{"text": "a cat"}], "embedding_type": "ubinary", "task": "retrieval.query"})[1]["data"][0]["embedding"]
    assert jina == rows["ubinary"][0]


def test_every_route_of_openapi_is_there_and_checks_its_fields():
    status, table, _ = server.ask("GET", "/openapi.json")
    assert status == 200 and table["openapi"].startswith("3.1")
    for path, methods in table["paths"].items():
        for method in methods:
            asked = path.replace("{", "").replace("}", "")
            status, reply, _ = server.ask(method.upper(), asked, [] if method != "get" else None)
            assert status in (200, 400, 404), (method, path, status, reply)


def test_wrong_method_is_405_with_allow():
    status, _, head = server.ask("GET", "/v1/embeddings")
    assert status == 405 and head["allow"] == "POST"


def test_cors_is_off_unless_told():
    assert "access-control-allow-origin" not in server.ask("GET", "/health", headers={"Origin": "http://a"})[2]
    page = Server("-m", TINY / "bert", "--cors", "http://a")
    assert page.ask("GET", "/health", headers={"Origin": "http://a"})[2]["access-control-allow-origin"] == "http://a"
    assert "access-control-allow-origin" not in page.ask("GET", "/health", headers={"Origin": "http://b"})[2]
    assert page.ask("OPTIONS", "/v1/embeddings", headers={"Origin": "http://a", "Access-Control-Request-Method": "POST"})[0] == 204
    assert page.stop() == 0


def test_request_ids_come_back():
    assert server.ask("GET", "/health", headers={"X-Request-Id": "mine-1"})[2]["x-request-id"] == "mine-1"
    assert server.ask("GET", "/health")[2]["x-request-id"] != server.ask("GET", "/health")[2]["x-request-id"]


def test_pipelined_requests_are_answered_in_order():
    data = b"".join(http_bytes("/v1/embeddings", {"input": f"text {i}"}, extra=f"X-Request-Id: r{i}\r\n") for i in range(20))
    data += http_bytes("/v1/embeddings", {"input": "last"}, extra="Connection: close\r\n")
    out = server.exchange(data)
    assert out.count(b"HTTP/1.1 200 OK") == 21
    ids = [line.split(b": ")[1].strip() for line in out.split(b"\r\n") if line.startswith(b"X-Request-Id: r")]
    assert ids == [f"r{i}".encode() for i in range(20)]


def test_http_1_0_and_expect_continue():
    out = server.exchange(b"POST /v1/embeddings HTTP/1.0\r\nContent-Length: 13\r\n\r\n" + b'{"input":"a"}')
    assert out.startswith(b"HTTP/1.1 200") and b"Connection: close" in out
    body = json.dumps({"input": "a"}).encode()
    out = server.exchange(http_bytes("/v1/embeddings", body, extra="Expect: 100-continue\r\nConnection: close\r\n"))
    assert out.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    chunked = b"POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    out = server.exchange(chunked + b"5\r\n" + body[:5] + b"\r\n" + f"{len(body) - 5:x}\r\n".encode() + body[5:] + b"\r\n0\r\n\r\n")
    assert out.startswith(b"HTTP/1.1 200")


status = run_all(dict(globals()))
assert server.stop() == 0
sys.exit(status)
