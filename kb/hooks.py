"""Send webhooks: signed (Standard Webhooks 1.0), to addresses that were checked, over a connection to exactly those.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import http.client
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from kb.errors import StatusQuoError
from kb.tell.targets import Target, is_public, parse_target

TIMEOUT = 10.0
# What is read of an answer: only its status counts.
MOST_READ = 4_096
MOST_ADDRESSES = 8
SECRET_PREFIX = "whsec_"  # noqa: S105 - marks a secret, is none
LONGEST_WAIT = 24 * 3600
# Resolves a name and a port to addresses, as socket.getaddrinfo does.
Resolve = Callable[[str, int], Sequence[str]]


class HookError(StatusQuoError):
    """Raised where a webhook could not be handed over: nobody answered, or nobody may be asked. Names no address."""


class Answered(msgspec.Struct, frozen=True):
    """What a receiver answered: its status, and in how many seconds it asks to be tried again (0: it does not say)."""

    status: int
    retry_after: int = 0


def resolve_host(host: str, port: int) -> list[str]:
    """Return the addresses a name stands for; raises HookError where it stands for none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HookError("the name of the host is not known") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


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
        with closing(_connect(target, addresses[0])) as connection:
            return _post(connection, target, headers, body)
    except (OSError, http.client.HTTPException) as error:
        raise HookError(f"no answer: {type(error).__name__}") from error


class PinnedConnection(http.client.HTTPSConnection):
    """A connection to one address that was checked, whose certificate must be the name's."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=TIMEOUT, context=ssl.create_default_context())
        self._address = address

    def connect(self) -> None:
        """Connect to the checked address, and nowhere else."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)


def _connect(target: Target, address: str) -> http.client.HTTPConnection:
    if target.scheme == "https":
        return PinnedConnection(target, address)
    return http.client.HTTPConnection(address, target.port, timeout=TIMEOUT)


def _post(connection: http.client.HTTPConnection, target: Target, headers: Mapping[str, str], body: bytes) -> Answered:
    own = {"content-type": "application/json", "connection": "close"}
    connection.request("POST", target.path, body, {**headers, **own})
    answer = connection.getresponse()
    answer.read(MOST_READ)
    return Answered(answer.status, read_wait(answer.getheader("retry-after", ""), answer.getheader("date", "")))


def read_wait(text: str, now: str) -> int:
    """Return the seconds a Retry-After header asks to wait (RFC 9110 § 10.2.3), at most a day; 0 for none."""
    if text.strip().isdigit():
        return min(int(text), LONGEST_WAIT)
    try:
        later, here = parsedate_to_datetime(text), parsedate_to_datetime(now)
    except (TypeError, ValueError):
        return 0
    return max(0, min(int((later.astimezone(UTC) - here.astimezone(UTC)).total_seconds()), LONGEST_WAIT))


def make_headers(secret: bytes, name: str, now: str, body: bytes) -> dict[str, str]:
    """Return the headers of a webhook: its id, the same on every try, the time of this try, and its signature."""
    timestamp = int(datetime.fromisoformat(now).timestamp())
    return {
        "webhook-id": name,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_hook(secret, name, timestamp, body),
        "user-agent": "StatusQuo-webhook/1",
    }
