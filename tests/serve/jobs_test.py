#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Evaluations as jobs: the figures of the command line, progress as server-sent events, refusals, cancelling, and a stop while
one runs."""
import http.client
import json
import os
import subprocess
import sys
import time

from support import PROGRAM, TINY, Server, run_all

PAIRS = [("a cat", "a dog", 2.5), ("the sea", "a ship at sea", 4), ("one", "two", 1), ("red wine", "white snow", 0.5), ("she sings", "she sang", 4.5)]
TSV = "".join(f"{a}\t{b}\t{score}\n" for a, b, score in PAIRS)
server = Server("-m", TINY / "bert")
tasks = server.home / "tasks" / "mine"
tasks.mkdir(parents=True)
(tasks / "pairs.tsv").write_text(TSV)
(tasks / "task.toml").write_text('kind = "sts"\nplace = "pairs.tsv"\nsummary = "five pairs"\n')


def long_task(lines=60_000):
    return "".join(f"text number {i} of many\n" for i in range(lines))


def ended(of, name, seconds=100):
    limit = time.time() + seconds
    while time.time() < limit:
        status, job, _ = of.ask("GET", "/v1/jobs/" + name)
        assert status == 200, job
        if job["status"] not in ("waiting", "running"):
            return job
        time.sleep(0.02)
    raise AssertionError("the job does not end")


def command_line(task):
    environment = dict(os.environ, ISOGLOSS_HOME=str(server.home), ISOGLOSS_CACHE=str(server.home / "cache"))
    run = subprocess.run([PROGRAM, "eval", "-m", str(TINY / "bert"), "--task", task, "--json"], env=environment, capture_output=True, text=True,
                         check=True, timeout=100)
    return [(row["metric"], row["value"]) for row in map(json.loads, run.stdout.splitlines())]


def test_figures_are_those_of_the_command_line():
    pairs = server.home / "p.tsv"
    pairs.write_text(TSV)
    expected = command_line(f"sts:{pairs}")
    for body in ({"task": "mine"}, {"kind": "sts", "data": TSV, "format": "tsv"}):
        status, job, head = server.post("/v1/eval", {"model": "bert", **body})
        assert status == 202 and head["location"] == "/v1/jobs/" + job["id"], (status, job)
        job = ended(server, job["id"])
        assert job["status"] == "done", job
        assert [(row["metric"], row["value"]) for row in job["result"]["figures"]] == expected
        assert {row["model"] for row in job["result"]["figures"]} == {"bert"}


def test_progress_comes_as_events():
    status, job, _ = server.post("/v1/eval", {"model": "bert", "kind": "robust", "data": long_task(3000), "format": "txt"})
    assert status == 202, job
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=100)
    connection.request("GET", "/v1/jobs/" + job["id"], headers={"Accept": "text/event-stream"})
    reply = connection.getresponse()
    assert reply.getheader("content-type").startswith("text/event-stream")
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in reply.read().decode().split("\n\n") if block.startswith("event")]
    assert events[-1]["event"] == "end" and json.loads(events[-1]["data"])["status"] == "done", events[-1]
    seen = [json.loads(event["data"])["progress"] for event in events]
    assert any(p["phase"] == "embed" and 0 < p["done"] <= p["total"] for p in seen), seen


def test_what_cannot_be_evaluated_is_refused_or_told():
    for body, status, word in (({}, 400, "task"), ({"task": "mine", "kind": "sts", "data": "x"}, 400, "task"), ({"kind": "sts"}, 400, "data"),
                               ({"task": "../mine"}, 404, "mine"), ({"task": "nothing"}, 404, "It has: mine"),
                               ({"kind": "sts", "data": "x", "format": "exe"}, 400, "format")):
        got, reply, _ = server.post("/v1/eval", {"model": "bert", **body})
        assert got == status and word in json.dumps(reply), (body, got, reply)
    assert server.post("/v1/eval", {"model": "nobody", "task": "mine"})[0] == 404
    for kind, data in (("sts", "no pairs here"), ("nonsense", "x"), ("sts", "a\tb\tc\n")):
        status, job, _ = server.post("/v1/eval", {"model": "bert", "kind": kind, "data": data, "format": "tsv"})
        job = ended(server, job["id"])
        assert job["status"] == "failed" and job["error"]["message"], job
    assert server.ask("GET", "/v1/jobs/job-unknown")[0] == 404


def test_a_job_can_be_cancelled_and_the_next_one_runs():
    big = {"model": "bert", "kind": "robust", "data": long_task(), "format": "txt"}
    first = server.post("/v1/eval", big)[1]["id"]
    second = server.post("/v1/eval", {"model": "bert", "task": "mine"})[1]["id"]
    assert server.ask("DELETE", "/v1/jobs/" + first)[0] == 200
    assert ended(server, first)["status"] == "cancelled"
    assert ended(server, second)["status"] == "done"


def test_too_many_jobs_wait_in_line():
    own = Server("-m", TINY / "bert")
    big = {"model": "bert", "kind": "robust", "data": long_task(), "format": "txt"}
    answers = [own.post("/v1/eval", big) for _ in range(20)]
    assert [status for status, _, _ in answers].count(202) == 16, [status for status, _, _ in answers]
    refused = [head for status, _, head in answers if status == 429]
    assert refused and all("retry-after" in head for head in refused)
    begin = time.time()
    assert own.stop() == 0  # with one running and fifteen waiting
    assert time.time() - begin < 30


status = run_all(dict(globals()))
assert server.stop() == 0
sys.exit(status)
