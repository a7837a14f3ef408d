"""Builders of facts and of the steps of their anchors: a test names what matters to it."""

from kb.answer.facts import Anchor, Fact, Step

DOCUMENT = "us-xx/code/1-1"
QUOTE = "A clinic shall pay a fee of 40 dollars."


def make_fact(**fields):
    """Make a standing answer to the codebook's refill_limit, anchored in (a) of § 1-1 unless told otherwise."""
    eid, quote, document = (fields.pop(name, default) for name, default in ANCHOR.items())
    anchor = Anchor(document, eid, quote) if document else None
    told = {
        "id": "f1", "jurisdiction": "us-xx", "question": "refill_limit", "place": 0, "value": "five times", "gap": None,
        "anchor": anchor, "coded_on": "2024-01-02", "coded_by": "coder-1",
    }  # fmt: skip
    return Fact(**{**told, **fields})


ANCHOR = {"eid": "a", "quote": QUOTE, "document": DOCUMENT}


def make_step(**fields):
    """Make the step by which an anchor was found in (a) of § 1-1 at the first sight, unless told otherwise."""
    told = {
        **dict.fromkeys(Step.__struct_fields__, ""),
        "fact": "f1", "at": "2024-01-08T12:00:00Z", "wave_at": "2024-01-08T12:00:00Z", "state": "anchored",
        "cause": "resolved", "how": "exact", "score": 1.0, "document": DOCUMENT, "eid": "a", "quote": QUOTE,
    }  # fmt: skip
    return Step(**{**told, **fields})
