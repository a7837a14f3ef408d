"""Commands that tell: an update whose mail fails is an update, and a watch that is ended finishes what it began."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner

from bench.shots import find_browser, open_browser
from kb.cli import main
from kb.generations import FOLDER, POINTER
from kb.store.subscribers import open_subscribers
from kb.telling import tell
from tests.crawling import ROOT
from tests.example_web import WEEKS
from tests.telling import EVERYTHING, SETTINGS, collect_week, later, subscribe
from tests.test_cli_serving import make_recording
from tests.test_delivering import Sink, serve_mail

FROM = {"KB_MAIL_FROM": "Status Quo <reports@law.example>", "KB_ADDRESS": "https://law.example"}
KB = [sys.executable, "-c", "from kb.cli import main; main()"]
NOBODY = "smtp+plain://127.0.0.1:1"


def run(data, *words, server=NOBODY):
    environment = {**FROM, "KB_MAIL_SERVER": server, "KB_DATA": str(data)}
    return CliRunner(env=environment).invoke(main, [str(word) for word in words])


def read_all(data, query):
    with closing(open_subscribers(data)) as db:
        return [tuple(row) for row in db.execute(query)]


@pytest.fixture
def recorded(tmp_path):
    """Return the options that crawl a recorded rule, of which the first round was published and told."""
    options = make_recording(tmp_path)
    assert 0 == run(tmp_path / "data", "update", *options, "--at", "2024-01-10").exit_code
    assert "first run" in run(tmp_path / "data", "notify").stdout
    subscribe(tmp_path / "data", "ann", (EVERYTHING,))
    return options


@pytest.mark.parametrize(
    ("server", "said", "state"),
    [
        (NOBODY, "0 sent, 1 put off, 0 parked", [("waiting",)]),
        ("ftp://mail.law.example", "subscribers were not told: KB_MAIL_SERVER", []),
        ("", "1 report held back until mail is set up", []),
    ],
)
def test_update_is_published_where_mail_fails_and_says_so(recorded, tmp_path, server, said, state):
    result = run(tmp_path / "data", "update", *recorded, "--at", "2024-02-10", server=server)

    assert 3 == result.exit_code
    assert "published generation 2" in result.stdout
    assert said in result.output
    assert "ann@" not in result.output
    assert state == read_all(tmp_path / "data", "SELECT state FROM messages")


def test_update_tells_what_it_published_and_the_next_one_nothing(recorded, tmp_path):
    sink = Sink()
    with serve_mail(sink) as port:
        server = f"smtp+plain://127.0.0.1:{port}"
        first, second = (
            run(tmp_path / "data", "update", *recorded, "--at", "2024-02-10", server=server) for _ in range(2)
        )

    assert [0, 0] == [first.exit_code, second.exit_code]
    assert "1 new story, 1 notice, 1 report written\n1 sent, 0 put off, 0 parked" in first.stdout
    assert "0 new stories, 0 notices, 0 reports written\n0 sent, 0 put off, 0 parked" in second.stdout
    assert [("ann@example.org",)] == [recipients for _, recipients, _, _ in sink.taken]


# --- watching


class Interrupting(Sink):
    """A mail server that asks the sender to end while it takes the first message, and answers a little later."""

    sender: "subprocess.Popen[str]"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        if not self.taken:
            self.sender.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.3)
        return await super().handle_DATA(server, session, envelope)


def start_watch(data, port):
    environment = {**os.environ, **FROM, "KB_MAIL_SERVER": f"smtp+plain://127.0.0.1:{port}", "PYTHONUNBUFFERED": "1"}
    command = [*KB, "--data", str(data), "notify", "--watch"]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.fixture
def begun(tmp_path):
    """A data folder in which one round was told and the next one is published."""
    tell(tmp_path / "data", collect_week(tmp_path, WEEKS[0]), SETTINGS)
    for name in ("ann", "bob"):
        subscribe(tmp_path / "data", name, (EVERYTHING,))
    collect_week(tmp_path, WEEKS[1])
    return tmp_path / "data"


def test_watch_asked_to_end_finishes_what_it_sends(begun):
    sink = Interrupting()
    with serve_mail(sink) as port:
        sink.sender = start_watch(begun, port)
        said = sink.sender.communicate(timeout=30)[0]

    assert (0, "ended") == (sink.sender.returncode, said.splitlines()[-1])
    assert [("sent", 1, 0), ("sent", 1, 0)] == read_all(begun, "SELECT state, tries, doubts FROM messages")
    assert ["ann@example.org", "bob@example.org"] == sorted(recipients[0] for _, recipients, _, _ in sink.taken)


def test_watch_goes_on_after_a_publication_that_cannot_be_opened(begun):
    pointer = begun / FOLDER / POINTER
    good = pointer.read_bytes()
    pointer.write_bytes(b"{}")
    sink = Sink()
    with serve_mail(sink) as port, start_watch(begun, port) as watcher:
        said = [watcher.stdout.readline() for _ in range(2)]
        pointer.write_bytes(good)
        deadline = time.monotonic() + 20
        while len(sink.taken) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        watcher.send_signal(signal.SIGTERM)
        watcher.communicate(timeout=30)

    assert said[1].startswith("not told yet: ")
    assert (0, 2) == (watcher.returncode, len(sink.taken))


# --- before it goes


def test_dry_run_names_reports_and_hides_addresses_and_keeps_nothing(begun):
    before = read_all(begun, "SELECT * FROM cursors ORDER BY source")

    result = run(begun, "notify", "--dry-run")

    assert (0, "2 to be sent") == (result.exit_code, result.stdout.splitlines()[0])
    assert "  a…@example.org: " in result.stdout
    assert "ann@" not in result.output
    assert before == read_all(begun, "SELECT * FROM cursors ORDER BY source")
    assert [(0, 0, 0)] == read_all(
        begun,
        "SELECT (SELECT COUNT(*) FROM stories), (SELECT COUNT(*) FROM notices), (SELECT COUNT(*) FROM messages)",
    )


def test_preview_shows_what_the_next_run_sends(begun, tmp_path):
    folder = tmp_path / "shown"
    shown = run(begun, "notify", "--preview", folder)
    tell(begun, later(WEEKS[1], hours=2), SETTINGS)
    titles = [title for (title,) in read_all(begun, "SELECT title FROM messages")]

    assert 0 == shown.exit_code
    assert {"index.html", "1.html", "1.txt", "1.eml", "2.html", "2.txt", "2.eml"} == {
        file.name for file in folder.iterdir()
    }
    assert all(title in shown.stdout for title in titles)


@pytest.mark.skipif(find_browser() is None, reason="no browser: on Debian, apt-get install chromium")
def test_list_of_previews_is_read_on_a_phone_in_light_and_dark(begun, tmp_path):
    subscribe(begun, "hook", (EVERYTHING,), channel="webhook", target=f"https://hooks.example.org/{'x' * 90}")
    run(begun, "notify", "--preview", tmp_path / "shown")
    found = []
    with open_browser() as browser:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
            page.goto((tmp_path / "shown" / "index.html").as_uri())
            faults = [one["id"] for one in Axe().run(page).response["violations"]]
            found.append((faults, page.evaluate("document.documentElement.scrollWidth"), page.locator("a").count()))

    assert [([], 390, 7)] * 2 == found
