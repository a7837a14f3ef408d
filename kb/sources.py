"""Read and check the places we watch: one YAML file a jurisdiction, as schemas/source.schema.json describes it.

A ``Source`` is a declaration made ready for use: patterns compiled, selectors known to be valid, earlier
declarations (``history``) laid out by date. ``Source.body`` is the plain declaration it was made from; the archive
keeps that and ``parse_source`` makes the same ``Source`` of it again.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urldefrag, urlsplit

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.marks import mark_address, read_marks
from kb.models import Strand
from kb.platform_rules import (
    ApiRule,
    EcfrRule,
    RegisterRule,
    Replacement,
    VersionRule,
    build_api,
    build_canonical,
    build_ecfr,
    build_register,
    build_versions,
)
from kb.share import domain_folder
from kb.source_checks import STRANDS, find_source_problems

Origin = Literal["url", "heading", "link", "page"]
CrawlState = Literal["open", "forbidden", "js", "blocked", "api_key"]
Publish = Literal["text", "quotes", "none"]
Resolved = Literal["seen", "unseen", ""]
Confidence = Literal["high", "medium", "low"]
Body = dict[str, Any]

# Platforms whose texts come from an interface.
INTERFACES = ("api", "ecfr", "federal_register")
# Names the folder of declarations used in place of those that ship.
SOURCES_VARIABLE = "KB_SOURCES"
# Everything after the host names an undeclared page: "https://x.example.gov/board/fees?y=2" -> "board/fees?y=2".
PAGE_PATH = r"^\w+://[^/]+/(?P<citation>.+?)/?$"


class Authority(msgspec.Struct, frozen=True):
    """A body that makes or publishes rules."""

    id: str
    name: str
    kind: str = ""
    url: str = ""
    roles: tuple[str, ...] = ()


class CrawlPolicy(msgspec.Struct, frozen=True):
    """Whether a source may be crawled; anything but ``open`` states its reason and the day it was checked."""

    state: CrawlState = "open"
    reason: str = ""
    checked_on: str = ""


class CertificateException(msgspec.Struct, frozen=True):
    """What is trusted of a source's hosts though it does not verify: see ``certificate`` in the schema."""

    reason: str
    checked_on: str
    accept: str = ""
    intermediate: str = ""


class Selectors(msgspec.Struct, frozen=True):
    """CSS selectors of the parts of a page; None where the automatic reading decides."""

    main: str | None = None
    heading: str | None = None
    note: str | None = None
    pending: str | None = None


class DateSelectors(msgspec.Struct, frozen=True):
    """CSS selectors of the elements that state from when and until when a text applies."""

    valid_from: str | None = None
    valid_to: str | None = None


class Checks(msgspec.Struct, frozen=True):
    """What every page of documents must pass; zero and empty ask nothing."""

    provisions_min: int = 0
    documents_min: int = 0
    length_min: int = 0
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """Which document was found: its number as printed and the strand it belongs to."""

    citation: str
    strand: Strand


class DocumentRule(msgspec.Struct, frozen=True):
    """How documents of a source are told and named.

    ``origin`` says what ``pattern`` is tried on: ``url`` (searched in the page's URL), ``heading`` (matched from the
    start of each heading), ``link`` (searched in the words of the link that led to the page) or ``page`` (the page is
    one document named by the source's id; ``pattern`` is None).
    """

    work: str
    pattern: re.Pattern[str] | None
    origin: Origin
    strand: Strand = "current"
    cite: str = "{citation}"

    def print_citation(self, citation: str) -> str:
        """Return the citation as the publisher prints it ("Example Code § 12-3")."""
        return self.cite.replace("{citation}", citation)


class Registered(msgspec.Struct, frozen=True):
    """A document known to carry a rule, as a source registers it.

    ``questions`` are those it can answer, ``covers`` the jurisdictions it answers them for ("all": every one; empty:
    its source's). ``resolved`` tells whether its address was ever seen to answer.
    """

    questions: tuple[str, ...]
    citation: str = ""
    title: str = ""
    url: str = ""
    covers: tuple[str, ...] | Literal["all"] = ()
    binding: str = ""
    aliases: tuple[str, ...] = ()
    resolved: Resolved = "unseen"
    confidence: Confidence = "high"
    caution: str = ""
    evidence: tuple[Mapping[str, str], ...] = ()


class Source(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A place we watch. Two values are one source when their ``digest`` is equal.

    ``urls`` are pages named one by one, the addresses of ``documents`` among them; ``start`` are lists to begin at;
    ``match`` says which other URLs are its own; ``hosts`` are those its addresses name. ``shipped`` tells that it
    stands in this project's own folder, ``declared`` whether the main part of its pages is declared. ``eras`` holds the
    source as it was before each date of its history, earliest first; use ``at``.
    """

    id: str
    jurisdiction: str
    platform: str
    body: Body
    digest: str
    authority: Authority | None = None
    title: str = ""
    urls: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    match: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    document: DocumentRule
    select: Selectors = Selectors()
    remove: tuple[str, ...] = ()
    dates: DateSelectors = DateSelectors()
    binding: str = ""
    topics: tuple[str, ...] = ()
    professions: tuple[str, ...] = ()
    cadence: str = "weekly"
    crawl_policy: CrawlPolicy = CrawlPolicy()
    host_delay: float = 1.0
    redirects: tuple[str, ...] = ()
    certificate: CertificateException | None = None
    day_budget: int = 0
    moves_within: int = 0
    fallback: str = ""
    aliases: tuple[str, ...] = ()
    checks: Checks = Checks()
    publish: Publish = "text"
    replica: bool = False
    evidence: tuple[Mapping[str, str], ...] = ()
    documents: tuple[Registered, ...] = ()
    format: tuple[str, ...] = ()
    host: str = ""
    moved_from: tuple[str, ...] = ()
    resolved: Resolved = ""
    confidence: Confidence = "high"
    caution: str = ""
    shipped: bool = False
    hosts: frozenset[str] = frozenset()
    api: ApiRule | None = None
    ecfr: EcfrRule | None = None
    federal_register: RegisterRule | None = None
    versions: VersionRule | None = None
    canonical: tuple[Replacement, ...] = ()
    trusts_lastmod: bool = False
    eras: tuple[tuple[str, "Source"], ...] = ()

    @property
    def declared(self) -> bool:
        """Tell whether a selector says where the main part of its pages is."""
        return self.select.main is not None

    def at(self, observed_at: str) -> "Source":
        """Return the source as declared for a capture of this instant (UTC, RFC 3339): history applied, no history."""
        return next((era for until, era in self.eras if observed_at[:10] < until), self)

    def matches(self, url: str) -> bool:
        """Tell whether a URL belongs to this source: one of ``urls`` or ``start``, or a match of ``match``.

        URLs are compared without fragment and with %-escapes decoded. Without ``match`` every URL that begins with
        one of ``start`` belongs to it.
        """
        plain = unquote(urldefrag(url).url)
        named = any(plain == unquote(own) for own in (*self.urls, *self.start))
        return named or any(_fits(plain, pattern) for pattern in self.match or self.start)

    def canonicalise(self, url: str) -> str:
        """Return the one address of a page: without the parts that name a visit, as declared."""
        for part in self.canonical:
            url = part.pattern.sub(part.replace, url)
        return url

    def identify(self, text: str) -> Identity | None:
        """Tell which document a page's URL or a heading line names (as ``document.origin`` says), None if none.

        Where nothing is said of documents, the pages a source starts at are lists of them.
        """
        rule = self.document
        if rule.pattern is None:
            return Identity(self.id, rule.strand)
        if text in self.start and "document" not in self.body:
            return None
        marks = read_marks(text) if rule.origin in ("url", "link") else {}
        if rule.origin == "link":
            found = rule.pattern.search(marks.get("link", ""))
        elif "citation" in marks:
            return Identity(marks["citation"], rule.strand)
        else:
            found = rule.pattern.search(unquote(text)) if rule.origin == "url" else rule.pattern.match(text)
        if found is None or not found["citation"]:
            return None
        groups = found.groupdict()
        return Identity(groups["citation"], next((strand for strand in STRANDS if groups.get(strand)), rule.strand))


def read_source_file(path: Path) -> tuple[Source, ...]:
    """Read the sources of one jurisdiction's file, in its order.

    Raises DeclarationError listing every problem of the file, each with its key path.
    """
    body = load_yaml(path)
    problems = find_source_problems(body, path.name)
    if problems:
        raise DeclarationError("\n".join(problems))
    authorities = {authority["id"]: authority for authority in body.get("authorities", [])}
    return tuple(_build_source(_complete(entry, body["jurisdiction"], authorities)) for entry in body["sources"])


def read_sources(folders: Iterable[Path]) -> tuple[Source, ...]:
    """Read every ``*.yml`` of the folders; returns the sources sorted by id.

    Raises DeclarationError if a folder is missing, a file is not valid (all problems of all files are listed) or two
    files declare the same id.
    """
    found, problems = _try_files(dict.fromkeys(path for folder in folders for path in _list_files(folder)))
    owners: dict[str, Path] = {}
    for source, path in found:
        first = owners.setdefault(source.id, path)
        if first != path:
            problems.append(f"source id {source.id!r} is declared in both {first} and {path}")
    if problems:
        raise DeclarationError("\n".join(problems))
    return tuple(sorted((source for source, _ in found), key=lambda source: source.id))


def read_declared(folders: Iterable[Path], wanted: Iterable[str] | None = None) -> tuple[Source, ...]:
    """Read the sources of the folders given and those that ship; returns them sorted by id.

    ``wanted`` holds the ids and jurisdictions of the shipped ones to read, None means all: only files that can hold
    them are opened. A source of the folders stands in place of a shipped one of its id. Raises DeclarationError.
    """
    given = {source.id: source for source in read_sources(folders)}
    shipped = {} if wanted is None else dict.fromkeys(name for name in wanted if name not in given)
    files = _list_shipped(None if wanted is None else shipped)
    found, problems = _try_files(files)
    if problems:
        raise DeclarationError("\n".join(problems))
    for source, _ in found:
        if source.id not in given and (wanted is None or source.id in shipped or source.jurisdiction in shipped):
            given[source.id] = msgspec.structs.replace(source, shipped=True)
    return tuple(given[name] for name in sorted(given))


def parse_source(body: Mapping[str, Any], where: str) -> Source:
    """Make a source of a plain declaration: an entry of ``sources`` that also holds its ``jurisdiction``.

    ``where`` names the declaration's origin in messages. Raises DeclarationError listing every problem.
    """
    entry = {key: value for key, value in body.items() if key != "jurisdiction"}
    problems = find_source_problems({"jurisdiction": body.get("jurisdiction"), "sources": [entry]}, where)
    if problems:
        raise DeclarationError("\n".join(problems))
    return _build_source(dict(body))


def find_source(sources: Sequence[Source], url: str) -> Source | None:
    """Return the source a URL belongs to, None if there is none.

    Where one that ships and one given beside it claim the URL, the given one has it; raises DeclarationError if
    several of a kind do.
    """
    host = urlsplit(url).hostname
    # Hundreds of sources ship, and their patterns spell their hosts out: the others are not tried.
    matching = [
        source for source in sources if not (source.shipped and host not in source.hosts) and source.matches(url)
    ]
    claims = [source for source in matching if not source.shipped] or matching
    if len(claims) > 1:
        names = " and ".join(source.id for source in claims)
        raise DeclarationError(f"{url} is claimed by {names}: narrow 'match' of one of them")
    return claims[0] if claims else None


def find_naming(source: Source) -> re.Pattern[str] | None:
    """Return the pattern that finds a document's number in the words of links, None where words name none."""
    return source.document.pattern if source.document.origin == "link" else None


def name_link(source: Source, url: str, words: str) -> str:
    """Return the address a link leads to, as its source names pages: canonical, with the words where they tell."""
    url = source.canonicalise(url)
    if not url or source.document.origin != "link":
        return url
    return mark_address(url, {"link": " ".join(words.split())})


def default_sources_folder() -> Path:
    """Return the folder of the declarations that ship, that of the domain in use, or the one KB_SOURCES names."""
    replaced = os.environ.get(SOURCES_VARIABLE)
    shipped = Path(__file__).resolve().parent.parent / "crawlers" / "sources"
    return Path(replaced) if replaced else domain_folder("sources") or shipped


def _list_shipped(wanted: Iterable[str] | None) -> list[Path]:
    """List the shipped files, or those that can hold the ids and jurisdictions wanted: "us-tx-code" is in us-tx.yml."""
    folder = default_sources_folder()
    if wanted is None:
        return sorted(folder.glob("*.yml"))
    names = {"-".join(name.split("-")[:parts]) for name in wanted for parts in (1, 2)}
    return sorted(path for name in names if (path := folder / f"{name}.yml").is_file())


def _list_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DeclarationError(f"no folder of source declarations at {folder}")
    return sorted(folder.glob("*.yml"))


def _try_files(paths: Iterable[Path]) -> tuple[list[tuple[Source, Path]], list[str]]:
    found: list[tuple[Source, Path]] = []
    problems: list[str] = []
    for path in paths:
        try:
            found.extend((source, path) for source in read_source_file(path))
        except DeclarationError as error:
            problems.append(str(error))
    return found, problems


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _fits(url: str, pattern: str) -> bool:
    return bool(_compile(pattern).search(url)) if pattern.startswith("^") else url.startswith(unquote(pattern))


def _complete(entry: Body, jurisdiction: str, authorities: Mapping[str, Body]) -> Body:
    """Write out what an entry of a file leaves to the file, so that it stands on its own."""
    authority = entry.get("authority")
    named = {"authority": authorities[authority]} if isinstance(authority, str) and authority in authorities else {}
    return {"jurisdiction": jurisdiction, **entry, **named}


def _build_source(body: Body) -> Source:
    eras = sorted(body.get("history", []), key=lambda era: str(era["until"]))
    plain = {key: value for key, value in body.items() if key != "history"}
    return _build_era(body, eras=tuple((era["until"], _build_era(_replace_keys(plain, era))) for era in eras))


def _replace_keys(body: Body, era: Body) -> Body:
    return {**body, **{key: value for key, value in era.items() if key != "until"}}


def _build_era(body: Body, *, eras: tuple[tuple[str, Source], ...] = ()) -> Source:
    select = body.get("select", {})
    policy = body.get("crawl_policy", {})
    flat: Body = {key: body[key] for key in _PLAIN if key in body}
    flat |= {key: _as_tuple(body[key]) for key in _LISTS if key in body}
    flat["urls"] = _list_urls(body)
    flat["hosts"] = _list_hosts(flat)
    return Source(
        id=body["id"],
        jurisdiction=body["jurisdiction"],
        platform=body["platform"],
        body=body,
        digest=hashlib.sha256(_canonical_json(body)).hexdigest(),
        authority=_build_authority(body.get("authority")),
        document=_build_rule(body),
        select=Selectors(main=select) if isinstance(select, str) else msgspec.convert(select, Selectors),
        dates=msgspec.convert(body.get("dates", {}), DateSelectors),
        checks=_build_checks(body.get("checks", {})),
        certificate=msgspec.convert(body.get("certificate"), CertificateException | None),
        crawl_policy=CrawlPolicy() if isinstance(policy, str) else msgspec.convert(policy, CrawlPolicy),
        documents=msgspec.convert(body.get("documents", []), tuple[Registered, ...]),
        api=build_api(body.get("api")),
        ecfr=build_ecfr(body.get("ecfr")),
        federal_register=build_register(body.get("federal_register")),
        versions=build_versions(body.get("versions")),
        canonical=build_canonical(body.get("canonical")),
        trusts_lastmod=body.get("sitemap", {}).get("lastmod") == "trusted",
        eras=eras,
        **flat,
    )


# Keys that hold one or several values, and keys that are taken over as they stand.
_LISTS = tuple("start match follow remove topics professions aliases evidence redirects format moved_from".split())
_PLAIN = (
    *"title binding cadence host_delay day_budget moves_within fallback publish replica".split(),
    *"host resolved confidence caution".split(),
)


def _list_urls(body: Body) -> tuple[str, ...]:
    """List the pages a declaration names one by one: ``urls``, then the addresses of its documents, each once.

    Where an interface gives the text, the addresses of documents are pages for people and not fetched.
    """
    documents = [] if body.get("platform") in INTERFACES else body.get("documents", [])
    registered = (urldefrag(entry["url"]).url for entry in documents if "url" in entry)
    return tuple(dict.fromkeys((*body.get("urls", []), *registered)))


def _list_hosts(flat: Body) -> frozenset[str]:
    plain = (url.removeprefix("^").replace("\\", "") for key in ("urls", "start", "match") for url in flat.get(key, ()))
    return frozenset(host for url in plain if (host := urlsplit(url).hostname))


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _canonical_json(body: Body) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _build_authority(authority: str | Body | None) -> Authority | None:
    if authority is None:
        return None
    return Authority(authority, authority) if isinstance(authority, str) else msgspec.convert(authority, Authority)


def _build_checks(checks: Body) -> Checks:
    lists = {key: _as_tuple(value) for key, value in checks.items() if not isinstance(value, int)}
    return msgspec.convert({**checks, **lists}, Checks)


def _build_rule(body: Body) -> DocumentRule:
    declared = body.get("document")
    if declared is None:
        single = len(_list_urls(body)) == 1 and "start" not in body and "match" not in body
        declared = {"work": "page"} if single else {"work": "page", "pattern": PAGE_PATH}
    pattern = declared.get("pattern")
    return DocumentRule(
        work=declared["work"],
        pattern=None if pattern is None else _compile(pattern),
        origin=declared.get("from", "page" if pattern is None else "url"),
        strand=declared.get("strand", "current"),
        cite=declared.get("cite", "{citation}"),
    )
