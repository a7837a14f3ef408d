"""Webhooks go to public addresses alone, signed as receivers expect, and come once as far as their id tells."""

import json
import socket
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from kb import hooks
from kb.delivering import Delivery, deliver
from kb.hooks import HookError, make_headers, read_wait, send_hook, spell_secret
from kb.mail_settings import MailSettings
from kb.store.connection import transaction
from kb.store.outbox import Draft, write_message
from kb.store.subscribers import Subscriber, add_subscriber, open_subscribers, read_subscriber
from kb.tell.targets import BadTargetError, is_public, parse_target

NOW = "2026-01-01T00:00:00Z"
SECRET = b"k" * 32
# Addresses that must never be connected to, as people write them to get there all the same.
TRICKS = (
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25lo]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://db.internal/",
    "https://host/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://user@hooks.example.org/",
    "https://hooks.example.org:secret@127.0.0.1/",
    "https://hooks.example.org\\@127.0.0.1/",
    "https://127.0.0.1#@hooks.example.org/",
    "https://127.0.0.1?@hooks.example.org/",
    "https://hooks.example.org:22/",
    "https://hooks.example.org:80/",
    "http://hooks.example.org/",
    "ftp://hooks.example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/_HELO",
    "https://hooks.example.org/ HTTP/1.1\r\nHost: internal",
    "https:///path",
    "https://",
    "//127.0.0.1/",
    "",
    "https://" + "a" * 3000 + ".example.org/",
)
# What a name may stand for: one bad address among good ones is enough.
ANSWERS = (
    ["127.0.0.1"],
    ["10.1.2.3"],
    ["169.254.169.254"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["64:ff9b::a00:1"],
    ["64:ff9b:1:7f00:0:100:808:808"],
    ["2002:7f00:1::"],
    ["2001:0:5ef5:79fb:0:0:80ff:fffe"],
    ["fe80::1%lo"],
    ["93.184.216.34", "127.0.0.1"],
    ["93.184.216.34", "fd00::1"],
    ["0.0.0.0"],  # noqa: S104 - an address to be refused
    ["192.0.0.8"],
    ["203.0.113.9"],
    ["100.100.100.200"],
    ["not an address"],
    [],
    [f"93.184.216.{n}" for n in range(1, 30)],
)


@pytest.fixture
def connections(monkeypatch):
    """Every address that is connected to while a test runs; none of them is let through."""
    asked = []

    def refuse(address, *_args, **_named):
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", lambda _self, address: refuse(address))
    return asked


@pytest.mark.parametrize("url", TRICKS)
def test_tricks_are_connected_to_nowhere(connections, url):
    with pytest.raises((BadTargetError, HookError)) as caught:
        send_hook(url, {}, b"{}", resolve=lambda _host, _port: ["127.0.0.1"])

    assert [] == connections
    assert "127" not in str(caught.value)


@pytest.mark.parametrize("answer", ANSWERS)
def test_names_that_stand_for_any_address_that_is_not_public_are_not_connected_to(connections, answer):
    with pytest.raises(HookError):
        send_hook("https://hooks.example.org/", {}, b"{}", resolve=lambda _host, _port: answer)

    assert [] == connections


def test_name_that_changes_its_mind_is_asked_once_and_the_checked_address_is_connected_to(connections):
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    with pytest.raises(HookError, match="no answer"):
        send_hook("https://hooks.example.org/", {}, b"{}", resolve=lambda _host, _port: next(answers))

    assert [("93.184.216.34", 443)] == connections


def test_no_proxy_of_the_environment_is_used(connections, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    with pytest.raises(HookError):
        send_hook("https://hooks.example.org/", {}, b"{}", resolve=lambda _host, _port: ["93.184.216.34"])

    assert [("93.184.216.34", 443)] == connections


def test_next_address_is_taken_where_the_first_does_not_answer(connections):
    with pytest.raises(HookError, match="no answer"):
        send_hook("https://hooks.example.org/", {}, b"{}", resolve=lambda _host, _port: ["2606:2800::1", "8.8.8.8"])

    assert [("2606:2800::1", 443), ("8.8.8.8", 443)] == connections


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"]
)
def test_public_addresses_are_public(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_address_inside_another_is_judged_as_itself(address):
    assert is_public(str(address)) == is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}")


@pytest.mark.parametrize(
    ("url", "host", "port", "path"),
    [
        ("https://hooks.example.org", "hooks.example.org", 443, "/"),
        ("https://Hooks.Example.org:8443/a?b=c", "hooks.example.org", 8443, "/a?b=c"),
        ("https://bücher.example/x", "xn--bcher-kva.example", 443, "/x"),
    ],
)
def test_targets_are_taken_apart(url, host, port, path):
    found = parse_target(url)

    assert ("https", host, port, path) == (found.scheme, found.host, found.port, found.path)


# --- a receiver


class Receiver:
    """A receiver of webhooks on this machine: keeps what it gets, answers as it is told to."""

    def __init__(self):
        self.got = []
        self.answers = []


@contextmanager
def receive():
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append((self.path, dict(self.headers), body))
            status, headers, delay = receiver.answers.pop(0) if receiver.answers else (200, {}, 0)
            time.sleep(delay)
            with suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"x" * 100_000)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver, f"http://127.0.0.1:{server.server_address[1]}/hook"
    finally:
        server.shutdown()
        server.server_close()


def fill(data, url, count=1):
    with open_subscribers(data) as db, transaction(db):
        one = Subscriber(
            id="hook", channel="webhook", target=url, secret=SECRET, state="active", created_at=NOW, told_until=NOW
        )
        add_subscriber(db, one, ())
        for number in range(count):
            body = json.dumps({"type": "report", "timestamp": NOW, "data": {"number": number}}).encode()
            draft = Draft(
                id=f"msg_{number}",
                subscriber="hook",
                kind="report",
                release=1,
                since=NOW,
                until=NOW,
                title="t",
                body=body,
            )
            write_message(db, draft, NOW)


def send(data, now=NOW, **options):
    how = Delivery(settings=MailSettings(), tell_now=lambda: now, allow_loopback=True, **options)
    return deliver(data, how)


def read_states(data):
    with open_subscribers(data) as db:
        return [tuple(row) for row in db.execute("SELECT state, reason FROM messages ORDER BY seq")]


def test_webhooks_come_in_order_and_signed(tmp_path, monkeypatch):
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", _Clock)
    with receive() as (receiver, url):
        fill(tmp_path, url, 3)
        done = send(tmp_path)
    reader = Webhook(spell_secret(SECRET))

    assert (3, [0, 1, 2]) == (done.sent, [json.loads(body)["data"]["number"] for _, _, body in receiver.got])
    for _, headers, body in receiver.got:
        small = {name.lower(): value for name, value in headers.items()}
        assert json.loads(body) == reader.verify(body, small)
        with pytest.raises(WebhookVerificationError):
            reader.verify(body + b" ", small)


class _Clock:
    """The receiver's clock stands at the instant of sending."""

    @staticmethod
    def now(tz=None):
        from datetime import datetime  # noqa: PLC0415 - the name is patched outside

        return datetime.fromisoformat(NOW).astimezone(tz)

    @staticmethod
    def fromtimestamp(value, tz=None):
        from datetime import datetime  # noqa: PLC0415

        return datetime.fromtimestamp(value, tz)


def test_old_signature_is_refused_by_receivers():
    headers = make_headers(SECRET, "msg_1", NOW, b"{}")

    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(spell_secret(SECRET)).verify(b"{}", headers)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503])
def test_anything_but_success_is_tried_again_with_the_same_id(tmp_path, status):
    with receive() as (receiver, url):
        fill(tmp_path, url)
        receiver.answers = [(status, {"location": url}, 0)]
        send(tmp_path)
        assert [("waiting", f"HTTP {status}")] == read_states(tmp_path)
        send(tmp_path, "2026-01-01T00:02:00Z")

    ids = [headers["webhook-id"] for _, headers, _ in receiver.got]
    times = [headers["webhook-timestamp"] for _, headers, _ in receiver.got]
    assert (["msg_0", "msg_0"], 2) == (ids, len(set(times)))
    assert [("sent", "")] == read_states(tmp_path)


def test_later_message_waits_for_the_one_before_it(tmp_path):
    with receive() as (receiver, url):
        fill(tmp_path, url, 2)
        receiver.answers = [(500, {}, 0)]
        send(tmp_path)
        assert ["msg_0"] == [headers["webhook-id"] for _, headers, _ in receiver.got]
        send(tmp_path, "2026-01-01T00:02:00Z")

    assert ["msg_0", "msg_0", "msg_1"] == [headers["webhook-id"] for _, headers, _ in receiver.got]


def test_receiver_says_when_to_come_again(tmp_path):
    with receive() as (receiver, url):
        fill(tmp_path, url)
        receiver.answers = [(503, {"retry-after": "3600"}, 0)]
        send(tmp_path)
        early = send(tmp_path, "2026-01-01T00:59:00Z")
        late = send(tmp_path, "2026-01-01T01:00:01Z")

    assert (0, 1) == (early.sent, late.sent)


def test_receiver_that_is_gone_ends_the_subscription(tmp_path):
    with receive() as (receiver, url):
        fill(tmp_path, url, 2)
        receiver.answers = [(410, {}, 0)]
        send(tmp_path)
    with open_subscribers(tmp_path) as db:
        one = read_subscriber(db, "hook")

    assert (1, "parked", "HTTP 410") == (len(receiver.got), one.state, one.reason)
    assert ["parked", "dropped"] == [state for state, _ in read_states(tmp_path)]


def test_slow_receiver_is_given_up_and_asked_again_later(tmp_path, monkeypatch):
    monkeypatch.setattr(hooks, "TIMEOUT", 0.3)
    with receive() as (receiver, url):
        fill(tmp_path, url)
        receiver.answers = [(200, {}, 1.0)]
        send(tmp_path)

    assert [("waiting", "no answer: TimeoutError")] == read_states(tmp_path)


def test_loopback_is_refused_unless_allowed(tmp_path, connections):
    fill(tmp_path, "http://127.0.0.1:9/hook")
    deliver(tmp_path, Delivery(settings=MailSettings(), tell_now=lambda: NOW))

    assert [] == connections
    assert ["parked"] == [state for state, _ in read_states(tmp_path)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("", 0),
        ("soon", 0),
        ("999999999", 86400),
        ("-5", 0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60),
        ("\xb2", 0),
        ("9" * 5000, 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 0),
    ],
)
def test_retry_after_is_read_within_bounds(text, seconds):
    assert seconds == read_wait(text, "Thu, 01 Jan 2026 00:00:00 GMT")
