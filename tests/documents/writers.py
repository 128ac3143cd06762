# SPDX-License-Identifier: Apache-2.0
"""Writes documents of every format from the same content. Standard library only.

A content is a list of sections (heading, [sentence, ...]). Every writer is a function content -> bytes; WRITERS has them by
extension. PDF is limited to Latin-1 letters here; make.py takes LibreOffice for the others."""
import base64
import csv
import io
import json
import zipfile
import zlib
from xml.sax.saxutils import escape

LINES_A_PAGE = 30


def zipped(members, stored=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members:
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def title(content):
    return content[0][0] if content else "Nothing"


# ---- text

def plain(content):
    return "\n\n".join("\n".join([heading, *sentences]) for heading, sentences in content).encode()


def markdown(content):
    return "\n\n".join(f"# {heading}\n\n" + "\n\n".join(sentences) for heading, sentences in content).encode()


def rst(content):
    def section(heading, sentences):
        return f"{heading}\n{'=' * (2 * len(heading))}\n\n" + "\n\n".join(sentences)
    return "\n\n".join(section(*s) for s in content).encode()


def asciidoc(content):
    return "\n\n".join(f"== {heading}\n\n" + "\n\n".join(sentences) for heading, sentences in content).encode()


def org(content):
    return "\n\n".join(f"* {heading}\n\n" + "\n\n".join(sentences) for heading, sentences in content).encode()


def latex(content):
    body = "\n\n".join(f"\\section{{{heading}}}\n\n" + "\n\n".join(sentences) for heading, sentences in content)
    return f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n".encode()


def html(content, charset="utf-8"):
    body = "".join(f"<h2>{escape(heading)}</h2>" + "".join(f"<p>{escape(s)}</p>\n" for s in sentences)
                   for heading, sentences in content)
    links = "".join(f"<li><a href='/{i}'>Menu entry {i}</a></li>" for i in range(12))
    return (f"<!DOCTYPE html><html lang='en'><head><meta charset='{charset}'><title>{escape(title(content))}</title>"
            f"<link rel='canonical' href='https://example.org/page'></head><body><nav><ul>{links}</ul></nav>"
            f"<div class='content'>{body}</div><footer>Imprint and privacy</footer></body></html>").encode(charset, "replace")


def python_code(content):
    out = []
    for number, (heading, sentences) in enumerate(content):
        out.append(f"class Section{number}:\n" + "".join(f"    # {s}\n" for s in [heading, *sentences]) + "    pass\n")
    return "\n".join(out).encode()


def table(content, separator):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(["id", "title", "text"])
    for number, (heading, sentences) in enumerate(content):
        writer.writerows([f"r{number}-{i}", heading, s] for i, s in enumerate(sentences))
    return out.getvalue().encode()


def records(content):
    return [{"id": f"r{n}-{i}", "title": heading, "text": s}
            for n, (heading, sentences) in enumerate(content) for i, s in enumerate(sentences)]


def json_array(content):
    return json.dumps(records(content), ensure_ascii=False).encode()


def json_lines(content):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records(content)).encode()


def clock(seconds, comma):
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{comma}000"


def cues(content, comma):
    sentences = [s for _, some in content for s in some]
    return "\n".join(f"{i + 1}\n{clock(3 * i, comma)} --> {clock(3 * i + 2, comma)}\n{s}\n" for i, s in enumerate(sentences))


def srt(content):
    return cues(content, ",").encode()


def vtt(content):
    return ("WEBVTT\n\n" + cues(content, ".")).encode()


# ---- mail

def message(heading, sentences, attachment=None, charset="utf-8"):
    body = base64.encodebytes("\n\n".join(sentences).encode(charset, "replace")).decode()
    subject = base64.b64encode(heading.encode()).decode()
    text = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n{body}"
    head = (f"From: Ann Port <ann@example.org>\nTo: Office <office@example.org>\nSubject: =?utf-8?B?{subject}?=\n"
            "Date: Mon, 05 Feb 2024 10:00:00 +0100\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n")
    if attachment is None:
        return (head + text).encode()
    name, content = attachment
    return (head + "Content-Type: multipart/mixed; boundary=frontier\n\n--frontier\n" + text + "\n--frontier\n"
            f"Content-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"{name}\"\n"
            "Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(content).decode() + "\n--frontier--\n").encode()


def eml(content):
    heading, sentences = content[0]
    return message(heading, sentences, ("notes.md", markdown(content[1:])) if len(content) > 1 else None)


def mbox(content):
    return b"".join(b"From ann@example.org Mon Feb  5 10:00:00 2024\n" + message(h, s) + b"\n\n" for h, s in content)


# ---- office files

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def relations(targets):
    return f'<Relationships xmlns="{RELATIONS}">' + "".join(
        f'<Relationship Id="r{i}" Type="{OFFICE}/x" Target="{t}"/>' for i, t in enumerate(targets)) + "</Relationships>"


def docx(content):
    def paragraph(text, style=""):
        style = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{style}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"
    body = "".join(paragraph(h, "H1") + "".join(paragraph(s) for s in sentences) for h, sentences in content)
    styles = (f'<w:styles xmlns:w="{W}"><w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
              "</w:styles>")
    return zipped([("[Content_Types].xml", TYPES), ("word/styles.xml", styles),
                   ("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')])


def xlsx(content):
    x = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def sheet(sentences):
        rows = [["text", "number"]] + [[s, i] for i, s in enumerate(sentences)]
        return f'<worksheet xmlns="{x}"><sheetData>' + "".join(
            "<row>" + "".join(f"<c><v>{c}</v></c>" if isinstance(c, int) else
                              f'<c t="inlineStr"><is><t>{escape(c)}</t></is></c>' for c in row) + "</row>"
            for row in rows) + "</sheetData></worksheet>"
    names = [f"worksheets/sheet{i}.xml" for i in range(len(content))]
    sheets = "".join(f'<sheet name={json.dumps(escape(h[:31]), ensure_ascii=False)} sheetId="{i}" r:id="r{i}"/>'
                     for i, (h, _) in enumerate(content))
    return zipped([("[Content_Types].xml", TYPES),
                   ("xl/workbook.xml", f'<workbook xmlns="{x}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'),
                   ("xl/_rels/workbook.xml.rels", relations(names)),
                   *((f"xl/{n}", sheet(s)) for n, (_, s) in zip(names, content))])


def pptx(content):
    a, p = ("http://schemas.openxmlformats.org/drawingml/2006/main",
            "http://schemas.openxmlformats.org/presentationml/2006/main")

    def shape(lines, kind):
        text = "".join(f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in lines)
        return f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>'

    def slide(heading, sentences):
        return (f'<p:sld xmlns:a="{a}" xmlns:p="{p}"><p:cSld><p:spTree>{shape([heading], "title")}'
                f'{shape(sentences, "body")}</p:spTree></p:cSld></p:sld>')
    names = [f"slides/slide{i}.xml" for i in range(len(content))]
    ids = "".join(f'<p:sldId id="{256 + i}" r:id="r{i}"/>' for i in range(len(content)))
    return zipped([("[Content_Types].xml", TYPES),
                   ("ppt/presentation.xml",
                    f'<p:presentation xmlns:p="{p}" xmlns:r="{OFFICE}"><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>'),
                   ("ppt/_rels/presentation.xml.rels", relations(names)),
                   *((f"ppt/{n}", slide(*s)) for n, s in zip(names, content))])


ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def odf(kind, body):
    spaces = " ".join(f'xmlns:{n}="{ODF}{u}:1.0"' for n, u in
                      (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"),
                       ("presentation", "presentation")))
    mime = f"application/vnd.oasis.opendocument.{kind}"
    manifest = (f'<manifest:manifest xmlns:manifest="{ODF}manifest:1.0"><manifest:file-entry manifest:full-path="/" '
                f'manifest:media-type="{mime}"/><manifest:file-entry manifest:full-path="content.xml" '
                'manifest:media-type="text/xml"/></manifest:manifest>')
    return zipped([("mimetype", mime), ("META-INF/manifest.xml", manifest),
                   ("content.xml", f"<office:document-content {spaces} office:version='1.3'><office:body><office:{kind}>{body}</office:{kind}>"
                                   "</office:body></office:document-content>")], stored=("mimetype",))


def paragraphs(sentences):
    return "".join(f"<text:p>{escape(s)}</text:p>" for s in sentences)


def odt(content):
    return odf("text", "".join(f'<text:h text:outline-level="1">{escape(h)}</text:h>{paragraphs(s)}' for h, s in content))


def ods(content):
    def row(cells):
        return "<table:table-row>" + "".join(f"<table:table-cell>{paragraphs([c])}</table:table-cell>" for c in cells) + \
            "</table:table-row>"
    return odf("spreadsheet", "".join(
        f'<table:table table:name="{escape(h)}">{row(["text", "place"])}{"".join(row([s, "x"]) for s in sentences)}'
        "</table:table>" for h, sentences in content))


def odp(content):
    return odf("presentation", "".join(
        f'<draw:page><draw:frame presentation:class="title"><draw:text-box>{paragraphs([h])}</draw:text-box></draw:frame>'
        f"<draw:frame><draw:text-box>{paragraphs(s)}</draw:text-box></draw:frame></draw:page>" for h, s in content))


def epub(content):
    def chapter(heading, sentences):
        return ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
                f"<h1>{escape(heading)}</h1>" + "".join(f"<p>{escape(s)}</p>" for s in sentences) + "</body></html>")
    items = "".join(f'<item id="c{i}" href="c{i}.xhtml"/>' for i in range(len(content)))
    spine = "".join(f'<itemref idref="c{i}"/>' for i in range(len(content)))
    return zipped([("mimetype", "application/epub+zip"),
                   ("META-INF/container.xml", '<container><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>'),
                   ("OPS/p.opf", f"<package><metadata><title>{escape(title(content))}</title></metadata>"
                                 f"<manifest>{items}</manifest><spine>{spine}</spine></package>"),
                   *((f"OPS/c{i}.xhtml", chapter(*s)) for i, s in enumerate(content))], stored=("mimetype",))


def archive(content):
    return zipped([("docs/a.md", markdown(content[:1])), ("docs/b.docx", docx(content[1:])),
                   ("inner.zip", zipped([("deep/c.html", html(content[2:]))]))])


# ---- PDF

class Pdf:
    """Pages of lines in Helvetica, with a running head and page numbers; or pages that are one grey image."""

    def __init__(self):
        self.objects = [b"", b""]  # catalogue, pages
        self.pages = []
        self.font = self.add(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")

    def add(self, body):
        self.objects.append(body)
        return len(self.objects)

    def stream(self, data, head=b""):
        packed = zlib.compress(data)
        return self.add(b"<<" + head + b"/Filter/FlateDecode/Length %d>>stream\n" % len(packed) + packed + b"\nendstream")

    def page(self, content, resources=b""):
        stream = self.stream(content)
        self.pages.append(self.add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<<"
                                   b"/Font<</F %d 0 R>>%s>>>>" % (stream, self.font, resources)))

    def text_page(self, lines, head="", foot=""):
        """lines: (x, y from the top, size, text)"""
        out = []
        for x, y, size, text in [(72, 40, 9, head), *lines, (290, 810, 9, foot)]:
            if text:
                raw = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
                out.append(b"BT /F %d Tf %d %d Td (%s) Tj ET" % (size, x, 842 - y, raw))
        self.page(b"\n".join(out))

    def image_page(self, width, height, grey):
        image = self.stream(grey, b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" %
                            (width, height))
        self.page(b"q 595 0 0 842 0 0 cm /I Do Q", b"/XObject<</I %d 0 R>>" % image)

    def finish(self):
        self.objects[0] = b"<</Type/Catalog/Pages 2 0 R>>"
        kids = b" ".join(b"%d 0 R" % p for p in self.pages)
        self.objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self.pages), kids)
        out, places = bytearray(b"%PDF-1.4\n"), []
        for number, body in enumerate(self.objects, 1):
            places.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
        out += b"".join(b"%010d 00000 n \n" % p for p in places)
        out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start)
        return bytes(out)


def pdf(content):
    """A section begins a page."""
    out = Pdf()
    number = 0
    for heading, sentences in content:
        rest = [(24, 20, heading), *((20, 11, s) for s in sentences)]
        while rest:
            some, rest = rest[:LINES_A_PAGE], rest[LINES_A_PAGE:]
            lines, y = [], 80
            for leading, size, text in some:
                lines.append((72, y, size, text))
                y += leading
            number += 1
            out.text_page(lines, "Harbour Board Annual Report", f"Page {number}")
    if not content:
        out.text_page([])
    return out.finish()


WRITERS = {
    "txt": plain, "md": markdown, "rst": rst, "adoc": asciidoc, "org": org, "tex": latex, "html": html, "py": python_code,
    "csv": lambda c: table(c, ","), "tsv": lambda c: table(c, "\t"), "json": json_array, "jsonl": json_lines, "srt": srt,
    "vtt": vtt, "eml": eml, "mbox": mbox, "docx": docx, "xlsx": xlsx, "pptx": pptx, "odt": odt, "ods": ods, "odp": odp,
    "epub": epub, "zip": archive, "pdf": pdf,
}
