"""What became of messages: words for who runs the service, a ledger for an audit, bounces, previews, commands."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest
from click.testing import CliRunner

from bench.faults import fill, make_settings
from kb.cli import main
from kb.errors import NotFoundError, UsageError
from kb.ledger import describe_standing, mask_target, read_standing, record, retry, write_ledger
from kb.mail_settings import MailSettings
from kb.previewing import preview
from kb.store.outbox import Ending, end_try
from kb.store.subscribers import alter_subscriber, open_subscribers, read_subscriber
from kb.telling import tell
from tests.example_web import WEEKS
from tests.telling import EVERYTHING, SETTINGS, collect_week, later, run_weeks, subscribe
from tests.test_delivering import Sink, send, serve_mail

NOW = "2026-01-01T00:00:00Z"
END = "9999-12-31T23:59:59Z"


def park(data, message="<m0@law.example>", reply="554 refused"):
    with closing(open_subscribers(data)) as db:
        end_try(db, message, Ending(state="parked", outcome="failed", reply=reply), NOW)


def alter(data, name, **values):
    with closing(open_subscribers(data)) as db:
        alter_subscriber(db, name, **values)


def read_state(data, name):
    with closing(open_subscribers(data)) as db:
        return read_subscriber(db, name).state


def run(*words, env=None):
    return CliRunner().invoke(main, [str(word) for word in words], env=env or {})


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Two weeks of the State of Example told to one subscriber, and sent; in the third the site only moved."""
    folder = tmp_path_factory.mktemp("told")
    tell(folder / "data", collect_week(folder, WEEKS[0]), SETTINGS)
    subscribe(folder / "data", "ann", (EVERYTHING,))
    run_weeks(folder, WEEKS[1:3])
    with serve_mail(Sink()) as port:
        send(folder / "data", make_settings(port), later(WEEKS[2], hours=2))
    return folder / "data"


def test_standing_counts_what_waits_and_names_what_failed_without_an_address(tmp_path):
    fill(tmp_path, 3)
    park(tmp_path)
    lines = list(describe_standing(read_standing(tmp_path)))

    assert "subscribers: 3 active" in lines
    assert any(line.startswith("2 report waiting, the oldest of ") for line in lines)
    assert any(line.endswith(": 554 refused") for line in lines)
    assert not any("s0@" in line for line in lines)


@pytest.mark.parametrize(
    ("target", "masked"),
    [("jo@example.org", "j…@example.org"), ("https://hooks.example.org/secret", "hooks.example.org/…"), ("", "")],
)
def test_targets_are_masked(target, masked):
    assert masked == mask_target(target)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_ledger_tells_who_was_told_what_when_by_which_edition_with_what_outcome(told, form):
    text = "".join(write_ledger(told, "", END, form=form, with_addresses=False))
    rows = (
        list(csv.DictReader(text.splitlines())) if form == "csv" else [json.loads(line) for line in text.splitlines()]
    )
    sent = [row for row in rows if row["outcome"] == "sent"]

    assert 1 == len(sent)
    assert {"ann"} == {row["subscriber"] for row in rows}
    assert all(row["events"] and row["changes"] and row["release"] and len(row["sha256"]) == 64 for row in sent)
    assert "@example.org" not in text


def test_ledger_holds_addresses_only_where_asked_for(told):
    assert "ann@example.org" in "".join(write_ledger(told, "", END, form="csv", with_addresses=True))


def test_ledger_is_narrowed_by_time(told):
    assert [] == list(write_ledger(told, "2030-01-01T00:00:00Z", END, form="jsonl", with_addresses=False))


def test_ledger_runs_no_formula(tmp_path):
    fill(tmp_path, 1)
    park(tmp_path, reply="=cmd|'/C calc'!A1")
    (_, row) = write_ledger(tmp_path, "", END, form="csv", with_addresses=False)

    assert "'=cmd" in row


def test_parked_messages_are_sent_again_on_wish(tmp_path):
    fill(tmp_path, 2)
    park(tmp_path)
    with pytest.raises(NotFoundError, match="status"):
        retry(tmp_path, "<m1@law.example>", NOW)
    assert 1 == retry(tmp_path, "<m0@law.example>", NOW)
    with serve_mail(Sink()) as port:
        assert 2 == send(tmp_path, make_settings(port)).sent


# --- bounces


BOUNCE = """From: MAILER-DAEMON@mx.example
To: bounces@law.example
Subject: Undelivered
Message-ID: <bounce-1@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.
--b
Content-Type: message/{kind}

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; s0@d0.example.org
Action: failed
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: {name}
Subject: test
--b--
"""


def make_bounce(name, status, kind="delivery-status"):
    """Return a bounce as mail servers send it: words, a report, the headers of the message."""
    return BOUNCE.format(name=name, status=status, kind=kind).encode()


@pytest.mark.parametrize(
    ("status", "kind", "told", "state"),
    [
        ("5.1.1", "delivery-status", "5.1.1", "parked"),
        ("4.2.2", "delivery-status", "4.2.2", "active"),
        ("", "feedback-report", "complaint", "parked"),
    ],
)
def test_bounce_is_written_down_and_a_hard_one_ends_the_sending(tmp_path, status, kind, told, state):
    fill(tmp_path, 1)
    found = record(tmp_path, make_bounce("<m0@law.example>", status, kind), NOW)
    with closing(open_subscribers(tmp_path)) as db:
        one = read_subscriber(db, "s0")
        outcomes = [tuple(row) for row in db.execute("SELECT outcome, reply FROM tries")]

    assert ("<m0@law.example>", told, state == "parked") == (found.message, found.status, found.parked)
    assert state == one.state
    assert [("bounced", told)] == outcomes


@pytest.mark.parametrize(("status", "kind"), [("5.1.1", "delivery-status"), ("", "feedback-report")])
def test_a_late_bounce_leaves_those_stopped_who_stopped(tmp_path, status, kind):
    fill(tmp_path, 1)
    alter(tmp_path, "s0", state="stopped", target="", secret=b"")

    assert not record(tmp_path, make_bounce("<m0@law.example>", status, kind), NOW).parked
    assert "stopped" == read_state(tmp_path, "s0")


@pytest.mark.parametrize("name", ["<m0@law.example>", "<nobody@law.example>", ""])
def test_another_try_of_what_is_not_parked_is_refused_and_starts_nobody(tmp_path, name):
    fill(tmp_path, 2)
    alter(tmp_path, "s0", state="stopped")
    alter(tmp_path, "s1", state="parked")

    with pytest.raises(NotFoundError):
        retry(tmp_path, name, NOW)
    assert ("stopped", "parked") == (read_state(tmp_path, "s0"), read_state(tmp_path, "s1"))


def test_another_try_of_a_parked_message_starts_nobody_who_stopped(tmp_path):
    fill(tmp_path, 1)
    park(tmp_path)
    alter(tmp_path, "s0", state="stopped")

    with pytest.raises(NotFoundError, match="parked message"):
        retry(tmp_path, "<m0@law.example>", NOW)
    assert "stopped" == read_state(tmp_path, "s0")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00" * 100,
        b"Subject: hello\r\n\r\nhi",
        make_bounce("<other@elsewhere.example>", "5.1.1"),
        b"x" * 1_000_001,
        b"Content-Type: message/rfc822\r\n\r\n" * 5_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(1000)),
    ],
)
def test_what_is_no_bounce_of_ours_is_refused_and_alters_nothing(tmp_path, raw):
    fill(tmp_path, 1)
    with pytest.raises(UsageError):
        record(tmp_path, raw, NOW)
    with closing(open_subscribers(tmp_path)) as db:
        assert "active" == read_subscriber(db, "s0").state


# --- looked at before it goes


def test_preview_writes_what_would_be_sent_and_nothing_where_it_counts(tmp_path):
    data = tmp_path / "data"
    tell(data, collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(data, "ann", (EVERYTHING,))
    at = collect_week(tmp_path, WEEKS[1])
    before = (data / "subscribers.db").read_bytes()
    lines = list(preview(data, later(at, minutes=1), MailSettings(), tmp_path / "looks"))
    names = {path.name for path in (tmp_path / "looks").iterdir()}

    assert "1 to be sent" == lines[0]
    assert "a…@example.org" in lines[1]
    assert {"index.html", "1.html", "1.txt", "1.eml"} == names
    assert "a…@example.org" in (tmp_path / "looks" / "index.html").read_text()
    assert before == (data / "subscribers.db").read_bytes()


# --- commands


def test_commands_tell_subscribe_send_and_account(tmp_path):
    data = tmp_path / "data"
    collect_week(tmp_path, WEEKS[0])
    sink = Sink()
    with serve_mail(sink) as port:
        env = {
            "KB_MAIL_SERVER": f"smtp+plain://127.0.0.1:{port}",
            "KB_MAIL_FROM": "reports@law.example",
            "KB_ADDRESS": "https://law.example",
            "KB_DATA": str(data),
        }
        assert "nobody has subscribed yet" in run("notify", "--status", env=env).output
        assert "nobody has subscribed yet" in run("subscribe", "--list", env=env).output
        assert "first run" in run("notify", env=env).output
        taken = run("subscribe", "jo@example.org", "--jurisdiction", "us-xx", "--confirmed", env=env)
        hook = run("subscribe", "https://hooks.example.org/x", "--confirmed", "--cadence", "daily", env=env)
        asked = run("subscribe", "al@example.org", env=env)
        again = run("subscribe", "jo@example.org", "--confirmed", "--replay-since", "2024-01-01", env=env)
        listed = run("subscribe", "--list", env=env)
        sent = run("notify", env=env)
        ledger = run("notify", "--ledger", tmp_path / "told.csv", env=env)

    assert [0] * 6 == [one.exit_code for one in (taken, hook, asked, again, listed, ledger)]
    assert "State of Example · all topics · rule changes, immediate" in taken.output
    assert "whsec_" in hook.output
    assert "kb notify sends" in asked.output
    assert ("3 subscribers" in listed.output, "jo@" in listed.output) == (True, False)
    assert 0 == sent.exit_code
    assert ["al@example.org"] == [recipients[0] for _, recipients, _, _ in sink.taken][:1]
    assert (tmp_path / "told.csv").read_text().startswith("at,outcome,reply,message,subscriber")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["subscribe"], "expected an e-mail address"),
        (["subscribe", "nobody"], "expected an e-mail address"),
        (["subscribe", "https://127.0.0.1/x"], "public name"),
        (["subscribe", "jo@example.org", "--jurisdiction", "us-zz"], "did you mean"),
        (["subscribe", "jo@example.org", "--zone", "Mars"], "America/Chicago"),
        (["subscribe", "jo@example.org", "--replay-since", "2024-01-01"], "--confirmed"),
        (["subscribe", "jo@example.org"], "KB_MAIL_SERVER and KB_MAIL_FROM to be set"),
        (["subscribe", "https://hooks.example.org/x"], "expected KB_ADDRESS to be set"),
        (["subscribe", "--end", "nobody"], "--list names them"),
        (["notify"], "nothing is published"),
        (["notify", "--ledger", "told.txt"], ".csv or .jsonl"),
        (["report"], "nothing is published"),
    ],
)
def test_commands_say_what_is_wrong_and_what_would_be_right(tmp_path, words, told):
    result = run(*words, env={"KB_DATA": str(tmp_path), "KB_MAIL_SERVER": "", "KB_MAIL_FROM": "", "KB_ADDRESS": ""})

    assert result.exit_code != 0
    assert told in result.output


def test_subscription_is_ended_by_its_id(tmp_path):
    fill(tmp_path, 1)
    assert 0 == run("subscribe", "--end", "s0", env={"KB_DATA": str(tmp_path)}).exit_code
    with closing(open_subscribers(tmp_path)) as db:
        assert "stopped" == read_subscriber(db, "s0").state


def test_watching_tells_each_publication_and_ends_in_good_order(tmp_path):
    data = tmp_path / "data"
    tell(data, collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(data, "ann", (EVERYTHING,))
    sink = Sink()
    with serve_mail(sink) as port:
        settings = {"KB_MAIL_SERVER": f"smtp+plain://127.0.0.1:{port}", "KB_MAIL_FROM": "reports@law.example"}
        env = {**os.environ, **settings, "KB_ADDRESS": "https://law.example", "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-c", "from kb.cli import main; main()", "--data", str(data), "notify", "--watch"]
        watcher = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        try:
            collect_week(tmp_path, WEEKS[1])
            deadline = time.monotonic() + 20
            while not sink.taken and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            watcher.send_signal(signal.SIGTERM)
            said = watcher.communicate(timeout=20)[0]

    assert 1 == len(sink.taken)
    assert (0, "ended") == (watcher.returncode, said.splitlines()[-1])


def test_watching_ends_in_good_order_from_its_first_line_on(tmp_path):
    command = [sys.executable, "-c", "from kb.cli import main; main()", "--data", str(tmp_path), "notify", "--watch"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as watcher:
        try:
            assert watcher.stdout.readline().startswith("watching")
            watcher.send_signal(signal.SIGTERM)
            assert ("ended\n", 0) == (watcher.communicate(timeout=20)[0], watcher.returncode)
        finally:
            watcher.kill()
