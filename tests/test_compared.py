"""Two texts on one page: versions of a document, documents of two states, and what a document says of its history."""

from contextlib import closing
from datetime import date

import pytest
from selectolax.lexbor import LexborHTMLParser

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.compare.alike import set_beside
from kb.models import Provision
from kb.publish import publish
from kb.store.queries import VersionRow
from kb.tell.words import name_page
from kb.web.pages.history import find_coming, list_beside, tell_witnesses
from kb.web.pages.sides import LONGEST_COMPARED, list_stretches, mark_texts, pair_in_order
from tests.build import make_line, write_captures
from tests.example_web import RULE_ONE, RULES, SITE, WEEKS, build_web, show_rules, show_section
from tests.sites import FIRST, HOST, MARK, declare, make_page
from tests.test_calendar import show_twins
from tests.test_feeds import ask, hostile_site, site  # noqa: F401 - fixtures
from tests.test_web_pages import main_text, open_generation, publish_one, read, text_of

FEES = "/d/us-xx/code/1-1/diff"


def find_versions(db, document):
    rows = db.execute("SELECT version FROM versions WHERE document = ? ORDER BY observed_from", [document])
    return [row["version"] for row in rows]


# --- the redline of two versions


def test_redline_of_two_versions_says_what_moved_and_folds_the_rest(site):  # noqa: F811
    before, after = find_versions(site, "us-xx/code/1-1")
    tree = read(site, f"{FEES}/{before}..{after}")

    assert "1 rule change." in text_of(tree, ".lead")[0]
    assert ["[removed: 40]"] == text_of(tree, ".part.changed del", gap="")
    assert ["[added: 60]"] == text_of(tree, ".part.changed ins", gap="")
    assert ["1 unchanged part", "2 unchanged parts"] == text_of(tree, "details.folded summary")
    assert 'amount changed: "$40" → "$60"' in text_of(tree, ".part.changed .reason")[0]


def test_versions_can_be_named_by_a_day_and_today(site):  # noqa: F811
    (_, after) = find_versions(site, "us-xx/code/1-1")
    by_id, by_day = (read(site, f"{FEES}/2024-01-08..{name}") for name in (after, "2024-01-20"))

    assert text_of(by_id, "main") == text_of(by_day, "main")
    assert 200 == ask(site, f"{FEES}/2024-01-08..today").status
    assert 200 == ask(site, f"{FEES}?old=2024-01-08&new=today").status


def test_two_texts_stand_side_by_side_in_a_table_with_heads(site):  # noqa: F811
    tree = read(site, f"{FEES}/2024-01-08..2024-01-20?view=side")
    cells = text_of(tree, "table.pairs td.law", gap="")

    assert ["Before: Jan 8, 2024", "After: Jan 15, 2024"] == text_of(tree, "table.pairs thead th[scope=col]")
    assert ["A clinic shall pay a fee of[removed: 40]dollars.", "A clinic shall pay a fee of[added: 60]dollars."] == [
        cell.replace(" [", "[").replace("] ", "]") for cell in cells
    ]
    assert "side by side" == text_of(tree, ".switch a[aria-current]")[0]


def test_what_did_not_move_is_shown_when_asked_for(site):  # noqa: F811
    tree = read(site, f"{FEES}/2024-01-08..2024-01-20?view=side&all=1")

    assert 4 == len(tree.css("table.pairs th.place"))
    assert "The board may waive the fee." in text_of(tree, "table.pairs")[0]


def test_same_version_twice_is_the_same_words(site):  # noqa: F811
    assert "Same words" in text_of(read(site, f"{FEES}/2024-01-08..2024-01-08"), ".lead")[0]


def test_comparison_links_the_changes_as_they_were_told(site):  # noqa: F811
    tree = read(site, f"{FEES}/2024-01-08..2024-01-20")
    (link,) = (a.attributes["href"] for a in tree.css(".switch a") if a.text() == "the changes as they were told")

    assert 1 == len(read(site, link).css("a.line"))


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"{FEES}/0123456789abcdef..today", 404, "has no version “0123456789abcdef”"),
        (f"{FEES}/soon..today", 404, "“soon” names no version: give its id, a day such as 2024-07-01, or “today”"),
        (f"{FEES}/2020-01-01..today", 404, "We first saw Example Code § 1-1 on Jan 8, 2024"),
        (f"{FEES}/2024-01-08..today?view=upside", 400, "view is inline or side"),
        (FEES, 400, "“” names no version"),
        (f"{FEES}/{'x' * 3000}..today", 404, "x…” names no version"),
        ("/d/us-xx/code/99/diff/2024-01-08..today", 404, "us-xx/code/99"),
    ],
)
def test_comparison_there_is_not_is_told_with_the_versions_there_are(site, path, status, said):  # noqa: F811
    answer = ask(site, path)

    assert status == answer.status
    assert said in answer.body
    if "code/99" not in path:
        assert "(seen Jan 8, 2024)" in answer.body


@pytest.mark.parametrize("rights", ["quotes", "none"])
def test_texts_of_others_are_not_compared_in_full(tmp_path, rights):
    with closing(publish_one(tmp_path, publish=rights)) as db:
        found = main_text(db, FEES + "/2024-01-10..today")

    assert "Others hold rights in this edition" in found
    assert "within" not in found


def test_hostile_text_stays_text_where_two_versions_are_compared(hostile_site):  # noqa: F811
    for view in ("inline", "side"):
        tree = read(hostile_site, f"/d/us-xx/code/1-2/diff/2024-01-10..2024-02-10?view={view}&all=1", "2024-03-02")
        assert "hacked" in tree.body.text()
        assert [] == tree.css("script, img, iframe, [onerror]")


def test_very_long_texts_are_not_compared_on_a_page_and_it_says_so(site, monkeypatch):  # noqa: F811
    monkeypatch.setattr("kb.web.pages.sides.MOST_PROVISIONS", 3)
    monkeypatch.setattr("kb.web.pages.beside.MOST_SET_BESIDE", 2)

    diff = main_text(site, f"{FEES}/2024-01-08..2024-01-20")
    beside = main_text(site, "/d/us-xx/code/1-4/beside/us-xx/code/1-20")

    for found in (diff, beside):
        assert "These texts are too long to be compared on a page" in found
        assert "A broken seal" not in found
    assert "the changes as they were told" in diff


# --- rows and marks


def make_part(eid, text, heading=""):
    return Provision(eid, f"({eid})" if eid else "", heading, text)


def test_removed_provision_stands_after_the_one_it_stood_behind():
    old = [
        make_part("", ""),
        make_part("a", "Alpha holds."),
        make_part("b", "Beta goes away now."),
        make_part("c", "Gamma."),
    ]
    new = [make_part("", ""), make_part("a", "Alpha holds."), make_part("c", "Gamma.")]

    places = [(pair.new or pair.old).eid for pair in pair_in_order(old, new)]

    assert ["", "a", "b", "c"] == places


def test_first_provision_removed_stands_first():
    old = [make_part("", ""), make_part("a", "Alpha is no more today."), make_part("b", "Beta holds on and on.")]
    new = [make_part("", ""), make_part("b", "Beta holds on and on.")]

    assert ["", "a", "b"] == [(pair.new or pair.old).eid for pair in pair_in_order(old, new)]


def test_stretches_keep_what_did_not_move_together():
    old = [make_part("", "", "Fees"), *(make_part(letter, f"Text {letter} of it.") for letter in "abc")]
    new = [make_part("", "", "Fees"), make_part("a", "Text a of it."), make_part("b", "Text b of them."), old[3]]

    stretches = list_stretches(old, new, [])

    assert [(True, 2), (False, 1), (True, 1)] == [(one.is_same, len(one.rows)) for one in stretches]


def test_notes_stand_below_the_law_and_announcements_above_it():
    old = [Provision("", "", "Fees", "", "Note old.", "It will change."), make_part("a", "A fee is due.")]
    new = [Provision("", "", "Fees", "", "Note new.", "It will change."), make_part("a", "No fee is due.")]

    rows = [row for stretch in list_stretches(old, new, []) for row in stretch.rows]

    assert ["pending", "heading", "text", "note"] == [row.part for row in rows]


def test_copy_by_another_publisher_is_not_called_official():
    assert ("official page", "copy by another publisher") == (name_page("current"), name_page("mirror"))


def test_very_long_texts_stand_as_two_blocks():
    long = "word " * LONGEST_COMPARED

    marked = mark_texts(long, long + "more")

    assert "long text" == marked.gist
    assert 1 == str(marked.inline).count("<del>") == str(marked.inline).count("<ins>")


def test_marks_of_each_side_are_words_too():
    marked = mark_texts("a fee of 40 dollars", "a fee of 60 dollars")

    assert "[removed: " in marked.before
    assert "[added: " in marked.after
    assert "1 word removed, 1 word added" == marked.gist


# --- two laws beside each other


TEXAS = (
    make_part("", "", "Telemedicine prescribing"),
    make_part(
        "a", "A physician may prescribe ketamine by telemedicine only after an in-person evaluation of the patient."
    ),
    make_part("b", "Records are kept for seven years."),
)
OHIO = (
    make_part("", "", "Prescribing by telemedicine"),
    make_part("1", "Fees are due in May."),
    make_part(
        "2", "A physician may prescribe ketamine by telemedicine only after one in-person evaluation of a patient."
    ),
)


def test_provisions_that_share_most_words_stand_beside_each_other_whatever_their_numbers():
    rows = set_beside(TEXAS, OHIO)

    assert [("a", "2")] == [(row.left.eid, row.right.eid) for row in rows if row.alike]


def test_equal_numbers_alone_pair_nothing():
    rows = set_beside([make_part("a", "Records are kept for seven years.")], [make_part("a", "Fees are due in May.")])

    assert [("a", None), (None, "a")] == [(row.left and row.left.eid, row.right and row.right.eid) for row in rows]


def test_headings_that_name_one_subject_pair_what_words_do_not():
    left = [make_part("1", "It may be done at once.", "Prescribing by telemedicine.")]
    right = [make_part("9", "Nobody does so before noon.", "Telemedicine by prescribing"), make_part("8", "x", "Fees")]

    (paired, *alone) = set_beside(left, right)

    assert ("1", "9", False) == (paired.left.eid, paired.right.eid, paired.alike)
    assert ["8"] == [row.right.eid for row in alone]


def test_every_provision_stands_in_one_row_only():
    rows = set_beside(TEXAS, OHIO)

    assert sorted(part.eid for part in TEXAS) == sorted(row.left.eid for row in rows if row.left)
    assert sorted(part.eid for part in OHIO) == sorted(row.right.eid for row in rows if row.right)


def test_short_headings_pair_only_their_equals():
    rows = set_beside([make_part("1", "a", "Fee")], [make_part("2", "b", "Fees")])

    assert 2 == len(rows)


# --- two documents


def test_two_documents_stand_side_by_side_with_what_each_says_alone(site):  # noqa: F811
    tree = read(site, "/beside?left=Example+Code+1-4&right=us-xx/code/1-20")

    assert "Example Code § 1-4 beside Example Code § 1-20" in text_of(tree, "h1")[0]
    assert ["Only in State of Example: Example Code § 1-4", "Only in State of Example: Example Code § 1-20"] == text_of(
        tree, "h3"
    )


def test_path_and_form_of_two_documents_are_one_page(site):  # noqa: F811
    by_form = ask(site, "/beside?left=Example+Code+1-4&right=us-xx/code/1-20&as_of=2024-07-18")
    by_path = ask(site, "/d/us-xx/code/1-4/beside/us-xx/code/1-20?as_of=2024-07-18")

    assert by_form.body == by_path.body
    assert '</d/us-xx/code/1-4/beside/us-xx/code/1-20?as_of=2024-07-18>; rel="canonical"' == by_form.headers["Link"]


def test_alike_provisions_of_two_states_are_marked_as_differing_not_as_amended(tmp_path):
    words = "A clinic shall keep a record of each infusion of ketamine for {} years after the visit."
    sources = (declare("us-xx-open", "open"), declare("us-yy-open", "other", jurisdiction="us-yy"))
    pages = {"open/1-1": words.format("five"), "other/7-7": words.format("seven")}
    with closing(publish_pages(tmp_path, sources, pages)) as db:
        tree = read(db, "/d/us-xx/code/1-1/beside/us-yy/code/7-7", "2024-03-02")

    assert ["[removed: five]"] == text_of(tree, "table.pairs del", gap="")
    assert ["[added: seven]"] == text_of(tree, "table.pairs ins", gap="")
    assert "nothing was amended here, two laws differ" in text_of(tree, "section[aria-labelledby=alike]")[0]


def publish_pages(folder, sources, pages):
    """Publish one reading of pages, each one paragraph of words, by their path below the host of the tests."""
    captured = {f"{path}.html": make_page("§ 1. Records.", f"(a) {text}") for path, text in pages.items()}
    lines = [make_line(f"{HOST}{path}", observed_at=FIRST, path=f"{path}.html") for path in sorted(pages)]
    file = write_captures(folder, *lines, bodies=captured)
    request = ImportRequest(file=file, sources=sources, now="2024-03-01T00:00:00Z", token=MARK)
    import_captures(folder / "data", request)
    build(folder / "data", BuildRequest(sources=sources))
    return open_generation(publish(folder / "data", "2024-03-01T06:00:00Z").path)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("left=us-xx/code/1-4", 400, "right: give a document’s id or citation"),
        ("left=us-xx/code/1-4&right=us-xx/code/99", 404, "the nearest are"),
        ("left=us-xx/code/1-4&right=us-xx/code/1-20&as_of=soon", 400, "as_of: “soon” is no date"),
        ("left=us-xx/code/1-4&right=" + "x" * 3000, 400, "right: longer than any citation"),
    ],
)
def test_pair_of_documents_there_is_not_is_told(site, query, status, said):  # noqa: F811
    answer = ask(site, f"/beside?{query}")

    assert status == answer.status
    assert said in answer.body


def test_day_before_the_first_sight_is_said_for_either_document(site):  # noqa: F811
    found = main_text(site, "/beside?left=us-xx/code/1-4&right=us-xx/code/1-20&as_of=2020-01-01")

    assert "No record: we first saw it on Jan 8, 2024" in found
    assert "There is no text to compare." in found


# --- what a document says of its texts


def test_document_says_what_will_change_and_from_when(tmp_path):
    section = show_section("1-1", "Fees", ("(a) A fee is due.",))
    pages = [(WEEKS[0], RULES, show_rules(RULE_ONE)), (WEEKS[1], RULES, show_twins("July 1, 2024"))]
    data = build_web(tmp_path, [*pages, (WEEKS[0], f"{SITE}/sections/1-1.html", section)])
    with closing(open_generation(publish(data, "2024-02-01T06:00:00Z").path)) as db:
        tree = read(db, "/d/us-xx/rules/1.2", "2024-02-01")
        (told,) = text_of(tree, "section[aria-label='Coming text'] p")
        redline = tree.css("section[aria-label='Coming text'] a")[1].attributes["href"]

        assert "From Jul 1, 2024 another text applies: read it · what will change" == told
        assert "[removed: seven]" in text_of(read(db, redline, "2024-02-01"), ".part.changed del", gap="")


def test_document_offers_each_version_against_the_one_before_and_today(site):  # noqa: F811
    tree = read(site, "/d/us-xx/code/1-4")
    links = [a.attributes["href"] for a in tree.css(".timeline a") if a.text() in ("what it changed", "against today")]

    assert 2 == len(links)
    assert 1 == len(set(links))
    assert "[added: 12]" in text_of(read(site, links[0]), "ins", gap="")


def make_row(version, **fields):
    values = {
        "version": version,
        "document": "us-xx/code/1",
        "strand": "current",
        "source": "us-xx-code",
        "citation": "Example Code § 1",
        "heading": "Fees",
        "url": "https://code.example.gov/1",
        "sha256": "0" * 64,
        "valid_from": None,
        "valid_to": None,
        "valid_basis": "observed",
        "acts": (),
        "observed_from": WEEKS[0],
        "wave_at": WEEKS[0],
        "closed_at": None,
        "closed_wave": None,
    }
    return VersionRow(**{**values, **fields})


def test_copies_of_other_sources_agree_or_have_other_words():
    shown = make_row("a")
    copies = [
        make_row("b", source="us-xx-mirror", strand="mirror"),
        make_row("c", source="us-xx-other"),
        make_row("d", strand="permanent"),
    ]

    beside = list_beside([shown, *copies], shown, {"a": "1", "b": "1", "c": "2", "d": "3"})

    assert [True, False, None] == [one.agrees for one in beside]
    assert "We read this text in 3 places; of the others 1 agree, 1 differ." == tell_witnesses(beside)


def test_text_read_in_one_place_has_no_witness():
    assert "" == tell_witnesses(list_beside([make_row("a")], make_row("a"), {}))


def test_next_coming_text_is_the_earliest_of_the_same_strand():
    shown = make_row("a")
    later, next_one = make_row("b", valid_from=date(2025, 1, 1)), make_row("c", valid_from=date(2024, 7, 1))
    gone = make_row("d", valid_from=date(2024, 5, 1), closed_at=WEEKS[1])
    other = make_row("e", valid_from=date(2024, 4, 1), strand="pending")

    assert next_one == find_coming([shown, later, next_one, gone, other], shown, date(2024, 2, 1))
    assert find_coming([shown, next_one], shown, date(2024, 7, 1)) is None


# --- marks that are heard


def list_marked_pages(db):
    changes = [row["id"] for row in db.execute("SELECT id FROM changes ORDER BY id")]
    documents = [row["document"] for row in db.execute("SELECT DISTINCT document FROM changes ORDER BY document")]
    diffs = [f"/d/{document}/diff/2024-01-08..today" for document in documents]
    return [
        "/changes/report?nature=any&part=any",
        *(f"/c/{change}{view}" for change in changes for view in ("", "?view=side")),
        *(f"{path}{view}" for path in diffs for view in ("", "?view=side", "?view=side&all=1")),
    ]


def test_every_mark_of_every_redline_is_said_in_words(site):  # noqa: F811
    silent, heard = [], 0
    for path in list_marked_pages(site):
        answer = ask(site, path)
        if answer.status != 200:
            continue
        for mark in LexborHTMLParser(answer.body).css(".law ins, .law del, ins.law, del.law"):
            words = "".join(node.text() for node in mark.css(".vh, .word")).lower()
            said = {"ins": ("added", "moved here"), "del": ("removed", "moved from here")}[mark.tag]
            silent += [] if any(one in words for one in said) else [(path, mark.html)]
            heard += 1

    assert [] == silent
    assert heard > 40


def test_cells_of_a_comparison_read_row_by_row(site):  # noqa: F811
    tree = read(site, "/d/us-xx/code/1-20/diff/2024-02-19..2024-02-19?view=side&all=1")
    bodies = tree.css("table.pairs tbody")

    assert len(bodies) > 3
    for body in bodies:
        (head,) = body.css("th[scope=rowgroup]")
        assert "2" == head.attributes["colspan"]
        assert 2 == len(body.css("td"))
        assert text_of(body, "td")[0] == text_of(body, "td")[1]
