#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the GGUF files of this folder.

NAME.gguf for the checkpoints of ../transformers: the same tensors as F32, under the names, keys and changes of llama.cpp's
converters (permuted query and key rows of Llama, 1 + weight of Gemma's norms, turned weights of GPT-2, cut positions of
RoBERTa); their vectors are those of ../transformers/NAME/expected.json. Further

  types.gguf        random blocks of every quantised type, and what gguf-py's dequantize gives for them (NAME.expected)
  bert_mixed.gguf   BERT with a different type for each kind of layer; bert_mixed.json = vectors of the reference with the
                    dequantised weights
  bert_q8_0.gguf    BERT in Q8_0 as a converter writes it
  llama_k.gguf      a Llama 256 wide in Q4_K, Q5_K and Q6_K, random blocks; llama_k.json as above

Reference: gguf 0.19.0, transformers 5.24.0, torch 2.15.0.   Run: make.py [CASE ...]
"""
import json
import math
import pathlib
import sys

import gguf
import numpy as np
import torch
from gguf.constants import GGMLQuantizationType as Q
from safetensors.numpy import load_file
from tokenizers import Tokenizer

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = HERE.parent / "transformers"
NORMAL, UNKNOWN, CONTROL = 1, 2, 3


def config_of(name):
    return json.loads((FOLDERS / name / "config.json").read_text())


def pieces_of(tokenizer):
    return [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]


def add_vocabulary(w, name, rows):
    path = FOLDERS / name / "tokenizer.json"
    t, file = Tokenizer.from_file(str(path)), json.loads(path.read_text())
    settings = json.loads((FOLDERS / name / "tokenizer_config.json").read_text())
    pieces, special = pieces_of(t), {a["content"] for a in file["added_tokens"] if a["special"]}
    types = [CONTROL if p in special else NORMAL for p in pieces]
    kind = file["model"]["type"]
    if kind == "WordPiece":
        w.add_tokenizer_model("bert")
        w.add_token_list([p if p in special else p[2:] if p.startswith("##") else "\u2581" + p for p in pieces])
        w.add_token_types(types)
        w.add_token_type_count(2)
    elif kind == "BPE":
        w.add_tokenizer_model("gpt2")
        w.add_tokenizer_pre("roberta-bpe" if "<mask>" in special else "qwen2" if name == "qwen2" else "gpt-2")
        w.add_token_list(pieces)
        w.add_token_types(types)
        w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in file["model"]["merges"]])
        w.add_add_bos_token("<mask>" in special)
        w.add_add_eos_token(True)
    else:
        types = [UNKNOWN if p == "<unk>" else x for p, x in zip(pieces, types)]
        w.add_tokenizer_model("t5")
        w.add_token_list(pieces)
        w.add_token_scores([s for _, s in file["model"]["vocab"]])
        w.add_token_types(types)
        w.add_add_space_prefix(True)
        w.add_remove_extra_whitespaces(False)
        w.add_add_bos_token(True)
        w.add_add_eos_token(True)
    ids = {p: i for i, p in enumerate(pieces)}
    for key, add in (("bos_token", w.add_bos_token_id), ("eos_token", w.add_eos_token_id), ("unk_token", w.add_unk_token_id),
                     ("sep_token", w.add_sep_token_id), ("pad_token", w.add_pad_token_id), ("mask_token", w.add_mask_token_id)):
        if settings.get(key) in ids:
            add(ids[settings[key]])
    if "cls_token" in settings and "bos_token" not in settings:
        w.add_uint32("tokenizer.ggml.cls_token_id", ids[settings["cls_token"]])


def begin(name, arch, c, path=None):
    w = gguf.GGUFWriter(HERE / (path or name + ".gguf"), arch)
    w.add_name(name)
    w.add_block_count(c.get("num_hidden_layers", c.get("n_layer")))
    w.add_embedding_length(c.get("hidden_size", c.get("n_embd")))
    w.add_feed_forward_length(c.get("intermediate_size") or 4 * c["n_embd"])
    w.add_head_count(c.get("num_attention_heads", c.get("n_head")))
    if "num_key_value_heads" in c:
        w.add_head_count_kv(c["num_key_value_heads"])
    w.add_context_length(c.get("max_position_embeddings", c.get("n_positions")))
    return w


def end(w):
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def permuted(x, heads):
    return np.ascontiguousarray(x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape))


BERT_NAMES = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
              "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm"}


def tensor_names(arch, layers):
    known = gguf.get_tensor_name_map({v: k for k, v in gguf.MODEL_ARCH_NAMES.items()}[arch], layers)

    def name(key):
        base, part = key.rsplit(".", 1)
        for prefix in ("", "model.", "bert.", "transformer."):
            found = known.get_name(prefix + base)
            if found:
                return found + "." + part
        return None
    return name


def write(name, arch, settings, change=lambda key, x: x, types=lambda key, x: Q.F32, path=None):
    """`settings`: further keys; `change`: what the converter does to a tensor; `types`: how it is stored."""
    c = config_of(name)
    w = begin(name, arch, c, path)
    settings(w, c)
    add_vocabulary(w, name, c.get("vocab_size"))
    rename, kept = tensor_names(arch, c.get("num_hidden_layers", c.get("n_layer"))), {}
    for key, x in load_file(FOLDERS / name / "model.safetensors").items():
        to = rename(key)
        if to is None or key.startswith(("pooler", "lm_head", "cls.")):
            continue
        x = np.ascontiguousarray(change(key, x.astype(np.float32)))
        kind = types(to, x) if x.ndim == 2 else Q.F32
        data = x if kind == Q.F32 else gguf.quantize(x, kind)
        w.add_tensor(to, data, raw_dtype=kind)
        kept[key] = x if kind == Q.F32 else gguf.dequantize(data, kind).reshape(x.shape)
    return w, c, kept


def layer_norm(pooling, causal=None):
    def add(w, c):
        w.add_layer_norm_eps(c.get("layer_norm_eps", c.get("norm_eps", c.get("layer_norm_epsilon"))))
        if pooling is not None:
            w.add_pooling_type(pooling)
        if causal is not None:
            w.add_causal_attention(causal)
    return add


def bert():
    end(write("bert", "bert", layer_norm(gguf.PoolingType.MEAN, False))[0])


def bert_q8_0():
    kind = lambda key, x: Q.Q8_0 if x.shape[1] % 32 == 0 and "position" not in key and "types" not in key else Q.F32
    end(write("bert", "bert", layer_norm(gguf.PoolingType.MEAN, False), types=kind, path="bert_q8_0.gguf")[0])


def expected(model, tokenizer, texts, path, pool):
    rows = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        if ids:
            states = model(torch.tensor([ids])).last_hidden_state[0].detach()
            vector = torch.nn.functional.normalize(pool(states), dim=0)
            rows.append({"text": text, "vector": [float("%.8g" % v) for v in vector.numpy()]})
    (HERE / path).write_text(json.dumps(rows, indent=1) + "\n")


TEXTS = ["The cat sat on the mat.", "a dog chased the cat over the hill and far away, then it sat and barked at the moon"]


def bert_mixed():
    import transformers as tf
    kinds = {"token_embd": Q.Q5_0, "attn_q": Q.Q8_0, "attn_k": Q.Q4_0, "attn_v": Q.F16, "attn_output": Q.BF16, "ffn_up": Q.Q4_1,
             "position_embd": Q.Q5_1}
    kind = lambda key, x: kinds.get(key.split(".")[-2], Q.F32)
    w, c, kept = write("bert", "bert", layer_norm(gguf.PoolingType.CLS, False), types=kind, path="bert_mixed.gguf")
    end(w)
    model = tf.BertModel(tf.BertConfig(**c)).eval()
    model.load_state_dict({k: torch.tensor(v) for k, v in kept.items()}, strict=False)
    expected(model, Tokenizer.from_file(str(FOLDERS / "bert/tokenizer.json")), TEXTS, "bert_mixed.json", lambda s: s[0])


def xlm_roberta():
    cut = lambda key, x: x[2:] if "position_embeddings" in key else x
    end(write("xlm_roberta", "bert", layer_norm(gguf.PoolingType.MEAN, False), cut)[0])


def nomic_bert():
    """The library's names become those of Nomic's own files, which is what the converter reads."""
    c = config_of("nomic_bert")
    w = begin("nomic_bert", "nomic-bert", c)
    layer_norm(gguf.PoolingType.MEAN, False)(w, c)
    w.add_rope_freq_base(c["rope_parameters"]["rope_theta"])
    add_vocabulary(w, "nomic_bert", c["vocab_size"])
    rename = tensor_names("nomic-bert", c["num_hidden_layers"])
    for key, x in load_file(FOLDERS / "nomic_bert/model.safetensors").items():
        to = rename(key)
        if to is not None:
            w.add_tensor(to, x)
    end(w)


def modernbert():
    def settings(w, c):
        w.add_layer_norm_eps(c["norm_eps"])
        w.add_pooling_type(gguf.PoolingType.MEAN)
        w.add_sliding_window(c["local_attention"])
        w.add_sliding_window_pattern(c.get("global_attn_every_n_layers") or 3)
        w.add_rope_freq_base(160000.0)
        w.add_rope_freq_base_swa(10000.0)
        w.add_string("modern-bert.hidden_activation", c["hidden_activation"])
    end(write("modernbert", "modern-bert", settings)[0])


def gpt2():
    turn = lambda key, x: x.T if key.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")) else x
    end(write("gpt2", "gpt2", layer_norm(None), turn)[0])


def rms(w, c, pooling=gguf.PoolingType.MEAN):
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    w.add_rope_freq_base(c["rope_parameters"].get("rope_theta", 1e6))
    if "head_dim" in c:
        w.add_key_length(c["head_dim"])
        w.add_value_length(c["head_dim"])
    w.add_pooling_type(pooling)


def permute_llama(c):
    def change(key, x):
        if "q_proj" in key:
            return permuted(x, c["num_attention_heads"])
        return permuted(x, c["num_key_value_heads"]) if "k_proj" in key else x
    return change


def llama():
    c = config_of("llama")
    w, _, _ = write("llama", "llama", rms, permute_llama(c))
    p, divisors = c["rope_parameters"], []
    for i in range(0, c["head_dim"], 2):
        wave = 2 * math.pi * p["rope_theta"] ** (i / c["head_dim"])
        low, high = p["original_max_position_embeddings"] / p["low_freq_factor"], p["original_max_position_embeddings"] / p["high_freq_factor"]
        smooth = (p["original_max_position_embeddings"] / wave - p["low_freq_factor"]) / (p["high_freq_factor"] - p["low_freq_factor"])
        divisors.append(1 if wave < high else p["factor"] if wave > low else 1 / ((1 - smooth) / p["factor"] + smooth))
    w.add_tensor("rope_freqs.weight", np.array(divisors, dtype=np.float32))
    end(w)


def qwen2():
    end(write("qwen2", "qwen2", lambda w, c: rms(w, c, gguf.PoolingType.LAST))[0])


def qwen3():
    end(write("qwen3", "qwen3", lambda w, c: rms(w, c, gguf.PoolingType.LAST))[0])


def gemma3():
    def settings(w, c):
        rms(w, c)
        w.add_rope_freq_base_swa(1e4)
        w.add_sliding_window(c["sliding_window"])
        w.add_sliding_window_pattern([t == "sliding_attention" for t in c["layer_types"]])
    plus_one = lambda key, x: x + 1 if key.endswith("norm.weight") else x
    w, _, _ = write("gemma3", "gemma-embedding", settings, plus_one)
    for module in ("2", "3"):
        w.add_tensor(f"dense_{module}.weight", load_file(FOLDERS / f"gemma3/{module}_Dense/model.safetensors")["linear.weight"])
    end(w)


def random_blocks(shape, kind, generator):
    """Random bytes with scales that make weights of about 0.05."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    x = generator.integers(0, 256, (shape[0] * shape[1] // block, size), dtype=np.uint8)
    half = lambda v: np.frombuffer(np.float16(v).tobytes(), dtype=np.uint8)
    if kind in (Q.Q4_K, Q.Q5_K):
        steps = 7.5 if kind == Q.Q4_K else 15.5
        x[:, 4:8] = x[:, 8:12] = 32 | (x[:, 4:8] & 1)                  # scales and minima of about 32
        x[:, 12:16] = 0                                               # and of 32 in the last four runs
        x[:, 4:12] |= 128
        x[:, 0:2], x[:, 2:4] = half(0.05 / steps / 32), half(0.05 / 32)
    elif kind == Q.Q6_K:
        x[:, 208:210] = half(0.05 / 32 / 64)
    elif kind in (Q.Q8_0, Q.Q4_0, Q.Q5_0):
        x[:, 0:2] = half(0.01)
    else:
        x[:, 0:2], x[:, 2:4] = half(0.01), half(-0.05)
    return x.reshape(shape[0], -1)


def types():
    generator = np.random.default_rng(3)
    w = gguf.GGUFWriter(HERE / "types.gguf", "types")
    for kind in (Q.F32, Q.F16, Q.BF16, Q.Q4_0, Q.Q4_1, Q.Q5_0, Q.Q5_1, Q.Q8_0, Q.Q4_K, Q.Q5_K, Q.Q6_K):
        if kind in (Q.F32, Q.F16, Q.BF16):
            data = gguf.quantize(generator.standard_normal((2, 256), dtype=np.float32), kind)
        else:
            data = generator.integers(0, 256, (4 * 256 // gguf.GGML_QUANT_SIZES[kind][0], gguf.GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)
            scales = {Q.Q6_K: (208,), Q.Q8_0: (0,), Q.Q4_0: (0,), Q.Q5_0: (0,)}.get(kind, (0, 2))
            for at in scales:
                data[:, at + 1] = data[:, at + 1] & 0xBF | 0x20  # no NaN, no infinity
            data = data.reshape(4, -1)
        w.add_tensor(kind.name, data, raw_dtype=kind)
        w.add_tensor(kind.name + ".expected", np.ascontiguousarray(gguf.dequantize(data, kind), dtype=np.float32))
    end(w)


def llama_k():
    import transformers as tf
    generator = np.random.default_rng(4)
    c = dict(vocab_size=300, hidden_size=256, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=1, head_dim=64,
             intermediate_size=256, max_position_embeddings=64, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0})
    w = begin("llama_k", "llama", c)
    rms(w, c)
    add_vocabulary(w, "llama", 300)
    model = tf.LlamaModel(tf.LlamaConfig(**c)).eval()
    kinds = {"embed_tokens": Q.Q6_K, "v_proj": Q.Q6_K, "down_proj": Q.Q5_K}
    rename, state = tensor_names("llama", 1), {}
    for key, x in model.state_dict().items():
        if x.ndim == 1:
            state[key] = torch.tensor(1 + 0.1 * generator.standard_normal(x.shape, dtype=np.float32))
            w.add_tensor(rename(key), state[key].numpy())
            continue
        kind = kinds.get(key.split(".")[-2], Q.Q4_K)
        data = random_blocks(x.shape, kind, generator)
        w.add_tensor(rename(key), data, raw_dtype=kind)
        values = gguf.dequantize(data, kind)
        for part, heads in (("q_proj", 4), ("k_proj", 1)):
            if part in key:  # the file has permuted rows
                values = values.reshape(heads, values.shape[0] // heads // 2, 2, 256).swapaxes(1, 2).reshape(values.shape)
        state[key] = torch.tensor(values)
    end(w)
    model.load_state_dict(state)
    expected(model, Tokenizer.from_file(str(FOLDERS / "llama/tokenizer.json")), TEXTS, "llama_k.json", lambda s: s.mean(0))


CASES = [types, bert, bert_q8_0, bert_mixed, xlm_roberta, nomic_bert, modernbert, gpt2, llama, llama_k, qwen2, qwen3, gemma3]

if __name__ == "__main__":
    for case in CASES:
        if len(sys.argv) < 2 or case.__name__ in sys.argv[1:]:
            case()
            print("made", case.__name__)
