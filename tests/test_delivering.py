"""What waits is sent once: over real connections to a real mail server, through faults, and beside another sender."""

import socket
import ssl
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from bench.faults import CHILD, fill, make_settings, run
from kb.delivering import MOST_DOUBTS, PER_DOMAIN, WAITS, Delivery, deliver, plan_wait
from kb.mail_settings import MailSettings, read_mail_settings
from kb.mailing import MailConnection
from kb.store.outbox import begin_try, count_messages, read_message
from kb.store.subscribers import alter_subscriber, open_subscribers, read_subscriber
from tests.certificates import make_certificate

NOW = "2026-01-01T00:00:00Z"
ROOT = Path(__file__).parents[1]


class Sink:
    """A mail server's ears: keeps what it is given, answers as it is told to."""

    def __init__(self, answers=()):
        self.taken = []
        self.answers = dict(answers)
        self.connections = 0

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):  # noqa: N802 - aiosmtpd's name
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802
        self.taken.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content, session.ssl is not None))
        return self.answers.get("data", "250 taken")


@contextmanager
def serve_mail(sink, **options):
    """Run a mail server on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def send(data, settings, now=NOW):
    return deliver(data, Delivery(settings=settings, tell_now=lambda: now))


def read_rows(data, query):
    with closing(open_subscribers(data)) as db:
        return [tuple(row) for row in db.execute(query)]


def test_messages_are_sent_over_one_connection_with_their_own_ids(tmp_path):
    fill(tmp_path, 12)
    sink = Sink()
    with serve_mail(sink) as port:
        done = send(tmp_path, make_settings(port))
        again = send(tmp_path, make_settings(port))

    assert (12, 0, 1) == (done.sent, again.sent, sink.connections)
    assert {f"<m{n}@law.example>" for n in range(12)} == {
        message_from_bytes(content)["Message-ID"] for _, _, content, _ in sink.taken
    }
    assert {"reports@law.example"} == {sender for sender, _, _, _ in sink.taken}


def test_bounces_go_where_they_are_wished(tmp_path):
    fill(tmp_path, 1)
    sink = Sink()
    with serve_mail(sink) as port:
        send(tmp_path, msgspec.structs.replace(make_settings(port), bounces="bounces@law.example"))

    assert ["bounces@law.example"] == [sender for sender, _, _, _ in sink.taken]


@pytest.mark.parametrize(
    ("answer", "state", "subscriber"),
    [
        ("450 4.2.1 mailbox busy", "waiting", "active"),
        ("451 try again", "waiting", "active"),
        ("550 5.1.1 no such user s0@d0.example.org", "parked", "parked"),
        ("550 nobody here", "parked", "parked"),
        ("554 5.7.0 content refused", "parked", "active"),
        ("550 5.7.1 relaying denied", "parked", "active"),
        ("554 5.7.1 blocked, not 5.1.1", "parked", "active"),
        ("550 your host 195.1.1.7 knows nobody here", "parked", "parked"),
        ("552 5.3.4 too large", "parked", "active"),
    ],
)
def test_refused_recipient_waits_or_is_parked_with_the_servers_words(tmp_path, answer, state, subscriber):
    fill(tmp_path, 1)
    with serve_mail(Sink({"s0@d0.example.org": answer})) as port:
        send(tmp_path, make_settings(port))
    ((found, reason),) = read_rows(tmp_path, "SELECT state, reason FROM messages")
    with closing(open_subscribers(tmp_path)) as db:
        one = read_subscriber(db, "s0")

    assert (state, subscriber) == (found, one.state)
    assert answer[:3] in reason
    assert "s0@" not in reason


def test_message_put_off_is_sent_when_its_time_comes_and_not_before(tmp_path):
    fill(tmp_path, 1)
    sink = Sink({"s0@d0.example.org": "451 later"})
    with serve_mail(sink) as port:
        send(tmp_path, make_settings(port))
        sink.answers.clear()
        early = send(tmp_path, make_settings(port), "2026-01-01T00:00:30Z")
        late = send(tmp_path, make_settings(port), "2026-01-01T00:02:00Z")

    assert (0, 1) == (early.sent, late.sent)
    assert [("deferred",), ("begun",), ("sent",)] == read_rows(tmp_path, "SELECT outcome FROM tries ORDER BY rowid")


def test_server_that_always_puts_off_gets_the_message_a_bounded_number_of_times(tmp_path):
    fill(tmp_path, 1)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with serve_mail(Sink({"s0@d0.example.org": "451 later"})) as port:
        for _ in range(len(WAITS) + 2):
            send(tmp_path, make_settings(port), now.strftime("%Y-%m-%dT%H:%M:%SZ"))
            now += timedelta(days=2)

    ((state, reason, tries),) = read_rows(tmp_path, "SELECT state, reason, tries FROM messages")
    assert ("parked", len(WAITS) + 1) == (state, tries)
    assert reason.startswith(f"given up after {len(WAITS) + 1} tries: 451 later")


def test_message_in_doubt_twice_is_not_sent_a_third_time(tmp_path):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        for _ in range(MOST_DOUBTS):
            begin_try(db, "<m0@law.example>", NOW)
    sink = Sink()
    with serve_mail(sink) as port:
        send(tmp_path, make_settings(port))

    assert [] == sink.taken
    assert [("parked", "handed over twice without an answer: not sent again")] == read_rows(
        tmp_path, "SELECT state, reason FROM messages"
    )


def test_waits_grow_and_are_stretched_by_up_to_half():
    waits = [plan_wait(tries, 0) for tries in range(len(WAITS) + 3)]

    assert sorted(waits) == waits
    assert plan_wait(0, 1) == waits[0] * 1.5
    assert timedelta(days=2) < sum(waits[: len(WAITS)], timedelta()) < timedelta(days=3)


def test_domain_gets_no_more_than_its_share_in_a_minute(tmp_path):
    fill(tmp_path, PER_DOMAIN + 5)
    with closing(open_subscribers(tmp_path)) as db:
        db.execute("UPDATE subscribers SET target = id || '@mail.example.org'")
    with serve_mail(Sink()) as port:
        first = send(tmp_path, make_settings(port))
        second = send(tmp_path, make_settings(port), "2026-01-01T00:01:00Z")

    assert (PER_DOMAIN, True, 5, False) == (first.sent, first.limited, second.sent, second.limited)


@pytest.mark.parametrize("seed", [1, 7])
def test_nothing_is_lost_and_nothing_comes_twice_unless_nobody_can_know(tmp_path, seed):
    found = run(tmp_path, 60, seed, 60)

    assert (60, 0, 0, 0) == (sum(found.faults.values()), found.lost, found.wrongly_doubled, found.other_ids)
    assert found.doubled <= found.faults["drop_end"] + found.faults["kill_end"]


def test_two_senders_on_one_outbox_send_everything_once(tmp_path):
    fill(tmp_path, 150)
    sink = Sink()
    with serve_mail(sink) as port:
        command = [sys.executable, "-c", CHILD, str(tmp_path), str(port), NOW]
        senders = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
        assert [0, 0, 0] == [sender.wait(60) for sender in senders]

    assert 150 == len(sink.taken)
    assert 150 == len({recipients for _, recipients, _, _ in sink.taken})


def test_what_is_sent_is_the_bytes_of_the_outbox(tmp_path):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        body = read_message(db, "<m0@law.example>")
    sink = Sink()
    with serve_mail(sink) as port:
        send(tmp_path, make_settings(port))

    assert body == sink.taken[0][2]


def test_bodies_are_erased_after_a_month_and_their_ledger_stays(tmp_path):
    fill(tmp_path, 1)
    with serve_mail(Sink()) as port:
        send(tmp_path, make_settings(port))
        send(tmp_path, make_settings(port), "2026-02-05T00:00:00Z")

    assert [(None, 64)] == read_rows(tmp_path, "SELECT body, LENGTH(sha256) FROM messages")
    assert 2 == len(read_rows(tmp_path, "SELECT * FROM tries"))


def test_ledger_is_never_altered(tmp_path):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        begin_try(db, "<m0@law.example>", NOW)
        for change in ("UPDATE tries SET outcome = 'sent'", "DELETE FROM tries"):
            with pytest.raises(Exception, match="the ledger is never"):
                db.execute(change)


def test_reports_of_who_stopped_are_not_sent(tmp_path):
    fill(tmp_path, 2)
    with closing(open_subscribers(tmp_path)) as db:
        alter_subscriber(db, "s0", state="stopped")
    sink = Sink()
    with serve_mail(sink) as port:
        send(tmp_path, make_settings(port))

    assert [("s1@d1.example.org",)] == [recipients for _, recipients, _, _ in sink.taken]


# --- kept secret


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine and its key, as files."""
    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder, "localhost")
    return folder


@contextmanager
def serve_starttls(sink, folder, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")

    class Encrypting(Controller):
        def factory(self):
            return SMTP(self.handler, tls_context=context, require_starttls=True, **options)

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Encrypting(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def make_secret_settings(port, **fields):
    given = {"host": "localhost", "port": port, "safety": "starttls", "sender": "reports@law.example", **fields}
    return MailSettings(address="https://law.example", **given)


def test_mail_is_encrypted_where_the_server_offers_it(tmp_path, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    fill(tmp_path, 2)
    sink = Sink()
    with serve_starttls(sink, certificate) as port:
        send(tmp_path, make_secret_settings(port))

    assert [True, True] == [is_encrypted for _, _, _, is_encrypted in sink.taken]


def test_server_with_a_strange_certificate_gets_nothing(tmp_path, certificate):
    fill(tmp_path, 1)
    sink = Sink()
    with serve_starttls(sink, certificate) as port:
        send(tmp_path, make_secret_settings(port))

    assert [] == sink.taken
    assert [("waiting", "the server's certificate is not to be trusted")] == read_rows(
        tmp_path, "SELECT state, reason FROM messages"
    )


@pytest.mark.parametrize(("password", "expected"), [("right", "sent"), ("wrong", "waiting")])
def test_user_and_password_are_given_over_an_encrypted_connection_alone(
    tmp_path, certificate, monkeypatch, password, expected
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    # The test's server does not answer the second mechanism that is tried.
    monkeypatch.setattr("kb.mailing.TIMEOUT", 1.0)
    fill(tmp_path, 1)

    def check(server, session, envelope, mechanism, given):
        assert session.ssl is not None
        return AuthResult(success=given.password == b"right")

    with serve_starttls(Sink(), certificate, authenticator=check, auth_require_tls=True) as port:
        send(tmp_path, make_secret_settings(port, user="kb", password=password))

    ((state, reason),) = read_rows(tmp_path, "SELECT state, reason FROM messages")
    assert expected == state
    assert "wrong" not in reason


def test_slow_server_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("kb.mailing.TIMEOUT", 0.3)
    fill(tmp_path, 1)
    peers = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: peers.append(listener.accept()), daemon=True).start()
        send(tmp_path, make_settings(listener.getsockname()[1]))

    ((state, reason),) = read_rows(tmp_path, "SELECT state, reason FROM messages")
    assert "waiting" == state
    assert reason.startswith("the server cannot be reached")


def test_connection_says_nothing_of_whom_it_serves(tmp_path):
    sink = Sink({"jo@example.org": "550 5.1.1 <jo@example.org> unknown"})
    with serve_mail(sink) as port, MailConnection(make_settings(port)) as mail:
        handed = mail.send("jo@example.org", b"Subject: x\r\n\r\nx\r\n", lambda: None)

    assert ("gone", "550 5.1.1 <…> unknown") == (handed.result, handed.reply)


# --- settings


def test_mail_settings_are_read_from_the_environment():
    found = read_mail_settings(
        {
            "KB_MAIL_SERVER": "smtps://kb%40law@mail.law.example:4650",
            "KB_MAIL_PASSWORD": "hush",
            "KB_MAIL_FROM": "Status Quo <reports@law.example>",
            "KB_MAIL_BOUNCES": "bounces@law.example",
            "KB_ADDRESS": "https://law.example/",
        }
    )

    assert ("mail.law.example", 4650, "tls", "kb@law", "hush") == (
        found.host, found.port, found.safety, found.user, found.password,
    )  # fmt: skip
    assert ("law.example", "bounces@law.example", "https://law.example", True) == (
        found.domain, found.bounces, found.address, found.is_set,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KB_MAIL_SERVER", "mail.example.org"),
        ("KB_MAIL_SERVER", "http://mail.example.org"),
        ("KB_MAIL_SERVER", "smtp://mail.example.org:none"),
        ("KB_MAIL_SERVER", "smtp://user:secret@mail.example.org"),
        ("KB_MAIL_FROM", "nobody"),
        ("KB_MAIL_FROM", "A\r\nBcc: x <a@example.org>"),
        ("KB_MAIL_REPLY", "a b@example.org"),
        ("KB_MAIL_BOUNCES", "@nowhere.invalid"),
    ],
)
def test_settings_that_cannot_be_read_name_their_variable_and_never_their_value(name, value):
    with pytest.raises(Exception, match=name) as caught:
        read_mail_settings({name: value})

    assert value not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_counts_tell_what_waits_and_why(tmp_path):
    fill(tmp_path, 3)
    with serve_mail(Sink({"s0@d0.example.org": "451 later"})) as port:
        send(tmp_path, make_settings(port))
    with closing(open_subscribers(tmp_path)) as db:
        found = [(one.state, one.reason, one.count) for one in count_messages(db)]

    assert [("sent", "", 2), ("waiting", "451 later", 1)] == found
