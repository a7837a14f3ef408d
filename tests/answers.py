"""A small codebook and the answers of a few jurisdictions to it: what tests of comparing and publishing stand on."""

from contextlib import contextmanager

import msgspec
import pytest

from kb.answer.facts import Evidence
from kb.jurisdictions import read_place_list
from kb.questions import read_codebook
from kb.scopes import read_terms, widen_term
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from tests.build import make_fact, make_question, make_step

NOW = "2026-11-28T08:00:00Z"
QUESTIONS = (
    make_question(coding="Read it.", silent="Nothing applies."),
    make_question(id="limit", title="How many days", asked_of="states", type="number", values=(), unit="days"),
    make_question(
        id="label", title="What the label says", topic="coverage", asked_of="federal", type="text", values=()
    ),
)
PAGE = Evidence("https://law.example.gov/1", "official", "2026-05")


def list_facts():
    """Return facts of every kind: floor, stricter, laxer, limited, contradicting, coming, lapsed, pending, gaps."""
    usual = {"coded_on": "2026-11-01"}
    return [
        make_fact("some", jurisdiction="us", citation="21 USC 1", binding="statute", **usual),
        make_fact("all", jurisdiction="us-al", citation="=1+1", evidence=(PAGE,), effective_from="2021-07", **usual),
        make_fact("none", jurisdiction="us-ak", note="+SUM(A1)", **usual),
        make_fact("most", jurisdiction="us-az", scope={"profession": "nurse"}, **usual),
        make_fact("none", jurisdiction="us-az", scope={"profession": "dentist"}, **usual),
        make_fact("all", jurisdiction="us-ar", citation="§ 1", **usual),
        make_fact("none", jurisdiction="us-ar", citation="§ 2", **usual),
        make_fact("none", jurisdiction="us-ca", effective_to="2026", reverts_to="all", binding="statute", **usual),
        make_fact("all", jurisdiction="us-co", effective_from="2027-02", **usual),
        make_fact("all", jurisdiction="us-ct", binding="bill", **usual),
        make_fact("all", jurisdiction="us-ct", binding="proposal", effective_to="2027-01-15", **usual),
        make_fact(gap="not_found", jurisdiction="us-de", searched=("the code",), **usual),
        make_fact(gap="law_silent", jurisdiction="us-fl", **usual),
        make_fact("some", jurisdiction="us-ga", coded_on="2026-10-01", superseded_on="2026-11-15"),
        make_fact("all", jurisdiction="us-ga", coded_on="2026-11-15"),
        make_fact("some", jurisdiction="us-hi", binding="statute", **usual),
        make_fact("all", jurisdiction="us-hi", binding="regulation", citation="Rule 7", **usual),
        make_fact("some", jurisdiction="us-id", binding="statute", **usual),
        make_fact("all", jurisdiction="us-id", binding="policy", **usual),
        make_fact(30, jurisdiction="us-al", question="limit", binding="order", effective_to="2026-12", **usual),
        make_fact("as printed", jurisdiction="us", question="label", **usual),
    ]


def list_steps(facts):
    """Return the steps of two anchors: one seen and confirmed, one whose words changed."""
    seen = {fact.citation: fact for fact in facts}
    told = [
        make_step(seen["=1+1"], "2026-11-05T08:00:00Z", quote="@each time", sha256="ab" * 32),
        make_step(seen["=1+1"], "2026-11-20T23:59:59.999999Z", "verified", quote="@each time", sha256="ab" * 32),
        make_step(seen["§ 1"], "2026-11-21T08:00:00Z", "needs_review", quote="every time"),
    ]
    steps = {}
    for step in told:
        steps.setdefault(step.fact, []).append(step)
    return steps


def place_facts(facts):
    """Number facts in their jurisdictions, as reading them from files does."""
    return [msgspec.structs.replace(fact, place=place) for place, fact in enumerate(facts)]


@contextmanager
def using_domain(folder, questions=QUESTIONS):
    """Put a codebook of one's own in place of the one that ships."""
    folder.mkdir(parents=True, exist_ok=True)
    book = {"editions": [{"version": 7, "day": "2026-11-01", "altered": "First."}], "questions": questions}
    (folder / "questions.yml").write_bytes(msgspec.yaml.encode(book))
    cached = (read_codebook, read_terms, widen_term, read_place_list)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_DOMAIN", str(folder))
        for function in cached:
            function.cache_clear()
        yield
    for function in cached:
        function.cache_clear()


def record_answers(data, facts, steps):
    """Write facts and steps into the kb.db of a data folder, which is made where it is missing."""
    data.mkdir(parents=True, exist_ok=True)
    db = open_knowledge(data / "kb.db")
    with transaction(db):
        record_facts(db, place_facts(facts), steps)
    db.close()
    return data
