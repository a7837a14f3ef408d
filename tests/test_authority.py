"""Stale authority: a rule older than the statute it cites; citations to the repealed, removed or renumbered."""

import json
from contextlib import closing
from datetime import date

import pytest
from click.testing import CliRunner

from kb.answer.authority import Age, Citing, Held, Lead, Place, Shelf, find_stale, is_of_the_past, read_age
from kb.authority import describe_stale, find_stale_citations
from kb.build import BuildRequest, build
from kb.cli import main
from kb.collect import ImportRequest, import_captures
from kb.models import Act, Reference
from kb.publish import publish
from kb.sources import read_sources
from kb.store.canned import CANNED
from kb.store.knowledge import open_knowledge
from kb.store.public import open_published
from tests.build import make_change_row
from tests.example_web import NOW, WEEKS, write_recording

TARGET = Place("us-xx/code/1-1", "a")
MOMENT = "2024-02-01T12:00:00Z"


def make_citing(text="§ 1-1(a)", work="code", number="1-1", target_eid="a", **fields):
    told = {
        "version": "v", "jurisdiction": "us-xx", "source": "us-xx-rules", "document": "us-xx/rules/7.1",
        "citation": "Example Rule 7.1", "binding": "regulation", "url": "https://board.example.gov/rules",
        "reference": Reference("a", text, work, number, target_eid), "valid_from": None, "acts": (),
        "observed_from": "2024-01-08T12:00:00Z", "is_first": True,
    }  # fmt: skip
    return Citing(**{**told, **fields})


def make_change(**fields):
    return make_change_row(**{"binding": "statute", "observed_at": MOMENT, **fields})


def make_held(*changes, texts=({"": ("Fees", ""), "a": ("", "A fee is due.")},), leads=()):
    return Held(tuple(texts), changes, tuple(leads), {MOMENT: "2024-01-25T12:00:00Z"})


# --- what a citation points to


@pytest.mark.parametrize(
    ("found", "reference"),
    [
        (("us-xx/rules/1-1", "a"), Reference("b", "§ 1-1(a)", "code", "1-1", "a")),
        (("us-xx/code/2-2", ""), Reference("b", "§ 2-2", "code", "2-2")),
        (("us-xx/rules/7.1", "c"), Reference("b", "subsection (c)", "self", "", "c")),
        (("us-ri/code/21-28-2", ""), Reference("b", "R.I. Gen. Laws § 21-28-2", "rigl", "21-28-2")),
        (("us/cfr/21-1308.13", ""), Reference("b", "21 CFR 1308.13", "cfr", "21-1308.13")),
        (None, Reference("b", "§ 3-3", "code", "3-3")),
        (None, Reference("b", "§ 9-9", "code", "9-9")),
        (None, Reference("b", "RCW 2-2", "rcw", "2-2")),
    ],
)
def test_citation_points_to_the_one_document_of_its_number_or_to_none(found, reference):
    shelf = Shelf(
        [
            *("us-xx/rules/1-1", "us-xx/code/1-1", "us-xx/code/2-2", "us-xx/code/3-3", "us-xx/old/3-3"),
            *("us-ri/code/21-28-2", "us/cfr/21-1308.13"),
        ]
    )

    assert found == shelf.find(make_citing(reference=reference))


# --- a rule older than its statute


@pytest.mark.parametrize(
    ("age", "fields"),
    [
        (("2023-05-01", "stated"), {"valid_from": date(2023, 5, 1), "acts": (Act("x", date(2022, 1, 1)),)}),
        (("2022-01-01", "acts"), {"acts": (Act("x", date(2022, 1, 1)), Act("y"), Act("z", date(2020, 1, 1)))}),
        (("2024-01-08", "observed"), {"is_first": False, "acts": (Act("undated"),)}),
        (("2024-01-08", "first_seen"), {}),
    ],
)
def test_age_of_a_text_is_what_it_states_then_its_acts_then_what_was_seen(age, fields):
    assert Age(*age) == read_age(make_citing(**fields))


@pytest.mark.parametrize(
    ("why", "fields", "change"),
    [
        ("behind", {}, {}),
        ("behind", {"binding": "faq"}, {"eid": "a__2", "old_eid": "a__2"}),
        ("behind", {}, {"kind": "added", "old_eid": None, "eid": "a__3"}),
        ("behind", {}, {"part": "heading", "eid": "", "old_eid": ""}),
        ("behind", {"acts": (Act("x", date(2020, 1, 1)),), "observed_from": "2024-03-01T00:00:00Z"}, {}),
        ("behind", {"observed_from": "2024-01-25T18:00:00Z"}, {}),
        ("behind", {"valid_from": date(2024, 1, 31)}, {"effective_on": date(2024, 2, 1)}),
        ("unclear", {"observed_from": "2024-01-26T00:00:00Z", "is_first": False}, {}),
        ("unclear", {"valid_from": date(2024, 1, 31)}, {}),
        ("unclear", {}, {"observed_at": "2024-05-01T00:00:00Z"}),
        (None, {"valid_from": date(2024, 2, 1)}, {"effective_on": date(2024, 2, 1)}),
        (None, {}, {"kind": "added", "old_eid": None, "eid": ""}),
        ("behind", {"valid_from": date(2024, 3, 1)}, {"effective_on": date(2024, 4, 1)}),
        ("unclear", {"observed_from": "2024-03-01T00:00:00Z"}, {}),
        (None, {"observed_from": "2024-03-01T00:00:00Z", "is_first": False}, {}),
        (None, {"valid_from": date(2024, 3, 1)}, {}),
        (None, {"binding": "statute"}, {}),
        (None, {"binding": ""}, {}),
        (None, {}, {"binding": "regulation"}),
        (None, {}, {"nature": "editorial"}),
        (None, {}, {"part": "note"}),
        (None, {}, {"eid": "b", "old_eid": "b"}),
        (None, {}, {"document": "us-xx/code/1-2"}),
    ],
)
def test_rule_is_behind_only_a_later_rule_change_of_the_statute_provision_it_cites(why, fields, change):
    stale = find_stale(make_citing(**fields), TARGET, make_held(make_change(**change)))

    assert why == (stale.why if stale is not None else None)


def test_latest_of_several_changes_is_the_one_a_rule_is_behind():
    held = make_held(
        make_change(id="one"), make_change(id="two", effective_on=date(2025, 1, 1)), make_change(id="three")
    )

    stale = find_stale(make_citing(), TARGET, held)

    assert ("two", "2025-01-01") == (stale.change, stale.since)


# --- a citation that leads nowhere


STANDING = {"": ("Fees", ""), "b": ("", "Another.")}
GONE = make_change(kind="removed", eid=None)


@pytest.mark.parametrize(
    ("why", "texts", "changes"),
    [
        ("removed", [STANDING], [GONE]),
        ("removed", [], [make_change(kind="removed", eid=None, old_eid="")]),
        ("repealed", [{"": ("Fees. [Repealed]", "")}], []),
        ("repealed", [{"": ("Fees", ""), "a": ("", "Repealed.")}], []),
        ("repealed", [{"": ("Fees", ""), "p1": ("", "Repealed by S.L. 2014, ch. 275, effective July 1, 2014.")}], []),
        ("renumbered", [{"": ("[Renumbered as AS 08.88.990.]", "")}], []),
        ("renumbered", [{"": ("[Amended and Redesignated.]", "")}], []),
        (None, [STANDING], []),
        (None, [], []),
        (None, [STANDING], [make_change(kind="removed", eid=None, old_eid="b")]),
        (None, [STANDING], [make_change(kind="removed", eid=None, nature="structural")]),
        (None, [STANDING, {"a": ("", "A fee is due.")}], [GONE]),
        (None, [{"": ("Fees. [Repealed]", ""), "a": ("", "Until then a fee is due.")}], []),
        (None, [{"": ("Repealed licenses", ""), "a": ("", "A license is repealed by the board.")}], []),
    ],
)
def test_citation_is_stale_where_what_it_names_is_proven_gone(why, texts, changes):
    stale = find_stale(make_citing(binding="statute"), TARGET, make_held(*changes, texts=texts))

    assert why == (stale.why if stale is not None else None)


def test_day_of_a_repeal_is_that_of_the_change_that_put_the_stub_there():
    put = make_change(id="stub", new_text="Repealed.", effective_on=date(2024, 1, 1))

    stale = find_stale(make_citing(), TARGET, make_held(put, texts=[{"": ("", ""), "a": ("", "Repealed.")}]))

    assert ("repealed", "stub", "2024-01-01") == (stale.why, stale.change, stale.since)


@pytest.mark.parametrize(
    ("now", "lead", "texts"),
    [
        (("us-xx/code/1-1", "c"), ("a", "us-xx/code/1-1", "c"), [STANDING]),
        (("us-xx/code/1-9", "a"), ("", "us-xx/code/1-9", ""), []),
        (("us-xx/code/1-9", "b__a"), ("", "us-xx/code/1-9", "b"), []),
        (("us-xx/code/1-1", "c"), ("a", "us-xx/code/1-1", "c"), [{"a": ("", "New words under the old letter.")}]),
    ],
)
def test_renumbered_provision_is_named_where_it_stands_now(now, lead, texts):
    leads = [Lead(Place("us-xx/code/1-1", lead[0]), Place(*lead[1:]), MOMENT)]

    stale = find_stale(make_citing(binding="statute"), TARGET, make_held(texts=texts, leads=leads))

    assert ("renumbered", Place(*now), "2024-02-01") == (stale.why, stale.now, stale.since)


def test_text_younger_than_a_renumbering_means_the_words_of_today():
    leads = [Lead(TARGET, Place("us-xx/code/1-1", "c"), MOMENT)]
    citing = make_citing(binding="statute", observed_from="2024-03-01T12:00:00Z")

    assert find_stale(citing, TARGET, make_held(leads=leads)) is None


@pytest.mark.parametrize(
    ("is_past", "text"),
    [
        (True, "A permit under former § 1-1(a) lasts."),
        (True, "A permit under § 1-1(a), as it existed on June 1, 2020, lasts."),
        (True, "The duty of § 1-1(a), repealed by Act 5, goes on."),
        (False, "A permit under § 1-1(a) lasts."),
        (False, "The former board is gone. A permit under § 1-1(a) lasts."),
        (False, "A permit under § 1-2 lasts."),
    ],
)
def test_citation_of_former_law_is_known_by_its_sentence(is_past, text):
    assert is_past == is_of_the_past(text, Reference("a", "§ 1-1(a)", "code", "1-1", "a"))


# --- in a recorded web

DECLARATIONS = """
jurisdiction: us-xx
sources:
  - id: us-xx-code
    title: The Example Code
    platform: page
    match: https://code.example.gov/
    document: {work: code, from: heading, pattern: '§ (?P<citation>1-\\d+)\\. ', cite: "Example Code § {citation}"}
    select: {main: article, heading: h2}
    binding: statute
  - &rules
    id: us-xx-rules
    title: Rules of the Example Board
    platform: page
    match: https://board.example.gov/rules/
    document: {work: rules, from: heading, pattern: 'Rule (?P<citation>7\\.\\d+) ', cite: "Example Rule {citation}"}
    select: {main: article, heading: h2}
    binding: regulation
  - <<: *rules
    id: us-xx-faq
    title: Questions and answers of the Example Board
    match: https://board.example.gov/faq/
    document: {work: faq, from: heading, pattern: 'Answer (?P<citation>8\\.\\d+) ', cite: "Example Answer {citation}"}
    binding: faq
"""
CODE = "https://code.example.gov/1"
RULES = "https://board.example.gov/rules/7"
FAQ = "https://board.example.gov/faq/8"
FEES = ("(a) A clinic pays 40 dollars.", "(b) The board may waive the fee.")
VISITS = ("(a) A clinic is visited once a year.", "(b) A visit takes an hour at most, and the clinic is told of it.")
SEALS = ("(a) A vial bears a seal.", "(b) A seal is red.")
KEEPING = ("(a) Papers are kept for seven years.", "(b) They are kept dry.")


def show(*documents):
    body = "".join(f"<h2>{head}</h2>" + "".join(f"<p>{line}</p>" for line in lines) for head, lines in documents)
    return f"<html><body><article>{body}</article></body></html>"


def list_pages():
    """A fee is raised, a (b) comes before the old one, seals are given up and papers are repealed; the rules stay."""
    before = show(("§ 1-1. Fees", FEES), ("§ 1-2. Visits", VISITS), ("§ 1-3. Seals", SEALS), ("§ 1-4. Papers", KEEPING))
    raised = (FEES[0].replace("40", "60"), FEES[1])
    longer = (VISITS[0], "(b) A visitor shows a card.", f"(c){VISITS[1][3:]}")
    after = show(("§ 1-1. Fees", raised), ("§ 1-2. Visits", longer), ("§ 1-4. Papers [Repealed]", ()))
    rules = show(
        (
            "Rule 7.1 Money",
            ("(a) The fee of section 1-1(a) is due in May.", "(b) A waiver under section 1-1(b) is in writing."),
        ),
        (
            "Rule 7.2 Visits",
            (
                "(a) The hour of section 1-2(b) is counted from the door.",
                "(b) A seal is as section 1-3 says.",
                "(c) Papers are those of section 1-4.",
                "(d) Seals under former section 1-3 may be used up.",
                "(e) Nothing in section 1-7 is altered.",
            ),
        ),
    )
    answers = show(("Answer 8.1 Fees", ("(a) You pay what section 1-1(a) asks.",)))
    return [
        (WEEKS[0], CODE, before),
        (WEEKS[0], RULES, rules),
        (WEEKS[1], CODE, after),
        (WEEKS[2], FAQ, answers),
        (WEEKS[2], RULES, rules),
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    (folder / "sources").mkdir()
    (folder / "sources" / "us-xx.yml").write_text(DECLARATIONS, "utf-8")
    sources = read_sources([folder / "sources"])
    file = write_recording(folder / "recording", list_pages())
    import_captures(folder / "data", ImportRequest(file=file, sources=sources, now=NOW, token="a"))  # noqa: S106 - a name
    build(folder / "data", BuildRequest(sources=sources))
    return folder / "data"


EXPECTED = [
    ("unclear", "us-xx/faq/8.1", "a", "us-xx/code/1-1", "a", "2024-01-15"),
    ("behind", "us-xx/rules/7.1", "a", "us-xx/code/1-1", "a", "2024-01-15"),
    ("renumbered", "us-xx/rules/7.2", "a", "us-xx/code/1-2", "b", "2024-01-15"),
    ("removed", "us-xx/rules/7.2", "b", "us-xx/code/1-3", "", "2024-01-15"),
    ("repealed", "us-xx/rules/7.2", "c", "us-xx/code/1-4", "", "2024-01-15"),
]


PRINTED = """
1 rule older than the statute they cite
  Example Rule 7.1 (a) cites “section 1-1(a)” (us-xx/code/1-1 (a)): its text stood there 2024-01-08;
  the statute changed 2024-01-15
1 rule under a statute that changed, before or after them
  Example Answer 8.1 (a) cites “section 1-1(a)” (us-xx/code/1-1 (a)): its text stood there 2024-01-22,
  the statute was seen to change 2024-01-15; which came first is not known
1 citation to what is marked as repealed
  Example Rule 7.2 (c) cites “section 1-4” (us-xx/code/1-4): repealed since 2024-01-15
1 citation to what is gone
  Example Rule 7.2 (b) cites “section 1-3” (us-xx/code/1-3): removed since 2024-01-15
1 citation to what bears another number
  Example Rule 7.2 (a) cites “section 1-2(b)” (us-xx/code/1-2 (b)): it is us-xx/code/1-2 (c) now
  since 2024-01-15
5 stale citations in the texts that stand.
"""


def run(data, *words):
    return CliRunner(env={"KB_DATA": str(data), "COLUMNS": "200"}).invoke(main, ["status", "--citations", *words])


def test_every_stale_citation_of_the_recorded_web_is_found_and_no_other(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        found = find_stale_citations(db)

    told = [
        (one.why, one.citing.document, one.citing.reference.eid, *one.target, one.since)
        for one in sorted(found, key=lambda one: (one.citing.document, one.citing.reference.eid))
    ]
    assert EXPECTED == told


def test_stale_citations_are_printed_by_why_they_are_stale(data):
    result = run(data)

    assert (0, PRINTED.split()) == (result.exit_code, result.stdout.split())


@pytest.mark.parametrize(
    ("code", "count", "words"),
    [
        (1, 5, ["--exit-code"]),
        (0, 0, ["--at", "2024-01-10", "--exit-code"]),
        (0, 1, ["--source", "us-xx-faq"]),
        (0, 0, ["--jurisdiction", "us-xy"]),
    ],
)
def test_stale_citations_are_chosen_by_day_place_and_source(data, code, count, words):
    result = run(data, "--format", "jsonl", *words)

    assert (code, count) == (result.exit_code, len(result.stdout.splitlines()))


def test_line_of_a_stale_citation_names_both_sides(data):
    (line,) = [json.loads(line) for line in run(data, "--format", "jsonl").stdout.splitlines() if "renumbered" in line]

    told = [line[name] for name in ("document", "eid", "cited_document", "cited_eid", "now_document", "now_eid")]
    assert ["us-xx/rules/7.2", "a", "us-xx/code/1-2", "b", "us-xx/code/1-2", "c"] == told


def test_renumbered_stub_without_a_place_is_described_as_such():
    row = {
        "why": "renumbered", "citation": "Example Rule 7.2", "eid": "", "text": "§ 1-5", "since": "",
        "cited_document": "us-xx/code/1-5", "cited_eid": "", "now_document": "", "now_eid": "",
    }  # fmt: skip

    assert "Example Rule 7.2 cites “§ 1-5” (us-xx/code/1-5): it bears another number" == describe_stale(row)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("rules_behind_their_statute", ["behind", "unclear"]),
        ("citations_to_the_repealed", ["renumbered", "removed", "repealed"]),
    ],
)
def test_ready_made_queries_find_them_in_a_generation_by_index(data, name, why):
    published = publish(data, NOW)

    with closing(open_published(published.path)) as db:
        rows = [dict(row) for row in db.execute(CANNED[name].sql, {"jurisdiction": "us-xx"})]
        plan = " ".join(
            str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {CANNED[name].sql}", {"jurisdiction": ""})
        )

    assert why == [row["why"] for row in rows]
    assert "stale_citations_by_why" in plan
