"""Read how mail is sent, from the environment: the server, who it comes from, where answers and bounces go."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

import msgspec

from kb.errors import UsageError
from kb.tell.addresses import BadAddressError, parse_sender

SERVER, PASSWORD, SENDER = "KB_MAIL_SERVER", "KB_MAIL_PASSWORD", "KB_MAIL_FROM"
REPLY, BOUNCES, ADDRESS = "KB_MAIL_REPLY", "KB_MAIL_BOUNCES", "KB_ADDRESS"
# How a connection is kept secret: by STARTTLS, from its first byte, or not at all (a relay on this machine).
Safety = Literal["starttls", "tls", "none"]
SCHEMES: Mapping[str, tuple[Safety, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}
LOCAL = ("localhost", "127.0.0.1", "::1")


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How mail is sent. ``host`` "" means that none is; ``address`` is the site's, "" where it is not known."""

    host: str = ""
    port: int = 0
    safety: Safety = "starttls"
    user: str = ""
    password: str = ""
    sender: str = ""
    reply: str = ""
    bounces: str = ""
    address: str = ""

    @property
    def is_set(self) -> bool:
        """Tell whether mail can be sent: a server, a sender, and a site that its links lead to."""
        return bool(self.host and self.sender and self.address)

    @property
    def domain(self) -> str:
        """Return the domain that ids of messages end in: the sender's, else the site's, else none's."""
        if self.sender:
            return parse_sender(self.sender).domain
        return urlsplit(self.address).hostname or "statusquo.invalid"


def read_mail_settings(environment: Mapping[str, str]) -> MailSettings:
    """Return how mail is sent; raises UsageError that names the variable it cannot read, never its value."""
    server = environment.get(SERVER, "").strip()
    given = {name: environment.get(name, "").strip() for name in (SENDER, REPLY, BOUNCES)}
    for name, value in given.items():
        try:
            parse_sender(value) if value else None
        except BadAddressError as error:
            raise UsageError(f"{name}: {error}") from None
    settings = MailSettings(
        sender=given[SENDER],
        reply=given[REPLY],
        bounces=parse_sender(given[BOUNCES]).addr_spec if given[BOUNCES] else "",
        password=environment.get(PASSWORD, ""),
        address=_read_address(environment.get(ADDRESS, "")),
    )
    return _add_server(settings, server) if server else settings


def _add_server(settings: MailSettings, server: str) -> MailSettings:
    try:
        parts = urlsplit(server)
        port = parts.port
    except ValueError:
        raise UsageError(f"{SERVER}: expected smtp://user@host:587, found a port that is no number") from None
    if parts.scheme not in SCHEMES or not parts.hostname or parts.path not in ("", "/"):
        raise UsageError(
            f"{SERVER}: expected smtp://user@host:587, smtps://… or smtp+plain://host:25 (a relay of one's own)"
        )
    if parts.password:
        raise UsageError(f"{SERVER}: expected no password in it, it belongs into {PASSWORD}")
    safety, usual = SCHEMES[parts.scheme]
    return msgspec.structs.replace(
        settings, host=parts.hostname, port=port or usual, safety=safety, user=unquote(parts.username or "")
    )


def _read_address(text: str) -> str:
    address = text.strip().rstrip("/")
    return address if address.startswith(("https://", "http://")) else ""
