"""The main part of an HTML page becomes lines, with notes, banners and headings told apart."""

import pytest

from kb.errors import UnreadablePageError
from kb.read.html import Selectors, read_links, read_markup


def told(html, **selectors):
    return [(line.part, line.text) for line in read_markup(html, Selectors(**selectors)).lines]


def test_declared_parts_keep_their_place_in_the_text():
    html = "<main><h1>Fees</h1><p>One</p><div class=n>Note</div><p>Two</p><div class=b>Soon</div></main>"

    assert [("heading", "Fees"), ("text", "One"), ("note", "Note"), ("text", "Two"), ("pending", "Soon")] == told(
        html, main="main", heading="h1", note=".n", pending=".b"
    )


def test_number_and_catchline_in_blocks_of_their_own_are_one_heading():
    html = "<main><div class=h><div>§ 1-2</div><h2>Fees</h2></div><p>x</p></main>"

    line = read_markup(html, Selectors(main="main", heading=".h")).lines[0]

    assert ("heading", "§ 1-2 Fees", "h2") == (line.part, line.text, line.tag)


def test_asides_are_notes_without_a_declaration():
    assert ("note", "Remark") in told("<main><p>One</p><aside>Remark</aside></main>", main="main")


def test_nested_notes_are_read_once_and_in_order():
    html = "<main><p>x</p><div class=n>a<div class=n>b</div>c</div></main>"

    assert [("text", "x"), ("note", "a"), ("note", "b"), ("note", "c")] == told(html, main="main", note=".n")


def test_note_inside_a_line_leaves_the_rest_of_the_line():
    html = "<main><p>One <span class=n>Note</span></p></main>"

    assert [("text", "One"), ("note", "Note")] == told(html, main="main", note=".n")


def test_removed_and_unprinted_elements_leave_no_text():
    html = "<main><p>One</p><div class=share>Share</div><script>var a</script><button>Print</button></main>"

    assert [("text", "One")] == told(html, main="main", remove=(".share",))


def test_the_button_of_a_heading_that_folds_is_its_text():
    html = "<main><h2><button type=button aria-expanded=false>Fees</button></h2><p>$5</p><button>Print</button></main>"

    assert [("text", "Fees"), ("text", "$5")] == told(html, main="main")


def test_what_is_removed_may_stand_in_what_is_removed():
    inner = "<nav class=x>a<nav class=x>b<nav class=x>c</nav></nav></nav>"

    assert [("text", "One")] == told(f"<main>{inner * 40}<p>One</p></main>", main="main", remove=(".x",))
    assert [("text", "One")] == told(f"<main>{inner * 40}<p>One</p></main>")


def test_several_main_parts_are_read_in_order_and_inner_ones_once():
    html = "<body><div class=m>One<div class=m>Two</div></div><p>Menu</p><div class=m>Three</div></body>"

    assert ["One", "Two", "Three"] == [text for _, text in told(html, main=".m")]


def test_selector_that_matches_nothing_is_refused_by_name():
    with pytest.raises(UnreadablePageError, match=r"select '\.law' matched 0 elements"):
        read_markup("<p>x</p>", Selectors(main=".law"))


def test_page_without_a_body_is_refused():
    with pytest.raises(UnreadablePageError, match="no body"):
        read_markup("<html><frameset></frameset></html>", Selectors())


def test_private_signs_in_a_page_are_no_marks_of_ours():
    html = "<main><p>One \ue0007\ue001 two</p><aside>Note</aside></main>"

    assert ("note", "Note") in told(html, main="main")


def test_links_are_read_with_their_text():
    markup = read_markup('<main><a class="x" href="/s/1?a=1&amp;b=2">§ <b>1</b></a></main>', Selectors(main="main"))

    assert (("/s/1?a=1&b=2", "§ 1"),) == read_links(markup)


def test_page_that_was_cut_is_not_closed():
    assert read_markup("<html><body><p>x</p></body></html>", Selectors()).closed
    assert not read_markup("<html><body><p>x", Selectors()).closed


def test_a_note_inside_a_bold_run_is_no_part_of_its_lead():
    markup = read_markup("<body><b><p><div>Fees <p class=history>x</p></div></b></body>", Selectors(main="body"))

    assert [("Fees", "text"), ("x", "note")] == [(line.text, line.part) for line in markup.lines]
    assert all("\ue000" not in line.lead for line in markup.lines)
