"""What holds a crawl back: patience of hosts, redirects that leave, packing that lies, secrets, private addresses."""

import gzip
import logging
from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest
from OpenSSL import SSL
from protego import Protego
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, DownloadTimeoutError
from scrapy.http import Request, Response
from scrapy.utils.test import get_crawler
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from crawlers.addresses import is_reachable
from crawlers.download import read_retry_after, read_wait
from crawlers.masking import MaskingFilter, MissingSecretError, expand_url, holds_secret, mask
from crawlers.middlewares import RedirectMiddleware, is_cut_gzip, may_follow
from crawlers.outcomes import GivenUpError, RefusedError, explain_failure, is_passing
from crawlers.robots import find_rule
from crawlers.run import collect_delays
from tests.build import make_source

NOW = datetime(2024, 6, 1, 8, 0, 0, tzinfo=UTC)
HOST = "rules.example.gov"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sat, 01 Jun 2024 08:01:30 GMT", 90.0),
        ("Sat, 01 Jun 2024 07:00:00 GMT", 0.0),
        ("Sat, 01 Jun 2024 08:01:30 -0000", 90.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, expected):
    assert expected == read_retry_after(value, NOW)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://rules.example.gov/2", True),
        ("https://www.rules.example.gov:8443/2", True),
        ("https://new.example.gov/rules/2", True),
        ("https://new.example.gov/news", False),
        ("https://rules.example.gov.evil.example/2", False),
        ("https://rules.example.gov@evil.example/2", False),
        ("ftp://rules.example.gov/2", False),
        ("https://files.example.gov/2", True),
        ("https://more.files.example.gov/2", False),
        ("", False),
    ],
)
def test_redirects_are_followed_on_the_same_site_and_to_urls_of_the_source(target, expected):
    source = msgspec.structs.replace(
        make_source(match="https://new.example.gov/rules/"), redirects=("files.example.gov",)
    )

    assert expected == may_follow(source, "http://rules.example.gov/1", target)


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("https://rules.example.gov/2", {b"Authorization"}),
        ("https://files.example.gov/2", set()),
        ("http://rules.example.gov/2", set()),
        ("https://files.example.gov/last", {b"If-None-Match"}),
    ],
)
def test_what_was_sent_to_one_server_is_not_sent_to_another(target, kept):
    source = msgspec.structs.replace(make_source(), redirects=("files.example.gov",))
    meta = {"job": None, "source": source, "barred": (), "last_final_url": "https://files.example.gov/last"}
    sent = {"Authorization": "Bearer key", "If-None-Match": '"one"'}
    request = Request("https://rules.example.gov/1", headers=sent, meta=meta)
    middleware = RedirectMiddleware.from_crawler(get_crawler(settings_dict={"KB_REDIRECTS": 10}))

    followed = middleware.process_response(request, Response(request.url, status=302, headers={"Location": target}))

    assert (target, kept) == (followed.url, set(followed.headers))


def test_cut_gzip_is_told_from_a_whole_one():
    whole = gzip.compress(b"<p>A license is required.</p>" * 5000)

    assert [False, True, True] == [is_cut_gzip(body, 10**6) for body in (whole, whole[:-1], whole[: len(whole) // 2])]
    assert not is_cut_gzip(b"not packed at all", 10**6)
    assert not is_cut_gzip(gzip.compress(bytes(10**6))[:-9], 1000)


def test_retry_after_as_a_date_is_held_against_both_clocks_and_the_later_counts():
    until = "Sat, 01 Jun 2024 08:01:30 GMT"
    slow, quick = "Sat, 01 Jun 2024 07:59:00 GMT", "Sat, 01 Jun 2024 08:01:00 GMT"

    waits = [
        read_wait(Response("http://x/", status=status, headers={"Retry-After": value, "Date": date}), NOW)
        for status, value, date in (
            (503, until, slow),
            (503, until, quick),
            (429, "7", slow),
            (403, "7", "never"),
            (302, "7", ""),
            (200, "7", ""),
            (304, "7", ""),
            (503, "soon", slow),
        )
    ]

    assert [150.0, 90.0, 7.0, 7.0, 7.0, None, None, None] == waits


def test_rule_that_decides_is_named_as_its_author_wrote_it():
    ours = "User-agent: statusquo\nDisallow: /private\nAllow: /private/open\nDisallow: /*.zip$\n\n"
    text = f"{ours}User-agent: *\nDisallow: /\n"
    rules = Protego.parse(text)
    agent = "StatusQuo/1.0 (+someone@example.org)"

    found = {path: find_rule(rules, f"https://x.example.gov{path}", agent) for path in ("/a", "/private/a", "/a.zip")}

    assert {
        "/a": "",
        "/private/a": "Disallow: /private (User-agent: statusquo)",
        "/a.zip": "Disallow: /*.zip$ (User-agent: statusquo)",
    } == found
    assert "Allow: /private/open (User-agent: statusquo)" == find_rule(rules, "https://x/private/open/1", agent)
    assert "" == find_rule(Protego.parse("User-agent: other\nDisallow: /\n"), "https://x/a", agent)


def test_secret_is_found_in_a_page_in_every_spelling_it_may_be_echoed_in():
    secrets = expand_url("https://x/?key=${K}", {"K": 'a<b/"ü&1'})[1]
    spelled = [
        'a<b/"ü&1',
        "a&lt;b/&quot;ü&amp;1",
        'a<b/\\"\\u00fc&1',
        'a<b\\/\\"\\u00fc&1',
        "a%3Cb%2F%22%C3%BC%261",
        b64encode('a<b/"ü&1'.encode()).decode(),
    ]

    assert [True] * 6 == [holds_secret(f"<p>{text}</p>".encode(), secrets) for text in spelled]
    assert holds_secret('<p>a<b/"ü&1</p>'.encode("utf-16-le"), secrets)
    assert not holds_secret(b"<p>A license is required.</p>", secrets)
    assert not holds_secret(b"<p>A license is required.</p>", {})


def test_traceback_in_the_log_carries_the_name_of_a_secret():
    masking = MaskingFilter()
    masking.secrets["s3cret"] = "${RULES_KEY}"
    try:
        raise ValueError("https://x/?key=s3cret")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "failed", (), (ValueError, error, error.__traceback__))

    masking.filter(record)

    written = logging.Formatter().format(record)
    assert "ValueError: https://x/?key=${RULES_KEY}" in written
    assert "s3cret" not in written


def test_causes_hidden_in_an_exception_are_found():
    error = DownloadFailedError("no answer")
    error.__cause__ = ResponseFailed([Failure(SSL.Error("certificate"))])

    assert ("error", "tls") == (explain_failure(error)[0], explain_failure(error)[1].partition(":")[0])
    assert not is_passing(error)


@pytest.mark.parametrize(
    ("error", "outcome", "code", "passing"),
    [
        (DownloadTimeoutError("took long"), "error", "timeout: took long", True),
        (CannotResolveHostError("no such host"), "error", "dns: no such host", True),
        (ConnectionLost(), "error", "connection: Connection to the other side was lost", True),
        (RefusedError("robots", "forbidden"), "refused", "robots: forbidden", False),
        (GivenUpError("redirects", "in a circle"), "error", "redirects: in a circle", False),
        (KeyError("ours"), "error", "unexpected: 'ours'", False),
    ],
)
def test_every_exception_has_an_outcome_and_a_reason(error, outcome, code, passing):
    found, reason = explain_failure(error)

    assert (outcome, passing) == (found, is_passing(error))
    assert reason.startswith(code)


def test_secret_is_filled_in_quoted_and_masked_in_every_spelling():
    url = "https://api.example.gov/rules?key=${RULES_KEY}&page=1"

    expanded, secrets = expand_url(url, {"RULES_KEY": "a b/c"})

    assert "https://api.example.gov/rules?key=a%20b%2Fc&page=1" == expanded
    assert "${RULES_KEY} ${RULES_KEY} ${RULES_KEY}" == mask("a b/c a%20b%2Fc a+b%2Fc", secrets)
    with pytest.raises(MissingSecretError, match="RULES_KEY"):
        expand_url(url, {"RULES_KEY": ""})


def test_log_lines_carry_the_name_of_a_secret():
    masking = MaskingFilter()
    masking.secrets["s3cret"] = "${RULES_KEY}"
    record = logging.LogRecord("x", logging.INFO, "x", 1, "got %s", ("https://x/?key=s3cret",), None)

    assert masking.filter(record)
    assert "got https://x/?key=${RULES_KEY}" == record.getMessage()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:0a00:0001::1", False),
    ],
)
def test_only_addresses_of_the_public_web_are_reachable(address, expected):
    assert expected == is_reachable(address)


def test_loopback_is_reachable_where_allowed_and_nothing_else_with_it():
    assert [True, True, False] == [
        is_reachable(address, allow_loopback=True) for address in ("127.0.0.2", "::1", "10.0.0.1")
    ]


def test_sources_that_share_a_host_wait_as_long_as_the_most_patient():
    quick, slow = make_source("us-xx-a"), make_source("us-xx-b", match=r"^https://rules\.example\.gov/\d+$")
    slow = msgspec.structs.replace(slow, host_delay=10.0)

    assert {HOST: 10.0} == collect_delays([quick, slow])
