#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the checkpoint of llama2.c's stories260K into a Hugging Face folder, and into a GGUF file, with nothing but the
standard library: make_folder.py CHECKPOINT_FOLDER TARGET

  checkpoint_v1.bin   256 bytes of header (magic, version, 7 numbers, shared classifier), then f32: the norms of all layers,
                      the table, wq, wk, wv, wo, w1, w2, w3 of all layers
  tokenizer.bin       the longest piece, then (score, bytes, piece) by id; blanks stand for U+2581

llama2.c turns neighbouring pairs of a head, as GGUF files do; Hugging Face's code turns halves, so that rows of wq and wk
change places for TARGET/model.safetensors and stay where they are for TARGET/gguf/stories260k.gguf.
"""
import json
import pathlib
import struct
import sys

CONTROL, UNKNOWN, NORMAL, BYTE = 3, 2, 1, 6


def read_checkpoint(path):
    data = path.read_bytes()
    magic, version, dim, inner, layers, heads, kv_heads, vocabulary, positions, shared = struct.unpack_from("<IiiiiiiiiB", data)
    if magic != 0x616B3432 or version != 1 or shared != 1:
        sys.exit(f"{path}: not a checkpoint of version 1 with a shared classifier")
    sizes = dict(dim=dim, inner=inner, layers=layers, heads=heads, kv_heads=kv_heads, vocabulary=vocabulary, positions=positions)
    at, tensors, head = 256, {}, dim // heads

    def take(name, *shape):
        nonlocal at
        count = 1
        for extent in shape:
            count *= extent
        tensors[name] = (shape, data[at: at + 4 * count])
        at += 4 * count
    for kind in ("attention_norm", "ffn_norm"):
        for i in range(layers):
            take(f"{kind}.{i}", dim)
    take("norm", dim)
    take("table", vocabulary, dim)
    for kind, rows, columns in (("wq", dim, dim), ("wk", kv_heads * head, dim), ("wv", kv_heads * head, dim), ("wo", dim, dim),
                                ("w1", inner, dim), ("w2", dim, inner), ("w3", inner, dim)):
        for i in range(layers):
            take(f"{kind}.{i}", rows, columns)
    if at != len(data):
        sys.exit(f"{path}: {len(data)} bytes, {at} were expected")
    return sizes, tensors


def read_tokenizer(path, vocabulary):
    data, at, pieces = path.read_bytes(), 4, []
    for i in range(vocabulary):
        score, size = struct.unpack_from("<fi", data, at)
        text = data[at + 8: at + 8 + size].decode("utf-8")
        at += 8 + size
        text = {0: "<unk>", 1: "<s>", 2: "</s>"}.get(i, text.replace(" ", "\u2581"))
        pieces.append((text, score))
    return pieces


# Rows 0, 1, 2, 3 ... of every head (pairs side by side) to 0, 2, ... 1, 3, ...
def halves(shape, data, heads):
    rows, width = shape[0] // heads, 4 * shape[1]
    order = [h * rows + r for h in range(heads) for r in list(range(0, rows, 2)) + list(range(1, rows, 2))]
    return shape, b"".join(data[r * width: (r + 1) * width] for r in order)


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values()))


HUGGING_FACE = {"attention_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "wq": "self_attn.q_proj",
                "wk": "self_attn.k_proj", "wv": "self_attn.v_proj", "wo": "self_attn.o_proj", "w1": "mlp.gate_proj",
                "w2": "mlp.down_proj", "w3": "mlp.up_proj"}
GGUF = {"attention_norm": "attn_norm", "ffn_norm": "ffn_norm", "wq": "attn_q", "wk": "attn_k", "wv": "attn_v", "wo": "attn_output",
        "w1": "ffn_gate", "w2": "ffn_down", "w3": "ffn_up"}


def named(tensors, names, table, norm, layer):
    out = {}
    for name, value in tensors.items():
        kind, _, number = name.partition(".")
        out[{"table": table, "norm": norm}.get(kind) or layer.format(number, names[kind])] = value
    return out


def write_folder(target, sizes, tensors, pieces):
    s = sizes
    config = {"architectures": ["LlamaModel"], "model_type": "llama", "hidden_size": s["dim"], "intermediate_size": s["inner"],
              "num_hidden_layers": s["layers"], "num_attention_heads": s["heads"], "num_key_value_heads": s["kv_heads"],
              "vocab_size": s["vocabulary"], "max_position_embeddings": s["positions"], "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
              "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": True, "dtype": "float32"}
    (target / "config.json").write_text(json.dumps(config, indent=1))
    turned = dict(tensors)
    for i in range(s["layers"]):
        turned[f"wq.{i}"] = halves(*tensors[f"wq.{i}"], s["heads"])
        turned[f"wk.{i}"] = halves(*tensors[f"wk.{i}"], s["kv_heads"])
    write_safetensors(target / "model.safetensors", named(turned, HUGGING_FACE, "model.embed_tokens.weight", "model.norm.weight",
                                                          "model.layers.{}.{}.weight"))
    ids, merges = {text: i for i, (text, _) in enumerate(pieces)}, []
    for text, score in pieces:  # every way to make a piece of two others, the best pieces first
        pairs = [(text[:k], text[k:]) for k in range(1, len(text)) if text[:k] in ids and text[k:] in ids]
        merges += [(score, pair) for pair in sorted(pairs, key=lambda p: (ids[p[0]], ids[p[1]]))]
    merges.sort(key=lambda m: (-m[0], -len(m[1][0]), -len(m[1][1])))
    special = [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
               for i, (t, _) in enumerate(pieces[:3])]
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"},
                                                           {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
        "pre_tokenizer": None,
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                                    {"SpecialToken": {"id": "<s>", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
        "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
                                                     {"type": "ByteFallback"}, {"type": "Fuse"},
                                                     {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": True, "byte_fallback": True, "ignore_merges": False, "vocab": ids,
                  "merges": [list(pair) for _, pair in merges]}}
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False))
    (target / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>",
                                                              "eos_token": "</s>", "unk_token": "<unk>", "model_max_length": s["positions"]}))


def write_gguf(path, sizes, tensors, pieces):
    text = lambda t: struct.pack("<Q", len(t.encode())) + t.encode()
    keys = []

    def key(name, kind, value):
        keys.append(text(name) + struct.pack("<I", kind) + value)

    def items(name, kind, values, pack):
        key(name, 9, struct.pack("<IQ", kind, len(values)) + b"".join(map(pack, values)))
    key("general.architecture", 8, text("llama"))
    key("general.name", 8, text("stories260k"))
    for name, value in (("context_length", "positions"), ("embedding_length", "dim"), ("block_count", "layers"),
                        ("feed_forward_length", "inner"), ("attention.head_count", "heads"), ("attention.head_count_kv", "kv_heads")):
        key("llama." + name, 4, struct.pack("<I", sizes[value]))
    key("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5))
    key("llama.rope.freq_base", 6, struct.pack("<f", 10000))
    key("tokenizer.ggml.model", 8, text("llama"))
    items("tokenizer.ggml.tokens", 8, [t for t, _ in pieces], text)
    items("tokenizer.ggml.scores", 6, [s for _, s in pieces], lambda s: struct.pack("<f", s))
    types = [UNKNOWN, CONTROL, CONTROL] + [BYTE if t.startswith("<0x") else NORMAL for t, _ in pieces[3:]]
    items("tokenizer.ggml.token_type", 5, types, lambda t: struct.pack("<i", t))
    for name, number in (("bos", 1), ("eos", 2), ("unknown", 0)):
        key(f"tokenizer.ggml.{name}_token_id", 4, struct.pack("<I", number))
    directory, data = b"", b""
    for name, (shape, content) in named(tensors, GGUF, "token_embd.weight", "output_norm.weight", "blk.{}.{}.weight").items():
        data += bytes(-len(data) % 32)
        directory += text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in reversed(shape))
        directory += struct.pack("<IQ", 0, len(data))
        data += content
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + directory
    path.write_bytes(head + bytes(-len(head) % 32) + data)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.byteorder != "little":
        sys.exit(__doc__)
    source, target = map(pathlib.Path, sys.argv[1:])
    sizes, tensors = read_checkpoint(source / "checkpoint_v1.bin")
    pieces = read_tokenizer(source / "tokenizer.bin", sizes["vocabulary"])
    (target / "gguf").mkdir(parents=True, exist_ok=True)
    write_folder(target, sizes, tensors, pieces)
    write_gguf(target / "gguf" / "stories260k.gguf", sizes, tensors, pieces)
