"""Where a link leads is told when nothing else moved, and is never a change of the rule."""

from contextlib import closing

import pytest

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.compare.ids import text_hash
from kb.compare.readings import compare_readings
from kb.compare.targets import MOST_MOVED
from kb.models import Reference
from kb.store.knowledge import open_knowledge
from kb.store.queries import ChangeFilter, read_changes
from tests.build import NOW, make_line, make_reading, make_source, write_captures

LATER = "2024-06-02T08:00:00Z"
DAYS = "two-days"
ACT, CODE = "law.example.org/act", "law.example.org/code"


def link(eid, words, target):
    return Reference(eid, words, "web", target)


def read(*links, text="See the act and the code."):
    return make_reading(("a", text), ("b", "No link here."), references=tuple(links))


def tell(old, new):
    return [(change.eid, change.part, change.nature, change.reason) for change in compare_readings(old, new)]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ([ACT], [CODE], f"only where a link leads moved: {ACT} → {CODE}"),
        ([], [CODE], f"only a link was added: to {CODE}"),
        ([ACT], [], f"only a link was dropped: to {ACT}"),
        ([ACT, CODE], [ACT], f"only a link was dropped: to {CODE}"),
    ],
)
def test_target_that_moved_alone_is_one_editorial_change_that_says_where_it_leads(before, after, reason):
    old, new = (read(*(link("a", "the act", target) for target in targets)) for targets in (before, after))

    assert [("a", "text", "editorial", reason)] == tell(old, new)


def test_links_in_another_order_are_no_change():
    one, other = link("a", "the act", ACT), link("a", "the code", CODE)

    assert [] == tell(read(one, other), read(other, one))


def test_a_text_that_moved_with_its_link_is_told_as_text_alone():
    changes = compare_readings(read(link("a", "the act", ACT)), read(link("a", "the act", CODE), text="See the act."))

    assert ["See the act."] == [change.new_text for change in changes]


def test_a_link_that_follows_its_renumbered_paragraph_is_no_change_of_its_own():
    old = make_reading(("a", "See the act on kites and strings."), references=(link("a", "the act", ACT),))
    new = make_reading(("b", "See the act on kites and strings."), references=(link("b", "the act", ACT),))

    assert ["structural"] == [change.nature for change in compare_readings(old, new)]


@pytest.mark.parametrize(("moved", "told"), [(MOST_MOVED, MOST_MOVED), (MOST_MOVED + 1, 0)])
def test_links_that_moved_all_over_a_page_are_the_work_of_a_program_and_not_told(moved, told):
    eids = "abcdefgh"[:moved]
    old, new = (
        make_reading(
            *((eid, f"See act {eid}.") for eid in eids), references=tuple(link(eid, "act", target) for eid in eids)
        )
        for target in (ACT, CODE)
    )

    assert told == len(compare_readings(old, new))


def test_hash_of_a_text_follows_the_targets_of_its_links_and_no_other_reference():
    cited = Reference("a", "21 U.S.C. § 829", "usc", "829")

    assert text_hash(read()) == text_hash(read(cited))
    assert text_hash(read()) != text_hash(read(link("a", "the act", ACT)))
    assert text_hash(read(link("a", "the act", ACT))) != text_hash(read(link("a", "the act", CODE)))


def build_pages(folder, *pages):
    """Build one page as it read on two days; returns its changes as read from the database."""
    bodies = {
        f"{at}.html": f"<html><body><main><h1>Kites</h1>{page}</main></body></html>".encode()
        for at, page in enumerate(pages)
    }
    lines = [make_line(path=name, observed_at=at) for name, at in zip(bodies, (NOW, LATER), strict=True)]
    data = folder / "data"
    data.mkdir()
    file = write_captures(folder, *lines, bodies=bodies)
    import_captures(data, ImportRequest(file=file, sources=(make_source(),), now=NOW, token=DAYS))
    build(data, BuildRequest(sources=(make_source(),)))
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        return list(read_changes(db, ChangeFilter()))


def test_a_build_remembers_where_the_links_of_an_earlier_wave_led(tmp_path):
    pages = (f'<p>(a) See <a href="https://{target}">the act</a>.</p>' for target in (ACT, CODE))

    (change,) = build_pages(tmp_path, *pages)

    assert ("text", "editorial", f"only where a link leads moved: {ACT} → {CODE}") == (
        change.part,
        change.nature,
        change.reason,
    )
    assert "See the act." == change.old_text == change.new_text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://law.example.org/act;jsessionid=01", "https://law.example.org/act;jsessionid=02"),
        ("http://www.law.example.org/act/", "https://law.example.org/act?utm_source=page"),
        ("/fees.html", "/fees/index.html"),
        ("https://old.example.gov/fees", "/fees"),
    ],
)
def test_sessions_layouts_and_moves_within_the_site_are_no_change_of_a_link(tmp_path, before, after):
    assert [] == build_pages(tmp_path, *(f'<p>(a) See <a href="{href}">the act</a>.</p>' for href in (before, after)))
