"""Subscribing through the running site: in a browser, by programs, by mail readers; and nobody else learns who does."""

import http.client
import os
import re
import sqlite3
import stat
import subprocess
import time
from contextlib import closing, contextmanager
from email import message_from_bytes, policy
from urllib.parse import quote, urlencode, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from selectolax.lexbor import LexborHTMLParser

from bench.shots import find_browser, open_browser
from kb.hooks import spell_secret
from kb.serve import ServeRequest, make_command, make_environment
from kb.store.subscribers import (
    SIGNING,
    alter_subscriber,
    find_subscriber,
    keep_secret,
    list_subscribers,
    open_subscribers,
    read_subscriber,
)
from kb.subscribing import PER_CLIENT, Wish, check_wish, take
from kb.tell.follow import Follow
from kb.tell.tokens import link_token
from kb.web.desk import is_foreign, name_client, tell_trouble
from tests.example_web import build_web
from tests.hostile import PAYLOADS
from tests.sites import find_port, publish_at
from tests.test_delivering import Sink, serve_mail
from tests.test_site_browser import THEMES

ADDRESS, HOOK = "jo.private@example.org", "https://hooks.example.org/secret-path"
FORM = {"content-type": "application/x-www-form-urlencoded"}
WAIT_SECONDS = 15


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A real server with a real mail server behind it: its address, its data folder, its mails, its logs."""
    folder = tmp_path_factory.mktemp("served")
    data = build_web(folder / "web")
    publish_at(data)
    sink = Sink()
    port = find_port()
    with serve_mail(sink) as mail_port, (folder / "out.log").open("wb") as out:
        settings = {
            **os.environ,
            "KB_MAIL_SERVER": f"smtp+plain://127.0.0.1:{mail_port}",
            "KB_MAIL_FROM": "Status Quo <reports@law.example>",
            "KB_ADDRESS": f"http://127.0.0.1:{port}",
        }
        request = ServeRequest(data, port=port, access_log=str(folder / "access.log"))
        server = subprocess.Popen(
            make_command(request), env=make_environment(request, settings), stdout=out, stderr=out
        )
        try:
            _await(lambda: ask(port, "GET", "/-/health")[0] == 200)
            yield {"port": port, "data": data, "sink": sink, "folder": folder}
        finally:
            server.terminate()
            server.wait(10)


def _await(is_done):
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if is_done():
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError("expected it to be done by now")


def ask(port, method, path, fields=None, headers=()):
    """Send one request as a program does; returns status, headers and text."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        body = urlencode(fields, doseq=True) if isinstance(fields, dict) else fields
        connection.request(method, path, body, {**(FORM if fields is not None else {}), **dict(headers)})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read().decode()


def read_mail(served, count):
    _await(lambda: len(served["sink"].taken) >= count)
    return message_from_bytes(served["sink"].taken[count - 1][2], policy=policy.default)


def find_link(mail, word):
    return re.search(rf"http\S+/{word}/\S+", mail.get_body(("plain",)).get_content())[0]


def begin(served, state):
    """Write a subscriber that nobody else in the file knows; returns its id."""
    with closing(open_subscribers(served["data"])) as db:
        target = f"{len(list_subscribers(db))}@example.org"
        wish = check_wish(Wish(channel="mail", target=target, follows=(Follow(),)))
        one, _ = take(db, wish, "2026-03-01T12:00:00Z")
        alter_subscriber(db, one.id, state=state)
        return one.id


def sign(served, purpose, subscriber=""):
    with closing(open_subscribers(served["data"])) as db:
        one = subscriber or next(one.id for one in list_subscribers(db) if one.target == ADDRESS)
        return urlsplit(link_token("", keep_secret(db, SIGNING, b"k"), purpose, one)).path


def read_state(served, subscriber=""):
    with closing(open_subscribers(served["data"])) as db:
        known = (one for one in list_subscribers(db) if subscriber in ("", one.id))
        return next(one.state for one in known if subscriber or one.target == ADDRESS)


@pytest.fixture(scope="module")
def browser():
    if find_browser() is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    with open_browser() as opened:
        yield opened


def list_violations(tab):
    found = []
    for theme, rules in THEMES.items():
        tab.emulate_media(color_scheme=theme)
        found += [f"{theme}: {one['id']}" for one in Axe().run(tab, options=rules).response["violations"]]
    return found


def test_person_subscribes_changes_and_stops_in_a_browser(served, browser):
    tab = browser.new_page()
    tab.set_default_timeout(8_000)
    address = f"http://127.0.0.1:{served['port']}"
    violations = {}

    def look():
        violations[tab.title()] = list_violations(tab)

    before = len(served["sink"].taken)
    tab.goto(f"{address}/subscribe?jurisdiction=us-xx")
    look()
    assert tab.is_checked("input[name=jurisdiction][value=us-xx]")
    tab.fill("#mail", ADDRESS)
    tab.check("input[name=cadence][value=weekly]")
    tab.click("main button[type=submit]")
    look()
    assert ADDRESS in tab.inner_text("main")
    link = find_link(read_mail(served, before + 1), "subscribe/confirm")
    tab.goto(link)
    look()
    assert "asked" == read_state(served)
    tab.click("main button[type=submit]")
    look()
    assert "active" == read_state(served)
    tab.goto(f"{address}{sign(served, 'manage')}")
    look()
    tab.click("main button[type=submit]")
    assert "Saved." in tab.inner_text("main")
    tab.goto(f"{address}{sign(served, 'stop')}")
    look()
    tab.click("text=Stop my reports")
    look()
    assert "stopped" == read_state(served)
    tab.click("text=Start again")
    look()
    assert "active" == read_state(served)
    tab.close()

    assert {title: [] for title in violations} == violations
    assert 7 <= len(violations)


def test_mail_reader_stops_it_with_one_click(served):
    one = begin(served, "active")
    status, headers, text = ask(
        served["port"],
        "POST",
        sign(served, "stop", one),
        "List-Unsubscribe=One-Click",
        {"origin": "https://mail.example", "sec-fetch-site": "cross-site"},
    )

    assert (200, "stopped") == (status, read_state(served, one))
    assert "location" not in headers
    assert "set-cookie" not in headers
    assert "have stopped" in text


BOUNDARY = "----frontier"
PART = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{BOUNDARY}--\r\n'


@pytest.mark.parametrize(
    ("body", "kind"),
    [(PART, f"multipart/form-data; boundary={BOUNDARY}"), ("", ""), ("List-Unsubscribe=One-Click", "text/plain")],
)
def test_mail_readers_stop_it_in_whatever_form_they_send(served, body, kind):
    one = begin(served, "active")
    status, _, _ = ask(
        served["port"],
        "POST",
        sign(served, "stop", one),
        body,
        {"content-type": kind, "origin": "https://mail.example"},
    )

    assert (200, "stopped") == (status, read_state(served, one))


def test_secret_of_a_webhook_is_shown_to_who_confirms_and_to_nobody_who_asks(served):
    form = {"channel": "webhook", "hook": "https://hooks.example.org/own"}
    _, _, asked = ask(served["port"], "POST", "/subscribe", form)
    with closing(open_subscribers(served["data"])) as db:
        one = find_subscriber(db, "webhook", form["hook"])
        secret = keep_secret(db, SIGNING, b"k")
    confirm, manage = (urlsplit(link_token("", secret, name, one.id)).path for name in ("confirm", "manage"))
    shown = [ask(served["port"], "POST", confirm, {"a": "1"})[2] for _ in range(2)]
    status, _, saved = ask(served["port"], "POST", manage, {"cadence": "daily", "zone": "America/Denver"})

    told = spell_secret(one.secret)
    assert [False, True, False] == [told in page for page in (asked, *shown)]
    assert (200, False) == (status, told in saved)
    with closing(open_subscribers(served["data"])) as db:
        assert "daily" == read_subscriber(db, one.id).cadence


@pytest.mark.parametrize(("state", "confirm"), [("asked", 200), ("active", 200), ("stopped", 410)])
def test_who_opens_a_link_alters_nothing(served, state, confirm):
    one = begin(served, state)
    statuses = [ask(served["port"], method, sign(served, "stop", one))[0] for method in ("GET", "HEAD")]
    statuses += [ask(served["port"], "GET", sign(served, purpose, one))[0] for purpose in ("manage", "confirm")]

    # A link to confirm starts nothing for somebody who stopped since.
    assert [200, 200, 200, confirm] == statuses
    assert state == read_state(served, one)


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ("mail=a%40example.org", {"origin": "https://evil.example"}, 403),
        ("mail=a%40example.org", {"sec-fetch-site": "cross-site"}, 403),
        ("{}", {"content-type": "application/json"}, 415),
        ("x" * 70_000, {}, 413),
        ("&".join(f"a{n}=1" for n in range(400)), {}, 400),
        ("mail=nobody", {}, 400),
        ("mail=a%40example.org&cadence=hourly", {}, 400),
        ("mail=a%40example.org&zone=Mars", {}, 400),
        ("mail=a%40example.org&jurisdiction=us-zz", {}, 400),
        ("mail=a%40example.org&channel=pigeon", {}, 400),
        ("channel=webhook&hook=https%3A%2F%2F127.0.0.1%2F", {}, 400),
        ("mail=a%40example.org&website=spam", {}, 400),
    ],
)
def test_what_is_no_form_of_ours_is_refused(served, fields, headers, status):
    sent = len(served["sink"].taken)
    found, told, _ = ask(served["port"], "POST", "/subscribe", fields, headers)

    assert status == found
    assert "no-store" == told["cache-control"]
    assert sent == len(served["sink"].taken)


@pytest.mark.parametrize(
    ("client", "named"),
    [
        (("203.0.113.9", 4000), "203.0.113.9"),
        (("2001:db8:1:2:aaaa::1", 4000), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:bbbb::9", 4001), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::1", 4000), "2001:db8:1:3::/64"),
        (("fe80::1%eth0", 4000), "fe80::/64"),
        (("::ffff:203.0.113.9", 4000), "203.0.113.9"),
        (("somewhere", 0), "somewhere"),
        (("", 0), "unknown"),
        (None, "unknown"),
    ],
)
def test_who_asks_is_told_apart_by_network_and_never_passes_for_the_operator(client, named):
    assert named == name_client({"client": client})


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, False),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "https://law.example", "host": "law.example"}, False),
        ({"origin": "https://law.example", "host": "127.0.0.1:8001"}, False),
        ({"origin": "https://law.example.evil.example", "host": "law.example"}, True),
        ({"sec-fetch-site": "same-site"}, True),
    ],
)
def test_pages_of_others_are_known_by_what_browsers_say(monkeypatch, headers, expected):
    monkeypatch.setenv("KB_ADDRESS", "https://law.example")

    assert expected == is_foreign(headers)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(served, method):
    assert 405 == ask(served["port"], method, "/subscribe", "a=1")[0]


def test_form_keeps_what_was_typed_where_something_is_wrong(served):
    fields = {"mail": "jo@nowhere", "topic": ["telehealth", "pdmp"], "cadence": "daily", "zone": "America/Denver"}
    status, _, text = ask(served["port"], "POST", "/subscribe", fields)
    tree = LexborHTMLParser(text)

    assert 400 == status
    assert "jo@nowhere" == tree.css_first("#mail").attributes["value"]
    assert "America/Denver" == tree.css_first("#zone").attributes["value"]
    assert {"telehealth", "pdmp"} == {one.attributes["value"] for one in tree.css("input[name=topic][checked]")}
    assert "daily" == tree.css_first("input[name=cadence][checked]").attributes["value"]
    assert "expected an e-mail address" in tree.css_first("[role=alert]").text()


@pytest.mark.parametrize("path", ["/subscription/forged", "/stop/a.b.c", "/subscribe/confirm/" + "x" * 500])
def test_forged_links_say_what_to_do_and_repeat_nothing(served, path):
    status, headers, text = ask(served["port"], "GET", path)

    assert (400, "no-store", "noindex") == (status, headers["cache-control"], headers["x-robots-tag"])
    assert "ask for a fresh one" in text
    assert path.rpartition("/")[2] not in LexborHTMLParser(text).css_first("main").text()


@pytest.mark.parametrize("field", ["mail", "hook", "zone", "jurisdiction", "topic", "cadence", "channel"])
def test_hostile_values_are_words_wherever_they_come_out(served, field):
    for payload in PAYLOADS:
        _, _, text = ask(
            served["port"], "POST", "/subscribe", {"mail": "a@example.org", "website": "x", field: payload}
        )
        tree = LexborHTMLParser(text)
        names = {name for node in tree.css("*") for name in node.attributes}

        assert [] == tree.css("script, iframe, object, img")
        assert not any(name.startswith("on") for name in names), payload
        _, _, shown = ask(served["port"], "GET", f"/subscribe?{field}={quote(payload, safe='')}")
        assert [] == LexborHTMLParser(shown).css("script, iframe, object, img"), payload


@contextmanager
def serve_bare(folder, **settings):
    """Serve a published web without mail; yields its port and its data folder."""
    data = build_web(folder)
    publish_at(data)
    port = find_port()
    request = ServeRequest(data, port=port)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KB_MAIL", "KB_ADDRESS"))}
    environment = make_environment(request, {**kept, **settings})
    with (folder / "err.log").open("wb") as err:
        server = subprocess.Popen(make_command(request), env=environment, stderr=err)
        try:
            _await(lambda: ask(port, "GET", "/-/health")[0] == 200)
            yield port, data
        finally:
            server.terminate()
            server.wait(10)


def test_without_mail_the_page_says_so_and_offers_feeds(tmp_path):
    with serve_bare(tmp_path) as (port, data):
        status, _, text = ask(port, "GET", "/subscribe?jurisdiction=us-xx")
        is_touched = (data / "subscribers.db").exists()
        refused, _, _ = ask(port, "POST", "/subscribe", {"mail": "a@example.org"})
    links = [node.attributes.get("href") for node in LexborHTMLParser(text).css("main a")]

    assert (200, 503) == (status, refused)
    assert "sends no reports" in text
    assert "/changes.atom?jurisdiction=us-xx" in links
    assert not is_touched


def test_file_that_cannot_be_opened_or_written_closes_the_desk_and_nothing_else(tmp_path):
    with serve_bare(tmp_path, KB_ADDRESS="https://law.example") as (port, data):
        with closing(open_subscribers(data)) as db:
            wish = check_wish(Wish(channel="webhook", target="https://hooks.example.org/x", follows=(Follow(),)))
            one, _ = take(db, wish, "2026-03-01T12:00:00Z")
            stop = urlsplit(link_token("", keep_secret(db, SIGNING, b"k"), "stop", one.id)).path
        for path in data.glob("subscribers.db*"):
            path.rename(tmp_path / path.name)
        (data / "subscribers.db").mkdir()
        asked = [
            ask(port, "POST", "/subscribe", {"channel": "webhook", "hook": "https://hooks.example.org/y"}),
            ask(port, "POST", stop, "List-Unsubscribe=One-Click"),
        ]
        looked = [ask(port, "GET", path)[0] for path in ("/subscribe", "/changes")]
        (data / "subscribers.db").rmdir()
        (tmp_path / "subscribers.db").rename(data / "subscribers.db")
        again, _, _ = ask(port, "POST", stop, "List-Unsubscribe=One-Click")

    assert [503, 503] == [status for status, _, _ in asked]
    assert all("try again later" in text and str(tmp_path) not in text for _, _, text in asked)
    assert ([200, 200], 200) == (looked, again)
    assert stop.rpartition("/")[2].encode() not in (tmp_path / "err.log").read_bytes()


def test_who_asks_too_often_is_told_so_and_others_are_not_held_up(tmp_path):
    def ask_for(port, number, client):
        form = {"channel": "webhook", "hook": f"https://hooks.example.org/{number}"}
        return ask(port, "POST", "/subscribe", form, {"x-forwarded-for": client})

    with serve_bare(tmp_path, KB_ADDRESS="https://law.example") as (port, data):
        many = [ask_for(port, number, "203.0.113.5")[0] for number in range(PER_CLIENT)]
        status, headers, text = ask_for(port, "more", "203.0.113.5")
        other, _, _ = ask_for(port, "other", "203.0.113.6")
    kept = b"".join(path.read_bytes() for path in data.glob("subscribers.db*"))

    assert ([200] * PER_CLIENT, 429, 200) == (many, status, other)
    assert "no-store" == headers["cache-control"]
    assert "try again in an hour" in text
    assert b"203.0.113" not in kept


@pytest.mark.parametrize(
    ("code", "title"),
    [(sqlite3.SQLITE_BUSY, "Not possible just now"), (sqlite3.SQLITE_READONLY | 8 << 8, "Not possible just now")],
)
def test_trouble_of_the_file_is_no_fault_of_who_asks(code, title):
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code

    assert title == tell_trouble(error)[0]


def test_fault_of_ours_is_not_hidden_as_trouble_of_the_file():
    error = sqlite3.OperationalError("no such column: x")
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR

    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        tell_trouble(error)


# --- nobody else learns who subscribes


def test_addresses_and_tokens_stand_nowhere_but_in_their_own_file(served):
    ask(served["port"], "POST", "/subscribe", {"channel": "webhook", "hook": HOOK})
    ask(served["port"], "POST", "/subscribe", {"mail": ADDRESS})
    token = sign(served, "manage").rpartition("/")[2]
    ask(served["port"], "GET", f"/subscription/{token}")
    ask(served["port"], "GET", f"/subscription/{token}%20x")
    ask(served["port"], "GET", f"/%2573ubscription/{token}")
    secrets = [ADDRESS.encode(), b"jo.private", b"secret-path", token.encode()]
    files = [
        path for path in served["folder"].rglob("*") if path.is_file() and not path.name.startswith("subscribers.db")
    ]
    read = {path.name for path in files if path.stat().st_size}

    assert {"access.log", "out.log", "kb.db", "archive.db", "current.json"} <= read
    assert [] == [(path.name, secret) for path in files for secret in secrets if secret in path.read_bytes()]
    assert 0o600 == stat.S_IMODE((served["data"] / "subscribers.db").stat().st_mode)


@pytest.mark.parametrize(
    "sql",
    [
        "select target from subscribers",
        "attach 'subscribers.db' as s",
        "select * from sqlite_master where sql like '%subscribers%'",
        "select readfile('subscribers.db')",
        "pragma database_list",
    ],
)
def test_subscribers_cannot_be_reached_by_sql(served, sql):
    status, _, text = ask(served["port"], "GET", f"/kb.json?{urlencode({'sql': sql, '_shape': 'array'})}")

    assert "jo.private" not in text
    assert (status, text.strip()) == (200, "[]") or status == 400


def test_no_publication_holds_a_table_of_subscribers(served):
    names = set()
    for path in (served["data"] / "public").glob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            names |= {row[0] for row in db.execute("SELECT name FROM sqlite_master")}

    assert {"subscribers", "follows", "notices", "messages", "tries", "stories"}.isdisjoint(names)
