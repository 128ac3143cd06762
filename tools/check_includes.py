#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Include direction (docs/design/architecture.md): a folder of src/ may include itself, core/, include/isogloss and the
folders listed here. A family never includes another family. Third-party headers stand in .cpp files only."""
import pathlib
import re
import sys

ALLOWED = {
    "core": "",
    "simd": "",
    "math": "simd",
    "formats": "",
    "tokens": "formats",  # the vocabulary inside a GGUF file
    "index": "math simd",
    "vectors": "simd math formats tokens index",
    "nn": "math simd formats",
    "train": "math simd nn formats vectors",
    "input": "formats tokens",
    "hub": "formats",
    "model": "simd math formats tokens media nn train index vectors heads",
    "store": "math index vectors",
    "heads": "math simd index vectors train tokens",
    "answer": "input tokens heads",
    "evaluate": "math index vectors tokens heads formats",
    "runtime": "simd math formats tokens index vectors nn input hub model store heads answer evaluate",
    "serve": "",
    "apps": "input",  # the CSV rules of `embed -f csv` are those of the readers
}
THIRD_PARTY = re.compile(r"^(fmt|spdlog|simdjson|utf8proc|pcre2|sqlite3|libstemmer|zstd|zlib|lzma|roaring|openssl|curl|CLI|toml|uchardet|boost)\b")
ROOT = pathlib.Path(__file__).resolve().parent.parent


def problems_in(path: pathlib.Path):
    relative = path.relative_to(ROOT)
    parts = relative.parts
    folder = parts[1] if parts[0] == "src" else "apps"
    allowed = {folder, "core", "isogloss", *ALLOWED[folder].split()}
    is_test = path.name.endswith("_test.cpp") or path.name.startswith("test_")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = re.match(r'\s*#include\s+[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        target = match.group(1)
        first = target.split("/")[0]
        if THIRD_PARTY.match(target.split(".")[0]) and path.suffix == ".hpp":
            yield f"{relative}:{number}: third-party header <{target}> in a header of ours"
        if first in ALLOWED and "/" in target and first not in allowed and not is_test:
            yield f"{relative}:{number}: {folder}/ may not include {first}/ ({target})"
        of_family = first == "model" and target.count("/") > 1  # what lies in model/ itself is all families'
        if folder == "model" and of_family and len(parts) > 3 and not is_test and target.split("/")[1] != parts[2]:
            yield f"{relative}:{number}: family {parts[2]} includes another family ({target})"


def main():
    found = []
    for pattern in ("src/**/*.hpp", "src/**/*.cpp", "apps/**/*.cpp", "apps/**/*.hpp"):
        for path in sorted(ROOT.glob(pattern)):
            found += problems_in(path)
    for header in sorted((ROOT / "include/isogloss").glob("*.hpp")):
        for number, line in enumerate(header.read_text(encoding="utf-8").splitlines(), 1):
            match = re.match(r'\s*#include\s+"([^"]+)"', line)
            if match and not match.group(1).startswith("isogloss/"):
                found.append(f"{header.relative_to(ROOT)}:{number}: a public header includes {match.group(1)}")
    print("\n".join(found) if found else "includes: good")
    return 1 if found else 0


sys.exit(main())
