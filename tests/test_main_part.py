"""The text of a page is found without a declared selector, and no line of law is left out."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.read.html import Selectors, read_markup

SENTENCE = "No kite shall fly at night unless the board has said so in writing."
LAW = f"<p>{SENTENCE}</p>" * 5
MENU = "".join(f'<li><a href="/c/{chapter}">Chapter {chapter} of the code</a></li>' for chapter in range(30))


def read(html):
    """Return the text lines of a page that declares nothing."""
    return [line.text for line in read_markup(html, Selectors()).lines]


# --- the box that holds the text


def test_landmark_with_enough_text_is_taken():
    assert [SENTENCE] * 5 == read(f"<body><div>Menu of pages</div><main>{LAW}</main></body>")


def test_landmark_that_is_nearly_empty_is_not_believed():
    assert SENTENCE in read(f"<body><main>Skip</main><div>{LAW}</div></body>")


def test_landmark_with_the_title_is_believed_however_short_its_text():
    footer = f"<div class=address>{LAW}</div>"

    assert ["§ 12-3. Kites.", "Repealed."] == read(f"<main><h1>§ 12-3. Kites.</h1><p>Repealed.</p></main>{footer}")


def test_a_landmark_that_holds_the_title_alone_is_not_believed():
    pages = [f"<{tag}><h1>Kites</h1></{tag}><div class=text>{LAW}</div>" for tag in ("main", "article")]

    assert [["Kites", *[SENTENCE] * 5]] * 2 == [read(page) for page in pages]


def test_one_article_is_taken_as_the_text():
    page = f"<div><p>Board of kites</p></div><article>{LAW}</article><div><p>Room 12, second floor</p></div>"

    assert [SENTENCE] * 5 == read(page)


def test_box_is_stepped_into_while_only_frame_stands_beside_it():
    page = f'<div><a href="/">Home</a></div><div><div>{LAW}</div><div>Print</div></div>'

    assert [SENTENCE] * 5 == read(page)


def test_page_of_links_alone_is_read_whole():
    assert 30 == len(read(f"<body><div><ul>{MENU}</ul></div></body>"))


def test_title_that_stands_outside_the_text_is_kept_above_it():
    page = f"<div><div class=top><h1>§ 12-3. Kites.</h1></div><div class=text>{LAW}</div></div>"

    assert ["§ 12-3. Kites.", *[SENTENCE] * 5] == read(page)


@pytest.mark.parametrize(
    "head",
    [
        "<div class=site-header><h1>State of Example</h1></div>",
        '<div class=top><h1><a href="/">State of Example</a></h1></div>',
        "<div><header><h1>State of Example</h1></header></div>",
    ],
)
def test_the_name_of_the_site_is_no_title(head):
    assert [SENTENCE] * 5 == read(f"<body><div>{head}<div class=text>{LAW}</div></div></body>")


@pytest.mark.parametrize(
    "head",
    [
        "<div class=page-header><h1>Kites</h1></div>",
        "<article><header class=entry-header><h1>Kites</h1></header></article>",
        "<header><h1>Kites</h1></header>",
    ],
)
def test_the_title_of_the_page_is_kept_from_a_head_that_holds_it(head):
    page = (
        f"<head><title>Kites | State of Example</title></head><body><div>{head}<div class=text>{LAW}</div></div></body>"
    )

    assert ["Kites", *[SENTENCE] * 5] == read(page)


# --- no law is left out

KEPT = {
    "a short paragraph in a box of its own": "<div class=intro><p>A kite under one foot is exempt from this.</p></div>",
    "numbered lines": "<div class=more><p>(f) Strings</p><p>(g) Tails</p></div>",
    "numbered lines in a box with a name of frames": '<div class="widget footer"><p>(f) Strings</p></div>',
    "hidden numbered lines, as pages that fold print them": "<div hidden><p>(f) Strings and tails</p></div>",
    "a table": "<table><tr><td>Code</td><td>Drug</td></tr><tr><td>7285</td><td>Ketamine</td></tr></table>",
    "a list after a colon, each item a link": "<p>Exempt:</p><ul><li><a href=/a>Box</a><li><a href=/b>Sled</a></ul>",
    "a list among the paragraphs": "<ul><li><a href=/a>Section 12-4 on strings</a></ul>",
    "a quotation in a box with a name of frames": "<div class=social>We fly them at night, as our fathers did.</div>",
    "a panel of a text that folds": "<div hidden role=tabpanel>A kite on a wire needs a permit of the board.</div>",
    "a paragraph full of references": "<p>See <a href=/1>§ 12-1</a>, <a href=/2>§ 12-2</a>, <a href=/3>§ 12-3</a>.</p>",
    "a note": "<aside><p><a href=/act/1>May 1, 2001, D.C. Law 1-2</a></p></aside>",
    "a list in a box with a name of frames": "<div class=widget><ul><li>Box<li>Sled<li>Delta<li>Rokkaku</ul></div>",
    "definitions": "<dl><dt>Kite</dt><dd>what flies on a string</dd></dl>",
}


@pytest.mark.parametrize("what", KEPT)
def test_nothing_of_the_text_is_left_out(what):
    page = f"<body><nav><ul>{MENU}</ul></nav><div class=page><div class=law>{LAW}{KEPT[what]}{LAW}</div></div></body>"

    words = re.findall(r"\w+", re.sub(r"<[^>]*>", " ", KEPT[what]))
    assert words == re.findall(r"\w+", " ".join(read(page)).replace(SENTENCE, ""))


@pytest.mark.parametrize("what", ["a short paragraph in a box of its own", "numbered lines", "a table"])
def test_text_in_a_box_beside_the_largest_one_is_kept(what):
    page = f"<body><div class=page><div class=law>{LAW}</div>{KEPT[what]}</div></body>"

    words = re.findall(r"\w+", re.sub(r"<[^>]*>", " ", KEPT[what]))
    assert set(words) <= set(re.findall(r"\w+", " ".join(read(page))))


def test_every_section_of_a_page_of_many_boxes_is_kept():
    sections = "".join(f"<div class=section><h3>§ 12-{one}. Kites.</h3><p>{SENTENCE}</p></div>" for one in range(40))

    lines = read(f"<body><div id=menu><ul>{MENU}</ul></div><div>{sections}</div></body>")

    assert 80 == len(lines)


def test_a_schedule_of_links_is_kept_beside_the_text():
    rows = "".join(
        f"<tr><td><a href=/d/{one}>Drug {one}</a></td><td><a href=/c/{one}>72{one}</a></td></tr>" for one in "345"
    )

    lines = read(f"<body><div><div class=law>{LAW}</div><div><table>{rows}</table></div></div></body>")

    assert ["Drug 3 | 723", "Drug 4 | 724", "Drug 5 | 725"] == lines[5:]


def test_panels_of_one_class_are_one_text_whatever_their_ids():
    answers = ("Every clinic that gives ketamine needs one.", "$500 a year.")
    panels = "".join(
        f"<h2>Question {at}</h2><div class=panel id=p{at}><p>{one}</p></div>" for at, one in enumerate(answers)
    )
    lines = read(f"<body><div>{panels}</div></body>")

    assert ["Question 0", answers[0], "Question 1", answers[1]] == lines


def test_a_box_told_from_the_text_by_its_id_alone_is_not_alike():
    lines = read(f"<body><div id=a>{LAW}</div><div id=b>$500 a year</div></body>")

    assert "$500 a year" not in lines


def test_title_and_words_right_beside_a_schedule_without_a_sentence_belong_to_it():
    rows = "".join(f"<tr><td>License {at}</td><td>${at}</td></tr>" for at in range(9))
    lines = read(f"<body><div><h2>Fees</h2><table>{rows}</table><p>Fees are not refunded.</p></div></body>")

    assert ("Fees", "Fees are not refunded.") == (lines[0], lines[-1])


def test_a_list_of_links_in_a_box_like_those_that_speak_is_kept():
    listed = (
        "<div class=part><h2>Schedule III</h2><ul><li><a href=/k>Ketamine</a><li><a href=/e>Esketamine</a></ul></div>"
    )

    lines = read(f"<body><div><div class=part>{LAW}</div>{listed}<div class=part>{LAW}</div></div></body>")

    assert ["Schedule III", "Ketamine", "Esketamine"] == lines[5:8]


def test_a_list_of_links_in_a_landmark_is_part_of_its_text():
    listed = "<ul><li><a href=/k>Ketamine</a><li><a href=/e>Esketamine</a></ul>"

    assert ["Ketamine", "Esketamine"] == read(f"<body><main><div>{LAW}</div>{listed}</main></body>")[5:]


def test_sections_whose_headings_are_links_are_kept():
    sections = "".join(
        f'<div class=section><h3><a href="/s/{one}">Kites and strings</a></h3><p>{SENTENCE}</p></div>'
        for one in range(9)
    )

    assert 18 == len(read(f"<body><div>{sections}</div></body>"))


# --- what is left out

FRAME = {
    "navigation": f"<nav><ul>{MENU}</ul></nav>",
    "a menu without a landmark": f"<div><ul>{MENU}</ul></div>",
    "the head of the page": "<header><p>State of Example, official site of its legislature and boards.</p></header>",
    "the foot of the page": f"<footer><p>{SENTENCE}</p></footer>",
    "the foot of the page in a wrapper": f"<div class=wrap><footer><p>{SENTENCE}</p></footer></div>",
    "a landmark of ARIA": f'<div role="contentinfo"><p>{SENTENCE}</p></div>',
    "a dialog about cookies": f"<dialog open><p>{SENTENCE}</p></dialog>",
    "a banner about cookies": f'<div class="cookie-banner"><p>{SENTENCE}</p><input type="checkbox"></div>',
    "related pages": f"<div class=related><p>{SENTENCE} <a href=/1>Read how the board came to be</a></p></div>",
    "remarks of readers": f"<div id=comments>{'<div class=c><p>I fly mine at night, and she too.</p></div>' * 4}</div>",
    "a row of buttons to share": "<div class=share-bar>Share <a href=/f>there</a></div>",
    "a form": "<form class=newsletter><p>Get the letter of the board each week.</p><input name=mail></form>",
    "what is hidden": "<div hidden><p>Your session has ended, please log in once more.</p></div>",
    "invitations to read on": "<div>"
    + "<div><h4><a href=/n>A new day</a></h4><p>The board met to talk.</p></div>" * 3
    + "</div>",
    "who owns the page": "<div><p>© 2024 State of Example. All rights in these pages are reserved.</p></div>",
}


@pytest.mark.parametrize("what", FRAME)
def test_frame_beside_the_text_is_left_out(what):
    above = read(f"<body>{FRAME[what]}<div><div class=law>{LAW * 3}</div></div></body>")
    below = read(f"<body><div><div class=law>{LAW * 3}</div></div>{FRAME[what]}</body>")

    assert [[SENTENCE] * 15] * 2 == [above, below]


@pytest.mark.parametrize("what", ["a row of buttons to share", "related pages", "remarks of readers", "a form"])
def test_frame_below_the_title_is_left_out(what):
    page = f"<div class=page><h1>Kites</h1>{FRAME[what]}<div class=law>{LAW * 3}</div></div>"

    assert ["Kites", *[SENTENCE] * 15] == read(f"<body>{page}</body>")


# --- the same page gives the same text


def dress(draw, law):
    """Return a page with the same law in another frame: menus, advertisements, counters and order drawn anew."""
    links = "".join(
        f'<li><a href="/{draw.random()}">Chapter {draw.randint(1, 99)}</a></li>' for _ in range(draw.randint(3, 60))
    )
    offers = [f'<div class="ad"><a href="/{draw.random()}">Offer {draw.randint(1, 999)}</a></div>'] * draw.randint(0, 3)
    beside = [f"<div class=menu><ul>{links}</ul></div>", *offers, f"<div>Visitor {draw.randint(1, 10**6)}</div>"]
    draw.shuffle(beside)
    return f"<body><div>{beside[0]}<div class=page><div class=law>{law}</div></div>{''.join(beside[1:])}</div></body>"


@pytest.mark.parametrize("seed", range(20))
def test_another_frame_or_one_paragraph_more_gives_the_same_text(seed):
    draw = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    paragraphs = [f"({letter}) {SENTENCE * draw.randint(1, 3)}" for letter in "abcdefghij"[: draw.randint(1, 10)]]
    law = [f"<p>{one}</p>" for one in paragraphs]

    pages = [dress(draw, "".join(law)), dress(draw, "".join(law)), dress(draw, "".join([*law, "<p>(z) One more</p>"]))]

    assert [paragraphs, paragraphs, [*paragraphs, "(z) One more"]] == [read(page) for page in pages]


# --- whatever the page

NAMES = ("", "footer", "menu", "related", "widget sidebar", "law", "row")
LEAF = st.sampled_from(
    (
        f"<p>{SENTENCE}</p>",
        "<p>Short</p>",
        "<h2>Kites</h2>",
        f"<ul>{MENU[:400]}</ul>",
        "<p><a href=/a>Read on</a></p>",
        "",
    )
)
TAGS = st.sampled_from(("div", "section", "ul", "table", "footer", "header", "aside", "form", "blockquote"))


@st.composite
def draw_page(draw):
    """Draw a page of boxes in boxes; returns it with a mark in some of them where a numbered line will stand."""
    nodes = draw(st.lists(st.tuples(TAGS, st.sampled_from(NAMES), LEAF, st.booleans()), min_size=1, max_size=14))
    page = ""
    for tag, name, leaf, around in nodes:
        box = f'<{tag} class="{name}">{leaf}<!--here-->'
        page = f"{box}{page}</{tag}>" if around else f"{page}{box}</{tag}>"
    return page


@given(page=draw_page(), data=st.data())
def test_no_numbered_line_is_ever_left_out(page, data):
    pieces = page.split("<!--here-->")
    chosen = data.draw(st.sets(st.integers(0, len(pieces) - 2), min_size=1))

    marked = "".join(f"{piece}<p>({at}) Line {at}</p>" if at in chosen else piece for at, piece in enumerate(pieces))

    read_lines = " ".join(f"{line.number} {line.text}" for line in read_markup(f"<body>{marked}", Selectors()).lines)
    assert [] == [at for at in sorted(chosen) if f"Line {at}" not in read_lines]


@given(page=draw_page(), places=st.sampled_from(("above", "below")))
def test_a_menu_beside_all_else_never_changes_what_is_read(page, places):
    whole = f"<div class=page><p>{SENTENCE}</p>{page}</div>"
    menu = f"<div class=top><ul>{MENU}</ul></div>"

    alone, beside = (
        read(f"<body>{whole}"),
        read(f"<body>{menu}{whole}" if places == "above" else f"<body>{whole}{menu}"),
    )

    assert alone == beside
