"""A text that another program's typesetter sets anew, in whatever columns and type, is read as the same paragraphs."""

import io

import pytest
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

from kb.compare.readings import compare_readings
from kb.read.page import read_page
from kb.read.pdf import read_pdf
from kb.sources import parse_source

URL = "https://rules.example.gov/1"
SOURCE = parse_source({"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "urls": [URL]}, "a test")
ANIMALS = "goat sheep heron otter badger marten weasel curlew plover beaver lynx hare stoat quail rabbit elk".split()
SENTENCES = (
    "The board keeps a register in which each keeper of a {} is named with the day on which the licence was given.",
    "Whoever finds a {} that strays leads it to the pound, where it is fed at the cost of its keeper.",
    "On the ninth day the {} is sold to whoever offers most, and the price is paid to the county, less what hay cost.",
    "No keeper sells a {} to a child, and no child buys one, unless a parent is there and says so aloud.",
    "A bell is heard at a hundred paces; the clerk hangs one in the office, so that the {} may be rung for.",
)
LEFT, JUSTIFIED = 0, 4
# Columns, type, size, alignment, indent of all lines but the first.
SETTINGS = [
    (1, "Times-Roman", 11, LEFT, 0),
    (1, "Times-Roman", 12, JUSTIFIED, 18),
    (2, "Times-Roman", 9, JUSTIFIED, 0),
    (2, "Helvetica", 8, LEFT, 0),
    (2, "Courier", 9, LEFT, 0),
    (2, "Times-Roman", 10, JUSTIFIED, 18),
    (3, "Times-Roman", 8, JUSTIFIED, 0),
    (3, "Times-Roman", 10, JUSTIFIED, 0),
]


def write_text(count, least=1):
    """Write paragraphs (a), (b) … of so many sentences at least, with items below some; no two say the same."""
    text = []
    for at, animal in enumerate(ANIMALS[:count]):
        named = [f"{how} {animal}" for how in ("grey", "brown", "white")]
        told = [SENTENCES[(at + more) % 5].format(named[more // 5]) for more in range(least + at % 3)]
        text.append(f"({'abcdefghijklmnop'[at]}) {' '.join(told)}")
        if at % 3 == 2:
            text += [f"({number}) the {animal} of year {number};" for number in (1, 2)]
    return text


def set_text(text, setting):
    columns, font, size, alignment, indent = setting
    width, height = letter
    margin, gap = 54, 18
    wide = (width - 2 * margin - gap * (columns - 1)) / columns

    def print_frame(canvas, document):
        canvas.setFont(font, size - 1)
        canvas.drawString(margin, height - 30, "Register of the State of Example")
        canvas.drawRightString(width - margin, 30, f"Page {document.page}")

    frames = [Frame(margin + at * (wide + gap), margin, wide, height - 2 * margin, 0, 0, 0, 0) for at in range(columns)]
    style = ParagraphStyle(
        "law", fontName=font, fontSize=size, leading=size * 1.2, alignment=alignment, spaceAfter=6, leftIndent=indent
    )
    style.firstLineIndent = -indent or 12
    out = io.BytesIO()
    document = BaseDocTemplate(out, pagesize=letter)
    document.addPageTemplates(PageTemplate(frames=frames, onPage=print_frame))
    document.build([Paragraph(one, style) for one in text])
    return out.getvalue()


@pytest.mark.parametrize("count", [4, 10, 16])
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: " ".join(map(str, setting)))
def test_a_text_is_read_as_its_paragraphs_however_it_is_set(setting, count):
    text = write_text(count)

    extract = read_pdf(set_text(text, setting))

    head = "Register of the State of Example"
    assert () == extract.flaws
    # On an only page a head is text.
    assert text == [line.text for line in extract.lines if line.text != head]


@pytest.mark.parametrize("setting", SETTINGS[1:], ids=lambda setting: " ".join(map(str, setting)))
def test_a_word_changed_in_a_text_set_anew_is_the_one_change(setting):
    text = write_text(16, least=10)
    edited = [one.replace("ninth day the grey heron", "tenth day the grey heron") for one in text]

    first, same, after = (
        read_page(set_text(told, kind), SOURCE, URL).readings[0]
        for told, kind in ((text, SETTINGS[0]), (text, setting), (edited, setting))
    )

    assert 1 == sum(one != other for one, other in zip(text, edited, strict=True))
    assert [] == list(compare_readings(first, same))
    assert [("amended", "c", "substantive")] == [
        (change.kind, change.eid, change.nature) for change in compare_readings(first, after)
    ]
