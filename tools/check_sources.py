#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file opens with its licence line; every folder of src/ has a README; no unfinished work; threads only in
core/; no machine path in the project."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home)/\w")


def main():
    found = []
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, files):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".npy", ".bin", ".inc"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path.suffix in (".cpp", ".hpp", ".py", ".cmake") or path.name == "CMakeLists.txt":
            if "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text.splitlines()[:3]):
                found.append(f"{name}: no licence line")
        if path.suffix in (".cpp", ".hpp"):
            for number, line in enumerate(text.splitlines(), 1):
                if UNFINISHED.search(line):
                    found.append(f"{name}:{number}: unfinished work")
                if re.search(r"std::(jthread|thread|async)\b", line) and not name.startswith("src/core/") \
                        and "_test.cpp" not in name and "hardware_concurrency" not in line:
                    found.append(f"{name}:{number}: threads are made in core/ only")
        if name != "tools/check_sources.py" and MACHINE_PATH.search(text):
            found.append(f"{name}: names a path of some machine")
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir() and not (folder / "README.md").is_file():
            found.append(f"{folder.relative_to(ROOT)}: has no README.md")
    print("\n".join(found) if found else "sources: good")
    return 1 if found else 0


sys.exit(main())
