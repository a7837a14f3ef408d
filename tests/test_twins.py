"""Twins: a coming text is told once, against the text in force, and its day passes in silence."""

from datetime import date

from kb.compare.ids import text_hash
from kb.compare.state import Now
from kb.compare.twins import compare_strand, order_twins
from kb.models import Act, Shown
from tests.build import make_reading

BEFORE, AFTER = date(2024, 6, 1), date(2024, 7, 2)
FIRST, SECOND, THIRD = "2024-07-01", "2025-01-01", "2025-07-01"


def make_text(days, begins=None, ends=None, heading="Reports", **fields):
    return make_reading(("a", f"A report is due in {days} days."), heading=heading, begins=begins, ends=ends, **fields)


def compare(old, new, today=BEFORE):
    """Return what is told between the readings shown before and those shown now."""
    known = {text_hash(reading): reading for reading in old}
    sides = [order_twins([Now(one, text_hash(one)) for one in side]) for side in (old, new)]
    before = [
        Shown(n.text_hash, n.text_hash, n.reading.validity.valid_from, n.reading.validity.valid_to) for n in sides[0]
    ]
    return compare_strand(before, sides[1], today, known.__getitem__)


def tell(told):
    return [(one.change.old_text[-8:-1], one.change.new_text[-8:-1], one.effective_on) for one in told]


def test_a_coming_text_is_told_once_against_the_text_in_force():
    now = [make_text(30, ends=FIRST), make_text(45, begins=FIRST)]

    first = compare([make_text(30)], now)
    again = compare(now, now)

    assert [("30 days", "45 days", date(2024, 7, 1))] == tell(first)
    assert [] == again


def test_a_mark_put_to_the_old_heading_beside_a_coming_text_changes_no_rule():
    told = compare(
        [make_text(30)],
        [
            make_text(30, ends=FIRST, heading="Reports [Effective until July 1, 2024]"),
            make_text(30, begins=FIRST, heading="Reports [Effective July 1, 2024]"),
        ],
    )

    assert {"editorial"} == {one.change.nature for one in told}


def test_the_day_passes_and_the_old_twin_is_dropped_without_a_change():
    twins = [make_text(30, ends=FIRST), make_text(45, begins=FIRST)]

    assert [] == compare(twins, twins, AFTER)
    assert [] == compare(twins, twins[1:], AFTER)


def test_the_mark_dropped_from_the_text_now_in_force_changes_no_rule():
    twins = [make_text(30, ends=FIRST), make_text(45, begins=FIRST, heading="Reports [Effective July 1, 2024]")]

    told = compare(twins, [make_text(45)], AFTER)

    assert [("heading", "editorial")] == [(one.change.part, one.change.nature) for one in told]


def test_a_coming_date_that_moves_is_one_change_of_date():
    told = compare(
        [make_text(30, ends=FIRST), make_text(45, begins=FIRST)],
        [make_text(30, ends=SECOND), make_text(45, begins=SECOND)],
    )

    assert [(("date",), "substantive", date(2025, 1, 1))] == [
        (one.change.signals, one.change.nature, one.effective_on) for one in told
    ]


def test_a_coming_date_that_moves_in_both_headings_is_one_change_of_date():
    def twins(day, shown):
        return [
            make_text(30, ends=day, heading=f"Reports [Effective until {shown}]"),
            make_text(45, begins=day, heading=f"Reports [Effective {shown}]"),
        ]

    told = compare(twins(FIRST, "July 1, 2024"), twins(SECOND, "January 1, 2025"))

    assert [(("date",), "substantive", date(2025, 1, 1))] == [
        (one.change.signals, one.change.nature, one.effective_on) for one in told
    ]


def test_a_coming_text_that_is_withdrawn_is_one_change():
    told = compare([make_text(30, ends=FIRST), make_text(45, begins=FIRST)], [make_text(30)])

    assert [("effective 2024-07-01", "", date(2024, 7, 1))] == [
        (one.change.old_text, one.change.new_text, one.effective_on) for one in told
    ]


def test_a_coming_text_that_takes_effect_early_is_a_change_of_date_alone():
    twins = [make_text(30, ends=FIRST), make_text(45, begins=FIRST, heading="Reports [Effective July 1, 2024]")]

    told = compare(twins, [make_text(45)])

    rules = [one.change for one in told if one.change.nature == "substantive"]
    assert [("effective 2024-07-01", "in force")] == [(change.old_text, change.new_text) for change in rules]


def test_the_text_in_force_is_amended_while_a_coming_one_stands():
    coming = make_text(45, begins=FIRST)

    told = compare([make_text(30), coming], [make_text(20), coming])

    assert [("30 days", "20 days", None)] == tell(told)


def test_a_coming_text_is_amended_before_its_day():
    told = compare([make_text(30), make_text(45, begins=FIRST)], [make_text(30), make_text(60, begins=FIRST)])

    assert [("45 days", "60 days", date(2024, 7, 1))] == tell(told)


def test_of_three_twins_each_is_told_against_the_one_before_it():
    told = compare([make_text(30)], [make_text(30), make_text(45, begins=FIRST), make_text(60, begins=SECOND)])

    assert [("30 days", "45 days", date(2024, 7, 1)), ("45 days", "60 days", date(2025, 1, 1))] == tell(told)


def test_of_two_coming_texts_each_is_compared_with_its_own_former_wording():
    now = [make_text(30), make_text(50, begins=FIRST), make_text(70, begins=SECOND)]

    told = compare([make_text(30), make_text(45, begins=FIRST), make_text(60, begins=SECOND)], now)

    assert [("45 days", "50 days", date(2024, 7, 1)), ("60 days", "70 days", date(2025, 1, 1))] == tell(told)


def test_one_of_two_coming_texts_is_withdrawn():
    twins = [make_text(30), make_text(45, begins=FIRST), make_text(60, begins=SECOND)]

    told = compare(twins, twins[:2])

    assert [("effective 2025-01-01", "", date(2025, 1, 1))] == [
        (one.change.old_text, one.change.new_text, one.effective_on) for one in told
    ]


def test_both_texts_amended_after_the_day_follow_their_own():
    told = compare(
        [make_text(30, ends=FIRST), make_text(45, begins=FIRST)],
        [make_text(31, ends=FIRST), make_text(46, begins=FIRST)],
        AFTER,
    )

    assert [("30 days", "31 days", None), ("45 days", "46 days", None)] == tell(told)


def test_only_the_coming_texts_successor_is_shown_two_waves_later():
    told = compare([make_text(30, ends=FIRST), make_text(45, begins=FIRST)], [make_text(90)], AFTER)

    assert [("45 days", "90 days", None)] == tell(told)


def test_a_law_announced_before_it_ever_applied_is_compared_with_itself():
    told = compare([make_text(45, begins=FIRST)], [make_text(60)])

    assert [("45 days", "60 days", None)] == tell(told)


def test_the_coming_text_alone_is_told_against_the_text_it_will_replace():
    told = compare([make_text(30)], [make_text(45, begins=FIRST)])

    assert [("30 days", "45 days", date(2024, 7, 1))] == tell(told)


def test_two_texts_now_stand_where_one_stood():
    told = compare([make_text(30)], [make_text(20), make_text(45, begins="2024-01-01")])

    assert [("30 days", "20 days", None), ("30 days", "45 days", None)] == tell(told)


def test_each_change_carries_the_readings_it_lies_between():
    old = make_text(30, acts=(Act("Law 1-1"),))
    new, coming = make_text(20, acts=(Act("Law 2-2"),)), make_text(45, begins=FIRST)

    told = compare([old, coming], [new, coming])

    assert [(old, new)] == [(one.old, one.new) for one in told]


def test_twins_are_ordered_by_the_day_they_begin():
    texts = [make_text(60, begins=SECOND), make_text(30), make_text(45, begins=FIRST)]

    found = order_twins([Now(one, text_hash(one)) for one in texts])

    assert [texts[1], texts[2], texts[0]] == [one.reading for one in found]
