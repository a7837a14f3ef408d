"""A small moving web whose true changes are known: invented law in seven layouts, restless frames, and false answers.

``Site`` holds the law of one publisher and renders it, each time with other noise; ``FAULTS`` are answers with status
200 that are not the rule. ``Follower`` reads such answers as a build does and tells, wave by wave, what was reported.
"""

import copy
import hashlib
import random
import re
from datetime import UTC, datetime, timedelta
from html import escape
from typing import NamedTuple

from kb.build import see_page
from kb.compare.state import SourceState
from kb.compare.track import track_wave
from kb.models import Fetch, Wave
from kb.sources import parse_source

BODIES = ("A kennel", "The warden", "An apiary keeper", "A ferry operator", "The harbor panel", "A licensed chandler",
          "A seed merchant", "The commissioner", "A millwright", "A guide")  # fmt: skip
DUTIES = ("shall", "must", "may", "shall not", "may not")
DEEDS = ("keep a ledger of every animal received", "post the permit beside the main entrance",
         "weigh each sack before sale", "inspect the moorings after a storm", "file a plan of the premises",
         "report a loss of stock to the county", "renew the bond", "label every jar with the lot",
         "admit an inspector during business", "carry a lantern on the foredeck")  # fmt: skip
TERMS = ("within {n} days of arrival", "for at least {n} months", "unless the panel has waived it in order {n}",
         "where more than {n} persons are employed", "on form {n}", "before the {n}th week of the season")  # fmt: skip
SUBJECTS = ("Ledgers", "Permits", "Weights", "Moorings", "Plans", "Losses", "Bonds", "Labels", "Inspections", "Lights",
            "Fees", "Definitions", "Seasons", "Crews")  # fmt: skip
NOTICES = ("The county fair opens its gates on Friday", "Volunteers sought for the spring clean-up",
           "New telephone numbers for regional offices", "Read our newsletter about coastal birds",
           "Office hours are shorter this summer", "Download the mobile map of trails",
           "Photographs of the old courthouse are on display", "Comments on the draft budget are welcome")  # fmt: skip
BANNER = "Some services of this portal will be slow while we move to new machines."
FIRST_DAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Section(NamedTuple):
    """One numbered section: its number, heading, paragraphs and history note."""

    number: str
    heading: str
    paragraphs: tuple[str, ...]
    history: str


def write_sentence(dice):
    term = dice.choice(TERMS).format(n=dice.randint(2, 90))
    return f"{dice.choice(BODIES)} {dice.choice(DUTIES)} {dice.choice(DEEDS)} {term}."


def write_section(dice, number):
    paragraphs = tuple(
        " ".join(write_sentence(dice) for _ in range(dice.randint(1, 3))) for _ in range(dice.randint(2, 5))
    )
    return Section(number, dice.choice(SUBJECTS), paragraphs, f"[{dice.randint(1980, 2020)} c. {dice.randint(1, 400)}]")


# -- layouts: each returns the content box of a page, and takes its noise from ``restless`` --------------------------


def show_definition_list(sections, restless):
    rows = "".join(
        f"<dt>Rule {one.number}. {escape(one.heading)}</dt>"
        + "".join(f"<dd>({at}) {escape(text)}</dd>" for at, text in enumerate(one.paragraphs, 1))
        + f"<dd><i>{one.history}</i></dd>"
        for one in sections
    )
    return f"<div class=body><p>Viewed {restless.count:,} times by readers</p><dl>{rows}</dl></div>"


def show_preformatted(sections, restless):
    lines = []
    for one in sections:
        lines += [f"Sec. {one.number}  {one.heading.upper()}.", ""]
        for letter, text in zip("ABCDEFGH", one.paragraphs, strict=False):
            lines += [f"   {letter}. {text}", ""]
        lines += [one.history, ""]
    return f"<pre>Last reviewed {restless.day}\n\n{escape(chr(10).join(lines))}</pre>"


def show_div_soup(sections, restless):
    out = [f"<div class=n>{restless.notice}</div>"]
    for one in sections:
        out.append(f"<div><div><b>{one.number}</b> <b>{one.heading}</b></div>")
        out += [f"<div>({'abcdefgh'[at]}) {escape(text)}</div>" for at, text in enumerate(one.paragraphs)]
        out.append(f"<div>{one.history}</div></div>")
    return f"<div id=w><div id=c>{''.join(out)}</div></div>"


def show_word(sections, restless):
    style = "style='margin:0in;mso-line-height-rule:exactly'"
    out = [f"<p class=MsoNormal {style}>{restless.banner}<o:p></o:p></p>"] if restless.banner else []
    for one in sections:
        head = f"&#167;&nbsp;{one.number}.&nbsp; {one.heading}."
        out.append(f"<p class=MsoHeading7 {style}><b><span lang=EN-US>{head}<o:p></o:p></span></b></p>")
        for at, text in enumerate(one.paragraphs, 1):
            out.append(f"<p class=MsoNormal {style}><span style='font-size:11.0pt'>({at}) {escape(text)}</span></p>")
        out.append(f"<p class=MsoNormal {style}><i>{one.history}</i></p>")
    return f"<div class=WordSection1>{''.join(out)}</div>"


def show_table(sections, restless):
    rows = [f"<tr><td colspan=2>Printed for visitor {restless.token}</td></tr>"]
    for one in sections:
        rows.append(f"<tr><td><b>R{one.number}</b></td><td><b>{one.heading}</b></td></tr>")
        rows += [f"<tr><td>({at})</td><td>{escape(text)}</td></tr>" for at, text in enumerate(one.paragraphs, 1)]
        rows.append(f"<tr><td></td><td>{one.history}</td></tr>")
    return f"<table width=100% border=0>{''.join(rows)}</table>"


def show_stamped(sections, restless):
    out = []
    for one in sections:
        out.append(f"<section><h4>{one.number} {one.heading}</h4>")
        out += [f"<p>{at}. {escape(text)}</p>" for at, text in enumerate(one.paragraphs, 1)]
        stamp = f"<small>Section checked {restless.day}, {restless.clock}</small>"
        out.append(f"<p>{one.history}</p><p>{stamp}</p></section>")
    return f"<main>{''.join(out)}</main>"


def show_lists(sections, restless):
    out = [f"<p>Page last reviewed: {restless.day}</p>"]
    for one in sections:
        items = "".join(f"<li>{escape(text)}</li>" for text in one.paragraphs)
        out.append(f"<h3>&sect;{one.number} {one.heading}</h3><ol type=a>{items}</ol><p class=src>{one.history}</p>")
    return f"<div role=main>{''.join(out)}</div>"


LAYOUTS = {
    "definitions": show_definition_list,
    "preformatted": show_preformatted,
    "soup": show_div_soup,
    "word": show_word,
    "table": show_table,
    "stamped": show_stamped,
    "lists": show_lists,
}


class Restless:
    """What moves at every visit: a day, a clock, a counter, a token, a notice, and the banner while it stands."""

    def __init__(self, dice, wave, *, banner):
        self.day = (FIRST_DAY + timedelta(days=7 * wave)).strftime("%-d %B %Y")
        self.clock = f"{dice.randint(0, 23)}:{dice.randint(0, 59):02}"
        self.count = 1000 + 400 * wave + dice.randint(1, 399)
        self.token = f"{dice.getrandbits(40):010x}"
        self.notice = dice.choice(NOTICES)
        self.banner = BANNER if banner else ""


class Site:
    """One publisher: chapters of sections by slug, rendered in one layout inside a frame with menu, form and footer."""

    def __init__(self, layout, seed=1, chapters=10):
        self.layout = layout
        self.dice = random.Random(f"{layout} {seed}")  # noqa: S311 - invented law, no secret
        self.root = f"https://{layout}.example.gov/law/"
        self.skin = ""
        self.banner = False
        self.law = {}
        for chapter in range(1, chapters + 1):
            numbers = (f"{chapter + 10}-{100 + 3 * at}" for at in range(self.dice.randint(3, 6)))
            self.law[f"title-{chapter}"] = [write_section(self.dice, number) for number in numbers]

    def url(self, slug):
        return f"{self.root}{slug}.html"

    def list_page(self, slugs=None):
        links = "".join(f'<li><a href="{slug}.html">{slug}</a></li>' for slug in (self.law if slugs is None else slugs))
        return self.frame(f"<div class=toc><ul>{links}</ul></div>", "Contents")

    def page(self, slug, wave):
        restless = Restless(self.dice, wave, banner=self.banner)
        return self.frame(LAYOUTS[self.layout](self.law[slug], restless), slug)

    def frame(self, box, title):
        """Return a whole page round a content box: menu, search form, footer, session names."""
        token = f"{self.dice.getrandbits(48):012x}"
        menu = "".join(f'<td><a href="/{word.lower()}?s={token}">{word}</a></td>' for word in SUBJECTS)
        return (
            f"<html><head><title>{title}</title><script>var s='{token}'</script></head><body{self.skin}>"
            f"<table class=menu><tr>{menu}</tr></table><form action=/find><input name=q value={token}></form>"
            f"{box}<div class=foot>State of Example, Hall of Records, {token}</div></body></html>"
        ).encode()

    def show_all(self, wave):
        """Return what every address of the site answers now, the list of them first."""
        return {self.root: self.list_page(), **{self.url(slug): self.page(slug, wave) for slug in self.law}}

    def amend(self, slug, at=0):
        """Let one number of a section be another; returns the address."""
        one = self.law[slug][at]
        place = next(place for place, text in enumerate(one.paragraphs) if re.search(r"\d+", text))
        text = re.sub(r"\d+", lambda found: str(int(found[0]) + 100), one.paragraphs[place], count=1)
        self.law[slug][at] = one._replace(paragraphs=(*one.paragraphs[:place], text, *one.paragraphs[place + 1 :]))
        return self.url(slug)


# -- answers with status 200 that are not the rule --------------------------------------------------------------------


def find_box(body):
    """Return the content of a page's box, as (start, end) in its bytes."""
    return body.index(b"</form>") + 7, body.index(b"<div class=foot>")


def put_in_box(site, slug, wave, text):
    body = site.page(slug, wave)
    start, end = find_box(body)
    return body[:start] + text.encode() + body[end:]


def answer_short_404(site, slug, wave):
    return b"<html><head><title>Oops</title></head><body><h2>Nothing lives at this address</h2></body></html>"


def answer_framed_404(site, slug, wave):
    ways = "".join(f"<li><a href='/{word}'>{word} of the county and how to reach them</a></li>" for word in SUBJECTS)
    return put_in_box(
        site, slug, wave,
        "<div class=body><h1>We looked everywhere</h1><p>The document you asked for has wandered off, or never was."
        f" Perhaps one of these helps:</p><ul>{ways}</ul><form><input name=q><p>Search all of the portal</p></form>"
        "<p>If a colleague sent you here, tell them that their bookmark is stale.</p></div>",
    )  # fmt: skip


def answer_echoing_404(site, slug, wave):
    return put_in_box(site, slug, wave, f"<div><h1>Sorry!</h1><p>We have no page called /law/{slug}.html.</p></div>")


def answer_captcha(site, slug, wave):
    token = site.dice.getrandbits(64)
    return (
        "<html><body><div id=px><h1>One more step</h1><p>Press and hold the button to show that you are a person and"
        f" not a machine.</p><p>Reference {token:016x}</p><noscript>Turn on scripts.</noscript></div></body></html>"
    ).encode()


def answer_firewall(site, slug, wave):
    return (
        "<html><head><title>Request rejected</title></head><body>The URL asked for was turned away. Quote this number"
        f" to your administrator: {site.dice.getrandbits(63)}<br><br><a href='javascript:history.back();'>[Go Back]</a>"
        "</body></html>"
    ).encode()


def answer_maintenance(site, slug, wave):
    return put_in_box(
        site, slug, wave,
        "<div id=w><div id=c><h1>Back on Monday</h1><p>Our crew is replacing parts of the library this weekend."
        " Thank you for your patience while the shelves are dusted.</p></div></div>",
    )  # fmt: skip


def answer_login(site, slug, wave):
    return put_in_box(
        site, slug, wave,
        "<div><h1>Members' entrance</h1><form method=post><label>User</label><input name=u><label>Pass phrase</label>"
        "<input type=password name=p><input type=submit value=Enter></form><p>Ask your librarian for a card.</p></div>",
    )  # fmt: skip


def answer_empty(site, slug, wave):
    return b""


def answer_empty_box(site, slug, wave):
    return put_in_box(site, slug, wave, "<div class=body></div>")


def cut_bytes(site, slug, wave):
    body = site.page(slug, wave)
    start, end = find_box(body)
    return body[: start + (end - start) * 2 // 3]


def cut_sentence(site, slug, wave):
    """Break off within the last paragraph but one of the middle section, all tags closed."""
    kept = site.law[slug]
    middle = len(kept) // 2
    one = kept[middle]
    broken = " ".join(one.paragraphs[-2].split(" ")[:7])
    site.law[slug] = [*kept[:middle], one._replace(paragraphs=(*one.paragraphs[:-2], broken), history="")]
    try:
        return site.page(slug, wave)
    finally:
        site.law[slug] = kept


def cut_sections(site, slug, wave):
    """End after the first paragraph of many, all tags closed."""
    kept = site.law[slug]
    site.law[slug] = [kept[0]._replace(paragraphs=kept[0].paragraphs[:1], history="")]
    try:
        return site.page(slug, wave)
    finally:
        site.law[slug] = kept


def add_conflict(site, slug, wave):
    body = site.page(slug, wave)
    start, end = find_box(body)
    half = start + (end - start) // 2
    at = body.index(b" ", half)
    return body[:at] + b"\n&lt;&lt;&lt;&lt;&lt;&lt;&lt; HEAD\n" + body[at:end] + b"\n=======\n" + body[end:]


def show_twice(site, slug, wave):
    kept = site.law[slug]
    site.law[slug] = [one for section in kept for one in (section, section)]
    try:
        return site.page(slug, wave)
    finally:
        site.law[slug] = kept


def answer_home(site, slug, wave):
    notices = "".join(f"<h3>{text}</h3><p>{text}, and all are invited to come and see.</p>" for text in NOTICES)
    return put_in_box(site, slug, wave, f"<div class=home><h1>Welcome to the Hall of Records</h1>{notices}</div>")


def answer_first_page(site, slug, wave):
    return site.page(next(iter(site.law)), wave)


FAULTS = {
    "short 404": answer_short_404,
    "framed 404": answer_framed_404,
    "echoing 404": answer_echoing_404,
    "captcha": answer_captcha,
    "firewall": answer_firewall,
    "maintenance": answer_maintenance,
    "login": answer_login,
    "empty": answer_empty,
    "empty box": answer_empty_box,
    "cut bytes": cut_bytes,
    "cut sentence": cut_sentence,
    "cut sections": cut_sections,
    "conflict": add_conflict,
    "twice": show_twice,
    "home": answer_home,
    "first page": answer_first_page,
}


# -- following --------------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What one wave reported: addresses with rule changes (one entry a change), events, what was learned."""

    rules: list[str]
    events: list[tuple[str, int]]
    learned: list[str]
    result: object

    @property
    def incidents(self):
        """Return how many pages each incident of the wave covers."""
        return [pages for kind, pages in self.events if kind == "incident"]


def is_rule(change):
    return change.part in ("text", "heading") and change.nature == "substantive"


class Follower:
    """Read a site's answers as a build does, one wave a week. A number stands for an answer without a page."""

    def __init__(self, site, **declared):
        body = {"id": f"us-xx-{site.layout}", "jurisdiction": "us-xx", "platform": "index", "start": [site.root]}
        self.source = parse_source({**body, **declared}, "a test")
        self.state = SourceState()
        self.readings = {}
        self.waves = 0

    def take(self, answers):
        """Take one wave of answers by address; returns what it told."""
        at = (FIRST_DAY + timedelta(days=7 * self.waves)).strftime("%Y-%m-%dT%H:%M:%SZ")
        fetches = tuple(self._fetch(seq, url, answers[url], at) for seq, url in enumerate(sorted(answers)))
        bodies = [answers[url] for url in sorted(answers)]
        wave = Wave(at, self.source.id, fetches)
        result = track_wave(
            self.source, self.state, wave, lambda fetch: see_page(bodies[fetch.seq], self.source, fetch),
            self.readings.__getitem__,
        )  # fmt: skip
        self.readings.update({version.version: version.reading for version in result.versions})
        self.waves += 1
        return Told(
            sorted(change.url for change in result.changes if is_rule(change)),
            sorted((event.kind, event.pages) for event in result.events),
            [one.text for one in result.learned],
            copy.copy(result),
        )

    def _fetch(self, seq, url, answer, at):
        page = isinstance(answer, bytes)
        return Fetch(
            seq=seq, run="run", source=self.source.id, url=url, observed_at=at, status=200 if page else answer,
            outcome="ok" if page else "missing", sha256=hashlib.sha256(answer).hexdigest() if page else None,
            media_type="text/html", charset="utf-8", size=len(answer) if page else 0, final_url=url,
        )  # fmt: skip
