"""The report of a time, as subscribers get it: what moved, what to do by when, and what could not be checked."""

import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta

from kb.compare.redline import redline_html
from kb.errors import UsageError
from kb.stories import MOST_CHANGES, Period, bound_days, find_first_day, list_period, make_report, read_almanac
from kb.tell.follow import ANY, FIELDS, Follow, describe_follow, list_terms, parse_follow
from kb.tell.forms import render_json, render_markdown, render_text, space_marks
from kb.tell.story import Links, Report
from kb.tell.view import lay_out
from kb.tell.words import parse_day
from kb.web.answer import Answer
from kb.web.pages.filters import write_path
from kb.web.pages.frame import Frame, read_frame, render, render_missing, show_sources

DAYS = 30
MOST_FULL = 60
# What the page itself lets one choose, one of each; addresses may hold more, and keep it.
SELECTS = ("jurisdiction", "topic", "profession")
MEDIA_TYPES = {
    "md": "text/markdown; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json; charset=utf-8",
}


def view_report(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/report": what moved in a time (30 days unless asked otherwise), as subscribers get it.

    With ".txt", ".md" or ".json" behind it the same in that form.
    """
    frame = read_frame(db, asked)
    try:
        follow = read_choice(asked)
        since, until = read_period(asked, frame)
    except UsageError as error:
        return render_missing(frame, "This report cannot be made", [str(error)], status=400)
    first = find_first_day(db, [follow], since, until, MOST_CHANGES)
    chosen = {name: asked[name] for name in (*FIELDS, "since", "until") if asked.get(name)}
    before = {**chosen, "since": str(since), "until": str(first - timedelta(days=1))}
    links = Links(
        address=asked.get("address", ""),
        report=write_path("/report", chosen),
        earlier=write_path("/report", before) if first > since else "",
    )
    span = bound_days(first, until)
    stories = list_period(db, [follow], *span)
    period = Period(*span, date.fromisoformat(frame.today))
    made = make_report(read_almanac(db), [follow], period, stories, links)
    form = asked.get("form", "")
    if form:
        return Answer(200, write_form(made, form), MEDIA_TYPES[form])
    return _render(frame, made, follow, chosen)


def read_choice(asked: Mapping[str, str]) -> Follow:
    """Return the choice of an address: ids joined by commas; nature=any stands for all parts too."""
    given = {name: asked.get(name, "").split(",") for name in FIELDS}
    if ANY in given["nature"] and not asked.get("part"):
        given["part"] = [ANY]
    return parse_follow(given)


def read_period(asked: Mapping[str, str], frame: Frame) -> tuple[date, date]:
    """Return the first and the last day that are asked for; raises UsageError."""
    days: dict[str, date] = {}
    for name, usual in (("until", frame.today), ("since", "")):
        text = asked.get(name, "").strip() or usual
        if not text:
            continue
        day = parse_day(text)
        if day is None:
            raise UsageError(f"{name}: expected a day as 2026-01-31, found “{text[:40]}”")
        days[name] = day
    since = days.get("since") or days["until"] - timedelta(days=DAYS)
    if since > days["until"]:
        raise UsageError(f"since {since} is after until {days['until']}")
    return since, days["until"]


def write_form(report: Report, form: str) -> str:
    """Return a report as plain text, Markdown or JSON."""
    if form == "json":
        return render_json(report).decode()
    return render_text(report) if form == "txt" else render_markdown(report)


def _render(frame: Frame, report: Report, follow: Follow, chosen: Mapping[str, str]) -> Answer:
    return render(
        "report_page.html",
        show_sources(frame, {story.source for story in report.stories}),
        page=lay_out(report, lambda _: 0, MOST_FULL),
        described=describe_follow(follow),
        chosen=chosen,
        selects={name: list_terms(name) for name in SELECTS if "," not in chosen.get(name, "")},
        forms=[(form, write_path(f"/report.{form}", chosen)) for form in MEDIA_TYPES],
        subscribe=write_path("/subscribe", {name: value for name, value in chosen.items() if name in FIELDS}),
        changes=write_path("/changes", {name: value for name, value in chosen.items() if "," not in value}),
        redline=redline_html,
        space_marks=space_marks,
    )
