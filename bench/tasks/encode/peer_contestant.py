# SPDX-License-Identifier: Apache-2.0
"""The engines people encode with: peer_contestant.py ENGINE MODEL FILES THREADS. Commands as ours.

ENGINE: st-f32, st-bf16, ort-f32, ort-int8, ov-f32, ov-bf16, ov-int8, ct2-f32, ct2-int8. FILES: where what they load is
made and kept.
"""
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

engine, model_path, files, threads = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])
os.environ.update(OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), RAYON_NUM_THREADS=str(threads),
                  TOKENIZERS_PARALLELISM="true" if threads > 1 else "false", HF_HUB_OFFLINE="1")

# Libraries print while they load; standard output is for answers.
ANSWERS = os.dup(1)
os.dup2(2, 1)

import numpy as np  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

TOKENIZER = Tokenizer.from_file(str(model_path / "tokenizer.json"))
TOKENIZER.no_padding()
TOKENIZER.enable_truncation(256)
BATCH = 64
texts = []


def ids_of(some):
    return [e.ids for e in TOKENIZER.encode_batch(some)]


def batches(rows):
    """Sorted by length, as these engines want it: padding costs them."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    for begin in range(0, len(order), BATCH):
        yield order[begin:begin + BATCH]


def padded(rows):
    longest = max(len(r) for r in rows)
    ids = np.zeros((len(rows), longest), np.int64)
    mask = np.zeros_like(ids)
    for i, r in enumerate(rows):
        ids[i, :len(r)] = r
        mask[i, :len(r)] = 1
    return ids, mask


def pooled(states, mask):
    m = mask[:, :, None].astype(np.float32)
    mean = (states * m).sum(1) / m.sum(1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def onnx_file():
    path = files / "model.onnx"
    if not path.exists():
        import torch
        from transformers import AutoModel

        class Wrapped(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.model = AutoModel.from_pretrained(model_path, attn_implementation="eager")

            def forward(self, input_ids, attention_mask, token_type_ids):
                return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state

        one = torch.ones(2, 16, dtype=torch.long)
        axes = {name: {0: "batch", 1: "tokens"} for name in ("input_ids", "attention_mask", "token_type_ids", "states")}
        torch.onnx.export(Wrapped().eval(), (one, one, one * 0), str(path), input_names=list(axes)[:3], output_names=["states"],
                          dynamic_axes=axes, opset_version=17, dynamo=False)
    return path


def onnxruntime_session(int8):
    import onnxruntime as ort
    path = files / ("fused-int8.onnx" if int8 else "fused.onnx")
    if not path.exists():
        from onnxruntime.transformers import optimizer
        fused = files / "fused.onnx"
        if not fused.exists():
            optimizer.optimize_model(str(onnx_file()), model_type="bert", num_heads=12, hidden_size=384).save_model_to_file(str(fused))
        if int8:
            from onnxruntime.quantization import QuantType, quantize_dynamic
            quantize_dynamic(str(fused), str(path), weight_type=QuantType.QInt8, per_channel=True,
                             extra_options={"DefaultTensorType": 1})  # what fused operators give: floats
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = {i.name for i in session.get_inputs()}

    def run(rows):
        ids, mask = padded(rows)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return pooled(session.run(None, {k: v for k, v in feed.items() if k in names})[0], mask)
    return run


def openvino_model(kind):
    import openvino as ov
    core = ov.Core()
    if kind == "int8":
        path = files / "openvino-int8.xml"
        if not path.exists():
            import nncf
            calibration = [t for t in (files / "calibration.txt").read_text().split("\n") if t][:128]
            def feed(text):
                ids, mask = padded(ids_of([text]))
                return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            quantized = nncf.quantize(core.read_model(onnx_file()), nncf.Dataset(calibration, feed),
                                      model_type=nncf.ModelType.TRANSFORMER, subset_size=128)
            ov.save_model(quantized, path)
        model = core.read_model(path)
    else:
        model = core.read_model(onnx_file())
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
                                                 "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False,
                                                 "INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32"})
    request = compiled.create_infer_request()

    def run(rows):
        ids, mask = padded(rows)
        states = request.infer({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})[compiled.output(0)]
        return pooled(states, mask)
    return run


def ctranslate2_encoder(kind):
    import ctranslate2
    folder = files / "ct2"
    if not folder.exists():
        ctranslate2.converters.TransformersConverter(str(model_path)).convert(str(folder))
    encoder = ctranslate2.Encoder(str(folder), device="cpu", compute_type="int8" if kind == "int8" else "float32",
                                  intra_threads=threads, inter_threads=1)

    def run(rows):
        states = np.array(encoder.forward_batch([list(r) for r in rows]).last_hidden_state)
        _, mask = padded(rows)
        return pooled(states, mask[:, :states.shape[1]])
    return run


def sentence_transformers_model(kind):
    import torch
    from sentence_transformers import SentenceTransformer
    torch.set_num_threads(threads)
    model = SentenceTransformer(str(model_path), device="cpu",
                                model_kwargs={"dtype": torch.bfloat16 if kind == "bf16" else torch.float32})
    encoder = model[0].auto_model.eval()

    def run(rows):
        ids, mask = padded(rows)
        with torch.inference_mode():
            m = torch.from_numpy(mask)
            states = encoder(input_ids=torch.from_numpy(ids), attention_mask=m, token_type_ids=torch.zeros_like(m)).last_hidden_state
        return pooled(states.float().numpy(), mask)
    return run


name, kind = engine.split("-")
run = {"st": sentence_transformers_model, "ov": openvino_model, "ct2": ctranslate2_encoder,
       "ort": lambda k: onnxruntime_session(k == "int8")}[name](kind)


def encode(rows):
    out = np.empty((len(rows), 384), np.float32)
    for chosen in batches(rows):
        out[chosen] = run([rows[i] for i in chosen])
    return out


def timed(work):
    cpu, begin = time.process_time(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


def load_texts(path):
    texts[:] = [t for t in pathlib.Path(path).read_text(encoding="utf-8").split("\n") if t]
    return {"texts": len(texts), "tokens": sum(len(r) for r in ids_of(texts))}


def vectors(path):
    encode(ids_of(texts)).tofile(path)
    return {}


def from_ids():
    rows = ids_of(texts)
    return timed(lambda: encode(rows))


def query(repeats):
    seconds = []
    whole = timed(lambda: [seconds.append(timed(lambda: encode(ids_of(texts[:1])))["seconds"]) for _ in range(int(repeats))])
    seconds.sort()
    n = len(seconds)
    return {"seconds": whole["seconds"] / n, "cpu": whole["cpu"] / n, "p50": seconds[n // 2], "p99": seconds[n * 99 // 100]}


sys.stdout.flush()
os.dup2(ANSWERS, 1)
harness.serve({"texts": load_texts, "vectors": vectors, "model": from_ids, "text": lambda: timed(lambda: encode(ids_of(texts))),
               "query": query})
