"""Invented law for measurements: the same seed gives the same pages, every page has a text of its own."""

import itertools
import random
import re
from collections.abc import Iterator

SEED = 20240601
# Characters of law, so that a page has 20 KB with its frame, and with a publisher's markup.
PLAIN_LAW, MARKED_LAW = 18_000, 13_500
TITLE_SECTIONS, SECTION_LAW = 2_000, 1_700
NOUNS = (
    "license permit application applicant board department hearing notice record facility practitioner patient "
    "prescription substance order fee penalty inspection premises registrant provider officer report form fund"
).split()
VERBS = "issue deny revoke suspend file submit keep provide review renew inspect publish maintain transfer".split()
JOINTS = "unless if when before after provided that except that and or because until".split()
MODALS = ("shall", "may", "must", "shall not", "may not")
ROMAN = ("i", "ii", "iii", "iv", "v")
# "<p>(a)"
NUMBERED = re.compile(rb"<p>(\(\w+\))")
# "§ 12-345", "21 U.S.C. § 812"
CITED = re.compile(rb"((?:21 U\.S\.C\. )?\xc2\xa7 [\d-]+)")


class Statutes:
    """A writer of invented statutes, driven by one random generator."""

    def __init__(self, seed: int = SEED) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (repeatable pages are wanted, not secrets)

    def write_sentence(self) -> str:
        """Return one sentence of 15 to 40 words; some cite a section, name a day or an amount."""
        pick = self.chance.choice
        words = [f"The {pick(NOUNS)} {pick(MODALS)} {pick(VERBS)} the {pick(NOUNS)}"]
        words.extend(f"{pick(JOINTS)} the {pick(NOUNS)} {pick(MODALS)} {pick(VERBS)} a {pick(NOUNS)}" for _ in range(3))
        words.append(pick(("", "", "", self._write_detail())))
        return " ".join(word for word in words if word) + "."

    def _write_detail(self) -> str:
        number = self.chance.randint
        return self.chance.choice(
            (
                f"under § {number(1, 60)}-{number(100, 999)}({self.chance.choice('abcd')})",
                f"as defined in 21 U.S.C. § {number(800, 899)}",
                f"within {number(5, 90)} days",
                f"on or before January {number(1, 28)}, {number(2001, 2030)}",
            )
        )

    def write_paragraphs(self, size: int) -> Iterator[tuple[str, str]]:
        """Yield (number, text) of numbered paragraphs, (a)(1)(A)(i) deep, until they hold ``size`` characters."""
        written = 0
        for number in itertools.chain.from_iterable(map(self._number_branch, itertools.count())):
            text = " ".join(self.write_sentence() for _ in range(self.chance.randint(1, 2)))
            written += len(text)
            yield number, text
            if written >= size:
                return

    def _number_branch(self, letter: int) -> Iterator[str]:
        yield f"({chr(97 + letter % 26) * (1 + letter // 26)})"
        for item in range(1, self.chance.randint(2, 5)):
            yield f"({item})"
            for part in range(self.chance.randint(0, 3)):
                yield f"({chr(65 + part)})"
                yield from (f"({ROMAN[step]})" for step in range(self.chance.choice((0, 0, 2))))

    def write_section(self, number: str, size: int, *, heading: str = "h1") -> str:
        """Return one section as HTML: heading, numbered paragraphs of about ``size`` characters, a history note."""
        title = f"§ {number}. {self.chance.choice(NOUNS).capitalize()} and {self.chance.choice(NOUNS)}."
        law = "\n".join(f"<p>{mark} {text}</p>" for mark, text in self.write_paragraphs(size))
        year = self.chance.randint(1980, 2020)
        history = f'<p class="history">History: L. {year}, ch. {self.chance.randint(1, 400)}, eff. July 1, {year}.</p>'
        return f"<{heading}>{title}</{heading}>\n{law}\n{history}\n"


def write_page(main: str, stamp: str = "") -> bytes:
    """Return a whole page round its main part; ``stamp`` is a remark of the server outside of it."""
    links = "".join(f'<li><a href="/chapter/{number}">Chapter {number}</a></li>' for number in range(1, 9))
    return (
        f"<!DOCTYPE html>\n<html><head><title>Code</title><!-- {stamp} --></head>\n<body><nav><ul>{links}</ul></nav>\n"
        f"<main>\n{main}</main>\n<footer>Published by the legislature {stamp}</footer></body></html>\n"
    ).encode()


def write_statutes(pages: int, law: int = PLAIN_LAW, *, stamp: str = "") -> list[bytes]:
    """Return pages of one section each, with so much law; the stamp alters bytes and never the law."""
    statutes = Statutes()
    return [write_page(statutes.write_section(f"12-{100 + page}", law), stamp) for page in range(pages)]


def mark_up(page: bytes) -> bytes:
    """Return a page with the markup publishers add: a class and anchor on paragraphs, links on citations."""
    anchored = NUMBERED.sub(rb'<p class="subsection indent" id="x\1"><span class="num">\1</span>', page)
    return CITED.sub(rb'<a class="cite" href="/find?cite=\1">\1</a>', anchored)


def write_title() -> bytes:
    """Return one page of about 4 MB with 2,000 sections."""
    statutes = Statutes()
    numbers = range(1, TITLE_SECTIONS + 1)
    return write_page("".join(statutes.write_section(f"7-{one}", SECTION_LAW, heading="h3") for one in numbers))


def write_sections(size: int, count: int) -> list[str]:
    """Return the plain texts of ``count`` sections of about ``size`` characters in all."""
    statutes = Statutes()
    each = size // count
    return ["\n".join(f"{mark} {text}" for mark, text in statutes.write_paragraphs(each)) for _ in range(count)]
