"""Tests of kb.sources and kb.source_checks on invented declarations, and of those that describe real pages."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.share import share_path
from kb.sources import (
    Authority,
    CertificateException,
    CrawlPolicy,
    Identity,
    Source,
    default_sources_folder,
    find_source,
    parse_source,
    read_source_file,
    read_sources,
)

CODE = "https://code.example.gov/"
RULE = {"work": "code", "pattern": r"/sections/(?P<citation>[^/()]+?)(?P<permanent>\(Perm\))?\.html$"}


def declare(**keys: Any) -> dict[str, Any]:
    return {"jurisdiction": "us-xx", "id": "us-xx-code", "platform": "page", "match": CODE, **keys}


def parse(**keys: Any) -> Source:
    return parse_source(declare(**keys), "us-xx.yml")


def write(folder: Path, name: str = "us-xx.yml", **keys: Any) -> Path:
    entry = declare(**keys)
    body = {"jurisdiction": entry.pop("jurisdiction"), "sources": [entry]}
    path = folder / name
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path


def refuse(**keys: Any) -> list[str]:
    with pytest.raises(DeclarationError) as refused:
        parse(**keys)
    return str(refused.value).splitlines()


def test_only_id_platform_and_a_place_are_needed() -> None:
    source = parse_source(
        {"jurisdiction": "us", "id": "a", "platform": "page", "urls": ["https://x.example.gov/a"]}, "us.yml"
    )

    assert ("a", "us", "page", False) == (source.id, source.jurisdiction, source.document.origin, source.declared)
    assert Identity("a", "current") == source.identify("https://x.example.gov/a")


def test_a_source_is_made_again_from_the_body_the_archive_keeps(tmp_path: Path) -> None:
    path = tmp_path / "us-xx.yml"
    path.write_text(
        """
        jurisdiction: us-xx
        authorities: [{id: us-xx-board, name: Example Board, kind: board}]
        sources:
          - id: us-xx-rules
            authority: us-xx-board
            platform: page
            match: https://board.example.gov/
            history: [{until: 2024-02-08, select: main}]
        """,
        encoding="utf-8",
    )
    (read,) = read_source_file(path)

    again = parse_source(json.loads(json.dumps(read.body)), "archive")

    assert Authority(id="us-xx-board", name="Example Board", kind="board") == again.authority
    assert (read.digest, read.body) == (again.digest, again.body)


def test_an_authority_may_be_named_or_written_out_in_place(tmp_path: Path) -> None:
    (written,) = read_source_file(write(tmp_path, authority={"id": "us-xx-board", "name": "Example Board"}))
    (named,) = read_source_file(write(tmp_path, authority="us-xx-board"))

    assert Authority(id="us-xx-board", name="Example Board") == written.authority
    assert Authority(id="us-xx-board", name="us-xx-board") == named.authority


def test_the_digest_tells_declarations_apart_but_not_the_order_of_keys() -> None:
    body = declare(select="main")
    turned = dict(reversed(list(body.items())))

    assert parse_source(body, "a").digest == parse_source(turned, "b").digest
    assert parse_source(body, "a").digest != parse(select="article").digest


def test_a_source_travels_to_another_process() -> None:
    source = pickle.loads(pickle.dumps(parse(document=RULE, history=[{"until": "2024-01-01", "select": "main"}])))  # noqa: S301

    assert Identity("12-3", "current") == source.identify("https://code.example.gov/sections/12-3.html")


def test_one_value_stands_for_a_list_of_one() -> None:
    source = parse(remove=".share", checks={"must_contain": "Title", "documents_min": 2})

    assert ((".share",), (CODE,)) == (source.remove, source.match)
    assert (("Title",), 2) == (source.checks.must_contain, source.checks.documents_min)


def test_select_is_the_main_part_or_a_selector_for_each_part() -> None:
    short, long = parse(select="main"), parse(select={"main": "main", "note": "aside"})

    assert ("main", None, True) == (short.select.main, short.select.note, short.declared)
    assert ("main", "aside", True) == (long.select.main, long.select.note, long.declared)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://code.example.gov/sections/1.html", True),
        ("https://code.example.gov/sections/1%28Perm%29.html#a", True),
        ("https://code.example.gov/laws/1", False),
        ("https://code.example.gov/named?id=%C2%A7", True),
        ("https://code.example.gov/named?id=2", False),
        ("https://rules.example.gov/r7.html", True),
        ("https://rules.example.gov/x7.html", False),
    ],
)
def test_urls_belong_by_name_by_beginning_or_by_pattern(url: str, expected: bool) -> None:
    source = parse(
        urls=["https://code.example.gov/named?id=§"],
        match=["https://code.example.gov/sections/", r"^https://rules\.example\.gov/r\d+\.html$"],
    )

    assert expected == source.matches(url)


def test_without_match_all_that_begins_with_start_belongs() -> None:
    source = parse_source(
        {"jurisdiction": "us-xx", "id": "a", "platform": "index", "start": "https://code.example.gov/t/"}, "us-xx.yml"
    )

    assert source.matches("https://code.example.gov/t/12")
    assert not source.matches("https://code.example.gov/other")


def test_a_url_claimed_twice_is_an_error_naming_both() -> None:
    sources = (parse(id="a"), parse(id="b", match=CODE + "sections/"), parse(id="c", match="https://c.example.gov/"))

    assert "a" == getattr(find_source(sources, CODE + "x"), "id", None)
    assert find_source(sources, "https://nobody.example.gov/") is None
    with pytest.raises(DeclarationError, match="sections/1 is claimed by a and b"):
        find_source(sources, CODE + "sections/1")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (CODE + "sections/12-3.html", Identity("12-3", "current")),
        (CODE + "sections/12-3%28Perm%29.html", Identity("12-3", "permanent")),
        (CODE + "chapters/12.html", None),
    ],
)
def test_a_url_names_its_document_and_strand(url: str, expected: Identity | None) -> None:
    source = parse(document=RULE)

    assert expected == source.identify(url)


def test_a_heading_names_its_document_from_its_start_only() -> None:
    source = parse(
        document={"work": "rules", "from": "heading", "pattern": r"(?P<citation>\d+\.\d+)\. ", "strand": "mirror"}
    )

    assert Identity("12.10", "mirror") == source.identify("12.10. Office anesthesia")
    assert source.identify("See 12.10. Office anesthesia") is None


def test_a_citation_is_printed_as_the_publisher_prints_it() -> None:
    plain, printed = parse(document=RULE), parse(document={**RULE, "cite": "Example Code § {citation}"})

    assert "12-3" == plain.document.print_citation("12-3")
    assert "Example Code § 12-3" == printed.document.print_citation("12-3")


def test_undeclared_pages_of_one_source_are_told_apart_by_their_path() -> None:
    source = parse()

    assert Identity("board/fees?y=2", "current") == source.identify(CODE + "board/fees?y=2")


def test_a_capture_is_read_as_declared_on_its_day() -> None:
    source = parse(
        select={"main": "article", "note": "aside"},
        remove=".share",
        history=[
            {"until": "2024-08-19", "select": "main"},
            {"until": "2024-02-08", "select": "#content", "remove": ".menu"},
        ],
    )

    first, second, today = (source.at(day + "T12:00:00Z") for day in ("2024-02-07", "2024-02-08", "2024-08-19"))

    assert ("#content", (".menu",)) == (first.select.main, first.remove)
    assert ("main", None, (".share",)) == (second.select.main, second.select.note, second.remove)
    assert source is today


def test_what_may_be_crawled_is_open_unless_a_reason_and_a_day_say_otherwise() -> None:
    forbidden = {"state": "forbidden", "reason": "no robots", "checked_on": "2026-05-01"}

    assert CrawlPolicy() == parse(crawl_policy="open").crawl_policy == parse().crawl_policy
    assert CrawlPolicy("forbidden", "no robots", "2026-05-01") == parse(crawl_policy=forbidden).crawl_policy


def test_exceptions_of_a_source_are_read() -> None:
    certificate = {"accept": "ab" * 32, "reason": "signed by itself", "checked_on": "2026-05-01"}

    source = parse(redirects="files.example.gov", certificate=certificate)

    assert ("files.example.gov",) == source.redirects
    assert CertificateException("signed by itself", "2026-05-01", accept="ab" * 32) == source.certificate
    assert ((), None) == (parse().redirects, parse().certificate)


PLACE = "us-xx.yml sources[0] (us-xx-code)"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"slect": "main"}, f"unknown key 'slect' in {PLACE}; did you mean 'select'?"),
        ({"select": {"mian": "x"}}, f"unknown key 'mian' in {PLACE} select; did you mean 'main'?"),
        ({"jurisdiction": "texas"}, "expected something like 'us-xx', found 'texas' in us-xx.yml jurisdiction"),
        ({"platform": "pge"}, "expected one of page index contents sitemap feed api ecfr federal_register uslm, "),
        ({"select": "div >"}, f"bad CSS selector 'div >' in {PLACE} select"),
        ({"select": {"note": "a["}}, f"bad CSS selector 'a[' in {PLACE} select.note"),
        ({"remove": ["nav", "::x"]}, f"bad CSS selector '::x' in {PLACE} remove[1]"),
        ({"follow": "a["}, f"bad CSS selector 'a[' in {PLACE} follow"),
        ({"dates": {"valid_to": "a["}}, f"bad CSS selector 'a[' in {PLACE} dates.valid_to"),
        ({"match": ["^(a"]}, "bad regular expression '^(a': missing ), unterminated subpattern at character 2 in "),
        (
            {"document": {"work": "code", "pattern": "(?P<x>a"}},
            "bad regular expression '(?P<x>a': missing ), unterminated subpattern at character 1 in ",
        ),
        (
            {"document": {"work": "code", "pattern": "a"}},
            "expected a named group (?P<citation>…), found none in 'a' in ",
        ),
        (
            {"document": {"work": "code", "pattern": "(?P<citation>a)(?P<perm>b)"}},
            "expected groups named citation or current permanent pending mirror, found 'perm' in ",
        ),
        ({"document": {"work": "code", "from": "heading"}}, f"'from: heading' needs a pattern, found none in {PLACE} "),
        (
            {"document": {"work": "a", "from": "page", "pattern": "(?P<citation>a)"}},
            f"'from: page' takes no pattern, found one in {PLACE} document.pattern",
        ),
        (
            {"document": {"work": "a"}, "urls": ["https://a.example.gov/1", "https://a.example.gov/2"]},
            "'from: page' names the one page by the source's id, found 2 urls: use 'from: url' in ",
        ),
        (
            {"document": {**RULE, "cite": "Code"}},
            "expected something like 'Example Code § {citation}', found 'Code' in ",
        ),
        (
            {"history": [{"until": "2024-02-30", "select": "main"}]},
            "expected a day like 2024-02-08, found '2024-02-30' in ",
        ),
        ({"history": [{"until": "2024-02-20", "select": "a["}]}, f"bad CSS selector 'a[' in {PLACE} history[0].select"),
        ({"history": [{"until": "2024-02-20"}]}, "expected at least 2 entries or characters, found {'until'"),
        ({"crawl_policy": {"state": "blocked", "reason": "no"}}, f"missing key 'checked_on' in {PLACE} crawl_policy"),
        ({"crawl_policy": "closed"}, f"expected something like 'open', found 'closed' in {PLACE} crawl_policy"),
        (
            {"urls": ["https://user:word@a.example.gov/"]},
            f"expected an address without a log-in, found one of 9 characters in {PLACE} urls[0]",
        ),
        ({"redirects": ["https://a.example.gov/"]}, "expected something like 'files.example.gov', found 'https:"),
        (
            {"certificate": {"accept": "ab", "reason": "x", "checked_on": "2026-05-01"}},
            "expected something like '9f86",
        ),
        (
            {"certificate": {"reason": "x", "checked_on": "2026-05-01"}},
            f"missing one of the keys 'accept', 'intermediate' in {PLACE} certificate",
        ),
        (
            {"certificate": {"accept": "ab" * 32, "checked_on": "2026-05-01"}},
            f"missing key 'reason' in {PLACE} certificate",
        ),
        (
            {"certificate": {"accept": "ab" * 32, "reason": "x", "checked_on": "2026-02-30"}},
            f"expected a day like 2024-02-08, found '2026-02-30' in {PLACE} certificate.checked_on",
        ),
        ({"authority": {"id": "b"}}, f"missing key 'name' in {PLACE} authority"),
        ({"topics": [1.5]}, f"expected a string, found a number (1.5) in {PLACE} topics[0] (YAML reads a bare 12.10"),
    ],
)
def test_a_wrong_declaration_is_refused_in_one_sentence(keys: dict[str, Any], expected: str) -> None:
    problems = refuse(**keys)

    assert 1 == len(problems)
    assert problems[0].startswith(expected)


def test_a_source_without_any_place_is_refused() -> None:
    with pytest.raises(
        DeclarationError, match=r"missing one of the keys 'urls', 'start', 'match', 'documents' in us-xx\.yml"
    ):
        parse_source({"jurisdiction": "us-xx", "id": "a", "platform": "page"}, "us-xx.yml")


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "us-xx.yml"
    path.write_text(
        """
        jurisdiction: us-xx
        authorities: [{id: us-xx-board, name: Board}]
        sources:
          - {id: us-xx-a, platform: page, match: "^*", select: "a["}
          - {id: us-xx-b, platform: page, urls: ["https://b.example.gov/"], slect: x}
          - {id: us-xx-c, platform: page, urls: ["https://c.example.gov/"], authority: us-xx-borad}
          - {id: us-xx-c, platform: page, urls: ["https://d.example.gov/"]}
        """,
        encoding="utf-8",
    )

    with pytest.raises(DeclarationError) as refused:
        read_source_file(path)

    assert [
        "unknown key 'slect' in us-xx.yml sources[1] (us-xx-b); did you mean 'select'?",
        "bad CSS selector 'a[' in us-xx.yml sources[0] (us-xx-a) select",
        "bad regular expression '^*': nothing to repeat at character 2 in us-xx.yml sources[0] (us-xx-a) match",
        "unknown authority 'us-xx-borad'; did you mean 'us-xx-board'? in us-xx.yml sources[2] (us-xx-c) authority",
        "source id 'us-xx-c' is declared twice in us-xx.yml sources[3] (us-xx-c)",
    ] == str(refused.value).splitlines()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "jurisdiction: us-xx",
        "sources: x\njurisdiction: us",
        "sources: [x, 3]\njurisdiction: us",
        "jurisdiction: us\nauthorities: [{name: x}]\nsources: [{id: a, platform: page, urls: ['https://a.example.gov/']}]",
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "us-xx.yml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(DeclarationError, match=r"us-xx\.yml"):
        read_source_file(path)


def test_folders_are_read_together_and_sorted_by_id(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    write(first, id="us-xx-z")
    write(second, id="us-xx-a")

    sources = read_sources([first, second])

    assert ["us-xx-a", "us-xx-z"] == [source.id for source in sources]


def test_an_id_declared_in_two_files_is_an_error_naming_both(tmp_path: Path) -> None:
    write(tmp_path, "one.yml")
    write(tmp_path, "two.yml")

    with pytest.raises(DeclarationError, match=r"'us-xx-code' is declared in both .*one\.yml and .*two\.yml"):
        read_sources([tmp_path])


def test_problems_of_several_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "one.yml", slect="x")
    write(tmp_path, "two.yml", remove="a[")

    with pytest.raises(DeclarationError, match=r"(?s)'slect' in one\.yml.*'a\[' in two\.yml"):
        read_sources([tmp_path])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"no folder of source declarations at .*nowhere"):
        read_sources([tmp_path / "nowhere"])


def test_the_default_folder_ships_with_the_crawlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KB_SOURCES")

    assert ("crawlers", "sources") == default_sources_folder().parts[-2:]


def test_the_declarations_of_the_recorded_pages_are_sound() -> None:
    sources = read_sources([Path(__file__).parent / "corpus_sources"])

    assert [] == [source.id for source in sources if source.replica or source.jurisdiction not in source.id]


def test_every_key_of_the_schema_is_described() -> None:
    schema = json.loads(share_path("schemas", "source.schema.json").read_text("utf-8"))

    keys = dict(_walk_keys(schema))

    assert {"id", "select", "valid_to", "until", "checked_on"} <= set(keys)
    assert [] == [key for key, body in keys.items() if "description" not in body and "$ref" not in body]


def test_the_worked_example_of_the_guide_is_sound(tmp_path: Path) -> None:
    guide = (Path(__file__).parent.parent / "docs" / "add-a-source.md").read_text("utf-8")
    path = tmp_path / "us-xx.yml"
    path.write_text(guide.split("```yaml\n")[1].split("```")[0], encoding="utf-8")

    code, rules = read_source_file(path)

    assert Identity("12-3", "permanent") == code.identify("https://code.example.gov/sections/12-3(Perm).html")
    assert Identity("12.10", "current") == rules.identify("12.10. Office anesthesia")
    assert "us-xx" == load_yaml(path)["jurisdiction"]


def _walk_keys(schema: Any) -> Any:
    if isinstance(schema, dict):
        properties = schema.get("properties", {}) if schema.get("additionalProperties") is False else {}
        yield from properties.items()
        for value in schema.values():
            yield from _walk_keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _walk_keys(value)
