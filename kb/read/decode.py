"""Turn the bytes of a page into text: byte order mark, UTF-8, declared charset, windows-1252, in this order."""

import codecs
import re
from functools import lru_cache

import msgspec

from kb.models import Flaw

# Charsets a page may declare and have believed: single-byte and East Asian ones browsers know. Codecs of Python that
# are no charset of the web (utf-7, unicode_escape, punycode) must never be reached by a page's own word.
BELIEVED = frozenset(
    {f"cp125{n}" for n in range(9)}
    | {f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
    | {"koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp866", "cp874", "cp932", "euc_jp", "cp949"}
    | {"big5hkscs", "gb18030"}
)
# The WHATWG Encoding Standard reads one charset where pages say another: the wider one of Windows, which they mean.
MEANT = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "tis-620": "cp874",
    "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030",
}  # fmt: skip
# Labels of that standard which Python does not know.
LABELS = {
    "x-sjis": "cp932", "windows-31j": "cp932", "windows-949": "cp949", "x-x-big5": "big5", "x-gbk": "gbk",
    "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252", "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic", "dos-874": "cp874", "unicode": "utf-16-le", "unicode-1-1-utf-8": "utf-8",
}  # fmt: skip
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED_WITHIN = 2048
# Text in letters of two or four bytes holds NULs at every second place, or at three of four: this share of them.
WIDE = 0.7

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
    return Decoded(text, encoding, _find_flaws(body, text, wide=encoding.startswith(("utf-16", "utf-32"))))


def _decode(body: bytes, charset: str) -> tuple[str, str]:
    for mark, encoding in BYTE_ORDER_MARKS:
        if body.startswith(mark) and encoding != "utf-8":
            return body[len(mark) :].decode(encoding, "replace"), encoding
    body = body.removeprefix(codecs.BOM_UTF8)
    declared = [_fold_label(charset), _find_declared(body)]
    if b"\0" in body[:DECLARED_WITHIN]:
        wide = _tell_wide(body[:DECLARED_WITHIN], declared[0])
        if wide:
            return body.decode(wide, "replace"), wide
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_broken(body, declared)


def _tell_wide(head: bytes, declared: str) -> str:
    """Tell letters of two or four bytes by where their NULs stand, else by what the server said; "" for others."""
    empty = [head[place::4].count(0) / max(1, len(head[place::4])) for place in range(4)]
    for order in ((0, 1, 2, 3), (3, 2, 1, 0)):
        first, second, third, last = (empty[place] for place in order)
        wide = "be" if order[0] == 0 else "le"
        if min(first, second, third) >= WIDE > last:
            return f"utf-32-{wide}"
        if min(first, third) >= WIDE > max(second, last):
            return f"utf-16-{wide}"
    return _explicit_order(declared) if declared.startswith("utf-16") else ""


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
    return body.decode("cp1252", "replace"), "cp1252"


def _is_damaged_utf8(body: bytes, repaired: str) -> bool:
    """Tell a UTF-8 page with a few broken bytes from a page in another encoding, by its well-formed sequences."""
    broken = repaired.count(REPLACEMENT)
    well_formed = (len(repaired.encode("utf-8")) - 3 * broken) - len(repaired) + broken
    return well_formed >= 10 * broken and len(body) > 0


@lru_cache(maxsize=256)
def _fold_label(label: str) -> str:
    """Return the name of the charset that pages mean by a label, "" for what is none."""
    folded = label.strip().strip("\"'").lower()
    try:
        name = codecs.lookup(LABELS.get(folded, folded)).name
    except (LookupError, ValueError):
        return ""
    return MEANT.get(name, name)


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
