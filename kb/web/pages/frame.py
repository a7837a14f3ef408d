"""The frame every page stands in: what edition it shows, as of when, and the template that prints it."""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from kb.store.pages import Edition, read_edition
from kb.tell import words
from kb.tell.printing import make_environment
from kb.web.answer import Answer
from kb.web.pages import answer_words
from kb.web.pages.navigation import ROUTES

TEMPLATES = Path(__file__).parents[1] / "templates"
PAGE_SIZE = 50
# What may help who asked for what is not there.
WAY_ON = "Search by citation or words, or go on from the bar above; /kb lists the tables and ready-made questions."
# "12"; longer numbers are no page of ours
PAGE_NUMBER = re.compile(r"[1-9]\d{0,5}")


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What every page says of itself: the law's date, our knowledge's, the last check and the edition shown."""

    edition: Edition
    today: str
    as_of: str
    known_at: str
    last_checked: str
    shows_replica: bool = False


class Slice(msgspec.Struct, frozen=True):
    """Which part of a long list is shown: its page number, and how many entries there are in all."""

    page: int
    total: int
    size: int = PAGE_SIZE

    @property
    def first(self) -> int:
        """Return the number of the first entry shown, counted from 1."""
        return min((self.page - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        """Return the number of the last entry shown."""
        return min(self.page * self.size, self.total)

    @property
    def offset(self) -> int:
        """Return how many entries stand before."""
        return (self.page - 1) * self.size


def read_frame(db: sqlite3.Connection, asked: Mapping[str, str]) -> Frame:
    """Return the frame of a page; ``asked`` holds the day that is today as "today"."""
    edition = read_edition(db)
    today = asked["today"]
    return Frame(
        edition=edition,
        today=today,
        as_of=today,
        known_at=edition.published_at,
        last_checked=edition.last_checked,
    )


def show_sources(frame: Frame, sources: Iterable[str]) -> Frame:
    """Return the frame for a page that shows these sources: it says so where one of them is a paraphrase."""
    return msgspec.structs.replace(frame, shows_replica=not frame.edition.replicas.isdisjoint(sources))


def render(template: str, frame: Frame, *, status: int = 200, **values: object) -> Answer:
    """Print a page; returns the answer to send."""
    return Answer(status, ENVIRONMENT.get_template(template).render(frame=frame, **values))


def render_errors(template: str, frame: Frame, errors: Sequence[str], **values: object) -> Answer:
    """Print a page whose filters may hold errors, which it names: its status tells whether there are any."""
    page = render(template, frame, status=400 if errors else 200, errors=errors, **values)
    trouble = ("These filters cannot be read", *errors) if errors else ()
    return msgspec.structs.replace(page, trouble=trouble)


def render_missing(frame: Frame, title: str, lines: Sequence[str], *, status: int = 404) -> Answer:
    """Print the page for something there is not: what was asked, why it cannot be shown and what there is."""
    page = render("missing.html", frame, status=status, title=title, lines=[words.link_advice(line) for line in lines])
    return msgspec.structs.replace(page, trouble=(title, *lines))


def render_plain(status: int, title: str, words: str, *, more: str = "", commands: Sequence[str] = ()) -> Answer:
    """Print a page that needs no edition: trouble in a sentence, what to run if anything helps, and a way on."""
    page = ENVIRONMENT.get_template("plain.html")
    more = more or (WAY_ON if status in (400, 404) else "")
    body = page.render(frame=None, title=title, words=words, more=more, commands=commands)
    return Answer(status, body, trouble=(title, words, *commands))


def render_json(body: Mapping[str, object], status: int = 200) -> Answer:
    """Return an answer in JSON, indented so that a person can read it too."""
    text = msgspec.json.format(msgspec.json.encode(body)).decode()
    return Answer(status, f"{text}\n", "application/json; charset=utf-8")


def read_page_number(asked: Mapping[str, str]) -> int:
    """Return the page of a long list that is asked for, the first where none is."""
    text = asked.get("page", "")
    return int(text) if PAGE_NUMBER.fullmatch(text) else 1


@pass_context
def _name_jurisdiction(context: Context, jurisdiction: str) -> str:
    frame: Frame = context["frame"]
    return frame.edition.names.get(jurisdiction) or jurisdiction.upper()


def _dress_environment() -> Environment:
    environment = make_environment(TEMPLATES)
    environment.filters |= {
        "day": words.mark_day,
        "instant": words.print_instant,
        "stated": answer_words.print_stated,
        "opening": answer_words.open_sentence,
        "shorten": answer_words.shorten,
        "weigh": words.weigh,
        "jurisdiction": _name_jurisdiction,
        # Redlines are markup of ours round escaped text, made when the generation was published.
        "ours": Markup,
    }
    environment.globals |= {
        "cite": words.cite,
        "is_routed": ROUTES.answer,
        "list_bar": ROUTES.list_bar,
        "say_id": words.say_id,
        "name_page": words.name_page,
        "link_document": words.link_document,
        **{
            name: value
            for name, value in (vars(words) | vars(answer_words)).items()
            if name.endswith(("_LABELS", "_MARKS", "_SENTENCES", "_STATES"))
        },
    }
    return environment


ENVIRONMENT = _dress_environment()
