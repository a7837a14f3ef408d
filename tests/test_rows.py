"""The published rows: what each column of a change holds, and what an event counts."""

from datetime import date

import pytest

from kb.compare.ids import change_id, event_id
from kb.compare.readings import compare_readings, removed_document
from kb.compare.rows import RowMaker, link_akin, name_causes, noted_acts
from kb.compare.state import Gone, Showing, Told
from kb.models import Act, ChangeRow, Fetch, Place
from kb.read.notes import read_acts
from tests.build import day, make_reading, make_source

FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
PLACE = Place("us-xx/code/1-1", "current")
URL = "https://rules.example.gov/one"
# The line of `kb changes --format jsonl`, as DESIGN fixes it.
COLUMNS = (
    "id event_id event_kind kind part nature signals reason count jurisdiction source strand document old_document"
    " citation old_citation url old_url eid old_eid old_number new_number heading old_text new_text topics professions"
    " binding observed_at confirmed_at effective_on cause see_also"
)


def make_rows():
    return RowMaker(make_source(), day(9))


def make_showing():
    fetch = Fetch(
        seq=1, run="run", source="us-xx-rules", url=URL, observed_at=day(9), status=200, outcome="ok", sha256="00",
        media_type="text/html", charset="", size=1,
    )  # fmt: skip
    return Showing(fetch, (), day(7), provable=True, old_url="https://rules.example.gov/old")


def make_row(old, new, **told):
    change = compare_readings(old, new)[0]
    return change, make_rows().make(PLACE, Told(change, old=old, new=new, **told), new, make_showing())


def test_the_columns_are_those_of_the_contract_in_their_order():
    assert tuple(COLUMNS.split()) == ChangeRow.__struct_fields__


def test_a_row_carries_the_change_its_sights_and_its_addresses():
    old, new = make_reading(("b", FEE)), make_reading(("b", FEE.replace("fifty", "sixty")), citation="§ 1-1 (new)")

    change, row = make_row(old, new)

    assert (change_id(PLACE, change, day(7)), event_id("us-xx-rules", day(9), "revision")) == (row.id, row.event_id)
    assert (day(7), day(9)) == (row.observed_at, row.confirmed_at)
    assert (URL, "https://rules.example.gov/old") == (row.url, row.old_url)
    assert ("us-xx/code/1-1", "us-xx/code/1-1", "§ 1-1 (new)", "§ 1-1") == (
        row.document, row.old_document, row.citation, row.old_citation,
    )  # fmt: skip
    assert ("(b)", "(b)", "Licenses", old.provisions[1].text, new.provisions[1].text) == (
        row.old_number, row.new_number, row.heading, row.old_text, row.new_text,
    )  # fmt: skip
    assert ("us-xx", "us-xx-rules", "current") == (row.jurisdiction, row.source, row.strand)


def test_the_cause_is_the_acts_that_came_and_the_latest_of_their_days_counts():
    acts = (Act("Law 1-1", date(2020, 1, 1)), Act("Law 2-2", date(2024, 5, 1)), Act("Law 3-3", date(2024, 7, 1)))
    old, new = make_reading(("a", FEE), acts=acts[:1]), make_reading(("a", TERM), acts=acts)

    _, row = make_row(old, new)

    assert ("Law 2-2; Law 3-3", date(2024, 7, 1)) == (row.cause, row.effective_on)


def test_the_day_that_twins_state_goes_before_the_day_of_an_act():
    old, new = make_reading(("a", FEE)), make_reading(("a", TERM), acts=(Act("Law 2-2", date(2024, 5, 1)),))

    _, row = make_row(old, new, effective_on=date(2024, 9, 1))

    assert date(2024, 9, 1) == row.effective_on


def test_a_removed_document_is_told_with_where_it_was_last_seen_and_both_instants():
    reading = make_reading(("a", FEE))

    row = make_rows().make_removed(PLACE, removed_document(reading), reading, Gone(URL, day(5), day(6)))

    assert ("removed", URL, URL, day(5), day(6)) == (
        row.kind, row.url, row.old_url, row.observed_at, row.confirmed_at,
    )  # fmt: skip
    assert ("us-xx/code/1-1", "§ 1-1", None, "") == (row.old_document, row.old_citation, row.eid, row.old_eid)


def test_a_renumbered_document_is_one_structural_row_naming_both_documents():
    old = make_reading(("a", FEE), document="us-xx/code/9-9")
    new = make_reading(("a", FEE))

    row = make_rows().make_renumbered(PLACE, new, old, make_showing())

    assert ("renumbered", "structural", 2) == (row.kind, row.nature, row.count)
    assert ("us-xx/code/1-1", "us-xx/code/9-9", "§ 1-1", "§ 9-9") == (
        row.document, row.old_document, row.citation, row.old_citation,
    )  # fmt: skip
    assert "text unchanged, § 9-9 is now § 1-1" == row.reason


@pytest.mark.parametrize("other", [make_reading(("a", TERM)), make_reading(("b", FEE))])
def test_the_hash_of_a_law_is_that_of_its_numbers_and_words_alone(other):
    law = make_reading(("a", FEE))
    same = make_reading(("a", FEE), document="us-xx/code/9-9", heading="Fees", note="Law 2-2")

    assert RowMaker.law_hash(law) == RowMaker.law_hash(same)
    assert RowMaker.law_hash(law) != RowMaker.law_hash(other)


@pytest.mark.parametrize("parts", [(), (("p1", "Repealed."),), (("a", "[Reserved]"), ("b", "Expired."))])
def test_a_law_of_a_word_or_two_proves_nothing(parts):
    assert "" == RowMaker.law_hash(make_reading(*parts))


def test_alike_texts_that_left_and_came_see_each_other():
    old = make_reading(("a", RECORD), ("b", f"{FEE} {TERM} {RECORD}"))
    new = make_reading(("a", RECORD), ("c", f"{FEE} {TERM} Each board member signs it."))
    changes = compare_readings(old, new)
    rows = [make_rows().make(PLACE, Told(change, old=old), new, make_showing()) for change in changes]

    linked = link_akin(rows, changes)

    assert ["removed", "added"] == [row.kind for row in linked]
    assert [(rows[1].id,), (rows[0].id,)] == [row.see_also for row in linked]
    assert [row.id for row in rows] == [row.id for row in linked]


def test_events_count_what_they_cover_and_none_is_made_of_nothing():
    _, row = make_row(make_reading(("a", FEE)), make_reading(("a", TERM)))
    maker = make_rows()

    events = maker.make_events([row, row], {"rerender": {"x", "y"}, "relocation": set(), "incident": {"z"}})

    assert [("revision", 1, 2), ("rerender", 2, 0), ("incident", 1, 0)] == [
        (event.kind, event.pages, event.changes) for event in events
    ]
    assert [] == maker.make_events([], {"rerender": ()})
    assert 3 == len({event.id for event in events})


def test_acts_that_newly_printed_notes_say_amended_the_text_are_causes_too():
    note = "For temporary amendment of this section, see § 2 of the Fees Act (D.C. Act 25-506, Aug. 1, 2024)."
    old, new = make_reading(note="[2020 c.1 §1]"), make_reading(note=f"[2020 c.1 §1]\n{note}")

    assert ["D.C. Act 25-506"] == noted_acts(old, new)
    assert [] == noted_acts(new, new)
    assert ("D.C. Act 25-506", "") == (name_causes(old, new), name_causes(None, new))


def test_an_act_whose_number_the_history_names_already_is_no_cause_under_a_shorter_name():
    note = "Section 8 of D.C. Law 2-2 repealed section 3 of D.C. Law 1-1; this section by § 4 of Law 1-1 is in force."
    acts = (Act("D.C. Law 1-1"),)
    old, new = (
        make_reading(note="(D.C. Law 1-1, § 4.)", acts=acts),
        make_reading(note=f"(D.C. Law 1-1, § 4.)\n{note}", acts=acts),
    )

    assert "D.C. Law 2-2" == name_causes(old, new)


@pytest.mark.parametrize(
    ("was", "now", "cause"),
    [
        ("(Law 1-1, § 2.)", "(Law 1-1, § 2; Law 1-1, § 6; revived by Act 2-2, § 3.)", "Act 2-2; Law 1-1"),
        ("(Law 1-1, § 891.)", "(Law 1-1, § 881.)", "Law 1-1"),
        ("(Law 1-1, § 2(a).)", "(Law 1-1, § 2(a)(2).)", ""),
        ("(Law 1-1.)", "(Law 1-1, § 2.)", ""),
        ("(Law 1-1, § 2.)", "(Law 1-1, § 2, 5 Reg. 12.)", ""),
        ("[1987 c.1 §2]", "[1987 c.1 §2; 2001 c.9 §4]", "2001 c.9"),
    ],
)
def test_an_act_is_a_cause_again_when_the_history_names_another_section_of_it(was, now, cause):
    old, new = (make_reading(note=note, acts=read_acts(note)) for note in (was, now))

    assert cause == name_causes(old, new)
