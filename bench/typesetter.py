"""Sets invented texts as PDF files: pages of placed strings, or whole texts broken into lines, pages and columns."""

import hashlib
import textwrap
import zlib

import pypdfium2

# One string set on a page: left edge and baseline in points from the lower left corner, the words, font and size.
Placed = tuple[float, float, str, str, float]


def set_line(text: str, y: float, x: float = 72, font: str = "Plain", size: float = 10) -> Placed:
    """Place a line of words."""
    return (x, y, text, font, size)


def set_column(texts: list[str], top: float = 700, x: float = 72) -> list[Placed]:
    """Place lines below each other."""
    return [set_line(text, top - 12 * at, x) for at, text in enumerate(texts)]


def draw_page(strings: list[Placed]) -> bytes:
    """Return the operators that draw placed lines."""
    drawn = []
    for x, y, text, font, size in strings:
        quoted = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        # The size stands in the text matrix, as many programs write it.
        drawn.append(f"BT /{font} 1 Tf {size} 0 0 {size} {x} {y} Tm ({quoted}) Tj ET")
    return "\n".join(drawn).encode("cp1252")


def write_pdf(pages: list[bytes], extra: dict[str, str] | None = None, key: str = "") -> bytes:
    """Write pages of drawing operators as a file; ``extra`` adds entries to the catalog, and further objects by number.

    Objects 1 to 4 and two for each page are taken; ``key`` is a password that encrypts what is drawn (RC4, 40 bits).
    """
    kids = " ".join(f"{6 + 2 * at} 0 R" for at in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    more = dict(extra or {})
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {more.pop('catalog', '')} >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 612 792] >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
        font.format("Courier").encode(),
    ]
    fonts = "/Resources << /Font << /Plain 3 0 R /Bold 4 0 R /Typed 5 0 R >> >>"
    inner = make_key(key) if key else None
    for at, content in enumerate(pages):
        annots = more.get(f"page {at + 1}", "")
        objects.append(f"<< /Type /Page /Parent 2 0 R {fonts} /Contents {7 + 2 * at} 0 R {annots} >>".encode())
        drawn = content if inner is None else encrypt(content, inner, 7 + 2 * at)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn))
    objects += [value.encode("cp1252") for name, value in more.items() if not name.startswith("page ")]
    written, places = b"%PDF-1.4\n", []
    for number, value in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    rows = "".join(f"{place:010} 00000 n \n" for place in places)
    locked = lock(key) if key else ""
    trailer = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {locked}>>\nstartxref\n{len(written)}\n%%EOF\n"
    return written + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}".encode() + trailer.encode()


# What the standard security handler pads passwords with (ISO 32000-1, 7.6.3.3).
PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
FILE_ID = b"an invented file"


def rc4(key: bytes, text: bytes) -> bytes:
    """Encrypt as the oldest PDF files are."""
    state = list(range(256))
    at = 0
    for place in range(256):
        at = (at + state[place] + key[place % len(key)]) % 256
        state[place], state[at] = state[at], state[place]
    out, one, two = bytearray(), 0, 0
    for sign in text:
        one = (one + 1) % 256
        two = (two + state[one]) % 256
        state[one], state[two] = state[two], state[one]
        out.append(sign ^ state[(state[one] + state[two]) % 256])
    return bytes(out)


def make_owner(password: str) -> bytes:
    """Return what proves the owner's password (ISO 32000-1, algorithm 3)."""
    padded = (password.encode() + PADDING)[:32]
    return rc4(hashlib.md5(padded).digest()[:5], padded)  # noqa: S324


def make_key(password: str) -> bytes:
    """Return the key of a file (ISO 32000-1, algorithm 2)."""
    padded = (password.encode() + PADDING)[:32]
    known = make_owner(password) + (-4 & 0xFFFFFFFF).to_bytes(4, "little") + FILE_ID
    return hashlib.md5(padded + known).digest()[:5]  # noqa: S324


def encrypt(text: bytes, key: bytes, number: int) -> bytes:
    """Encrypt one object (ISO 32000-1, algorithm 1)."""
    return rc4(hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10], text)  # noqa: S324


def lock(password: str) -> str:
    """Return the entries of a trailer that tell a file is encrypted."""
    user = rc4(make_key(password), PADDING).hex()
    owner = make_owner(password).hex()
    return (
        f"/Encrypt << /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <{owner}> /U <{user}> >> "
        f"/ID [<{FILE_ID.hex()}> <{FILE_ID.hex()}>] "
    )


def typeset(paragraphs: list[str], *, wide: int = 70, rows: int = 40, size: float = 10, head: str = "") -> bytes:
    """Set paragraphs in typewriter's type on pages of so many rows, with a running head and a page number."""
    lines = [line for text in paragraphs for line in [*break_lines(text, wide), ""]]
    pages = [lines[at : at + rows] for at in range(0, len(lines), rows)]
    drawn = []
    for number, page in enumerate(pages, 1):
        placed = [set_line(head, 760, font="Typed", size=size)] if head else []
        placed += [
            set_line(text, 730 - 1.2 * size * at, font="Typed", size=size) for at, text in enumerate(page) if text
        ]
        drawn.append(draw_page([*placed, set_line(f"Page {number}", 20, x=280, font="Typed", size=size)]))
    return write_pdf(drawn)


def break_lines(text: str, wide: int) -> list[str]:
    """Break a text into lines, its longest words too, as a typist does: with a hyphen between two letters."""
    lines: list[str] = []
    for word in text.split():
        room = wide - len(lines[-1]) - 1 if lines else wide
        if lines and len(word) <= room:
            lines[-1] += f" {word}"
        elif lines and len(word) > 9 and room > 5 and word.isalpha():
            lines[-1] += f" {word[: room - 3]}-"
            lines.append(word[room - 3 :])
        else:
            lines.append(word)
    return lines


def set_columns(columns: list[list[str]], *, top: float = 700, gap: float = 250) -> list[Placed]:
    """Set columns beside each other, row by row, as some programs write them."""
    rows = max(map(len, columns))
    return [
        set_line(column[at], top - 12 * at, x=50 + gap * place)
        for at in range(rows)
        for place, column in enumerate(columns)
        if at < len(column)
    ]


def wrap(text: str, wide: int) -> list[str]:
    """Break a text into lines at its spaces."""
    return textwrap.wrap(text, wide, break_on_hyphens=False)


def scan(body: bytes, dots: int = 200) -> bytes:
    """Return a PDF as if its pages had been printed and scanned: pictures of them, with so many dots an inch."""
    pages = []
    with pypdfium2.PdfDocument(body) as document:
        for page in document:
            bitmap = page.render(scale=dots / 72, grayscale=True)
            packed = zlib.compress(bytes(bitmap.buffer))
            picture = b"/W %d /H %d /CS /G /BPC 8 /F /Fl" % (bitmap.stride, bitmap.height)
            pages.append(b"q 612 0 0 792 0 0 cm BI %s ID %s\nEI Q" % (picture, packed))
    return write_pdf(pages)
