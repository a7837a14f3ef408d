"""A generation of answers in which every text is an attack, beside contradictions, bounds and changed words."""

from kb.answer.facts import Anchor, Evidence
from kb.matrix import list_answers
from kb.publish_answers import list_facts, list_questions
from kb.questions import Choice, Why
from kb.store import public
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from kb.upcoming import list_public_dates
from tests.answers import NOW, place_facts
from tests.build import make_fact, make_question, make_step
from tests.sites import HOSTILE

BAD = " ".join(HOSTILE)
MARK, IMAGE, LINK = HOSTILE[0], HOSTILE[1], HOSTILE[2]
QUESTION = make_question(
    title=BAD, wording=BAD, coding=BAD, silent=BAD, values=(Choice("all", BAD, 1), Choice("none", f"{IMAGE} no", 0)),
    why=Why(BAD, BAD, BAD),
)  # fmt: skip
SEVERAL = make_question(id="kinds", title=BAD, type="choices", values=(Choice("all", BAD), Choice("some", MARK)))
NUMBER = make_question(id="limit", title="How many days", type="number", values=(), unit=MARK)
TEXT = make_question(id="label", title="What the label says", type="text", values=(), scope=("drug",))
TRUTH = make_question(id="truth", title="Whether it is so", type="boolean", values=())
QUESTIONS = (QUESTION, SEVERAL, NUMBER, TEXT, TRUTH)


def list_hostile_facts():
    """Return facts whose every text is an attack: answers, a contradiction, limits, leads, what comes or ended."""
    usual = {
        "citation": BAD, "url": LINK, "note": BAD, "authority": BAD, "searched": (BAD,), "coded_by": BAD,
        "evidence": (Evidence(LINK, "secondary"), Evidence(f"https://law.example.gov/{MARK}", "official", "2026-05")),
        "coded_on": "2026-11-01", "details": {"figure": BAD, "so": True, "both": ("a_b", MARK)}, "confidence": "high",
    }  # fmt: skip
    anchor = Anchor("us-xx/code/1-1", "a", IMAGE)
    return place_facts(
        [
            make_fact("all", anchor=anchor, binding="statute", **usual),
            make_fact("none", binding="statute", **{**usual, "citation": "§ 2"}),
            make_fact("all", jurisdiction="us-al", scope={"profession": "nurse"}, **usual),
            make_fact("none", jurisdiction="us-al", scope={"profession": "dentist"}, **usual),
            make_fact("all", jurisdiction="us-ak", effective_from="2030-01", **usual),
            make_fact("all", jurisdiction="us-az", effective_to="2024", reverts_to="none", **usual),
            make_fact("all", jurisdiction="us-ar", binding="bill", **usual),
            make_fact(gap="not_found", jurisdiction="us-ca", **usual),
            make_fact(gap="not_checked", jurisdiction="us-co", **usual),
            make_fact(gap="law_silent", jurisdiction="us-ct", **usual),
            make_fact(("all", "some"), question="kinds", **usual),
            make_fact(30, question="limit", effective_from="2026-07", **usual),
            make_fact(BAD, question="label", **usual),
            make_fact(BAD, question="label", jurisdiction="us", **usual),
            make_fact(True, question="truth", **usual),
            make_fact(False, question="truth", jurisdiction="us-al", superseded_on="2026-11-02", **usual),
            make_fact(True, question="truth", jurisdiction="us-al", **{**usual, "coded_on": "2026-11-02"}),
        ]
    )


def fill_hostile(folder):
    """Record the facts and publish them in a whole generation; returns its path. Call it within their codebook."""
    facts = list_hostile_facts()
    first = facts[0]
    words = {"quote": IMAGE, "prefix": MARK, "suffix": MARK, "reason": BAD, "citation": BAD, "url": LINK}
    steps = {
        first.id: [
            make_step(first, "2026-11-03T08:00:00Z", document="us-xx/code/1-1", eid="a", version="v", **words),
            make_step(
                first, "2026-11-04T08:00:00Z", "needs_review", cause="words", document="us-xx/code/1-1", eid="a",
                version="v", old_text=f"{BAD} may", new_text=f"{IMAGE} shall", **words,
            ),
        ]
    }  # fmt: skip
    knowledge = open_knowledge(folder / "kb.db")
    with transaction(knowledge):
        record_facts(knowledge, facts, steps)
    places = ("us", "us-ak", "us-al", "us-ar", "us-az", "us-ca", "us-co", "us-ct", "us-xx")
    tables = {
        "releases": [{"generation": 1, "published_at": NOW, "log_id": "l", "log_size": 0, "tree_head": ""}],
        "jurisdictions": [
            {"jurisdiction": one, "name": f"{one} {MARK}", "kind": "state", "tile_row": 1, "tile_col": 1}
            for one in places
        ],
        "questions": list_questions(),
        "facts": list_facts(knowledge),
        "fact_history": public.read_exported(knowledge, "fact_history"),
        "answers": [row for row in list_answers(knowledge, NOW) if row["jurisdiction"] in places],
        "dates": list_public_dates(knowledge, NOW, {}),
    }
    draft = public.make_draft(folder / "draft.db")
    for table, rows in tables.items():
        public.insert_rows(draft, table, rows)
    public.count_up(draft)
    knowledge.close()
    public.compact(draft, folder / "public.db")
    draft.close()
    return folder / "public.db"
