"""Impact: for every change the coded answers it touches, and how; told in every form that changes are told in."""

import json
import shutil
from collections import Counter
from contextlib import closing
from itertools import pairwise

import pytest
from click.testing import CliRunner

from kb.answer.impact import Hold, find_hold, find_touches
from kb.build import BuildRequest, build
from kb.cli import main
from kb.impacts import Impact, describe_impact, find_impacts
from kb.models import ChangeRow
from kb.publish import publish
from kb.store.authority import read_strands
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.impacts import read_changes_of
from kb.store.knowledge import open_knowledge, read_version
from kb.store.public import open_published
from kb.store.queries import read_version_rows
from tests.anchored import DOCUMENT, QUOTE, make_fact, make_step
from tests.build import make_change_row
from tests.example_web import WEEKS, build_web, export, list_pages, record
from tests.test_web_pages import main_text

EARLIER = make_step(at="2024-01-08T12:00:00Z")
MOMENT = "2024-02-01T12:00:00Z"
OTHER = "Another sentence."


def change(kind="amended", old="a", new="a", **fields):
    """Make a change at MOMENT; None stands for the side a removed or added provision lacks."""
    return make_change_row(kind=kind, old_eid=old, eid=new, observed_at=MOMENT, confirmed_at=MOMENT, **fields)


def judge(changes, *, eid="a", steps=True, document=DOCUMENT):
    """Return the effect of each change on a fact anchored at an eid, by a step before them or only as declared."""
    fact = make_fact(eid=eid, document=document)
    own = [make_step(eid=eid, document=document)] if steps else []
    return [touch.effect for touch in find_touches(changes, find_hold(fact, own, MOMENT))]


# --- which facts


@pytest.mark.parametrize(
    ("effect", "eid", "moved"),
    [
        ("words_changed", "a", change()),
        ("words_changed", "a", change(part="heading")),
        ("gone", "a", change("removed", "a", None)),
        ("gone", "a__1", change("removed", "a", None, old_text=f"(a) All: (1) {QUOTE}")),
        ("around", "a__1", change("removed", "a", None, old_text="(a) All:")),
        ("gone", "b__2", change("removed", "", None, old_text=f"Fees {QUOTE}")),
        ("moved", "a", change("renumbered", "a", "b")),
        ("moved", "a__1", change("renumbered", "a", "b")),
        ("moved", "a__1", change("amended", "a", "b")),
        ("moved", "b", change("renumbered", "", "", document="us-xx/code/1-9", old_document=DOCUMENT)),
        ("moved", "a", change("added", "a", "a__1", old_text=QUOTE, new_text=f"(1) {QUOTE}")),
        ("words_changed", "a", change("added", "a", "a__1", old_text=QUOTE, new_text="(1) A fee is due.")),
        ("words_changed", "a", change("amended", "a__1", "a__1", old_text=f"{QUOTE} (1) Cash.", new_text="(1) Cash.")),
        ("gone", "a", change("removed", "a__1", None, old_text=QUOTE)),
        ("around", "a__1", change()),
        ("around", "a", change("amended", "a__1", "a__1")),
        ("around", "a", change("removed", "a__3", None)),
        ("around", "a", change("added", None, "a__3")),
        ("around", "a", change(part="pending", old="", new="")),
        ("beside", "a", change("amended", "b", "b")),
        ("beside", "a__1", change("amended", "a__10", "a__10")),
        ("beside", "a", change("added", None, "a")),
        ("beside", "a", change("added", None, "b")),
    ],
    ids=str,
)
def test_change_touches_a_fact_by_where_its_words_stood_before(effect, eid, moved):
    assert [effect] == judge([moved], eid=eid)


def test_notes_and_other_documents_touch_nothing():
    others = [change(part="note"), change(document="us-xx/code/1-2"), change("removed", "a", None, document="us-xx/x")]

    assert [] == judge(others)


def test_part_that_was_taken_out_first_is_moved_and_not_gone_with_its_parent():
    told = [change("removed", "a", None, old_text=f"(a) {QUOTE}"), change("moved", "a__1", "b")]

    assert ["around", "moved"] == judge(told, eid="a__1")


def test_words_that_came_later_are_told_by_the_change_that_brought_them():
    told = [change("removed", "a", None, old_text=OTHER), change("added", None, "a", new_text=QUOTE)]
    later = [make_step(at="2024-03-01T12:00:00Z")]
    hold = find_hold(make_fact(), later, MOMENT)

    assert ["beside", "words_changed"] == [touch.effect for touch in find_touches(told, hold)]


def test_fact_that_was_never_resolved_counts_where_it_is_declared():
    told = [change(), change("added", None, "a"), change("removed", "a", None), change("amended", "b", "b")]

    assert ["words_changed", "words_changed", "gone", "beside"] == judge(told, steps=False)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([make_step(eid="b"), make_step(at="2024-01-20T00:00:00Z", eid="c")], ("c", "before")),
        ([make_step(eid="b"), make_step(at=MOMENT, eid="c")], ("b", "before")),
        ([make_step(eid="b"), make_step(at="2024-01-20T00:00:00Z", eid="b", state="broken")], ("b", "after")),
        ([make_step(at="2024-03-01T00:00:00Z", eid="d")], ("d", "after")),
        ([], ("a", "either")),
    ],
)
def test_last_step_before_a_change_tells_where_the_words_stood(steps, expected):
    hold = find_hold(make_fact(), steps, MOMENT)

    assert expected == (hold.eid, hold.side)


def test_fact_without_any_words_is_nowhere():
    assert find_hold(make_fact(document=""), [], MOMENT) is None


@pytest.mark.parametrize(("text", "stands"), [(f"{QUOTE} Cash only.", True), (QUOTE.replace("40", "60"), False)])
def test_quoted_words_are_told_to_stand_only_where_they_do(text, stands):
    touches = find_touches([change(old_text=QUOTE, new_text=text)], find_hold(make_fact(), [EARLIER], MOMENT))

    assert [("words_changed", stands)] == [(touch.effect, touch.quote_stands) for touch in touches]


def test_every_provision_that_moved_in_a_recorded_web_touches_its_fact_and_no_other_does(tmp_path):
    """Hold every provision of every text that another one followed as if a fact were anchored in it."""
    wrong, told = [], Counter()
    with closing(open_knowledge(build_web(tmp_path) / "kb.db", read_only=True)) as db:
        changes = [change for change, _ in read_changes_of(db, read_strands(db))]
        for old, new, at in list_followed(db):
            texts = {part.eid: part.text for part in new.provisions}
            event = [change for change in changes if change.observed_at == at]
            for part in (part for part in old.provisions if part.text):
                found = {touch.effect for touch in find_touches(event, hold_part(old, part))} - {"around", "beside"}
                told[bool(found)] += 1
                wrong += [(old.document, part.eid, found)] if bool(found) == (texts.get(part.eid) == part.text) else []

    assert [] == wrong
    assert min(told.values()) >= 4, told


def hold_part(reading, part):
    return Hold("f", reading.document, part.eid, part.text, "before")


def list_followed(db):
    """Yield each reading that one other alone followed at once, with that one and the instant: twins are left out."""
    for document in read_strands(db):
        rows = read_version_rows(db, document)
        begun = Counter(row.observed_from for row in rows)
        for old, new in pairwise(rows):
            if old.closed_at == new.observed_from and begun[new.observed_from] == 1:
                yield read_version(db, old.version), read_version(db, new.version), new.observed_from


# --- in a knowledge base


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Two weeks of the recorded web: (a) of § 1-1 is amended, § 1-2 gets a new (b), so (b) becomes (c)."""
    folder = tmp_path_factory.mktemp("impact")
    data, sources = record(folder, [page for page in list_pages() if page[0] in WEEKS[:2]])
    build(data, BuildRequest(sources=sources))
    facts = [
        make_fact(),
        make_fact(id="f2", place=1, eid="b", quote=OTHER, question="partial_fill", value=None, gap="law_silent"),
        make_fact(id="f3", place=2, document="us-xx/code/1-2", eid="b", quote="The register is open to inspectors"),
        make_fact(id="f4", place=3, superseded_on="2024-01-10"),
        make_fact(id="f5", place=4, replica=True),
        make_fact(id="f1-2", place=5, value="six times"),
        make_fact(id="f6", place=6, superseded_on="2024-03-01", value="never"),
    ]
    steps = {
        "f3": [
            make_step(fact="f3", document="us-xx/code/1-2", eid="b"),
            make_step(fact="f3", document="us-xx/code/1-2", eid="c", at=WEEKS[1], cause="moved"),
        ],
    }
    with closing(open_knowledge(data / "kb.db")) as db, transaction(db):
        record_facts(db, facts, steps)
    return data


def ask(data, **options):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        return find_impacts(db, **options)


def run(data, *words):
    return CliRunner(env={"KB_DATA": str(data), "COLUMNS": "160"}).invoke(main, ["changes", *words])


def test_facts_of_today_and_of_the_day_are_touched_each_answer_once(data):
    found = [impact for impacts in ask(data).values() for impact in impacts]

    told = {(impact.fact, impact.effect, impact.state, impact.quote_stands) for impact in found}
    expected = {
        ("f1-2", "words_changed", "reported", False),
        ("f6", "words_changed", "reported", False),
        ("f3", "moved", "anchored", True),
    }
    assert expected == told


def test_facts_of_other_provisions_of_the_section_are_told_on_request(data):
    found = {impact.fact: impact.effect for impacts in ask(data, beside=True).values() for impact in impacts}

    assert "beside" == found["f2"]


def test_facts_of_a_demonstration_are_touched_by_replicas_alone(data):
    assert "f5" not in {impact.fact for impacts in ask(data, beside=True).values() for impact in impacts}


def test_what_another_strand_tells_of_a_document_touches_nothing(data, tmp_path):
    copied = shutil.copytree(data, tmp_path / "data")
    with closing(open_knowledge(copied / "kb.db")) as db:
        db.execute("UPDATE changes SET strand = 'permanent' WHERE document = 'us-xx/code/1-1'")

    found = {impact.fact for impacts in ask(copied).values() for impact in impacts}

    assert {"f3"} == found


def test_facts_alter_no_change_no_event_and_no_topic(tmp_path):
    data, sources = record(tmp_path, list_pages())
    exports = []
    for facts in ((), (make_fact(), make_fact(id="f2", eid="b", place=1))):
        build(data, BuildRequest(sources=sources, facts=facts, from_scratch=True))
        exports.append([line for line in export(data) if json.loads(line)["table"] in ("changes", "events")])

    assert exports[0] == exports[1] != []


def test_line_of_a_change_has_its_columns_and_with_impact_one_more(data):
    plain, told = run(data, "--format", "jsonl"), run(data, "--format", "jsonl", "--impact")

    before, after = ([json.loads(line) for line in result.stdout.splitlines()] for result in (plain, told))
    assert {ChangeRow.__struct_fields__} == {tuple(line) for line in before}
    assert before == [{name: line[name] for name in ChangeRow.__struct_fields__} for line in after]
    impacts = {impact["fact"]: impact for line in after for impact in line["impact"]}
    assert ("prescription", "six times", "a", False) == tuple(
        impacts["f1-2"][name] for name in ("topic", "value", "eid", "quote_stands")
    )


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("table", "touches: us-xx refill_limit = six times (reported), its words changed · topic prescription"),
        ("md", r"  - touches: us-xx refill\_limit = six times (reported), its words changed · topic prescription"),
        ("html", '<p class="touches">touches: us-xx refill_limit = six times (reported), its words changed'),
    ],
)
def test_touched_answers_are_told_in_every_form_only_when_asked(data, form, line):
    plain, told = run(data, "--format", form), run(data, "--format", form, "--impact")

    assert [0, 0] == [plain.exit_code, told.exit_code]
    assert (False, True) == (line in plain.stdout, line in told.stdout)


def test_only_changes_that_touch_an_answer_are_listed_and_counted(data):
    result = run(data, "--touching-facts", "--format", "jsonl")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [("us-xx/code/1-1", "amended"), ("us-xx/code/1-2", "renumbered")] == [
        (line["document"], line["kind"]) for line in lines
    ]
    assert "2 changes (1 rule change, 1 structural)" in run(data, "--touching-facts").stdout


def test_topic_of_a_touched_answer_is_found_only_with_impact(data):
    plain = run(data, "--topic", "prescription", "--format", "jsonl")
    told = run(data, "--topic", "prescription", "--impact", "--format", "jsonl")

    assert ([], 2) == (plain.stdout.splitlines(), len(told.stdout.splitlines()))


def test_beside_asks_for_impact_too(data):
    assert "another provision of its section changed" in run(data, "--beside").stdout


def test_impact_says_when_a_gap_is_touched_and_when_the_answer_ended():
    impact = make_impact(label="", gap="law_silent", superseded_on="2024-03-01", effect="around", state="verified")

    told = (
        "touches: us-xx refill_limit = law silent (verified, superseded 2024-03-01), what stands above or below its "
        "words changed · topic prescription"
    )
    assert told == describe_impact(impact)


def make_impact(**fields):
    told = {
        "fact": "f1", "jurisdiction": "us-xx", "question": "refill_limit", "topic": "prescription", "value": None,
        "gap": None, "document": DOCUMENT, "eid": "a", "quote_stands": True,
    }  # fmt: skip
    return Impact(**{**told, **fields})


def test_generation_tells_what_each_change_touches(data):
    published = publish(data, "2024-06-01T08:00:00Z")

    with closing(open_published(published.path)) as db:
        rows = [
            tuple(row)
            for row in db.execute(
                """SELECT impacts.fact, effect, changes.document, quote_stands FROM impacts
                   JOIN changes ON changes.id = change AND changes.source = impacts.source ORDER BY 1"""
            )
        ]
    first, second = "us-xx/code/1-1", "us-xx/code/1-2"
    assert [("f1-2", "words_changed", first, 0), ("f3", "moved", second, 1), ("f6", "words_changed", first, 0)] == rows


def test_page_of_a_change_names_the_answers_it_touches(data):
    published = publish(data, "2024-06-01T08:00:00Z")

    with closing(open_published(published.path)) as db:
        rows = db.execute("SELECT change, MAX(effect = 'moved') FROM impacts GROUP BY change ORDER BY 2").fetchall()
        shown = [main_text(db, f"/c/{row[0]}") for row in rows]
        others = main_text(db, f"/c/{db.execute('SELECT id FROM changes WHERE kind = ?', ('added',)).fetchone()[0]}")

    changed, moved = (text[text.index("Answers it touches") :] for text in shown)
    assert "six times The words it rests on changed. As reported: no official text of it is archived here." in changed
    assert "never The words it rests on changed." in changed
    assert "superseded Mar 1, 2024" in changed
    assert "The words it rests on stand elsewhere now. Its words stand in the archived text." in moved
    assert "Answers it touches" not in others
