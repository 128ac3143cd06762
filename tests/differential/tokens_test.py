#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers against the libraries whose files they read: ids, byte offsets and decoded text must be equal.

    tokens_test.py TOKENS_DRIVER [--full] [--only NAME]

Without --full a sample of every corpus is compared (about 3 MB per tokenizer); with it all of them: 200,000 lines of
enwiki18m, tatoeba_bitext, stsb_multi, xquad, ner_wnut17, cosqa, 100,000 strings of random code points, words of a
million characters and bytes that are not UTF-8 (surrogates, long forms, cut characters), which the libraries get as
Python's errors="replace" decodes them.
Known differences, where the reference is at fault, stand in known_difference() and are counted apart.
"""
import argparse
import base64
import itertools
import json
import lzma
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

import numpy as np

try:
    import sentencepiece
    import tiktoken
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
except ImportError as error:
    print(f"skipped: {error}; script/python-env installs the reference libraries")
    sys.exit(77)


def find_data():
    roots = [os.environ.get("ISOGLOSS_TEST_DATA", ""), os.environ.get("ISOGLOSS_SOURCE_DIR", ".") + "/../shared/data"]
    for root in roots:
        if root and pathlib.Path(root, "models").is_dir():
            return pathlib.Path(root)
    print("skipped: the shared test data is not on this machine")
    sys.exit(77)


# ---- texts

def corpus_lines(data, full):
    wiki = []
    with lzma.open(data / "corpora/enwiki18m.txt.xz", "rt", encoding="utf-8") as file:
        for number, line in enumerate(file):
            if len(wiki) == (200_000 if full else 1_500):
                break
            if full or number % 20 == 0:
                wiki.append(line.rstrip("\n"))
    yield "enwiki18m", wiki
    for folder in ("tatoeba_bitext", "stsb_multi", "xquad", "ner_wnut17", "cosqa"):
        lines = []
        for path in sorted((data / "eval" / folder).glob("**/*")):
            if path.is_file() and path.name != "SOURCE.md" and path.suffix not in (".zip", ".gz", ".xz", ".bin"):
                here = path.read_text(encoding="utf-8", errors="replace").split("\n")
                lines += here if full else here[:: max(1, len(here) // 60)]
        yield folder, [line[:20_000] for line in lines]


def random_texts(count):
    """Strings of every kind of code point: control, combining, unassigned, private, emoji, blanks, long words."""
    rng = random.Random(20260101)
    def code_point():
        kind = rng.randrange(12)
        if kind < 3:
            return rng.randrange(0x20, 0x7F)
        if kind == 3:
            return rng.choice((9, 10, 13, 0x20, 0x20, 0x20, 0xA0, 0x2003, 0x3000, 0x200B, 0x2028, 0x85, 0x1680))
        if kind == 4:
            return rng.choice((0x300, 0x301, 0x308, 0x323, 0x327, 0x1AB0, 0x20D0, 0xFE0F, 0x200D, 0x0600, 0x0E31))
        if kind == 5:
            return rng.choice((0x1F468, 0x1F469, 0x1F3FD, 0x2764, 0x1F1E9, 0x1F1EA, 0x1F600, 0x1F9D1))
        if kind == 6:
            return rng.randrange(0x00, 0x20)
        if kind == 7:
            return rng.randrange(0x80, 0x800)
        if kind == 8:
            return rng.choice((rng.randrange(0x4E00, 0xA000), rng.randrange(0xAC00, 0xD7A4), rng.randrange(0x3040, 0x3100)))
        if kind == 9:
            return rng.randrange(0xFB00, 0xFFFE)
        if kind == 10:
            return rng.randrange(0x800, 0xD800)
        return rng.randrange(0x10000, 0x110000)
    texts = ["".join(chr(code_point()) for _ in range(rng.randrange(1, 24))) for _ in range(count)]
    words = ["hello", "World", "don't", "I'LL", "naïve", "İstanbul", "ΟΔΟΣ", "Straße", "ﬁne", "½", "中文", "日本語カナ",
             "한국어", "ไทย", "हिन्दी", "x=3.14", "1234567", "http://a.b/c?d=e", "foo_bar", "<s>", "[MASK]", "</s>",
             "<|endoftext|>", "<mask>", "e\u0301te\u0301", "🏳️‍🌈", "C++", "##ing", "\u017f", "'ſ", "A\u030a", "\ufdfa"]
    blanks = [" ", "  ", "\n", "\t", "\r\n", " \n ", "", "\u3000", "   "]
    texts += ["".join(rng.choice(words) + rng.choice(blanks) for _ in range(rng.randrange(1, 12))) for _ in range(count)]
    return texts


def long_words(full):
    rng = random.Random(20260102)
    def word(alphabet, length=1_000_000):
        return "".join(rng.choice(alphabet) for _ in range(length if full else length // 20))
    return ["a" * 1_000_000, "x1" * 100_000, "\u4e2d" * 300_000, " " * 100_000, word("etaoinshrdlu"), word("abAB", 100_000),
            word([chr(c) for c in range(0x4E00, 0x5000)], 300_000), word("0123456789"), word("\u0301\u0308e", 100_000)]


def broken_texts(count):
    """Bytes that are no UTF-8: surrogates as three bytes, forms too long, code points too large, cut characters."""
    rng = random.Random(20260103)
    parts = [b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xed\xa0\xbd\xed\xb8\x80", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf",
             b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfe", b"\xff", b"\x80", b"\xbf", b"\xe4\xb8", b"\xf0\x9f\x98", b"\xf0\x9f",
             b"\xc3", b"hello", b" ", b"  ", b"\n", b"Don't", b"123", b"\xc3\xa9", b"\xe4\xb8\xad", b"\xf0\x9f\x98\x80", b"\xef\xbf\xbd", b"."]
    texts = [b"".join(rng.choice(parts) for _ in range(rng.randrange(1, 12))) for _ in range(count)]
    return texts + [bytes(rng.randrange(256) for _ in range(rng.randrange(1, 16))) for _ in range(count)]


def decode_broken(raw):
    """The text that the libraries get, and byte offsets in it -> byte offsets in `raw`."""
    text, origin, begin = "", {0: 0}, 0
    def put(part, ends):
        nonlocal text
        at = len(text.encode("utf-8"))
        for c, end in zip(part, ends):
            at += len(c.encode("utf-8"))
            origin[at] = end
        text += part
    def put_valid(part):
        put(part, [begin + end for end in itertools.accumulate(len(c.encode("utf-8")) for c in part)])
    while begin < len(raw):
        try:
            put_valid(raw[begin:].decode("utf-8"))
            break
        except UnicodeDecodeError as error:
            put_valid(raw[begin:begin + error.start].decode("utf-8"))
            put("\ufffd", [begin + error.end])
            begin += error.end
    assert text == raw.decode("utf-8", errors="replace")
    return text, origin


# ---- reference tokenizers: name -> (our file, function text -> ids, byte offsets, decoded text)

def byte_offsets(text, offsets):
    """Code point offsets (a list of pairs) as byte offsets."""
    if text.isascii():
        return offsets
    starts = [0]
    for c in text:
        starts.append(starts[-1] + len(c.encode("utf-8")))
    return [(starts[a], starts[b]) for a, b in offsets]


class HuggingFace:
    def __init__(self, tokenizer, file=None, special=True):
        self.tokenizer, self.file, self.special = tokenizer, file, special
        self.precompiled = isinstance(tokenizer.normalizer, normalizers.Precompiled)
        tokenizer.no_padding()
        tokenizer.no_truncation()

    def prepare(self, folder):
        if self.file is None:
            self.file = folder / "tokenizer.json"
            self.file.write_text(self.tokenizer.to_str(), encoding="utf-8")

    def encode(self, texts):
        encodings = self.tokenizer.encode_batch(texts, add_special_tokens=self.special)
        decoded = self.tokenizer.decode_batch([e.ids for e in encodings], skip_special_tokens=False)
        for text, e, back in zip(texts, encodings, decoded):
            yield e.ids, byte_offsets(text, e.offsets), back


class TikToken:
    special = False

    def __init__(self, path, pattern, special):
        ranks = {}
        for line in path.read_bytes().splitlines():
            token, rank = line.split()
            ranks[base64.b64decode(token)] = int(rank)
        self.encoding = tiktoken.Encoding(path.stem, pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
        self.file = path

    def prepare(self, folder):
        pass

    def encode(self, texts):
        for text in texts:
            ids = self.encoding.encode(text, allowed_special="all", disallowed_special=())
            raw = text.encode("utf-8")
            offsets, at = [], 0
            for token in ids:
                begin, at = at, at + len(self.encoding.decode_single_token_bytes(token))
                end = at
                while begin > 0 and raw[begin] & 0xC0 == 0x80:
                    begin -= 1
                while end < len(raw) and raw[end] & 0xC0 == 0x80:
                    end += 1
                offsets.append((begin, end))
            yield ids, offsets, self.encoding.decode_bytes(ids).decode("utf-8", errors="replace")


class SentencePiece:
    special = False

    def __init__(self, path):
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.file = path

    def prepare(self, folder):
        pass

    def encode(self, texts):
        for text in texts:
            pieces = self.model.encode(text, return_type="proto").pieces
            ids = [p.id for p in pieces]
            yield ids, [(p.begin, p.end) for p in pieces], self.model.decode(ids)


def bert(path, lower):
    vocabulary = {line.rstrip(): number for number, line in enumerate(path.read_text(encoding="utf-8").split("\n")[:-1])}
    names = [t if t in vocabulary else t.lower() for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=names[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(names)
    tokenizer.post_processor = processors.BertProcessing((names[3], vocabulary[names[3]]), (names[2], vocabulary[names[2]]))
    tokenizer.decoder = decoders.WordPiece(cleanup=True)
    return HuggingFace(tokenizer, path)


def gpt2(folder):
    vocabulary = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    merges = [tuple(line.split(" ")) for line in (folder / "vocab.bpe").read_text(encoding="utf-8").split("\n")
              if line and not line.startswith("#version")]
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return HuggingFace(tokenizer, folder)


def xlm_roberta(folder):
    vocabulary = [("<s>", 0.0)]
    with zipfile.ZipFile(folder / "pos.dict.utf8.zip") as archive:
        for line in archive.read(archive.namelist()[0]).decode("utf-8").split("\n"):
            cells = line.split("\t")
            if len(cells) >= 3:  # piece, WORD_ID_<its place>, score
                vocabulary.append((cells[0], float(cells[2])))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(),
                                                 normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    return HuggingFace(tokenizer)


def contestants(data):
    m = data / "models"
    from tiktoken_ext import openai_public
    cl100k = r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"""
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    short = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    o200k = (rf"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+{short}|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*{short}"
             r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    ranks = m / "tok_tiktoken"
    end = {"<|endoftext|>": 50256}
    yield "bert_base_uncased", lambda: bert(m / "tok_bert_base_uncased/vocab.txt", True)
    yield "bert_base_cased", lambda: bert(m / "tok_bert_base_cased/vocab.txt", False)
    yield "bert_multilingual_cased", lambda: bert(m / "tok_bert_multilingual_cased/vocab.txt", False)
    yield "bert_chinese", lambda: bert(m / "tok_bert_chinese/vocab.txt", False)
    for name in ("model2vec_test", "roberta_base", "clip", "whisper_tiny", "t5_small"):
        file = m / f"tok_{name}" / "tokenizer.json"
        yield name, lambda file=file: HuggingFace(Tokenizer.from_file(str(file)), file)
    yield "gpt2", lambda: gpt2(m / "tok_gpt2")
    yield "xlm_roberta", lambda: xlm_roberta(m / "tok_xlm_roberta")
    yield "r50k_base", lambda: TikToken(ranks / "r50k_base.tiktoken", openai_public.r50k_pat_str, end)
    yield "p50k_base", lambda: TikToken(ranks / "p50k_base.tiktoken", openai_public.r50k_pat_str, end)
    yield "cl100k_base", lambda: TikToken(ranks / "cl100k_base.tiktoken", cl100k, {"<|endoftext|>": 100257})
    yield "o200k_base", lambda: TikToken(ranks / "o200k_base.tiktoken", o200k, {"<|endoftext|>": 199999})
    for path in ("tok_xlnet/spiece.model", "tok_bpemb_en/en.wiki.bpe.vs100000.model",
                 "tok_sentencepiece_tests/albert_like_30k.model", "tok_sentencepiece_tests/test_model.model",
                 "tok_sentencepiece_tests/test_ja_model.model"):
        yield path.split("/")[0][4:] + ":" + path.split("/")[1], lambda path=path: SentencePiece(m / path)


# ---- comparing

def known_difference(reference, kind, text):
    """Where the library itself is wrong: a character at the start of a text that its precompiled map deletes is not
    skipped in the table of offsets, so that all offsets behind it point one character too early."""
    if kind != "offsets" or not isinstance(reference, HuggingFace):
        return False
    if not reference.precompiled:
        return False
    text = decode_broken(text)[0] if isinstance(text, bytes) else text
    return any(reference.tokenizer.normalizer.normalize_str(c) == "" for c in set(text))


def run_ours(driver, reference, texts, folder):
    source, target = folder / "texts", folder / "tokens"
    with open(source, "wb") as file:
        for text in texts:
            raw = text if isinstance(text, bytes) else text.encode("utf-8")
            file.write(struct.pack("<I", len(raw)) + raw)
    subprocess.run([driver, str(reference.file), str(source), str(target), "1" if reference.special else "0"], check=True)
    blob, at = target.read_bytes(), 0
    while at < len(blob):
        n = struct.unpack_from("<I", blob, at)[0]
        ids = np.frombuffer(blob, np.uint32, n, at + 4)
        offsets = np.frombuffer(blob, np.uint32, 2 * n, at + 4 + 4 * n).reshape(n, 2)
        at += 4 + 12 * n
        size = struct.unpack_from("<I", blob, at)[0]
        yield ids, offsets, blob[at + 4:at + 4 + size].decode("utf-8")
        at += 4 + size


def their_tokens(reference, texts):
    """What the library makes of the texts; offsets are those of the given bytes where a text is bytes."""
    decoded = [decode_broken(text) if isinstance(text, bytes) else (text, None) for text in texts]
    for (_, origin), (ids, offsets, back) in zip(decoded, reference.encode([text for text, _ in decoded])):
        yield ids, offsets if origin is None else [(origin[begin], origin[end]) for begin, end in offsets], back


def compare(driver, reference, texts, folder, show):
    wrong = {"ids": 0, "offsets": 0, "decode": 0}
    known = 0
    for text, theirs, ours in zip(texts, their_tokens(reference, texts), run_ours(driver, reference, texts, folder), strict=True):
        ids, offsets, decoded = theirs
        kind = None
        if list(ids) != ours[0].tolist():
            kind = "ids"
        elif offsets != list(map(tuple, ours[1].tolist())):
            kind = "offsets"
        elif decoded != ours[2]:
            kind = "decode"
        if kind is None:
            continue
        if known_difference(reference, kind, text):
            known += 1
            continue
        wrong[kind] += 1
        if sum(wrong.values()) <= show:
            print(f"  {kind} differ on {text[:120]!r}")
            print(f"    theirs {ids[:16]} {offsets[:16]} {decoded[:60]!r}")
            print(f"    ours   {ours[0][:16].tolist()} {ours[1][:16].tolist()} {ours[2][:60]!r}")
    return wrong, known


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", type=int, default=3)
    arguments = parser.parse_args()
    data = find_data()
    corpora = list(corpus_lines(data, arguments.full))
    corpora.append(("random", random_texts(50_000 if arguments.full else 2_000)))
    corpora.append(("broken", broken_texts(10_000 if arguments.full else 500)))
    corpora.append(("long words", long_words(arguments.full)))
    corpora.append(("long texts", [" ".join(corpora[0][1][:1500]), "  ".join(corpora[1][1][:7000])]))
    failed = False
    for name, make in contestants(data):
        if arguments.only and arguments.only not in name:
            continue
        reference = make()
        with tempfile.TemporaryDirectory() as folder:
            reference.prepare(pathlib.Path(folder))
            for corpus, texts in corpora:
                wrong, known = compare(arguments.driver, reference, texts, pathlib.Path(folder), arguments.show)
                total = sum(wrong.values())
                failed = failed or total > 0
                print(f"{name:28} {corpus:16} {len(texts):7} texts  "
                      f"{'equal' if total == 0 else wrong}{f', {known} known differences' if known else ''}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
