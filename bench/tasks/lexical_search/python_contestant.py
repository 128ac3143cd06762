# SPDX-License-Identifier: Apache-2.0
"""What the Python contestants of the lexical-search bench share. Commands: isogloss_contestant.cpp."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402


def folder_bytes(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def serve(build, search_one):
    """build(texts, folder) -> index; search_one(index, text, k) -> [(id, score)]."""
    state = {}
    folder = sys.argv[1]

    def load(texts, queries):
        state["texts"] = pathlib.Path(texts).read_text(encoding="utf-8").splitlines()
        state["queries"] = pathlib.Path(queries).read_text(encoding="utf-8").splitlines()
        return {}

    def index():
        begin, cpu = time.perf_counter(), time.process_time()
        state["index"] = build(state["texts"], folder)
        return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "bytes": folder_bytes(folder)}

    def search(count, k, out):
        times, found = [], []
        begin, cpu = time.perf_counter(), time.process_time()
        for text in state["queries"][:int(count)]:
            one = time.perf_counter()
            found.append(search_one(state["index"], text, int(k)))
            times.append((time.perf_counter() - one) * 1e3)
        seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
        lines = (" ".join(f"{number}:{score:.9g}" for number, score in hits) for hits in found)
        pathlib.Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return {"seconds": seconds, "cpu": cpu, "ms": times}

    harness.serve({"load": load, "index": index, "search": search})
