"""Reading from when and until when a provision applies."""

from datetime import date

import msgspec
import pytest

from kb.answer.coders import propose
from kb.models import Validity
from tests.build import make_provision, make_reading
from tests.coding import code

LIMIT = (
    "A Schedule III prescription shall not be filled over six months after its date or refilled more than five times."
)
# A whole provision, and the dates its proposal bears.
TERMS = {
    "none": (LIMIT, "", ""),
    "a bracket until": (f"[Effective until January 1, 2023.] {LIMIT}", "", "2022-12-31"),
    "a bracket until the last of a month": (
        f"[Subsection effective until December 31, 2023.] {LIMIT}",
        "",
        "2023-12-31",
    ),
    "a bracket from": (f"[Effective July 1, 2026.] {LIMIT}", "2026-07-01", ""),
    "a bracket that names the other text": (
        f"[Subsection effective until June 30, 2025. For subsection effective July 1, 2025, see below.] {LIMIT}",
        "",
        "2025-06-30",
    ),
    "a repeal to come": (f"[Repeal and reenactment on December 31, 2027.] {LIMIT}", "", "2027-12-31"),
    "at the head of the sentence": (f"On or after January 1, 2021, {LIMIT[0].lower()}{LIMIT[1:]}", "2021-01-01", ""),
    "after an opening clause": (
        f"Subject to (d), beginning May 2, 2021, {LIMIT[0].lower()}{LIMIT[1:]}",
        "2021-05-02",
        "",
    ),
    "by its last words": (f"{LIMIT[:-1]} through June 15, 2024.", "", "2024-06-15"),
    "of something else": (f"{LIMIT[:-1]} if it was written on or after March 3, 2019, in ink.", "", ""),
    "of its subject": (LIMIT.replace("prescription", "prescription written since March 3, 2019,"), "", ""),
    "no calendar day": (f"[Effective until February 30, 2023.] {LIMIT}", "", ""),
    "dates that contradict each other": (f"[Effective July 1, 2025, and until June 30, 2024.] {LIMIT}", "", ""),
}


def code_term(parts, **fields):
    (found,) = code(parts, "refill_limit", **fields)
    return found.effective_from, found.effective_to


@pytest.mark.parametrize("case", TERMS)
def test_term_is_read_from_the_provision(case):
    text, begins, ends = TERMS[case]

    assert (begins, ends) == code_term(text)


CLAUSES = {
    "of the section": ("This section expires on June 30, 2026.", ("", "2026-06-30")),
    "of the section, from and until": (
        "This section takes effect on July 1, 2024, and sunsets on May 5, 2029.",
        ("2024-07-01", "2029-05-05"),
    ),
    "of the section, repealed": ("This section is repealed on April 1, 2022.", ("", "2022-03-31")),
    "of this subsection": (
        "Subsection (a) of this section shall be effective on and after October 1, 2020.",
        ("2020-10-01", ""),
    ),
    "of another subsection": ("Subsection (c) is repealed on April 1, 2022.", ("", "")),
    "of something else": ("This section was discussed on April 1, 2022.", ("", "")),
}


@pytest.mark.parametrize("case", CLAUSES)
def test_another_provision_may_state_the_term(case):
    clause, term = CLAUSES[case]

    assert term == code_term([("a", LIMIT), ("g", clause)])


def test_headings_state_the_term_of_what_stands_below():
    below = [make_provision("b", heading="Prescriptions [Effective January 1, 2023.]"), ("b__1", LIMIT)]

    terms = [code_term(LIMIT, heading="Refills. [Effective until July 1, 2025.]"), code_term(below)]

    assert [("", "2025-06-30"), ("2023-01-01", "")] == terms


def test_the_validity_of_the_document_counts_where_it_is_stated():
    days = date(2024, 1, 1), date(2025, 1, 1)
    readings = [
        msgspec.structs.replace(make_reading(("a", LIMIT)), validity=Validity(*days, basis))
        for basis in ("stated", "observed")
    ]

    terms = [(one.effective_from, one.effective_to) for reading in readings for one in propose(reading)]

    # The reader's end is the first day without the text; what was merely observed is no word of the law.
    assert [("2024-01-01", "2024-12-31"), ("", "")] == terms


def test_the_banner_of_a_coming_change_tells_when():
    assert ("", "2026-08-31") == code_term([make_provision("a", LIMIT, pending="Effective until September 1, 2026.")])
