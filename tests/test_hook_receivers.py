"""Receivers of webhooks that mean no good, take their time or are somebody else hold nobody up and learn nothing."""

import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from msgspec import structs

from kb import hooks
from kb.hooks import HookError, send_hook
from kb.store.connection import transaction
from kb.store.outbox import Draft, write_message
from kb.store.subscribers import add_subscriber, open_subscribers, read_subscriber
from tests.certificates import make_certificate
from tests.test_hooks import NOW, fill, read_states, send

ROOT = Path(__file__).parents[1]


@contextmanager
def talk(answer):
    """Take connections on this machine and answer each as told; yields the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                threading.Thread(target=answer_one, args=(peer,), daemon=True).start()

    def answer_one(peer):
        with suppress(OSError), peer:
            answer(peer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def drip(*texts):
    """Return an answer that says one text at once, another again and again for some seconds, and then ends."""

    def answer(peer):
        peer.recv(65_536)
        peer.sendall(texts[0])
        for _ in range(200):
            time.sleep(0.05)
            peer.sendall(texts[1])

    return answer


@pytest.mark.parametrize(
    "texts",
    [(b"H", b"T"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n"), (b"", b"\x00")],
)
def test_receiver_that_sends_byte_by_byte_is_cut_off_after_its_time(monkeypatch, texts):
    monkeypatch.setattr(hooks, "TIMEOUT", 0.5)
    with talk(drip(*texts)) as port, pytest.raises(HookError, match="no answer: TimeoutError"):
        send_hook(f"http://127.0.0.1:{port}/", {}, b"{}", allow_loopback=True)


def test_headers_and_bodies_without_end_alter_nothing_of_the_answer(monkeypatch):
    monkeypatch.setattr(hooks, "TIMEOUT", 0.5)
    with talk(drip(b"HTTP/1.1 201 Made\r\nContent-Length: 9999\r\n\r\n", b"x")) as port:
        body = send_hook(f"http://127.0.0.1:{port}/", {}, b"{}", allow_loopback=True)
    with talk(drip(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n")) as port:
        headers = send_hook(f"http://127.0.0.1:{port}/", {}, b"{}", allow_loopback=True)

    assert (201, 200) == (body.status, headers.status)


@pytest.mark.parametrize("wish", [b"\xb2", b"9" * 5000, b"Fri, 31 Dec 9999 23:59:59 -2359"])
def test_receiver_cannot_end_a_run_by_what_it_asks_for(tmp_path, wish):
    def answer(peer):
        peer.recv(65_536)
        peer.sendall(b"HTTP/1.1 503 Later\r\nRetry-After: " + wish + b"\r\n\r\n")

    with talk(answer) as port:
        fill(tmp_path, f"http://127.0.0.1:{port}/")
        done = send(tmp_path)

    assert (1, [("waiting", "HTTP 503")]) == (done.deferred, read_states(tmp_path))


def test_name_that_nobody_resolves_in_time_is_given_up(monkeypatch):
    ended = threading.Event()
    monkeypatch.setattr(hooks, "RESOLVE_TIMEOUT", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(30) and [])

    with pytest.raises(HookError, match="not resolved in time"):
        hooks.resolve_host("slow.example", 443)
    ended.set()


@pytest.mark.parametrize("name", ["no.such.name.invalid", "a" * 300, "\ud800.example", ".", ""])
def test_name_that_stands_for_nothing_is_told_as_unknown(name):
    with pytest.raises(HookError, match="is not known"):
        hooks.resolve_host(name, 443)


def test_name_of_this_machine_is_resolved():
    assert {"127.0.0.1", "::1"} >= set(hooks.resolve_host("localhost", 443)) > set()


def test_slow_receivers_keep_nobody_waiting(tmp_path):
    together = threading.Barrier(11)

    def answer(peer):
        # Nobody is answered before all have been asked.
        together.wait(20)
        peer.recv(65_536)
        peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with talk(answer) as port:
        url = f"http://127.0.0.1:{port}/"
        fill(tmp_path, url)
        with open_subscribers(tmp_path) as db, transaction(db):
            for number in range(10):
                one = read_subscriber(db, "hook")
                add_subscriber(db, structs.replace(one, id=f"hook{number}", target=f"{url}{number}"), ())
                draft = Draft(
                    id=f"msg_s{number}",
                    subscriber=f"hook{number}",
                    kind="report",
                    release=1,
                    since=NOW,
                    until=NOW,
                    title="t",
                    body=b"{}",
                )
                write_message(db, draft, NOW)
        done = send(tmp_path)

    assert 11 == done.sent


@pytest.mark.parametrize(("name", "is_trusted"), [("hooks.law.example.org", True), ("other.law.example.org", False)])
def test_certificate_must_be_the_names_whatever_address_is_connected_to(tmp_path, monkeypatch, name, is_trusted):
    make_certificate(tmp_path, "hooks.law.example.org")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    got, asked, connect = [], [], socket.create_connection

    def answer(peer):
        with context.wrap_socket(peer, server_side=True) as safe:
            got.append(b"")
            while not got[-1].endswith(b"{}"):
                got[-1] += safe.recv(65_536)
            safe.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with talk(answer) as port:

        def reach(address, timeout):
            asked.append(address)
            return connect(("127.0.0.1", port), timeout)

        monkeypatch.setattr(socket, "create_connection", reach)
        status = post_or_fail(f"https://{name}/hook?a=1")

    assert ([("93.184.216.34", 443)], is_trusted) == (asked, status == 200)
    assert is_trusted == any(f"host: {name}\r\n".encode() in one for one in got)
    assert is_trusted == any(one.startswith(b"POST /hook?a=1 HTTP/1.1\r\n") for one in got)


def post_or_fail(url):
    """Return the status of an answer, 0 where there was none."""
    try:
        return send_hook(url, {}, b"{}", resolve=lambda _host, _port: ["93.184.216.34"]).status
    except HookError:
        return 0


CHILD = f"""
import sys
from pathlib import Path
from kb.delivering import Delivery, deliver
from kb.mail_settings import MailSettings
deliver(Path(sys.argv[1]), Delivery(settings=MailSettings(), tell_now=lambda: "{NOW}", allow_loopback=True))
"""


@pytest.mark.parametrize("answers_first", [False, True])
def test_sender_killed_in_the_middle_sends_the_same_id_again_in_order(tmp_path, answers_first):
    """The receiver kills the sender when a webhook came: before it answers, or when its answer was not written down."""
    ids, children = [], []

    def answer(peer):
        text = b""
        while b"}}" not in text:
            text += peer.recv(65_536)
        ids.append(text.partition(b"webhook-id: ")[2].partition(b"\r\n")[0].decode())
        if answers_first or len(ids) > 1:
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        if len(ids) == 1:
            children[0].kill()
            children[0].wait()

    with talk(answer) as port:
        fill(tmp_path, f"http://127.0.0.1:{port}/", 2)
        children.append(subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], cwd=ROOT))
        killed = children[0].wait(30)
        between = read_states(tmp_path)
        done = send(tmp_path)

    assert (-signal.SIGKILL, [("waiting", ""), ("waiting", "")]) == (killed, between)
    assert (2, ["msg_0", "msg_0", "msg_1"]) == (done.sent, ids)
