"""Written-out HTML is cut into the lines a person reads."""

import pytest

from kb.read.lines import build_lines, clean_text


def texts(html):
    return [(line.number, line.text) for line in build_lines(html)[0]]


def test_text_is_printed_text():
    assert "A & B fly" == clean_text("A &amp;  <b>B</b>\n fly")


def test_white_space_at_the_end_of_a_link_is_not_printed_before_a_stop():
    assert "see § 12-303, and § 4." == clean_text('see <cite><a href="#x">§ 12-303\n </a></cite>\n , and <a>§ 4 </a> .')


def test_comment_is_neither_text_nor_block():
    assert [("", "one two")] == texts("<p>one <!-- a <p>b</p> <!-- c -->two</p>")


def test_comment_sign_in_an_attribute_hides_no_text():
    assert [("", "one two")] == texts('<p title="<!--">one two</p>')


def test_blocks_part_lines_and_inline_elements_do_not():
    assert [("", "one two"), ("", "three")] == texts("<div>one <span>two</span></div><p>three</p>")


def test_single_break_continues_a_line_and_two_end_it():
    assert [("", "one two"), ("", "three")] == texts("<p>one<br>two<br><br>three</p>")


def test_break_before_a_number_or_a_line_in_its_own_type_ends_the_line():
    assert [("", "one"), ("", "(2) two"), ("", "Acts 2016.")] == texts("<p>one<br>(2) two<br><i>Acts 2016.</i></p>")


def test_break_at_the_start_of_a_block_does_not_join_it_to_the_block_before():
    assert [("", "one"), ("", "two")] == texts("<p>one</p><p><br>two</p>")


def test_list_items_get_the_numbers_the_list_prints():
    html = '<ol type="a"><li>one<ol><li>two</li></ol></li><li>three</li></ol>'

    lines = build_lines(html)[0]

    assert [("a.", 1), ("1.", 2), ("b.", 1)] == [(line.number, line.level) for line in lines]


def test_printed_number_wins_over_the_lists_own():
    assert [("(1)", "one"), ("", "(7) two")] == texts("<ol><li>(1) one</li><li>(7) two</li></ol>")


def test_chain_of_numbers_stated_in_ids_is_taken():
    html = '<p><span id="(a)">(a)</span><span id="(a)(1)">(1)</span> Text</p>'

    line = build_lines(html)[0][0]

    assert (("a", "1"), "(a)(1)", "Text") == (line.path, line.number, line.text)


@pytest.mark.parametrize("printed", ["2. board", "(a) board (a)", "The board"])
def test_words_of_an_element_that_states_a_chain_of_numbers_are_no_number(printed):
    (line,) = build_lines(f'<p><b id="(a)(1)">{printed}</b> may fine.</p>')[0]

    assert (None, "", f"{printed} may fine.") == (line.path, line.number, line.text)


def test_bold_run_at_the_start_is_the_lead():
    assert "Fees." == build_lines("<p><span><b>Fees.</b></span> The fee is $5.</p>")[0][0].lead


def test_indent_is_told_by_class_style_or_white_space():
    html = (
        '<p class="text-indent-2">a</p><p style="margin-left:.5in;text-indent:.25in">b</p>'
        "<div>Start\n\n          (A)  deep\n\n     (b)  flat</div>"
    )

    assert [2, 3, 0, 2, 1] == [line.level for line in build_lines(html)[0]]


def test_data_row_is_one_line_and_a_layout_row_is_not():
    data = "<table><tr><td>Ketamine</td><td>III</td></tr></table>"
    layout = "<table><tr><td><h2>Kites</h2><p>fly</p></td><td>menu</td></tr></table>"

    assert [("", "Ketamine | III")] == texts(data)
    assert [("", "Kites"), ("", "fly"), ("", "menu")] == texts(layout)


def test_row_of_a_number_and_a_text_is_a_numbered_paragraph():
    assert [("(1)", "Text")] == texts("<table><tr><td>(1)</td><td>Text</td></tr></table>")


def test_shape_is_blind_to_text_and_sees_markup():
    shape = build_lines('<p class="a">one</p>')[1]

    assert shape == build_lines('<p class="a">two</p>')[1]
    assert shape != build_lines('<p class="b">one</p>')[1]


def test_bold_lines_parted_by_one_break_are_one_bold_run():
    lines, _ = build_lines("<p><strong>12-305</strong><br><strong>Fees</strong></p><p>The fee is due.</p>")

    assert [("12-305 Fees", "12-305 Fees"), ("The fee is due.", "")] == [(line.text, line.lead) for line in lines]
