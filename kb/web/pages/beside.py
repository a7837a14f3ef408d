"""Two documents side by side, mostly of two states: what they say alike, on the same subject, and each alone."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import quote, urlencode

import msgspec

from kb.compare.alike import Beside, set_beside
from kb.compare.eids import print_eid
from kb.consult import Choice, Moment, Question, choose_text
from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, find_target
from kb.models import Provision
from kb.store.knowledge import read_version
from kb.store.pages import SourceState, read_sources
from kb.tell.words import END_OF_TIME, STANDING_SENTENCES, link_document, parse_day, print_day
from kb.web.answer import Answer
from kb.web.pages.document import tell_withheld
from kb.web.pages.frame import Frame, read_frame, render, render_missing, show_sources
from kb.web.pages.history import tell_validity
from kb.web.pages.sides import TOO_LONG, Marked, mark_texts

LONGEST_NAME = 200
# Texts of more provisions, each, are not set beside each other: every one is held against every other.
MOST_SET_BESIDE = 600
SIDES = ("left", "right")


class Hand(msgspec.Struct, frozen=True, kw_only=True):
    """One side: its document, the text that answers for the day and how it stands, and why words are withheld."""

    target: Target
    choice: Choice
    standing: str
    validity: str
    withheld: str
    source: SourceState | None
    path: str
    provisions: tuple[Provision, ...]

    @property
    def place(self) -> str:
        """Return the jurisdiction of the document."""
        return self.target.document.partition("/")[0]


class Pairing(msgspec.Struct, frozen=True):
    """Two provisions set beside each other: where each stands, and their texts, marked where they are alike."""

    left_place: str
    right_place: str
    alike: bool
    marked: Marked
    left: str
    right: str


def view_beside(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/beside?left=&right=" and "/d/<document>/beside/<other>": two texts of a day with like parts paired.

    Both documents are named by id or by citation in any usual form; ``as_of`` is the law's day, by default today.
    """
    frame = read_frame(db, asked)
    given = {name: asked.get(name, "").strip() for name in SIDES}
    day = parse_day(asked.get("as_of", "") or frame.today)
    errors = [f"{name}: give a document’s id or citation" for name in SIDES if not given[name]]
    errors += [f"{name}: longer than any citation" for name in SIDES if len(given[name]) > LONGEST_NAME]
    if day is None:
        errors.append(f"as_of: “{asked['as_of'][:LONGEST_NAME]}” is no date; write it as 2024-07-01")
    if errors or day is None:
        if not any(given.values()) and day is not None:
            return render("beside.html", frame, hands=None, given=given, day=day, asked=asked)
        return render_missing(frame, "We cannot read this question", errors, status=400)
    try:
        targets = [find_target(db, given[name]) for name in SIDES]
    except (NotFoundError, AmbiguousCitationError) as error:
        return render_missing(frame, "No such document", str(error).splitlines())
    hands = [_make_hand(db, target, day) for target in targets]
    return _render_beside(frame, hands, day, asked)


def _make_hand(db: sqlite3.Connection, target: Target, day: date) -> Hand:
    moment = Moment(day, END_OF_TIME)
    choice = choose_text(db, target, Question(moment=moment, now=moment))
    version = choice.version
    source = None if version is None else next(iter(read_sources(db, version.source)), None)
    withheld = tell_withheld(source)
    provisions = () if version is None or withheld else read_version(db, version.version).provisions
    if len(provisions) > MOST_SET_BESIDE:
        withheld, provisions = TOO_LONG, ()
    return Hand(
        target=target,
        choice=choice,
        standing=STANDING_SENTENCES[choice.state].format(day=print_day(choice.since)),
        validity="" if version is None else tell_validity(version),
        withheld=withheld,
        source=source,
        path=link_document(target.document, "", day),
        provisions=provisions,
    )


def _render_beside(frame: Frame, hands: Sequence[Hand], day: date, asked: Mapping[str, str]) -> Answer:
    left, right = hands
    rows = set_beside(left.provisions, right.provisions)
    paired = [row for row in rows if row.left is not None and row.right is not None]
    path = link_beside(left.target.document, right.target.document, day if asked.get("as_of") else None)
    answer = render(
        "beside.html",
        msgspec.structs.replace(
            show_sources(frame, {hand.source.source for hand in hands if hand.source is not None}),
            as_of=day.isoformat(),
        ),
        hands=hands,
        given={"left": left.target.citation, "right": right.target.citation},
        day=day,
        asked=asked,
        alike=[_mark_pair(row) for row in paired if row.alike],
        subjects=[_mark_pair(row) for row in paired if not row.alike],
        alone_left=[row.left for row in rows if row.right is None],
        alone_right=[row.right for row in rows if row.left is None],
        turned=link_beside(right.target.document, left.target.document, day if asked.get("as_of") else None),
    )
    return msgspec.structs.replace(answer, headers={"Link": f'<{path}>; rel="canonical"'})


def _mark_pair(row: Beside) -> Pairing:
    left, right = _say(row.left), _say(row.right)
    return Pairing(
        print_eid(row.left.eid) if row.left is not None else "",
        print_eid(row.right.eid) if row.right is not None else "",
        row.alike,
        mark_texts(left, right if row.alike else left),
        left,
        right,
    )


def _say(part: Provision | None) -> str:
    return "" if part is None else "\n".join(text for text in (part.heading, part.text) if text)


def link_beside(left: str, right: str, day: date | None = None) -> str:
    """Return the path of two documents side by side, as of a day or (None) of today."""
    query = f"?{urlencode({'as_of': day.isoformat()})}" if day is not None else ""
    return f"/d/{quote(left, safe='/:()')}/beside/{quote(right, safe='/:()')}{query}"
