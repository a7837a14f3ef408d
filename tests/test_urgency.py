"""Which facts a person should look at first, and why: words, dates, conflicts, then what nobody confirmed."""

from datetime import date

import pytest

from kb.answer.urgency import AHEAD, URGENCIES, Standing, find_rivals, list_cases, tell_state
from tests.coded import TEXT_HASH, codebook, make_fact, make_step  # noqa: F401 - a fixture

TODAY = date(2026, 6, 1)
REPORTED = Standing()
ANCHORED = Standing(make_step())
VERIFIED = Standing(make_step(state="verified", cause="review"))
SEEN = {"reviewed_by": "ana"}
EARLIER = {**SEEN, "reviewed_on": "2026-02-01", "reviewed_text": TEXT_HASH}
CONFIRMED = {"reviewed_on": "2026-05-30", "reviewed_by": "ana", "reviewed_text": TEXT_HASH}


def judge(fact, standing=REPORTED, today=TODAY, others=()):
    """Return the case of one fact among others."""
    cases = list_cases([fact, *others], {fact.id: standing}, today)
    return next(case for case in cases if case.fact.id == fact.id)


def test_the_queue_goes_from_words_over_dates_to_the_rest():
    told = [
        (make_fact("rest"), REPORTED),
        (make_fact("address"), Standing(address="https://law.example.gov/1")),
        (make_fact("unreviewed"), ANCHORED),
        (make_fact("conflict", question="step_therapy", value="a"), REPORTED),
        (
            make_fact("rival", question="step_therapy", value="b", reviewed_on="2026-05-30", reviewed_by="ana"),
            Standing(),
        ),
        (make_fact("later", effective_to="2026-08-01", **EARLIER), VERIFIED),
        (make_fact("soon", effective_from="2026-06-02", **EARLIER), VERIFIED),
        (make_fact("broken"), Standing(make_step(state="broken", cause="gone"))),
        (make_fact("changed"), Standing(make_step(state="needs_review", cause="words"))),
        (make_fact("superseded", superseded_on="2026-05-30"), ANCHORED),
    ]

    cases = list_cases([fact for fact, _ in told], {fact.id: standing for fact, standing in told}, TODAY)

    assert [
        ("changed", "changed"),
        ("broken", "broken"),
        ("soon", "dates"),
        ("later", "dates"),
        ("conflict", "conflict"),
        ("unreviewed", "unreviewed"),
        ("address", "address"),
        ("rest", "rest"),
        ("rival", "rest"),
    ] == [(case.fact.id, case.urgency) for case in cases]
    assert set(URGENCIES) == {case.urgency for case in cases}


def test_within_one_urgency_the_order_is_place_and_coding():
    facts = [make_fact(f"{place}{n}", jurisdiction=place, place=n) for place in ("us-xx", "us") for n in (1, 0)]

    assert ["us0", "us1", "us-xx0", "us-xx1"] == [case.fact.id for case in list_cases(facts, {}, TODAY)]


def test_words_confirmed_before_say_by_whom_and_words_found_only_say_so():
    moved = Standing(make_step(state="needs_review", cause="words", text_hash="f" * 64))

    reasons = [judge(make_fact(**keys), moved).reason for keys in (CONFIRMED, {})]

    assert [
        "its words changed on 2026-03-01, since ana confirmed them on 2026-05-30",
        "its words changed on 2026-03-01, since they were found",
    ] == reasons


def test_words_in_doubt_tell_why_and_moved_ones_what_moved():
    told = {"state": "needs_review", "cause": "resolved", "reason": "the quote stands twice"}
    steps = [make_step(**told), make_step(**told, old_text="six", new_text="five")]

    assert [
        "in doubt since 2026-03-01: the quote stands twice",
        "its words changed on 2026-03-01, since they were found: the quote stands twice",
    ] == [judge(make_fact(), Standing(step)).reason for step in steps]


def test_an_entry_nobody_confirmed_is_not_verified_by_the_step_of_another():
    assert "anchored" == tell_state(make_fact(), VERIFIED)
    assert "anchored" == tell_state(make_fact(), Standing(make_step(text_hash="")))


def test_a_confirmation_of_the_new_words_settles_it_before_the_next_build():
    case = judge(make_fact(**CONFIRMED), Standing(make_step(state="needs_review", cause="words")))

    assert ("verified", "rest", True) == (case.state, case.urgency, case.is_settled)


@pytest.mark.parametrize("state", ["verified", "anchored", "needs_review"])
def test_words_that_can_confirm_nothing_make_nothing_verified(state):
    standing = Standing(make_step(state=state), barrier="a mirror")

    assert "verified" != tell_state(make_fact(**CONFIRMED), standing)


def test_changed_words_of_a_mirror_are_looked_at_once():
    standing = Standing(make_step(state="needs_review", cause="words"), barrier="a mirror")
    looked = [judge(make_fact(reviewed_on=day, reviewed_by="ana"), standing) for day in ("2026-02-28", "2026-03-01")]

    assert ["changed", "rest"] == [case.urgency for case in looked]


def test_a_look_at_official_words_is_no_confirmation():
    looked = make_fact(reviewed_on="2026-05-30", reviewed_by="ana")

    assert ["unreviewed", "rest"] == [
        judge(looked, standing).urgency for standing in (ANCHORED, Standing(make_step(), barrier="a mirror"))
    ]


PASSED = "it ended on 2026-05-31, and nobody looked at it since"
DATES = [
    ({"effective_from": "2026-06-01"}, "it applies from 2026-06-01, today"),
    ({"effective_from": "2026-06-02"}, "it applies from 2026-06-02, tomorrow"),
    ({"effective_to": str(TODAY + AHEAD)}, "it ends on 2026-08-30, in 90 days"),
    ({"effective_to": str(TODAY + AHEAD + AHEAD / 90)}, None),
    ({"effective_from": "2026-07"}, "it applies from 2026-07-01, in 30 days"),
    ({"effective_to": "2026-06"}, "it ends on 2026-06-30, in 29 days"),
    ({"effective_to": "2026"}, None),
    ({"effective_to": "2026-05-31"}, PASSED),
    ({"effective_from": "2026-05"}, "it began to apply on 2026-05-01, and nobody looked at it since"),
    ({"effective_to": "2023-12-31"}, None),
    ({"effective_to": "2026-05-31", **SEEN, "reviewed_on": "2026-05-31"}, PASSED),
    ({"effective_to": "2026-05-30", **SEEN, "reviewed_on": "2026-05-31"}, None),
    ({"effective_to": "2026-07-01", **SEEN, "reviewed_on": "2026-05-01"}, None),
    ({"effective_to": "2026-07-01", **SEEN, "reviewed_on": "2026-03-01"}, "it ends on 2026-07-01, in 30 days"),
]


@pytest.mark.parametrize(("keys", "reason"), DATES)
def test_a_date_is_told_when_it_is_in_sight_or_passed_and_nobody_looked_since(keys, reason):
    case = judge(make_fact(**keys))

    assert (reason is not None, reason or "") == (case.urgency == "dates", case.reason if case.due else "")


def test_the_nearest_date_is_told():
    case = judge(make_fact(effective_from="2026-06-10", effective_to="2026-07-10"))

    assert "2026-06-10" == case.due


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ({"value": "a"}, {"value": "b"}, True),
        ({"value": "a"}, {"value": "a"}, False),
        ({"value": "a", "scope": {"profession": ("nurse", "physician")}}, {"value": "b"}, False),
        (
            {"value": "a", "scope": {"profession": ("nurse", "physician")}},
            {"value": "b", "scope": {"profession": ("physician", "nurse")}},
            True,
        ),
        ({"value": "a", "binding": "bill"}, {"value": "b"}, False),
        ({"value": "a", "effective_to": "2025-12-31"}, {"value": "b", "effective_from": "2026-01"}, False),
        ({"value": "a", "effective_to": "2026-01-31"}, {"value": "b", "effective_from": "2026-01"}, True),
        ({"value": "a"}, {"value": None, "gap": "not_found"}, False),
    ],
)
def test_answers_contradict_each_other_in_one_scope_and_time(one, other, contradict):
    facts = [make_fact("one", **one), make_fact("other", **other)]

    assert ({"one": [facts[1]], "other": [facts[0]]} if contradict else {}) == find_rivals(facts)


@pytest.mark.parametrize(
    ("values", "bindings", "contradict"),
    [
        (("five", "two"), ("statute", "regulation"), False),
        (("five", "two"), ("statute", "statute"), True),
        (("five", "two"), ("statute", ""), True),
        (("five", "some"), ("statute", "regulation"), True),
    ],
)
@pytest.mark.usefixtures("codebook")
def test_a_statute_and_a_stricter_rule_of_a_board_both_apply(values, bindings, contradict):
    facts = [make_fact(value, value=value, binding=binding) for value, binding in zip(values, bindings, strict=True)]

    assert contradict == bool(find_rivals(facts))


def test_a_contradiction_names_the_other_answer_and_ends_once_both_were_seen():
    one, other = make_fact("one", value="a"), make_fact("other", value="b", coded_on="2026-04-01", citation="§ 2")
    seen = [judge(make_fact("one", value="a", reviewed_on=day, reviewed_by="ana"), others=[other]) for day in
            ("2026-03-31", "2026-04-01")]  # fmt: skip

    assert "another answer of the same scope contradicts it: b (§ 2)" == judge(one, others=[other]).reason
    assert ["conflict", "rest"] == [case.urgency for case in seen]


def test_what_is_settled_stands_last():
    facts = [make_fact("settled", **CONFIRMED), make_fact("open", place=9)]
    cases = list_cases(facts, {"settled": VERIFIED}, TODAY)

    assert [("open", False), ("settled", True)] == [(case.fact.id, case.is_settled) for case in cases]


def test_why_the_rest_is_there_is_told_too():
    looked = {"reviewed_on": "2026-05-30", "reviewed_by": "ana"}

    assert [
        "no answer yet",
        "reported; no official page of it is known",
        "looked at by ana on 2026-05-30",
        "confirmed by ana on 2026-05-30",
    ] == [
        judge(make_fact(value=None, gap="not_checked")).reason,
        judge(make_fact()).reason,
        judge(make_fact(**looked)).reason,
        judge(make_fact(**CONFIRMED), VERIFIED).reason,
    ]
