"""The map of tiles and the small figures: where each state stands, what a look means, and the same in words."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from kb.jurisdictions import read_jurisdictions
from kb.share import share_path
from kb.web.pages.charts import AGES, draw_ages, draw_months, list_months, tell_share
from kb.web.pages.frame import ENVIRONMENT
from kb.web.pages.tiles import SIDE, Tile, color_steps, draw_tiles

WORDS = {"strong": "required", "partial": "in some cases", "none": "not required", "unknown": "not looked at"}
# "--strong-fill: #0b57a4;"
TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{3,6});")


def draw(**tiles):
    return draw_tiles("Query duty", {name.replace("_", "-"): tile for name, tile in tiles.items()}, WORDS)


def print_map(drawn):
    template = ENVIRONMENT.from_string('{% from "figures.html" import tile_map %}{{ tile_map(map) }}')
    return LexborHTMLParser(template.render(map=drawn))


# --- the map


def test_every_state_has_a_tile_of_its_own_that_touches_no_other():
    drawn = draw(us_xx=Tile("strong", "required"))
    taken = {(tile.x + step, tile.y) for tile in drawn.tiles for step in range(0, tile.width, SIDE)}

    assert {one.name for one in read_jurisdictions()} == {tile.name for tile in drawn.tiles}
    assert sum(-(-tile.width // SIDE) for tile in drawn.tiles) == len(taken)
    assert all(
        0 < tile.x and tile.x + tile.width < drawn.width and tile.y + SIDE < drawn.height for tile in drawn.tiles
    )


def test_the_invented_state_is_drawn_only_where_it_is_given():
    assert "State of Example" not in {tile.name for tile in draw(us_tx=Tile("strong", "required")).tiles}


def test_tiles_are_read_in_the_order_of_their_names():
    names = [tile.name for tile in draw().tiles]

    assert sorted(names) == names


def test_legend_counts_each_look_once_and_the_sentence_says_the_same():
    drawn = draw(
        us_tx=Tile("strong", "required"), us_or=Tile("partial", "if by mail"), us_wy=Tile("strong", "required")
    )

    assert [("required", (("Texas", ""), ("Wyoming", ""))), ("in some cases", (("Oregon", ""),))] == [
        (group.words, group.names) for group in drawn.groups[:2]
    ]
    assert "Query duty: 2 required, 1 in some cases, 54 not looked at." == drawn.sentence


def test_a_look_without_words_is_refused():
    with pytest.raises(KeyError, match="forbid"):
        draw(us_tx=Tile("forbid", "forbidden"))


def test_a_tile_leads_to_its_page_and_says_in_words_what_it_shows():
    tree = print_map(draw(us_tx=Tile("partial", "in some cases", "/f/1", doubt=True)))

    (link,) = tree.css("svg a")
    assert ("/f/1", "Texas: in some cases, look before you rely on it") == (
        link.attributes["href"],
        link.attributes["aria-label"],
    )
    assert "Ohio: not looked at" in {node.attributes["aria-label"] for node in tree.css("svg g[role=img]")}


def test_a_look_is_told_by_its_pattern_and_not_by_its_colour_alone():
    tree = print_map(draw(us_tx=Tile("partial", "in some cases"), us_or=Tile("strong", "required")))

    assert ["url(#p-partial)"] == [node.attributes["fill"] for node in tree.css(".tilemap .band")]


def test_names_of_every_look_stand_in_a_list_beside_the_map():
    tree = print_map(draw(us_tx=Tile("strong", "required", figure="7"), us_ut=Tile("strong", "required")))

    assert "Required (2)Texas 7, Utah" in tree.css_first("details dl").text(strip=True)


def test_counts_are_drawn_in_steps_and_a_count_of_none_is_an_outline():
    tiles = color_steps({"us-tx": 30, "us-ut": 5, "us-or": 1, "us-wy": 0}, (5, 20), str, lambda name: f"/j/{name}")

    assert ["strong", "partial", "few", "none"] == [tile.look for tile in tiles.values()]
    assert ("30", "/j/us-tx", "") == (tiles["us-tx"].figure, tiles["us-tx"].path, tiles["us-wy"].figure)


@pytest.mark.parametrize("theme", [0, 1])
def test_code_of_every_tile_can_be_read_on_its_fill_and_patterns_can_be_seen(theme):
    sheet = share_path("datasette", "static", "statusquo.css").read_text("utf-8").partition("@media print")[0]
    tokens = dict(TOKEN.findall(sheet.split("prefers-color-scheme: dark")[theme]))
    looks = ("strong", "partial", "few", "forbid", "other", "silent")

    weak = [look for look in looks if contrast(tokens[f"{look}-fill"], tokens[f"{look}-code"]) < 6.5]
    faint = [look for look in looks[1:] if contrast(tokens[f"{look}-fill"], tokens[f"{look}-line"]) < 3]

    assert ([], []) == (weak, faint)


def contrast(one, other):
    light, dark = sorted((measure_light(one), measure_light(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def measure_light(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- months and ages


def test_months_reach_over_the_turn_of_a_year():
    assert ["2023-11", "2023-12", "2024-01"] == list_months("2024-01-31", 3)


def test_row_of_months_says_how_many_there_were_and_when_most():
    line = draw_months({"2024-01": 2, "2023-12": 5, "2020-01": 99}, "2024-02-01", 3, "rule change")

    assert "7 rule changes from Dec 2023 to Feb 2024; the most, 5, in Dec 2023." == line.sentence
    assert [44.0, 17.6, 1] == [bar.height for bar in line.bars]


def test_row_of_months_without_any_says_so():
    assert "0 rule changes from Jan 2024 to Feb 2024." == draw_months({}, "2024-02-01", 2, "rule change").sentence


def test_ages_count_what_was_read_within_each_and_the_bar_adds_up():
    ages = draw_ages({"2024-03-10": 3, "2024-03-05": 1, "2024-01-01": 4, "2020-01-01": 2}, "2024-03-10")

    assert [(1, 3, "30 %"), (7, 4, "40 %"), (30, 4, "40 %"), (90, 8, "80 %")] == list(ages.shares)
    assert 480 == round(sum(piece.width for piece in ages.pieces), 6)
    assert "Of 10 documents, read again: 30 % within 1 day" in ages.sentence


def test_ages_of_nothing_are_no_error():
    assert ["0 %"] * len(AGES) == [share for _, _, share in draw_ages({}, "2024-03-10").shares]


@pytest.mark.parametrize(("count", "share"), [(0, "0 %"), (1, "under 1 %"), (999, "99 %"), (1000, "100 %")])
def test_a_share_is_never_rounded_to_all_or_to_nothing(count, share):
    assert share == tell_share(count, 1000)
