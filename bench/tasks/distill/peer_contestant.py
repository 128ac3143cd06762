# SPDX-License-Identifier: Apache-2.0
"""model2vec with a table: peer_contestant.py FOLDER. Commands as bench_encode's."""
import os
import pathlib
import sys
import time

os.environ.update(TOKENIZERS_PARALLELISM="false", RAYON_NUM_THREADS="1")
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

from model2vec import StaticModel  # noqa: E402

model = StaticModel.from_pretrained(sys.argv[1])
texts = []


def read(path):
    texts[:] = [line for line in pathlib.Path(path).read_text(encoding="utf-8").split("\n") if line]
    return {"texts": len(texts), "tokens": sum(map(len, model.tokenize(texts)))}


def encode():
    return model.encode(texts, max_length=None, use_multiprocessing=False)


def vectors(path):
    encode().astype("float32").tofile(path)
    return {}


def text():
    wall, cpu = time.perf_counter(), time.process_time()
    encode()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


harness.serve({"texts": read, "vectors": vectors, "text": text})
