"""A source of which only its list is declared: what its pages are, where redirects lead, what the build writes down."""

from contextlib import closing

import pytest

from kb.build import BuildRequest, build, see_page
from kb.models import Capture, Fetch
from kb.sources import parse_source
from kb.store.archive import close_run, ensure_log, open_archive, record_captures, start_run
from kb.store.knowledge import open_knowledge, read_state
from kb.store.measures import list_event_pages
from tests.build import day
from tests.example_web import export
from tests.moving_site import FAULTS, Site

START = "https://code.example.gov/law/"
PAGE = b"<html><body><main><h1>Moorings</h1><p>(a) A guide shall carry a lantern.</p></main></body></html>"
LIST = b'<html><body><ul><li><a href="two.html">2</a><li><a href="/other/3.html">3</a></ul></body></html>'


def declare(**facts):
    body = {"id": "us-xx-law", "jurisdiction": "us-xx", "platform": "index", "start": [START]}
    return parse_source({**body, **facts}, "a test")


def see(url, body, final_url="", source=None):
    fetch = Fetch(
        seq=0, run="r", source="us-xx-law", url=url, observed_at=day(1), status=200, outcome="ok", sha256="0",
        media_type="text/html", charset="", size=1, final_url=final_url,
    )  # fmt: skip
    return see_page(body, source or declare(), fetch).page


# -- pages and lists --------------------------------------------------------------------------------------------------


def test_the_start_of_an_undeclared_source_is_a_list_and_every_other_page_is_a_document():
    listed, page = see(START, LIST), see(f"{START}two.html", PAGE)

    assert (("us-xx/page/law-two.html",), ()) == (listed.names, listed.readings)
    assert ["us-xx/page/law-two.html"] == [reading.document for reading in page.readings]


@pytest.mark.parametrize(("text", "named"), [(START, False), (f"{START}two.html", True)])
def test_a_start_is_no_document_unless_documents_are_declared(text, named):
    rule = {"work": "code", "pattern": r"law/(?P<citation>.*)$"}

    assert named == (declare().identify(text) is not None)
    assert declare(document=rule).identify(f"{START}two.html").citation == "two.html"


def test_a_list_of_bare_links_beside_a_footer_is_a_list():
    site = Site("word")

    page = see(START, site.list_page())

    assert 10 == len(page.names)


@pytest.mark.parametrize("select", ["main", "footer"])
def test_where_a_selector_says_what_the_main_part_is_no_link_outside_of_it_counts(select):
    body = b'<html><body><main>Text</main><footer><a href="two.html">2</a></footer></body></html>'

    names = see(START, body, source=declare(select=select)).names

    assert (() if select == "main" else ("us-xx/page/law-two.html",)) == names


# -- redirects --------------------------------------------------------------------------------------------------------


def test_a_redirected_address_shows_the_document_of_the_address_it_leads_to():
    documents = {see(f"{START}one.html", PAGE, final).readings[0].document for final in (f"{START}two.html",)}

    assert {"us-xx/page/law-two.html"} == documents


@pytest.mark.parametrize("final", ["", f"{START}one.html", "https://elsewhere.example.gov/two.html"])
def test_an_address_that_leads_nowhere_or_out_of_the_source_shows_its_own(final):
    assert "us-xx/page/law-one.html" == see(f"{START}one.html", PAGE, final).readings[0].document


# -- what the build writes down ---------------------------------------------------------------------------------------


def record(data, waves, site):
    """Archive waves of answers, a crawl each, and build them; returns the sources."""
    source = parse_source(
        {"id": "us-xx-law", "jurisdiction": "us-xx", "platform": "index", "start": [site.root]}, "a test"
    )
    data.mkdir(parents=True, exist_ok=True)
    with closing(open_archive(data / "archive.db")) as db:
        ensure_log(db, "log", day(1))
        for number, answers in enumerate(waves, 1):
            start_run(db, f"run {number}", "crawl", day(number))
            record_captures(db, f"run {number}", [make_answer(url, body, number) for url, body in answers.items()])
            close_run(db, f"run {number}", day(number))
    build(data, BuildRequest(sources=(source,)))
    return source


def make_answer(url, body, number):
    return Capture(
        url=url,
        observed_at=day(number),
        status=200,
        source="us-xx-law",
        body=body,
        media_type="text/html",
        final_url=url,
    )


@pytest.fixture(scope="module")
def waves():
    """Four waves: noise that is learned, an error beside a section that moves to another page, a recovery."""
    site = Site("definitions", 1, 6)
    told = [site.show_all(0), site.show_all(1)]
    site.law["title-2"].append(site.law["title-1"].pop())
    told.append({**site.show_all(2), site.url("title-4"): FAULTS["maintenance"](site, "title-4", 2)})
    site.amend("title-4")
    told.append(site.show_all(3))
    return site, told


@pytest.fixture(scope="module")
def whole(tmp_path_factory, waves):
    data = tmp_path_factory.mktemp("whole")
    record(data, waves[1], waves[0])
    return data


def test_learned_lines_stand_in_the_database_and_are_read_back(whole):
    with closing(open_knowledge(whole / "kb.db", read_only=True)) as db:
        learned = read_state(db, "us-xx-law").learned

    assert {"frame viewed 0,0 times by readers"} == set(learned)
    one = learned["frame viewed 0,0 times by readers"]
    assert (day(2), "differed on 6 of 6 pages at once") == (one.since, one.reason)
    assert one.text.startswith("Viewed 1,")


def test_the_pages_of_an_incident_stand_in_the_database(whole, waves):
    with closing(open_knowledge(whole / "kb.db", read_only=True)) as db:
        pages = list_event_pages(db)

    assert [waves[0].url("title-4")] == [page.url for page in pages if page.kind == "incident"]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_first_waves_are_the_whole_build_cut_there_with_learned_lines_suspects_and_moves(
    whole, waves, tmp_path, cut
):
    site, told = waves

    record(tmp_path, told[:cut], site)

    assert export(whole, known_at=day(cut)) == export(tmp_path)


def test_learned_lines_of_the_first_waves_are_those_that_the_whole_build_knew_then(whole, waves, tmp_path):
    site, told = waves
    record(tmp_path, told[:2], site)

    learned = []
    for data in (tmp_path, whole):
        with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
            learned.append([one for one in read_state(db, "us-xx-law").learned.values() if one.since <= day(2)])

    assert learned[0] == learned[1] != []
