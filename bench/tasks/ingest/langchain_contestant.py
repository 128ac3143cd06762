# SPDX-License-Identifier: Apache-2.0
"""langchain-text-splitters: headings first, then pieces of at most 256 words, 32 repeated. Commands: isogloss_contestant.cpp."""
import pathlib
import sys
import time

from langchain_text_splitters import MarkdownHeaderTextSplitter, RecursiveCharacterTextSplitter

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

HEADINGS = MarkdownHeaderTextSplitter([("#", "1"), ("##", "2"), ("###", "3")], strip_headers=False)
PIECES = RecursiveCharacterTextSplitter(chunk_size=256, chunk_overlap=32, length_function=lambda text: len(text.split()))


def chunk(files, out):
    paths = pathlib.Path(files).read_text(encoding="utf-8").splitlines()
    begin, cpu = time.perf_counter(), time.process_time()
    found = []
    for path in paths:
        text = pathlib.Path(path).read_text(encoding="utf-8")
        found.append(PIECES.split_documents(HEADINGS.split_text(text)))
    answer = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "chunks": sum(map(len, found))}
    if out != "-":
        with open(out, "w", encoding="utf-8") as file:
            for number, chunks in enumerate(found):
                for one in chunks:
                    file.write(f"{number}\t{' '.join(one.page_content.split())}\n")
    return answer


harness.serve({"chunk": chunk})
