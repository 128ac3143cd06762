# SPDX-License-Identifier: Apache-2.0
"""LangChain's document loaders, as its guide pairs them with formats. Command: `read` of
bench/tasks/ingest/isogloss_contestant.cpp."""
import pathlib
import sys
import time

from langchain_community.document_loaders import BSHTMLLoader, Docx2txtLoader, PyPDFLoader, TextLoader

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
import harness  # noqa: E402

LOADERS = {".html": lambda path: BSHTMLLoader(path, open_encoding="utf-8", get_text_separator=" "), ".docx": Docx2txtLoader, ".pdf": PyPDFLoader,
           ".md": lambda path: TextLoader(path, encoding="utf-8"), ".txt": lambda path: TextLoader(path, encoding="utf-8")}


def read(files, out):
    paths = [pathlib.Path(line) for line in pathlib.Path(files).read_text(encoding="utf-8").splitlines()]
    begin, cpu = time.perf_counter(), time.process_time()
    texts = ["\n".join(page.page_content for page in LOADERS[path.suffix](str(path)).load()) for path in paths]
    answer = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "chunks": len(texts)}
    if not out.startswith("-"):
        with open(out, "w", encoding="utf-8") as file:
            for number, text in enumerate(texts):
                file.write(f"{number}\t{' '.join(text.split())}\n")
    return answer


harness.serve({"read": read})
