"""The answers that recorded law proves: every quote stands in its provision as printed, whoever publishes it."""

from contextlib import closing
from pathlib import Path

import pytest

from kb.build import BuildRequest, build
from kb.coding import SHIPPED, read_facts
from kb.collect import ImportRequest, import_captures
from kb.evaluate.corpus import CAPTURES, copy_captures, date_line, read_lines
from kb.evaluate.sets import CORPUS, SOURCES
from kb.read.page import read_page
from kb.sources import find_source, read_sources
from kb.store.facts import read_steps
from kb.store.knowledge import open_knowledge
from kb.store.queries import count_problems

ROOT = Path(__file__).parents[1]
PLACES = ("us-ak", "us-dc", "us-hi", "us-id", "us-ri", "us-tx")
NOW = "2026-11-28T08:00:00Z"
# Titles that hold many sections are read whole; of the others only pages of sections that facts name.
TITLES = ("cic-ak", "cic-id", "cic-ri", "tx-dshs")
SECTION_SETS = ("dc", "hi")
unpacked = pytest.mark.skipif(not (CORPUS / CAPTURES).is_file(), reason="the corpus is not unpacked here")


def list_facts():
    """The facts of the six places that name their words, those that ship among them."""
    facts = read_facts([SHIPPED])
    return [fact for fact in facts if fact.jurisdiction in PLACES and fact.anchor is not None]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    facts = list_facts()
    numbers = {fact.anchor.document.rpartition("/")[2] for fact in facts}
    lines = [
        date_line(line)
        for line in read_lines(CORPUS / CAPTURES)
        if line.set in TITLES
        or (line.set in SECTION_SETS and line.url.rstrip("/").rpartition("/")[2].removesuffix(".html") in numbers)
    ]
    declared = read_sources([SOURCES])
    sources = list({source.id: source for line in lines if (source := find_source(declared, line.url))}.values())
    file = copy_captures(folder / "recording", CORPUS, lines)
    import_captures(folder / "data", ImportRequest(file=file, sources=sources, now=NOW, token=folder.name))
    build(folder / "data", BuildRequest(sources=sources, facts=facts, workers=2))
    return folder / "data"


@pytest.fixture(scope="module")
def steps(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        return read_steps(db)


@unpacked
def test_every_anchor_stands_in_the_recorded_law_as_printed(steps):
    facts = list_facts()

    unproven = [
        (fact.jurisdiction, fact.question, fact.anchor)
        for fact in facts
        if fact.id not in steps or (steps[fact.id][-1].state, steps[fact.id][-1].how) != ("anchored", "exact")
    ]

    assert [] == unproven
    assert set(PLACES) == {fact.jurisdiction for fact in facts}


@unpacked
def test_every_anchor_names_the_provision_its_words_stand_in(steps):
    wrong = [
        (fact.anchor, steps[fact.id][-1].eid) for fact in list_facts() if fact.anchor.eid != steps[fact.id][-1].eid
    ]

    assert [] == wrong


@unpacked
def test_no_quote_of_recorded_law_is_ambiguous(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        assert [] == [problem.message for problem in count_problems(db) if problem.code == "anchor_ambiguous"]


@unpacked
def test_ketamine_is_anchored_where_each_place_lists_it_and_the_district_is_never_called_free(steps):
    listed = {
        fact.jurisdiction: (fact.value, steps[fact.id][-1].quote.split(",")[0])
        for fact in list_facts()
        if fact.question == "ketamine_schedule"
    }

    assert ("listed_elsewhere", "with provision for public notice and comment") == listed.pop("us-dc")
    assert ("schedule_iv_a", "ketamine hydrochloride") == listed.pop("us-ak")
    assert dict.fromkeys(("us-hi", "us-id", "us-ri", "us-tx"), ("schedule_iii", "Ketamine")) == listed


# --- one id for a section, wherever it is read

ALASKA = "<b>Sec. 11.71.170.   Schedule IVA.</b><br>(a) It holds what is found so.<p>(b) It holds these.</p>"
HAWAII = "<p><b>&nbsp;&nbsp; §329-18&nbsp; Schedule III.</b>&nbsp; (a)&nbsp; This is schedule III.</p>"
PLAIN = "<h1>Schedule III</h1><p>(1) Ketamine, its salts and isomers.</p>"
OFFICIAL = [
    ("us-ak-statutes", "https://www.akleg.gov/basis/statutes.asp", ALASKA, "us-ak/statutes/11.71.170"),
    (
        "us-dc-statutes",
        "https://code.dccouncil.gov/us/dc/council/code/sections/48-902.01",
        PLAIN,
        "us-dc/code/48-902.01",
    ),
    (
        "us-hi-statutes",
        "https://www.capitol.hawaii.gov/hrscurrent/Vol06_Ch0321-0344/HRS0329/HRS_0329-0018.htm",
        HAWAII,
        "us-hi/hrs/329-18",
    ),
    (
        "us-id-statutes",
        "https://legislature.idaho.gov/statutesrules/idstat/title37/t37ch27/sect37-2709",
        PLAIN,
        "us-id/code/37-2709",
    ),
    (
        "us-ri-statutes",
        "https://webserver.rilegislature.gov/Statutes/TITLE21/21-28/21-28-2.08.htm",
        PLAIN,
        "us-ri/code/21-28-2.08",
    ),
    (
        "us-tx-controlled-substances",
        "https://www.dshs.texas.gov/drugs-medical-devices/controlled-substances",
        PLAIN,
        "us-tx/site/us-tx-controlled-substances",
    ),
]


@pytest.mark.parametrize(("name", "url", "body", "document"), OFFICIAL)
def test_the_registered_source_gives_a_section_the_id_its_facts_name(name, url, body, document):
    sources = {source.id: source for source in read_sources([ROOT / "crawlers" / "sources"])}

    page = read_page(f"<html><body>{body}</body></html>".encode(), sources[name], url, media_type="text/html")

    assert [document] == [reading.document for reading in page.readings]
    assert document in {fact.anchor.document for fact in list_facts()}
