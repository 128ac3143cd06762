# SPDX-License-Identifier: Apache-2.0
"""The libraries people tokenize with: peer_contestant.py LIBRARY TOKENIZER TEXTS THREADS. Commands as ours."""
import base64
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import harness  # noqa: E402

library, path, texts_path, threads = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
os.environ["RAYON_NUM_THREADS"] = str(threads)
TEXTS = pathlib.Path(texts_path).read_text(encoding="utf-8").split("\n")[:-1]


def hugging_face():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    if path.suffix == ".txt":
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        vocabulary = {line.rstrip(): number for number, line in enumerate(lines)}
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[unk]" if "[unk]" in vocabulary else "[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    elif path.is_dir():
        tokenizer = Tokenizer(models.BPE.from_file(str(path / "encoder.json"), str(path / "vocab.bpe")))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]


def blingfire():
    import blingfire as library_
    model = library_.load_model(str(pathlib.Path(library_.__file__).parent / "bert_base_tok.bin"))
    return lambda texts: [library_.text_to_ids(model, text, len(text) + 1, 100, no_padding=True).tolist() for text in texts]


def sentencepiece():
    from sentencepiece import SentencePieceProcessor
    model = SentencePieceProcessor(model_file=str(path))
    return lambda texts: model.encode(texts, num_threads=threads)


def tiktoken():
    import tiktoken as library_
    from tiktoken_ext import openai_public
    ranks = {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in path.read_bytes().splitlines())}
    pattern = openai_public.r50k_pat_str
    if len(ranks) > 100_000:
        pattern = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|"
                   r"\s*[\r\n]|\s+(?!\S)|\s")
    encoding = library_.Encoding(path.stem, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    if threads > 1:
        return lambda texts: encoding.encode_ordinary_batch(texts, num_threads=threads)
    return lambda texts: [encoding.encode_ordinary(text) for text in texts]


ENCODE = {"tokenizers": hugging_face, "blingfire": blingfire, "sentencepiece": sentencepiece, "tiktoken": tiktoken}[library]()


def timed(work, divide=1):
    cpu, begin = time.process_time(), time.perf_counter()
    result = work()
    return result, {"seconds": (time.perf_counter() - begin) / divide, "cpu": (time.process_time() - cpu) / divide}


def batch():
    found, times = timed(lambda: ENCODE(TEXTS))
    return dict(times, tokens=sum(len(ids) for ids in found))


def query(repeats):
    words = TEXTS[0].split(" ")
    count = next((n for n in range(1, len(words)) if len(ENCODE([" ".join(words[:n])])[0]) >= 16), len(words))
    one = [" ".join(words[:count])]
    _, times = timed(lambda: [ENCODE(one) for _ in range(int(repeats))], int(repeats))
    return dict(times, tokens=len(ENCODE(one)[0]))


def ids(target):
    pathlib.Path(target).write_text("".join("".join(f"{i} " for i in row) + "\n" for row in ENCODE(TEXTS)), encoding="utf-8")
    return {}


harness.serve({"batch": batch, "query": query, "ids": ids})
