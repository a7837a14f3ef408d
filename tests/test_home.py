"""What the first page says of a day, and where the bar of links leads."""

import asyncio

import pytest
from selectolax.lexbor import LexborHTMLParser

from bench.shots import KEPT, THEMES, WIDTHS, find_browser, open_browser, serve_site, take_kept, take_pictures
from kb.store.overview import Coverage, Standing
from kb.store.pages import Edition
from kb.web.pages.frame import Frame, render_plain
from kb.web.pages.home import Moves, Rounds, count_covered, count_rounds, draw_coverage, list_gaps, tell_headline
from kb.web.pages.navigation import BAR, Routes
from tests.sites import make_data, open_site, publish_at

TODAY = "2024-07-20"


def make_frame(*, recorded=False):
    edition = Edition(
        generation=7,
        published_at="2024-07-20T06:00:00Z",
        last_checked="2024-07-19T06:00:00Z",
        replicas=frozenset(),
        recorded=recorded,
        names={},
    )
    known = {"as_of": TODAY, "known_at": edition.published_at, "last_checked": edition.last_checked}
    return Frame(edition=edition, today=TODAY, **known)


def make_standing(**fields):
    values = {"source": "us-xx-code", "jurisdiction": "us-xx", "cadence": "weekly", "crawl_state": "open"}
    known = {"since": "2024-01-01T00:00:00Z", "last_checked": "2024-07-19T06:00:00Z", "suspects": 0}
    return Standing(**{**values, **known, **fields})


def tell(moves, *, due=10, fresh=10, recorded=False):
    rounds = Rounds(due=due, fresh=fresh, closed=0, held=0)
    return tell_headline(make_frame(recorded=recorded), moves, rounds)


# --- the headline


def test_a_quiet_day_says_since_when_nothing_moved():
    assert "No rule has moved since Jul 3, 2024" == tell(Moves(0, "", "2024-07-03"))


def test_a_record_in_which_nothing_ever_moved_says_so():
    assert "No rule has moved since we began" == tell(Moves(0, "", ""))


def test_what_moved_this_week_is_the_news():
    assert "2 rule changes since Jul 15, 2024" == tell(Moves(2, "2024-07-15", "2024-07-18"))


def test_silence_is_never_called_quiet_where_most_sources_were_not_read():
    told = tell(Moves(0, "", "2024-07-03"), fresh=4)

    assert "We cannot say that nothing moved: 6 of 10 sources not read since Jul 19, 2024" == told


def test_half_of_the_sources_read_is_enough_to_speak():
    assert tell(Moves(0, "", "2024-07-03"), fresh=5).startswith("No rule has moved")


def test_a_recorded_web_is_called_one_and_never_late():
    assert "A recorded web, last read Jul 19, 2024" == tell(Moves(0, "", ""), fresh=0, recorded=True)


# --- how the sources were read


def test_every_source_is_late_by_its_own_rhythm():
    read = "2024-07-10T06:00:00Z"
    standings = [make_standing(cadence=cadence, last_checked=read) for cadence in ("daily", "weekly", "monthly")]

    assert (3, 2) == (count_rounds(standings, TODAY).due, count_rounds(standings, TODAY).fresh)


def test_sources_that_are_not_open_to_us_are_not_due_and_those_never_read_are_not_on_time():
    standings = [make_standing(crawl_state="blocked"), make_standing(last_checked=""), make_standing(suspects=2)]

    assert Rounds(due=2, fresh=1, closed=1, held=2) == count_rounds(standings, TODAY)


def test_gaps_are_told_one_by_one_and_their_absence_too():
    assert ["2 late or in trouble", "3 not open to us", "1 page held back"] == list_gaps(
        Rounds(due=9, fresh=7, closed=3, held=1)
    )
    assert ["no page held back"] == list_gaps(Rounds(due=9, fresh=9, closed=0, held=0))


# --- coverage


def test_coverage_counts_real_jurisdictions_and_draws_the_invented_one_only_if_it_is_watched():
    texas, ohio = Coverage("us-tx", "state", "watched", 3, 9), Coverage("us-oh", "state", "not_watched", 0, 0)
    invented = Coverage("us-xx", "invented", "not_watched", 0, 0)

    drawn = draw_coverage([ohio, texas, invented])

    assert (1, 2) == count_covered([ohio, texas, invented])
    tiles = {one.name: one.tile for one in drawn.tiles}
    assert "State of Example" not in tiles
    assert ("strong", "watched, 3 sources", "3", "/changes?jurisdiction=us-tx") == (
        tiles["Texas"].look,
        tiles["Texas"].label,
        tiles["Texas"].figure,
        tiles["Texas"].path.replace("/j/us-tx", "/changes?jurisdiction=us-tx"),
    )
    assert ("unknown", "") == (tiles["Ohio"].look, tiles["Ohio"].path)


# --- the bar and the frame


def test_bar_shows_a_page_as_soon_as_it_is_answered():
    routes = Routes()
    routes.announce([r"^/changes$", r"^/j/(?P<jurisdiction>.+)$"])
    before = [entry.path for entry in routes.list_bar()]

    routes.announce([r"^/data$"])

    assert ["/changes"] == before
    assert ["/changes", "/data"] == [entry.path for entry in routes.list_bar()]
    assert len(BAR) == len({entry.path for entry in BAR})


def test_trouble_is_told_in_the_frame_of_the_site_with_a_way_on():
    tree = LexborHTMLParser(render_plain(404, "Not found", "There is no page </nope>.").body)

    assert ["Not found", "There is no page </nope>."] == [tree.css_first(one).text() for one in ("h1", "p.told")]
    assert tree.css_first("header nav a") is not None
    assert tree.css_first(".stamp") is None


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.mark.parametrize("path", ["/kb", "/kb/changes", "/kb/releases/1", "/kb?sql=select+1"])
def test_raw_tables_stand_in_the_frame_and_name_their_edition(monkeypatch, data, path):
    site = open_site(monkeypatch, data)
    tree = LexborHTMLParser(asyncio.run(site.client.get(path)).text)

    assert "Tables behind the pages · known at Mar 1, 2024 · edition 1" == tree.css_first(".stamp").text()
    assert "/data" == tree.css_first("nav [aria-current]").attributes["href"]
    assert [] == tree.css("script, style, [style]")
    named = {node.attributes["for"] for node in tree.css("label[for]")}
    fields = tree.css("select, textarea, input:not([type=hidden], [type=checkbox])")
    assert {node.attributes["id"] for node in fields} <= named


# --- pictures


@pytest.mark.skipif(find_browser() is None, reason="no browser here")
def test_pictures_are_taken_in_every_width_and_theme(data, tmp_path):
    with serve_site(data) as address, open_browser() as browser:
        made = take_pictures(browser, address, ["/about"], tmp_path)
        kept = take_kept(browser, address, tmp_path)

    assert {f"about-{width}-{theme}.png" for width in WIDTHS for theme in THEMES} == {path.name for path in made}
    assert [f"{name}.png" for name, *_ in KEPT] == [path.name for path in kept]
    assert all(path.stat().st_size < 80_000 for path in kept)
