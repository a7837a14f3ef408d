"""Turn the bytes of a page into text: byte order mark, UTF-8, declared charset, windows-1252, in this order."""

import codecs
import re

import msgspec

from kb.models import Flaw

# Charsets a page may declare and have believed: single-byte and East Asian ones browsers know. Codecs of Python that
# are no charset of the web (utf-7, unicode_escape, punycode) must never be reached by a page's own word.
BELIEVED = frozenset(
    {f"windows-125{n}" for n in range(9)}
    | {f"iso-8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"koi8-r", "koi8-u", "macintosh", "shift_jis", "euc-jp", "euc-kr", "big5", "gbk", "gb2312", "gb18030"}
)
# The WHATWG Encoding Standard reads these labels as windows-1252: pages that say them mean it.
SAID_FOR_1252 = frozenset({"iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "us-ascii", "ascii", "cp1252"})
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
DECLARED_WITHIN = 2048

# <meta charset="utf-8">  <meta http-equiv="Content-Type" content="text/html; charset=utf-8">
# <?xml version="1.0" encoding="utf-8"?>
DECLARATION = re.compile(
    rb"""(?i)<(?:meta\b[^>]{0,300}?\bcharset|\?xml\b[^>]{0,200}?\bencoding)\s*=\s*["']?\s*([\w.:-]+)"""
)
# Line ends, tab and form feed are layout; every other control character is damage.
CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r") - {0}) + b"\x7f"
REPLACEMENT = "\ufffd"
# First bytes of what is no text: PDF, ZIP (DOCX), PNG, GIF, JPEG, gzip, OLE (DOC).
MAGIC = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")


class Decoded(msgspec.Struct, frozen=True):
    """The text of a page, the encoding it was read with and what was lost on the way."""

    text: str
    encoding: str
    flaws: tuple[Flaw, ...] = ()


# "Â§", "Â\xa0", "â€œ": UTF-8 that was read as windows-1252 and encoded once more
TWICE_ENCODED = re.compile("[\u00c2\u00c3][\u0080-\u00bf]|\u00e2[\u20ac\u0080-\u00bf][\u0080-\uffff]")
# The section sign in UTF-8, read as windows-1252 or as Thai: nobody prints these two letters side by side. A rare
# byte of each is looked for first, which costs next to nothing.
SIGNS_OF_TWICE = ((0x82, "\u00c2\u00a7".encode()), (0xE0, "\u0e22\u0e07".encode()))


def decode_text(body: bytes, charset: str = "") -> Decoded:
    """Read a page's bytes as text, believing valid UTF-8 before any declaration.

    ``charset`` is what the HTTP answer declared, "" if nothing. Returns the text, the encoding used and the flaws
    found (code "encoding" or "binary"); raises nothing: a page that is no text at all says so in its flaws. The order
    is that of the WHATWG Encoding Standard, save that UTF-8 is tried first: wrong declarations are common, other text
    that happens to be valid UTF-8 is not.
    """
    text, encoding = _decode(body, charset)
    if encoding == "utf-8" and any(rare in body and sign in body for rare, sign in SIGNS_OF_TWICE):
        text = TWICE_ENCODED.sub(_encode_back, text).replace("\u0e22\u0e07", "§")
    return Decoded(text, encoding, _find_flaws(body, text, wide=encoding.startswith("utf-16")))


def _decode(body: bytes, charset: str) -> tuple[str, str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if body.startswith(mark) and encoding != "utf-8":
            return body[len(mark) :].decode(encoding, "replace"), encoding
    body = body.removeprefix(codecs.BOM_UTF8)
    declared = [_fold_label(charset), _find_declared(body)]
    if b"\0" in body[:DECLARED_WITHIN] and declared[0].startswith("utf-16"):
        return body.decode(_explicit_order(declared[0]), "replace"), _explicit_order(declared[0])
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_broken(body, declared)


def _encode_back(found: re.Match[str]) -> str:
    """Return the sign that was encoded twice, or what is printed where it cannot have been."""
    try:
        return b"".join(_byte_of(sign) for sign in found[0]).decode("utf-8")
    except UnicodeError:
        return found[0]


def _byte_of(sign: str) -> bytes:
    """Return the byte a browser reads as this sign in windows-1252; bytes without a letter stand for themselves."""
    return bytes([ord(sign)]) if sign < "\u00a0" else sign.encode("windows-1252")


def _decode_broken(body: bytes, declared: list[str]) -> tuple[str, str]:
    """Read bytes that are not valid UTF-8 as damaged UTF-8, as declared, or as windows-1252."""
    repaired = body.decode("utf-8", "replace")
    if _is_damaged_utf8(body, repaired):
        return repaired, "utf-8"
    for label in declared:
        if label in BELIEVED:
            try:
                return body.decode(label), label
            except UnicodeDecodeError:
                continue
    return body.decode("windows-1252", "replace"), "windows-1252"


def _is_damaged_utf8(body: bytes, repaired: str) -> bool:
    """Tell a UTF-8 page with a few broken bytes from a page in another encoding, by its well-formed sequences."""
    broken = repaired.count(REPLACEMENT)
    well_formed = (len(repaired.encode("utf-8")) - 3 * broken) - len(repaired) + broken
    return well_formed >= 10 * broken and len(body) > 0


def _fold_label(label: str) -> str:
    folded = label.strip().strip("\"'").lower()
    return "windows-1252" if folded in SAID_FOR_1252 else folded


def _find_declared(body: bytes) -> str:
    found = DECLARATION.search(body, 0, DECLARED_WITHIN)
    return _fold_label(found[1].decode("ascii", "replace")) if found else ""


def _explicit_order(label: str) -> str:
    """Name the byte order of a UTF-16 label without byte order mark; the standard's default is little-endian."""
    return "utf-16-be" if label.endswith("be") else "utf-16-le"


def _find_flaws(body: bytes, text: str, *, wide: bool) -> tuple[Flaw, ...]:
    flaws = []
    # To look for a sign first costs a tenth of counting it.
    nuls = body.count(b"\0") if not wide and b"\0" in body else 0
    if body.startswith(MAGIC) or _is_too_many(nuls, len(body)):
        flaws.append(Flaw("binary", f"expected text, found {nuls} NUL bytes, first bytes {body[:4]!r}"))
    lost = text.count(REPLACEMENT) if REPLACEMENT in text else 0
    controls = 0 if wide else len(body) - nuls - len(body.translate(None, CONTROLS + b"\0"))
    if _is_too_many(lost + controls, len(body)):
        flaws.append(Flaw("encoding", f"{lost} unreadable and {controls} control characters in {len(text)}"))
    return tuple(flaws)


def _is_too_many(count: int, length: int) -> bool:
    """Judge damage by its share: a few odd bytes in a big Word page are normal, one in a thousand is not."""
    return count > 3 and count * 1000 > length
