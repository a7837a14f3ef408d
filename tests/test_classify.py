"""The nature of an edit: where the line runs between a changed rule and a changed wording, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.classify import REASON_LENGTH, Judgement, classify_edit, classify_whole
from kb.models import PARTS

EDITORIAL = [
    ("A license is valid, if paid;", "A License is valid if paid.", "only punctuation, case or spacing moved"),
    ("The one third share of § 4-1 .2", "The one-third share of § 4-1.2", "only punctuation, case or spacing moved"),
    ("Holds a degree; and", "Holds a degree.", "only a list connector moved"),
    ("Holds a degree.", "Holds a degree; or", "only a list connector moved"),
    ("[Effective until May 1, 2025] A fee is due.", "A fee is due.", "only a codifier's bracket moved"),
    ("Sent to Board for review", "Sent to [the] Board for review", "only a codifier's bracket moved"),
    ("[Reserved]", "Reserved for future use.", "only a placeholder was reworded"),
    ("The permit shall be renewed.", "The permit is renewed.", 'only drafting style: "shall be" → "is"'),
    ("The board shall adopt rules.", "The board must adopt rules.", 'only drafting style: "shall" → "must"'),
    ("A clinic may not dispense.", "A clinic shall not dispense.", 'only drafting style: "may not" → "shall not"'),
    ("A doctor and his or her staff", "A doctor and the doctor's staff", None),
    ("if such person agrees", "if the person agrees", 'only a pointing word: "such" → "the"'),
    ("at least two members", "not fewer than 2 members", None),
    ("a rate of 5 percent", "a rate of 5%", 'only drafting style: "percent" → "%"'),
    ("a fee of 50 dollars", "a fee of $50", "only the form of a reference moved"),
    ("issued pursuant to § 5", "issued under § 5", 'only drafting style: "pursuant to" → "under"'),
    ("of this sub-section", "of this subsection", "only punctuation, case or spacing moved"),
    ("rules on labelling", "rules on labeling", 'only spelling: "labelling" → "labeling"'),
    ("as defined in § 5(3)", "as defined in Example Health Code § 5(3)", None),
    ("paragraph (2) or (4) applies", "paragraph (2) or (4) of this section applies", None),
    ("subsection (i) of section 9 of title 18 of the United States Code", "18 U.S.C. § 9(i)", None),
    ("under (2) or (4)", "under paragraph (2) or (4)", 'a reference made more exact: "paragraph"'),
    ("as § 5(a)(1) or (3) says", "as § 5(a)(1) or (a)(3) says", 'a reference made more exact: "(a)"'),
    ("the DHCF pays", "the Department of Health Care Finance pays", None),
    ("within thirty days", "within 30 days", 'only drafting style: "thirty days" → "30 days"'),
    ("by Jan. 1, 2020", "by January 1, 2020", 'only drafting style: "Jan" → "January"'),
    ("of the U.S. Senate", "of the United States Senate", None),
]


@pytest.mark.parametrize(("old", "new", "reason"), EDITORIAL)
def test_wording_without_effect_is_editorial(old, new, reason):
    judgement = classify_edit(old, new, part="text")

    assert ("editorial", ()) == (judgement.nature, judgement.signals)
    assert reason in {None, judgement.reason}


SUBSTANTIVE = [
    ("The board may act.", "The board shall act.", ("modality",), 'permission became duty: "may" → "shall"'),
    ("The board must act.", "The board may act.", ("modality",), 'duty became permission: "must" → "may"'),
    ("The board will act.", "The board shall act.", ("modality",), 'duty or permission changed: "will" → "shall"'),
    ("within 30 days", "within 45 days", ("number",), 'deadline changed: "30 days" → "45 days"'),
    ("a fee of $50", "a fee of $75", ("number",), 'amount changed: "$50" → "$75"'),
    ("a rate of 1.5 percent", "a rate of 15 percent", ("number",), 'rate changed: "1.5 percent" → "15 percent"'),
    ("expires January 1, 2025", "expires April 1, 2025", ("date",), 'date changed: "January" → "April"'),
    ("[Effective until May 1, 2025] A fee", "[Effective until May 1, 2026] A fee", ("date",), None),
    ("A nurse may prescribe.", "A nurse may not prescribe.", ("negation",), 'negation added: "not"'),
    ("of age and a resident", "of age or a resident", ("scope",), 'scope changed: "and" → "or"'),
    ("Holds a degree; and", "Holds a degree; or", ("scope",), 'scope changed: "and" → "or"'),
    ("filed by a nurse", "filed by a licensed nurse", ("scope",), 'scope added: "licensed"'),
    ("within 9 days", "within 9 business days", ("scope",), 'scope added: "business"'),
    ("any person", "such person", ("scope",), 'scope changed: "any" → "such"'),
    (
        "Reports go to the Mayor yearly",
        "Reports go to the Health Board yearly",
        ("scope",),
        'body or name changed: "Mayor" → "Health Board"',
    ),
    ("under this chapter", "under this subchapter", ("reference",), 'reference changed: "chapter" → "subchapter"'),
    ("under § 5-1(b)", "under § 5-1", ("reference",), 'reference deleted: "(b)"'),
    ("under 21 CFR 1308.13 (2020)", "under 21 CFR 1308.13 (2024)", ("reference",), None),
    ('"Nurse" means a person', '"Nurse" includes a person', ("definition",), None),
    ("Repealed.", "Each clinic keeps records.", (), 'no longer repealed: "Each clinic keeps records."'),
    ("Each clinic keeps records.", "[Repealed by Laws 2020, c. 3]", (), 'repealed: "Each clinic keeps records."'),
    ("[Reserved]", "Each clinic keeps records.", (), 'added: "Each clinic keeps records."'),
    ("", "Each clinic keeps records.", (), 'added: "Each clinic keeps records."'),
    ("[Not required] A fee", "A fee", ("modality", "negation"), None),
    ("set in section 8 of the Fees Act (Law 1-2; Code § 2-31(b))", "set in § 2-31(b)", ("reference",), None),
    ("if a board agrees", "if the board agrees", (), 'words changed: "a" → "the"'),
    ("under § 5(3) or § 6(a)(1)", "under § 5(a)(3) or § 6(a)(1)", ("reference",), 'reference added: "(a)"'),
    ("in another 30-day term", "in another thirty (30) day term", ("number",), None),
    ("in thirty (30) days", "in 30 days", ("number",), 'number stated twice, or no longer: "thirty"'),
    ("the ABC shall decide", "the XYZ shall decide", ("scope",), 'body or name changed: "ABC" → "XYZ"'),
]


@pytest.mark.parametrize(("old", "new", "signals", "reason"), SUBSTANTIVE)
def test_wording_with_effect_or_in_doubt_is_substantive(old, new, signals, reason):
    judgement = classify_edit(old, new, part="text")

    assert ("substantive", signals) == (judgement.nature, judgement.signals)
    assert reason in {None, judgement.reason}


def test_style_beside_a_changed_number_does_not_hide_it():
    old, new = "It shall be paid by the clinic's owner in 30 days; and", "It is paid by the clinic's owner in 45 days."

    judgement = classify_edit(old, new, part="text")

    assert Judgement("substantive", ("number",), 'deadline changed: "30 days" → "45 days"') == judgement


@pytest.mark.parametrize(
    ("old", "new", "signals"),
    [
        ("It shall be paid in 30 days.", "It is paid in 45 days.", ("number",)),
        ("It shall be considered for a card.", "It shall automatically receive a card.", ()),
    ],
)
def test_a_duty_on_both_sides_of_an_edit_is_no_signal(old, new, signals):
    assert signals == classify_edit(old, new, part="text").signals


def test_the_weightiest_edit_gives_the_reason():
    old = "The registrar may issue a card to any resident of the county for a yearly fee."
    new = "The registrar shall issue a card to every resident of the county for a small fee."

    judgement = classify_edit(old, new, part="text")

    assert 'permission became duty: "may" → "shall"' == judgement.reason


@pytest.mark.parametrize(
    ("old", "new", "same", "nature"),
    [
        ("under paragraph (3)", "under paragraph (4)", {"(3)": "(4)"}, "editorial"),
        ("under paragraph (3)", "under paragraph (4)", {}, "substantive"),
        ("paragraph (3), 3 days", "paragraph (4), 4 days", {"(3)": "(4)"}, "substantive"),
        ("under § 25-101", "under § 25-201", {"25-101": "25-201"}, "editorial"),
        ("sent to DOX or DOX staff", "sent to DOY or DOY staff", {"DOX": "DOY"}, "editorial"),
        ("chapter 2 of title 21", "chapter 2 of this title", {"title 21": "this title"}, "editorial"),
    ],
)
def test_names_proved_to_mean_one_thing_are_editorial(old, new, same, nature):
    assert nature == classify_edit(old, new, part="text", same=same).nature


def test_an_abbreviation_that_follows_its_term_is_editorial():
    old, new = "Department of Health Care Finance (DHC)", "Department of Health Care Finance (DHCF)"

    judgement = classify_edit(old, new, part="text")

    assert Judgement("editorial", (), 'an abbreviation follows its term: "(DHC)" → "(DHCF)"') == judgement


@pytest.mark.parametrize(
    ("old", "new", "nature"),
    [
        ("FEES", "Fees.", "editorial"),
        ("License required", "Licensure requirement", "editorial"),
        ("Powers of board", "Duties of the board", "editorial"),
        ("Delivery platform [service]; duties", "Delivery platform; duties", "editorial"),
        ("Fees", "Fees and penalties", "substantive"),
        ("Rules; appeals", "Rules", "substantive"),
        ("Appeals", "[Repealed]", "substantive"),
        ("Expired licenses", "Licenses, expired", "editorial"),
        ("Sec. 5. Appeals", "Sec. 5. Repealed.", "substantive"),
        ("Fees. [Not required]", "Fees.", "editorial"),
        ("Fees. [Repealed]", "Fees.", "substantive"),
        ("Violation of chapter", "Violation of law", "editorial"),
    ],
)
def test_a_heading_is_substantive_when_it_gains_or_loses_a_subject(old, new, nature):
    assert nature == classify_edit(old, new, part="heading").nature


@pytest.mark.parametrize(
    ("part", "nature"), [("note", "editorial"), ("pending", "substantive"), ("text", "substantive")]
)
def test_notes_are_editorial_and_announced_changes_substantive(part, nature):
    assert nature == classify_edit("In force to May 1, 2025.", "In force to May 1, 2026.", part=part).nature


@pytest.mark.parametrize(("old", "new"), [("(a) A fee is due.", "(b) A fee is due."), ("a  fee", "a fee")])
def test_a_moved_label_or_nothing_at_all_is_structural(old, new):
    assert "structural" == classify_edit(old, new, part="text").nature


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Reserved]", Judgement("editorial", (), "only a placeholder was added")),
        ("", Judgement("editorial", (), "only a placeholder was added")),
        ("Repealed.", Judgement("substantive", (), 'added: "Repealed."')),
        ("A clinic may charge.", Judgement("substantive", ("modality",), 'added: "A clinic may charge."')),
        ('"Day" means a work day.', Judgement("substantive", ("definition",), 'added: ""Day" means a work day."')),
    ],
)
def test_a_whole_provision_is_substantive_unless_it_is_a_placeholder(text, expected):
    assert expected == classify_whole(text, "added")


def test_signs_that_are_part_of_no_word_are_in_doubt_substantive():
    assert "substantive" == classify_edit("see /_files/15/a now", "see /_files/55/a now", part="text").nature


@given(st.text(), st.text(), st.sampled_from(PARTS))
def test_any_two_texts_get_a_short_reason(old, new, part):
    judgement = classify_edit(old, new, part=part)

    assert 0 < len(judgement.reason) <= REASON_LENGTH


LAW = st.lists(
    st.sampled_from(
        ["the board", "may", "shall", "shall be", "is", "not", "30", "days", "§ 5", "(b)", "and", "; or", "such", "fee"]
    ),
    min_size=1,
).map(" ".join)


@given(LAW, LAW)
def test_an_edit_and_its_reversal_are_of_one_nature(old, new):
    assert classify_edit(old, new, part="text").nature == classify_edit(new, old, part="text").nature
