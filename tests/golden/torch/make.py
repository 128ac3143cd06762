#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes files of torch.save for the reader of pickles (torch 2.15.0): the same dictionary in the form of torch 1.6 and later
(new.bin), in the older one (old.bin) and by protocol 4; the weights of ../transformers/bert (bert.bin); and files that want to run something."""
import collections
import os
import pathlib
import pickle
import zipfile

import torch
from safetensors.torch import load_file

HERE = pathlib.Path(__file__).resolve().parent


def state():
    base = torch.arange(24, dtype=torch.float32) / 8
    out = collections.OrderedDict()
    out["matrix"] = base[:6].reshape(2, 3).clone()
    out["turned"] = torch.arange(6, dtype=torch.float32).reshape(2, 3).T      # (3, 2), not contiguous
    out["part"] = base.reshape(4, 6)[1:3, 2:4]                               # rows inside a larger storage
    out["tied"] = out["matrix"]
    out["half"] = torch.tensor([1.0, -2.5]).half()
    out["bfloat"] = torch.tensor([1.0, -2.5]).bfloat16()
    out["double"] = torch.tensor([[0.1]], dtype=torch.float64)
    out["ids"] = torch.arange(3)
    out["scalar"] = torch.tensor(7.0)
    out["parameter"] = torch.nn.Parameter(torch.tensor([3.0, 4.0]))
    out._metadata = {"": {"version": 1}}
    return out


class Evil:
    def __reduce__(self):
        return os.system, ("echo run > /tmp/isogloss-evil",)


def archive(path, program):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        z.writestr("archive/data.pkl", program)
        z.writestr("archive/version", "3\n")


torch.save(load_file(HERE.parent / "transformers/bert/model.safetensors"), HERE / "bert.bin")
torch.save(state(), HERE / "new.bin")
torch.save(state(), HERE / "old.bin", _use_new_zipfile_serialization=False)
torch.save(state(), HERE / "protocol4.bin", pickle_protocol=4)
archive(HERE / "evil.bin", pickle.dumps({"a": Evil()}, protocol=2))
archive(HERE / "evil4.bin", pickle.dumps({"a": Evil()}, protocol=4))
