"""Citations are read into work, number and provision; what is not known is not guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.read.citations import NAMED, TITLED, parse_citation, read_references


def cited(text: str, eid: str = "", base: str = "") -> list[tuple[str, str, str]]:
    return [(found.work, found.number, found.target_eid) for found in read_references(eid, text, base)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listed in 21 CFR 1308.13", ("cfr", "21-1308.13", "")),
        ("(21 C.F.R. § 1308.13(c)(7))", ("cfr", "21-1308.13", "c__7")),
        ("21 CFR Part 1308", ("cfr", "21-1308", "")),
        ("see 42 U.S.C. 1396 et seq.", ("usc", "42-1396", "")),
        ("under § 48-902.08(b)(1) of this title", ("code", "48-902.08", "b__1")),
        ("as section 4-1-101 says", ("code", "4-1-101", "")),
        ("Section 4-1-101(a-1) applies", ("code", "4-1-101", "a-1")),
        ("RCW 69.50.208", ("rcw", "69.50.208", "")),
        ("(WAC 246-945-330)", ("wac", "246-945-330", "")),
        ("O.R.S. 475.005 (2)", ("ors", "475.005", "2")),
        ("OAR 855-110-0005", ("oar", "855-110-0005", "")),
        ("N.J.A.C. 13:45H-1.2", ("njac", "13:45H-1.2", "")),
        ("RSA 318-B:1", ("rsa", "318-B:1", "")),
        ("K.S.A. 65-4101", ("ksa", "65-4101", "")),
        ("O.C.G.A. § 43-34-283", ("ocga", "43-34-283", "")),
        ("225 ILCS 60/", ("ilcs", "225-60", "")),
        ("Tex. Health & Safety Code § 481.034", ("txhsc", "481.034", "")),
        ("T.C.A., § 52-928", ("tca", "52-928", "")),
        ("section 37-3303, Idaho Code,", ("idahocode", "37-3303", "")),
        ("AS 08.86.130(f) .", ("as", "08.86.130", "f")),
    ],
)
def test_every_known_form_names_body_number_and_provision(text: str, expected: tuple[str, str, str]) -> None:
    assert [expected] == cited(text)


@pytest.mark.parametrize("body", [*TITLED, *NAMED])
def test_every_body_is_found_under_each_of_its_names(body: object) -> None:
    prefix = "9 " if body in TITLED else ""

    found = [cited(f"under {prefix}{name} § 12-34") for name in body.names]  # type: ignore[attr-defined]

    number = "9-12-34" if prefix else "12-34"
    assert [[(body.work, number, "")]] * len(found) == found  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("§§ 37-1519 to 37-1523", [("code", "37-1519", ""), ("code", "37-1523", "")]),
        ("§§ 21-1, 21-2, and 21-3(a)", [("code", "21-1", ""), ("code", "21-2", ""), ("code", "21-3", "a")]),
        ("§ 31-101, § 31-102", [("code", "31-101", ""), ("code", "31-102", "")]),
        ("AS 11.41.100 — 11.41.140", [("as", "11.41.100", ""), ("as", "11.41.140", "")]),
        ("§ 25-101(43) and (52)", [("code", "25-101", "43"), ("code", "25-101", "52")]),
        ("§ 25-101(a)(1), (2), and (3)", [("code", "25-101", f"a__{step}") for step in "123"]),
        ("complies with § 7-123(a), and (2) has paid", [("code", "7-123", "a")]),
    ],
)
def test_ranges_give_both_ends_and_lists_each_item(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert expected == cited(text)


@pytest.mark.parametrize(
    ("text", "eid", "expected"),
    [
        ("subsection (a)(1) of this section", "", ["a__1"]),
        ("paragraph (2) of subsection (b)", "c", ["b__2"]),
        ("paragraph (2) of this subsection", "b__1__iii", ["b__2"]),
        ("paragraph (2) of this subsection", "b", ["b__2"]),
        ("clause (ii) of this subparagraph", "b__1__A__i", ["b__1__A__ii"]),
        ("subsections (a) and (c) of this section", "", ["a", "c"]),
        ("(a)(1) and (2) of this section", "", ["a__1", "a__2"]),
        ("except as subsection (c) says", "", ["c"]),
    ],
)
def test_internal_references_point_into_the_same_document(text: str, eid: str, expected: list[str]) -> None:
    assert [("self", "", target) for target in expected] == cited(text, eid)


@pytest.mark.parametrize(
    "text",
    [
        "subsection (b) of section 9 of the Welfare Act",
        "§ 301(d) of the Omnibus Act of 2013",
        "P.L. 1974, ch. 183, § 2",
        "Nowhere Rev. Stat. § 36-2604",
        "section 5 and 3 persons",
        "paragraph (2) or (3)",
        "paragraph (2) of this subsection",
        "(a) The board (1) may act",
        "redesignated as 37-316",
        "June 5 and Schedule 3",
        "under 21 percent of the fee",
    ],
)
def test_what_is_not_certain_is_not_reported(text: str) -> None:
    assert [] == cited(text)


def test_a_code_cited_by_its_full_name_inside_itself_is_its_own() -> None:
    text = "D.C. Official Code § 25-101"

    assert [("code", "25-101", "")] == cited(text, base="us-dc/code/48-902.08")
    assert [("dccode", "25-101", "")] == cited(text, base="us-md/code/5-404")


def test_references_come_in_printed_order_with_their_own_words() -> None:
    found = read_references("a", "Under subsection (b) of this section, (RCW 69.50.208) and § 7-1(a) apply.")

    assert ["subsection (b) of this section", "RCW 69.50.208", "§ 7-1(a)"] == [one.text for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D.C. Code § 48-902.08(a)(1)", ("dccode", "48-902.08", "a__1")),
        ("§ 48-902.08(a)", ("", "48-902.08", "a")),
        (" 48-902.08(a)(1) ", ("", "48-902.08", "a__1")),
        ("21 CFR 1308.13(c)(7)", ("cfr", "21-1308.13", "c__7")),
        ("ketamine", ("", "", "")),
        ("", ("", "", "")),
    ],
)
def test_a_typed_citation_becomes_work_number_and_provision(text: str, expected: tuple[str, str, str]) -> None:
    assert expected == parse_citation(text)


@given(st.text(alphabet="§ (a)1-.,CFRSsection of this andAS", max_size=80))
def test_any_text_is_read_without_an_error_and_quotes_itself(text: str) -> None:
    found = read_references("a__1", text)

    assert all(reference.text in text for reference in found)
