"""Write what a person decided on a fact into the file it came from, so that git shows who decided what, and when.

A first review fills the entry's own keys. A later one, and every correction, adds an entry and marks the old one
superseded: nothing is erased. What could not be confirmed is recorded as looked at, never as verified.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from kb.answer.facts import Fact
from kb.answer.urgency import Case
from kb.errors import UsageError
from kb.fact_files import Entry, Revision, replace_file
from kb.questions import GAPS, AnswerType, map_questions
from kb.review import Reviewer
from kb.scopes import DIMENSIONS
from kb.share import share_path

Verb = Literal["confirmed", "looked", "edited", "rejected", "noted", "coded"]
REVIEW_KEYS = ("reviewed_on", "reviewed_by", "reviewed_text", "review_note")
# What an edit may set, beside scope.<dimension> and details.<name>.
SETTABLE = (
    "value", "note", "searched", "effective_from", "effective_to", "reverts_to", "anchor.document", "anchor.eid",
    "anchor.quote",
)  # fmt: skip
# Digits of a text's hash that name it in a reviewer's words.
SHOWN_DIGITS = 16
YES, NO = ("yes", "true", "y"), ("no", "false", "n")


class Done(msgspec.Struct, frozen=True):
    """A decision as it was written: what, on which fact, into which file, and its bytes before and after."""

    verb: Verb
    fact: Fact
    path: Path
    before: bytes
    after: bytes


class Desk:
    """Where a reviewer decides: holds the files as their facts were read, and refuses one that changed meanwhile."""

    def __init__(self, files: Mapping[Path, bytes], reviewer: Reviewer) -> None:
        self.files = dict(files)
        self.reviewer = reviewer
        self.done: list[Done] = []

    def accept(self, case: Case, note: str = "") -> Done:
        """Confirm a fact by the very words seen; where they can confirm nothing, record that it was looked at."""
        revision = self._open(case)
        seen = self._sign(case)
        barrier = case.standing.barrier
        words = note if not barrier or case.standing.step is None else f"{note or 'looked at'} ({barrier})"
        if not words and seen.items() <= revision.entries[case.fact.place].items():
            raise UsageError(f"fact {case.fact.id}: {self.reviewer.name} confirmed these very words today already")
        told = seen | self._tell(case, words, is_confirmed=not barrier)
        _review(revision, case.fact.place, told, _quote_anew(revision.entries[case.fact.place], case))
        return self._write("looked" if barrier else "confirmed", case, revision)

    def edit(self, case: Case, changes: Mapping[str, str], note: str = "") -> Done:
        """Put a corrected entry in place of a fact and confirm it as far as its words allow.

        ``changes`` are texts by key (see ``SETTABLE``); "" removes a key. Words that moved are quoted as they stand
        now; a new anchor is confirmed once it was built and seen. Raises UsageError for a key that cannot be set or
        where nothing changes; values are checked like those of any fact.
        """
        revision = self._open(case)
        old = revision.entries[case.fact.place]
        new = {key: value for key, value in old.items() if key not in (*REVIEW_KEYS, "second")}
        for key, text in changes.items():
            _apply(new, key, text)
        if new == {key: value for key, value in old.items() if key not in (*REVIEW_KEYS, "second")}:
            raise UsageError(f"fact {case.fact.id}: nothing would change; accept it, or say what to set")
        coded = {"coded_on": self.reviewer.today, "coded_by": self.reviewer.name}
        is_new = any(key.startswith("anchor.") for key in changes)
        signed = {key: text for key, text in self._sign(case).items() if not (is_new and key == "reviewed_text")}
        told = self._tell(case, note, is_confirmed="reviewed_text" in signed)
        quoted = {} if is_new else _quote_anew(new, case)
        revision.set_keys(case.fact.place, {"superseded_on": self.reviewer.today})
        revision.add_entry(_order_keys({**new, **quoted, **coded, **signed, **told}))
        return self._write("edited", case, revision)

    def reject(self, case: Case, reason: str) -> Done:
        """Withdraw a fact with the reason; where none of its question is left, say that it is not checked."""
        if not reason.strip():
            raise UsageError(f"fact {case.fact.id}: a rejection needs its reason")
        revision = self._open(case)
        # The hash of words that were rejected confirms nothing: it stands in the words of the rejection.
        told = self._tell(case, f"rejected: {reason}", is_confirmed=False)
        ended = {"reviewed_on": self.reviewer.today, "reviewed_by": self.reviewer.name, **told}
        place = _review(revision, case.fact.place, ended)
        revision.set_keys(place, {"superseded_on": self.reviewer.today})
        question = case.fact.question
        if not any(one["question"] == question and "superseded_on" not in one for one in revision.entries):
            revision.add_entry(self._leave_open(case, reason))
        return self._write("rejected", case, revision)

    def note(self, case: Case, words: str) -> Done:
        """Add words to a fact, with day and name; how it stands is left as it is."""
        if not words.strip():
            raise UsageError(f"fact {case.fact.id}: expected the words of a note, found none")
        revision = self._open(case)
        told = self._tell(case, words, is_confirmed=False)
        revision.set_keys(case.fact.place, _add_words(revision.entries[case.fact.place], told))
        return self._write("noted", case, revision)

    def code_second(self, case: Case, value: str) -> Done:
        """Record what a second coder made of the same law; raises UsageError for the first coder, or a third coding."""
        fact = case.fact
        if fact.coded_by == self.reviewer.name:
            raise UsageError(f"fact {fact.id} was coded by {fact.coded_by}: the second coder must be somebody else")
        if fact.second is not None:
            raise UsageError(f"fact {fact.id} was coded by a second coder already: {fact.second.coded_by}")
        revision = self._open(case)
        coded = {"coded_on": self.reviewer.today, "coded_by": self.reviewer.name}
        revision.set_keys(fact.place, {"second": {"value": parse_answer(fact.question, value), **coded}})
        return self._write("coded", case, revision)

    def undo(self) -> Done | None:
        """Take the last decision back and return it; None where there is none, ChangedFileError if others wrote."""
        if not self.done:
            return None
        last = self.done[-1]
        replace_file(last.path, last.after, last.before)
        self.files[last.path] = last.before
        return self.done.pop()

    def _open(self, case: Case) -> Revision:
        path = Path(case.fact.file)
        return Revision(path, self.files[path])

    def _write(self, verb: Verb, case: Case, revision: Revision) -> Done:
        after = revision.write()
        done = Done(verb, case.fact, revision.path, revision.before, after)
        self.files[revision.path] = after
        self.done.append(done)
        return done

    def _sign(self, case: Case) -> Entry:
        """Say who reviewed, when, and by which words, if these can confirm anything."""
        signed = {"reviewed_on": self.reviewer.today, "reviewed_by": self.reviewer.name}
        step = case.standing.step
        return signed if case.standing.barrier or step is None else {**signed, "reviewed_text": step.text_hash}

    def _tell(self, case: Case, words: str, *, is_confirmed: bool) -> Entry:
        """Return a reviewer's words with day and name, and with the text seen where nothing else records it."""
        if not words.strip():
            return {}
        step = case.standing.step
        seen = "" if is_confirmed or step is None else f" [text {step.text_hash[:SHOWN_DIGITS]}]"
        return {"review_note": f"{self.reviewer.today} {self.reviewer.name}{seen}: {' '.join(words.split())}"}

    def _leave_open(self, case: Case, reason: str) -> Entry:
        entry = {
            "question": case.fact.question,
            "value": "not_checked",
            "note": f"An answer was rejected on review: {' '.join(reason.split())}",
            "coded_on": self.reviewer.today,
            "coded_by": self.reviewer.name,
        }
        return {**entry, "replica": True} if case.fact.replica else entry


def parse_answer(question: str, text: str) -> Any:
    """Read an answer as a person types it: an id, several joined by "+" or ",", yes or no, a number, words.

    What does not fit the question comes back as it is: the check of the file names it.
    """
    return text if text in GAPS else _parse(map_questions()[question].type, text)


def _parse(kind: AnswerType, text: str) -> Any:
    if kind == "boolean":
        return True if text.lower() in YES else False if text.lower() in NO else text
    if kind == "choices":
        return _split(text)
    if kind == "number":
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text
    return text


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("+", ",").split(",") if part.strip()]


def _review(revision: Revision, place: int, keys: Entry, quoted: Entry | None = None) -> int:
    """Record a review: the first in the entry itself, a later one in an entry added, with its words quoted anew.

    Returns the entry's place.
    """
    old = revision.entries[place]
    if "reviewed_on" not in old:
        revision.set_keys(place, _add_words(old, keys))
        return place
    kept = {key: value for key, value in old.items() if key not in REVIEW_KEYS}
    revision.set_keys(place, {"superseded_on": keys["reviewed_on"]})
    revision.add_entry(_order_keys({**kept, **(quoted or {}), **keys}))
    return len(revision.entries) - 1


def _quote_anew(entry: Entry, case: Case) -> Entry:
    """Return an entry's anchor with the words as they stand now, where they moved; nothing where they did not."""
    step = case.standing.step
    if step is None or step.state != "needs_review" or case.standing.barrier or "anchor" not in entry:
        return {}
    return {"anchor": {"document": step.document, **({"eid": step.eid} if step.eid else {}), "quote": step.quote}}


def _add_words(old: Entry, keys: Entry) -> Entry:
    """Return the keys with the words of a note behind those an entry has."""
    if "review_note" not in old or "review_note" not in keys:
        return keys
    return {**keys, "review_note": f"{old['review_note']} {keys['review_note']}"}


def _apply(entry: Entry, key: str, text: str) -> None:
    """Set a key of an entry to what a person typed; raises UsageError for a key that is not theirs to set."""
    outer, _, inner = key.partition(".")
    question = map_questions()[entry["question"]]
    details = {detail.id: detail.type for detail in question.details}
    if outer == "scope" and inner in DIMENSIONS:
        _set_part(entry, outer, inner, _split(text))
    elif outer == "anchor" and key in SETTABLE:
        _set_part(entry, outer, inner, text)
    elif outer == "details" and inner in details:
        _set_part(entry, outer, inner, _parse(details[inner], text) if text else None)
    elif key not in SETTABLE:
        known = [*SETTABLE, *(f"scope.{name}" for name in question.scope), *(f"details.{name}" for name in details)]
        raise UsageError(f"--set {key}: expected one of {' '.join(known)}")
    elif not text:
        entry.pop(key, None)
    elif key == "searched":
        entry[key] = [part.strip() for part in text.split(";")]
    else:
        entry[key] = parse_answer(question.id, text) if key in ("value", "reverts_to") else text


def _set_part(entry: Entry, outer: str, inner: str, value: Any) -> None:
    """Set one part of a mapping, or remove it where nothing is given; an empty mapping goes."""
    parts = {**entry.get(outer, {}), inner: value}
    kept = {name: part for name, part in parts.items() if part not in (None, [], "")}
    if kept:
        entry[outer] = kept
    else:
        entry.pop(outer, None)


def _order_keys(entry: Entry) -> Entry:
    """Return an entry with its keys in the order the schema describes them."""
    return {key: entry[key] for key in _list_keys() if key in entry}


@lru_cache(maxsize=1)
def _list_keys() -> tuple[str, ...]:
    schema = json.loads(share_path("schemas", "fact.schema.json").read_bytes())
    return tuple(schema["$defs"]["fact"]["properties"])
