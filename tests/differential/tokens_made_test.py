#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers that no published file of the test data has, made here and compared like those of tokens_test.py.

    tokens_made_test.py TOKENS_DRIVER [--full] [--only NAME]

SentencePiece: word and character models, byte fallback, symbols of the user, pieces marked unused. GGUF: published
vocabularies, converted by the rules of llama.cpp's converters with the gguf package, and every name of
tokenizer.ggml.pre against the recipe that it stands for. Patterns: regular expressions that
are not known by their text, where every word is the unknown token, so that offsets show the splits.
"""
import argparse
import base64
import io
import json
import pathlib
import random
import sys
import tempfile

from tokens_test import HuggingFace, SentencePiece, bert, broken_texts, compare, corpus_lines, find_data, gpt2, random_texts

try:
    import gguf
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
except ImportError as error:
    print(f"skipped: {error}; script/python-env installs the reference libraries")
    sys.exit(77)


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


# ---- GGUF files

def write_gguf(file, model, tokens, types, scores=None, merges=None, pre=None, charsmap=None, **keys):
    writer = gguf.GGUFWriter(str(file), "test")
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if scores is not None:
        writer.add_token_scores(scores)
    if merges is not None:
        writer.add_token_merges(merges)
    if charsmap:
        writer.add_precompiled_charsmap(charsmap)
    for name, value in keys.items():
        (writer.add_bool if isinstance(value, bool) else writer.add_uint32)(f"tokenizer.ggml.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


NORMAL, CONTROL, USER = (int(t) for t in (gguf.TokenType.NORMAL, gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED))


def gguf_bert(folder, path, lower):
    reference = bert(path, lower)
    tokens = path.read_text(encoding="utf-8").split("\n")[:-1]
    special = {t.content for t in reference.tokenizer.get_added_tokens_decoder().values()}
    types = [CONTROL if t in special else NORMAL for t in tokens]
    phantom = [t if kind == CONTROL else t[2:] if t.startswith("##") else "\u2581" + t for t, kind in zip(tokens, types)]
    names = [t if t in tokens else t.lower() for t in ("[CLS]", "[SEP]", "[UNK]")]
    ids = dict(zip(("bos_token_id", "seperator_token_id", "unknown_token_id"), (tokens.index(n) for n in names)))
    reference.file = folder / "bert.gguf"
    write_gguf(reference.file, "bert", phantom, types, **ids)
    return reference


def gguf_byte_level(folder, reference, pre, **keys):
    """From a byte-level tokenizer of the Hugging Face library."""
    model = json.loads(reference.tokenizer.to_str())["model"]
    added = reference.tokenizer.get_added_tokens_decoder()
    tokens = {i: t for t, i in model["vocab"].items()} | {i: t.content for i, t in added.items()}
    types = [(CONTROL if added[i].special else USER) if i in added else NORMAL for i in range(len(tokens))]
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    reference.file = folder / "bpe.gguf"
    ids = {name: reference.tokenizer.token_to_id(value) if isinstance(value, str) else value for name, value in keys.items()}
    write_gguf(reference.file, "gpt2", [tokens[i] for i in range(len(tokens))], types, merges=merges, pre=pre, **ids)
    return reference


# What a name in tokenizer.ggml.pre stands for, in the words of the Hugging Face library: the tokenizer.json of the models
# that llama.cpp's converters know by it. Their vocabularies are not here; others take their place.
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         rf"|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BYTES = dict(add_prefix_space=False)


def by_pattern(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                    pre_tokenizers.ByteLevel(use_regex=False, **BYTES)])


def with_digits():
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(**BYTES)])


def from_ranks(path, count, ignore_merges):
    """The first pieces of a rank file as vocabulary and merges: each piece is made of the two that it is joined of last."""
    ranks = {}
    for line in path.read_bytes().splitlines()[:count]:
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    def last_two(token, limit):
        parts = [token[i:i + 1] for i in range(len(token))]
        while len(parts) > 2:
            rank, at = min((ranks.get(a + b, limit), i) for i, (a, b) in enumerate(zip(parts, parts[1:])))
            assert rank < limit
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        return parts
    alphabet = bytes_to_characters()
    spell = lambda token: "".join(alphabet[b] for b in token)
    merges = [tuple(spell(part) for part in last_two(token, rank)) for token, rank in ranks.items() if len(token) > 1]
    return Tokenizer(models.BPE({spell(token): rank for token, rank in ranks.items()}, merges, ignore_merges=ignore_merges))


def bytes_to_characters():
    """GPT-2's alphabet: the printable characters of Latin-1 stand for themselves, the other bytes for U+0100 and on."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(0x100 + i) for i, b in enumerate(others)}


def byte_level(tokenizer, splitter, nfc=False, ends=()):
    tokenizer.pre_tokenizer = splitter
    if nfc:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    if ends:
        tokenizer.add_special_tokens([AddedToken(name, lstrip=name == "[MASK]") for name in ends])
        around = " ".join(["$A" if name == "[MASK]" else name for name in ends]) if len(ends) > 1 else f"{ends[0]} $A"
        ids = [(name, tokenizer.token_to_id(name)) for name in ends]
        tokenizer.post_processor = processors.TemplateProcessing(single=around, special_tokens=ids)
    return HuggingFace(tokenizer)


def gguf_pres(m):
    gpt2_model = lambda: Tokenizer.from_str(gpt2(m / "tok_gpt2").tokenizer.to_str())
    cl100k = lambda ignore: from_ranks(m / "tok_tiktoken/cl100k_base.tiktoken", 12_000, ignore)
    o200k = lambda: from_ranks(m / "tok_tiktoken/o200k_base.tiktoken", 12_000, False)
    roberta = lambda: HuggingFace(Tokenizer.from_file(str(m / "tok_roberta_base/tokenizer.json")))
    plain = lambda: pre_tokenizers.ByteLevel(**BYTES)
    roberta_ends = dict(bos_token_id="<s>", eos_token_id="</s>", seperator_token_id="</s>", mask_token_id="<mask>")
    recipes = {"phi-2": lambda: byte_level(gpt2_model(), plain()),
               "modern-bert": lambda: byte_level(gpt2_model(), plain(), True, ("[CLS]", "[MASK]", "[SEP]"))}
    for name in ("olmo", "mpt"):
        recipes[name] = lambda: byte_level(gpt2_model(), plain(), True)
    for name in ("starcoder", "refact", "smollm"):
        recipes[name] = lambda: byte_level(gpt2_model(), with_digits())
    for name in ("llama3", "llama-v3", "llama-bpe"):
        recipes[name] = lambda: byte_level(cl100k(True), by_pattern(LLAMA3), ends=("<s>",))
    for name in ("qwen2", "deepseek-r1-qwen"):
        recipes[name] = lambda: byte_level(cl100k(False), by_pattern(LLAMA3.replace("{1,3}", "")), True)
    recipes["gpt-4o"] = lambda: byte_level(o200k(), by_pattern(O200K))
    for name in ("jina-v1-en", "jina-v2-code", "jina-v2-de", "jina-v2-es"):
        recipes[name] = roberta
    for name, make in recipes.items():
        keys = roberta_ends if make is roberta else dict(mask_token_id="[MASK]") if name == "modern-bert" else {}
        yield f"gguf_pre_{name}", lambda folder, n=name, make=make, keys=keys: gguf_byte_level(folder, make(), n, **keys)


class SentencePieceGguf(SentencePiece):
    """Control pieces are found in the text of a GGUF file, as llama.cpp has it when it embeds; not by SentencePiece."""
    def __init__(self, folder, path):
        super().__init__(path)
        proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
        self.control = [p.piece for p in proto.pieces if p.type == p.CONTROL]
        self.file = folder / "sp.gguf"
        write_gguf(self.file, "t5" if proto.trainer_spec.model_type == 1 else "llama", [p.piece for p in proto.pieces],
                   [p.type for p in proto.pieces], [p.score for p in proto.pieces],
                   charsmap=proto.normalizer_spec.precompiled_charsmap, add_bos_token=False, add_eos_token=False,
                   add_space_prefix=proto.normalizer_spec.add_dummy_prefix,
                   remove_extra_whitespaces=proto.normalizer_spec.remove_extra_whitespaces)

    def takes(self, text):
        return not any(piece in text for piece in self.control)


def gguf_files(data):
    m = data / "models"
    yield "gguf_bert_uncased", lambda folder: gguf_bert(folder, m / "tok_bert_base_uncased/vocab.txt", True)
    yield "gguf_bert_cased", lambda folder: gguf_bert(folder, m / "tok_bert_base_cased/vocab.txt", False)
    yield "gguf_bert_multilingual", lambda folder: gguf_bert(folder, m / "tok_bert_multilingual_cased/vocab.txt", False)
    yield "gguf_bert_chinese", lambda folder: gguf_bert(folder, m / "tok_bert_chinese/vocab.txt", False)
    yield "gguf_gpt2", lambda folder: gguf_byte_level(folder, gpt2(m / "tok_gpt2"), "gpt-2")
    file = m / "tok_roberta_base/tokenizer.json"
    ends = dict(bos_token_id="<s>", eos_token_id="</s>", seperator_token_id="</s>", mask_token_id="<mask>")
    yield "gguf_roberta", lambda folder: gguf_byte_level(folder, HuggingFace(Tokenizer.from_file(str(file))), "roberta-bpe", **ends)
    yield from gguf_pres(m)
    for path in ("tok_xlnet/spiece.model", "tok_bpemb_en/en.wiki.bpe.vs100000.model", "tok_sentencepiece_tests/albert_like_30k.model",
                 "tok_sentencepiece_tests/test_model.model", "tok_sentencepiece_tests/test_ja_model.model"):
        yield "gguf_sp_" + path.split("/")[1].split(".")[0], lambda folder, path=path: SentencePieceGguf(folder, m / path)


# ---- regular expressions

PATTERNS = {
    "bloom": r" ?[^(\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+",
    "deepseek": r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    "cjk": r"[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+|\p{N}{1,3}",
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "words": r"\w+|[^\w\s]+",
    "numbers": r"\d+(?:[.,]\d+)*|\p{Nd}|\p{No}",
    "lines": r"^.*$",
    "dotall": r"(?m)<.+?>",
    "bounds": r"\b\p{Lu}\w*\b|\B.\B",
    "negated": r"[\P{L}\p{Lu}]+",
    "inverted": r"[^\W\d]+",
    "unassigned": r"[\p{Cn}\p{Co}\p{Zs}]|\p{^C}+",
    "posix": r"[[:punct:]]+|[[:digit:][:space:]]+|[[:word:]]+",
    "hex": r"\h{2,}|\H",
    "ahead": r"(?<=\p{Ll})(?=\p{Lu})|(?<!\s)\p{Sc}",
    "folding": r"(?i:the|\u00e9t\u00e9|k)+",
}


def with_pattern(folder, pattern, behavior):
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior)
    return HuggingFace(tokenizer)


def patterns():
    for name, pattern in PATTERNS.items():
        for behavior in ("isolated", "removed"):
            yield f"regex_{name}_{behavior}", lambda folder, p=pattern, b=behavior: with_pattern(folder, p, b)


def contestants(data, lines):
    yield from patterns()
    yield from gguf_files(data)
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
    data = find_data()
    corpora = list(corpus_lines(data, arguments.full))
    lines = [line for _, texts in corpora for line in texts[:: max(1, len(texts) // 600)] if line.strip()]
    corpora.append(("random", random_texts(50_000 if arguments.full else 2_000)))
    corpora.append(("broken", broken_texts(10_000 if arguments.full else 500)))
    corpora.append(("made", ["<s>", "</s> x", "foo foobar<user>foofoo", "\u2581x x123 1234", "", " ", "a" * 300, "\u4e2d\u0301" * 40]))
    failed = False
    for name, make in contestants(data, lines):
        if arguments.only and arguments.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            reference = make(pathlib.Path(folder))
            reference.prepare(pathlib.Path(folder))
            for corpus, texts in corpora:
                texts = [text for text in texts if isinstance(text, bytes) or not hasattr(reference, "takes") or reference.takes(text)]
                wrong, known = compare(arguments.driver, reference, texts, pathlib.Path(folder), arguments.show)
                total = sum(wrong.values())
                failed = failed or total > 0
                print(f"{name:24} {corpus:16} {len(texts):7} texts  {'equal' if total == 0 else wrong}"
                      f"{f', {known} known differences' if known else ''}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
