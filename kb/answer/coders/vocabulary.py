"""Read the words that the coders know, schemas/coders.yml, and make patterns of them."""

import re
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.share import domain_path


class Vocabulary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The lists of words by name, the names of professions and events, and the value of each printed class."""

    words: dict[str, tuple[str, ...]]
    professions: dict[str, tuple[str, ...]]
    events: dict[str, tuple[str, ...]]
    schedule_values: dict[str, dict[str, str]]


@lru_cache(maxsize=1)
def read_vocabulary() -> Vocabulary:
    """Return the vocabulary of the domain; raises DeclarationError if coders.yml is not valid."""
    path = domain_path("coders.yml")
    try:
        return msgspec.convert(load_yaml(path), Vocabulary)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error


@lru_cache(maxsize=100)
def match_words(name: str) -> re.Pattern[str]:
    """Return the pattern of a list of words: whole words, the longest first, case ignored."""
    return compile_words(read_vocabulary().words[name])


def has_words(name: str, text: str) -> bool:
    """Tell whether a word of a list stands in a text."""
    return match_words(name).search(text) is not None


@lru_cache(maxsize=10)
def _list_named(kind: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    named: dict[str, tuple[str, ...]] = getattr(read_vocabulary(), kind)
    return tuple((name, compile_words(words)) for name, words in named.items())


def find_professions(text: str) -> tuple[str, ...]:
    """Return the professions a text names, in the order of the vocabulary; a physician assistant is no physician."""
    found: list[str] = []
    order = [name for name, _ in _list_named("professions")]
    for name, pattern in sorted(_list_named("professions"), key=lambda pair: -len(pair[1].pattern)):
        if pattern.search(text) is not None:
            found.append(name)
            text = pattern.sub(" ", text)
    return tuple(sorted(found, key=order.index))


def find_events(text: str) -> tuple[str, ...]:
    """Return the events (prescribe, dispense, administer) a text names, in the order of the vocabulary."""
    return tuple(name for name, pattern in _list_named("events") if pattern.search(text) is not None)


# What a shape of law may hold between two words of a clause: "…" a subordinate part, "‥" a few words.
GAPS = {"…": r"\b[^.;]{0,260}?\b", "‥": r"\b[^.;]{0,80}?\b"}
# The parts of a shape: "{giving}", " … ", a blank
PART = re.compile(r"(\{[a-z_]+\}|\s*[…‥]\s*| )")


class Shape:
    """A shape of law: "{denying} … {giving} … {barring} … {exams}".

    "…" stands for anything within a clause, "‥" for a few words of it, "{name}" for a word of the list of that name
    (the group of that name at its first use). The rest is a regular expression in which a blank is any white space.
    Case is ignored. The pattern is made when it is first asked for: importing a coder reads no file.
    """

    def __init__(self, text: str) -> None:
        """Keep the shape as written."""
        self.text = text

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression of the shape."""
        seen: set[str] = set()
        return re.compile("".join(_compile_part(part, seen) for part in PART.split(self.text)), re.IGNORECASE)

    def search(self, words: str, start: int = 0, end: int = sys.maxsize) -> re.Match[str] | None:
        """Return where the shape first stands in some words."""
        return self.pattern.search(words, start, end)

    def match(self, words: str, start: int = 0) -> re.Match[str] | None:
        """Return the shape where words begin with it."""
        return self.pattern.match(words, start)

    def finditer(self, words: str) -> Iterator[re.Match[str]]:
        """Yield every place where the shape stands."""
        return self.pattern.finditer(words)


def _compile_part(part: str, seen: set[str]) -> str:
    if part.strip() in GAPS:
        return GAPS[part.strip()]
    if not part.startswith("{") or PART.fullmatch(part) is None:
        return r"\s+" if part == " " else part
    name = part[1:-1]
    group = "?:" if name in seen else f"?P<{name}>"
    seen.add(name)
    return f"({group}{match_words(name).pattern})"


def compile_words(words: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of some words: "controlled substance*" finds "Controlled-substances" too."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(_pattern_of, longest))})(?![\w])", re.IGNORECASE)


def _pattern_of(words: str) -> str:
    steps = words.strip().split(" ")
    return r"[\s-]+".join(re.escape(step).replace(r"\*", "[a-z]*") for step in steps)
