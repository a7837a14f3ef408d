"""Trust a server's certificate, or the one exception a source declares for its hosts; never a general switch-off.

An exception is the SHA-256 of the very certificate the server shows (it fails as soon as another is shown), or the
intermediate certificate that the server forgets to send (all other checks stay). The name of the host is always
checked. Each use of an exception is noted in the archive with its reason and day.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate
from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity import VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet._sslverify import IOpenSSLTrustRoot
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import optionsForClientTLS, platformTrust
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.hosts import HostBook
from kb.errors import DeclarationError
from kb.sources import CertificateException, Source

Verify = Callable[[Any, X509, int, int, int], bool]


class Trusted(msgspec.Struct, frozen=True):
    """What is trusted besides the platform's authorities: fingerprints (64 hexadecimal digits), intermediates."""

    fingerprints: frozenset[str] = frozenset()
    intermediates: tuple[Certificate, ...] = ()
    reason: str = ""


def collect_exceptions(sources: Iterable[Source]) -> dict[str, Trusted]:
    """Return what is trusted of each host for which a source declares an exception; raises DeclarationError."""
    found: dict[str, Trusted] = {}
    for source in sources:
        if source.certificate is None:
            continue
        trusted = _read_exception(source.id, source.certificate)
        for host in sorted(source.hosts):
            known = found.get(host, Trusted())
            found[host] = Trusted(
                known.fingerprints | trusted.fingerprints,
                known.intermediates + trusted.intermediates,
                "; ".join(filter(None, (known.reason, trusted.reason))),
            )
    return found


@implementer(IPolicyForHTTPS)
class ExceptionalContexts:
    """Makes the TLS connections of the crawler: Scrapy's, which verify, but for hosts with an exception ours."""

    def __init__(self, usual: Any, exceptions: Mapping[str, Trusted], book: HostBook) -> None:
        self.usual = usual
        self.exceptions = exceptions
        self.book = book
        self.noted: set[str] = set()

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: N802 - the interface of Twisted
        """Return what makes the connections to a host."""
        host = hostname.decode("ascii")
        trusted = self.exceptions.get(host)
        if trusted is None:
            return self.usual.creatorForNetloc(hostname, port)
        if host not in self.noted:
            self.noted.add(host)
            self.book.note(host, "certificate", trusted.reason)
        trust: Any = _MoreTrust(trusted.intermediates)
        return _PinnedConnections(host, optionsForClientTLS(host, trustRoot=trust), trusted.fingerprints)


@implementer(IOpenSSLTrustRoot)
class _MoreTrust:
    """The platform's authorities, and intermediates from which a chain to them may be built."""

    def __init__(self, intermediates: Iterable[Certificate]) -> None:
        self.intermediates = intermediates

    def _addCACertsToContext(self, context: SSL.Context) -> None:  # noqa: N802 - the interface of Twisted
        usual: Any = platformTrust()  # type: ignore[no-untyped-call]
        usual._addCACertsToContext(context)  # noqa: SLF001 - its only method
        store = context.get_cert_store()
        for certificate in self.intermediates:
            if store is not None:
                store.add_cert(X509.from_cryptography(certificate))


@implementer(IOpenSSLClientConnectionCreator)
class _PinnedConnections:
    """Makes connections that accept the certificates of some fingerprints, whoever vouches for them."""

    def __init__(self, host: str, usual: Any, fingerprints: frozenset[str]) -> None:
        self.host = host
        self.usual = usual
        self.fingerprints = fingerprints

    def clientConnectionForTLS(self, tls_protocol: Any) -> Any:  # noqa: N802 - the interface of Twisted
        """Make one connection."""
        connection = self.usual.clientConnectionForTLS(tls_protocol)
        if self.fingerprints:
            connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._make_check())
        return connection

    def _make_check(self) -> Verify:
        """Make the check OpenSSL calls for each certificate of a chain, the server's own (depth 0) last."""
        faults: list[int] = []

        def check(_: Any, certificate: X509, fault: int, depth: int, is_sound: int) -> bool:
            if not is_sound:
                faults.append(fault)
            if depth > 0:
                return True
            shown = certificate.to_cryptography()
            if shown.fingerprint(SHA256()).hex() in self.fingerprints:
                return True
            return not faults and _is_named(certificate, self.host)

        return check


def _is_named(certificate: X509, host: str) -> bool:
    """Tell whether a certificate is made out for a host."""
    named = IPAddress_ID(host) if isIPAddress(host) or isIPv6Address(host) else DNS_ID(host)
    try:
        verify_service_identity(extract_patterns(certificate), [named], [])
    except VerificationError:
        return False
    return True


def _read_exception(source: str, declared: CertificateException) -> Trusted:
    fingerprint = declared.accept.replace(":", "").lower()
    reason = f"{source}: {declared.reason} (checked on {declared.checked_on})"
    try:
        intermediates = (load_pem_x509_certificate(declared.intermediate.encode()),) if declared.intermediate else ()
    except ValueError as error:
        found = f"certificate.intermediate of {source}: expected a certificate in PEM: {error}"
        raise DeclarationError(found) from error
    return Trusted(frozenset({fingerprint} - {""}), intermediates, reason)
