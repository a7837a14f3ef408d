"""The demonstration: its recorded web, and the exact list of what moves in it."""

import sqlite3
from contextlib import closing
from io import StringIO

import pytest
from rich.console import Console

from kb.build import BuildRequest, build
from kb.captures import read_captures
from kb.collect import ImportRequest, import_captures
from kb.demo import (
    CAPTURES,
    WEB,
    DemoCrawlError,
    DemoDay,
    DemoRequest,
    crawl_day,
    demo_sources,
    import_day,
    list_demo_days,
    run_demo,
)
from kb.demo_report import print_report, read_report
from kb.sources import find_source
from kb.store.knowledge import open_knowledge
from kb.store.queries import ChangeFilter, read_changes

SUBSTANTIVE, EDITORIAL, STRUCTURAL = "substantive", "editorial", "structural"
OREGON, WYOMING = "us-or/oar/850-060-0223", "us-wy/advisory-opinion"
HAWAII, FEDERAL, EXAMPLE = "us-hi/hrs/329-38.2", "us/cfr/1307.41", "us-xx/code"

# (day of first sight, document, part, kind, nature, old eid, eid): every change but those of editor's notes.
# A typing error in a name and a connector printed twice count as substantive: in doubt a change does.
CHANGES = [
    ("2022-01-10", "us-de/admin-code-16/3335", "text", "renumbered", STRUCTURAL, "", ""),
    ("2022-01-10", f"{WYOMING}/pre-post-anesthesia", "text", "added", SUBSTANTIVE, None, ""),
    ("2022-05-09", "us-wv/code/30-7-15a", "text", "amended", SUBSTANTIVE, "a", "a"),
    ("2022-05-09", "us-wv/code/30-7-15a", "text", "amended", SUBSTANTIVE, "b", "b"),
    ("2022-05-09", "us-wv/code/30-7-15a", "text", "amended", SUBSTANTIVE, "c", "c"),
    ("2022-05-09", f"{WYOMING}/moderate-sedation", "text", "amended", SUBSTANTIVE, "r_propofol", "r_propofol"),
    ("2023-07-03", HAWAII, "heading", "amended", SUBSTANTIVE, "", ""),
    ("2023-07-03", HAWAII, "text", "removed", SUBSTANTIVE, "a", None),
    ("2023-07-03", HAWAII, "text", "removed", SUBSTANTIVE, "b", None),
    ("2023-07-03", OREGON, "text", "amended", SUBSTANTIVE, "2__b", "2__b"),
    ("2023-07-03", OREGON, "text", "renumbered", STRUCTURAL, "2__c", "2__d"),
    ("2023-07-03", OREGON, "text", "renumbered", STRUCTURAL, "2__d", "2__e"),
    ("2023-07-03", OREGON, "text", "renumbered", STRUCTURAL, "2__e", "2__c"),
    ("2023-07-03", FEDERAL, "text", "added", SUBSTANTIVE, None, ""),
    ("2024-12-02", "us-co/crs/12-30-109", "text", "amended", SUBSTANTIVE, "1__b", "1__b"),
    ("2024-12-02", f"{EXAMPLE}/12-703", "text", "added", SUBSTANTIVE, None, "b"),
    ("2024-12-02", f"{EXAMPLE}/12-703", "text", "renumbered", STRUCTURAL, "b", "c"),
    ("2024-12-02", f"{EXAMPLE}/12-703", "text", "renumbered", STRUCTURAL, "c", "d"),
    ("2024-12-02", f"{EXAMPLE}/12-707", "text", "amended", SUBSTANTIVE, "a", "a"),
    ("2024-12-02", FEDERAL, "text", "amended", SUBSTANTIVE, "a", "a"),
    ("2024-12-02", FEDERAL, "text", "removed", SUBSTANTIVE, "b", None),
    ("2024-12-02", FEDERAL, "text", "renumbered", STRUCTURAL, "c", "b"),
    *(
        ("2026-01-05", f"us-tx/register-2026-01-02/173.{number}", "text", "added", SUBSTANTIVE, None, "")
        for number in (10, 11, 12, 13, 14, 6, 7, 8, 9)
    ),
    ("2026-01-05", f"{EXAMPLE}/12-705", "heading", "amended", SUBSTANTIVE, "", ""),
    ("2026-01-05", f"{EXAMPLE}/12-705", "text", "removed", SUBSTANTIVE, "a", None),
    ("2026-01-05", f"{EXAMPLE}/12-705", "text", "removed", SUBSTANTIVE, "b", None),
    ("2026-01-05", f"{EXAMPLE}/12-706", "heading", "amended", EDITORIAL, "", ""),
    ("2026-01-05", f"{EXAMPLE}/12-706", "text", "amended", SUBSTANTIVE, "p1", "p1"),
    ("2026-01-05", "us-xx/rules/44-6", "text", "removed", SUBSTANTIVE, "", None),
    ("2026-01-05", FEDERAL, "text", "amended", SUBSTANTIVE, "a", "a"),
    ("2026-05-11", "us-ut/code/58-37-108", "text", "renumbered", STRUCTURAL, "", ""),
    ("2026-05-11", "us-ut/code/58-37-302", "text", "renumbered", STRUCTURAL, "", ""),
    ("2026-05-11", f"{EXAMPLE}/12-702", "pending", "amended", SUBSTANTIVE, "", ""),
    ("2026-05-11", f"{EXAMPLE}/12-703", "text", "amended", SUBSTANTIVE, "a__1", "a__1"),
    ("2026-05-11", "us-xx/guidance/blood-pressure", "text", "removed", SUBSTANTIVE, "", None),
    ("2026-05-11", "us-xx/opinion/2026-02", "text", "added", SUBSTANTIVE, None, ""),
    ("2026-07-06", f"{EXAMPLE}/12-702", "pending", "amended", SUBSTANTIVE, "", ""),
    ("2026-07-06", f"{EXAMPLE}/12-702", "text", "amended", SUBSTANTIVE, "b", "b"),
    ("2026-07-06", "us-xx/opinion/2022-07", "text", "amended", SUBSTANTIVE, "p1", "p1"),
]  # fmt: skip

# (day, source, kind, pages, changes with those of notes)
EVENTS = [
    ("2022-01-10", "us-de-admin-code-demo", "revision", 1, 1),
    ("2022-01-10", "us-wy-opinions-demo", "revision", 1, 1),
    ("2022-05-09", "us-wv-code-demo", "revision", 1, 3),
    ("2022-05-09", "us-wy-opinions-demo", "revision", 1, 2),
    ("2023-07-03", "us-ecfr-demo", "revision", 1, 1),
    ("2023-07-03", "us-hi-hrs-demo", "revision", 1, 4),
    ("2023-07-03", "us-or-oar-demo", "revision", 1, 5),
    ("2024-12-02", "us-co-crs-demo", "revision", 1, 1),
    ("2024-12-02", "us-ecfr-demo", "revision", 1, 4),
    ("2024-12-02", "us-xx-code-demo", "revision", 1, 5),
    ("2024-12-02", "us-xx-opinions-demo", "incident", 1, 0),
    ("2024-12-02", "us-xx-telehealth-demo", "rerender", 1, 0),
    ("2026-01-05", "us-ecfr-demo", "revision", 1, 2),
    ("2026-01-05", "us-tx-register-demo", "revision", 1, 9),
    ("2026-01-05", "us-xx-code-demo", "revision", 1, 8),
    ("2026-01-05", "us-xx-opinions-demo", "incident", 2, 0),
    ("2026-01-05", "us-xx-rules-demo", "revision", 1, 1),
    ("2026-01-05", "us-xx-telehealth-demo", "rerender", 1, 0),
    ("2026-05-11", "us-ut-code-demo", "revision", 2, 2),
    ("2026-05-11", "us-xx-code-demo", "revision", 1, 2),
    ("2026-05-11", "us-xx-guidance-demo", "incident", 1, 0),
    ("2026-05-11", "us-xx-opinions-demo", "rerender", 1, 0),
    ("2026-05-11", "us-xx-opinions-demo", "revision", 1, 1),
    ("2026-05-11", "us-xx-rules-demo", "relocation", 4, 0),
    ("2026-05-11", "us-xx-rules-demo", "rerender", 1, 0),
    ("2026-05-11", "us-xx-telehealth-demo", "rerender", 1, 0),
    ("2026-07-06", "us-xx-code-demo", "revision", 1, 3),
    ("2026-07-06", "us-xx-guidance-demo", "revision", 1, 1),
    ("2026-07-06", "us-xx-opinions-demo", "revision", 1, 1),
]

# Events told wrongly today, by (day, source).


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder, DemoRequest(collect=import_day))
    return folder


@pytest.fixture(scope="module")
def db(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as opened:
        yield opened


def list_changes(db: sqlite3.Connection):
    rows = [row for row in read_changes(db, ChangeFilter()) if row.part != "note"]
    told = [(row.observed_at[:10], row.document, row.part, row.kind, row.nature, row.old_eid, row.eid) for row in rows]
    return sorted(told, key=str)


def list_day_events(db: sqlite3.Connection):
    rows = db.execute("SELECT SUBSTR(wave_at, 1, 10), source, kind, pages, changes FROM events ORDER BY 1, 2, 3")
    return [tuple(row) for row in rows]


# --- what moves


def test_every_change_of_the_recorded_web_is_told_once_and_rightly(db):
    assert sorted(CHANGES, key=str) == list_changes(db)


def test_events_bundle_the_changes_and_name_what_is_no_change_of_law(db):
    assert EVENTS == list(list_day_events(db))


def test_a_captcha_a_maintenance_page_and_counters_change_no_rule(db):
    noisy = {"https://board.state.example/opinions", "https://board.state.example/opinions/2021-03"}
    noisy |= {"https://board.state.example/opinions/2019-01", "https://code.state.example/title-12/chapter-8.html"}

    changed = {row.url for row in read_changes(db, ChangeFilter())}

    assert set() == noisy & changed


def test_a_fee_that_changes_later_is_dated_and_told_once(db):
    fee = list(read_changes(db, ChangeFilter(document=f"{EXAMPLE}/12-706", parts=("text",))))

    assert [("2026-01-05", "2026-07-01")] == [(row.observed_at[:10], f"{row.effective_on}") for row in fee]


def test_a_page_gone_twice_is_removed_as_of_its_first_absence(db):
    [gone] = read_changes(db, ChangeFilter(sources=("us-xx-guidance-demo",)))

    assert ("2026-05-11", "2026-07-06") == (gone.observed_at[:10], gone.confirmed_at[:10])


def test_a_sunset_printed_before_the_text_ends_its_validity(db):
    [ends] = db.execute("SELECT valid_to FROM versions WHERE document = ? AND heading LIKE 'Presc%'", (HAWAII,))

    assert "2023-06-30" == ends["valid_to"]


def test_importing_the_whole_recording_at_once_tells_the_same_changes(tmp_path, db):
    facts = {"now": "2026-08-01T00:00:00Z", "token": "all"}
    import_captures(tmp_path, ImportRequest(file=CAPTURES, sources=demo_sources(), **facts))
    build(tmp_path, BuildRequest(sources=demo_sources(), workers=2))

    with closing(open_knowledge(tmp_path / "kb.db", read_only=True)) as whole:
        assert list_changes(db) == list_changes(whole)


# --- the recorded web


def test_every_page_says_that_it_is_no_official_text():
    silent = [
        path.name
        for path in WEB.joinpath("pages").rglob("*.*")
        if "Demonstration" not in path.read_text("utf-8") or "not" not in path.read_text("utf-8")
    ]

    assert [] == silent


def test_hosts_are_invented_and_sources_are_replicas_with_evidence():
    captured = read_captures(CAPTURES)
    declared = demo_sources()

    assert {True} == {line.url.split("/")[2].endswith(".example") for line in captured}
    assert [] == [line.url for line in captured if find_source(declared, line.url) is None]
    assert {True} == {source.replica for source in declared}
    assert ["us-xx"] == sorted({source.jurisdiction for source in declared if not source.evidence})
    assert 7 <= len({source.jurisdiction for source in declared} - {"us", "us-xx"})


def test_what_ships_is_small_and_used():
    pages = {path.resolve() for path in WEB.joinpath("pages").rglob("*.*")}

    assert pages == {line.path for line in read_captures(CAPTURES) if line.path is not None}
    assert sum(path.stat().st_size for path in WEB.rglob("*.*") if path.is_file()) < 200_000


# --- running it


def test_a_source_is_not_asked_for_before_its_first_capture():
    days = list_demo_days()

    assert ("2016-03-14", ("us-de-admin-code-demo", "us-wy-opinions-demo")) == (days[0].date, days[0].sources)
    assert 14 == len(days[-1].sources)


def test_a_second_run_adds_nothing_and_one_broken_off_goes_on(tmp_path):
    days = list_demo_days()
    for day in days[:3]:
        import_day(tmp_path, day)

    first = run_demo(tmp_path, DemoRequest(collect=import_day))
    second = run_demo(tmp_path, DemoRequest(collect=import_day))

    assert tuple(day.date for day in days[3:]) == first.collected
    assert ((), tuple(day.date for day in days)) == (second.collected, second.known)


def test_publishing_comes_last_and_progress_is_told_by_day(tmp_path):
    seen: list[object] = []
    request = DemoRequest(collect=import_day, publish=lambda data: seen.append((data / "kb.db").is_file()))

    run_demo(tmp_path, request, progress=lambda done, total: seen.append((done, total)))

    assert [*((day, 8) for day in range(1, 9)), True] == seen


def test_crawled_over_http_a_day_tells_what_its_import_tells(tmp_path, db):
    for day in list_demo_days()[:2]:
        crawl_day(tmp_path, day)
    build(tmp_path, BuildRequest(sources=demo_sources()))

    with closing(open_knowledge(tmp_path / "kb.db", read_only=True)) as crawled:
        assert [row for row in list_changes(db) if row[0] <= "2022-01-10"] == list_changes(crawled)


def test_a_crawl_that_fails_says_what_the_crawler_said(tmp_path):
    with pytest.raises(DemoCrawlError, match="the crawl of 2016-03-14 ended with"):
        crawl_day(tmp_path, DemoDay("2016-03-14", ("us-zz-nowhere",)))


# --- the report


@pytest.mark.parametrize("width", [80, 120])
def test_the_report_fits_the_terminal_and_says_what_moved_and_what_to_do(db, width):
    printed = StringIO()

    print_report(Console(width=width, file=printed), read_report(db))

    text = printed.getvalue()
    assert [] == [line for line in text.splitlines() if len(line.rstrip()) > width]
    assert "{+for the purpose of general anesthesia+}" in " ".join(text.split())
    assert "Held back" in text
    assert "kb serve" in text
    assert text.index("2022-01-10") < text.index("2026-07-06")
