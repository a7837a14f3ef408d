"""Reports as e-mails of every kind keep the rules of e-mail, its size, and let no crawled text be more than words."""

import json
from datetime import date, timedelta
from email import message_from_bytes, policy

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from selectolax.lexbor import LexborHTMLParser

from bench.shots import find_browser, open_browser
from kb.share import share_path
from kb.tell.forms import render_html, render_json, render_markdown, render_text
from kb.tell.letters import Letter, begin_message, compose_note, finish_message
from kb.tell.mail import compose_report
from kb.tell.story import Ahead, Links, Watch
from kb.tell.view import LONGEST_SUBJECT, READ_THE_RULE, SECTIONS, judge, title_report
from kb.tell.words import print_day
from tests.hostile import ADDRESSES, PAYLOADS
from tests.mail_checks import LARGEST, LEAST_CONTRAST, list_contrasts, list_faults
from tests.test_report_words import TODAY, UNREAD, make_moved, make_report, make_story, make_touched

LETTER = Letter(
    sender="Status Quo <reports@law.example>",
    to="jo@example.org",
    reply="",
    message_id="<m1@law.example>",
    at="2026-11-28T07:00:00Z",
    stop="https://law.example/stop/t",
)
SOON, LATE = TODAY + timedelta(days=10), TODAY + timedelta(days=90)
LINKS = Links(
    address="https://law.example",
    report="/report?since=2026-10-29",
    manage="https://law.example/subscription/t",
    stop="https://law.example/stop/t",
)
OWN_HEADERS = {
    "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Id", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip
LONG = "No nurse may sign for the physician, whatever the register says of it. " * 40


def tell_one(number, day, place, fields):
    moved = make_moved(id=f"c{number}", citation=f"Code § {number}", effective_on=day, **fields)
    return make_story(moved, id=f"e{number}:x", event=f"e{number}", place=place)


def tell_all():
    """Return a report of everything that can happen."""
    stories = [
        make_story(
            make_moved(id=f"c{n}", citation=f"Code § {n}", effective_on=day, **fields),
            id=f"e{n}:x",
            event=f"e{n}",
            place=place,
        )
        for n, (day, place, fields) in enumerate(
            [
                (SOON, "Texas", {"touched": (make_touched(quote_stands=True, action="Report within 15 days."),)}),
                (LATE, "Texas", {"part": "pending"}),
                (None, "Oregon", {"is_cut": True, "old_text": "", "new_text": ""}),
                (TODAY, "Oregon", {"old_text": LONG, "new_text": LONG.replace("nurse", "clerk")}),
                (None, "Idaho", {"binding": "proposal", "kind": "added", "old_text": ""}),
                (None, "Idaho", {"nature": "editorial"}),
                (None, "Utah", {"part": "note", "strand": "mirror", "url": "javascript:run(1)"}),
                (None, "Utah", {"touched": (make_touched(state="broken", effect="gone"),)}),
            ]
        )
    ]
    ahead = Ahead(day=SOON, jurisdiction="us-tx", place="Texas", sentence="§ 1 takes effect", path="/d/us-tx/a/1")
    watch = Watch(checked=3, unread=(UNREAD,) * 25, last_checked="2026-11-28T06:00:00Z", resting=2)
    return make_report(*stories, ahead=(ahead,), watch=watch, follows=("Texas · all topics",), links=LINKS)


KINDS = {
    "everything": tell_all(),
    "one change": make_report(make_story(), links=LINKS),
    "nothing moved": make_report(links=LINKS),
    "nothing read": make_report(watch=Watch(checked=0, unread=(UNREAD,) * 30, last_checked=""), links=LINKS),
    "many": make_report(
        *(make_story(make_moved(citation=f"Code § {n}"), id=f"e{n}:x", event=f"e{n}") for n in range(300)), links=LINKS
    ),
    "no address": make_report(make_story(make_moved(touched=(make_touched(),))), links=Links()),
}
NOTE = message_from_bytes(
    compose_note("Start your reports?", ["First.", "Second."], "https://law.example/x", "Confirm on the site", LETTER),
    policy=policy.default,
)
NOTE_HTML = NOTE.get_body(("html",)).get_content()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_report_keeps_the_rules_of_mail(kind):
    assert [] == list_faults(render_html(KINDS[kind]))


def test_note_keeps_the_rules_of_mail():
    assert [] == list_faults(NOTE_HTML)


def test_colours_of_mails_can_be_read_in_both_themes():
    assert {} == {name: ratio for name, ratio in list_contrasts().items() if ratio < LEAST_CONTRAST}
    assert len(list_contrasts()) > 12


def test_rules_of_mail_find_faults():
    head = "<html><head><title></title><style>p{}</style></head>"
    bad = f"{head}<body onload=x><img src=x><a href='x'>here</a></body></html>"

    assert len(list_faults(bad)) > 8


# --- what it says


def test_sections_stand_by_urgency():
    urgencies = [judge(story, TODAY) for story in KINDS["everything"].stories]
    heads = [node.text() for node in LexborHTMLParser(render_html(KINDS["everything"])).css("h2")]

    assert ["act", "coming", "force", "force", "proposed", "other", "other", "force"] == urgencies
    assert list(SECTIONS.values()) == heads[: len(SECTIONS)]


def test_every_form_says_the_same():
    report = KINDS["everything"]
    told = LexborHTMLParser(render_html(report)).css("h3")
    text, marked = render_text(report), render_markdown(report)
    flat = " ".join(text.split())

    for head in (" ".join(node.text().split()) for node in told):
        assert head in flat
        assert head.split(":")[0] in marked
    for words in (READ_THE_RULE, "Report within 15 days.", print_day(SOON), "What we could not check"):
        assert words in flat
        assert words in marked.replace("\\", "")


def test_text_part_is_whole_and_keeps_its_width():
    lines = render_text(KINDS["everything"]).splitlines()

    assert [] == [line for line in lines if len(line) > 72 and "http" not in line]
    assert any("https://law.example/stop/t" in line for line in lines)


def test_without_a_coded_duty_the_report_says_to_read_the_rule():
    assert READ_THE_RULE in render_text(KINDS["one change"])


def test_words_of_editions_with_rights_of_others_stand_in_no_form():
    words = "HIDDENWORDS"
    report = make_report(make_story(make_moved(is_cut=True, old_text=f"a {words}", new_text=f"b {words}")))
    forms = (render_html(report), render_text(report), render_markdown(report), render_json(report).decode())

    assert not any(words in form for form in forms)


@pytest.mark.parametrize("kind", KINDS)
def test_json_of_every_kind_fits_its_schema(kind):
    schema = json.loads(share_path("schemas", "report.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)

    assert [] == [
        error.message for error in Draft202012Validator(schema).iter_errors(json.loads(render_json(KINDS[kind])))
    ]


# --- how large it grows


@pytest.mark.parametrize("count", [0, 1, 10, 100, 1_000, 10_000])
@pytest.mark.parametrize("long", [False, True])
def test_mail_of_any_number_of_changes_stays_small_and_counts_them_all(count, long):
    text = LONG if long else "A clinic shall report."
    moves = [make_moved(id=f"c{n}", new_text=text, citation=f"Code § {n}") for n in range(count)]
    stories = [make_story(one, id=f"e{n}:x", event=f"e{n}", place=f"Place {n % 50}") for n, one in enumerate(moves)]
    report = make_report(*stories, links=LINKS)
    body = compose_report(report, LETTER)

    assert len(body) <= LARGEST
    assert not count or f"{count:,} rule change" in title_report(report) or count == 1


def test_one_story_of_ten_thousand_changes_stays_small():
    story = make_story(*(make_moved(id=f"c{n}", new_text=LONG) for n in range(10_000)))

    assert len(compose_report(make_report(story, links=LINKS), LETTER)) <= LARGEST
    assert 9_900 == json.loads(render_json(make_report(story)))["stories"][0]["more_moved"]


# --- hostile text


def make_hostile(payload, address="https://code.example.gov/1"):
    moved = make_moved(
        citation=payload, heading=payload, reason=payload, cause=payload, url=address, old_text=payload,
        new_text=f"{payload} x",
        touched=(make_touched(title=payload, label=payload, became=f"{payload} y", action=payload),),
    )  # fmt: skip
    unread = msgspec.structs.replace(UNREAD, place=payload, title=payload, reason=payload, url=address)
    ahead = Ahead(day=SOON, jurisdiction="us-tx", place=payload, sentence=payload, path="/d/a")
    watch = Watch(checked=1, unread=(unread,), last_checked="")
    story = make_story(moved, place=payload, title=payload)
    return make_report(story, watch=watch, ahead=(ahead,), follows=(payload,), links=LINKS)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_is_words_in_every_form(payload):
    report = make_hostile(payload)
    html = render_html(report)
    tree = LexborHTMLParser(html)
    message = message_from_bytes(compose_report(report, LETTER), policy=policy.default)

    assert [] == tree.css("script, img, iframe, svg, form, input, template, math, object")
    assert not any(name.startswith("on") for node in tree.css("*") for name in node.attributes)
    assert OWN_HEADERS >= set(message.keys())
    assert len(str(message["Subject"])) <= LONGEST_SUBJECT
    assert "<script" not in render_markdown(report).replace("\\<", "")
    assert not any(sign in form for form in (html, render_text(report)) for sign in "\u202e\u2066\u061c\x00")


@pytest.mark.parametrize("address", ADDRESSES)
def test_links_lead_to_web_addresses_alone(address):
    links = {node.attributes["href"] for node in LexborHTMLParser(render_html(make_hostile("x", address))).css("a")}

    assert all(link.startswith(("https://", "http://")) for link in links)
    assert "javascript" not in render_markdown(make_hostile("x", address)).lower().split("](<")[-1][:12]


@pytest.mark.parametrize("title", ["a\r\nBcc: x@example.org", "a\nX: y", "a\x00b", "é" * 200, "\u2028Subject: z"])
def test_title_injects_no_header(title):
    raw = compose_note(title, ["x"], "https://law.example/x", "Confirm", LETTER)
    message = message_from_bytes(raw, policy=policy.default)

    assert OWN_HEADERS >= set(message.keys())
    assert ["jo@example.org"] == [one.addr_spec for one in message["To"].addresses]
    assert "Bcc" not in message


WRITTEN = st.text(st.sampled_from("ab .=-\t§—Жx\n\r_?" + "From "), max_size=300)


@given(WRITTEN, WRITTEN)
def test_texts_of_a_message_come_out_as_they_went_in_on_lines_that_servers_take(text, markup):
    written = finish_message(begin_message(LETTER, "A title"), text, markup)

    message = message_from_bytes(written, policy=policy.default)
    read = [part.get_content() for part in message.iter_parts()]
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
    assert [end_lines(text), end_lines(markup)] == [end_lines(one) for one in read]
    assert written.isascii()
    assert [] == [line for line in written.split(b"\r\n") if len(line) > 78 or b"\n" in line or b"\r" in line]
    assert [] == [defect for part in message.walk() for defect in part.defects]


def end_lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_reader_stops_with_one_click():
    message = message_from_bytes(compose_report(KINDS["one change"], LETTER), policy=policy.default)

    assert "<https://law.example/stop/t>" == message["List-Unsubscribe"]
    assert "List-Unsubscribe=One-Click" == message["List-Unsubscribe-Post"]
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]


# --- in a browser


@pytest.fixture(scope="module")
def browser():
    if find_browser() is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    with open_browser() as opened:
        yield opened


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_mails_have_no_barrier_in_either_theme(browser, theme):
    tab = browser.new_page(color_scheme=theme, viewport={"width": 390, "height": 800})
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
    found = {}
    for kind, html in {**{kind: render_html(report) for kind, report in KINDS.items()}, "note": NOTE_HTML}.items():
        tab.set_content(html)
        found[kind] = [one["id"] for one in Axe().run(tab, options=rules).response["violations"]]
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, kind
    tab.close()

    assert {} == {kind: faults for kind, faults in found.items() if faults}


def test_hostile_mails_run_nothing_and_ask_nobody(browser):
    tab = browser.new_page()
    asked, said = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda one: said.append(one.text))
    tab.add_init_script("window.ran = []; window.run = number => window.ran.push(number);")
    tab.goto("about:blank")
    for payload, address in zip(PAYLOADS, ADDRESSES * 10, strict=False):
        tab.set_content(render_html(make_hostile(payload, address)))
        assert [] == tab.evaluate("window.ran || []"), payload
    tab.close()

    assert [] == [url for url in asked if not url.startswith("about:")]


def test_day_of_a_report_is_the_readers():
    assert date(2026, 11, 28) == KINDS["one change"].today
