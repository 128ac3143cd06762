#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM under load: every request the server took is answered whole, then it exits with 0. Socket activation and the message
to systemd; limits that answer 429; the access log."""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

from support import PROGRAM, TINY, Server, http_bytes, run_all


def test_sigterm_answers_what_was_accepted():
    server = Server("-m", TINY / "bert")
    stop = threading.Event()
    done, broken = [0], []

    def client():
        data = http_bytes("/v1/embeddings", {"input": ["a text of some length"] * 20})
        while not stop.is_set():
            try:
                peer = server.open()
            except OSError:
                return  # nobody listens any more
            with peer:
                closing = False
                while not closing:
                    try:
                        peer.sendall(data)
                        reply = b""
                        while b"\r\n\r\n" not in reply:
                            piece = peer.recv(65536)
                            if not piece:
                                raise OSError("closed")
                            reply += piece
                        head, body = reply.split(b"\r\n\r\n", 1)
                        length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
                        while len(body) < length:
                            piece = peer.recv(65536)
                            if not piece:
                                raise OSError("cut short")
                            body += piece
                    except OSError as error:
                        broken.append(str(error))
                        return
                    if not head.startswith(b"HTTP/1.1 200") or len(json.loads(body)["data"]) != 20:
                        broken.append(head[:100])
                    done[0] += 1
                    closing = b"Connection: close" in head

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    status = server.stop()
    stop.set()
    for thread in threads:
        thread.join()
    assert status == 0 and not broken and done[0] > 50, (status, broken[:3], done)


def test_an_idle_server_stops_at_once():
    server = Server("-m", TINY / "bert")
    with server.open():
        begun = time.time()
        assert server.stop() == 0 and time.time() - begun < 5


def test_a_lost_client_cancels_its_request():
    server = Server("-m", TINY / "bert")
    with server.open() as peer:
        peer.sendall(http_bytes("/v1/embeddings", {"input": ["a text that is as long as the window lets it be " * 3] * 60000, "truncate": True}))
        time.sleep(0.3)
    deadline = time.time() + 30
    while time.time() < deadline:
        metrics = server.ask("GET", "/metrics")[1]
        if 'status="499"} 1' in metrics:
            break
        time.sleep(0.05)
    assert 'status="499"} 1' in metrics and "isogloss_queue_tokens 0" in metrics
    assert server.stop() == 0


def test_a_full_queue_and_too_many_requests_are_429_with_retry_after():
    server = Server("-m", TINY / "bert", "--max-queue", "20000", "--max-requests", "2")
    seen = []

    def bulk():
        seen.append(server.post("/v1/embeddings", {"input": ["one two three four five six seven eight"] * 20000})[::2])

    threads = [threading.Thread(target=bulk) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(status for status, _ in seen)
    assert codes[0] == 200 and codes[-1] == 429 and set(codes) == {200, 429}, codes
    assert all(int(head["retry-after"]) >= 1 for status, head in seen if status == 429)
    assert server.post("/v1/embeddings", {"input": "a"})[0] == 200
    assert server.stop() == 0


def test_announced_bodies_take_no_room_before_they_come():
    server = Server("-m", TINY / "bert")
    held = [server.open() for _ in range(60)]
    for number, peer in enumerate(held):
        peer.sendall(b"POST /embed HTTP/1.1\r\nContent-Length: 60000000\r\n\r\n{" if number % 2 else
                     b"POST /embed HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n")
    assert server.post("/v1/embeddings", {"input": "a"})[0] == 200
    for peer in held:
        peer.close()
    assert server.post("/v1/embeddings", {"input": "a"})[0] == 200 and server.stop() == 0


def test_too_many_connections_are_told_so():
    server = Server("-m", TINY / "bert", "--max-client-connections", "3")
    held = [server.open() for _ in range(3)]
    assert server.exchange(b"").startswith(b"HTTP/1.1 429")
    for one in held:
        one.close()
    for _ in range(50):
        if server.exchange(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200"):
            break
        time.sleep(0.05)
    assert server.exchange(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert server.stop() == 0


def test_a_query_does_not_wait_for_a_bulk_request():
    server = Server("-m", TINY / "bert")
    finished = []

    def bulk():
        server.post("/v1/embeddings", {"input": ["a text that is as long as the window lets it be " * 2] * 20000, "truncate": True})
        finished.append("bulk")

    thread = threading.Thread(target=bulk)
    thread.start()
    time.sleep(0.3)
    for _ in range(5):
        assert server.post("/v1/embeddings", {"input": "a"})[0] == 200
        finished.append("query")
    thread.join()
    assert finished[:5] == ["query"] * 5 and server.stop() == 0, finished


def test_access_log_has_a_line_of_json_a_request():
    server = Server("-m", TINY / "bert", "--access-log", "log.jsonl", "--api-key", "secret-key")
    server.post("/v1/embeddings?x=1", {"input": "a"}, headers={"X-Request-Id": "id-1", "Authorization": "Bearer secret-key"})
    server.exchange(b"nonsense\r\n\r\n")
    assert server.stop() == 0
    text = (server.home / "log.jsonl").read_text()
    lines = sorted(map(json.loads, text.splitlines()), key=lambda line: line["status"])  # the line comes after the answer
    assert lines[0]["id"] == "id-1" and lines[0]["status"] == 200 and lines[0]["path"] == "/v1/embeddings" and lines[0]["ms"] > 0
    assert lines[1]["status"] == 400 and "secret-key" not in text


def test_a_public_address_without_key_is_refused():
    out = subprocess.run([PROGRAM, "serve", "-m", str(TINY / "bert"), "--host", "0.0.0.0", "--port", "0"], capture_output=True, text=True)
    assert out.returncode == 2 and "--allow-public" in out.stderr, out
    out = subprocess.run([PROGRAM, "serve", "-m", str(TINY / "bert"), "--host", "no.such", "--port", "0"], capture_output=True, text=True)
    assert out.returncode == 2, out


def test_a_port_in_use_is_told():
    server = Server("-m", TINY / "bert")
    out = subprocess.run([PROGRAM, "serve", "-m", str(TINY / "bert"), "--port", str(server.port)], capture_output=True, text=True)
    assert out.returncode == 1 and "--port 0" in out.stderr, out
    assert server.stop() == 0


def test_https_with_a_certificate_of_ones_own():
    import http.client
    import ssl
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                               "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key", "-out", folder + "/cert"],
                              capture_output=True)
        assert made.returncode == 0, made
        server = Server("-m", TINY / "bert", "--tls-cert", folder + "/cert", "--tls-key", folder + "/key", "--header-time", "1")
        trust = ssl.create_default_context(cafile=folder + "/cert")
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=trust, timeout=20)
        for n in (1, 3000):
            connection.request("POST", "/v1/embeddings", json.dumps({"input": ["a cat"] * n}))
            reply = connection.getresponse()
            assert reply.status == 200 and len(json.loads(reply.read())["data"]) == n
        connection.close()
        assert server.exchange(b"GET /health HTTP/1.1\r\n\r\n").count(b"HTTP/1.1") == 0  # no answer in the clear
        with server.open() as silent:  # no handshake: closed in time
            silent.settimeout(10)
            assert silent.recv(100) == b""
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode, old.maximum_version = False, ssl.CERT_NONE, ssl.TLSVersion.TLSv1_1
        try:
            with socket.create_connection(("127.0.0.1", server.port)) as plain, old.wrap_socket(plain):
                raise AssertionError("TLS 1.1 was taken")
        except (ssl.SSLError, OSError):
            pass
        assert server.stop() == 0
        out = subprocess.run([PROGRAM, "serve", "-m", str(TINY / "bert"), "--tls-cert", folder + "/key", "--tls-key", folder + "/key", "--port", "0"],
                             capture_output=True, text=True)
        assert out.returncode == 2 and "no certificate in PEM form" in out.stderr, out


def test_systemd_hands_down_a_socket_and_hears_ready():
    with tempfile.TemporaryDirectory() as folder:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        channel.bind(folder + "/notify")
        channel.settimeout(20)
        shell = f"LISTEN_PID=$$ exec {PROGRAM} serve -m {TINY / 'bert'} --port 1"
        process = subprocess.Popen(["bash", "-c", f"exec 3<&{listener.fileno()}; {shell}"], pass_fds=[listener.fileno()],
                                   env=dict(os.environ, LISTEN_FDS="1", NOTIFY_SOCKET=folder + "/notify", ISOGLOSS_HOME=folder),
                                   stdout=subprocess.DEVNULL)
        try:
            assert channel.recv(100) == b"READY=1"
            with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
                peer.sendall(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n")
                assert peer.recv(100).startswith(b"HTTP/1.1 200")
        finally:
            process.terminate()
            assert process.wait(timeout=20) == 0
            listener.close()


sys.exit(run_all(dict(globals())))
