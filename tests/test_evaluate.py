"""Measuring: what is scored, how it is counted, and that an independent judge counts the same."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kb.errors import CapturesError, UsageError
from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import make_share
from kb.evaluate.noise import NoiseLimits, NoisyPair, score_pairs
from kb.evaluate.pages import PageTruth, Pair, locate_url, score_pages
from kb.evaluate.paths import score_paths
from kb.evaluate.provisions import Move, ProvisionTruth, fold_move, score_provisions
from kb.evaluate.sets import evaluate_sets, list_sets
from kb.evaluate.titles import SectionMove, score_broken, score_moves, score_rerender
from kb.models import ChangeRow
from kb.sources import parse_source
from kb.store.measures import EventCount, NumberedPlace

JUDGE = Path(__file__).parents[2] / "shared" / "corpus" / "score_pages.py"
SITE = "https://code.example.gov/sections/"
DAY, NEXT_DAY = "2024-03-01", "2024-03-02"


def make_change(section="7-1", day=NEXT_DAY, **fields):
    empty = dict.fromkeys(ChangeRow.__struct_fields__, "")
    lists = dict.fromkeys(("signals", "topics", "professions", "see_also"), ())
    plain = {"event_kind": "revision", "kind": "amended", "part": "text", "nature": "substantive", "strand": "current"}
    none = dict.fromkeys(("old_document", "old_citation", "old_url", "effective_on"))
    place = {"url": f"{SITE}{section}.html", "observed_at": f"{day}T12:00:00Z", "eid": "a", "old_eid": "a", "count": 1}
    return ChangeRow(**{**empty, **lists, **plain, **none, **place, **fields})


def make_truth(section="7-1", label="substantive", kind="modified", day=NEXT_DAY, acts=()):
    return PageTruth(section, kind, label, day, tuple(acts))


def make_move(section="7-1", kind="amended", old="a", new="a"):
    return ProvisionTruth(section, NEXT_DAY, kind, old, new)


def value_of(figures, label):
    return next(figure.value for figure in figures if figure.label == label)


def make_captures(name, *pages):
    """Return lines of a corpus: (url, day, status, path) each."""
    return [
        {"url": url, "observed_at": day, "status": status, "path": path, "media_type": "text/html", "set": name}
        for url, day, status, path in pages
    ]


def write_corpus(folder, lines, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    (folder / "captures.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return folder


def declare_code(**fields):
    document = {"work": "code", "pattern": r"/sections/(?P<citation>[^/]+?)(?:/index)?\.html$"}
    body = {"id": "us-xx-code", "jurisdiction": "us-xx", "platform": "page", "match": [SITE], "document": document}
    return parse_source({**body, "select": {"main": "main", "heading": "h1"}, **fields}, "a test")


def write_page(*paragraphs):
    law = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<!DOCTYPE html><html><body><main><h1>§ 7-1. Licenses.</h1>{law}</main></body></html>"


# --- pages


def test_a_section_goes_by_the_last_part_of_its_address_in_any_layout_of_the_site():
    addresses = (f"{SITE}7-1.html", f"{SITE}7-1/index.html", f"{SITE}7-1/", f"{SITE}7%2D1.html")

    found = {locate_url(address, "2024-03-02T12:00:00Z") for address in addresses}

    assert {Pair("7-1", NEXT_DAY)} == found


def test_pages_are_flagged_by_substantive_changes_of_text_or_heading_only():
    truth = [make_truth("7-1"), make_truth("7-2", "note-only"), make_truth("7-3", "editorial"), make_truth("7-4")]
    changes = [
        make_change("7-1", part="heading"),
        make_change("7-2", part="note"),
        make_change("7-3", nature="editorial"),
        make_change("7-4", day=DAY),
    ]

    figures, misses = score_pages(truth, changes)

    assert (1.0, 0.5) == (value_of(figures, "page: precision"), value_of(figures, "page: recall"))
    assert ["missed rule change: 7-4 on 2024-03-02 (substantive)"] == misses


def test_a_false_rule_change_lowers_precision_and_is_named_with_its_class():
    truth = [make_truth("7-1"), make_truth("7-2", "note-only")]

    figures, misses = score_pages(truth, [make_change("7-1"), make_change("7-2")])

    assert (0.5, 1.0) == (value_of(figures, "page: precision"), value_of(figures, "page: recall"))
    assert ["false rule change: 7-2 on 2024-03-02 (note-only)"] == misses


def test_disputed_pairs_are_not_scored():
    figures, misses = score_pages([make_truth("7-1", "disputed")], [make_change("7-1")])

    assert ("0 of 0", []) == (next(one.basis for one in figures if one.label == "page: precision"), misses)


def test_a_new_section_is_told_only_by_a_change_of_its_own_kind():
    truth = [make_truth("7-1", kind="added"), make_truth("7-2", kind="removed")]

    figures, misses = score_pages(truth, [make_change("7-1", kind="added"), make_change("7-2", kind="amended")])

    assert 0.5 == value_of(figures, "page: added and removed told")
    assert ["removed not told: 7-2 on 2024-03-02"] == misses


def test_every_rule_change_of_a_page_that_only_moved_is_counted():
    truth = [make_truth("7-1", "markup-or-navigation-only", "moved"), make_truth("7-2", kind="moved")]
    changes = [make_change("7-1"), make_change("7-1", eid="b"), make_change("7-2"), make_change("7-1", part="note")]

    figures, _ = score_pages(truth, changes)

    moved = next(figure for figure in figures if figure.label == "page: rule changes from moved URLs")
    assert (2, False) == (moved.value, moved.passed)


def test_all_acts_are_named_when_each_number_stands_in_a_cause_of_the_pair():
    truth = [make_truth("7-1", acts=["Law 24-5", "Law 24-50"]), make_truth("7-2", acts=["Law 24-5"])]
    changes = [make_change("7-1", cause="Law 24-5; Law 24-50"), make_change("7-2", cause="Law 24-50")]

    figures, _ = score_pages(truth, changes)

    assert 0.5 == value_of(figures, "page: all acts named")
    assert 0.5 == value_of(figures, "page: named an act beyond the truth")


def test_a_page_is_of_the_class_of_its_weightiest_change_and_of_markup_only_without_any():
    truth = [
        make_truth("7-1"),
        make_truth("7-2", "editorial"),
        make_truth("7-3", "note-only"),
        make_truth("7-4", "markup-or-navigation-only"),
        make_truth("7-5", "note-only"),
    ]
    changes = [
        make_change("7-1", part="note", nature="editorial"),
        make_change("7-1"),
        make_change("7-2", nature="editorial"),
        make_change("7-2", part="note", nature="editorial"),
        make_change("7-3", part="note", nature="editorial"),
        make_change("7-5", part="pending"),
    ]

    figures, misses = score_pages(truth, changes)

    assert 0.8 == value_of(figures, "page: class told rightly")
    assert ["class told wrongly: 7-5 on 2024-03-02: pending-banner-only (note-only)"] == misses


# --- provisions


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("amended", "a__1", "a__1", Move("amended", "a__1", "a__1")),
        ("added", None, "a__p2", Move("amended", "a", "a")),
        ("removed", "b__r_ketamine", None, Move("amended", "b", "b")),
        ("added", None, "a__1~2", Move("amended", "a__1", "a__1")),
        ("moved", "a__1", "b__1", Move("renumbered", "a__1", "b__1")),
        ("added", "stray", "c", Move("added", None, "c")),
        ("removed", "", None, Move("removed", "", None)),
    ],
)
def test_what_happens_inside_a_numbered_provision_counts_as_its_amendment(kind, old, new, expected):
    assert expected == fold_move(kind, old, new)


def test_provisions_are_scored_on_the_pairs_of_the_truth_alone():
    truth = [make_move("7-1"), make_move("7-1", "added", None, "b")]
    changes = [
        make_change("7-1"),
        make_change("7-1", eid="c", old_eid="c"),
        make_change("7-1", kind="added", eid="b", old_eid=None, nature="editorial"),
        make_change("7-9", eid="c", old_eid="c"),
    ]

    figures, misses = score_provisions(truth, changes)

    assert (0.5, 0.5) == (value_of(figures, "provision: precision"), value_of(figures, "provision: recall"))
    assert ["false move: 7-1 on 2024-03-02: amended c → c", "missed move: 7-1 on 2024-03-02: added – → b"] == misses


def test_a_pair_is_exact_when_nothing_is_missed_and_nothing_added():
    truth = [make_move("7-1"), make_move("7-2")]
    changes = [make_change("7-1"), make_change("7-2"), make_change("7-2", eid="c", old_eid="c")]

    figures, _ = score_provisions(truth, changes)

    assert 0.5 == value_of(figures, "provision: pairs with the exact set of moves")


def test_the_path_of_a_provision_is_right_when_the_official_xml_states_it(tmp_path):
    paras = "<para><num>(a)</num><text>A</text><para><num>(1)</num><text>B</text></para></para>"
    head = '<section xmlns="https://code.dccouncil.us/schemas/dc-library"><num>7-1</num><heading>Licenses</heading>'
    (tmp_path / "7-1").mkdir()
    (tmp_path / "7-1" / f"{NEXT_DAY}.xml").write_text(f"{head}{paras}</section>", "utf-8")
    read = [NumberedPlace(f"{SITE}7-1.html", f"{NEXT_DAY}T12:00:00Z", eid) for eid in ("a", "a__2~2")]

    figures, misses = score_paths([*read, NumberedPlace(f"{SITE}7-9.html", f"{DAY}T12:00:00Z", "a")], tmp_path)

    assert [0.5, 0.0] == [figure.value for figure in figures]
    assert ["path not read: 7-1 on 2024-03-02: a__1", "path wrongly read: 7-1 on 2024-03-02: a__2"] == misses


# --- the independent judge


def draw_truth_and_changes(seed):
    """Return page truth, provision truth and changes that meet every rule of scoring, drawn at random."""
    draw = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    eids = (None, "", "a", "a__1", "a__p2", "b__r_x", "a__1~2", "b")
    labels = ("substantive", "editorial", "note-only", "markup-or-navigation-only", "disputed")
    truth = [
        make_truth(f"7-{one}", draw.choice(labels), draw.choice(("modified", "modified", "added", "removed", "moved")))
        for one in range(60)
    ]
    truth = [msgspec.structs.replace(one, new_history_docs=draw.choice(((), ("Law 24-5",)))) for one in truth]
    kinds = ("added", "removed", "amended", "renumbered", "moved")
    moves = [make_move(f"7-{draw.randrange(60)}", draw.choice(kinds), *draw.choices(eids, k=2)) for _ in range(90)]
    changes = [
        make_change(
            f"7-{draw.randrange(60)}",
            kind=draw.choice(kinds),
            part=draw.choice(("text", "text", "heading", "note", "pending")),
            nature=draw.choice(("substantive", "substantive", "editorial", "structural")),
            eid=draw.choice(eids),
            old_eid=draw.choice(eids),
            cause=draw.choice(("", "Law 24-5", "Law 24-51")),
        )
        for _ in range(150)
    ]
    return truth, moves, changes


@pytest.mark.skipif(not JUDGE.is_file(), reason="the judge's script lies beside the corpus, which is not here")
@pytest.mark.parametrize("seed", range(4))
def test_an_independent_judge_counts_the_same(tmp_path, seed):
    truth, moves, changes = draw_truth_and_changes(seed)
    files = {"changes": changes, "truth": truth, "moves": moves}
    for name, rows in files.items():
        (tmp_path / name).write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    command = [sys.executable, JUDGE, tmp_path / "changes", tmp_path / "truth", "--provisions", tmp_path / "moves"]

    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ours = [*score_pages(truth, changes)[0], *score_provisions(moves, changes)[0]]

    named = ("page: precision", "page: recall", "page: added and removed told")
    shares = [value_of(ours, label) for label in (*named, "provision: precision", "provision: recall")]
    acts = next(figure.basis for figure in ours if figure.label == "page: all acts named").replace(" of ", "/")
    assert [f"{share:.4f}" for share in shares] == re.findall(r"\d\.\d{4}", told.splitlines()[-1])
    assert [acts] == re.findall(r"all acts named: (\S+)", told)


# --- titles, renders


def test_moved_sections_are_held_against_the_derived_list_of_their_release():
    lines = [CorpusLine(SITE, f"{NEXT_DAY}T12:00:00Z", 200, "cic-xx/gov.xx.title.7.r71.html")]
    derived = [
        SectionMove("gov.xx.title.7", 70, 71, "t07c01s7-1-1", "modified"),
        SectionMove("gov.xx.title.7", 70, 71, "t07c01s7-1-2", "modified"),
        SectionMove("gov.xx.title.9", 70, 71, "t09c01s9-1-1", "modified"),
    ]
    changes = [make_change(document="us-xx/code/7-1-1"), make_change(document="us-xx/code/7-1-9", part="note")]

    told, listed, _ = score_moves(derived, lines, changes)

    assert ("1 of 2", "1 of 1") == (told.basis, listed.basis)


def test_a_rerendered_release_must_be_one_event_a_transition_and_no_rule_change():
    events = [
        EventCount("us-xx-code", DAY, "rerender", 0),
        EventCount("us-xx-code", NEXT_DAY, "rerender", 0),
        EventCount("us-xx-code", NEXT_DAY, "revision", 1),
    ]

    changes, single = score_rerender([make_change()], events, 3)

    assert (1, False) == (changes.value, changes.passed)
    assert ("1 of 2", False) == (single.basis, single.passed)


def test_a_broken_render_must_be_a_suspect_without_versions():
    assert [True, True] == [figure.passed for figure in score_broken({"suspect": 1}, 0)]
    assert [False, False] == [figure.passed for figure in score_broken({"version": 1}, 4)]


def test_noisy_pages_are_scored_by_whether_a_change_of_text_is_told_for_the_later_capture():
    later = {
        number: CorpusLine(SITE, f"{DAY}T0{number}:00:00Z", 200, f"ota/terms/{number}.html", set="ota")
        for number in "123"
    }
    truth = [
        NoisyPair("terms", "0", "1", True),
        NoisyPair("terms", "1", "2", False),
        NoisyPair("terms", "2", "3", False),
    ]
    told = [make_change(url=SITE, observed_at=later[number].observed_at) for number in "12"]

    figures, misses = score_pairs(truth, list(later.values()), told, NoiseLimits())

    assert ["1 of 2", "1 of 1", "1 of 2"] == [figure.basis for figure in figures if figure.basis]
    assert ["false change of text: terms 2"] == misses


# --- sets


def test_nothing_of_nothing_never_passes_a_floor():
    assert not make_share("anything", 0, 0, floor=0.5).passed


def test_an_unknown_set_is_refused_before_anything_is_measured(tmp_path):
    with pytest.raises(UsageError, match="evaluation set 'nowhere': expected one of dc, "):
        evaluate_sets(["nowhere"], tmp_path, [])


def test_a_set_that_is_absent_is_named_and_not_passed(tmp_path):
    (result,) = evaluate_sets(["dc"], tmp_path, [])

    assert ("dc", False, False) == (result.name, result.found, result.passed)


def test_a_name_stands_for_the_sets_it_begins_and_no_name_for_all(tmp_path):
    named = [result.name for result in evaluate_sets(["cic-ri"], tmp_path, [])]
    every = [result.name for result in evaluate_sets([], tmp_path, [])]

    assert ["cic-ri", "cic-ri-rerender", "cic-ri-broken"] == named
    assert list(list_sets()) == every


def test_a_corpus_with_a_bad_line_is_refused_naming_file_and_line(tmp_path):
    (tmp_path / "captures.jsonl").write_text('{"url": "u", "observed_at": "x", "status": 200}\n[]\n', "utf-8")

    with pytest.raises(CapturesError, match=r"captures\.jsonl:2: "):
        list(evaluate_sets(["dc"], tmp_path, []))


@pytest.mark.parametrize("name", ["dc", "another"])
def test_a_code_is_measured_from_captures_to_figures(tmp_path, name):
    pages = ((f"{SITE}7-1.html", f"{day}T12:00:00Z", 200, f"{name}/{day}.html") for day in (DAY, NEXT_DAY))
    truth = {"section": "7-1", "to_version": NEXT_DAY, "kind": "modified", "class": "substantive", "agreed": True}
    move = {"section": "7-1", "to_version": NEXT_DAY, "kind": "amended", "old_eid": "b", "new_eid": "b"}
    files = {
        f"{name}/{DAY}.html": write_page("(a) A license is required.", "(b) The fee is $ 10 a year."),
        f"{name}/{NEXT_DAY}.html": write_page("(a) A license is required.", "(b) The fee is $ 25 a year."),
        f"{name}/truth_changes.jsonl": json.dumps(truth),
        f"{name}/truth_provisions.jsonl": json.dumps(move),
    }
    corpus = write_corpus(tmp_path, make_captures(name, *pages), files)

    (result,) = evaluate_sets([name], corpus, [declare_code()])

    scores = ("page: precision", "page: recall", "provision: precision", "provision: recall", "built: versions")
    assert [1.0, 1.0, 1.0, 1.0, 2] == [value_of(result.figures, label) for label in scores]
    assert () == result.misses
    assert not result.passed, "sections told and paths are held to floors that nothing was measured against"


def test_sections_of_a_title_are_counted_against_the_headings_of_its_raw_page(tmp_path):
    rule = {"work": "code", "from": "heading", "pattern": r"(?P<citation>\d+-\d+-\d+)\. "}
    source = declare_code(document=rule, select={"main": "main", "heading": "h3"})
    sections = '<h3 id="t07c01s7-1-1">7-1-1. Scope.</h3><p>Law.</p><h3 id="t07c01s7-1-2">Without its number.</h3>'
    page = f"<!DOCTYPE html><html><body><main>{sections}</main></body></html>"
    captures = make_captures("cic-id", (f"{SITE}7.html", f"{DAY}T12:00:00Z", 200, "cic-id/7.html"))
    corpus = write_corpus(tmp_path, captures, {"cic-id/7.html": page})

    (result,) = evaluate_sets(["cic-id"], corpus, [source])

    assert ["1 of 2", "1 of 2"] == [figure.basis for figure in result.figures[:2]]
    assert ("section not read: 7-1-2 of cic-id/7.html",) == result.misses


def test_captures_without_a_valid_date_are_dated_and_a_remark_says_so(tmp_path):
    captures = make_captures("tx-dshs", (f"{SITE}7-1.html", "None-01-01T12:00:00+00:00", 200, "tx-dshs/page.html"))
    corpus = write_corpus(tmp_path, captures, {"tx-dshs/page.html": write_page("(a) A license is required.")})

    (result,) = evaluate_sets(["tx-dshs"], corpus, [declare_code()])

    assert (True, 1) == (result.passed, value_of(result.figures, "built: documents"))
    assert ["1 captures bear no valid date ('None-01-01T12:00:00+00:00')"] == [
        remark.partition(",")[0] for remark in result.remarks
    ]


def test_a_set_read_without_selectors_is_named_by_its_own_name_alone(tmp_path):
    named = [result.name for result in evaluate_sets(["dc"], tmp_path, [])]
    bare = [result.name for result in evaluate_sets(["dc-bare"], tmp_path, [])]

    assert [["dc"], ["dc-bare"]] == [named, bare]


def test_a_bare_set_is_read_without_the_selectors_that_its_source_declares(tmp_path):
    url, body = f"{SITE}7-1.html", write_page("(a) A license is required.").replace("<p>", "<p class=only>", 1)
    page = body.replace("</main>", "<p>(b) The fee is $ 10 a year.</p></main>")
    truth = '{"doc": "terms", "a": "0", "b": "1", "text_changed": false}'
    files = {"ota/terms/1.html": page, "ota/truth_pairs.jsonl": truth}
    corpus = write_corpus(tmp_path, make_captures("ota", (url, f"{DAY}T12:00:00Z", 200, "ota/terms/1.html")), files)
    source = declare_code(select={"main": "p.only"})

    results = [next(evaluate_sets([name], corpus, [source])) for name in ("ota", "ota-bare")]

    assert [1, 2] == [value_of(result.figures, "built: provisions") - 1 for result in results]


def test_pairs_named_by_people_are_scored_by_their_file_names(tmp_path):
    pages = [
        (f"{SITE}{name}.html", f"{day}T12:00:00Z", 200, f"edgi-pairs/{label}-{name}-{letter}.html")
        for name, label in (("7-1", "truepos"), ("7-2", "falsepos"))
        for day, letter in ((DAY, "a"), (NEXT_DAY, "b"))
    ]
    fees = {"edgi-pairs/truepos-7-1-b.html": "$ 25", "edgi-pairs/falsepos-7-2-b.html": "$ 10"}
    files = {path: write_page(f"(a) The fee is {fees.get(path, '$ 10')} a year.") for *_, path in pages}
    corpus = write_corpus(tmp_path, make_captures("edgi-pairs", *pages), files)

    (result,) = evaluate_sets(["edgi-pairs"], corpus, [declare_code()])

    assert ("1 of 1", "1 of 1", 0) == (
        result.figures[1].basis,
        result.figures[3].basis,
        value_of(result.figures, "noisy pages: false alarms"),
    )
    assert result.passed
