#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tiny static tables as others keep them, and the vectors that these libraries give for them.

Reference: model2vec 0.10.0, sentence-transformers 6.2.0, tokenizers 0.23. Every case is a folder and its expected.json:
[{"text", "vector"}].

Run: make.py
"""
import json
import pathlib
import shutil

import numpy as np
from model2vec import StaticModel
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ["The cat sat on the mat.", "", "Ünïcode, 東京 and 3.14!", "zzz", "a dog chased the cat over the hill and far away"]
DIM = 20


def tokenizer():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(TEXTS[:3] + TEXTS[4:], trainers.WordPieceTrainer(
        vocab_size=90, special_tokens=["[PAD]", "[UNK]"], show_progress=False))
    return t


def write(name, encode):
    rows = [{"text": text, "vector": [float(x) for x in encode(text)]} for text in TEXTS]
    (HERE / name / "expected.json").write_text(json.dumps(rows, ensure_ascii=False) + "\n")
    for extra in HERE.joinpath(name).rglob("README.md"):
        extra.unlink()


def main():
    random = np.random.default_rng(11)
    t = tokenizer()
    pieces = t.get_vocab_size()
    table = random.normal(size=(pieces, DIM)).astype(np.float32)
    weights = random.uniform(0.1, 1, size=pieces)
    for folder in HERE.iterdir():
        if folder.is_dir():
            shutil.rmtree(folder)

    def model2vec(name, vectors, **more):
        model = StaticModel(vectors, t, config={"model_type": "model2vec", "architectures": ["StaticModel"]}, **more)
        model.save_pretrained(HERE / name)
        opened = StaticModel.from_pretrained(HERE / name)
        write(name, opened.encode)

    model2vec("model2vec_f32", table, normalize=True)
    model2vec("model2vec_f16_mean", table.astype(np.float16), normalize=False)
    model2vec("model2vec_f64", table.astype(np.float64), normalize=True)
    model2vec("model2vec_int8_weights", np.rint(table * 30).clip(-127, 127).astype(np.int8), normalize=True, weights=weights)
    mapping = random.integers(0, 12, size=pieces)
    model2vec("model2vec_mapping", table[:12], normalize=True, weights=weights, token_mapping=mapping)
    for name, modules in {"sentence_transformers": [Normalize()], "sentence_transformers_mean": []}.items():
        model = SentenceTransformer(modules=[StaticEmbedding(t, embedding_weights=table), *modules], device="cpu")
        model.save(str(HERE / name))
        opened = SentenceTransformer(str(HERE / name), device="cpu")
        write(name, opened.encode)


if __name__ == "__main__":
    main()
