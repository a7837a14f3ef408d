"""One word of duty put for its like is style where the whole text says so, and a doubt where it stands alone."""

import pytest

from kb.compare.readings import compare_readings
from kb.compare.style import weigh_style
from tests.build import make_reading

DOES = "A guide {} carry a lantern on the foredeck at night."
KEEPS = "A chandler {} label every jar with the lot it came from."
PLAIN = "A permit lasts two years and ends on the last day of June."


def compare(old, new):
    """Return (nature, reason) of each change between two texts of (a), (b) …, each told by its words of duty."""
    sides = [make_reading(*zip("abcd", side, strict=False)) for side in (old, new)]
    return [(change.nature, change.reason) for change in compare_readings(*sides)]


def test_a_lone_word_of_duty_is_a_doubt_where_the_old_one_stands_on():
    told = compare([DOES.format("shall"), KEEPS.format("shall")], [DOES.format("must"), KEEPS.format("shall")])

    assert [("substantive", "“shall” became “must” here and nowhere else")] == told


def test_it_is_a_signal_of_modality():
    old, new = (make_reading(("a", DOES.format(duty)), ("b", KEEPS.format("shall"))) for duty in ("shall", "must"))

    assert [("modality",)] == [change.signals for change in compare_readings(old, new)]


def test_a_word_of_duty_exchanged_throughout_is_style():
    told = compare([DOES.format("shall"), KEEPS.format("shall")], [DOES.format("must"), KEEPS.format("must")])

    assert {"editorial"} == {nature for nature, _ in told}


def test_the_only_one_there_was_is_style():
    assert ["editorial"] == [n for n, _ in compare([DOES.format("shall"), PLAIN], [DOES.format("must"), PLAIN])]


@pytest.mark.parametrize("ban", ["shall not", "must not"])
def test_a_plain_ban_that_became_may_not_is_a_doubt_though_it_stands_alone(ban):
    told = compare([DOES.format(ban), PLAIN], [DOES.format("may not"), PLAIN])

    assert [("substantive", f"“{ban}” became “may not” here and nowhere else")] == told


def test_a_duty_that_became_a_permission_is_substantive_whatever_the_rest_says():
    told = compare([DOES.format("shall"), KEEPS.format("shall")], [DOES.format("may"), KEEPS.format("may")])

    assert ["substantive", "substantive"] == [nature for nature, _ in told]


def test_without_changes_there_is_nothing_to_weigh():
    changes = []

    assert changes is weigh_style(changes, make_reading(("a", PLAIN)))
