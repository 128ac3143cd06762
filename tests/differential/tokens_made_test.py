#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers that no published file of the test data has, made here and compared like those of tokens_test.py.

    tokens_made_test.py TOKENS_DRIVER [--full] [--only NAME]

SentencePiece: word and character models, byte fallback, symbols of the user, pieces marked unused.
"""
import argparse
import io
import pathlib
import random
import sys
import tempfile

from tokens_test import SentencePiece, compare, corpus_lines, find_data, random_texts

import sentencepiece
from sentencepiece import sentencepiece_model_pb2


# ---- SentencePiece models, trained on a little text

def train(lines, **options):
    model = io.BytesIO()
    settings = dict(vocab_size=2000, hard_vocab_limit=False, num_threads=1, minloglevel=2, max_sentence_length=20_000)
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, **(settings | options))
    return model.getvalue()


def with_unused(model, share):
    """Marks some of the pieces that merges make as unused."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    rng = random.Random(7)
    for piece in proto.pieces:
        if piece.type == piece.NORMAL and rng.random() < share:
            piece.type = piece.UNUSED
    return proto.SerializeToString()


def sentencepiece_models(lines):
    users = dict(user_defined_symbols=["<user>", "foo", "foobar", "\u2581x", "123"])
    for kind in ("word", "char", "bpe", "unigram"):
        yield f"sp_{kind}", lambda kind=kind: train(lines, model_type=kind)
        yield f"sp_{kind}_users", lambda kind=kind: train(lines, model_type=kind, **users)
        yield f"sp_{kind}_bytes", lambda kind=kind: train(lines, model_type=kind, byte_fallback=True, character_coverage=0.98)
        plain = dict(add_dummy_prefix=False, remove_extra_whitespaces=False, normalization_rule_name="identity")
        yield f"sp_{kind}_plain", lambda kind=kind: train(lines, model_type=kind, **plain)
    for kind in ("bpe", "unigram", "word", "char"):
        yield f"sp_{kind}_unused", lambda kind=kind: with_unused(train(lines, model_type=kind), 0.3)
    yield "sp_bpe_unused_bytes", lambda: with_unused(train(lines, model_type="bpe", byte_fallback=True), 0.5)


def contestants(lines):
    for name, make in sentencepiece_models(lines):
        def prepared(folder, make=make, name=name):
            file = folder / f"{name}.model"
            file.write_bytes(make())
            return SentencePiece(file)
        yield name, prepared


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=3)
    arguments = parser.parse_args()
    corpora = list(corpus_lines(find_data(), arguments.full))
    lines = [line for _, texts in corpora for line in texts[:: max(1, len(texts) // 600)] if line.strip()]
    corpora.append(("random", random_texts(50_000 if arguments.full else 2_000)))
    corpora.append(("made", ["<s>", "</s> x", "foo foobar<user>foofoo", "\u2581x x123 1234", "", " ", "a" * 300, "\u4e2d\u0301" * 40]))
    failed = False
    for name, make in contestants(lines):
        if arguments.only and arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            reference = make(pathlib.Path(folder))
            for corpus, texts in corpora:
                wrong, known = compare(arguments.driver, reference, texts, pathlib.Path(folder), arguments.show)
                total = sum(wrong.values())
                failed = failed or total > 0
                print(f"{name:24} {corpus:16} {len(texts):7} texts  {'equal' if total == 0 else wrong}"
                      f"{f', {known} known differences' if known else ''}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
