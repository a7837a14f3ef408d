"""Small builders with defaults: a test says only what matters to it."""

import hashlib
import json
from datetime import date

import msgspec

from kb.answer.facts import Fact, Step
from kb.compare.state import Seen, SourceState
from kb.compare.track import track_wave
from kb.models import Capture, ChangeRow, Fetch, Page, Provision, Reading, Validity, Wave
from kb.questions import Choice, Question
from kb.sources import parse_source

NOW = "2024-06-01T08:00:00Z"
URL = "https://rules.example.gov/1"


def make_capture(url=URL, body=b"<p>A license is required.</p>", **facts):
    return Capture(**{"url": url, "observed_at": NOW, "status": 200, "source": "us-xx-rules", "body": body, **facts})


def make_source(name="us-xx-rules", match="https://rules.example.gov/"):
    return parse_source({"id": name, "jurisdiction": "us-xx", "platform": "page", "match": [match]}, "a test")


def make_line(url=URL, **fields):
    line = {"url": url, "observed_at": NOW, "status": 200, "path": "page.html", "media_type": "text/html", **fields}
    return json.dumps(line)


def write_captures(folder, *lines, bodies=None):
    """Write a captures file beside its bodies (page.html unless told) and return its path."""
    for name, body in (bodies or {"page.html": b"<p>A license is required.</p>"}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    path = folder / "captures.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def make_provision(eid="a", text="", **parts):
    """Make a provision whose number is the last step of its eid in parentheses, where that is a printed one."""
    last = eid.rpartition("__")[2]
    printed = last and not last.startswith("r_") and not (last[0] == "p" and last[1:].isdigit())
    return Provision(**{"eid": eid, "number": f"({last})" if printed else "", "text": text, **parts})


def make_reading(*parts, document="us-xx/code/1-1", heading="Licenses", **fields):
    """Make a reading of (eid, text) pairs or provisions below a root; ``begins`` and ``ends`` state its validity."""
    begins, ends = (fields.pop(name, None) for name in ("begins", "ends"))
    validity = Validity(*(day and date.fromisoformat(day) for day in (begins, ends)))
    root = Provision(eid="", heading=heading, note=fields.pop("note", ""), pending=fields.pop("pending", ""))
    below = [part if isinstance(part, Provision) else make_provision(*part) for part in parts]
    facts = {"citation": f"§ {document.rpartition('/')[2]}", "strand": "current", "validity": validity, **fields}
    return Reading(document=document, provisions=(root, *below), **facts)


def make_change_row(**fields):
    """Make an amendment of one provision as published; a test names the columns that matter to it."""
    row = {
        "id": "c", "event_id": "e", "event_kind": "revision", "kind": "amended", "part": "text",
        "nature": "substantive", "signals": (), "reason": "", "count": 1, "jurisdiction": "us-xx",
        "source": "us-xx-rules", "strand": "current", "document": "us-xx/code/1-1", "old_document": None,
        "citation": "§ 1-1", "old_citation": None, "url": URL, "old_url": None, "eid": "a", "old_eid": "a",
        "old_number": "(a)", "new_number": "(a)", "heading": "", "old_text": "", "new_text": "", "topics": (),
        "professions": (), "binding": "", "observed_at": NOW, "confirmed_at": NOW, "effective_on": None, "cause": "",
        "see_also": (),
    }  # fmt: skip
    return ChangeRow(**{**row, **fields})


def make_seen(*readings, frame="f", **page):
    """Make a page as the archive holds it; its length is that of its words unless told."""
    words = sum(len(part.text) + len(part.heading) for reading in readings for part in reading.provisions)
    return Seen(Page(**{"readings": readings, "length": words, "shape": "s", **page}), frame)


def make_list(*names, **page):
    """Make a list page read completely that names documents."""
    return make_seen(**{"names": names, "complete": True, "length": 20 * len(names), **page})


OUTCOMES = {404: "missing", 410: "missing", 304: "not_modified", 403: "blocked", 500: "error"}


class Watch:
    """Follow a source through waves held in memory: each maps a URL to what it answers, a page or a status."""

    def __init__(self, **source):
        self.source = make_source(**source)
        self.state = SourceState()
        self.readings = {}
        self.rows = []

    def wave(self, at, *answers, **pages):
        """Take one wave at an instant; pages are told by the last step of their URL, or as (instant, step, answer)."""
        told = [*answers, *((at, step, answer) for step, answer in pages.items())]
        told.sort(key=lambda one: (one[1], one[0]))
        seen = {}
        fetches = [self._fetch(seq, *one, seen) for seq, one in enumerate(told)]
        wave = Wave(max(instant for instant, _, _ in told), self.source.id, tuple(fetches))
        result = track_wave(self.source, self.state, wave, lambda fetch: seen[fetch.seq], self.readings.__getitem__)
        self.readings.update({version.version: version.reading for version in result.versions})
        self.rows.append(msgspec.json.encode(result))
        return result

    def _fetch(self, seq, instant, step, answer, seen):
        page = not isinstance(answer, int)
        seen[seq] = answer
        return Fetch(
            seq=seq,
            run="run",
            source=self.source.id,
            url=f"https://rules.example.gov/{step}",
            observed_at=instant,
            status=200 if page else answer,
            outcome="ok" if page else OUTCOMES[answer],
            sha256=hashlib.sha256(msgspec.json.encode(answer)).hexdigest() if page else None,
            media_type="text/html",
            charset="",
            size=1,
        )


def day(number, hour=8):
    """Return an instant on a day of January 2024, counted on into later months."""
    return f"2024-{1 + (number - 1) // 28:02}-{1 + (number - 1) % 28:02}T{hour:02}:00:00Z"


# One question of every kind of value a test needs; higher ranks are stricter.
RANKED = tuple(Choice(name, name.capitalize(), rank) for rank, name in enumerate(("none", "some", "most", "all")))


def make_question(**fields):
    """Make a question asked of everyone, with ranked choices unless told."""
    told = {"id": "duty", "topic": "pdmp", "title": "Whether there is a duty", "type": "choice", "values": RANKED}
    return Question(**{**told, "scope": ("profession", "drug", "event", "setting"), **fields})


def make_fact(value="some", gap=None, **fields):
    """Make a coded answer of the State of Example; its id is made of what a test says of it unless told."""
    told = {"jurisdiction": "us-xx", "question": "duty", "place": 0, "coded_on": "2024-01-01", "coded_by": "coder"}
    scope = {name: tuple(terms.split()) for name, terms in fields.pop("scope", {}).items()}
    name = hashlib.sha256(repr((value, gap, scope, sorted(fields.items(), key=repr))).encode()).hexdigest()[:16]
    if gap is not None:
        value = None
    return Fact(**{**told, "id": name, "value": value, "gap": gap, "scope": scope, **fields})


def make_step(fact, wave_at, state="anchored", **fields):
    """Make a step of a fact's anchor, told by a wave."""
    texts = dict.fromkeys(
        ("document", "eid", "citation", "version", "source", "url", "sha256", "captured_at", "quote", "prefix",
         "suffix", "text_hash", "old_text", "new_text", "reason"),
        "",
    )  # fmt: skip
    usual = {"fact": fact.id, "at": wave_at, "wave_at": wave_at, "state": state, "cause": "resolved", "how": "exact"}
    return Step(**{**texts, **usual, "score": 1.0, **fields})
