"""Files of every kind that is no page, written from one invented text: what is damaged, and what is timed."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bench.typesetter import draw_page, set_columns, set_line, typeset, wrap, write_pdf
from bench.word_writer import paragraph, say, table, write_docx

# The media type each kind is served with.
PAPERS: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "rtf": "application/rtf",
        "text": "text/plain",
    }
)
SENTENCES = (
    "The board keeps a register of goats in which each keeper of a herd is named with the day of the licence.",
    "A keeper who moves to another county tells the board within ten days and pays no fee for that.",
    "Whoever finds a goat that strays leads it to the pound, where it is fed at the cost of its keeper.",
    "The clerk reads the names aloud when the hearing begins, and whoever does not answer is heard last.",
)
TEXT = [
    "Section 7-101. Goats.",
    *(f"({label}) {' '.join(SENTENCES[: 1 + at % 4])}" for at, label in enumerate("abcdefgh")),
]


def write_papers(kind: str) -> list[bytes]:
    """Write the files of one kind."""
    return WRITERS[kind]()


def _write_pdf() -> list[bytes]:
    lines = [wrap(" ".join(SENTENCES), 38), wrap(" ".join(reversed(SENTENCES)), 38)]
    rows = [("Drug", "Code"), ("Ketamine", "7285"), ("Midazolam", "2884")]
    cells = [set_line(cell, 300 - 14 * at, 72 + 150 * to) for at, row in enumerate(rows) for to, cell in enumerate(row)]
    bill = [set_line(f"{at + 1} {line}", 700 - 20 * at, 50) for at, line in enumerate(wrap(" ".join(SENTENCES), 50))]
    return [
        typeset(TEXT, head="Goat Rules of the State"),
        write_pdf([draw_page([*set_columns(lines), *cells]), draw_page(bill)]),
        write_pdf([draw_page(bill)], key="goat"),
    ]


def _write_docx() -> list[bytes]:
    labelled = [paragraph(text[4:], item=(1, at % 3)) for at, text in enumerate(TEXT[1:])]
    note = '<w:r><w:footnoteReference w:id="1"/></w:r>'
    rows = table(["Drug", "Code"], ["Ketamine", "7285"])
    head = paragraph(TEXT[0], style="Heading1")
    edited = paragraph("A keeper ", f"<w:ins>{say('shall')}</w:ins>", "<w:del><w:r/></w:del>", note)
    return [write_docx(head, *labelled, rows, edited, notes=("Of any age.",))]


def _write_rtf() -> list[bytes]:
    body = "".join(rf"{{\listtext\pard {text[:3]}\tab}}{text[4:]}\par " for text in TEXT[1:])
    row = r"\trowd\cellx1\cellx2 Drug\cell Code\cell\row "
    return [rf"{{\rtf1\ansi\ansicpg1252{{\fonttbl{{\f0\fcharset0 Times;}}}}{body}{row}\'a7 7\par}}".encode("ascii")]


def _write_text() -> list[bytes]:
    pages = ["\n\n".join("\n".join(wrap(text, wide)) for text in TEXT) for wide in (60, 78)]
    return [*(page.encode() for page in pages), "\f".join(f"GOATS\n\n{page}" for page in pages).encode("utf-16")]


WRITERS: Mapping[str, Callable[[], list[bytes]]] = MappingProxyType(
    {"pdf": _write_pdf, "docx": _write_docx, "rtf": _write_rtf, "text": _write_text}
)
