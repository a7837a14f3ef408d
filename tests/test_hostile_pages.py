"""Hostile text in every field that crawled text can reach is printed as words on every kind of page, and never runs.

Each page is opened twice in a real browser: as it is served, and with its policy (CSP) switched off, so that escaping
has to hold alone.
"""

import csv
import io
import json
import shutil
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from playwright.sync_api import Error, sync_playwright

from kb.compare.redline import CONTROL_SIGN
from kb.serve import ServeRequest, start_server, stop_server
from kb.store.downloads import FORMULA_STARTS
from tests.hostile import ADDRESSES, DOCUMENT, EVENT, PAYLOADS, SOURCE, make_hostile_data, name_change, name_version
from tests.sites import find_port, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TABLES = (
    *("jurisdictions", "authorities", "sources", "runs", "snapshots", "fetches", "documents", "locations", "versions"),
    *(
        "provisions",
        "events",
        "changes",
        "citations",
        "suspects",
        "incidents",
        "problems",
        "learned",
        "corrections",
        "proofs",
    ),
)
SQL = "select text, number, heading from provisions"
PAGES = (
    *("/", "/changes", "/changes?nature=any&part=any", "/changes.atom", "/changes.json", "/calendar", "/report"),
    *("/sources", f"/s/{SOURCE}", f"/e/{EVENT}", f"/d/{DOCUMENT}", f"/d/{DOCUMENT}?as_of=2024-01-20", "/api"),
    *(f"/d/us-xx/code/2-{number}" for number in range(0, len(PAYLOADS), 9)),
    f"/d/{DOCUMENT}/bundle",
    f"/d/{DOCUMENT}/bundle?as_of=2024-01-20",
    f"/d/{DOCUMENT}/diff/{name_version(0)}..{name_version(1)}",
    *(f"/c/{name_change(number)}" for number in range(len(PAYLOADS))),
    *(f"/search?q={quote(payload)}" for payload in (*PAYLOADS[::5], *ADDRESSES[::4], "found")),
    *(f"/changes?{name}={quote(PAYLOADS[0])}" for name in ("jurisdiction", "since", "source", "kind", "topic")),
    *(f"/{quote(payload, safe='')}" for payload in PAYLOADS[:60:12]),
    *(f"/kb/{table}?_size=100" for table in TABLES),
    *(f"/kb/{table}.{form}?_size=100" for table in ("provisions", "changes") for form in ("json", "csv")),
    f"/kb/changes/{name_change(1)},{SOURCE}",
    f"/kb/changes?_facet=citation&_search={quote(PAYLOADS[0])}",
    f"/kb?sql={quote(SQL)}",
    f"/kb?sql={quote(PAYLOADS[0])}",
    "/kb/search_provisions?words=found",
    *("/api/v1/changes?limit=200", f"/api/v1/documents/{DOCUMENT}", "/api/v1/search?q=found", "/api/v1/sources"),
    f"/api/v1/{quote(PAYLOADS[0], safe='')}",
)
# What a page must not hold, whatever was crawled: handlers, addresses that run, elements that load or run.
PROBE = """() => {
  const bad = [];
  for (const element of document.querySelectorAll('*')) {
    if (/^(iframe|object|embed|base|applet|frame|math|style|video|audio|marquee|template)$/i.test(element.localName))
      bad.push(element.localName);
    if (element.localName === 'script' && !element.src.startsWith(location.origin + '/')) bad.push('script');
    for (const attribute of element.attributes) {
      if (/^on/i.test(attribute.name) || attribute.name === 'srcdoc') bad.push(attribute.name);
      if (!/^(href|src|action|formaction|xlink:href|data|poster|ping)$/i.test(attribute.name)) continue;
      const scheme = new URL(attribute.value, location.href).protocol;
      if (!['http:', 'https:', 'webcal:'].includes(scheme)) bad.push(attribute.value);
    }
  }
  return bad;
}"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return make_hostile_data(tmp_path_factory.mktemp("hostile") / "data")


@pytest.fixture(scope="module")
def address(data):
    port = find_port()
    server = start_server(ServeRequest(data, port=port))
    wait_for(port)
    yield f"http://127.0.0.1:{port}"
    stop_server(server)


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def visit_all(browser, address, *, bypass_csp):
    """Open every page and return what ran, what was refused by the policy, what the pages hold and how they ended."""
    context = browser.new_context(bypass_csp=bypass_csp)
    ran, refused, held, asked = [], [], {}, set()
    page = context.new_page()
    page.expose_function("run", lambda *told: ran.append(told))
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda line: refused.append(line.text) if is_refusal(line.text) else None)
    page.on("request", lambda request: asked.add(request.url))
    page.goto(f"{address}/static/statusquo.css", wait_until="load")
    for path in PAGES:
        try:
            answer = page.goto(address + path, wait_until="load")
        except Error as error:
            held[path] = None if "Download is starting" in str(error) else str(error)
            continue
        is_page = answer.headers["content-type"].startswith("text/html")
        found = page.evaluate(PROBE) if is_page else []
        signs = CONTROL_SIGN.findall(page.inner_text("body")) if is_page else []
        held[path] = (answer.status, found, signs)
    context.close()
    return ran, refused, held, {url for url in asked if not url.startswith(f"{address}/")}


def is_refusal(line):
    """Tell whether the browser kept something from running; Datasette's own style attributes run nothing."""
    return "Content Security Policy" in line and not line.startswith("Applying inline style")


@pytest.mark.parametrize("bypass_csp", [False, True], ids=["as served", "policy off"])
def test_nothing_crawled_runs_on_any_page(browser, address, bypass_csp):
    ran, refused, held, elsewhere = visit_all(browser, address, bypass_csp=bypass_csp)

    assert ([], [], set()) == (ran, refused, elsewhere)
    wrong = {
        path: told
        for path, told in held.items()
        if told is not None and (told[0] not in (200, 400, 404) or told[1:] != ([], []))
    }
    assert {} == wrong
    assert len(PAGES) == len(held)


def test_the_probe_finds_what_is_hostile(browser):
    page = browser.new_page()
    page.set_content("<a href='javascript:run(1)'>x</a><p onclick='run(2)'>y<script>1</script><iframe></iframe>")

    assert ["javascript:run(1)", "onclick", "script", "iframe"] == page.evaluate(PROBE)
    page.close()


def test_there_are_payloads_enough():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


@pytest.mark.parametrize("table", ["provisions", "changes", "documents"])
def test_no_cell_of_csv_is_a_formula(address, table):
    _, body = read(f"{address}/kb/{table}.csv?_size=max")

    cells = [cell for row in csv.reader(io.StringIO(body, newline="")) for cell in row]
    assert [] == [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
    assert len(cells) > len(PAYLOADS)


def test_json_holds_the_very_words(address):
    headers, body = read(f"{address}/api/v1/documents/{DOCUMENT}")

    told = json.loads(body)["data"]
    assert ({f"found {payload}" for payload in PAYLOADS}, None) == (
        {one["text"] for one in told["provisions"]},
        told["provenance"]["official_url"],
    )
    assert ("nosniff", "application/json; charset=utf-8") == (
        headers["x-content-type-options"],
        headers["content-type"],
    )


def read(url):
    with urlopen(url, timeout=20) as answer:  # noqa: S310 - our own server on loopback
        return answer.headers, answer.read().decode()
