"""Citations that lag have a page, and what is not covered is said in numbers."""

from contextlib import closing

import pytest

from kb.publish import publish
from kb.web.pages.stale import WHY_LABELS
from tests.example_web import build_web
from tests.test_authority import EXPECTED
from tests.test_authority import data as lagging  # noqa: F401 - a base with citations of each kind
from tests.test_web_pages import ask, open_generation, read

NOW = "2024-07-18T06:00:00Z"


@pytest.fixture(scope="module")
def site(lagging):  # noqa: F811
    with closing(open_generation(publish(lagging, NOW, declared=()).path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A base whose texts cite nothing that moved."""
    folder = build_web(tmp_path_factory.mktemp("small"))
    with closing(open_generation(publish(folder, NOW, declared=()).path)) as opened:
        yield opened


def list_rows(site, path="/citations"):
    return [" ".join(row.text().split()) for row in read(site, path).css("tbody tr")]


def test_citations_that_lag_are_listed_with_what_became_of_them(site):
    rows = list_rows(site)

    assert len(EXPECTED) == len(rows)
    for why, document, _, cited, eid, _ in EXPECTED:
        (row,) = [row for row in rows if document.rpartition("/")[2] in row and WHY_LABELS[why] in row]
        assert f"{cited} {f'({eid})' if eid else ''}".strip() in row


def test_kinds_of_lag_add_up_and_narrow_the_list(site):
    assert sorted(list_rows(site)) == sorted(
        row for why in WHY_LABELS for row in list_rows(site, f"/citations?why={why}")
    )


def test_place_leads_to_its_own_citations_that_lag(site):
    links = [node.attributes["href"] for node in read(site, "/j/us-xx").css("main a")]

    assert "/citations?jurisdiction=us-xx" in links
    assert "/citations?jurisdiction=us-tx" not in [node.attributes["href"] for node in read(site, "/j/us-tx").css("a")]


@pytest.mark.parametrize("path", ["/citations?why=melted", "/citations?jurisdiction=us-zz"])
def test_filters_that_do_not_exist_are_refused_with_what_does(site, path):
    answer = ask(site, path)

    assert 400 == answer.status
    assert "repealed" in answer.body


def test_base_without_such_citations_says_so(small):
    assert "None is known" in ask(small, "/citations").body


def test_sources_say_what_is_not_covered_in_numbers(small):
    told = " ".join(read(small, "/sources").css_first("main").text().split()).partition("What is not covered")[2]

    assert "57 of 57: " in told
    assert "Alabama" in told
    assert "Topics that no source declares" in told
