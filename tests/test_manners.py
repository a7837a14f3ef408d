"""Manners over real HTTP: never earlier than told, others undisturbed, what was decided kept, nothing asked unasked."""

import json
import os
import sqlite3
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kb.build import BuildRequest, build
from kb.snapshots import hash_body
from kb.sources import read_sources
from tests.crawling import ROOT, crawl, make_command, read_fetches, read_rows, redirect_to, write_sources

SOURCE, OTHER = "us-xx-rules", "us-xx-other"
RULE = {"work": "r", "pattern": "(?P<citation>[a-z0-9-]+)$"}


def ok(handler):
    handler.answer(ETag='"one"')


def text(body):
    return lambda handler: handler.answer(200, body.encode(), Content_Type="text/plain")


def on_localhost(site):
    """Return the address of a site under a second host name, which has patience of its own."""
    return site.url.replace("127.0.0.1", "localhost")


def list_times(site, path):
    return [moment for moment, asked in zip(site.times, site.asked, strict=True) if asked[0] == path]


@pytest.mark.parametrize("spelled", ["seconds", "date"])
def test_host_is_never_asked_earlier_than_it_said_and_others_are_not_disturbed(make_site, tmp_path, spelled):
    told = []

    def busy(handler):
        if told:
            return ok(handler)
        # A date has no parts of a second.
        until = datetime.fromtimestamp(int(time.time()) + 8, UTC)
        told.append(time.time() + 8 if spelled == "seconds" else until.timestamp())
        return handler.answer(
            429, b"", Retry_After="8" if spelled == "seconds" else format_datetime(until, usegmt=True)
        )

    site = make_site({"/busy": busy, **{f"/{number}": ok for number in range(3)}})
    quiet = make_site({f"/{number}": ok for number in range(5)})
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{site.url}/busy", *(f"{site.url}/{n}" for n in range(3))], "document": RULE},
        {"id": OTHER, "urls": [f"{on_localhost(quiet)}/{n}" for n in range(5)], "document": RULE},
    )

    code, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    later = [moment for moment in site.times if moment > list_times(site, "/busy")[0]]
    assert (0, 4, 5) == (code, summary["sources"][SOURCE]["fetched"], summary["sources"][OTHER]["fetched"])
    assert min(later) >= told[0]
    assert max(quiet.times) < told[0]


def test_many_sources_of_a_host_that_waits_hold_up_no_other_host(make_site, tmp_path):
    told = []

    def busy(handler):
        told.append(time.time())
        handler.answer(*((503, b"") if len(told) == 1 else (200,)), Retry_After="60")

    many = {f"/{source}-{number}": busy for source in range(40) for number in range(8)}
    site, quiet = make_site(many), make_site({"/fine": ok})
    crowd = [
        {"id": f"us-xx-a{n}", "urls": [f"{site.url}/{n}-{i}" for i in range(8)], "document": RULE} for n in range(40)
    ]
    last = {"id": "us-xx-z", "urls": [f"{on_localhost(quiet)}/fine"]}
    sources = write_sources(tmp_path / "sources", *crowd, last)

    process = subprocess.Popen(
        make_command(tmp_path / "data", "--sources", sources, "--allow-loopback"),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not list_times(quiet, "/fine") and process.poll() is None:
        time.sleep(0.05)
    process.kill()
    process.wait()

    assert 1 == len(list_times(quiet, "/fine"))
    assert list_times(quiet, "/fine")[0] < told[0] + 60
    assert 1 == len(told)


def test_host_that_said_tomorrow_is_not_asked_by_the_next_crawl(make_site, tmp_path):
    site = make_site({"/busy": lambda handler: handler.answer(503, b"", Retry_After="86400"), "/fine": ok})
    quiet = make_site({"/other": ok})
    urls = [f"{site.url}/busy", f"{site.url}/fine"]
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": urls, "document": RULE},
        {"id": OTHER, "urls": [f"{on_localhost(quiet)}/other"]},
    )
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    crawl(*arguments)
    asked = len(site.asked)
    code, summary, _ = crawl(*arguments)

    (note,) = read_rows(tmp_path / "data", "SELECT host, kind, noted_at, until FROM host_notes")
    told = datetime.fromisoformat(note["until"]) - datetime.fromisoformat(note["noted_at"])
    assert ("127.0.0.1", "later") == (note["host"], note["kind"])
    assert timedelta(days=1) - timedelta(seconds=2) <= told <= timedelta(days=1, seconds=2)
    assert asked == len(site.asked)
    assert summary["sources"][SOURCE]["skipped"].startswith("told later: 127.0.0.1 asks to be left alone for 86400")
    assert (0, 1) == (code, summary["sources"][OTHER]["fetched"])


def test_crawl_killed_while_it_waits_remembers_for_how_long(make_site, tmp_path):
    def busy(handler):
        handler.answer(*((429, b"") if len(site.asked) == 2 else (200,)), Retry_After="4")

    site = make_site({"/busy": busy})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/busy"]})
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    process = subprocess.Popen(make_command(*arguments), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "data/archive.db").exists() or not _list_notes(tmp_path / "data"):
        time.sleep(0.05)
    process.kill()
    process.wait()
    code, summary, _ = crawl(*arguments)

    first, second = list_times(site, "/busy")
    assert (0, 1) == (code, summary["sources"][SOURCE]["fetched"])
    assert second - first >= 4


def _list_notes(data):
    try:
        return read_rows(data, "SELECT kind FROM host_notes")
    except sqlite3.OperationalError:  # the tables are not there yet
        return []


# A crawl some hours from now that tries each page once.
LATER = """
from datetime import UTC, datetime, timedelta
from crawlers import hosts, run, settings
settings.KB_RETRIES = 0
def tell():
    return datetime.now(UTC) + timedelta(hours={hours})
hosts.HostBook.__init__.__defaults__ = ((), tell)
run._tell_now = lambda precision: tell().isoformat(timespec=precision).replace("+00:00", "Z")
"""


def test_storm_opens_the_breaker_over_crawls_until_one_page_answers_and_is_no_change(make_site, tmp_path):
    state = {"up": True}

    def page(handler):
        handler.answer() if state["up"] else handler.answer(500, b"<p>Something went wrong.</p>")

    site = make_site({f"/{number}": page for number in range(12)})
    sources = write_sources(
        tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/{n}" for n in range(12)], "document": RULE}
    )
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    crawl(*arguments, prelude=LATER.format(hours=0))
    state["up"] = False
    _, stormy, log = crawl(*arguments, prelude=LATER.format(hours=1))
    asked = len(site.asked)
    dry = _dry_run(*arguments, prelude=LATER.format(hours=1))
    _, held, _ = crawl(*arguments, prelude=LATER.format(hours=1))
    asked_while_open = len(site.asked)
    crawl(*arguments, prelude=LATER.format(hours=2))
    asked_half_open = len(site.asked)
    state["up"] = True
    code, well, _ = crawl(*arguments, prelude=LATER.format(hours=3))
    result = build(tmp_path / "data", BuildRequest(sources=read_sources([sources])))

    notes = read_rows(tmp_path / "data", "SELECT kind, pause FROM host_notes ORDER BY id")
    # The first twelve pages and their robots.txt; then another, and four failures.
    assert ({"status 500": 4, "host": 8}, 13 + 5) == (stormy["sources"][SOURCE]["failed"], asked)
    assert "127.0.0.1 failed 4 times in a row (status 500)" in log
    assert dry[SOURCE]["skipped"].startswith("breaker open: 127.0.0.1 failed 4 times in a row (status 500)")
    assert (asked, True) == (asked_while_open, held["sources"][SOURCE]["skipped"].startswith("breaker open:"))
    assert 2 == asked_half_open - asked
    assert [("open", 900), ("open", 1800), ("closed", 0)] == [(note["kind"], note["pause"]) for note in notes]
    assert (0, 12) == (code, well["sources"][SOURCE]["fetched"])
    assert 0 == result.changes


def test_what_robots_txt_decided_is_kept_with_its_text_and_rule(make_site, tmp_path):
    robots = "User-agent: *\nCrawl-delay: 0.2\nDisallow: /closed\nAllow: /closed/but-this\n"
    site = make_site({"/robots.txt": text(robots), "/fine": ok, "/free": ok, "/closed/but-this": ok, "/closed/x": ok})
    bare, broken = make_site({"/fine": ok}), make_site({"/robots.txt": lambda handler: handler.answer(500, b"")})
    paths = ("fine", "free", "closed/but-this", "closed/x")
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{site.url}/{path}" for path in paths], "document": RULE},
        {"id": OTHER, "urls": [f"{on_localhost(bare)}/fine"]},
        {"id": "us-xx-broken", "urls": [f"{broken.url.replace('127.0.0.1', '127.0.0.1')}/fine"]},
    )

    _, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    rows = read_rows(tmp_path / "data", "SELECT * FROM robots_decisions ORDER BY allowed, rule")
    (kept,) = read_rows(tmp_path / "data", "SELECT * FROM robots_texts")
    found = {(row["rule"], row["allowed"], row["pages"]) for row in rows}
    assert {
        ("Disallow: /closed (User-agent: *)", 0, 1),
        ("Allow: /closed/but-this (User-agent: *)", 1, 1),
        ("", 1, 2),
        ("status 404 allows all", 1, 1),
        ("status 500 forbids all", 0, 1),
    } == found
    assert (robots.encode(), hash_body(robots.encode())) == (kept["body"], kept["sha256"])
    assert {(row["sha256"], row["crawl_delay"]) for row in rows} == {(kept["sha256"], 0.2), (None, None)}
    assert {summary["run"]} == {row["run"] for row in rows}
    assert "/closed/x" not in [path for path, _ in site.asked]
    assert read_fetches(tmp_path / "data")["x"]["error"].endswith("forbids it (Disallow: /closed (User-agent: *))")


def test_redirect_to_another_host_is_followed_only_if_declared_and_never_into_a_forbidden_source(make_site, tmp_path):
    target = make_site({"/file": ok, "/closed/file": ok})
    aim = on_localhost(target)
    site = make_site(
        {name: redirect_to(f"{aim}/file") for name in ("/bare", "/told")} | {"/in": redirect_to("/closed/1")}
    )
    closed = {"state": "forbidden", "reason": "terms", "checked_on": "2026-05-01"}
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{site.url}/bare"]},
        {"id": OTHER, "urls": [f"{site.url}/told", f"{site.url}/in"], "document": RULE, "redirects": ["localhost"]},
        {"id": "us-xx-closed", "start": f"{site.url}/closed/", "crawl_policy": closed},
    )

    crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    rows = read_fetches(tmp_path / "data")
    assert ("refused", True) == (rows["bare"]["outcome"], rows["bare"]["error"].startswith("offsite:"))
    assert ("ok", f"{aim}/file") == (rows["told"]["outcome"], rows["told"]["final_url"])
    assert ("refused", True) == (rows["in"]["outcome"], rows["in"]["error"].startswith("policy:"))
    assert "/closed/1" not in [path for path, _ in site.asked]


def test_dry_run_tells_whom_when_and_why_not_and_opens_no_socket(make_site, tmp_path):
    site = make_site(
        {"/robots.txt": text("User-agent: *\nCrawl-delay: 0.5\n"), "/one": ok, "/two": lambda h: h.answer()}
    )
    busy = make_site({"/busy": lambda handler: handler.answer(503, b"", Retry_After="86400")})
    closed = {"state": "forbidden", "reason": "terms", "checked_on": "2026-05-01"}
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{site.url}/one", f"{site.url}/two"], "document": RULE},
        {"id": OTHER, "urls": [f"{on_localhost(busy)}/busy"]},
        {"id": "us-xx-closed", "urls": [f"{site.url}/no"], "crawl_policy": closed},
    )
    arguments = ("--sources", sources, "--allow-loopback")
    crawl(tmp_path / "data", *arguments)
    asked, before = len(site.asked) + len(busy.asked), (tmp_path / "data/archive.db").read_bytes()
    no_socket = (
        "import socket\n"
        "def refuse(*facts, **named): raise AssertionError('a socket')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = socket.getaddrinfo = refuse"
    )

    dry = _dry_run(tmp_path / "data", *arguments, prelude=no_socket)
    due = _dry_run(tmp_path / "data", *arguments, "--due", prelude=no_socket)
    fresh = _dry_run(tmp_path / "none", *arguments, prelude=no_socket)

    row = dry[SOURCE]
    assert ("127.0.0.1", 2, 1, 1, 0.5, 1.0) == tuple(
        row[key] for key in ("host", "pages", "conditional", "whole", "delay", "seconds")
    )
    assert datetime.fromisoformat(row["earliest"]) <= datetime.now(UTC)
    assert dry[OTHER]["skipped"].startswith("told later: localhost asks to be left alone")
    assert "forbidden: terms; checked on 2026-05-01" == dry["us-xx-closed"]["skipped"]
    assert due[SOURCE]["skipped"].startswith("not due: weekly, last crawled 2")
    assert (2, 2) == (fresh[SOURCE]["pages"], fresh[SOURCE]["whole"])
    assert (asked, before) == (len(site.asked) + len(busy.asked), (tmp_path / "data/archive.db").read_bytes())
    assert not (tmp_path / "none/archive.db").exists()


def _dry_run(data, *arguments, prelude=""):
    command = make_command(data, *arguments, "--dry-run", prelude=prelude)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {one["source"]: one for one in map(json.loads, done.stdout.splitlines())}


def test_kb_crawl_dry_run_prints_a_table_and_lines(make_site, tmp_path):
    site = make_site({})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/one"]})
    command = [
        Path(sys.executable).with_name("kb"),
        "crawl",
        "--dry-run",
        "--sources",
        sources,
        "--data",
        tmp_path,
        "--source",
        SOURCE,
    ]

    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = subprocess.run([*command, "--format", "jsonl"], capture_output=True, text=True, check=True).stdout

    rows = [json.loads(line) for line in lines.splitlines()]
    assert "1 known page of 1 host, 0:00:00 at least; nothing was asked" in table
    assert [(SOURCE, 1)] == [(row["source"], row["pages"]) for row in rows if not row["skipped"]]
    assert [] == site.asked


def make_certificate(name, issuer=None, *, is_authority=False):
    """Make a certificate and its key, signed by an issuer's or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer_name, signer_key = (subject, key) if issuer is None else (issuer[0].subject, issuer[1])
    made = (
        x509.CertificateBuilder(signer_name, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2090, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signer_key, hashes.SHA256())
    )
    return made, key


def write_pem(path, *made):
    parts = [one.public_bytes(Encoding.PEM) for one, _ in made]
    parts.append(made[0][1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.write_bytes(b"".join(parts))
    return path


def serve_securely(site, pem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    return on_localhost(site).replace("http:", "https:")


def test_certificate_is_accepted_by_its_fingerprint_only_and_the_exception_is_noted(make_site, tmp_path):
    mine, other = make_certificate("localhost"), make_certificate("localhost")
    url = serve_securely(make_site({"/fine": ok}), write_pem(tmp_path / "server.pem", mine))

    outcomes = {}
    for name, (certificate, _) in {"right": mine, "wrong": other}.items():
        exception = {
            "accept": certificate.fingerprint(hashes.SHA256()).hex(":"),
            "reason": "signed by itself",
            "checked_on": "2026-05-01",
        }
        source = {"id": SOURCE, "urls": [f"{url}/fine"], "certificate": exception}
        sources = write_sources(tmp_path / f"sources-{name}", source)
        crawl(tmp_path / name, "--sources", sources, "--allow-loopback")
        outcomes[name] = read_fetches(tmp_path / name)["fine"]

    (note,) = read_rows(tmp_path / "right", "SELECT kind, host, reason FROM host_notes")
    assert "ok" == outcomes["right"]["outcome"]
    assert ("error", True) == (outcomes["wrong"]["outcome"], outcomes["wrong"]["error"].startswith("tls:"))
    assert ("certificate", "localhost") == (note["kind"], note["host"])
    assert f"{SOURCE}: signed by itself (checked on 2026-05-01)" == note["reason"]


def test_missing_intermediate_is_declared_and_all_other_checks_stay(make_site, tmp_path):
    root = make_certificate("Example Root", is_authority=True)
    middle = make_certificate("Example Intermediate", root, is_authority=True)
    stranger = make_certificate("Another Intermediate", is_authority=True)
    url = serve_securely(
        make_site({"/fine": ok}), write_pem(tmp_path / "server.pem", make_certificate("localhost", middle))
    )
    (tmp_path / "roots.pem").write_bytes(root[0].public_bytes(Encoding.PEM))
    environment = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "roots.pem")}

    outcomes = {}
    for name, exception in {"none": None, "right": middle, "wrong": stranger}.items():
        source = {"id": SOURCE, "urls": [f"{url}/fine"]}
        if exception is not None:
            pem = exception[0].public_bytes(Encoding.PEM).decode()
            source["certificate"] = {"intermediate": pem, "reason": "not sent", "checked_on": "2026-05-01"}
        sources = write_sources(tmp_path / f"sources-{name}", source)
        crawl(tmp_path / name, "--sources", sources, "--allow-loopback", environment=environment)
        outcomes[name] = read_fetches(tmp_path / name)["fine"]["outcome"]

    assert {"none": "error", "right": "ok", "wrong": "error"} == outcomes


def test_unchanged_pages_are_built_without_reading_a_byte_of_them(make_site, tmp_path):
    def page(handler):
        handler.answer(304, b"") if handler.headers.get("If-None-Match") else handler.answer(ETag='"one"')

    site = make_site({f"/{number}": page for number in range(5)})
    sources = write_sources(
        tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/{n}" for n in range(5)], "document": RULE}
    )
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")
    request = BuildRequest(sources=read_sources([sources]))
    crawl(*arguments)
    build(tmp_path / "data", request)

    crawl(*arguments)
    read_rows(tmp_path / "data", "UPDATE snapshots SET body = NULL")
    result = build(tmp_path / "data", request)

    outcomes = [row["outcome"] for row in read_rows(tmp_path / "data", "SELECT outcome FROM fetches ORDER BY seq")]
    assert ["ok"] * 5 + ["not_modified"] * 5 == outcomes
    assert (1, 5, 0, ()) == (result.waves, result.pages, result.changes, tuple(result.damaged))
