"""Send messages through servers that fail in every way, and count what was lost and what came twice.

`python -m bench.faults [--count 200] [--seed 1] [--data DIR]`: a mail server of our own refuses, puts off, breaks off
before and after the message, and the sender is killed (SIGKILL) before and after it handed a message over. The exit
code is 1 if anything was lost, or came twice where that could be known.
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

from kb.delivering import MOST_DOUBTS, Delivery, deliver
from kb.mail_settings import MailSettings
from kb.store.connection import transaction
from kb.store.outbox import Draft, write_message
from kb.store.subscribers import Subscriber, add_subscriber, open_subscribers

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[1]
START = datetime(2026, 1, 1, tzinfo=UTC)
# Ways to fail that say whether the message was taken, and those that do not: there one copy more may come.
DECIDED = (
    "refuse greet4 mail4 rcpt4 rcpt5 data4 data5 end4 end5 drop_mail drop_rcpt drop_data drop_text kill_rcpt".split()
)
UNDECIDED = ("drop_end", "kill_end")
# A sender whose last dot is on its way when the server goes cannot tell whether it was taken either.
DOUBTFUL = (*UNDECIDED, "drop_text")
EARLY = ("refuse", "greet4")
# How often nothing goes wrong while faults are left.
CALM = 0.3
PERMANENT = ("rcpt5", "data5", "end5")
# Hours that pass between two runs: enough for any wait between two tries.
STEP = timedelta(hours=40)
MOST_RUNS = 12
CHILD = """
import sys
from pathlib import Path
from bench.faults import make_settings, run_once
run_once(Path(sys.argv[1]), make_settings(int(sys.argv[2])), sys.argv[3])
"""


class Result(NamedTuple):
    """What came of a run: faults by kind, messages written, lost, come twice in doubt and without, ids, parked.

    ``given_up`` counts those that were handed over twice without an answer, and are parked for somebody to decide.
    """

    faults: Counter[str]
    messages: int
    lost: int
    doubled: int
    wrongly_doubled: int
    other_ids: int
    parked: int
    given_up: int


class FaultyServer:
    """A mail server that fails as it is told, message by message; ``taken`` holds the ids of those it took."""

    def __init__(self, plan: Callable[[str], str], on_kill: Callable[[], None]) -> None:
        self._plan, self._on_kill = plan, on_kill
        self._listener = socket.create_server((HOST, 0))
        self.port = int(self._listener.getsockname()[1])
        self.taken: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        peer.settimeout(20)
        with suppress(OSError, EOFError), closing(peer), peer.makefile("rb") as lines:
            fault = self._plan("")
            if fault == "refuse":
                return
            if fault == "greet4":
                peer.sendall(b"421 too busy\r\n")
                return
            peer.sendall(b"220 ready\r\n")
            self._talk(peer, lines)

    def _talk(self, peer: socket.socket, lines: BinaryIO) -> None:
        """Answer commands until one of them ends the talk."""
        target = fault = ""
        goes_on = True
        while goes_on and (line := lines.readline()):
            verb = line[:4].upper()
            if verb == b"RCPT":
                target = line.decode().partition("<")[2].partition(">")[0]
                fault = self._plan(target)
                goes_on = self._answer(peer, fault, RCPT, b"250 ok\r\n")
            elif verb == b"DATA":
                goes_on = self._answer(peer, fault, DATA, b"354 go on\r\n")
                if goes_on and fault not in DATA:
                    goes_on = self._take(peer, lines, target, fault)
            else:
                peer.sendall(b"250 ok\r\n")
                goes_on = verb != b"QUIT"

    def _answer(self, peer: socket.socket, fault: str, wrong: dict[str, bytes], right: bytes) -> bool:
        """Answer a command; returns whether the talk goes on."""
        if fault == "kill_rcpt" and wrong is RCPT:
            self._on_kill()
            return False
        answer = wrong.get(fault, right)
        if not answer:
            return False
        peer.sendall(answer)
        return True

    def _take(self, peer: socket.socket, lines: BinaryIO, target: str, fault: str) -> bool:
        """Read a message to its end and answer it; returns whether the talk goes on."""
        name = ""
        while (line := lines.readline()) not in (b".\r\n", b""):
            if line.lower().startswith(b"message-id:"):
                name = line.partition(b":")[2].strip().decode()
            if fault == "drop_text":
                return False
        if fault in ("end4", "end5"):
            peer.sendall(b"451 later\r\n" if fault == "end4" else b"554 5.6.0 no\r\n")
            return True
        self.taken.append((target, name))
        if fault == "kill_end":
            self._on_kill()
        if fault in UNDECIDED:
            return False
        peer.sendall(b"250 taken\r\n")
        return True


RCPT = {"mail4": b"451 later\r\n", "rcpt4": b"450 4.2.1 later\r\n", "rcpt5": b"550 5.1.1 nobody\r\n", "drop_rcpt": b""}
RCPT["drop_mail"] = b""
DATA = {"data4": b"451 later\r\n", "data5": b"554 5.7.0 no\r\n", "drop_data": b""}


def make_settings(port: int) -> MailSettings:
    """Return settings for a server on this machine."""
    sender = "Status Quo <reports@law.example>"
    return MailSettings(host=HOST, port=port, safety="none", sender=sender, address="https://law.example")


def run_once(data: Path, settings: MailSettings, now: str) -> None:
    """Send what is due at an instant."""
    deliver(data, Delivery(settings=settings, tell_now=lambda: now, wait_seconds=30))


def fill(data: Path, count: int) -> None:
    """Write so many messages into an outbox, each to somebody else."""
    now = _print(START)
    with closing(open_subscribers(data)) as db, transaction(db):
        for number in range(count):
            target = f"s{number}@d{number % 50}.example.org"
            one = Subscriber(
                id=f"s{number}",
                channel="mail",
                target=target,
                secret=b"",
                state="active",
                created_at=now,
                told_until=now,
            )
            add_subscriber(db, one, ())
            name = f"<m{number}@law.example>"
            body = f"Message-ID: {name}\r\nSubject: test\r\n\r\n{number}\r\n".encode()
            draft = Draft(
                id=name, subscriber=one.id, kind="report", release=1, since=now, until=now, title="test", body=body
            )
            write_message(db, draft, now)


def run(data: Path, count: int, seed: int, messages: int) -> Result:
    """Send messages through a server that fails ``count`` times, in an order drawn by the seed; returns what came."""
    draw = random.Random(seed)  # noqa: S311 - a plan needs no secret
    fill(data, messages)
    drawn = [draw.choice((*DECIDED, *UNDECIDED)) for _ in range(count)]
    # Trouble with a connection comes before anybody is named, the other kinds with a message.
    pools = {is_early: [one for one in drawn if (one in EARLY) == is_early] for is_early in (True, False)}
    used: Counter[str] = Counter()
    met: Counter[tuple[str, str]] = Counter()
    children: list[subprocess.Popen[bytes]] = []
    lock = threading.Lock()

    def plan(target: str) -> str:
        with lock:
            pool = pools[not target]
            if not pool or draw.random() < CALM:
                return ""
            fault = pool.pop()
            used[fault] += 1
            met[target, fault] += 1
            return fault

    def kill() -> None:
        if children:
            children[-1].send_signal(signal.SIGKILL)
            children[-1].wait()

    server = FaultyServer(plan, kill)
    try:
        _run_all(data, server.port, children)
    finally:
        server.close()
    return _judge(data, server.taken, met, used, messages)


def _run_all(data: Path, port: int, children: list[subprocess.Popen[bytes]]) -> None:
    """Run senders one after another, each a process of its own, until nothing waits any more."""
    now = START
    quiet = 0
    while quiet < 2:
        command = [sys.executable, "-c", CHILD, str(data), str(port), _print(now)]
        child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)})
        children.append(child)
        child.wait()
        with closing(open_subscribers(data)) as db:
            waiting = db.execute("SELECT COUNT(*) FROM messages WHERE state = 'waiting'").fetchone()[0]
        quiet = quiet + 1 if not waiting else 0
        now += STEP if child.returncode == 0 else timedelta(seconds=1)
        if now > START + 400 * STEP:
            return


def _judge(
    data: Path, taken: Sequence[tuple[str, str]], met: Counter[tuple[str, str]], used: Counter[str], messages: int
) -> Result:
    """Count what came of it: only a refusal for good or a second doubt excuses a message that was not taken."""
    doubtful = {target for target, fault in met if fault in UNDECIDED}
    refused = {target for target, fault in met if fault in PERMANENT}
    counts = Counter(target for target, _ in taken)
    with closing(open_subscribers(data)) as db:
        rows = db.execute(
            "SELECT messages.id, messages.state, target FROM messages JOIN subscribers ON subscribers.id = subscriber"
        ).fetchall()
    names = {row["target"]: row["id"] for row in rows}
    parked = {row["target"] for row in rows if row["state"] == "parked"}
    given_up = {
        target
        for target in parked - refused
        if not counts[target] and sum(met[target, fault] for fault in DOUBTFUL) >= MOST_DOUBTS
    }
    return Result(
        faults=used,
        messages=messages,
        lost=sum(not counts[target] and target not in refused | given_up for target in names),
        doubled=sum(counts[target] > 1 and target in doubtful for target in names),
        wrongly_doubled=sum(counts[target] > (2 if target in doubtful else 1) for target in names),
        other_ids=sum(names[target] != name for target, name in taken),
        parked=len(parked),
        given_up=len(given_up),
    )


def _print(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def main(arguments: Sequence[str]) -> int:
    """Run, print what came of it, and return 1 if anything was lost or came twice where that could be known."""
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="faults to inject (200)")
    parser.add_argument("--messages", type=int, default=200, help="messages to send (200)")
    parser.add_argument("--seed", type=int, default=1, help="draws the order of faults (1)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        found = run(Path(name), options.count, options.seed, options.messages)
    for fault, count in sorted(found.faults.items()):
        print(f"{fault:12} {count}")
    injected = sum(found.faults.values())
    print(
        f"{injected} faults, {found.messages} messages: {found.lost} lost, {found.wrongly_doubled} twice though known,"
    )
    print(
        f"{found.doubled} twice in doubt, {found.other_ids} under another id, {found.parked} parked with their reason, "
        f"{found.given_up} of them after two doubts"
    )
    return int(bool(found.lost or found.wrongly_doubled or found.other_ids))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
