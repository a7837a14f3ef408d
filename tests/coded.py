"""Facts and steps for tests, with defaults."""

from kb.answer.facts import Fact, Step, hash_words

TEXT = "A prescription may be refilled at most five times."
TEXT_HASH = hash_words(TEXT)


def make_fact(name="fact", **fields):
    """Make a fact of the State of Example, coded at the beginning of 2026."""
    defaults = {
        "jurisdiction": "us-xx",
        "question": "refill_limit",
        "place": 0,
        "value": "five",
        "gap": None,
        "coded_on": "2026-01-05",
        "coded_by": "coder-1",
    }
    return Fact(id=name, **{**defaults, **fields})


def make_step(fact="fact", **fields):
    """Make the step by which a fact's words were found where they were looked for."""
    defaults = {
        "at": "2026-03-01T08:00:00Z",
        "wave_at": "2026-03-01T08:00:00Z",
        "state": "anchored",
        "cause": "resolved",
        "how": "exact",
        "score": 1.0,
        "document": "us-xx/code/1-1",
        "eid": "a",
        "citation": "Example Code § 1-1",
        "version": "",
        "source": "us-xx-rules",
        "url": "https://law.example.gov/1-1",
        "sha256": "0" * 64,
        "captured_at": "2026-03-01T08:00:00Z",
        "quote": "refilled at most five times",
        "prefix": "A prescription may be ",
        "suffix": ".",
        "text_hash": TEXT_HASH,
        "old_text": "",
        "new_text": "",
        "reason": "",
    }
    return Step(fact=fact, **{**defaults, **fields})
