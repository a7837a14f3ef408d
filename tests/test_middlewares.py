"""What holds a crawl back: patience of hosts, redirects that leave, packing that lies, secrets, private addresses."""

import gzip
import logging
from datetime import UTC, datetime

import msgspec
import pytest
from OpenSSL import SSL
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, DownloadTimeoutError
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from crawlers.addresses import is_reachable
from crawlers.download import HostPatience, read_retry_after
from crawlers.masking import MaskingFilter, MissingSecretError, expand_url, mask
from crawlers.middlewares import is_cut_gzip, may_follow
from crawlers.outcomes import GivenUpError, RefusedError, explain_failure, is_passing
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


def test_host_is_left_alone_as_long_as_the_most_patient_answer_asks():
    patience = HostPatience(longest_wait=300, dead_after=3)

    patience.hold(HOST, 60, now=1000)
    patience.hold(HOST, 10, now=1000)

    assert (60, 1, 0) == tuple(patience.tell_wait(HOST, now) for now in (1000, 1059, 1061))
    assert 0 == patience.tell_wait("other.example.gov", 1000)


def test_host_that_asks_for_more_patience_than_we_have_is_given_up_for_this_crawl():
    patience = HostPatience(longest_wait=300, dead_after=3)

    patience.hold(HOST, 86400, now=0)

    with pytest.raises(GivenUpError, match=r"host: .* asks to be left alone for 86400 seconds"):
        patience.check(HOST)
    patience.check("other.example.gov")


def test_only_silence_without_interruption_makes_a_host_dead():
    patience = HostPatience(longest_wait=300, dead_after=3)
    for _ in range(2):
        patience.note_silence(HOST, "timeout")
    patience.note_answer(HOST)
    for _ in range(2):
        patience.note_silence(HOST, "timeout")
    patience.check(HOST)

    patience.note_silence(HOST, "timeout: 60 seconds")

    with pytest.raises(GivenUpError, match=r"no answer 3 times in a row \(timeout: 60 seconds\)"):
        patience.check(HOST)


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
        ("", False),
    ],
)
def test_redirects_are_followed_on_the_same_site_and_to_urls_of_the_source(target, expected):
    source = make_source(match="https://new.example.gov/rules/")

    assert expected == may_follow(source, "http://rules.example.gov/1", target)


def test_cut_gzip_is_told_from_a_whole_one():
    whole = gzip.compress(b"<p>A license is required.</p>" * 5000)

    assert [False, True, True] == [is_cut_gzip(body, 10**6) for body in (whole, whole[:-1], whole[: len(whole) // 2])]
    assert not is_cut_gzip(b"not packed at all", 10**6)
    assert not is_cut_gzip(gzip.compress(bytes(10**6))[:-9], 1000)


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
