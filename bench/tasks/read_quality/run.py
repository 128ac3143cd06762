#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Text and headings of 30 made documents, ours beside other readers. See README.md."""
import html
import json
import lzma
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
sys.path.insert(0, str(HERE.parents[2] / "tests/documents"))
import harness  # noqa: E402
import writers  # noqa: E402
from rapidfuzz.distance import Levenshtein  # noqa: E402

WEB = [  # what stands around the article, in five layouts
    ("<nav><ul>{links}</ul></nav><main><article>{body}</article></main><aside><h3>Related</h3><ul>{links}</ul></aside>"
     "<footer><p>All rights reserved. <a href='/i'>Imprint</a></p></footer>"),
    ("<div id='header'><div class='menu'><a href='/'>Home</a> <a href='/n'>News</a> <a href='/s'>Sport</a> <a href='/w'>Weather</a>"
     "</div></div><div class='content'>{body}</div><div class='sidebar'><h4>Most read</h4><ol>{links}</ol></div>"
     "<div id='footer'>Contact us | Terms | Privacy</div>"),
    ("<header><div class='logo'>The Example</div><nav>{links}</nav></header><div class='cookie-banner'><p>We use cookies to make "
     "this page better. Do you agree to that?</p><button>Accept</button></div><section class='post'>{body}"
     "<div class='share'><a href='/f'>Share</a> <a href='/t'>Post</a></div></section><section class='comments'><h3>Comments</h3>"
     "<p>I could not agree more with this.</p></section>"),
    ("<table role='presentation'><tr><td class='nav'>{links}</td><td>{body}</td></tr></table><p class='footer'>Last changed "
     "in May</p>"),
    ("<div class='breadcrumbs'><a href='/'>Home</a> &gt; <a href='/a'>Archive</a></div><div class='wrapper'><div class='text'>{body}"
     "</div></div><ul class='pagination'><li><a href='?2'>2</a></li><li><a href='?3'>3</a></li></ul><script>var x = 'no text';"
     "</script>"),
]


def article(paragraphs, rng):
    """A list of (kind, text): heading, text, list, table."""
    out = [("heading", " ".join(rng.choice(paragraphs).split()[:4]).title())]
    for section in range(4):
        if section:
            out.append(("heading", " ".join(rng.choice(paragraphs).split()[2:5]).title()))
        for _ in range(3):
            words = rng.choice(paragraphs).split()[:120]
            out.append(("text", " ".join(" ".join(words[i:i + 15]).capitalize() + "." for i in range(0, len(words), 15))))
        if section == 1:
            out.append(("list", [" ".join(rng.choice(paragraphs).split()[:6]) for _ in range(4)]))
        if section == 2:
            out.append(("table", [[rng.choice(paragraphs).split()[0] for _ in range(3)] for _ in range(4)]))
    return out


def right(content):
    texts, headings = [], []
    for kind, value in content:
        if kind == "heading":
            headings.append(value)
        texts += [value] if kind in ("heading", "text") else value if kind == "list" else [" ".join(row) for row in value]
    return "\n".join(texts), headings


def as_html(content):
    out = []
    for number, (kind, value) in enumerate(content):
        if kind == "heading":
            out.append(f"<h{1 if number == 0 else 2}>{html.escape(value)}</h{1 if number == 0 else 2}>")
        elif kind == "text":
            first, _, rest = html.escape(value).partition(" ")
            out.append(f"<p><a href='/x'>{first}</a> {rest}</p>")
        elif kind == "list":
            out.append("<ul>" + "".join(f"<li>{html.escape(item)}</li>" for item in value) + "</ul>")
        else:
            rows = ["<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in value]
            out.append(f"<table>{''.join(rows)}</table>")
    return "".join(out)


def web_page(content, layout):
    links = "".join(f"<li><a href='/l{i}'>Further story {i}</a></li>" for i in range(9))
    body = WEB[layout].format(links=links, body=as_html(content))
    return f"<!DOCTYPE html><html lang='en'><head><title>{html.escape(content[0][1])} - The Example</title></head><body>{body}</body></html>"


def docx(content, folder, number):
    page = f"<html><body>{as_html(content)}</body></html>"
    path = folder / f"{number}.docx"
    subprocess.run(["pandoc", "-f", "html", "-o", path], input=page.encode(), check=True)
    return path


def two_columns(content):
    """Our own writer's page in two columns; headings larger, words cut at line ends as a typesetter would."""
    lines = []
    for kind, value in content:
        if kind == "heading":
            lines.append((15, value))
        elif kind == "text":
            lines += [(11, line) for line in broken(value)]
        elif kind == "list":
            lines += [(11, line) for item in value for line in broken("\u2022 " + item)]
        else:
            lines += [(11, "  ".join(row)) for row in value]
        lines.append((0, ""))
    out, number = writers.Pdf(), 0
    while lines:
        number += 1
        page = []
        for column in range(2):
            y = 90
            while lines and y < 740:
                size, text = lines.pop(0)
                if text:
                    page.append((60 + 250 * column, y, size, text))
                y += 20 if size == 15 else 14
        out.text_page(page, "The Example Quarterly", f"{number}")
    return out.finish()


def broken(text, width=42):
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 1 <= width:
            line += (" " if line else "") + word
        elif word.isalpha() and len(word) > 9 and len(line) + 7 <= width:
            lines.append(f"{line} {word[:5]}-")
            line = word[5:]
        else:
            lines.append(line)
            line = word
    return [*lines, line]


# ---- contestants: path -> (text, headings or None)

def worker(build):
    program = build / "apps/isogloss-extract/isogloss-extract"

    def read(path):
        name, content = path.name.encode(), path.read_bytes()
        head = dict(task=path.suffix[1:], name=len(name), content=len(content), max_size=10**8, ocr="", id_field="", text_fields=[])
        out = subprocess.run([program], input=json.dumps(head).encode() + b"\n" + name + content, capture_output=True, check=True)
        lines = [json.loads(line) for line in out.stdout.splitlines()]
        if not lines[-1].get("done"):
            sys.exit(f"isogloss: {lines[-1]}")
        headings = [" ".join(line["text"].encode()[b:e].decode().split())
                    for line in lines[:-1] for _, b, e in line.get("headings", [])]
        return "".join(line["text"] for line in lines[:-1]), headings
    return read


def program(*command):
    return lambda path: (subprocess.run([*command, path, *(["-"] if command[0] == "pdftotext" else [])], capture_output=True,
                                        check=True).stdout.decode(), None)


def by_trafilatura(path):
    import trafilatura
    return trafilatura.extract(path.read_text(), include_tables=True, include_comments=False) or "", None


def by_readability(path):
    import lxml.html
    import readability
    summary = readability.Document(path.read_text()).summary()
    tree = lxml.html.fromstring(summary)
    for block in tree.iter("p", "h1", "h2", "li", "td", "tr", "div"):
        block.tail = "\n" + (block.tail or "")
    return tree.text_content(), None


def by_beautifulsoup(path):
    import bs4
    return bs4.BeautifulSoup(path.read_text(), "lxml").get_text("\n"), None


def by_docx2txt(path):
    import docx2txt
    return docx2txt.process(str(path)), None


def by_pypdf(path):
    import pypdf
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages), None


def by_pdfminer(path):
    from pdfminer.high_level import extract_text
    return extract_text(str(path)), None


def contestants(build):
    ours = worker(build)
    return {"html": {"isogloss": ours, "trafilatura": by_trafilatura, "readability": by_readability,
                     "pandoc": program("pandoc", "-f", "html", "-t", "plain", "--wrap=none"), "beautifulsoup": by_beautifulsoup},
            "docx": {"isogloss": ours, "pandoc": program("pandoc", "-f", "docx", "-t", "plain", "--wrap=none"), "docx2txt": by_docx2txt},
            "pdf": {"isogloss": ours, "pdftotext": program("pdftotext"), "pypdf": by_pypdf, "pdfminer": by_pdfminer}}


def plain(text):
    """Without white space, list marks and the borders of tables."""
    return re.sub(r"[\s|\u2022*\-\u2014=_+]", "", text)


def score(text, headings, content):
    wanted, names = right(content)
    error = Levenshtein.distance(plain(text), plain(wanted)) / len(plain(wanted))
    lines = headings if headings is not None else [re.sub(r"^[#=\s]+|[=\s]+$", "", line) for line in text.split("\n")]
    found = {" ".join(line.split()) for line in lines}
    return error, sum(name not in found for name in names), len(names)


def make(folder, paragraphs, rng):
    documents = []
    for number in range(10):
        content = article(paragraphs, rng)
        path = folder / f"{number}.html"
        path.write_text(web_page(content, number % len(WEB)), encoding="utf-8")
        documents.append((path, content))
        content = article(paragraphs, rng)
        word = docx(content, folder, number)
        documents.append((word, content))
        if number % 2 == 0:
            content = article(paragraphs, rng)
            path = folder / f"{number}.pdf"
            path.write_bytes(two_columns(content))
        else:
            subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", "--outdir",
                            folder, word], check=True, capture_output=True)
            path = folder / f"{number}.pdf"
        documents.append((path, content))
    return documents


def main():
    options = harness.arguments(__doc__).parse_args()
    for needed in ("pandoc", "soffice", "pdftotext"):
        if shutil.which(needed) is None:
            sys.exit(f"{needed} is not installed")
    rng = random.Random(4)
    with lzma.open(harness.test_data("corpora/enwiki18m.txt.xz"), "rt", encoding="utf-8") as file:
        paragraphs = [line.strip() for _, line in zip(range(20_000), file) if len(line) > 700]
    result = harness.record("read_quality", options.build, harness.versions_of("trafilatura", "readability-lxml", "pypdf", "pdfminer.six",
                                                                              "docx2txt", "beautifulsoup4"))
    with tempfile.TemporaryDirectory() as name:
        documents = make(pathlib.Path(name), paragraphs, rng)
        print(f"{'class':6} {'reader':14} character error   headings lost")
        for kind, readers in contestants(pathlib.Path(options.build)).items():
            for reader, read in readers.items():
                scores = [score(*read(path), content) for path, content in documents if path.suffix == "." + kind]
                error = sum(s[0] for s in scores) / len(scores)
                lost, total = sum(s[1] for s in scores), sum(s[2] for s in scores)
                result.setdefault(kind, {})[reader] = dict(character_error=error, headings_lost=lost, headings=total)
                print(f"{kind:6} {reader:14} {100 * error:8.2f} %         {lost} of {total}", flush=True)
    harness.keep(result, options.out)


main()
