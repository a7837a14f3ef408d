"""What a mail server says is taken for what it means: of us, of the address, of the message, of this moment."""

from contextlib import closing

import pytest

from bench.faults import FaultyServer, fill, make_settings
from kb.delivering import PER_DOMAIN, Delivery, deliver
from kb.errors import NotFoundError
from kb.ledger import record, retry
from kb.mail_settings import MailSettings
from kb.mailing import MailConnection
from kb.store.connection import transaction
from kb.store.outbox import Draft, Wanted, list_due, write_message
from kb.store.subscribers import Subscriber, add_subscriber, alter_subscriber, open_subscribers, read_subscriber
from tests.test_delivering import NOW, Sink, read_rows, send, serve_mail
from tests.test_hooks import receive
from tests.test_ledger import make_bounce

BODY = b"Subject: x\r\n\r\nx\r\n"


class Choosy(Sink):
    """Refuses senders, whoever is to be told."""

    async def handle_MAIL(self, _server, _session, _envelope, _address, _options):  # noqa: N802 - aiosmtpd's name
        return "550 5.7.1 we know no such sender"


def read_state(data, name):
    with closing(open_subscribers(data)) as db:
        return read_subscriber(db, name).state


def test_refused_sender_is_our_trouble_and_parks_nobody(tmp_path):
    fill(tmp_path, 2)
    with serve_mail(Choosy()) as port:
        done = send(tmp_path, make_settings(port))

    assert (2, 0) == (done.deferred, done.parked)
    assert ["active", "active"] == [read_state(tmp_path, name) for name in ("s0", "s1")]
    assert [("the server refuses our sender: 550 5.7.1 we know no such sender",)] == read_rows(
        tmp_path, "SELECT DISTINCT reason FROM messages"
    )


def test_text_that_is_refused_parks_the_message_and_nobody(tmp_path):
    fill(tmp_path, 1)
    with serve_mail(Sink({"data": "550 looks like spam"})) as port:
        send(tmp_path, make_settings(port))

    assert [("parked", "550 looks like spam")] == read_rows(tmp_path, "SELECT state, reason FROM messages")
    assert "active" == read_state(tmp_path, "s0")


def test_addresses_of_others_in_a_reply_are_not_kept(tmp_path):
    fill(tmp_path, 1)
    with serve_mail(Sink({"s0@d0.example.org": "550 5.1.1 forwarded to <Private@Home.example>: unknown"})) as port:
        send(tmp_path, make_settings(port))

    assert [("550 5.1.1 forwarded to <…>: unknown",)] == read_rows(tmp_path, "SELECT reason FROM messages")


@pytest.mark.parametrize(
    ("fault", "result", "was_begun"),
    [
        ("drop_mail", "deferred", False),
        ("drop_data", "deferred", False),
        ("data4", "deferred", False),
        ("data5", "failed", False),
        ("end4", "deferred", True),
        ("end5", "failed", True),
        ("drop_end", "unknown", True),
        ("", "sent", True),
    ],
)
def test_message_is_in_doubt_only_between_its_last_dot_and_the_answer(fault, result, was_begun):
    server = FaultyServer(lambda target: fault if target else "", lambda: None)
    begun = []
    with MailConnection(make_settings(server.port)) as mail:
        handed = mail.send("jo@example.org", BODY, lambda: begun.append(True))
    server.close()

    assert (result, was_begun) == (handed.result, begun == [True])


def test_lines_that_begin_with_a_dot_come_as_they_are():
    body = b"Subject: x\r\n\r\n.\r\n..\r\n.x\r\nMAIL FROM:<y@z.example>\r\n.\r\nlast\r\n"
    sink = Sink()
    with serve_mail(sink) as port, MailConnection(make_settings(port)) as mail:
        handed = [mail.send("jo@example.org", body, lambda: None).result for _ in range(2)]

    assert ["sent", "sent"] == handed
    assert [body, body] == [content for _, _, content, _ in sink.taken]


def test_server_that_is_down_is_asked_once_a_run_and_not_for_every_message(tmp_path):
    fill(tmp_path, 20)
    done = send(tmp_path, make_settings(1))

    assert (1, False) == (done.deferred, done.limited)
    assert [("<m0@law.example>",)] == read_rows(tmp_path, "SELECT message FROM tries")


def test_message_waits_for_as_long_as_the_server_is_down(tmp_path):
    fill(tmp_path, 1)
    sink = Sink()
    for day in range(10, 31):
        send(tmp_path, make_settings(1), f"2026-01-{day}T00:00:00Z")
    with serve_mail(sink) as port:
        done = send(tmp_path, make_settings(port), "2026-02-01T00:00:00Z")

    assert (1, 1) == (done.sent, len(sink.taken))


def test_domain_that_has_its_share_keeps_no_other_waiting(tmp_path):
    fill(tmp_path, 2 * PER_DOMAIN)
    with closing(open_subscribers(tmp_path)) as db:
        db.execute("UPDATE subscribers SET target = id || '@mail.example.org' WHERE rowid < ?", (2 * PER_DOMAIN - 4,))
    with serve_mail(Sink()) as port:
        done = send(tmp_path, make_settings(port))
    elsewhere = "SELECT COUNT(*) FROM messages JOIN subscribers ON subscribers.id = subscriber WHERE {} AND target {}"
    sent = read_rows(tmp_path, elsewhere.format("messages.state = 'sent'", "NOT LIKE '%@mail.example.org'"))

    assert ([(5,)], PER_DOMAIN + 5, True) == (sent, done.sent, done.limited)


def test_mail_that_cannot_be_sent_keeps_no_webhook_waiting(tmp_path):
    fill(tmp_path, 250)
    with receive() as (receiver, url):
        add_hook(tmp_path, url)
        done = deliver(tmp_path, Delivery(settings=MailSettings(), tell_now=lambda: NOW, allow_loopback=True))

    assert (1, 1) == (done.sent, len(receiver.got))


def add_hook(data, url):
    with closing(open_subscribers(data)) as db, transaction(db):
        given = {"state": "active", "created_at": NOW, "told_until": NOW}
        add_subscriber(db, Subscriber(id="hook", channel="webhook", target=url, secret=b"k" * 32, **given), ())
        write_message(db, make_draft("msg_1", "hook", "report"), NOW)


def make_draft(name, subscriber, kind):
    return Draft(id=name, subscriber=subscriber, kind=kind, release=1, since=NOW, until=NOW, title="t", body=BODY)


def test_who_asks_now_is_answered_before_reports_that_wait(tmp_path):
    fill(tmp_path, 3)
    with closing(open_subscribers(tmp_path)) as db:
        write_message(db, make_draft("<c@law.example>", "s2", "confirm"), NOW)
        due = list_due(db, Wanted(now=NOW, kinds=("report", "confirm"), channel="mail", limit=2))

    assert ["<c@law.example>", "<m0@law.example>"] == [message.id for message in due]


# --- another try


@pytest.mark.parametrize("wish", ["all", "<m0@law.example>"])
@pytest.mark.parametrize(
    ("state", "reason"), [("stopped", ""), ("parked", "bounced: complaint"), ("parked", "bounced: 5.1.1")]
)
def test_nobody_who_stopped_or_complained_is_written_to_again(tmp_path, wish, state, reason):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        db.execute("UPDATE messages SET state = 'parked', reason = 'given up'")
        alter_subscriber(db, "s0", state=state, reason=reason)
    with pytest.raises(NotFoundError):
        retry(tmp_path, wish, NOW)

    assert state == read_state(tmp_path, "s0")
    assert [("parked",)] == read_rows(tmp_path, "SELECT state FROM messages")


def test_message_that_is_not_parked_wakes_nobody(tmp_path):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        alter_subscriber(db, "s0", state="parked", reason="550 nobody")
    with pytest.raises(NotFoundError):
        retry(tmp_path, "<m0@law.example>", NOW)

    assert "parked" == read_state(tmp_path, "s0")


def test_full_mailbox_parks_nobody_before_it_came_back_three_times(tmp_path):
    fill(tmp_path, 1)
    with closing(open_subscribers(tmp_path)) as db:
        for number in (1, 2):
            write_message(db, make_draft(f"<again{number}@law.example>", "s0", "report"), NOW)
    names = ("<m0@law.example>", "<m0@law.example>", "<again1@law.example>", "<again2@law.example>")
    parked = [record(tmp_path, make_bounce(name, "5.2.2"), NOW).parked for name in names]

    assert [False, False, False, True] == parked
    assert "parked" == read_state(tmp_path, "s0")
