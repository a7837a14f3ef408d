"""Boxes are weighed by what stands in them: sentences, numbered lines, links, fields."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from kb.read.boxes import BOX_TAGS, weigh_boxes

SENTENCE = "No kite shall fly at night unless the board has said so in writing."


def weigh(html):
    """Return the boxes of a page, the body first."""
    return weigh_boxes(LexborHTMLParser(html).body.html)


def test_boxes_are_counted_as_the_tree_counts_them_whatever_stands_in_attributes_and_comments():
    html = '<div title="<ul> > x"><!-- <table> --><p>unclosed<section>x</section><ul><li>y</ul></div><footer>z</footer>'
    tree = LexborHTMLParser(html)

    boxes = weigh_boxes(tree.body.html)

    found = [node.tag for node in tree.body.css(", ".join(BOX_TAGS))]
    assert found == [box.tag for box in boxes[1:]]
    assert list(range(-1, len(found))) == [box.at for box in boxes]


def test_a_box_counts_what_stands_in_it_and_in_no_box_inside():
    body, outer, inner = weigh(f"<div><p>{SENTENCE}</p><div><p>{SENTENCE} {SENTENCE}</p></div></div>")

    assert (0, len(SENTENCE), 2 * len(SENTENCE) + 1) == (body.prose, outer.prose, inner.prose)


def test_words_of_a_link_are_linked_and_make_no_sentence():
    _, box = weigh(f'<div><p><a href="/fees">{SENTENCE}</a></p></div>')

    assert (0, len(SENTENCE), 0) == (box.plain, box.linked, box.prose)


def test_a_link_that_holds_blocks_is_open_until_its_end():
    _, card, after = weigh('<div><a href="/fees"><h3>Fees rise</h3><p>Read on</p></a></div><div>Text</div>')

    assert (0, len("Fees riseRead on")) == (card.plain, card.linked)
    assert (len("Text"), 0) == (after.plain, after.linked)


def test_a_link_to_the_page_itself_and_a_mere_name_lead_nowhere():
    _, box = weigh('<div><h3><a href="#s1">Fees of the board</a></h3><a name="s1">here</a></div>')

    assert 0 == box.linked


def test_a_short_line_and_a_notice_of_ownership_are_no_sentences():
    _, box = weigh(f"<div><p>Share this page.</p><p>© 2024 State of Example. {SENTENCE}</p><h2>{SENTENCE}</h2></div>")

    assert 0 == box.prose


@pytest.mark.parametrize("line", ["(a) Scope", "1. Fees", "§ 12-3. Kites.", "12-305. Strings", "Sec. 8. Night"])
def test_a_line_with_a_printed_number_is_a_label_unless_it_is_a_link(line):
    _, law, links = weigh(f"<div><p>{line}</p></div><ul><li><a href=/x>{line}</a></li></ul>")

    assert [(1, 0), (0, 1)] == [(box.labels, box.entries) for box in (law, links)]


def test_numbered_lines_that_are_links_are_entries_of_a_list_of_contents():
    _, contents = weigh("<ul><li><a href=/1>§ 12-1. Kites</a><li><a href=/2>2. Strings</a><li><a href=/x>Home</a></ul>")

    assert (2, 0) == (contents.entries, contents.labels)


def test_a_box_is_led_by_a_link_when_that_is_all_of_its_first_line():
    html = "<div><h3><a href=/1>Kites</a></h3><p>Text</p></div><div><p>By <a href=/2>her</a></p></div><div></div>"

    assert [True, False, None] == [box.led for box in weigh(html)[1:]]


def test_a_box_stands_within_a_part_of_the_page_when_html_says_that_it_belongs_to_that():
    html = "<div><footer>a</footer><article><div><footer>b</footer></div></article></div>"

    assert [False, True] == [box.within for box in weigh(html) if box.tag == "footer"]


def test_a_page_nested_without_end_is_weighed_in_one_pass():
    boxes = weigh_boxes("<div><footer>" * 20_000 + "<p>x</p>" + "</footer></div>" * 20_000)

    assert 40_001 == len(boxes)


def test_fields_a_person_fills_in_are_counted_and_hidden_ones_are_not():
    _, box = weigh('<form><input type="text"><input type="hidden" name="token"></form>')

    assert 1 == box.fields


def test_a_box_that_a_colon_leads_up_to_is_introduced():
    _, first, second = weigh("<p>These kites are exempt:</p><ul><li>x</li></ul><p>Others.</p><ul><li>y</li></ul>")

    assert (True, False) == (first.introduced, second.introduced)


def test_white_space_of_the_source_weighs_nothing():
    laid_out = SENTENCE.replace(" ", "\n      ")

    _, spread, plain = weigh(f"<div>\n   {laid_out}\n</div><div>{SENTENCE}</div>")

    assert plain.prose == spread.prose
