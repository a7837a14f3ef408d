"""What a reviewer decides stands in the file of facts: filled in, appended, superseded, and never erased."""

import pytest

from kb.coding import read_facts
from kb.decisions import Desk, parse_answer
from kb.declarations import load_yaml
from kb.errors import DeclarationError, UsageError
from kb.fact_files import ChangedFileError
from kb.review import Reviewer
from tests.coded import FILE, TEXT_HASH, codebook, make_desk, open_desk  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("codebook")
REVIEWED = f"  reviewed_on: 2026-06-01\n  reviewed_by: ana\n  reviewed_text: {TEXT_HASH}\n"
FIRST_ENDS = "  coded_on: 2026-01-05\n  coded_by: coder-1\n"


def read_text(tmp_path):
    return (tmp_path / "facts" / "us-xx.yml").read_text()


def read_entries(tmp_path):
    return load_yaml(tmp_path / "facts" / "us-xx.yml")


def test_a_first_acceptance_fills_three_keys_and_no_other_byte(tmp_path):
    desk, cases = make_desk(tmp_path)

    done = desk.accept(cases["refill_limit"])

    assert "confirmed" == done.verb
    assert FILE.replace(FIRST_ENDS, FIRST_ENDS + REVIEWED, 1) == read_text(tmp_path)


def test_a_confirmed_fact_is_verified_at_once_and_keeps_its_id(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"])

    _, after = open_desk(tmp_path)

    assert ("verified", True) == (after["refill_limit"].state, after["refill_limit"].is_settled)
    assert cases["refill_limit"].fact.id == after["refill_limit"].fact.id


def test_a_later_acceptance_adds_an_entry_and_supersedes_the_first(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"], "Checked the register.")
    desk, cases = open_desk(tmp_path, name="ben", today="2026-07-01")
    before = read_text(tmp_path)

    desk.accept(cases["refill_limit"])

    first, *_, last = read_entries(tmp_path)
    assert ("2026-07-01", "ana", "2026-06-01") == (first["superseded_on"], first["reviewed_by"], first["reviewed_on"])
    assert "2026-06-01 ana: Checked the register." == first["review_note"]
    assert ("ben", "2026-07-01", TEXT_HASH) == (last["reviewed_by"], last["reviewed_on"], last["reviewed_text"])
    changed = {"reviewed_on", "reviewed_by", "superseded_on", "review_note"}
    assert {key: first[key] for key in first if key not in changed} == {
        key: last[key] for key in last if key not in changed
    }
    kept = [line for line in before.splitlines() if line not in read_text(tmp_path).splitlines()]
    assert [] == kept
    facts = [fact for fact in read_facts((tmp_path / "facts",)) if fact.question == "refill_limit"]
    assert [f"{facts[0].id}", f"{facts[0].id}-2"] == [fact.id for fact in facts]


def test_the_same_acceptance_twice_is_refused(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"])
    desk, cases = open_desk(tmp_path)

    with pytest.raises(UsageError, match="ana confirmed these very words today already"):
        desk.accept(cases["refill_limit"])


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("mirror", "its words were read from a mirror, not from their publisher"),
        ("lead", "law.justia.com is not official (mirror)"),
        ("replica", "its words stand in a replica, which proves nothing outside its demonstration"),
    ],
)
def test_words_on_a_host_that_is_not_official_are_looked_at_and_never_verified(tmp_path, place, why):
    desk, cases = make_desk(tmp_path, place=place)

    done = desk.accept(cases["refill_limit"])

    entry = read_entries(tmp_path)[0]
    _, after = open_desk(tmp_path)
    assert ("looked", "2026-06-01", "ana") == (done.verb, entry["reviewed_on"], entry["reviewed_by"])
    assert "reviewed_text" not in entry
    assert f"2026-06-01 ana [text {TEXT_HASH[:16]}]: looked at ({why})" == entry["review_note"]
    assert ("anchored", "rest") == (after["refill_limit"].state, after["refill_limit"].urgency)


def test_a_hash_written_by_hand_does_not_verify_words_of_a_mirror(tmp_path):
    text = FILE.replace(FIRST_ENDS, FIRST_ENDS + REVIEWED, 1)

    _, cases = make_desk(tmp_path, text, place="mirror", state="verified")

    assert "anchored" == cases["refill_limit"].state


def test_a_replica_confirms_the_facts_of_its_own_demonstration(tmp_path):
    desk, cases = make_desk(tmp_path, FILE.replace(FIRST_ENDS, f"{FIRST_ENDS}  replica: true\n", 1), place="replica")

    assert "confirmed" == desk.accept(cases["refill_limit"]).verb


def test_a_fact_that_is_only_reported_is_looked_at_and_never_verified(tmp_path):
    desk, cases = make_desk(tmp_path)

    done = desk.accept(cases["query_duty"], "The page was down.")

    line = next(line for line in read_text(tmp_path).splitlines() if "query_duty" in line)
    assert "looked" == done.verb
    assert (
        "- {question: query_duty, value: true, coded_on: 2026-01-05, coded_by: coder-1, reviewed_on: 2026-06-01, "
        "reviewed_by: ana, review_note: '2026-06-01 ana: The page was down.'}"
    ) == line
    assert "reported" == open_desk(tmp_path)[1]["query_duty"].state


def test_words_that_are_gone_confirm_nothing(tmp_path):
    desk, cases = make_desk(tmp_path, state="broken", cause="gone")

    done = desk.accept(cases["refill_limit"])

    assert ("looked", False) == (done.verb, "reviewed_text" in read_entries(tmp_path)[0])
    assert "broken" == open_desk(tmp_path)[1]["refill_limit"].urgency


def test_an_edit_adds_a_corrected_entry_confirmed_by_its_editor(tmp_path):
    desk, cases = make_desk(tmp_path)
    changes = {
        "value": "two",
        "note": "Two refills: the fifth is for others.",
        "scope.profession": "physician, nurse",
        "details.refills": "2",
        "effective_from": "2026-01",
    }

    done = desk.edit(cases["refill_limit"], changes, "The older text was coded.")

    first, *_, last = read_entries(tmp_path)
    assert "edited" == done.verb
    assert read_text(tmp_path).startswith(FILE.split("# ---")[0].rstrip() + "\n  superseded_on: 2026-06-01\n\n# ---")
    assert ("2026-06-01", "five") == (first["superseded_on"], first["value"])
    assert {
        "question": "refill_limit",
        "value": "two",
        "details": {"refills": 2},
        "scope": {"profession": ["physician", "nurse"]},
        "citation": first["citation"],
        "url": first["url"],
        "note": changes["note"],
        "effective_from": "2026-01",
        "anchor": first["anchor"],
        "evidence": first["evidence"],
        "confidence": "high",
        "coded_on": "2026-06-01",
        "coded_by": "ana",
        "reviewed_on": "2026-06-01",
        "reviewed_by": "ana",
        "reviewed_text": TEXT_HASH,
        "review_note": "2026-06-01 ana: The older text was coded.",
    } == last
    assert "verified" == open_desk(tmp_path)[1]["refill_limit"].state


def test_an_edit_may_take_a_key_away(tmp_path):
    scoped = FILE.replace("  note: Five", "  scope: {event: [dispense]}\n  effective_to: '2027'\n  note: Five")
    desk, cases = make_desk(tmp_path, scoped)

    desk.edit(cases["refill_limit"], {"scope.event": "", "effective_to": ""})

    assert {"scope", "effective_to"} == set(read_entries(tmp_path)[0]) - set(read_entries(tmp_path)[-1]) - {
        "superseded_on"
    }


MOVED = {"state": "needs_review", "cause": "words", "quote": "at most five times.", "eid": "b"}


def test_an_edit_and_a_later_acceptance_quote_words_that_moved_as_they_stand_now(tmp_path):
    desk, cases = make_desk(tmp_path, FILE.replace(FIRST_ENDS, FIRST_ENDS + REVIEWED, 1), today="2026-07-01", **MOVED)
    desk.accept(cases["refill_limit"])
    accepted = read_entries(tmp_path)[-1]
    desk.undo()

    desk.edit(cases["refill_limit"], {"value": "two"})

    edited = read_entries(tmp_path)[-1]
    now = {"document": edited["anchor"]["document"], "eid": "b", "quote": "at most five times."}
    assert [now, now] == [accepted["anchor"], edited["anchor"]]
    assert "refilled at most five times" == read_entries(tmp_path)[0]["anchor"]["quote"]


def test_a_first_acceptance_of_words_that_moved_leaves_the_quote_as_coded(tmp_path):
    desk, cases = make_desk(tmp_path, **MOVED)

    desk.accept(cases["refill_limit"])

    assert FILE.replace(FIRST_ENDS, FIRST_ENDS + REVIEWED, 1) == read_text(tmp_path)


def test_a_new_anchor_is_confirmed_only_once_its_words_were_seen(tmp_path):
    desk, cases = make_desk(tmp_path, **MOVED)

    desk.edit(
        cases["refill_limit"], {"anchor.document": "us-xx/code/9-9", "anchor.quote": "no more than five"}, "Moved."
    )

    last = read_entries(tmp_path)[-1]
    assert {"document": "us-xx/code/9-9", "quote": "no more than five"} == last["anchor"]
    assert ("ana", False) == (last["reviewed_by"], "reviewed_text" in last)
    assert f"2026-06-01 ana [text {TEXT_HASH[:16]}]: Moved." == last["review_note"]
    assert "reported" == open_desk(tmp_path)[1]["refill_limit"].state


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"value": "tow"}, DeclarationError, r"unknown value 'tow' for refill_limit.*did you mean 'two'"),
        ({"value": "not_found"}, DeclarationError, "not_found without 'searched'"),
        ({"scope.profession": "wizard"}, DeclarationError, "unknown profession 'wizard'"),
        ({"scope.drug": "ketamine"}, DeclarationError, "not limited by drug"),
        ({"effective_from": "soon"}, DeclarationError, "expected something like '2026-01-31', found 'soon'"),
        ({"effective_from": "2027", "effective_to": "2026"}, DeclarationError, "before it begins"),
        ({"details.within": "3 months"}, DeclarationError, "expected a duration, found '3 months'"),
        ({"details.refills": "few"}, DeclarationError, "expected a number, found 'few'"),
        ({"anchor.quote": "five"}, DeclarationError, "expected at least 8 entries or characters, found 'five'"),
        ({"anchor.quote": ""}, DeclarationError, "missing key 'quote'"),
        ({"coded_by": "ben"}, UsageError, "--set coded_by: expected one of value note"),
        ({"scope.colour": "red"}, UsageError, "expected one of .* scope.profession"),
        ({"value": "five"}, UsageError, "nothing would change"),
        ({}, UsageError, "nothing would change"),
    ],
)
def test_an_edit_is_checked_like_any_fact_and_refused_whole(tmp_path, changes, error, message):
    desk, cases = make_desk(tmp_path)

    with pytest.raises(error, match=message):
        desk.edit(cases["refill_limit"], changes)

    assert (FILE, []) == (read_text(tmp_path), desk.done)


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("refill_limit", "two", "two"),
        ("refill_limit", "law_silent", "law_silent"),
        ("query_duty", "Yes", True),
        ("query_duty", "no", False),
        ("query_duty", "maybe", "maybe"),
        ("prescribers", "physician + nurse", ["physician", "nurse"]),
        ("prescribers", "nurse", ["nurse"]),
        ("prescribers", "not_checked", "not_checked"),
        ("days", "30", 30),
        ("days", "7.5", 7.5),
        ("days", "many", "many"),
    ],
)
def test_what_a_person_types_is_read_as_the_question_asks(question, text, value):
    assert (value, type(value)) == (parse_answer(question, text), type(parse_answer(question, text)))


def test_a_rejection_supersedes_with_its_reason_and_leaves_the_question_open(tmp_path):
    desk, cases = make_desk(tmp_path)

    done = desk.reject(cases["refill_limit"], "It speaks of\n Schedule IV.")

    first, *_, last = read_entries(tmp_path)
    assert ("rejected", "2026-06-01", "ana") == (done.verb, first["superseded_on"], first["reviewed_by"])
    assert f"2026-06-01 ana [text {TEXT_HASH[:16]}]: rejected: It speaks of Schedule IV." == first["review_note"]
    assert "reviewed_text" not in first
    assert {
        "question": "refill_limit",
        "value": "not_checked",
        "note": "An answer was rejected on review: It speaks of Schedule IV.",
        "coded_on": "2026-06-01",
        "coded_by": "ana",
    } == last


def test_a_rejection_beside_another_answer_adds_no_entry(tmp_path):
    other = "- {question: query_duty, value: false, scope: {event: [dispense]}, coded_on: 2026-01-05, coded_by: ben}\n"
    desk, cases = make_desk(tmp_path, FILE + other)
    count = len(read_entries(tmp_path))

    desk.reject(cases["query_duty"], "Repealed.")

    assert count == len(read_entries(tmp_path))


def test_the_rejection_of_a_reviewed_fact_keeps_what_the_first_reviewer_said(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"])
    desk, cases = open_desk(tmp_path, name="ben", today="2026-07-01")

    desk.reject(cases["refill_limit"], "Wrong drug.")

    found = [entry for entry in read_entries(tmp_path) if entry["question"] == "refill_limit"]
    assert [("ana", "2026-07-01", "five"), ("ben", "2026-07-01", "five"), (None, None, "not_checked")] == [
        (entry.get("reviewed_by"), entry.get("superseded_on"), entry["value"]) for entry in found
    ]
    assert TEXT_HASH == found[0]["reviewed_text"]


@pytest.mark.parametrize("decide", [Desk.reject, Desk.note])
def test_a_rejection_or_a_note_without_words_is_refused(tmp_path, decide):
    desk, cases = make_desk(tmp_path)

    with pytest.raises(UsageError):
        decide(desk, cases["refill_limit"], "  ")


def test_notes_follow_each_other_with_day_and_name_and_decide_nothing(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.note(cases["refill_limit"], "Ask the board.")
    desk, cases = open_desk(tmp_path, name="ben", today="2026-06-02")

    desk.note(cases["refill_limit"], "The board says five.")

    text = f"[text {TEXT_HASH[:16]}]"
    assert (
        f"2026-06-01 ana {text}: Ask the board. 2026-06-02 ben {text}: The board says five."
        == read_entries(tmp_path)[0]["review_note"]
    )
    assert "reviewed_on" not in read_entries(tmp_path)[0]
    assert ("anchored", "unreviewed") == (cases["refill_limit"].state, cases["refill_limit"].urgency)


def test_a_first_review_after_a_note_keeps_the_note(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.note(cases["query_duty"], "Ask the board.")

    desk.accept(cases["query_duty"], "Asked.")

    assert "2026-06-01 ana: Ask the board. 2026-06-01 ana: Asked." == read_entries(tmp_path)[1]["review_note"]


def test_a_second_coding_stands_in_the_entry_itself(tmp_path):
    desk, cases = make_desk(tmp_path, name="coder-9")

    desk.code_second(cases["refill_limit"], "two")
    desk.code_second(cases["query_duty"], "law_silent")
    desk.code_second(cases["prescribers"], "nurse")

    signed = {"coded_on": "2026-06-01", "coded_by": "coder-9"}
    assert [{"value": "two", **signed}, {"value": "law_silent", **signed}, {"value": ["nurse"], **signed}] == [
        entry["second"] for entry in read_entries(tmp_path)
    ]
    told = "  second: {value: two, coded_on: 2026-06-01, coded_by: coder-9}\n"
    assert FIRST_ENDS + told in read_text(tmp_path)


@pytest.mark.parametrize(("name", "message"), [("coder-1", "must be somebody else"), ("ben", "already: coder-9")])
def test_neither_the_first_coder_nor_a_third_codes_second(tmp_path, name, message):
    desk, cases = make_desk(tmp_path, name="coder-9")
    desk.code_second(cases["query_duty"], "no")
    _, cases = open_desk(tmp_path)
    desk = Desk(desk.files, Reviewer(name, "2026-06-02"))

    with pytest.raises(UsageError, match=message):
        desk.code_second(cases["query_duty"], "no")


def test_a_second_value_the_question_does_not_allow_is_refused(tmp_path):
    desk, cases = make_desk(tmp_path)

    with pytest.raises(DeclarationError, match="unknown value 'three' for refill_limit"):
        desk.code_second(cases["refill_limit"], "three")


def test_decisions_are_taken_back_one_by_one_to_the_very_bytes(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"])
    between = read_text(tmp_path)
    desk.reject(cases["query_duty"], "Repealed.")

    undone = [desk.undo().verb, read_text(tmp_path) == between, desk.undo().verb, read_text(tmp_path) == FILE]

    assert (["rejected", True, "confirmed", True], None) == (undone, desk.undo())
    assert "confirmed" == desk.accept(cases["refill_limit"]).verb


@pytest.mark.parametrize("decide", [lambda desk, _: desk.undo(), Desk.accept])
def test_a_file_that_others_changed_is_left_alone(tmp_path, decide):
    desk, cases = make_desk(tmp_path)
    desk.note(cases["query_duty"], "Ask.")
    path = tmp_path / "facts" / "us-xx.yml"
    path.write_text(path.read_text() + "# edited meanwhile\n")
    before = path.read_text()

    with pytest.raises(ChangedFileError):
        decide(desk, cases["refill_limit"])

    assert before == path.read_text()
