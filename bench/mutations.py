"""Damage a page as the world does, and worse: every way takes bytes and a seeded source of chance, and gives bytes."""

import io
import random
import zipfile
from collections.abc import Callable, Sequence

# What a hostile or broken publisher may repeat without end: openings that never close, labels, our own private signs.
SOUP = (
    *b"<div> </div> <p> <ol><li> </li> <table><tr><td> </table> <aside> <h2> <b> <dl><dt> <br> <a> <!-- --> ".split(),
    *b"<![CDATA[ <script> <style> <template> <svg> <math> <o:p> <plaintext> <select> <form> <frameset> </body>".split(),
)
WORDS = (
    *b"(a) (i) (aa) 1. (1)(a)(i)(A) [(1)] *(2) I-a. 1/2/2023 | \xff\xfe \xc2\xad \xe2\x80\x91 \xe2\x80\xae".split(),
    *(
        b"1.1.1 ",
        b"Sec. 8. ",
        b"\xc2\xa7 12-305. ",
        b"[Effective ",
        b"Repealed ",
        b"History. ",
        b"[1999 c.12 \xc2\xa71; ",
    ),
    *(b"P.L. 2001, ch. 4, \xc2\xa7 2; ", b"\xc2\xa7 1-", b"subsection (a) of ", b"; and ", b" . ", b"\r\n\r\n     "),
    *(b"\xee\x80\x800\xee\x80\x81", b"\xee\x80\x8099\xee\x80\x83", b"\x00"),
)
ENTITIES = tuple(b"&amp; &amp &#0; &#xD800; &#x110000; &#99999999999; &nosuch; &lt;p&gt; &nbsp; &#8209; &sect;".split())
ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "windows-1252", "iso-8859-5", "shift_jis", "cp037", "utf-7")
# Longest stretch that is cut, doubled or moved, and most repeats of one sign.
STRETCH, REPEATS = 4_000, 3_000

Mutation = Callable[[bytes, random.Random], bytes]


def make_chance(seed: object) -> random.Random:
    """Return the source of chance of a seed: the same damage every time, and no secret in it."""
    return random.Random(str(seed))  # noqa: S311


def flip_bits(body: bytes, chance: random.Random) -> bytes:
    """Flip single bits: a damaged disk."""
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 40) if damaged else 0):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def delete_stretch(body: bytes, chance: random.Random) -> bytes:
    """Leave a stretch out."""
    start, end = _choose_stretch(body, chance)
    return body[:start] + body[end:]


def double_stretch(body: bytes, chance: random.Random) -> bytes:
    """Print a stretch several times."""
    start, end = _choose_stretch(body, chance)
    return body[:end] + body[start:end] * chance.randint(1, 8) + body[end:]


def move_stretch(body: bytes, chance: random.Random) -> bytes:
    """Move a stretch to another place."""
    start, end = _choose_stretch(body, chance)
    rest = body[:start] + body[end:]
    return _insert(rest, body[start:end], chance)


def truncate(body: bytes, chance: random.Random) -> bytes:
    """End the page anywhere: a transfer that was cut."""
    return body[: chance.randint(0, len(body))]


def add_soup(body: bytes, chance: random.Random) -> bytes:
    """Scatter tags that open and close nothing."""
    for _ in range(chance.randint(1, 30)):
        body = _insert(body, chance.choice(SOUP), chance)
    return body


def nest_deeply(body: bytes, chance: random.Random) -> bytes:
    """Open one tag again and again."""
    return _insert(body, chance.choice(SOUP) * chance.randint(10, REPEATS), chance)


def repeat_words(body: bytes, chance: random.Random) -> bytes:
    """Repeat a label, a mark or a sign without end, perhaps two of them in turn."""
    words = b"".join(chance.choice(WORDS) for _ in range(chance.randint(1, 2)))
    return _insert(body, words * chance.randint(1, REPEATS), chance)


def add_attributes(body: bytes, chance: random.Random) -> bytes:
    """Give tags huge, broken or telling attributes."""
    value = chance.choice((b"x", b'"', b"(a)", b"margin-left:1in;", b"&", b"<", b"text-indent-9 "))
    name = chance.choice((b"class", b"id", b"style", b"start", b"type", b"value", b"href", b"data-x"))
    tag = b"<p %s=%s%s>" % (name, chance.choice((b'"', b"'", b"")), value * chance.randint(1, 20_000))
    return _insert(body, tag, chance)


def add_entities(body: bytes, chance: random.Random) -> bytes:
    """Scatter entities, good and bad."""
    for _ in range(chance.randint(1, 30)):
        body = _insert(body, chance.choice(ENTITIES), chance)
    return body


def change_encoding(body: bytes, chance: random.Random) -> bytes:
    """Encode the page anew without saying so, or twice."""
    text = body.decode("utf-8", "replace")
    if chance.random() < 0.3:
        return text.encode("utf-8").decode("windows-1252", "replace").encode("utf-8")
    return text.encode(chance.choice(ENCODINGS), "replace")


def drop_closing_tags(body: bytes, chance: random.Random) -> bytes:
    """Close no element of one kind, or none at all."""
    tag = chance.choice((b"</p>", b"</li>", b"</td>", b"</div>", b"</b>", b"</a>", b"</"))
    return body.replace(tag, b"")


def change_space(body: bytes, chance: random.Random) -> bytes:
    """Take white space away, or blow it up."""
    instead = chance.choice((b"", b"\n", b"\r\n\r\n", b"\t   \n\n  ", b"\xc2\xa0", b"\x0c"))
    return body.replace(b" ", instead, chance.choice((-1, 50, 500)))


MUTATIONS: Sequence[Mutation] = (
    flip_bits,
    delete_stretch,
    double_stretch,
    move_stretch,
    truncate,
    add_soup,
    nest_deeply,
    repeat_words,
    add_attributes,
    add_entities,
    change_encoding,
    drop_closing_tags,
    change_space,
)


def mutate(body: bytes, chance: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """Damage a page in one to four ways; returns the bytes and the names of the ways."""
    chosen = [chance.choice(MUTATIONS) for _ in range(chance.randint(1, 4))]
    for mutation in chosen:
        body = mutation(body, chance)
    return body, tuple(mutation.__name__ for mutation in chosen)


def mutate_file(body: bytes, chance: random.Random) -> tuple[bytes, tuple[str, ...]]:
    """Damage a file that is no page: a package mostly in one of its parts, for damage outside is found at once."""
    if body.startswith(b"PK") and chance.random() < 0.8:
        return _mutate_part(body, chance)
    return mutate(body, chance)


def _mutate_part(body: bytes, chance: random.Random) -> tuple[bytes, tuple[str, ...]]:
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    name = chance.choice(sorted(parts))
    parts[name], ways = mutate(parts[name], chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for each, content in parts.items():
            package.writestr(zipfile.ZipInfo(each), content, zipfile.ZIP_DEFLATED)
    return out.getvalue(), (name, *ways)


def _choose_stretch(body: bytes, chance: random.Random) -> tuple[int, int]:
    start = chance.randint(0, len(body))
    return start, min(len(body), start + chance.randint(0, STRETCH))


def _insert(body: bytes, piece: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(body))
    return body[:at] + piece + body[at:]
