"""Which addresses a webhook may be sent to: public ones alone, whatever way they are written in.

The ranges are those of the special-purpose registries (RFC 6890 and its updates), as Python's ``ipaddress`` knows them,
with those that carry another address inside (IPv4-mapped, NAT64, 6to4, Teredo) judged by the one they carry. Where a
network carries it is its owner's choice in 64:ff9b:1::/48 (RFC 8215): none of these is public.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import msgspec

from kb.errors import UsageError

LONGEST_URL = 2_000
PORTS = (443, 8443)
# A label of a host's name; the last one of a name is never a number, in any notation.
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
# Names that stand for this machine or its network, whatever a resolver says.
LOCAL_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "test", "invalid", "onion")
NAT64 = IPv6Network("64:ff9b::/96")
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
COMPATIBLE = IPv6Network("::/96")
SITE_LOCAL = IPv6Network("fec0::/10")
# Assigned to protocols (RFC 6890 § 2.1, RFC 7526): versions of Python differ on them.
PROTOCOLS = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


class BadTargetError(UsageError):
    """Raised for an address that no webhook is sent to; the words hold none of what was given."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a webhook goes, taken apart: scheme, host in lower case and ASCII, port, and path with its query."""

    scheme: str
    host: str
    port: int
    path: str


def parse_target(url: str, *, allow_loopback: bool = False) -> Target:
    """Return a webhook's address taken apart; raises BadTargetError for any that is not a public https address.

    Numbers in place of a name, users in the address, other ports and names of local networks are refused. With
    ``allow_loopback`` http and any port of 127.0.0.1 pass too.
    """
    if len(url) > LONGEST_URL or any(sign <= " " or sign in "\\\x7f" for sign in url):
        raise BadTargetError("expected an address of 2,000 signs at most, without white space or backslashes")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise BadTargetError("expected an https address, found none that can be read") from None
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    if not path.isascii():
        raise BadTargetError("expected an address whose path is ASCII, other signs percent-encoded")
    if allow_loopback and host == "127.0.0.1" and parts.scheme in ("http", "https"):
        return Target(scheme=parts.scheme, host=host, port=port or 80, path=path)
    if parts.scheme != "https":
        raise BadTargetError("expected an https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise BadTargetError("expected an address without a user, a password or a fragment")
    if (port or PORTS[0]) not in PORTS:
        raise BadTargetError(f"expected port {' or '.join(map(str, PORTS))}")
    return Target(scheme="https", host=check_host(host), port=port or PORTS[0], path=path)


def check_host(host: str) -> str:
    """Return a host's name in ASCII and lower case; raises BadTargetError for anything that is no public name."""
    try:
        name = host.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(labels) < 2 or not all(LABEL.fullmatch(label) for label in labels):
        raise BadTargetError("expected the name of a host as hooks.example.org")
    if NUMBER.fullmatch(labels[-1]) or labels[-1] in LOCAL_NAMES:
        raise BadTargetError("expected the public name of a host, not a number or a name of a local network")
    return name


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet, and so is any that it carries inside."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return "%" not in address and all(_is_global(one) for one in _unfold(found))


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    is_special = address.is_multicast or address.is_reserved or address.is_loopback or address.is_link_local
    if any(address in network for network in (SITE_LOCAL, LOCAL_NAT64, *PROTOCOLS)):
        return False
    return address.is_global and not address.is_private and not address.is_unspecified and not is_special


def _unfold(address: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """Yield what an address says where it ends up: the one it carries inside, else itself."""
    if isinstance(address, IPv4Address):
        yield address
        return
    carried = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in COMPATIBLE or address in NAT64:
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    inside = [one for one in carried if one is not None]
    if address.ipv4_mapped is None and address not in NAT64:
        yield address
    yield from inside
