"""Refuse addresses that are not the public web's: a crawl must never reach a machine of the network it runs in.

Names are resolved here and nowhere else, and the connection goes to the very addresses that were checked, so that a
name cannot answer "public" when asked and "private" when used.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from scrapy.crawler import Crawler
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

Address = IPv4Address | IPv6Address

# NAT64 (RFC 6052) carries an IPv4 address in its last 32 bits.
NAT64 = IPv6Network("64:ff9b::/96")


def is_reachable(host: str, *, allow_loopback: bool = False) -> bool:
    """Tell whether an address ("192.0.2.1", "::1") is on the public web, or loopback where that is allowed."""
    address = _unwrap(ip_address(host.partition("%")[0]))
    if address.is_loopback:
        return allow_loopback
    return address.is_global and not address.is_multicast


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return address if inner is None else inner


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves host names for the crawler; a name with any address that may not be reached resolves to nothing.

    ``refused`` tells why, by host name. Answers are kept for the length of the crawl.
    """

    refused: dict[str, str]

    def __init__(self, reactor: Any, *, allow_loopback: bool) -> None:
        self.reactor = reactor
        self.allow_loopback = allow_loopback
        self.original = reactor.nameResolver
        self.refused = REFUSED

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "GuardedResolver":
        """Make the resolver Scrapy asks for by its setting."""
        return cls(reactor, allow_loopback=crawler.settings.getbool("KB_ALLOW_LOOPBACK"))

    def install_on_reactor(self) -> None:
        """Become the only resolver of the process."""
        self.reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 - the interface of Twisted
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a name and hand on its addresses only if all of them may be reached."""
        checked = _Checked(self, resolutionReceiver, hostName)
        answer: IHostResolution = self.original.resolveHostName(
            checked, hostName, portNumber, addressTypes, transportSemantics
        )
        return answer


# Why a host was refused; one crawl runs in a process, and Scrapy gives no other way from resolver to spider.
REFUSED: dict[str, str] = {}


@implementer(IResolutionReceiver)
class _Checked:
    """Collects the addresses of a name before any of them is handed on."""

    def __init__(self, resolver: GuardedResolver, receiver: Any, host: str) -> None:
        self.resolver = resolver
        # Any: Twisted's interface declares its methods without self, which no type checker follows.
        self.receiver = receiver
        self.host = host
        self.addresses: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802 - the interface of Twisted
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        allow = self.resolver.allow_loopback
        wrong = [entry.host for entry in self.addresses if not is_reachable(entry.host, allow_loopback=allow)]
        if wrong:
            self.resolver.refused[self.host] = f"{self.host} resolves to {wrong[0]}, not an address of the public web"
        for address in () if wrong else self.addresses:
            self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()
