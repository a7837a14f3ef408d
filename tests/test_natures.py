"""Measuring natures: labels are found by their texts, what is not found is wrong, what is held is never named."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.evaluate.natures import (
    LabelledNatures,
    NatureLabel,
    choose_side,
    find_natures,
    hash_text,
    list_misses,
    measure_steadiness,
    name_label,
    read_labels,
    score_natures,
)
from kb.evaluate.sets import evaluate_sets
from tests.crawling import write_sources
from tests.test_evaluate import (
    DAY,
    NEXT_DAY,
    SITE,
    declare_code,
    make_captures,
    make_change,
    value_of,
    write_corpus,
    write_page,
)

# Classes of doubt that were settled as a whole after both passes (tests/labels/README.md).
SETTLED = {"act's own numbering", "slip of the pen put right", "code no longer named"}
LABELS = Path(__file__).parent / "labels"
DOCUMENT = "us-xx/code/7-1"
CODE = {
    "id": "us-xx-code",
    "platform": "page",
    "match": [SITE],
    "document": {"work": "code", "pattern": r"/sections/(?P<citation>[^/]+)\.html$"},
}
DUTY, DUTY_LATER = "A license may be asked for.", "A license shall be asked for."
FEE, FEE_LATER = "The fee is $ 10 a year; and", "The fee is $ 10 a year;"


def make_label(old=DUTY, new=DUTY_LATER, nature="substantive", **fields):
    place = {"set": "dc", "document": DOCUMENT, "part": "text", "old_eid": "a", "new_eid": "a"}
    texts = {"old_on": DAY, "new_on": NEXT_DAY, "old_sha256": hash_text(old), "new_sha256": hash_text(new)}
    said = {"nature": nature, "reason": "another strength of duty", "first": nature, "second": nature}
    label = NatureLabel(**{"id": "", **place, **texts, **said, **fields})
    return label if label.id else msgspec.structs.replace(label, id=name_label(label))


def tell(old=DUTY, new=DUTY_LATER, nature="substantive", **fields):
    return make_change(**{"document": DOCUMENT, "old_text": old, "new_text": new, "nature": nature, **fields})


def write_labels(folder, **sides):
    folder.mkdir(exist_ok=True)
    for side, labels in sides.items():
        (folder / f"{side}.jsonl").write_bytes(b"".join(msgspec.json.encode(label) + b"\n" for label in labels))
    return folder


def write_code(folder, *names):
    """Write a corpus of sets of one section: its duty grows, and its last entry loses the connector for a new one."""
    lines, files = [], {}
    for name in names:
        lines.extend(
            make_captures(
                name, *((f"{SITE}7-1.html", f"{d}T12:00:00Z", 200, f"{name}/{d}.html") for d in (DAY, NEXT_DAY))
            )
        )
        files[f"{name}/{DAY}.html"] = write_page(f"(a) {DUTY}", f"(b) {FEE}", "(c) The form is printed.")
        files[f"{name}/{NEXT_DAY}.html"] = write_page(
            f"(a) {DUTY_LATER}", f"(b) {FEE_LATER}", "(c) The form is printed; and", "(d) A clerk keeps the file."
        )
    return write_corpus(folder, lines, files)


def describe(figures):
    return {figure.label: figure.basis or figure.value for figure in figures}


# --- a label and its change


def test_a_label_is_found_by_its_texts_however_they_are_typed_and_numbered():
    label = make_label("The “Board” may act.", "The “Board” shall act.")

    told = find_natures([label], [tell('The "Board"  may act.', 'The "Board" shall act.', old_eid="p1", eid="b__2")])

    assert {label.id: "substantive"} == told


@pytest.mark.parametrize(
    "other",
    [
        {"document": "us-xx/code/7-2"},
        {"part": "heading"},
        {"observed_at": f"{DAY}T12:00:00Z"},
        {"old": "A license may be asked."},
        {"new": "A license must be asked for."},
    ],
)
def test_a_change_of_another_document_part_day_or_text_is_not_that_of_a_label(other):
    told = find_natures([make_label()], [tell(**other)])

    assert {} == told


def test_a_label_whose_texts_were_told_as_gone_and_come_bears_the_weightiest_of_both():
    label = make_label("The board may act.", "The board shall act.")
    gone = tell("(a) The board may act.\n(1) At once.", "", "substantive", kind="removed", eid=None, old_number="(a)")
    came = tell("", "(b) The board shall act.", "editorial", kind="added", old_eid=None, new_number="(b)")

    assert {label.id: "substantive"} == find_natures([label], [gone, came])
    assert {} == find_natures([label], [gone])


def test_of_changes_with_equal_texts_the_one_in_the_place_of_the_label_counts():
    label = make_label("The form.", "The form.", "structural", old_eid="b", new_eid="c")
    rows = [
        tell("The form.", "The form.", nature, old_eid=old, eid=new)
        for nature, old, new in (
            ("substantive", "a", "c"),
            ("structural", "b", "c"),
            ("editorial", "b", "d"),
        )
    ]

    told = find_natures([label], rows)

    assert {label.id: "structural"} == told


# --- figures


def test_a_label_that_is_not_found_counts_as_wrong_and_lowers_the_recall_of_its_nature():
    found, lost = make_label(), make_label(FEE, FEE_LATER, "editorial")

    figures = describe(score_natures([found, lost], {found.id: "substantive"}))

    assert ("1 of 2", "1 of 2") == (figures["accuracy"], figures["labels found"])
    assert ("0 of 1", "0 of 0") == (figures["editorial: recall"], figures["editorial: precision"])


def test_each_nature_has_its_precision_and_recall_and_each_confusion_its_count():
    labels = [
        make_label(f"{number} days", nature=nature)
        for number, nature in enumerate(
            ("substantive", "substantive", "editorial", "editorial", "editorial", "structural")
        )
    ]
    said = ("substantive", "editorial", "editorial", "substantive", "substantive", "structural")

    figures = describe(score_natures(labels, {label.id: nature for label, nature in zip(labels, said, strict=True)}))

    assert "3 of 6" == figures["accuracy"]
    assert ("1 of 3", "1 of 2") == (figures["substantive: precision"], figures["substantive: recall"])
    assert ("1 of 2", "1 of 3") == (figures["editorial: precision"], figures["editorial: recall"])
    assert (2, 1) == (figures["editorial told as substantive"], figures["substantive told as editorial"])
    assert "structural told as editorial" not in figures


@pytest.mark.parametrize(("wrong", "passed"), [(1, True), (2, False)])
def test_nineteen_of_twenty_labels_must_be_right(wrong, passed):
    labels = [make_label(f"{number} days") for number in range(20)]

    accuracy, *_ = score_natures(labels, {label.id: "substantive" for label in labels[wrong:]})

    assert passed == accuracy.passed


def test_no_labels_never_pass():
    accuracy, *_ = score_natures([], {})

    assert not accuracy.passed


def test_a_miss_says_what_was_told_what_was_labelled_where_and_why():
    wrong = make_label(FEE, FEE_LATER, "editorial", id="1", doubt="a class of doubt")
    lost = make_label(part="heading", id="2", new_eid="")

    misses = list_misses([wrong, lost, make_label(id="3")], {"1": "substantive", "3": "substantive"})

    assert [
        "substantive, labelled editorial: 1 us-xx/code/7-1 text a on 2024-03-02 (a class of doubt)",
        "not found, labelled substantive: 2 us-xx/code/7-1 heading section on 2024-03-02 (another strength of duty)",
    ] == misses


def test_steadiness_is_the_agreement_beyond_chance():
    passes = (("substantive", 20, "substantive"), ("substantive", 5, "editorial"))
    passes += (("editorial", 10, "substantive"), ("editorial", 15, "editorial"))
    labels = [make_label(first=one, second=other) for one, count, other in passes for _ in range(count)]

    kappa = measure_steadiness(labels)

    # 35 of 50 alike; by chance 0.5 · 0.6 + 0.5 · 0.4 = 0.5.
    assert (0.4, "35 of 50 alike") == (pytest.approx(kappa.value), kappa.basis)


def test_passes_that_always_say_the_same_one_nature_are_steady_and_none_are_not():
    values = [measure_steadiness(labels).value for labels in ([make_label()], [])]

    assert [1.0, 0.0] == values


# --- what is held


def test_misses_of_open_labels_are_named_and_those_of_held_ones_counted(tmp_path):
    seen, unseen = make_label("one", id="seen"), make_label("two", id="unseen")
    natures = LabelledNatures(write_labels(tmp_path, open=[seen], held=[unseen]))

    natures.hear("dc", [tell("one", nature="editorial"), tell("two", nature="structural")])
    figures, misses = natures.score()

    assert ("0 of 1", "0 of 1") == (describe(figures)["open: accuracy"], describe(figures)["held: accuracy"])
    assert 1 == describe(figures)["held: substantive told as structural"]
    assert ["seen"] == [name for name in ("seen", "unseen") if any(name in miss.split() for miss in misses)]


def test_a_build_answers_for_the_labels_of_its_own_set_only(tmp_path):
    own, other = make_label(), make_label(set="cic-xx")
    natures = LabelledNatures(write_labels(tmp_path, open=[own, other]))

    natures.hear("dc", [tell()])

    assert (["cic-xx", "dc"], {own.id: "substantive"}) == (natures.list_sets(), natures.told)


def test_a_line_that_is_no_label_is_refused(tmp_path):
    (tmp_path / "open.jsonl").write_text('{"id": "1", "nature": "substantial"}\n', "utf-8")

    with pytest.raises(msgspec.ValidationError):
        LabelledNatures(tmp_path)


# --- the set


def test_natures_are_measured_from_captures_to_figures(tmp_path):
    corpus = write_code(tmp_path / "corpus", "dc")
    connector = make_label(FEE, FEE_LATER, "editorial", old_eid="b", new_eid="b")
    labels = write_labels(tmp_path / "labels", open=[make_label(), connector], held=[make_label("lost")])

    (result,) = evaluate_sets(["natures"], corpus, [declare_code()], labels=labels)

    assert (1.0, 0.0) == tuple(value_of(result.figures, f"{side}: accuracy") for side in ("open", "held"))
    assert (True, False, ()) == (result.found, result.passed, result.misses)


def test_natures_are_the_same_whether_their_sets_were_measured_before_or_not(tmp_path):
    corpus = write_code(tmp_path / "corpus", "hi", "another")
    labels = write_labels(
        tmp_path / "labels", open=[make_label(set="hi"), make_label(set="another")], held=[make_label("lost")]
    )

    (alone,) = evaluate_sets(["natures"], corpus, [declare_code()], labels=labels)
    _, together = evaluate_sets(["hi", "natures"], corpus, [declare_code()], labels=labels)

    assert "2 of 2" == describe(alone.figures)["open: accuracy"]
    assert alone == together


def test_labels_of_a_set_that_is_absent_count_as_wrong_and_a_remark_says_so(tmp_path):
    corpus = write_code(tmp_path / "corpus", "dc")
    labels = write_labels(tmp_path / "labels", open=[make_label(), make_label(set="cic-xx")])

    (result,) = evaluate_sets(["natures"], corpus, [declare_code()], labels=labels)

    assert "1 of 2" == describe(result.figures)["open: accuracy"]
    assert ("labels of cic-xx count as wrong: the corpus has no such set",) == result.remarks


def test_without_any_text_of_a_label_the_set_is_not_found(tmp_path):
    (result,) = evaluate_sets(["natures"], tmp_path, [], labels=LABELS)

    assert ("natures", False, False) == (result.name, result.found, result.passed)


def test_the_command_names_open_misses_and_no_held_one(tmp_path):
    corpus = write_code(tmp_path / "corpus", "dc")
    seen, unseen = make_label(nature="editorial"), make_label(FEE, FEE_LATER, "structural")
    labels = write_labels(tmp_path / "labels", open=[seen, make_label(FEE, FEE_LATER, "editorial")], held=[unseen])
    write_sources(tmp_path, CODE)
    words = ("eval", "natures", "--corpus", corpus, "--sources", tmp_path, "--labels", labels)

    result = CliRunner(env={"COLUMNS": "200"}).invoke(main, [str(word) for word in (*words, "--misses", "9")])

    assert [True, False] == [label.id in result.output for label in (seen, unseen)]


# --- the labels that are kept


def read_kept():
    return {side: read_labels(LABELS / f"{side}.jsonl") for side in ("open", "held")}


def test_every_kept_label_bears_the_id_of_its_content_once_and_stands_where_its_hash_says():
    kept = [(side, label) for side, labels in read_kept().items() for label in labels]

    names = [label.id for _, label in kept]

    assert names == [name_label(label) for _, label in kept]
    assert len(names) == len(set(names))
    assert [side for side, _ in kept] == [choose_side(name) for name in names]


def test_more_than_two_hundred_labels_are_kept_half_of_them_held_and_every_nature_on_both_sides():
    kept = read_kept()

    counts = {side: len(labels) for side, labels in kept.items()}

    assert sum(counts.values()) >= 200
    assert abs(counts["open"] - counts["held"]) <= sum(counts.values()) * 0.1
    for labels in kept.values():
        assert {"substantive", "editorial", "structural"} == {label.nature for label in labels}


def test_a_label_on_which_both_passes_agree_is_what_they_say_and_every_reason_fits_a_line():
    kept = [label for labels in read_kept().values() for label in labels]

    settled = [label for label in kept if label.first == label.second and label.doubt not in SETTLED]

    assert [label.first for label in settled] == [label.nature for label in settled]
    assert {"substantive"} == {label.nature for label in kept if label.doubt in SETTLED}
    assert [] == [label.id for label in kept if not 2 <= len(label.reason.split()) <= 20]


def test_the_page_about_the_labels_states_their_numbers_and_kappa_truly():
    kept = read_kept()
    text = (LABELS / "README.md").read_text("utf-8")
    every = [label for labels in kept.values() for label in labels]

    stated = [
        f"{len(every)} amended provisions",
        *(f"`{side}.jsonl` ({len(labels)})" for side, labels in kept.items()),
        f"kappa is {measure_steadiness(every).value:.3f}",
    ]

    assert [] == [words for words in stated if words not in text]
