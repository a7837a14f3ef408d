"""The site in a real browser: every kind of page, every link, both themes, by keyboard, at the width of a phone.

Pages come from the real server, which serves the demonstration and a small web full of hostile text.
"""

import re
from collections import Counter
from contextlib import closing
from urllib.parse import unquote, urlsplit

import feedparser
import httpx
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from bench.shots import find_browser, open_browser, serve_site
from kb.coding import SHIPPED
from kb.demo import DemoRequest, demo_sources, import_day, run_demo
from kb.publish import publish
from tests.sites import make_data, publish_at

RULE = "/d/us-or/oar/850-060-0223"
# The address under which the site is known: its lists name it, nothing is asked there.
KNOWN_AS = "https://law.example"
# One page of every kind there is.
KINDS = {
    "home": "/",
    "home with the map of changes": "/?map=changes",
    "changes": "/changes",
    "everything that moved": "/changes?nature=any&part=any",
    "filters that cannot be read": "/changes?since=soon",
    "change": "a.line.rule",
    "new text": "/c/e3eb8ed45dc0fb6a",
    "event": "main a[href^='/e/']",
    "document": RULE,
    "past text": f"{RULE}?as_of=2022-06-01",
    "text to come": "/d/us-xx/code/12-702",
    "bundle of a text": f"{RULE}/bundle?as_of=2022-06-01",
    "calendar": "/calendar",
    "citations that lag": "/citations",
    "report of a time": "/report?jurisdiction=us-xx&since=2026-01-01",
    "report of nothing": "/report?jurisdiction=us-ca&since=2026-11-01",
    "subscription where nothing is set up": "/subscribe",
    "report of changes": "/changes/report",
    "two days of a text": f"{RULE}/diff/2022-06-01..2024-01-01",
    "choice of two days": f"{RULE}/diff",
    "choice of two texts": "/beside",
    "sources": "/sources",
    "source": "/s/us-xx-code-demo",
    "search": "/search?q=ketamine",
    "citation": "/search?q=OAR+850-060-0223",
    "nothing found": "/search?q=zzzz",
    "places": "/j",
    "place": "/j/us-xx",
    "place on a past day": "/j/us-tx?as_of=2019-01-01",
    "federal law": "/j/us",
    "questions": "/q",
    "question": "/q/prescriber_professions",
    "question with several choices": "/q/consent_and_monitoring",
    "comparison to choose": "/compare",
    "comparison": "/compare?question=telehealth,pdmp&jurisdiction=us-ca,us-fl,us-ny,us-tx,us-xx",
    "comparison, stacked": "/compare?question=pdmp&jurisdiction=us-ca,us-fl&layout=stack",
    "comparison that cannot be read": "/compare?question=frogs&jurisdiction=us-ca",
    "answer that was checked": "/j/us-xx tr[id=home_delivery] .told-lines a",
    "answer whose words are gone": "/j/us-xx tr[id=clinic_advertising] .told-lines a",
    "answer that is reported": "/j/us-tx tr[id=pdmp_query_duty] .told-lines a",
    "first page with the map of a question": "/?map=pdmp_query_duty",
    "no such place": "/j/us-zz",
    "methods": "/methods",
    "quality": "/quality",
    "data": "/data",
    "about": "/about",
    "interface for programs": "/api",
    "no such document": "/d/us-xx/code/99",
    "no such page": "/nope",
    "tables": "/kb",
    "table": "/kb/changes?_facet=kind&nature=substantive",
    "row": "/kb/releases/1",
    "question, ready to ask": "/kb/changes_since?jurisdiction=us-or&since=2020-01-01",
    "question in SQL": "/kb?sql=select+citation,+reason+from+changes",
    "question that fails": "/kb?sql=select+nothing+from+nowhere",
}
# What the guidelines ask (WCAG 2.2 A and AA), and what is good practice beside it.
FOUND = {"resultTypes": ["violations"]}
ALL_RULES = {**FOUND, "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# Nothing but colours differs between the themes.
COLOURS = {**FOUND, "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
THEMES = {"light": ALL_RULES, "dark": COLOURS}
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
# Of the raw tables, links with a question in them lead to ever more of the same; so many rows are enough.
MOST_ROWS = 12
# Of pages there are hundreds of, and of those that a reader puts together, so many are followed.
MOST_ALIKE = {"/j/": 15, "/q/": 15, "/f/": 25, "/q/?": 15, "/j/?": 5, "/compare?": 10}
# In a browser every page takes its time: so many places and questions of a web that has no answers are enough there.
FEW_ALIKE = {**MOST_ALIKE, "/j/": 3, "/q/": 5, "/f/": 5, "/compare?": 4, "/q/?": 4}
# Answers are two thousand pages of one making: a browser opens one of so many; tests/test_sitemap.py asks for them all.
OPENED = 10
# How many stops of the tab key the longest of the pages walked by keyboard may have.
MOST_STOPS = 220
# The element that has the focus, whether a line or a shadow shows it, and whether it stands in the main part.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), inner = one.querySelector('rect');
  const shown = style.outlineStyle !== 'none' || (inner && parseFloat(getComputedStyle(inner).strokeWidth) > 2);
  return [one.tagName, (one.textContent || one.getAttribute('aria-label') || '').trim().slice(0, 40), !!shown,
    !!one.closest('main'), !!one.closest('footer')];
}"""


@pytest.fixture(scope="module")
def browser():
    if find_browser() is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        # The demonstration as people see it: with the facts that ship.
        patch.setenv("KB_FACTS", str(SHIPPED))
        run_demo(folder, DemoRequest(collect=import_day))
        publish(folder, "2026-11-28T06:00:00Z", declared=demo_sources())
        patch.setenv("KB_ADDRESS", KNOWN_AS)
        with serve_site(folder) as address:
            yield address


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    publish_at(make_data(folder / "data", folder / "web"))
    with serve_site(folder / "data") as address:
        yield address


@pytest.fixture(scope="module")
def tab(browser):
    """A window that writes down what its pages ask for and complain of."""
    opened = browser.new_page(viewport=DESK)
    opened.set_default_timeout(5_000)
    opened.asked, opened.complaints = [], []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    return opened


@pytest.fixture(scope="module")
def paths(site):
    """The path of a page of each kind; some are found as a reader finds them, by a link on another page."""
    found = {}
    for kind, told in KINDS.items():
        path, _, selector = told.partition(" ") if told.startswith("/j/") else ("/changes", "", told)
        found[kind] = told
        if selector and (path != "/changes" or not told.startswith("/")):
            tree = LexborHTMLParser(httpx.get(f"{site}{path}").text)
            found[kind] = tree.css_first(selector).attributes["href"]
    return found


def visit(tab, address):
    tab.asked.clear()
    tab.complaints.clear()
    tab.status = tab.goto(address).status
    return tab


def walk(address, start="/", most=MOST_ALIKE):
    """Follow every link of a site; returns the places on its pages, and a sentence for each link that leads nowhere.

    Of a file (a feed, a table as CSV) there is None in place of places.
    """
    pages, broken, waiting = {}, [], [(start, start)]
    rows, alike = 0, Counter()
    with httpx.Client(base_url=address, timeout=20) as client:
        while waiting:
            path, origin = waiting.pop()
            if path in pages:
                continue
            answer = client.get(path)
            if answer.status_code != 200:
                broken.append(f"{origin} leads to {path}: {answer.status_code}")
            pages[path], links = read_links(answer)
            for link in links:
                target, _, place = link.partition("#")
                if not target and place:
                    broken += [] if unquote(place) in pages[path] else [f"{path} has no place #{place}"]
                if target.startswith("/") and target not in pages and is_followed(path, target, rows):
                    kind = name_kind(target)
                    rows += target.startswith("/kb/")
                    alike[kind] += 1
                    if alike[kind] <= most.get(kind, alike[kind]):
                        waiting.append((target, path))
    return pages, broken


def read_links(answer):
    """Return the places on a page and where its links lead; of a file None, and nowhere."""
    if "html" not in answer.headers["content-type"]:
        return None, []
    tree = LexborHTMLParser(answer.text)
    places = {node.attributes["id"] for node in tree.css("[id]")}
    return places, sorted({node.attributes.get("href") or "" for node in tree.css("a, link")})


def name_kind(target):
    """Return what pages like one have in common: its folder, and whether a question is asked of it."""
    path, mark, _ = target.partition("?")
    return re.match(r"/[a-z]*/?", path)[0] + mark


def is_followed(path, target, rows):
    if not path.startswith("/kb"):
        return True
    return not target.startswith("/kb") or ("?" not in target and rows < MOST_ROWS)


# --- links


def test_every_link_of_the_demonstration_leads_to_a_page(site):
    pages, broken = walk(site)

    kinds = {path.split("/")[1].partition("?")[0] for path in pages}
    assert [] == broken
    assert {"", "changes", "c", "e", "d", "sources", "s", "data", "methods", "quality", "about", "kb"} <= kinds
    assert {"j", "q", "f", "compare"} <= kinds
    assert len(pages) > 250


def test_every_page_of_the_sitemap_opens_without_a_complaint(tab, site):
    listed = [one for part in list_named(site, "/sitemap.xml") for one in list_named(site, urlsplit(part).path)]
    paths = [one.removeprefix(KNOWN_AS) or "/" for one in listed]
    answers = [path for path in paths if path.startswith("/f/")]
    wrong = []
    for path in [path for path in paths if path not in set(answers) or path in set(answers[::OPENED])]:
        visit(tab, site + path)
        elsewhere = [url for url in tab.asked if not url.startswith((site, "data:"))]
        if tab.status != 200 or tab.complaints or elsewhere or not tab.title().endswith("Status Quo"):
            wrong.append((path, tab.status, tab.complaints[:], elsewhere))

    assert [] == wrong
    assert (len(paths) > 2_000, len(answers) > 1_000) == (True, True)


def list_named(address, path):
    """Return the addresses that a sitemap, or the list of its parts, names."""
    tree = etree.fromstring(httpx.get(address + path).content)
    return [node.text for node in tree.iter("{*}loc")]


# --- every kind of page


@pytest.mark.parametrize("kind", KINDS)
def test_page_has_no_barrier_fits_a_phone_and_asks_nobody_else(tab, site, paths, kind):
    visit(tab, site + paths[kind])

    for theme, rules in THEMES.items():
        tab.emulate_media(color_scheme=theme)
        found = Axe().run(tab, options=rules).response["violations"]
        assert [] == [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found], theme
    tab.set_viewport_size(PHONE)
    width = tab.evaluate("document.documentElement.scrollWidth")
    tab.set_viewport_size(DESK)

    assert width <= PHONE["width"]
    assert [] == [url for url in tab.asked if not url.startswith((site, "data:"))]
    # A browser complains of a page's own status; of nothing else may it.
    assert [] == [words for words in tab.complaints if str(tab.status) not in words or tab.status == 200]


@pytest.mark.parametrize(
    "kind",
    ["home", "document", "change", "data", "table", "place", "question", "comparison", "answer that was checked"],
)
def test_page_can_be_printed_in_black_on_white_without_its_controls(tab, site, paths, kind):
    visit(tab, site + paths[kind]).emulate_media(media="print", color_scheme="dark")
    look = "one => { const style = getComputedStyle(one); return [style.display, style.color]; }"

    bar, text = (tab.eval_on_selector(one, look) for one in ("header nav", "main"))
    tab.emulate_media(media="screen", color_scheme="light")

    assert ("none", "rgb(0, 0, 0)") == (bar[0], text[1])


# --- by keyboard


def press_through(tab):
    """Press the tab key until the page's end; returns what had the focus, stop by stop."""
    stops = []
    for _ in range(MOST_STOPS):
        tab.keyboard.press("Tab")
        stop = tab.evaluate(FOCUS)
        if stop[0] == "BODY":
            return stops
        stops.append(stop)
    raise AssertionError(f"the end of the page was not reached after {MOST_STOPS} stops, last {stops[-3:]}")


@pytest.mark.parametrize(
    "kind",
    ["home", "document", "change", "sources", "tables", "question in SQL", "comparison", "answer that was checked"],
)
def test_page_can_be_gone_through_by_keyboard_and_shows_where_one_is(tab, site, paths, kind):
    stops = press_through(visit(tab, site + paths[kind]))

    assert "Skip to content" == stops[0][1]
    assert stops[-1][4]
    assert [] == [stop for stop in stops if not stop[2]]


def test_content_and_map_can_be_jumped_to(tab, site):
    visit(tab, site)

    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    first = tab.evaluate(FOCUS)
    tab.locator("a.skip", has_text="Skip the map").focus()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")

    assert (True, False) == (first[3], first[4])
    assert "The same as a list" == tab.evaluate(FOCUS)[1]


# --- what people come for


def test_a_rule_and_its_proof_are_found_in_two_clicks(tab, site):
    visit(tab, site)

    tab.get_by_role("searchbox").fill("OAR 850-060-0223")
    tab.get_by_role("searchbox").press("Enter")
    if urlsplit(tab.url).path != RULE:
        tab.get_by_role("link", name=re.compile("OAR 850-060-0223")).first.click()

    assert RULE == urlsplit(tab.url).path
    assert re.search(r"[0-9a-f]{64}", tab.locator("section", has_text="Proof").first.inner_text())


def test_the_text_of_a_past_day_is_asked_for_and_says_that_it_is_past(tab, site):
    visit(tab, site + RULE)

    tab.get_by_label("Law in force on").fill("2022-06-01")
    tab.get_by_role("button", name="Show").click()

    assert "as_of=2022-06-01" in tab.url
    assert "Past text, not current." in tab.locator("main").inner_text()


def test_a_redline_is_read_with_its_marks_and_its_citation_can_be_selected(tab, site):
    visit(tab, site)

    tab.locator("a.line.rule").first.click()
    cited = tab.get_by_label("Sentence").input_value()
    tab.get_by_label("Sentence").select_text()

    assert 0 < tab.locator(".redline ins, .redline del").count()
    assert urlsplit(tab.url).path in cited
    assert cited == tab.evaluate("document.activeElement.value.substring(0, document.activeElement.selectionEnd)")


def test_the_answer_of_a_state_and_its_proof_are_found_in_three_clicks(tab, site):
    visit(tab, site)

    tab.get_by_role("link", name="States", exact=True).click()
    tab.get_by_role("link", name="State of Example", exact=True).click()
    tab.locator("tr[id=home_delivery] .told-lines a").first.click()

    assert "The words that prove it" in tab.locator("main").inner_text()
    assert 64 == len(tab.locator(".hash").inner_text())


def test_two_states_are_compared_as_of_a_past_day(tab, site):
    visit(tab, f"{site}/compare")

    for box in ("California", "Texas", "When the prescription monitoring program must be queried"):
        tab.get_by_label(box, exact=True).check()
    tab.get_by_label("Law in force on").fill("2020-06-01")
    tab.get_by_role("button", name="Compare").click()

    assert "/compare?as_of=2020-06-01&jurisdiction=us-ca,us-tx&question=pdmp_query_duty" in tab.url
    assert "Law as of Jun 1, 2020" in tab.locator(".banner").inner_text()
    assert ["Question", "Federal law", "California", "Texas"] == tab.locator(".matrix thead th").all_inner_texts()


def test_a_feed_of_what_one_wants_is_subscribed_to(tab, site):
    visit(tab, f"{site}/changes")

    tab.locator("summary", has_text="Filter this list").click()
    tab.get_by_label("Jurisdiction").select_option("us-or")
    tab.get_by_role("button", name="Show").first.click()
    feed = tab.get_by_role("link", name="Atom").first.get_attribute("href")
    found = feedparser.parse(httpx.get(site + feed).content)

    assert "jurisdiction=us-or" in feed
    assert (0, "atom10") == (found.bozo, found.version)
    assert found.entries
    assert {f"{KNOWN_AS}/e/"} == {entry.link[: len(f"{KNOWN_AS}/e/")] for entry in found.entries}
    assert {"Oregon"} == {entry.title.partition(":")[0] for entry in found.entries}


def test_heads_of_a_comparison_stay_in_sight_while_one_scrolls(tab, site, paths):
    visit(tab, site + paths["comparison"])
    place = "one => { const a = one.getBoundingClientRect(); return [Math.round(a.left), Math.round(a.top)]; }"

    before = [tab.eval_on_selector(one, place) for one in (".matrix .corner", ".matrix tbody th")]
    tab.eval_on_selector(".matrix", "one => one.scrollTo(300, 200)")
    after = [tab.eval_on_selector(one, place) for one in (".matrix .corner", ".matrix tbody th")]

    assert before[0] == after[0]
    assert before[1][0] == after[1][0]


@pytest.mark.parametrize("place", ["us", "us-tx", "us-nj", "us-al", "us-xx"])
@pytest.mark.parametrize("size", ["Letter", "A4"])
def test_summary_of_a_place_is_printed_on_one_sheet(tab, site, place, size):
    visit(tab, f"{site}/j/{place}").emulate_media(media="print")

    with closing(pypdfium2.PdfDocument(tab.pdf(format=size))) as printed:
        pages = [page.get_textpage().get_text_range() for page in printed]
    tab.emulate_media(media="screen")

    assert "what the rules say" in pages[0]
    assert "Unofficial, not legal advice" in pages[0].replace("\r\n", " ")
    assert pages[1].startswith("Every answer, by topic")


def test_rows_are_counted_by_a_column_without_any_script(browser, site):
    tab = browser.new_page(java_script_enabled=False)
    tab.goto(f"{site}/kb/changes")

    tab.locator("summary", has_text="Count the rows").click()
    tab.get_by_role("link", name="Count by kind", exact=True).click()

    assert "_facet=kind" in tab.url
    assert "amended" in tab.locator(".facet-results").inner_text()
    tab.close()


# --- hostile text


def test_hostile_text_runs_nothing_and_asks_nobody(tab, hostile_site):
    pages, broken = walk(hostile_site, most=FEW_ALIKE)
    asked = "?q=%3Cscript%3Edocument.title%3D%27hacked%27%3C/script%3E"

    titles, elsewhere, scripts = {}, [], []
    for path in [*(path for path, places in pages.items() if places is not None), f"/search{asked}"]:
        visit(tab, hostile_site + path)
        titles[path] = tab.title()
        elsewhere += [url for url in tab.asked if not url.startswith((hostile_site, "data:"))]
        scripts += [path] * tab.locator("script, img, iframe").count()

    assert ([], [], []) == (broken, elsewhere, scripts)
    assert len(titles) > 40
    assert {} == {path: title for path, title in titles.items() if not title.endswith("– Status Quo")}


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_hostile_pages_are_not_wider_than_a_phone_a_tablet_or_a_desk(tab, hostile_site, width):
    listed = LexborHTMLParser(httpx.get(f"{hostile_site}/changes").text)
    paths = ["/", "/changes", "/d/us-xx/code/1-2", "/sources", "/s/us-xx-open", "/kb/provisions"]
    paths += [node.attributes["href"] for node in listed.css("a.line")]

    tab.set_viewport_size({"width": width, "height": 800})
    wide = {
        path: found
        for path in paths
        if (found := visit(tab, hostile_site + path).evaluate("document.documentElement.scrollWidth")) > width
    }
    tab.set_viewport_size(DESK)

    assert {} == wide
