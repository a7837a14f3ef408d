"""The one spider against servers on this machine: every way a request can end is a row that says so."""

import gzip
import json
import os
import random
import re
import signal
import ssl
import subprocess
import time
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kb.build import BuildRequest, build
from kb.sources import read_sources
from tests.crawling import ROOT, Site, crawl, make_command, read_fetches, read_rows, write_sources

SOURCE = "us-xx-rules"


def ok(handler):
    handler.answer(ETag='"one"', Set_Cookie="session=1", Server="secret/1.0")


def redirect(target, status=302):
    return lambda handler: handler.answer(status, b"", Location=target)


def cut(handler):
    handler.answer(200, b"<p>half", Content_Length="500")
    handler.close_connection = True


def cut_chunk(handler):
    handler.answer(200, b"20\r\n<p>half of a chunk", Transfer_Encoding="chunked", Content_Length=None)
    handler.close_connection = True


def cut_gzip(handler):
    handler.answer(200, gzip.compress(b"<p>whole</p>" * 50)[:-12], Content_Encoding="gzip")


def drip(handler):
    handler.answer(200, b"<", Content_Length="1000")
    try:
        for _ in range(100):
            handler.wfile.write(b"p")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True


def stream(handler):
    handler.answer(200, b"", Transfer_Encoding="chunked", Content_Length=None)
    try:
        for _ in range(100):
            handler.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    except OSError:
        handler.close_connection = True


def announce_much(handler):
    handler.answer(200, b"", Content_Length="900000000")
    handler.close_connection = True


ENDINGS = {
    # path: (what the server does, outcome, status, beginning of the reason)
    "fine": (ok, "ok", 200, ""),
    "gone": (lambda handler: handler.answer(410, b""), "missing", 410, "status 410"),
    "never": (lambda handler: handler.answer(404, b""), "missing", 404, "status 404"),
    "login": (lambda handler: handler.answer(401, b""), "blocked", 401, "status 401"),
    "closed": (lambda handler: handler.answer(403, b"no robots here"), "blocked", 403, "status 403"),
    "withheld": (lambda handler: handler.answer(451, b""), "blocked", 451, "status 451"),
    "broken": (lambda handler: handler.answer(500, b"oops"), "error", 500, "status 500"),
    "cut": (cut, "truncated", 200, "cut:"),
    "chunk": (cut_chunk, "truncated", 200, "cut:"),
    "zipped": (cut_gzip, "truncated", 200, "cut:"),
    "drip": (drip, "error", 0, "timeout:"),
    "stream": (stream, "refused", 0, "size:"),
    "large": (announce_much, "refused", 0, "size:"),
    "bomb": (
        lambda handler: handler.answer(200, gzip.compress(bytes(5_000_000)), Content_Encoding="gzip"),
        "refused",
        0,
        "size:",
    ),
    "circle": (redirect("/circle2"), "error", 302, "redirects: redirects in a circle"),
    "away": (redirect("http://127.0.0.2/elsewhere"), "refused", 302, "offsite:"),
    "file": (redirect("file:///etc/hostname"), "refused", 302, "offsite:"),
    "chain0": (redirect("/chain1"), "error", 302, "redirects: more than 10"),
    "moved": (redirect("/new", 301), "ok", 200, ""),
    "hidden": (ok, "refused", 0, "robots:"),
}


@pytest.fixture(scope="module")
def endings(tmp_path_factory):
    """Crawl a site that shows every ending once."""
    folder = tmp_path_factory.mktemp("endings")
    pages = {f"/{name}": ending[0] for name, ending in ENDINGS.items()}
    pages |= {f"/chain{number}": redirect(f"/chain{number + 1}") for number in range(1, 15)}
    pages |= {
        "/circle2": redirect("/circle"),
        "/new": ok,
        "/robots.txt": lambda handler: handler.answer(200, b"User-agent: *\nDisallow: /hidden\n"),
    }
    site = Site(pages)
    urls = [f"{site.url}/{name}" for name in ENDINGS]
    sources = write_sources(
        folder / "sources", {"id": SOURCE, "urls": urls, "document": {"work": "r", "pattern": "(?P<citation>[a-z]+)$"}}
    )
    result = crawl(folder / "data", "--sources", sources, "--allow-loopback")
    yield folder / "data", site, result
    site.close()


@pytest.mark.parametrize("name", ENDINGS)
def test_every_ending_is_a_row_that_says_so(endings, name):
    data, _, _ = endings
    _, outcome, status, reason = ENDINGS[name]

    row = read_fetches(data)[name]

    assert (outcome, status) == (row["outcome"], row["status"])
    assert row["error"].startswith(reason) if reason else row["error"] == ""


def test_failed_pages_make_the_exit_code_three_and_are_counted_by_reason(endings):
    _, _, (code, summary, _) = endings

    source = summary["sources"][SOURCE]

    assert (3, True) == (code, summary["closed"])
    assert (2, 2, 2) == (source["fetched"], source["new"], source["missing"])
    assert {"status 403": 1, "robots": 1, "size": 3, "cut": 3}.items() <= source["failed"].items()


def test_refused_page_is_never_asked_for_and_a_broken_one_three_times(endings):
    _, site, _ = endings
    asked = [path for path, _ in site.asked]

    assert (0, 3, 1) == (asked.count("/hidden"), asked.count("/broken"), asked.count("/fine"))


def test_only_harmless_headers_are_kept_and_no_cookie_is_sent_back(endings):
    data, site, _ = endings
    sent = [headers for _, headers in site.asked]

    assert (
        '{"content-length":"29","content-type":"text/html","etag":"\\"one\\""}' == read_fetches(data)["fine"]["headers"]
    )
    assert not any({"Cookie", "Referer", "Authorization"} & set(headers) for headers in sent)
    assert all(re.fullmatch(r"StatusQuo/\S+ \(\+.+\)", headers["User-Agent"]) for headers in sent)


def test_redirected_page_keeps_the_way_it_took(endings):
    data, site, _ = endings

    row = read_fetches(data)["moved"]

    assert (f"{site.url}/moved", f"{site.url}/new") == (row["url"], row["final_url"])
    assert f'["{site.url}/new"]' == row["redirects"]


def test_unchanged_page_is_asked_for_conditionally_and_a_failed_one_is_not(make_site, tmp_path):
    def fine(handler):
        handler.answer(304, b"") if handler.headers.get("If-None-Match") else handler.answer(ETag='"one"')

    def shaky(handler):
        handler.answer(403 if len([1 for path, _ in site.asked if path == "/shaky"]) == 2 else 200, ETag='"two"')

    site = make_site({"/fine": fine, "/shaky": shaky})
    rule = {"work": "r", "pattern": "(?P<citation>[a-z]+)$"}
    urls = [f"{site.url}/fine", f"{site.url}/shaky"]
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": urls, "document": rule})
    for _ in range(3):
        crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    asked = {path: [headers.get("If-None-Match") for at, headers in site.asked if at == path] for path, _ in site.asked}
    rows = read_rows(tmp_path / "data", "SELECT outcome FROM fetches WHERE url LIKE '%fine' ORDER BY seq")

    assert [None, '"one"', '"one"'] == asked["/fine"]
    assert [None, '"two"', None] == asked["/shaky"]
    assert ["ok", "not_modified", "not_modified"] == [row["outcome"] for row in rows]


def test_page_the_build_does_not_trust_is_fetched_whole(make_site, tmp_path):
    site = make_site({"/fine": lambda handler: handler.answer(200, b"<main>Please sign in.</main>", ETag='"one"')})
    source = {"id": SOURCE, "urls": [f"{site.url}/fine"], "checks": {"must_not_contain": ["Please sign in"]}}
    sources = write_sources(tmp_path / "sources", source)
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    crawl(*arguments)
    crawl(*arguments)
    build(tmp_path / "data", BuildRequest(sources=read_sources([sources])))
    crawl(*arguments)

    asked = [headers.get("If-None-Match") for path, headers in site.asked if path == "/fine"]
    assert [None, '"one"', None] == asked


RULE = "<main><h1>Fees</h1>{}<p>(a) An applicant must pay a fee to the board.</p><p>(b) The board keeps it.</p></main>"


@pytest.mark.parametrize(("line", "told"), [("You are visitor {}.", []), ("The fee is $50 plus ${}.", ["p1"])])
def test_lone_page_that_moved_in_a_short_line_is_looked_at_once_more(make_site, tmp_path, line, told):
    visits = iter((7, 8, 9) if not told else (7, 8, 8))
    page = RULE.format(f"<p>{line}</p>")
    site = make_site({"/fees": lambda handler: handler.answer(200, page.format(next(visits)).encode())})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/fees"]})
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    crawl(*arguments)
    code, summary, _ = crawl(*arguments)
    build(tmp_path / "data", BuildRequest(sources=read_sources([sources])))

    assert (0, True) == (code, summary["closed"])
    assert (1, 1) == (summary["sources"][SOURCE]["fetched"], summary["sources"][SOURCE]["changed"])
    assert 3 == len([path for path, _ in site.asked if path == "/fees"])
    assert told == [row["eid"] for row in read_rows(tmp_path / "data", "SELECT eid FROM changes", "kb.db")]


def test_page_whose_law_moved_is_not_looked_at_again(make_site, tmp_path):
    texts = iter(("A physician must sign.", "A physician must sign and date it."))
    site = make_site({"/fees": lambda handler: handler.answer(200, RULE.format(f"<p>{next(texts)}</p>").encode())})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/fees"]})
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    crawl(*arguments)
    crawl(*arguments)

    assert 2 == len([path for path, _ in site.asked if path == "/fees"])


def test_crawl_that_is_stopped_says_so_and_goes_on_when_started_again(make_site, tmp_path):
    site = make_site({f"/{number}": ok for number in range(30)})
    rule = {"work": "r", "pattern": "(?P<citation>[0-9]+)$"}
    urls = [f"{site.url}/{number}" for number in range(30)]
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": urls, "document": rule})
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")

    process = subprocess.Popen(make_command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    while len(site.asked) < 8:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    stopped = json.loads(process.communicate()[0].splitlines()[-1])
    code, summary, _ = crawl(*arguments)

    assert (3, False) == (process.returncode, stopped["closed"])
    assert (0, stopped["run"], 30) == (code, summary["run"], summary["sources"][SOURCE]["fetched"])
    assert 30 == len(read_rows(tmp_path / "data", "SELECT url FROM fetches"))


def test_full_disk_ends_the_crawl_with_clear_words_and_nothing_stored_is_lost(make_site, tmp_path):
    noise = random.Random(1).randbytes(300_000)  # noqa: S311 - bytes that do not pack

    def shout(handler):
        handler.answer(200, noise[int(handler.path[1:]) :])

    site = make_site({f"/{number}": shout for number in range(4)})
    rule = {"work": "r", "pattern": "(?P<citation>[0-9]+)$"}
    urls = [f"{site.url}/{number}" for number in range(4)]
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": urls, "document": rule})
    arguments = (tmp_path / "data", "--sources", sources, "--allow-loopback")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (800_000, 800_000))"

    code, summary, log = crawl(*arguments, prelude=limit)
    again, resumed, _ = crawl(*arguments)

    assert (3, None) == (code, summary)
    assert "the archive cannot be written (disk I/O error)" in log
    assert (0, 4) == (again, resumed["sources"][SOURCE]["fetched"])


def test_fault_of_ours_ends_the_crawl_instead_of_waiting_for_ever(make_site, tmp_path):
    site = make_site({"/fine": ok})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/fine"]})
    fault = "from crawlers import spider; spider.tell_outcome = lambda *facts: {}['a fault']"

    code, _, log = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback", prelude=fault)

    assert 1 == code
    assert log.rstrip().endswith("KeyError: 'a fault'")


def test_host_that_asks_for_patience_is_not_asked_before(make_site, tmp_path):
    times = []

    def busy(handler):
        times.append(time.monotonic())
        handler.answer(*((429, b"") if len(times) == 1 else (200,)), Retry_After="2")

    site = make_site({"/busy": busy})
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/busy"]})

    _, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert 1 == summary["sources"][SOURCE]["fetched"]
    assert times[1] - times[0] >= 2


def test_host_that_dies_on_the_way_is_given_up(make_site, tmp_path):
    def hang_up(handler):
        handler.close_connection = True

    site = make_site({"/robots.txt": ok, **{f"/{number}": hang_up for number in range(9)}})
    rule = {"work": "r", "pattern": "(?P<citation>[0-9]+)$"}
    urls = [f"{site.url}/{number}" for number in range(9)]
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": urls, "document": rule})

    _, summary, log = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert {"host": 9} == summary["sources"][SOURCE]["failed"]
    assert "127.0.0.1 failed 4 times in a row (connection:" in log
    assert len(site.asked) < 9


def test_dead_host_keeps_nobody_waiting(make_site, tmp_path):
    site = make_site({"/fine": ok})
    rule = {"work": "r", "pattern": "(?P<citation>[a-z0-9]+)$"}
    dead = [f"http://127.0.0.3:9/{number}" for number in range(5)]
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-dead", "urls": dead, "document": rule},
        {"id": SOURCE, "urls": [f"{site.url}/fine"]},
    )

    code, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert (3, 1) == (code, summary["sources"][SOURCE]["fetched"])
    assert {"connection": 5} == summary["sources"]["us-xx-dead"]["failed"]
    reasons = {row["error"] for row in read_rows(tmp_path / "data", "SELECT error FROM fetches WHERE status = 0")}
    assert all(reason.startswith("connection: robots.txt of 127.0.0.3:9 cannot be had") for reason in reasons)


def test_addresses_of_private_networks_are_refused(tmp_path):
    hosts = ("127.0.0.1:9", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "2130706433", "localhost")
    rule = {"work": "r", "pattern": "(?P<citation>[a-z]+)$"}
    urls = [f"http://{host}/page" for host in hosts]
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": urls, "document": rule})

    code, summary, _ = crawl(tmp_path / "data", "--sources", sources)

    assert (3, {"address": len(hosts)}) == (code, summary["sources"][SOURCE]["failed"])


def test_only_loopback_is_opened_by_its_option(tmp_path):
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": ["http://10.0.0.1/page"]})

    _, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert {"address": 1} == summary["sources"][SOURCE]["failed"]


def make_certificate(folder):
    """Make a certificate that nobody vouches for; returns its file, which holds its key as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=datetime(2020, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2090, 1, 1, tzinfo=UTC),
    ).sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + made.public_bytes(Encoding.PEM))
    return folder / "server.pem"


def test_page_behind_a_certificate_nobody_vouches_for_is_not_taken(make_site, tmp_path):
    site = make_site({"/fine": ok})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    url = f"{site.url.replace('http', 'https').replace('127.0.0.1', 'localhost')}/fine"
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [url]})

    _, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert {"tls": 1} == summary["sources"][SOURCE]["failed"]
    assert [] == site.asked


def test_secret_of_a_url_reaches_the_server_and_nothing_else(make_site, tmp_path):
    site = make_site(
        {
            "/rules?key=s3cret%2Fvalue": redirect("/final?key=s3cret%2Fvalue"),
            "/final?key=s3cret%2Fvalue": ok,
        }
    )
    url = f"{site.url}/rules?key=${{RULES_KEY}}"
    sources = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [url]})
    environment = {**os.environ, "RULES_KEY": "s3cret/value"}

    code, _, log = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback", environment=environment)

    (row,) = read_rows(tmp_path / "data", "SELECT * FROM fetches")
    assert (0, url, "ok") == (code, row["url"], row["outcome"])
    assert f"{site.url}/final?key=${{RULES_KEY}}" == row["final_url"]
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert b"s3cret" not in stored
    assert "s3cret" not in log


def test_missing_secret_is_a_refused_page_and_policy_keeps_sources_unasked(make_site, tmp_path):
    site = make_site({"/fine": ok})
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-key", "urls": [f"{site.url}/k?key=${{NOBODY_SET_THIS}}"]},
        {
            "id": "us-xx-no",
            "urls": [f"{site.url}/fine"],
            "crawl_policy": {"state": "forbidden", "reason": "terms of use", "checked_on": "2026-05-01"},
        },
    )

    code, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    found = summary["sources"]
    assert (3, {"secret": 1}) == (code, found["us-xx-key"]["failed"])
    assert "forbidden: terms of use; checked on 2026-05-01" == found["us-xx-no"]["skipped"]
    assert [] == site.asked


def test_robots_txt_that_fails_forbids_and_one_with_a_delay_is_obeyed(make_site, tmp_path):
    broken = make_site({"/robots.txt": lambda handler: handler.answer(503, b""), "/fine": ok})
    slow = make_site({"/robots.txt": lambda handler: handler.answer(200, b"User-agent: *\nCrawl-delay: 1\n")})
    rule = {"work": "r", "pattern": "(?P<citation>[a-z0-9]+)$"}
    pages = [f"{slow.url.replace('127.0.0.1', 'localhost')}/{number}" for number in range(3)]
    sources = write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{broken.url}/fine"]},
        {"id": "us-xx-slow", "urls": pages, "document": rule},
    )
    began = time.monotonic()

    _, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")

    assert {"robots": 1} == summary["sources"][SOURCE]["failed"]
    assert 3 == summary["sources"]["us-xx-slow"]["missing"]
    assert time.monotonic() - began >= 2
