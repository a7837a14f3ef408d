"""One paragraph inserted, repealed, swapped or edited on a page is exactly that rule change, on every layout."""

import pytest

from kb.compare.readings import compare_readings
from kb.read.page import read_page
from kb.sources import parse_source

SOURCE = parse_source(
    {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]},
    "a test",
)
URL = "https://rules.example.gov/1"
NOUNS = (
    "alarms basins cabinets drains engines fences gauges hoses inlets joints keys ladders mixers nozzles outlets pumps"
    " quills racks sinks tanks urns".split()
)
TEXTS = [f"Each clinic inspects its {noun} and reports faulty {noun} to the county board" for noun in NOUNS[:20]]
NEW = "The board sends a written notice to every owner before it holds any hearing"
ROMAN = "i ii iii iv v vi vii viii ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi".split()


def letter(at):
    return f"({chr(ord('a') + at)})"


def join(texts):
    """End a list as statutes do: semicolons, "; and" before the last, a stop at its end."""
    return [f"{text}{';' if at < len(texts) - 2 else '; and' if at < len(texts) - 1 else '.'}" for at, text in
            enumerate(texts)]  # fmt: skip


def print_lettered(texts):
    return "".join(f"<p>{letter(at)} {text}.</p>" for at, text in enumerate(texts))


def print_numbered(texts):
    return "".join(f"<p>{at}. {text}.</p>" for at, text in enumerate(texts, 1))


def print_roman(texts):
    return "<p>(a) A permit is held by clinics as follows:</p>" + "".join(
        f"<p>({number}) {text}.</p>" for number, text in zip(ROMAN, texts, strict=False)
    )


def print_connected(texts):
    items = "".join(f"<p>({at}) {text}</p>" for at, text in enumerate(join(texts), 1))
    return f"<p>(a) To keep its permit:</p>{items}"


def print_nested(texts):
    return "".join(
        f"<p>{letter(at)} {text}:</p><p>(1) By letter;</p><p>(2) By {text.split()[4]} form.</p>"
        for at, text in enumerate(texts)
    )


def print_wordless(texts):
    """Print paragraphs whose letter has no words of its own: "(a)(1) …; (2) …"."""
    return "".join(
        f"<p>{letter(at)}(1) {text}.</p><p>(2) The board audits the {text.split()[4]} twice a year.</p>"
        for at, text in enumerate(texts)
    )


def print_plain(texts):
    return "".join(f"<p>{text}.</p>" for text in texts)


def print_rows(texts):
    rows = "".join(f"<tr><td>{text.split()[4]}</td><td>{text}.</td></tr>" for text in texts)
    return f"<table><tr><th>Thing</th><th>Duty</th></tr>{rows}</table>"


def print_list(texts):
    return f"<ol>{''.join(f'<li>{text}.</li>' for text in texts)}</ol>"


LAYOUTS = [
    print_lettered, print_numbered, print_roman, print_connected, print_nested, print_wordless, print_plain,
    print_rows, print_list,
]  # fmt: skip
PLACES = [0, 1, 9, 18]


def compare(printed, old, new):
    readings = [read_page(f"<html><body><h1>Duties</h1>{printed(texts)}</body></html>".encode(), SOURCE, URL).readings
                for texts in (old, new)]  # fmt: skip
    return compare_readings(readings[0][0], readings[1][0])


def list_rules(changes):
    return [change.kind for change in changes if change.nature == "substantive"]


def put(texts, place, text):
    return [*texts[:place], text, *texts[place:]]


def edit(text):
    return text.replace("faulty", "broken")


@pytest.mark.parametrize("printed", LAYOUTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_paragraph_inserted_is_one_rule_change(printed, place):
    changes = compare(printed, TEXTS, put(TEXTS, place, NEW))

    assert ["added"] == list_rules(changes)
    assert NEW in next(change.new_text for change in changes if change.kind == "added")


@pytest.mark.parametrize("printed", LAYOUTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_paragraph_repealed_is_one_rule_change(printed, place):
    changes = compare(printed, put(TEXTS, place, NEW), TEXTS)

    assert ["removed"] == list_rules(changes)
    assert NEW in next(change.old_text for change in changes if change.kind == "removed")


# Of two wordless paragraphs pushed on, an edited one leaves a single witness: that proves no number moved.
EDITS = [
    (printed, place, edited)
    for printed in LAYOUTS
    for place in PLACES
    for edited in (0, 3, 19)
    if (printed, place, edited) != (print_wordless, 18, 19)
]


@pytest.mark.parametrize(("printed", "place", "edited"), EDITS)
def test_a_paragraph_inserted_beside_an_edited_one_is_two_rule_changes(printed, place, edited):
    after = [edit(text) if at == edited else text for at, text in enumerate(TEXTS)]

    changes = compare(printed, TEXTS, put(after, place, NEW))

    assert ["added", "amended"] == sorted(list_rules(changes))
    amended = next(change for change in changes if change.kind == "amended" and change.nature == "substantive")
    assert ("faulty" in amended.old_text, "broken" in amended.new_text) == (True, True)


@pytest.mark.parametrize("printed", [print_lettered, print_numbered, print_roman, print_nested, print_plain])
def test_paragraphs_that_change_places_change_no_rule(printed):
    after = [TEXTS[7], *TEXTS[1:7], TEXTS[0], *TEXTS[8:]]

    assert [] == list_rules(compare(printed, TEXTS, after))


@pytest.mark.parametrize("place", PLACES)
def test_a_reference_that_follows_its_renumbered_paragraph_is_no_rule_change(place):
    """Every paragraph refers to the one ten before it, whose letter moves with it."""
    new = put(TEXTS, place, NEW)
    old = [f"{text}, as subsection {letter(at - 10)} says" if at > 9 else text for at, text in enumerate(TEXTS)]
    after = [
        f"{text}, as subsection {letter(new.index(TEXTS[TEXTS.index(text) - 10]))} says"
        if text != NEW and TEXTS.index(text) > 9
        else text
        for text in new
    ]

    assert ["added"] == list_rules(compare(print_lettered, old, after))


@pytest.mark.parametrize("count", [2, 5])
def test_several_paragraphs_inserted_are_as_many_rule_changes(count):
    fresh = [f"The board may order a test of {noun} at any time of the year" for noun in NOUNS[:count]]

    changes = compare(print_lettered, TEXTS[:15], [*TEXTS[:4], *fresh, *TEXTS[4:15]])

    assert ["added"] * count == list_rules(changes)
