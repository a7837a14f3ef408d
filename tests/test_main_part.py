"""The box that holds the text is found without a declared selector."""

from selectolax.lexbor import LexborHTMLParser

from kb.read.main_part import choose_main_part

LAW = "<p>No kite shall fly at night unless the board has said so in writing.</p>" * 5


def chosen_text(html):
    return choose_main_part(LexborHTMLParser(html)).text()


def test_landmark_with_enough_text_is_taken():
    html = f"<body><div>Menu of pages</div><main>{LAW}</main></body>"

    assert "Menu" not in chosen_text(html)


def test_landmark_that_is_nearly_empty_is_not_believed():
    html = f"<body><main>Skip</main><div>{LAW}</div></body>"

    assert "kite" in chosen_text(html)


def test_innermost_box_with_nearly_all_text_is_taken():
    html = f'<body><div><a href="/">Home</a></div><div><div id="x">{LAW}</div><div>Print</div></div></body>'

    node = choose_main_part(LexborHTMLParser(html))

    assert "x" == node.attributes["id"]


def test_links_do_not_count_as_text():
    html = f"<body><div>{'<a>Chapter of the code</a>' * 90}</div><div>{LAW}</div></body>"

    assert "Chapter" not in chosen_text(html)


def test_frame_landmarks_are_dropped():
    html = f"<body><header>State</header>{LAW}<footer>Contact</footer></body>"

    assert "Contact" not in chosen_text(html)


def test_page_without_body_has_no_main_part():
    assert choose_main_part(LexborHTMLParser("<html><frameset></frameset></html>")) is None
