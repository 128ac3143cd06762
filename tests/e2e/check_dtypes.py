# SPDX-License-Identifier: Apache-2.0
"""Are i8.npy and bit.npy what f32.npy says? Reads the files with the standard library. check_dtypes.py F32 I8 BIT"""
import ast
import struct
import sys


def read(path):
    data = open(path, "rb").read()
    size = struct.unpack_from("<H", data, 8)[0]
    head = ast.literal_eval(data[10: 10 + size].decode())
    code = {"<f4": "f", "|i1": "b", "|u1": "B"}[head["descr"]]
    rows, columns = head["shape"]
    values = struct.unpack("<%d%s" % (rows * columns, code), data[10 + size:])
    return [values[i * columns: (i + 1) * columns] for i in range(rows)]


f32, i8, bits = map(read, sys.argv[1:])
for row, small, packed in zip(f32, i8, bits):
    steps = [127 * x / min(1, 8 / len(row) ** 0.5) for x in row]
    assert all(abs(s - q) <= 0.501 for s, q in zip(steps, small)), (steps, small)
    signs = "".join("%d" % (x > 0) for x in row)
    assert signs == "".join("{:08b}".format(b) for b in packed), (signs, packed)
print("same numbers")
