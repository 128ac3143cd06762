#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the corpus of documents: every format x {normal, empty, huge, broken, truncated, encrypted, scanned, bomb-like,
wrongly named, odd charset, right-to-left, CJK, nested}. usage: make.py FOLDER

FOLDER/files holds the documents, FOLDER/manifest.json what is expected of each:
  {"path", "format", "variant", "status": "added"|"failed"|"any", "reason": regex, "sentences": [{"text", "page", "heading"}],
   "tool": program that was needed}
Variants whose tool is not installed are left out and named on standard output."""
import gzip
import json
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile

import writers

CITIES = "Hull Bergen Lagos Pusan Antwerp Izmir Callao Durban Gdansk Valparaiso".split()
THINGS = "harbour lighthouse crane ferry warehouse buoy customs-house anchor canal dockyard".split()
DEEDS = "opened repaired measured painted inspected extended rented closed insured surveyed".split()
HEBREW = "הנמל נפתח בשעה שש והספינה מספר {n} עגנה ליד המגדלור הישן של העיר"
ARABIC = "وصلت السفينة رقم {n} إلى الميناء القديم قبل غروب الشمس بساعة"
CHINESE = "第{n}号货轮清晨驶入旧港口并在灯塔旁边停泊。"
JAPANESE = "第{n}便の貨物船は朝早く古い港に入り灯台のそばに停泊しました。"
RUSSIAN = "Судно номер {n} вошло в старую гавань рано утром и встало у маяка."
TEXT = "txt md rst adoc org tex html py csv tsv json jsonl srt vtt eml mbox".split()
ZIPPED = "docx xlsx pptx odt ods odp epub zip".split()


def english(number):
    """A sentence that no other number gives."""
    return (f"In {1800 + number % 200} the {THINGS[number % 10]} of {CITIES[number // 10 % 10]} was {DEEDS[number // 100 % 10]} "
            f"for {number} guilders.")


def sections(first, count, per, make=english):
    return [(f"Chapter {chr(65 + i)} of {CITIES[(first + i) % 10]}", [make(first + i * per + j) for j in range(per)])
            for i in range(count)]


class Corpus:
    def __init__(self, folder):
        self.folder = folder / "files"
        self.folder.mkdir(parents=True)
        self.entries, self.missing, self.next = [], set(), 1000

    def numbers(self, count):
        self.next += count
        return self.next - count

    def put(self, name, data, status, reason="", content=(), variant="", tool="", pages=False):
        sentences = [dict(text=s, heading=h, **({"page": i + 1} if pages else {}))
                     for i, (h, some) in enumerate(content) for s in some]
        (self.folder / name).write_bytes(data)
        self.entries.append(dict(path=name, format=name.split(".")[-1], variant=variant, status=status, reason=reason,
                                 sentences=sentences, tool=tool))

    def needs(self, tool):
        if shutil.which(tool) is None:
            self.missing.add(tool)
        return shutil.which(tool) is not None


def has_pages(extension):
    return extension in ("pdf", "pptx", "odp")


def normal(corpus):
    for extension, write in writers.WRITERS.items():
        content = sections(corpus.numbers(60), 4, 12 if extension != "pptx" else 8)
        corpus.put(f"normal.{extension}", write(content), "added", "", content, "normal", pages=has_pages(extension))


def empty(corpus):
    for extension, write in writers.WRITERS.items():
        corpus.put(f"empty.{extension}", b"", "added" if extension != "json" else "any", "no text|no .*document|empty", (), "empty")
    for extension in ("docx", "odt", "pptx", "xlsx", "html", "epub", "odp", "ods"):
        corpus.put(f"hollow.{extension}", writers.WRITERS[extension]([]), "added", "no text", (), "empty")
    corpus.put("hollow.pdf", writers.pdf([]), "failed", "no text on its 1 page", (), "empty")


def huge(corpus):
    sizes = {"txt": 40000, "md": 40000, "html": 20000, "csv": 20000, "jsonl": 20000, "docx": 8000, "xlsx": 8000, "odt": 8000,
             "epub": 8000, "mbox": 8000, "pdf": 6000, "py": 20000, "srt": 8000}
    for extension, count in sizes.items():
        content = sections(1_000_000, count // 20, 20)
        corpus.put(f"huge.{extension}", writers.WRITERS[extension](content), "added", "",
                   [content[0], content[-1]] if not has_pages(extension) else content[:1], "huge")


def damaged(corpus):
    rng = random.Random(7)
    for extension, write in writers.WRITERS.items():
        content = sections(corpus.numbers(40), 4, 10)
        data = write(content)
        cut = data[:len(data) * 6 // 10]
        fails = extension in ZIPPED or extension in ("json", "jsonl")
        corpus.put(f"truncated.{extension}", cut, "failed" if fails else "any", ".{20}" if fails else "", (), "truncated")
        broken = bytearray(data)
        for _ in range(max(4, len(data) // 100)):
            broken[rng.randrange(8, len(data))] = rng.randrange(256)
        corpus.put(f"broken.{extension}", bytes(broken), "any", "", (), "broken")


def wrongly_named(corpus):
    pairs = [("pdf", "txt"), ("pdf", "docx"), ("docx", "pdf"), ("docx", "txt"), ("xlsx", "csv"), ("odt", "docx"), ("epub", "zip"),
             ("zip", "docx"), ("html", "txt"), ("html", "pdf"), ("pptx", "odp"), ("mbox", "txt"), ("txt", "pdf"), ("md", "docx"),
             ("vtt", "txt")]
    for real, name in pairs:
        content = sections(corpus.numbers(20), 3, 5)
        corpus.put(f"wrong_{real}.{name}", writers.WRITERS[real](content), "added", rf"named \.{name}, but its content is",
                   content, "wrongly named")


def odd_charsets(corpus):
    russian = [("Гавань", [RUSSIAN.format(n=n) for n in range(30)])]
    for charset in ("windows-1251", "koi8-r", "utf-16", "utf-32", "iso8859-5"):
        corpus.put(f"charset_{charset}.txt", writers.plain(russian).decode().encode(charset), "added", "charset|UTF-", russian,
                   "odd charset")
    japanese = [("港", [JAPANESE.format(n=n) for n in range(30)])]
    chinese = [("港口", [CHINESE.format(n=n) for n in range(30)])]
    for charset, content in (("shift-jis", japanese), ("euc-jp", japanese), ("gb18030", chinese), ("big5", [("港口", ["旧港口停泊货轮"])])):
        try:
            data = writers.plain(content).decode().encode(charset)
        except UnicodeEncodeError:
            continue
        corpus.put(f"charset_{charset}.txt", data, "added", "charset", content, "odd charset")
    corpus.put("charset.html", writers.html(russian, "windows-1251"), "added", "", russian, "odd charset")
    corpus.put("charset.eml", writers.message("Гавань", russian[0][1], charset="koi8-r"), "added", "", russian, "odd charset")
    corpus.put("charset.csv", writers.table(russian, ",").decode().encode("windows-1251"), "added", "charset guessed", russian,
               "odd charset")
    corpus.put("charset.srt", b"\xef\xbb\xbf" + writers.srt(russian), "added", "", russian, "odd charset")
    mixed = b"\xef\xbb\xbfOne line.\r\nTwo lines.\rThree.\n" + english(5).encode() + b"\r\n"
    corpus.put("line_ends.txt", mixed, "added", "", [("", [english(5)])], "odd charset")
    corpus.put("nul.txt", b"before\0after " * 50, "failed", "binary", (), "odd charset")


def scripts(corpus):
    for variant, makers in (("right-to-left", (HEBREW, ARABIC)), ("CJK", (CHINESE, JAPANESE))):
        content = [("שער" if variant == "right-to-left" else "港口", [m.format(n=100 + n) for m in makers for n in range(6)])]
        tag = "rtl" if variant == "right-to-left" else "cjk"
        for extension in [*TEXT, *ZIPPED]:
            more = content if extension != "zip" else content * 3
            corpus.put(f"{tag}.{extension}", writers.WRITERS[extension](more), "added", "", content, variant)


def converted(source, name, target):
    """By LibreOffice, as it writes files itself."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.write_bytes(source)
        subprocess.run(["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", target,
                        "--outdir", f"{folder}/out", path], check=True, capture_output=True, timeout=120)
        return (pathlib.Path(folder) / "out" / f"in.{target}").read_bytes()


def office(corpus):
    """What real programs write."""
    if not corpus.needs("soffice"):
        return
    for source, target in (("odt", "docx"), ("odt", "odt"), ("odt", "pdf"), ("csv", "xlsx"), ("csv", "ods"),
                           ("odp", "pptx"), ("odp", "odp")):
        content = sections(corpus.numbers(20), 2, 8)
        data = converted(writers.WRITERS[source](content), "in." + source, target)
        corpus.put(f"office_{source}.{target}", data, "added", "", content, "normal", "soffice")
    for tag, maker in (("rtl", HEBREW), ("cjk", CHINESE)):
        content = [("1", [maker.format(n=200 + n) for n in range(5)])]
        corpus.put(f"{tag}.pdf", converted(writers.odt(content), "in.odt", "pdf"), "added", "", content,
                   "CJK" if tag == "cjk" else "right-to-left", "soffice")


def by_pandoc(corpus):
    if not corpus.needs("pandoc"):
        return
    for target in ("docx", "odt", "epub", "html", "rst", "asciidoc", "org", "latex", "pptx"):
        content = sections(corpus.numbers(20), 2, 8)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / ("out." + target)
            subprocess.run(["pandoc", "-s", "--wrap=none", "-f", "markdown", "-t", target, "-o", path],
                           input=writers.markdown(content), check=True, capture_output=True)
            extension = {"asciidoc": "adoc", "latex": "tex"}.get(target, target)
            corpus.put(f"pandoc.{extension}", path.read_bytes(), "added", "", content, "normal", "pandoc")


def encrypted(corpus):
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    corpus.put("encrypted.docx", ole + "EncryptedPackage".encode("utf-16-le") + bytes(1000), "failed", "is encrypted", (), "encrypted")
    corpus.put("encrypted.xlsx", ole + "EncryptedPackage".encode("utf-16-le") + bytes(1000), "failed", "is encrypted", (), "encrypted")
    corpus.put("old.doc", ole, "failed", "old Office document.*soffice", (), "encrypted")
    manifest = ("META-INF/manifest.xml", "<manifest:manifest><manifest:file-entry><manifest:encryption-data/></manifest:file-entry></manifest:manifest>")
    for kind, name in (("text", "odt"), ("spreadsheet", "ods"), ("presentation", "odp")):
        data = writers.zipped([("mimetype", f"application/vnd.oasis.opendocument.{kind}"), ("content.xml", "\x93\x11garbage"), manifest],
                              stored=("mimetype",))
        corpus.put(f"encrypted.{name}", data, "failed", "is encrypted", (), "encrypted")
    locked = bytearray(writers.zipped([("a.txt", english(1)), ("b.txt", english(2))]))
    for sign, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag of both headers of each member
        at = locked.find(sign)
        while at >= 0:
            locked[at + offset] |= 1
            at = locked.find(sign, at + 4)
    corpus.put("encrypted.zip", bytes(locked), "failed", "encrypted", (), "encrypted")
    if corpus.needs("qpdf"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder)
            (path / "in.pdf").write_bytes(writers.pdf(sections(1, 1, 5)))
            subprocess.run(["qpdf", "--encrypt", "secret", "owner", "256", "--", "in.pdf", "out.pdf"], cwd=path, check=True)
            corpus.put("encrypted.pdf", (path / "out.pdf").read_bytes(), "failed", "is encrypted", (), "encrypted", "qpdf")


def scanned(corpus):
    """Pages as images of what a page of text looks like."""
    if not corpus.needs("pdftoppm"):
        return
    content = sections(corpus.numbers(10), 1, 8)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "in.pdf"
        path.write_bytes(writers.pdf(content))
        image = subprocess.run(["pdftoppm", "-r", "150", "-gray", path], check=True, capture_output=True).stdout
    size = image.split(b"\n", 3)[1].split()
    width, height = int(size[0]), int(size[1])
    grey = image[-width * height:]
    whole, part = writers.Pdf(), writers.Pdf()
    for _ in range(2):
        whole.image_page(width, height, grey)
    corpus.put("scanned.pdf", whole.finish(), "failed", r"no text on its 2 pages: scanned\? Give --ocr", (), "scanned", "pdftoppm")
    corpus.put("scanned_ocr.pdf", whole.finish(), "failed", "scanned", content, "scanned", "pdftoppm")
    typed = sections(corpus.numbers(30), 9, 3)
    for number, (heading, sentences) in enumerate(typed):
        part.text_page([(72, 80 + 20 * i, 12, s) for i, s in enumerate([heading, *sentences])])
        if number % 3 == 2:
            part.image_page(width, height, grey)
    corpus.put("partly_scanned.pdf", part.finish(), "added", r"3 of 12 pages have no text: scanned\?", typed, "scanned", "pdftoppm")


def columns(corpus):
    """Sentences over several lines in two columns, words cut at line ends, under a running head."""
    out, planted = writers.Pdf(), []
    for page in range(24):
        lines, heading = [], f"Part {page + 1} of the survey"
        lines.append((72, 70, 18, heading))
        some = [english(n) + " Nobody reminded the harbourmaster of well-known obligations."
                for n in range(corpus.numbers(20), corpus.next)]
        for column in range(2):
            y = 100
            for sentence in some[column * 10:column * 10 + 10]:
                for line in broken_lines(sentence):
                    lines.append((72 + 245 * column, y, 11, line))
                    y += 14
                y += 12
        out.text_page(lines, "Survey of the Coast", f"- {page + 1} -")
        planted.append((heading, some))
    corpus.put("columns.pdf", out.finish(), "added", "", planted, "normal", pages=True)


def broken_lines(sentence, width=38):
    """Lines of at most `width` letters; a long word may be cut once with a hyphen."""
    lines, line = [], ""
    for word in sentence.split():
        if len(line) + len(word) + 1 <= width:
            line += (" " if line else "") + word
        elif len(word) > 9 and "-" not in word and len(line) + 6 <= width:
            lines.append(f"{line} {word[:4]}-")
            line = word[4:]
        else:
            lines.append(line)
            line = word
    return [*lines, line]


def bombs(corpus):
    zeros = "<w:t>" + " " * 120_000_000
    corpus.put("bomb.docx", writers.zipped([("word/document.xml", zeros)]), "failed", r"bomb-like: 1:\d", (), "bomb-like")
    corpus.put("bomb.zip", writers.zipped([(f"{i}.txt", " " * 30_000_000) for i in range(4)]), "failed", r"bomb-like: 1:\d", (), "bomb-like")
    corpus.put("bomb.odt", writers.zipped([("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", zeros)]), "failed",
               r"bomb-like: 1:\d", (), "bomb-like")
    corpus.put("bomb.xlsx", writers.zipped([("xl/workbook.xml", zeros)]), "failed", r"bomb-like: 1:\d", (), "bomb-like")
    corpus.put("bomb.txt.gz", gzip.compress(bytes(200_000_000), 9), "failed", "times|MB", (), "bomb-like")
    nested = writers.zipped([("a.txt", "core")])
    for level in range(8):
        nested = writers.zipped([(f"level{level}.zip", nested)])
    corpus.put("matryoshka.zip", nested, "any", "deep", (), "bomb-like")
    corpus.put("many.zip", writers.zipped([(f"{i}.txt", "x") for i in range(12_000)]), "failed", "members", (), "bomb-like")
    laughs = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)) + "]><x>&j;</x>"
    corpus.put("laughs.docx", writers.zipped([("word/document.xml", laughs)]), "added", "no text", (), "bomb-like")
    deep = "<w:p>" * 200_000
    corpus.put("deep.docx", writers.zipped([("word/document.xml", deep)]), "failed", ".{20}", (), "bomb-like")
    corpus.put("deep.html", b"<p>Top.</p>" + b"<div>" * 20_000 + b"bottom", "any", "", (), "bomb-like")
    corpus.put("deep.json", b"[" * 100_000, "failed", ".{20}", (), "bomb-like")
    liar = bytearray(writers.docx(sections(1, 1, 1)))
    for sign, offset in ((b"PK\x01\x02", 24),):  # a directory that claims 4 GB
        at = liar.find(sign)
        while at >= 0:
            liar[at + offset:at + offset + 4] = struct.pack("<I", 0xFFFFFFF0)
            at = liar.find(sign, at + 4)
    corpus.put("liar.docx", bytes(liar), "failed", "bomb-like|damaged|claims", (), "bomb-like")


def nested(corpus):
    content = sections(corpus.numbers(12), 3, 4)
    inner = writers.zipped([("in.md", writers.markdown(content[:1])), ("x/in.pdf", writers.pdf(content[1:2]))])
    corpus.put("nested.zip", writers.zipped([("a/inner.zip", inner), ("b.docx", writers.docx(content[2:])), ("c.bin", bytes(range(256)))]),
               "added", r"c\.bin was left out", content, "nested")
    content = sections(corpus.numbers(8), 2, 4)
    corpus.put("nested.eml", writers.message(content[0][0], content[0][1], ("pack.zip", writers.zipped([("n.docx", writers.docx(content[1:]))]))),
               "added", "", content, "nested")
    for packing in ("gz", "xz"):
        content = sections(corpus.numbers(8), 2, 4)
        data = gzip.compress(writers.docx(content)) if packing == "gz" else __import__("lzma").compress(writers.markdown(content))
        corpus.put(f"packed.{'docx' if packing == 'gz' else 'md'}.{packing}", data, "added", "unpacked from", content, "nested")


def main():
    corpus = Corpus(pathlib.Path(sys.argv[1]))
    for step in (normal, empty, huge, damaged, wrongly_named, odd_charsets, scripts, office, by_pandoc, encrypted, scanned, columns, bombs,
                 nested):
        step(corpus)
    pathlib.Path(sys.argv[1], "manifest.json").write_text(json.dumps(corpus.entries, ensure_ascii=False, indent=1))
    print(len(corpus.entries), "documents")
    for tool in sorted(corpus.missing):
        print("left out, not installed:", tool)


main()
