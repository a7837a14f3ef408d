"""A list connector is drafting where it moved along with a sibling, and a rule change in doubt elsewhere."""

import pytest

from kb.compare.connectors import CONNECTOR_ADDED, CONNECTOR_ALONE
from kb.compare.readings import compare_readings
from kb.compare.wording import CONNECTOR_MOVED
from tests.build import make_reading

FEE = "An applicant pays a fee of fifty dollars to the board"
TERM = "The permit lasts two years and ends on the last day of June"
RECORD = "The clinic keeps a record of each dose it has given"


def judge(old, new):
    """Return (old eid, nature, reason) of every amended paragraph of two lists below (a)."""
    readings = [make_reading(("a", "To hold a permit:"), *side.items()) for side in (old, new)]
    changes = compare_readings(*readings)
    return [(one.old_eid, one.nature, one.reason) for one in changes if one.kind == "amended"]


def test_a_connector_that_goes_from_the_old_last_but_one_to_the_new_one_is_editorial():
    old = {"a__1": f"{FEE}; and", "a__2": f"{TERM}."}
    new = {"a__1": f"{FEE};", "a__2": f"{TERM}; and", "a__3": f"{RECORD}."}

    assert [("a__1", "editorial", CONNECTOR_MOVED), ("a__2", "editorial", CONNECTOR_MOVED)] == judge(old, new)
    assert [("a__1", "editorial", CONNECTOR_MOVED), ("a__2", "editorial", CONNECTOR_MOVED)] == judge(new, old)


def test_the_first_connector_of_a_list_comes_with_its_second_paragraph():
    assert [("a__1", "editorial", CONNECTOR_MOVED)] == judge(
        {"a__1": f"{FEE}."}, {"a__1": f"{FEE}; and", "a__2": f"{TERM}."}
    )


def test_a_second_connector_in_one_list_is_in_doubt():
    old = {"a__1": f"{FEE}; and", "a__2": f"{TERM}."}
    new = {"a__1": f"{FEE}; and", "a__2": f"{TERM}; or", "a__3": f"{RECORD}."}

    assert [("a__2", "substantive", CONNECTOR_ADDED)] == judge(old, new)


@pytest.mark.parametrize("sign", ["; and", "; or"])
def test_a_connector_that_comes_or_goes_alone_is_in_doubt(sign):
    old = {"a__1": f"{FEE};", "a__2": f"{TERM}."}
    new = {"a__1": f"{FEE}{sign}", "a__2": f"{TERM}."}

    assert [("a__1", "substantive", CONNECTOR_ALONE)] == judge(old, new)


def test_the_end_of_a_nested_list_belongs_to_the_list_above_it():
    old = {"a__1": f"{FEE}; and", "a__2": "Each clinic:", "a__2__A": f"{TERM}."}
    new = {"a__1": f"{FEE};", "a__2": "Each clinic:", "a__2__A": f"{TERM}; and", "a__3": f"{RECORD}."}

    assert [("a__1", "editorial", CONNECTOR_MOVED), ("a__2__A", "editorial", CONNECTOR_MOVED)] == judge(old, new)
