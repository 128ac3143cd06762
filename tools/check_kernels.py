#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No weak symbol in kernel objects: the linker keeps one copy of a weak function, and that may be the one compiled for an
instruction set the machine lacks. usage: check_kernels.py BUILD_FOLDER"""
import pathlib
import subprocess
import sys


def main():
    build = pathlib.Path(sys.argv[1])
    variants = ("_scalar.dir", "_avx2.dir", "_avx512.dir", "_avx512_bf16.dir")
    objects = [path for path in build.glob("src/**/*.o") if any(v in str(path) for v in variants)]
    if not objects:
        print(f"kernels: no kernel object under {build}; build first")
        return 1
    found = []
    for path in objects:
        lines = subprocess.run(["nm", "-C", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()
        for line in lines:
            kind, name = line[17:18], line[19:]
            if kind in "WVu":
                found.append(f"{path.name} ({path.parent.name}): weak symbol {name}")
            if kind == "T":
                found.append(f"{path.name} ({path.parent.name}): exported function {name}; export one table")
    print("\n".join(found) if found else f"kernels: good ({len(objects)} objects)")
    return 1 if found else 0


sys.exit(main())
