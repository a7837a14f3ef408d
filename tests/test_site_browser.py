"""The site in a real browser: hostile text runs nothing, nobody else is asked, nothing is cut at any width."""

import json
import re
import shutil
import subprocess
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from selectolax.lexbor import LexborHTMLParser

from kb.publish import publish
from kb.share import share_path
from kb.store import public
from kb.web.guard import SECURITY_HEADERS
from tests.sites import make_data
from tests.test_web_pages import ask

TODAY = "2024-03-02"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Nothing but this machine can be reached, and no state is kept.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript"}
WIDTHS = (360, 768, 1280)
# Opens each page in a frame of each width and writes down which ones are wider than their frame.
PROBE = """<!doctype html><title>probing</title><link rel="icon" href="data:,"><body><script>
(async () => {
  const wide = [];
  for (const width of WIDTHS) for (const path of PATHS) {
    const frame = document.createElement('iframe');
    frame.style.width = width + 'px';
    document.body.append(frame);
    await new Promise(done => { frame.onload = done; frame.src = path; });
    const page = frame.contentDocument;
    const styled = getComputedStyle(page.querySelector('main')).paddingTop !== '0px';
    if (!styled || page.documentElement.scrollWidth > width) wide.push([path, width, page.documentElement.scrollWidth]);
    frame.remove();
  }
  document.title = 'probed';
  document.body.textContent = JSON.stringify(wide);
})();
</script>"""


@pytest.fixture(scope="module")
def generation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    data = make_data(folder / "data", folder / "web")
    return publish(data, "2024-03-01T06:00:00Z").path


@contextmanager
def serve(generation, probe=""):
    """Serve the pages on loopback, with the site's headers unless probed; yields address and paths asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            for name, value in self.answer().items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(self.body)

        def answer(self):
            if self.path.startswith("/static/"):
                file = share_path("datasette", *self.path[1:].split("/"))
                self.body = file.read_bytes()
                return {"content-type": TYPES[file.suffix]}
            if self.path == "/probe":
                self.body = probe.encode()
                return {"content-type": "text/html; charset=utf-8"}
            with closing(public.open_published(generation)) as db:
                answer = ask(db, self.path, TODAY)
            self.body = answer.body.encode()
            return {"content-type": answer.content_type, **({} if probe else SECURITY_HEADERS)}

        def log_message(self, *_):
            """Keep the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def browse(url, folder, *flags):
    """Open a page in a headless browser, let it settle, and return its document as it then stands."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name)) is not None), None)
    if browser is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    command = [browser, *FLAGS, f"--user-data-dir={folder}", *flags, "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return done.stdout.decode()


def list_paths(generation):
    with closing(public.open_published(generation)) as db:
        lines = LexborHTMLParser(ask(db, "/changes", TODAY).body).css("a.line")
    changes = sorted({node.attributes["href"] for node in lines})
    own = ["/", "/changes?nature=any", "/d/us-xx/code/1-2", "/d/us-xx/code/1-1", "/sources", "/s/us-xx-open"]
    return [*own, "/search?q=hacked", *changes]


def test_hostile_text_runs_nothing_and_asks_nobody(generation, tmp_path):
    hostile = "/search?q=%3Cscript%3Edocument.title%3D%27hacked%27%3C/script%3E"
    printing = [path for path in list_paths(generation) if path.startswith(("/c/", "/changes", "/d/"))]
    paths = [*printing, "/search?q=hacked", hostile]

    with serve(generation) as (address, asked):
        pages = {path: browse(address + path, tmp_path) for path in paths}

    titles = {path: LexborHTMLParser(page).css_first("title").text() for path, page in pages.items()}
    assert all(title.endswith("Status Quo") for title in titles.values()), titles
    assert [] == [path for path, page in pages.items() if LexborHTMLParser(page).css("script, img, iframe")]
    assert {path.partition("?")[0] for path in asked} <= {path.partition("?")[0] for path in paths} | {
        "/static/statusquo.css",
        "/static/statusquo.svg",
    }


def test_pages_are_not_wider_than_a_phone_a_tablet_or_a_desk(generation, tmp_path):
    probe = PROBE.replace("WIDTHS", json.dumps(WIDTHS)).replace("PATHS", json.dumps(list_paths(generation)))

    with serve(generation, probe) as (address, _):
        page = browse(f"{address}/probe", tmp_path, "--window-size=1400,900", "--virtual-time-budget=60000")

    assert "<title>probed</title>" in page
    assert [] == json.loads(re.search(r"<body>(.*)</body>", page, re.DOTALL)[1])
