"""The crosswalk answers old citations: of what was renumbered, what changed its page, what another source tells."""

import json
from contextlib import closing
from datetime import date

from kb.consult import Moment, Question, consult
from kb.lookup import find_target
from kb.store.knowledge import open_knowledge
from tests.example_web import HOURS, RULE_ONE, RULES, SEALS, SITE, WEEKS, build_web, export, show_rules, show_section

RULE_HOURS = ("1.5 Opening", HOURS)
GONE = f"{SITE}/sections/1-5.html"


def read_rows(data, table, known_at=None):
    rows = map(json.loads, export(data, known_at))
    return [row for row in rows if row["table"] == table]


def transfer(folder, *extra):
    """Build a section of the code that ends in the second week, when a rule of the board takes its words over."""
    pages = [
        (WEEKS[0], GONE, show_section("1-5", "Hours", HOURS)),
        (WEEKS[0], RULES, show_rules(RULE_ONE)),
        (WEEKS[1], GONE, None),
        (WEEKS[1], RULES, show_rules(RULE_ONE, RULE_HOURS)),
        (WEEKS[2], GONE, None),
        *extra,
    ]
    return build_web(folder, pages)


def test_law_that_went_from_one_source_to_another_is_led_to_its_new_place(tmp_path):
    data = transfer(tmp_path)

    leads = read_rows(data, "crosswalk")
    kinds = sorted((row["kind"], row["document"]) for row in read_rows(data, "changes"))

    assert [("us-xx/code/1-5", "us-xx/rules/1.5", WEEKS[1])] == [
        (row["old_document"], row["document"], row["since"]) for row in leads
    ]
    assert [("added", "us-xx/rules/1.5"), ("removed", "us-xx/code/1-5")] == kinds


def test_a_lead_between_sources_is_known_from_the_wave_that_proved_its_second_half(tmp_path):
    data = transfer(tmp_path)

    assert [] == read_rows(data, "crosswalk", WEEKS[1])
    assert 1 == len(read_rows(data, "crosswalk", WEEKS[2]))


def test_an_old_citation_is_answered_with_the_place_its_law_has_now(tmp_path):
    data = transfer(tmp_path)
    now = Moment(date(2024, 3, 1), "2024-03-01T00:00:00Z")

    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        answer = consult(db, find_target(db, "Example Code § 1-5"), Question(moment=now, now=now, strand=None))

    assert "us-xx/rules/1.5" == answer.target.document
    assert ("Example Code § 1-5 is now Example Rule 1.5, since 2024-01-15",) == answer.notes


def test_law_that_came_to_two_places_leads_to_neither(tmp_path):
    twice = show_rules(RULE_ONE, RULE_HOURS)
    new = f"{SITE}/sections/1-6.html"
    extra = [(WEEKS[0], new, None), (WEEKS[1], new, show_section("1-7", "Hours", HOURS))]

    data = transfer(tmp_path, *extra, (WEEKS[3], RULES, twice))

    assert ["us-xx/rules/1.5"] != [row["document"] for row in read_rows(data, "crosswalk")]


def test_other_law_in_another_source_is_no_lead(tmp_path):
    pages = [
        (WEEKS[0], GONE, show_section("1-5", "Hours", HOURS)),
        (WEEKS[0], RULES, show_rules(RULE_ONE)),
        (WEEKS[1], GONE, None),
        (WEEKS[1], RULES, show_rules(RULE_ONE, ("1.5 Hours", SEALS))),
        (WEEKS[2], GONE, None),
    ]

    data = build_web(tmp_path, pages)

    assert [] == read_rows(data, "crosswalk")


def list_moved_section():
    """List a chapter page that loses a section to another chapter, both read as one document a page."""
    chapter, other = "https://code.example.gov/code/2-1.html", "https://code.example.gov/code/2-2.html"
    seals = "".join(f"<p>{line}</p>" for line in SEALS)
    hours = "".join(f"<p>{line}</p>" for line in HOURS)
    first = f"<h2>§ 7-1. Seals</h2>{seals}"
    second = f"<h2>§ 7-2. Opening</h2>{hours}"
    more = "<h2>§ 7-9. Lights</h2><p>(a) A lamp burns at every door from dusk to dawn.</p>"

    def show(*sections):
        return f"<html><body><article><h1>Chapter</h1>{''.join(sections)}</article></body></html>"

    return [
        (WEEKS[0], chapter, show(first, second)),
        (WEEKS[0], other, show(more)),
        (WEEKS[1], chapter, show(first)),
        (WEEKS[1], other, show(more, second)),
    ]


def test_a_section_that_changed_its_page_moved_and_is_answered_there(tmp_path):
    data = build_web(tmp_path, list_moved_section())
    now = Moment(date(2024, 3, 1), "2024-03-01T00:00:00Z")

    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        target = find_target(db, "2-1(7-2)(a)")
        answer = consult(db, target, Question(moment=now, now=now, strand=None))
    changes = [(row["kind"], row["nature"], row["document"]) for row in read_rows(data, "changes")]

    assert [("moved", "structural", "us-xx/code/2-2")] == changes
    assert ("us-xx/code/2-2", "7-2__a") == (answer.target.document, answer.target.eid)
    assert "stands in Example Code § 2-2 since 2024-01-15" in answer.notes[0]


def test_a_section_asked_for_before_it_changed_its_page_is_answered_where_it_was(tmp_path):
    data = build_web(tmp_path, list_moved_section())
    now = Moment(date(2024, 3, 1), "2024-03-01T00:00:00Z")
    then = Moment(date(2024, 1, 10), now.known_at)

    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        answer = consult(db, find_target(db, "2-1(7-2)(a)"), Question(moment=then, now=now, strand=None))

    assert ("us-xx/code/2-1", "7-2__a") == (answer.target.document, answer.target.eid)


def test_a_second_place_met_later_withdraws_no_lead_told_before(tmp_path):
    new = f"{SITE}/sections/1-7.html"
    extra = [(WEEKS[0], new, None), (WEEKS[3], new, show_section("1-7", "Hours", HOURS))]
    early = transfer(tmp_path / "early", extra[0])

    whole = transfer(tmp_path / "whole", *extra)

    assert ["us-xx/rules/1.5"] == [row["document"] for row in read_rows(early, "crosswalk", WEEKS[2])]
    assert export(early, WEEKS[2]) == export(whole, WEEKS[2])
