"""Send webhooks: signed (Standard Webhooks 1.0), to addresses that were checked, over a connection to exactly those.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from kb.errors import StatusQuoError
from kb.tell.targets import Target, is_public, parse_target

# Seconds for a whole talk, however slowly its bytes come, for reaching one address before the next is tried, and for
# learning what a name stands for: the system's own resolver may try for half a minute.
TIMEOUT, REACH_TIMEOUT, RESOLVE_TIMEOUT = 7.0, 1.5, 5.0
MOST_REACHED = 2
# What is read of an answer: only its status counts.
MOST_READ = 4_096
MOST_ADDRESSES = 8
SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none
LONGEST_WAIT = 24 * 3600
# "120", the seconds of a Retry-After header (RFC 9110 § 10.2.3)
SECONDS = re.compile(r"[0-9]{1,9}")
USUAL_PORT = {"https": 443, "http": 80}
# Resolves a name and a port to addresses, as socket.getaddrinfo does.
Resolve = Callable[[str, int], Sequence[str]]


class HookError(StatusQuoError):
    """Raised where a webhook could not be handed over: nobody answered, or nobody may be asked. Names no address."""


class Answered(msgspec.Struct, frozen=True):
    """What a receiver answered: its status, and in how many seconds it asks to be tried again (0: it does not say)."""

    status: int
    retry_after: int = 0


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses a name stands for; raises HookError where it stands for none, or nobody says so in time."""
    asked = Future[list[str]]()
    # A thread of its own, which nobody waits for at the end.
    threading.Thread(target=_resolve, args=(host, port, asked), daemon=True).start()
    try:
        return asked.result(RESOLVE_TIMEOUT)
    except TimeoutError as error:
        raise HookError("the name of the host was not resolved in time") from error
    except (OSError, UnicodeError) as error:
        raise HookError("the name of the host is not known") from error


def _resolve(host: str, port: int, asked: Future[list[str]]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        asked.set_result(list(dict.fromkeys(str(one[4][0]) for one in found)))
    except (OSError, UnicodeError) as error:
        asked.set_exception(error)


def sign_hook(secret: bytes, name: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a webhook: "v1," and the HMAC-SHA256 of its id, its time and its body, in Base64."""
    signed = f"{name}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"


def spell_secret(secret: bytes) -> str:
    """Return a secret as its owner gets it: "whsec_" and Base64."""
    return f"{SECRET_PREFIX}{base64.b64encode(secret).decode()}"


def send_hook(
    url: str, headers: Mapping[str, str], body: bytes, *, resolve: Resolve = resolve_host, allow_loopback: bool = False
) -> Answered:
    """Post a webhook and return what was answered; no redirect is followed.

    The name is resolved once, every address it stands for must be public, and the connection goes to one of those:
    whatever the name says a moment later changes nothing. Raises BadTargetError and HookError.
    """
    target = parse_target(url, allow_loopback=allow_loopback)
    addresses = [target.host] if target.host == "127.0.0.1" else list(resolve(target.host, target.port))
    if not addresses or len(addresses) > MOST_ADDRESSES:
        raise HookError("the name of the host stands for no address, or for too many")
    if target.host != "127.0.0.1" and not all(is_public(address) for address in addresses):
        raise HookError("the name of the host stands for an address that is not public")
    try:
        with closing(_reach(addresses[:MOST_REACHED], target)) as connected, _cut_off(connected):
            if isinstance(connected, ssl.SSLSocket):
                connected.do_handshake()
            return _post(connected, target, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise HookError(f"no answer: {type(error).__name__}") from error


def _reach(addresses: Sequence[str], target: Target) -> socket.socket:
    """Return a connection to the first of some checked addresses that takes it, and to nowhere else."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return _prepare(socket.create_connection((address, target.port), REACH_TIMEOUT), target)
    return _prepare(socket.create_connection((addresses[-1], target.port), REACH_TIMEOUT), target)


def _prepare(plain: socket.socket, target: Target) -> socket.socket:
    """Return a connection as its scheme wants it; the certificate must be the name's (the handshake comes later)."""
    plain.settimeout(TIMEOUT)
    if target.scheme != "https":
        return plain
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)


@contextmanager
def _cut_off(connected: socket.socket) -> Iterator[None]:
    """End a talk after its time: a receiver that sends a byte now and then would hold us for as long as it likes.

    Raises TimeoutError for whatever trouble that end makes.
    """
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(TIMEOUT, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise TimeoutError if is_over.is_set() else error from None
    finally:
        timer.cancel()


def _post(connected: socket.socket, target: Target, headers: Mapping[str, str], body: bytes) -> Answered:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = connected
    is_usual = target.port == USUAL_PORT[target.scheme]
    host = target.host if is_usual else f"{target.host}:{target.port}"
    own = {"host": host, "content-type": "application/json", "connection": "close"}
    connection.request("POST", target.path, body, {**headers, **own})
    answer = connection.getresponse()
    # What follows the status is read so that the receiver can end in peace; whether it comes alters nothing.
    with suppress(OSError, http.client.HTTPException):
        answer.read(MOST_READ)
    return Answered(answer.status, read_wait(answer.getheader("retry-after", ""), answer.getheader("date", "")))


def read_wait(text: str, now: str) -> int:
    """Return the seconds a Retry-After header asks to wait (RFC 9110 § 10.2.3), at most a day; 0 for none."""
    if SECONDS.fullmatch(text.strip()):
        return min(int(text), LONGEST_WAIT)
    try:
        later, here = (parsedate_to_datetime(one).astimezone(UTC) for one in (text, now))
    except (TypeError, ValueError, OverflowError):
        return 0
    return max(0, min(int((later - here).total_seconds()), LONGEST_WAIT))


def make_headers(secret: bytes, name: str, now: str, body: bytes) -> dict[str, str]:
    """Return the headers of a webhook: its id, the same on every try, the time of this try, and its signature."""
    timestamp = int(datetime.fromisoformat(now).timestamp())
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_hook(secret, name, timestamp, body),
        "user-agent": "StatusQuo-webhook/1",
    }
