#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes expected.json: what transformers gives for the folder of make_folder.py (f32, CPU, a text at a time), states of the
last layer of the first text and their mean for all. Versions are recorded in the file.   Run: make_expected.py FOLDER"""
import json
import pathlib
import sys

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

TEXTS = ["Once upon a time, there was a little girl named Lily.", "The dog ran to the big red ball and sat on it.",
         "Tom and his mom went to the park. They saw a bird in a tree, and Tom said, \"Look, mom! It can fly!\" " * 4,
         "", "Zebra: 42 caf\u00e9 \u6771\u4eac"]

folder = sys.argv[1]
model = transformers.AutoModel.from_pretrained(folder).eval()
tokenizer = Tokenizer.from_file(folder + "/tokenizer.json")
rounded = lambda x: [float("%.7g" % v) for v in np.asarray(x).ravel()]
rows = []
for text in TEXTS:
    ids = tokenizer.encode(text).ids
    states = model(torch.tensor([ids])).last_hidden_state[0].detach()
    rows.append({"text": text, "ids": ids, "vector": rounded(states.mean(0))})
    if len(rows) == 1:
        rows[0]["tokens"] = [rounded(s) for s in states]
# The loss of the first text tells a model that speaks from random numbers: 512 pieces give 6.2.
logits = states.new_tensor(0)
ids = torch.tensor(rows[2]["ids"])
logits = model(ids[None]).last_hidden_state[0] @ model.get_input_embeddings().weight.T
loss = torch.nn.functional.cross_entropy(logits[:-1], ids[1:]).item()
out = {"transformers": transformers.__version__, "torch": torch.__version__, "loss": round(loss, 3), "rows": rows}
(pathlib.Path(__file__).parent / "expected.json").write_text(json.dumps(out, indent=1) + "\n")
print(out["transformers"], out["torch"], "loss", loss)
