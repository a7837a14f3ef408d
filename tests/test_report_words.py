"""What a report says is true: whom it concerns, how sure we are; and it can be read on paper and in Markdown."""

import re
from datetime import date

import msgspec
import pytest

from bench.shots import find_browser, open_browser
from kb.tell.forms import render_html, render_markdown, render_text
from kb.tell.letters import Letter, choose_coding
from kb.tell.mail import compose_report
from kb.tell.story import Ahead, Links, Moved, Report, Story, Touched, Unread, Watch
from kb.tell.styles import DARK
from kb.tell.view import MOST_UNCERTAIN, NOBODY_NAMED, print_span, tell_story, title_report

TODAY = date(2026, 11, 28)


def make_moved(**fields):
    usual = {
        "id": "c1", "document": "us-xx/code/1-4", "strand": "current", "eid": "a", "citation": "Example Code § 1-4(a)",
        "heading": "", "kind": "amended", "part": "text", "nature": "substantive", "signals": (),
        "reason": "permission became duty", "count": 1, "effective_on": None, "topics": (), "professions": (),
        "binding": "statute", "url": "https://code.example.gov/1-4", "cause": "", "is_cut": False,
        "old_text": "A clinic may report.", "new_text": "A clinic shall report.",
    }  # fmt: skip
    return Moved(**{**usual, **fields})


def make_touched(**fields):
    usual = {
        "fact": "f1", "jurisdiction": "us-xx", "question": "duty", "title": "Who reports", "label": "Clinics",
        "state": "anchored", "effect": "words_changed", "quote_stands": False,
    }  # fmt: skip
    return Touched(**{**usual, **fields})


def make_story(*moved, **fields):
    usual = {
        "id": "e1:x", "event": "e1", "jurisdiction": "us-xx", "place": "State of Example", "source": "us-xx-code",
        "title": "Example Code", "observed_at": "2026-11-20T12:00:00Z", "confirmed_at": "2026-11-20T12:00:00Z",
        "release": 3, "replica": False,
    }  # fmt: skip
    return Story(moved=moved or (make_moved(),), **{**usual, **fields})


def make_report(*stories, **fields):
    usual = {
        "since": "2026-10-29T00:00:00Z", "until": "2026-11-28T07:00:00Z", "today": TODAY, "release": 3,
        "published_at": "2026-11-28T06:00:00Z", "watch": Watch(checked=4, unread=(), last_checked="2026-11-28"),
        "links": Links(address="https://law.example"),
    }  # fmt: skip
    return Report(stories=stories, **{**usual, **fields})


UNREAD = Unread(
    source="us-xx-code", jurisdiction="us-xx", place="State of Example", title="Example Code",
    since="2026-07-06T12:00:00Z", reason="not read for 145 days", url="https://code.example.gov/",
)  # fmt: skip


@pytest.mark.parametrize(
    ("since", "until", "said"),
    [
        ("2026-10-29T00:00:00Z", "2026-11-28T07:00:00Z", "Oct 29 to Nov 28, 2026"),
        ("2025-12-29T00:00:00Z", "2026-01-05T07:00:00Z", "Dec 29, 2025 to Jan 5, 2026"),
    ],
)
def test_a_period_says_a_year_once_where_both_ends_have_it(since, until, said):
    assert said == print_span(since, until)


def test_a_subject_of_nothing_is_never_cut_within_its_period():
    watch = Watch(checked=0, unread=(UNREAD,) * 14, last_checked="2026-07-06")
    title = title_report(make_report(watch=watch))

    assert "We cannot say what moved: 14 of 14 sources unread" == title


def test_who_is_named_says_so_where_other_changes_name_nobody():
    named, open_ = make_moved(professions=("physician",)), make_moved(id="c2")

    assert "physician" == tell_story(make_story(named), TODAY).who
    assert NOBODY_NAMED == tell_story(make_story(open_), TODAY).who
    assert "physician; other changes here name nobody in particular" == tell_story(make_story(named, open_), TODAY).who


def test_words_that_are_gone_are_not_said_to_stand():
    entry = tell_story(make_story(make_moved(touched=(make_touched(effect="gone"),))), TODAY)

    assert "the words it rests on are gone" in entry.sure
    assert "its words stand in the archived text" not in entry.sure
    assert ["not re-coded yet"] == [row.after for row in entry.rows]


def test_an_answer_coded_anew_says_so_beside_what_its_old_words_became():
    entry = tell_story(make_story(make_moved(touched=(make_touched(became="Clinics"),))), TODAY)

    assert [("unchanged", "Quoted from the law: the words it rests on changed; coded anew since")] == [
        (row.after, row.proof) for row in entry.rows
    ]
    assert "its words stand in the archived text" in entry.sure


def test_a_text_that_is_not_shown_does_not_claim_rights_that_nobody_may_hold():
    text = render_text(make_report(make_story(make_moved(is_cut=True))))

    assert "Others hold rights in this edition, or the text is very long" in text
    assert "A clinic" not in text


def test_each_thing_to_do_is_a_paragraph_of_its_own_in_markdown():
    touched = (make_touched(action="Report within 10 days."), make_touched(fact="f2", state="needs_review"))
    lines = render_markdown(make_report(make_story(make_moved(touched=touched)))).splitlines()
    todo = [number for number, line in enumerate(lines) if line.startswith("What to do:")]

    assert 2 == len(todo)
    assert ["", ""] == [lines[number + 1] for number in todo]


def test_markdown_links_what_could_not_be_read():
    watch = Watch(checked=4, unread=(UNREAD,), last_checked="2026-11-28")

    assert "[Look yourself](<https://code.example.gov/>)" in render_markdown(make_report(watch=watch))


def test_entries_told_in_a_line_are_links_in_markdown():
    stories = [make_story(id=f"e{number}:x", event=f"e{number}") for number in range(30)]

    assert "  <https://law.example/e/e29>" in render_markdown(make_report(*stories)).splitlines()


def test_paper_is_light_whatever_the_theme():
    html = render_html(make_report(make_story()))

    assert DARK.strip() in html
    assert ["screen and (prefers-color-scheme: dark)", "print"] == re.findall(r"@media ([^{]+) {", DARK)


# --- pages may print names of any length

LETTER = Letter(
    sender="Status Quo <reports@law.example>", to="ann@example.org", reply="", message_id="<1@law.example>",
    at="2026-11-28T07:00:00Z", stop="https://law.example/stop/1",
)  # fmt: skip
# A message of this many bytes is shown whole by every mail reader.
MOST_BYTES = 100_000


def make_endless(hot):
    """Return a report whose every text is one of a page's making."""
    address = f"https://code.example.gov/{'a' * 5_000}"
    touched = tuple(make_touched(fact=f"f{n}", question=f"q{n}", title=hot, label=hot, action=hot) for n in range(8))
    texts = dict.fromkeys(("citation", "heading", "reason", "cause", "old_text"), hot)
    moved = make_moved(**texts, new_text=f"{hot} x", url=address, effective_on=TODAY, touched=touched)
    unread = msgspec.structs.replace(UNREAD, title=hot, reason=hot, url=address)
    ahead = Ahead(day=TODAY, jurisdiction="us-xx", place="State of Example", sentence=hot, path="/calendar")
    return make_report(
        *(make_story(moved, id=f"e{n}:x", event=f"e{n}", title=hot) for n in range(30)),
        watch=Watch(checked=100, unread=(unread,) * 40, last_checked="2026-11-28"),
        ahead=(ahead,) * 20,
        follows=(hot,) * 50,
    )


@pytest.mark.parametrize("hot", ["word " * 20_000, "x" * 100_000, "<b>&\"' " * 10_000, "\u202e " * 30_000])
def test_names_of_any_length_make_no_long_message(hot):
    report = make_endless(hot)

    assert len(render_html(report).encode()) <= MOST_BYTES
    assert max(len(part) for part in (render_text(report), render_markdown(report))) <= MOST_BYTES


def test_a_message_of_endless_plain_names_is_shown_whole():
    assert len(compose_report(make_endless("word " * 20_000), LETTER)) <= 1.5 * MOST_BYTES


def test_an_address_too_long_for_mail_readers_is_no_link():
    assert "a" * 2_000 not in render_html(make_endless("word"))


def test_uncertain_answers_beyond_those_shown_are_counted():
    touched = [make_touched(fact=f"f{n}", state="broken") for n in range(MOST_UNCERTAIN + 3)]
    story = make_story(*(make_moved(id=one.fact, touched=(one,)) for one in touched))

    told = [render(make_report(story)) for render in (render_html, render_text, render_markdown)]

    assert [True] * 3 == ["And 3 more." in one for one in told]


@pytest.mark.parametrize(
    ("text", "coding"), [("The clinic reports.", "quoted-printable"), ("Клиника сообщает.", "base64")]
)
def test_a_text_takes_the_shorter_transfer_encoding(text, coding):
    assert coding == choose_coding(text.encode() * 100)


@pytest.mark.parametrize(
    "hot", ["x" * 5_000, "</style></title><script>document.title='hacked'</script><img src=//evil.example>"]
)
def test_an_email_of_hostile_names_is_no_wider_than_a_phone_and_does_nothing(hot):
    if find_browser() is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    asked = []
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(render_html(make_endless(hot)))
        found = page.evaluate("document.documentElement.scrollWidth"), page.title()

    assert (390, title_report(make_endless(hot))) == (found[0], found[1])
    assert [] == asked
