"""What a report says is true: whom it concerns, how sure we are; and it can be read on paper and in Markdown."""

import re
from datetime import date

import pytest

from kb.tell.forms import render_html, render_markdown, render_text
from kb.tell.story import Links, Moved, Report, Story, Touched, Unread, Watch
from kb.tell.styles import DARK
from kb.tell.view import NOBODY_NAMED, print_span, tell_story, title_report

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
