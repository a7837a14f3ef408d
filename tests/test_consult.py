"""What a rule says: found by any name, chosen on both time axes, never guessed."""

from contextlib import closing
from datetime import date

import pytest

from kb.compare.eids import print_eid
from kb.consult import Moment, Question, choose_version, consult, know_versions, select_provisions
from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, find_target, find_targets
from kb.models import Provision, Reading
from kb.store.knowledge import open_knowledge
from kb.store.public import open_published
from kb.store.queries import VersionRow
from tests.example_web import SITE, WEEKS, build_web
from tests.hostile import make_hostile_data

NOW = Moment(date(2024, 8, 1), "2024-08-01T00:00:00Z")


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    data = build_web(tmp_path_factory.mktemp("whole"))
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        yield db


def ask(db, name, as_of=None, known_at=None, strand=None):
    moment = Moment(date.fromisoformat(as_of) if as_of else NOW.as_of, known_at or NOW.known_at)
    return consult(db, find_target(db, name), Question(moment=moment, now=NOW, strand=strand))


def read_text(answer, eid):
    return next(part.text for part in answer.shown if part.eid == eid)


def make_version(name, observed, closed=None, valid=(None, None), **facts):
    days = [None if day is None else date.fromisoformat(day) for day in valid]
    waves = {"wave_at": f"{observed}T12:00:00Z", "closed_wave": None if closed is None else f"{closed}T12:00:00Z"}
    return VersionRow(
        version=name, document="us-xx/code/1-1", strand="current", source="us-xx-code", citation="§ 1-1", heading="",
        url=f"{SITE}/1", sha256="", valid_from=days[0], valid_to=days[1], valid_basis="observed", acts=(),
        observed_from=f"{observed}T12:00:00Z", closed_at=None if closed is None else f"{closed}T12:00:00Z",
        **(waves | facts),
    )  # fmt: skip


# --- finding


@pytest.mark.parametrize(
    "name",
    [
        "Example Code § 1-4",
        "1-4",
        "§ 1–4",
        "us-xx/code/1-4",
        "/d/us-xx/code/1-4",
        f"{SITE}/code/1-4.html",
        f"{SITE}/code/1-4.html#top",
        "http://code.example.gov/sections/1-4.html",
    ],
)
def test_document_is_found_by_any_of_its_names(db, name):
    assert "us-xx/code/1-4" == find_target(db, name).document


@pytest.mark.parametrize("name", ["Example Code § 1-4(b)", "1-4(b)", "us-xx/code/1-4#b", "1-4 (b)"])
def test_provision_is_found_with_its_document(db, name):
    target = find_target(db, name)

    assert ("us-xx/code/1-4", "b") == (target.document, target.eid)


def test_unknown_citation_names_the_nearest(db):
    with pytest.raises(NotFoundError, match=r"Example Code § 1-4 \(us-xx/code/1-4\)"):
        find_target(db, "Example Code § 1-44")


def test_unknown_address_names_the_nearest(db):
    with pytest.raises(NotFoundError, match=r"code/1-4\.html"):
        find_target(db, f"{SITE}/code/1-44.html")


def test_page_of_many_documents_names_them_all(db):
    page = "https://board.example.gov/rules"

    assert ["us-xx/rules/1.1", "us-xx/rules/1.2"] == [target.document for target in find_targets(db, page)]
    with pytest.raises(AmbiguousCitationError, match=r"Example Rule 1\.1"):
        find_target(db, page)


def test_empty_knowledge_base_says_so(tmp_path):
    with closing(open_knowledge(tmp_path / "kb.db")) as empty, pytest.raises(NotFoundError, match="no document yet"):
        find_target(empty, "1-4")


@pytest.mark.parametrize(
    ("eid", "printed"),
    [("", ""), ("a__1__iii", "(a)(1)(iii)"), ("a__p2", "(a) ¶2"), ("r_ketamine", "row ketamine"), ("p1", "¶1")],
)
def test_eids_are_printed_as_people_cite(eid, printed):
    assert printed == print_eid(eid)


# --- choosing


def test_text_holds_from_its_first_sight_until_it_is_gone():
    versions = [make_version("one", "2024-01-01", "2024-02-01"), make_version("two", "2024-02-01")]

    chosen = [choose_version(versions, date(2024, month, 1)).version.version for month in (1, 2, 3)]

    assert ["one", "two", "two"] == chosen


def test_stated_dates_go_before_observed_ones():
    versions = [
        make_version("old", "2024-01-01", "2024-03-01"),
        make_version("new", "2024-03-01", valid=("2024-02-01", None)),
    ]

    choice = choose_version(versions, date(2024, 2, 15))

    assert ("in_force", "new", "2024-02-01") == (choice.state, choice.version.version, choice.since)


def test_twins_hold_one_after_the_other():
    versions = [
        make_version("until", "2024-01-01", valid=(None, "2024-07-01")),
        make_version("from", "2024-01-01", valid=("2024-07-01", None)),
    ]

    chosen = [choose_version(versions, day).version.version for day in (date(2024, 6, 30), date(2024, 7, 1))]

    assert ["until", "from"] == chosen


def test_of_texts_that_state_the_same_day_the_one_shown_then_holds():
    versions = [
        make_version("first", "2024-01-01", "2024-03-01", valid=("2020-01-01", None)),
        make_version("second", "2024-03-01", valid=("2020-01-01", None)),
    ]

    chosen = [choose_version(versions, date(year, 2, 1)).version.version for year in (2021, 2024, 2025)]

    assert ["first", "first", "second"] == chosen


@pytest.mark.parametrize(
    ("version", "state", "since"),
    [
        (make_version("one", "2024-07-01"), "unknown_before", "2024-07-01"),
        (make_version("one", "2024-01-01", "2024-04-01"), "removed", "2024-04-01"),
        (make_version("one", "2024-01-01", valid=(None, "2024-05-01")), "expired", "2024-05-01"),
        (make_version("one", "2024-01-01", valid=("2024-09-01", None)), "coming", "2024-09-01"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_day_on_which_no_text_holds_is_named_for_what_it_is(version, state, since):
    choice = choose_version([version], date(2024, 6, 1))

    assert (state, since) == (choice.state, choice.since)


def test_knowledge_of_a_day_leaves_out_later_waves_and_endings():
    versions = [
        make_version("one", "2024-01-01", "2024-02-01", closed_wave="2024-03-01T12:00:00Z"),
        make_version("two", "2024-02-01", wave_at="2024-03-01T12:00:00Z"),
    ]

    known = know_versions(versions, "2024-02-15T00:00:00Z")

    assert [("one", None)] == [(row.version, row.closed_at) for row in known]


# --- answering


def test_text_of_today_is_current(db):
    answer = ask(db, "1-4")

    assert "A broken seal is reported within 12 hours." == read_text(answer, "b")
    assert (True, WEEKS[9], ()) == (answer.is_current, answer.last_seen, answer.notes)


def test_text_of_a_past_day_is_marked_not_current(db):
    answer = ask(db, "1-1", as_of="2024-01-10")

    assert "A clinic shall pay a fee of 40 dollars." == read_text(answer, "a")
    assert not answer.is_current


def test_what_was_known_later_is_left_out(db):
    answer = ask(db, "1-3", as_of="2024-01-30", known_at=WEEKS[3])
    later = ask(db, "1-3", as_of="2024-01-30")

    assert (9, 2) == (len(answer.shown), len(later.shown))


def test_day_before_the_first_sight_is_unknown(db):
    answer = ask(db, "1-4", as_of="2023-01-01")

    assert ("unknown_before", "2024-01-08", None) == (answer.choice.state, answer.choice.since, answer.reading)


def test_document_not_known_at_the_time_is_unknown(db):
    answer = ask(db, "1-9", known_at=WEEKS[0])

    assert ("unknown_before", "2024-01-15") == (answer.choice.state, answer.choice.since)


def test_removed_document_shows_its_last_text_and_says_so(db):
    answer = ask(db, "1-1")

    assert ("removed", "2024-02-05") == (answer.choice.state, answer.choice.since)
    assert "A clinic shall pay a fee of 60 dollars." == read_text(answer, "a")


def test_old_number_leads_to_the_new_one(db):
    answer = ask(db, "Example Code § 1-2(c)")

    assert ("us-xx/code/1-20", "c") == (answer.target.document, answer.target.eid)
    assert ("Example Code § 1-2 is now Example Code § 1-20, since 2024-02-19",) == answer.notes


def test_old_number_still_answers_for_its_own_days(db):
    answer = ask(db, "1-2", as_of="2024-02-01")

    assert "us-xx/code/1-2" == answer.target.document


def test_old_address_leads_to_the_new_one(db):
    answer = ask(db, f"{SITE}/sections/1-4.html")

    assert (f"{SITE}/sections/1-4.html is no longer its address: now at {SITE}/code/1-4.html",) == answer.notes


def test_coming_text_takes_over_on_its_day(db):
    texts = [read_text(ask(db, "Example Rule 1.2", as_of=day), "1") for day in ("2024-06-30", "2024-07-01")]

    assert ["Records are kept for seven years.", "Records are kept for ten years."] == texts


def test_missing_provision_names_those_beside_it(db):
    with pytest.raises(NotFoundError, match=r"has no \(z\).*it has \(a\), \(b\)"):
        ask(db, "1-4(z)")


def test_provision_of_a_version_without_any_is_not_looked_for_without_end(tmp_path):
    target = Target("us-xx/code/2-1", "§ 2-1", "a__1")
    folder = make_hostile_data(tmp_path / "data") / "public"

    with closing(open_published(folder / "000001.db")) as published, pytest.raises(NotFoundError, match="has no parts"):
        consult(published, target, Question(moment=Moment(date(2024, 3, 1), "9999"), now=NOW))


def test_provision_is_found_whatever_its_case(db):
    assert "b" == ask(db, "1-4(B)").target.eid


def test_missing_strand_names_those_there_are(db):
    with pytest.raises(NotFoundError, match="no strand 'permanent'; it has current"):
        ask(db, "1-4", strand="permanent")


def test_provision_is_shown_with_its_ancestors_and_all_below():
    parts = tuple(Provision(eid) for eid in ("", "a", "a__1", "a__1__i", "a__10", "b"))
    reading = Reading("us-xx/code/1-1", "§ 1-1", "current", parts)

    shown = [part.eid for part in select_provisions(reading, "a__1")]

    assert ["", "a", "a__1", "a__1__i"] == shown
