"""What applies on a date as far as it was known at an instant: answers, what is none, conflicts, and why."""

from datetime import date

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.answer.answers import SENTENCES, Asked
from kb.answer.facts import Anchor
from kb.answer.status import status
from kb.questions import Choice
from tests.build import make_fact, make_question, make_step

AS_OF, KNOWN = "2024-06-01", "2024-06-01T00:00:00Z"


def ask(*facts, as_of=AS_OF, known_at=KNOWN, steps=(), question=None, **scope):
    """Ask the State of Example on a date, within a scope."""
    asked = Asked(
        jurisdiction="us-xx",
        question=question or make_question(),
        as_of=date.fromisoformat(as_of),
        known_at=known_at,
        scope={name: tuple(terms.split()) for name, terms in scope.items()},
    )
    told = {}
    for step in steps:
        told.setdefault(step.fact, []).append(step)
    return status(facts, told, asked)


def codes(found):
    return [reason.code for reason in found.why]


def test_fact_in_force_is_the_answer_with_its_proof():
    fact = make_fact("most", citation="§ 1-1", effective_from="2023", binding="statute")

    found = ask(fact)

    answer = found.answers[0]
    assert ("answered", "most", "Most", "§ 1-1", "reported") == (
        found.state, answer.value, answer.label, answer.citation, answer.state
    )  # fmt: skip
    assert "In force on 2024-06-01, from 2023 on." == found.why[0].sentence
    assert {"as_of": "2024-06-01", "effective_from": "2023"} == found.why[0].values


def test_most_specific_answer_goes_first_and_the_general_one_stays_behind():
    general = make_fact("some")
    limited = make_fact("all", scope={"profession": "nurse"})
    other = make_fact("none", scope={"profession": "dentist"})

    found = ask(general, limited, other, profession="nurse")

    assert [("all", 0), ("some", 1)] == [(one.value, one.level) for one in found.answers]
    assert ["all"] == [one.value for one in found.leading]
    assert ["in_force", "specific"] == codes(found)
    assert () == found.narrower


def test_limited_answers_stand_below_a_question_without_limits():
    facts = [make_fact("all", scope={"profession": "nurse"}), make_fact("none", scope={"profession": "dentist"})]

    found = ask(*facts)

    assert ("limited", {"all", "none"}) == (found.state, {one.value for one in found.leading})
    assert "What is known is limited to dentist; nurse." == found.why[0].sentence


def test_nearer_term_goes_before_a_wider_one():
    facts = [
        make_fact("some", scope={"drug": "controlled_substance"}),
        make_fact("most", scope={"drug": "schedule_iii"}),
    ]

    found = ask(*facts, drug="ketamine")

    assert ["most", "some"] == [one.value for one in found.answers]


def test_facts_that_say_the_same_are_one_answer_led_by_the_best_proven():
    weak = make_fact("all", citation="news", confidence="low")
    strong = make_fact("all", citation="§ 1-1", binding="statute")

    found = ask(weak, strong, steps=[make_step(strong, "2024-02-01T00:00:00Z", "verified", quote="must query")])

    assert [("§ 1-1", "verified", "must query", (weak.id,))] == [
        (one.citation, one.state, one.quote, one.also) for one in found.answers
    ]


def test_of_two_equally_proven_facts_the_one_that_lasts_longer_leads():
    facts = [make_fact("all", effective_to="2024-12", citation="first"), make_fact("all", citation="extended")]

    found = ask(*facts)

    assert ["extended"] == [one.citation for one in found.answers]


def test_two_kinds_of_text_that_are_equally_strict_but_differ_contradict_each_other():
    question = make_question(values=(Choice("days", "By days", 2), Choice("visits", "By visits", 2)))

    found = ask(make_fact("days", binding="statute"), make_fact("visits", binding="regulation"), question=question)

    assert "conflict" == found.state


def test_two_values_in_one_scope_are_a_conflict_with_both_quotes():
    anchors = [Anchor("us-xx/code/1-1", "a", "shall query each time"), Anchor("us-xx/code/1-2", "b", "need not query")]
    facts = [make_fact("all", anchor=anchors[0]), make_fact("none", anchor=anchors[1])]

    found = ask(*facts)

    pair = found.conflicts[0]
    assert ("conflict", ["conflict", "in_force"]) == (found.state, codes(found))
    assert {"shall query each time", "need not query"} == {pair.one.quote, pair.other.quote}
    assert [True, True] == [one.contested for one in found.answers]


def test_tie_between_different_limits_is_a_conflict():
    facts = [make_fact("all", scope={"profession": "nurse"}), make_fact("none", scope={"setting": "clinic"})]

    found = ask(*facts, profession="nurse", setting="clinic")

    assert ("conflict", 1) == (found.state, len(found.conflicts))


def test_conflict_that_a_more_specific_answer_goes_before_decides_nothing():
    facts = [make_fact("all"), make_fact("none"), make_fact("some", scope={"profession": "nurse"})]

    found = ask(*facts, profession="nurse")

    assert ("answered", "some", ()) == (found.state, found.answers[0].value, found.conflicts)


@pytest.mark.parametrize(
    ("question", "values", "state"),
    [
        (make_question(compatible=(("all", "none"),)), ("all", "none"), "answered"),
        (make_question(type="choices"), (("all",), ("none",)), "answered"),
        (make_question(type="choices", contradicting=(("all", "none"),)), (("all",), ("none",)), "conflict"),
    ],
)
def test_codebook_says_which_values_stand_together(question, values, state):
    found = ask(*map(make_fact, values), question=question)

    assert (state, 2) == (found.state, len(found.answers))


@pytest.mark.parametrize("board", ["regulation", "advisory_opinion"])
def test_board_rule_that_is_stricter_than_the_statute_leads_and_says_so(board):
    statute = make_fact("some", binding="statute", citation="§ 1-1")
    rule = make_fact("all", binding=board, citation="Rule 2")

    found = ask(statute, rule)

    words = board.replace("_", " ")
    assert ("answered", ["Rule 2", "§ 1-1"]) == (found.state, [one.citation for one in found.answers])
    assert f"Both apply, and the {words} is stricter than the statute: All rather than Some." in [
        reason.sentence for reason in found.why
    ]


def test_guidance_that_is_stricter_is_named_but_does_not_lead():
    found = ask(make_fact("some", binding="statute"), make_fact("all", binding="faq"))

    assert [("statute", 0), ("faq", 1)] == [(one.binding, one.level) for one in found.answers]
    assert "Guidance (faq) is stricter than the statute: All rather than Some." in [
        reason.sentence for reason in found.answers[1].why
    ]


def test_statute_and_rule_that_are_not_ranked_contradict_each_other():
    question = make_question(type="text", values=())

    found = ask(make_fact("yes", binding="statute"), make_fact("no", binding="regulation"), question=question)

    assert "conflict" == found.state


def test_two_rules_that_contradict_each_other_both_go_before_the_laxer_statute():
    found = ask(
        make_fact("none", binding="statute"),
        make_fact("some", binding="regulation"),
        make_fact("all", binding="regulation"),
    )

    assert ("conflict", {"some", "all"}) == (found.state, {one.value for one in found.leading})


def test_contradiction_of_statutes_below_a_stricter_rule_is_told_but_does_not_decide():
    found = ask(
        make_fact("none", binding="statute"),
        make_fact("some", binding="statute"),
        make_fact("all", binding="regulation"),
    )

    assert ("answered", ["all"], 1) == (found.state, [one.value for one in found.leading], len(found.conflicts))


def test_silence_beside_a_rule_of_the_board_gives_way_to_it():
    found = ask(make_fact(gap="law_silent", binding="statute"), make_fact("none", binding="regulation"))

    assert ("answered", "none") == (found.state, found.answers[0].value)


def test_law_that_is_silent_is_an_answer_that_says_so():
    found = ask(make_fact(gap="law_silent"))

    assert ("law_silent", "law silent", ["law_silent", "in_force"]) == (
        found.state, found.answers[0].label, codes(found)
    )  # fmt: skip


def test_what_was_not_found_says_where_it_was_looked_for():
    found = ask(make_fact(gap="not_found", searched=("the code", "the board's page")))

    assert ("not_found", ("the code", "the board's page"), ()) == (found.state, found.searched, found.answers)
    assert "It was looked for and not found: the code; the board's page." == found.why[0].sentence


@pytest.mark.parametrize(
    ("facts", "state", "code"),
    [
        ([], "not_checked", "not_checked"),
        ([make_fact(gap="not_checked")], "not_checked", "lead"),
        ([make_fact(scope={"profession": "dentist"})], "not_checked", "elsewhere"),
        ([make_fact(superseded_on="2024-02-01")], "not_checked", "withdrawn"),
        ([make_fact(binding="bill")], "pending", "pending"),
        ([make_fact(effective_from="2024-06-02")], "coming", "coming"),
        ([make_fact(effective_to="2024-05")], "lapsed", "lapsed"),
        ([make_fact(coded_on="2024-06-02")], "unknown_before", "unknown_before"),
    ],
)
def test_no_answer_says_why(facts, state, code):
    found = ask(*facts, profession="nurse")

    assert (state, [code], ()) == (found.state, codes(found), found.answers)


def test_question_of_states_is_not_asked_of_the_federal_level():
    asked = Asked(jurisdiction="us", question=make_question(asked_of="states"), as_of=date(2024, 6, 1), known_at=KNOWN)

    assert "not_asked" == status([], {}, asked).state


def test_future_value_is_listed_before_it_binds_and_answers_from_its_day_on():
    now = make_fact("some", effective_to="2024-06-30")
    then = make_fact("all", effective_from="2024-07")

    before, after = (ask(now, then, as_of=day) for day in ("2024-06-30", "2024-07-01"))

    assert ("some", ["all"], []) == (
        before.answers[0].value, [one.value for one in before.coming], [one.value for one in before.lapsed]
    )  # fmt: skip
    assert ("all", [], ["some"]) == (
        after.answers[0].value, [one.value for one in after.coming], [one.value for one in after.lapsed]
    )  # fmt: skip
    assert "It begins on 2024-07." == before.coming[0].why[0].sentence


def test_lapsed_fact_answers_with_what_it_reverts_to():
    fact = make_fact("none", effective_to="2023", reverts_to="all")

    found = ask(fact)

    assert ("answered", "all", True, "2024-01-01") == (
        found.state, found.answers[0].value, found.answers[0].reverted, found.answers[0].effective_from
    )  # fmt: skip
    assert "What was coded ended on 2023; after it the law says All." == found.why[0].sentence
    assert ["none"] == [one.value for one in found.lapsed]


def test_lapsed_fact_may_revert_to_silence():
    found = ask(make_fact("all", effective_to="2023-06-30", reverts_to="law_silent"))

    assert ("law_silent", None) == (found.state, found.answers[0].value)
    assert ["What was coded ended on 2023-06-30; after it the law says nothing of it."] == [
        reason.sentence for reason in found.why
    ]


def test_reversion_gives_way_to_what_took_its_place():
    lapsed = make_fact("none", effective_to="2023", reverts_to="all")
    extended = make_fact("some", effective_from="2024-01-01", effective_to="2024-12-31")

    found = [ask(lapsed, extended, as_of=day) for day in ("2023-12-31", "2024-06-01", "2025-01-01")]

    assert ["none", "some"] == [one.answers[0].value for one in found[:2]]
    assert ("lapsed", ["some", "none"]) == (found[2].state, [one.value for one in found[2].lapsed])


def test_bill_never_answers_and_is_listed():
    found = ask(make_fact("some"), make_fact("all", binding="bill"))

    assert (["some"], ["all"]) == ([one.value for one in found.answers], [one.value for one in found.pending])
    assert "A bill: it is not law." == found.pending[0].why[0].sentence


def test_date_before_anything_was_seen_is_not_answered_where_the_beginning_is_unknown():
    fact = make_fact("some", evidence=())

    early, late = (ask(fact, as_of=day) for day in ("2020-01-01", "2024-01-01"))

    assert ("unknown_before", ["unseen"], ()) == (early.state, codes(early), early.answers)
    assert (["some"], "answered", ["in_force"]) == ([one.value for one in early.unseen], late.state, codes(late))


def test_other_jurisdictions_and_questions_say_nothing():
    facts = [make_fact("all", jurisdiction="us-yy"), make_fact("all", question="other")]

    assert "not_checked" == ask(*facts).state


def review(entries, number, day, action):
    """Review the standing entry as a later person would: confirm the same answer anew, correct it, or withdraw it."""
    *earlier, last = entries
    ended = msgspec.structs.replace(last, superseded_on=day)
    if action == "confirm":
        name = f"{last.id.partition('-')[0]}-{number + 2}"
        after = msgspec.structs.replace(last, id=name, reviewed_on=day, reviewed_by="r")
    elif action == "correct":
        after = make_fact(("none", "some", "most", "all")[number % 4], id=f"{number:016}", coded_on=day)
    else:
        after = make_fact(gap="not_found", searched=("all",), id=f"{number:016}", coded_on=day)
    return [*earlier, ended, after]


PAST = ("2024-01-20T12:00:00Z", "2024-02-20T12:00:00Z", "2024-03-20T12:00:00Z")
ACTIONS = st.lists(st.sampled_from(["confirm", "correct", "withdraw"]), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(ACTIONS, st.lists(st.sampled_from(["verified", "needs_review", "broken"]), min_size=1, max_size=3))
def test_answers_for_three_past_dates_stay_the_same_after_later_reviews_and_waves(actions, states):
    entries = [make_fact("some", id="first", coded_on="2024-01-10")]
    for number, (month, action) in enumerate((("02", "correct"), ("03", "confirm"))):
        entries = review(entries, number, f"2024-{month}-10", action)
    steps = [make_step(one, f"2024-0{month}-15T08:00:00Z", state) for one in entries for month, state in (
        (1, "anchored"), (2, "verified")
    )]  # fmt: skip
    before = [ask(*entries, known_at=at, steps=steps) for at in PAST]

    for number, action in enumerate(actions):
        entries = review(entries, 10 + number, f"2024-{number + 4:02}-10", action)
    steps += [make_step(one, f"2024-0{month}-15T08:00:00Z", state) for one in entries for month, state in enumerate(
        states, 4
    )]  # fmt: skip
    after = [ask(*entries, known_at=at, steps=steps) for at in PAST]

    assert before == after
    assert ["some", "none", "none"] == [one.answers[0].value for one in before]


FACTS = st.lists(
    st.builds(
        lambda value, begins, ends, profession, binding: make_fact(
            value,
            effective_from=begins,
            effective_to=ends if ends >= begins else "",
            binding=binding,
            scope={"profession": profession} if profession else {},
        ),
        st.sampled_from(["none", "some", "most", "all"]),
        st.sampled_from(["", "2023", "2024-05", "2024-06-01"]),
        st.sampled_from(["", "2023-12", "2024-05-31", "2025"]),
        st.sampled_from(["", "nurse", "dentist", "nurse dentist"]),
        st.sampled_from(["statute", "regulation", "bill", "faq"]),
    ),
    max_size=5,
    unique_by=lambda fact: fact.id,
)


@settings(max_examples=150, deadline=None)
@given(FACTS, st.sampled_from(["2022-06-01", "2024-05-31", "2024-06-01", "2030-01-01"]), st.sampled_from(["", "nurse"]))
def test_every_status_says_something_and_the_order_of_facts_does_not_matter(facts, as_of, profession):
    asked = {"profession": profession} if profession else {}

    found, turned = ask(*facts, as_of=as_of, **asked), ask(*reversed(facts), as_of=as_of, **asked)

    assert found.why
    assert all(reason.code in SENTENCES for reason in found.why)
    assert (found.state, [one.value for one in found.answers[:1]]) == (
        turned.state, [one.value for one in turned.answers[:1]]
    )  # fmt: skip
    shown = {one.fact for group in (found.coming, found.lapsed, found.pending) for one in group}
    assert not shown & {one.fact for one in (*found.answers, *found.narrower)}
