#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the tiny random checkpoints of this folder and what the reference gives for them.

Reference: sentence-transformers 6.2.0 on transformers 5.23.0, torch 2.15.0, f32, CPU, a text at a time. Every case is a
folder with the file names, tensor prefixes and configuration keys that real folders of its kind have, and expected.json:

  [{"text", "vector"?, "tokens"? (tokens, dim), "columns"?, "values"?}]   or   {"pairs": [[query, document, score]]}

Run: make.py [CASE ...]   (tests/golden/transformers/requirements.txt)
"""
import json
import pathlib
import shutil
import sys

import numpy as np
import torch
import transformers as tf
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).resolve().parent
TEXTS = ["The cat sat on the mat.", "", "Ünïcode, 東京 and 3.14!",
         "a dog chased the cat over the hill and far away, then it sat and barked at the moon for an hour or two"]
CORPUS = TEXTS + ["the dog and the cat", "a cat sat", "the moon over the hill", "barked and chased, away"] * 3
PAIRS = [("where is the cat", "The cat sat on the mat."), ("where is the cat", "the moon"), ("dog", "")]
SMALL = dict(vocab_size=160, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
             max_position_embeddings=64)


def wordpiece():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=150, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece()
    return t, dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
                   tokenizer_class="BertTokenizer", model_max_length=512)


def byte_bpe(roberta):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] if roberta else ["<|endoftext|>"]
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, special_tokens=specials, show_progress=False,
                                                      initial_alphabet=alphabet))
    if roberta:
        t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
        return t, dict(bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", pad_token="<pad>",
                       unk_token="<unk>", mask_token="<mask>", model_max_length=512,
                       tokenizer_class="PreTrainedTokenizerFast")
    t.post_processor = processors.TemplateProcessing(single="$A <|endoftext|>", pair="$A <|endoftext|> $B <|endoftext|>",
                                                     special_tokens=[("<|endoftext|>", 0)])
    return t, dict(eos_token="<|endoftext|>", bos_token="<|endoftext|>", pad_token="<|endoftext|>",
                   model_max_length=64, tokenizer_class="PreTrainedTokenizerFast")


def qwen_bpe():
    """Byte-level BPE as Qwen2's own tokenizer.json cuts text: NFC, and every digit alone."""
    from tokenizers import Regex
    t, settings = byte_bpe(False)
    t.normalizer = normalizers.NFC()
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
               r"\s+(?!\S)|\s+")
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return t, settings


def unigram():
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKC()])
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.decoder = decoders.Metaspace()
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=120, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], unk_token="<unk>", show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                                     special_tokens=[("<s>", 0), ("</s>", 2)])
    return t, dict(bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", pad_token="<pad>",
                   unk_token="<unk>", mask_token="<mask>", model_max_length=1e30, tokenizer_class="PreTrainedTokenizerFast")


def randomize(model):
    generator = torch.Generator().manual_seed(7)
    for name, p in model.named_parameters():
        with torch.no_grad():
            noise = torch.randn(p.shape, generator=generator)
            if p.ndim >= 2:
                p.copy_(noise * 0.25)
            elif "norm" in name.lower() or "ln_" in name:
                p.copy_(noise * 0.2 + (1.0 if name.endswith("weight") and "gemma" not in type(model).__name__.lower() else 0.0))
            else:
                p.copy_(noise * 0.1)
    return model.eval()


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1, ensure_ascii=True) + "\n")


def save(name, model, tokenizer, **config):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    randomize(model).save_pretrained(folder)
    t, settings = tokenizer
    t.save(str(folder / "tokenizer.json"), pretty=False)
    write(folder / "tokenizer_config.json", settings)
    full = json.loads((folder / "config.json").read_text())
    full.update(config)
    write(folder / "config.json", full)
    for extra in ("generation_config.json",):
        (folder / extra).unlink(missing_ok=True)
    return folder


ST = "sentence_transformers.models."


def sentence(folder, modes=("mean",), dense=(), normalize=False, max_length=None, include_prompt=True, hidden=32,
             old_pooling=True, prompts=None, tokens_dense=False, lower=False):
    modules = [("", "Transformer")]
    if not tokens_dense:
        keys = {"cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
                "weightedmean": "weightedmean_tokens", "lasttoken": "lasttoken"}
        if old_pooling:
            pooling = {"word_embedding_dimension": hidden, **{f"pooling_mode_{k}": m in modes for m, k in keys.items()},
                       "include_prompt": include_prompt}
        else:
            pooling = {"embedding_dimension": hidden, "pooling_mode": list(modes), "include_prompt": include_prompt}
        write(folder / "1_Pooling/config.json", pooling)
        modules.append(("1_Pooling", "Pooling"))
    inputs = hidden * len(modes)
    for i, (outputs, activation, bias) in enumerate(dense):
        at = f"{i + 2}_Dense"
        values = {"in_features": inputs, "out_features": outputs, "bias": bias, "activation_function": activation}
        if tokens_dense:
            values["module_input_name"] = values["module_output_name"] = "token_embeddings"
        write(folder / at / "config.json", values)
        generator = torch.Generator().manual_seed(i)
        tensors = {"linear.weight": torch.randn(outputs, inputs, generator=generator) * 0.3}
        if bias:
            tensors["linear.bias"] = torch.randn(outputs, generator=generator) * 0.3
        save_file(tensors, folder / at / "model.safetensors")
        modules.append((at, "Dense"))
        inputs = outputs
    if normalize:
        modules.append((f"{len(modules)}_Normalize", "Normalize"))
    write(folder / "modules.json", [{"idx": i, "name": str(i), "path": p, "type": ST + t} for i, (p, t) in enumerate(modules)])
    write(folder / "sentence_bert_config.json", {"max_seq_length": max_length, "do_lower_case": lower})
    write(folder / "config_sentence_transformers.json", {"prompts": prompts or {}, "default_prompt_name": None,
                                                         "similarity_fn_name": "cosine"})


def rounded(x):
    return [float("%.8g" % v) for v in np.asarray(x, dtype=np.float32).ravel()]


def expect(folder, texts=TEXTS, tokens=True, prompt=None):
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(str(folder), device="cpu")
    rows = []
    for text in texts:
        try:
            row = {"text": text, "vector": rounded(model.encode(text, prompt=prompt))}
            if tokens:
                states = model.encode(text, output_value="token_embeddings")
                row["tokens"] = [rounded(s) for s in states]
        except Exception:  # a text without any token
            if text:
                raise
            continue
        rows.append(row)
    write(folder / "expected.json", rows)


def cut_tensors(folder, change):
    tensors = load_file(folder / "model.safetensors")
    save_file({k: v.contiguous() for k, v in change(tensors).items()}, folder / "model.safetensors", metadata={"format": "pt"})


def bert():
    folder = save("bert", tf.BertModel(tf.BertConfig(**SMALL)), wordpiece())
    sentence(folder, normalize=True, max_length=48)
    expect(folder)


def bert_old():
    """Old tensor names, the prefix of a pre-training checkpoint, half precision, first-token pooling."""
    folder = save("bert_old", tf.BertForPreTraining(tf.BertConfig(**SMALL)), wordpiece())
    rename = lambda k: k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
    cut_tensors(folder, lambda t: {rename(k): (v.half() if v.is_floating_point() else v) for k, v in t.items()} |
                {"bert.embeddings.position_ids": torch.arange(64)})
    sentence(folder, modes=("cls",), normalize=True)
    model = tf.BertModel(tf.BertConfig(**SMALL))
    undo = lambda k: k.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    tensors = {undo(k)[5:]: v.float() for k, v in load_file(folder / "model.safetensors").items() if k.startswith("bert.")}
    model.load_state_dict(tensors, strict=False)
    model.eval()
    t = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = []
    for text in TEXTS:
        states = model(torch.tensor([t.encode(text).ids])).last_hidden_state[0].detach()
        rows.append({"text": text, "vector": rounded(torch.nn.functional.normalize(states[0], dim=0)),
                     "tokens": [rounded(s) for s in states]})
    write(folder / "expected.json", rows)


def bert_sharded():
    folder = save("bert_sharded", tf.BertModel(tf.BertConfig(**SMALL)), wordpiece())
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = [names[: len(names) // 2], names[len(names) // 2:]]
    files = [f"model-0000{i + 1}-of-00002.safetensors" for i in range(2)]
    for part, file in zip(parts, files):
        save_file({k: tensors[k].bfloat16() for k in part}, folder / file, metadata={"format": "pt"})
    write(folder / "model.safetensors.index.json",
          {"metadata": {"total_size": 0}, "weight_map": {k: f for part, f in zip(parts, files) for k in part}})
    sentence(folder, modes=("max", "mean_sqrt_len_tokens"), lower=True)
    from sentence_transformers import SentenceTransformer
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    write(folder / "expected.json", [{"text": t, "vector": rounded(model.encode(t)),
                                      "tokens": [rounded(s) for s in model.encode(t, output_value="token_embeddings")]}
                                     for t in TEXTS])


def prompts():
    """Prompts by name, their tokens left out of the mean (as INSTRUCTOR asks for)."""
    folder = save("prompts", tf.BertModel(tf.BertConfig(**SMALL)), wordpiece())
    sentence(folder, include_prompt=False, prompts={"query": "the dog and: ", "document": ""})
    expect(folder, texts=TEXTS[:1] + TEXTS[2:], tokens=False, prompt="the dog and: ")


def roberta():
    config = tf.RobertaConfig(**{**SMALL, "vocab_size": 300, "max_position_embeddings": 66}, type_vocab_size=1,
                              pad_token_id=1, bos_token_id=0, eos_token_id=2)
    folder = save("roberta", tf.RobertaForMaskedLM(config), byte_bpe(True))
    sentence(folder, modes=("cls", "mean"), old_pooling=False)
    expect(folder)


def xlm_roberta():
    config = tf.XLMRobertaConfig(**{**SMALL, "max_position_embeddings": 66}, type_vocab_size=1, pad_token_id=1)
    folder = save("xlm_roberta", tf.XLMRobertaModel(config), unigram())
    sentence(folder, dense=[(24, "torch.nn.modules.activation.Tanh", True)])
    expect(folder)


def distilbert():
    config = tf.DistilBertConfig(vocab_size=160, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64)
    folder = save("distilbert", tf.DistilBertModel(config), wordpiece())
    sentence(folder)
    expect(folder)


def splade():
    from sentence_transformers import SparseEncoder
    config = tf.DistilBertConfig(vocab_size=160, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64)
    folder = save("splade", tf.DistilBertForMaskedLM(config), wordpiece())
    SparseEncoder(str(folder), device="cpu").save_pretrained(str(folder))
    (folder / "README.md").unlink(missing_ok=True)
    model = SparseEncoder(str(folder), device="cpu")
    rows = []
    for text in TEXTS:
        dense = model.encode(text).to_dense().detach().numpy()
        columns = np.nonzero(dense)[0]
        rows.append({"text": text, "columns": [int(c) for c in columns], "values": rounded(dense[columns])})
    write(folder / "expected.json", rows)


def mpnet():
    config = tf.MPNetConfig(**{**SMALL, "max_position_embeddings": 66})
    folder = save("mpnet", tf.MPNetModel(config), wordpiece())
    sentence(folder, normalize=True)
    expect(folder)


def nomic_bert():
    config = tf.NomicBertConfig(**SMALL)
    folder = save("nomic_bert", tf.NomicBertModel(config), wordpiece())
    sentence(folder, normalize=True)
    expect(folder)


def gte():
    folder = save("gte", tf.GteModel(tf.GteConfig(**SMALL)), wordpiece())
    sentence(folder, modes=("cls",))
    expect(folder)


def modernbert():
    config = tf.ModernBertConfig(**{**SMALL, "vocab_size": 300, "num_hidden_layers": 4}, local_attention=8,
                                 global_attn_every_n_layers=3, pad_token_id=1, cls_token_id=0, sep_token_id=2,
                                 bos_token_id=0, eos_token_id=2)
    folder = save("modernbert", tf.ModernBertModel(config), byte_bpe(True))
    sentence(folder)
    expect(folder)


def gpt2():
    config = tf.GPT2Config(vocab_size=300, n_positions=64, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0)
    folder = save("gpt2", tf.GPT2Model(config), byte_bpe(False))
    sentence(folder, modes=("weightedmean",))
    expect(folder)


def llama():
    config = tf.LlamaConfig(**{**SMALL, "vocab_size": 300}, num_key_value_heads=2, bos_token_id=0, eos_token_id=0,
                            rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0,
                                             "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                             "original_max_position_embeddings": 16})
    folder = save("llama", tf.LlamaModel(config), byte_bpe(False))
    sentence(folder, modes=("mean",))
    expect(folder)


def qwen2():
    config = tf.Qwen2Config(**{**SMALL, "vocab_size": 300}, num_key_value_heads=2, bos_token_id=0, eos_token_id=0)
    folder = save("qwen2", tf.Qwen2Model(config), qwen_bpe())
    sentence(folder, modes=("lasttoken",), normalize=True)
    expect(folder)


def qwen3():
    config = tf.Qwen3Config(**{**SMALL, "vocab_size": 300}, num_key_value_heads=2, head_dim=16, bos_token_id=0,
                            eos_token_id=0)
    folder = save("qwen3", tf.Qwen3Model(config), byte_bpe(False))
    sentence(folder, modes=("lasttoken",), normalize=True)
    expect(folder)


def gemma3():
    config = tf.Gemma3TextConfig(**{**SMALL, "vocab_size": 160, "num_hidden_layers": 3}, num_key_value_heads=1, head_dim=8,
                                 sliding_window=9, use_bidirectional_attention=True, query_pre_attn_scalar=8,
                                 layer_types=["sliding_attention", "sliding_attention", "full_attention"],
                                 pad_token_id=1, bos_token_id=0, eos_token_id=2)
    folder = save("gemma3", tf.Gemma3TextModel(config), unigram())
    sentence(folder, dense=[(48, "torch.nn.modules.linear.Identity", False), (32, "torch.nn.modules.linear.Identity", False)],
             normalize=True)
    expect(folder)


def late_interaction():
    """Token vectors behind a projection, as PyLate and ColBERT models keep it in modules.json."""
    folder = save("late_interaction", tf.BertModel(tf.BertConfig(**SMALL)), wordpiece())
    sentence(folder, dense=[(16, "torch.nn.modules.linear.Identity", False)], tokens_dense=True, normalize=True)
    model = tf.BertModel.from_pretrained(folder).eval()
    weight = load_file(folder / "2_Dense/model.safetensors")["linear.weight"]
    t = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = []
    for text in TEXTS:
        states = model(torch.tensor([t.encode(text).ids])).last_hidden_state[0].detach()
        rows.append({"text": text, "tokens": [rounded(s) for s in torch.nn.functional.normalize(states @ weight.T, dim=-1)]})
    write(folder / "expected.json", rows)


def cross(name, model, tokenizer):
    from sentence_transformers import CrossEncoder
    folder = save(name, model, tokenizer)
    scorer = CrossEncoder(str(folder), device="cpu")
    write(folder / "expected.json", {"pairs": [[q, d, rounded(scorer.predict([(q, d)]))[0]] for q, d in PAIRS]})


def cross_bert():
    cross("cross_bert", tf.BertForSequenceClassification(tf.BertConfig(**SMALL, num_labels=1)), wordpiece())


def cross_roberta():
    config = tf.RobertaConfig(**{**SMALL, "vocab_size": 300, "max_position_embeddings": 66}, type_vocab_size=1,
                              pad_token_id=1, bos_token_id=0, eos_token_id=2, num_labels=1)
    cross("cross_roberta", tf.RobertaForSequenceClassification(config), byte_bpe(True))


def cross_distilbert():
    config = tf.DistilBertConfig(vocab_size=160, dim=32, n_layers=2, n_heads=4, hidden_dim=48, max_position_embeddings=64,
                                 num_labels=1)
    cross("cross_distilbert", tf.DistilBertForSequenceClassification(config), wordpiece())


def cross_modernbert():
    config = tf.ModernBertConfig(**{**SMALL, "vocab_size": 300, "num_hidden_layers": 3}, local_attention=8, pad_token_id=1,
                                 cls_token_id=0, sep_token_id=2, bos_token_id=0, eos_token_id=2, num_labels=1)
    cross("cross_modernbert", tf.ModernBertForSequenceClassification(config), byte_bpe(True))


CASES = [bert, bert_old, bert_sharded, prompts, roberta, xlm_roberta, distilbert, splade, mpnet, nomic_bert, gte,
         modernbert, gpt2, llama, qwen2, qwen3, gemma3, late_interaction, cross_bert, cross_roberta, cross_distilbert,
         cross_modernbert]

if __name__ == "__main__":
    torch.manual_seed(0)
    wanted = sys.argv[1:]
    for case in CASES:
        if not wanted or case.__name__ in wanted:
            torch.manual_seed(0)
            case()
            print("made", case.__name__)
