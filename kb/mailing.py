"""Hand messages to a mail server: one connection for many, kept secret, and what came of each told apart.

A message is safe before its last dot is sent and after the server has answered it; only what happens between is
unknown. So the caller is told just before that dot (``begin``), and an answer that never came is an outcome of its own.
What a server says of us (our sender, our machine, its policy) is never held against who was to be told.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from email import message_from_bytes
from email.policy import SMTP
from types import TracebackType
from typing import Literal, Self

import msgspec

from kb.mail_settings import LOCAL, MailSettings

TIMEOUT = 30.0
# Messages handed over on one connection before another is opened.
MOST_PER_CONNECTION = 100
LONGEST_REPLY = 300
TAKEN, GO_ON, TEMPORARY, PERMANENT = range(200, 300), 354, 400, 500
# "5.1.1 no such user": the enhanced code (RFC 3463) that a server's words begin with
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")
# "<j.doe@law.example>" in a server's words; whom it names is not kept, be it another address than the one we gave
ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
# A line of a message that begins with a dot, which gets another in front (RFC 5321 § 4.5.2)
LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
# Enhanced codes and plain ones that say the address itself is not there or takes nothing (RFC 7505 for 5.1.10).
GONE_CODES = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
GONE = (550, 551, 553)

# "down": nothing was asked of the server for this message, it could not be reached or let us in.
Result = Literal["sent", "deferred", "down", "failed", "gone", "unknown"]


class Handed(msgspec.Struct, frozen=True):
    """What came of handing a message over: the result, the server's words (no address in them), seconds to wait."""

    result: Result
    reply: str
    wait: int = 0


class MailConnection:
    """A connection to the mail server of some settings, opened when it is needed; use it as a context.

    ``is_down`` tells that it could not be opened: what is left need not be tried now.
    """

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None
        self._used = 0
        self.is_down = False

    def __enter__(self) -> Self:
        """Begin; nothing is opened yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the server."""
        self._drop(politely=True)

    def send(self, target: str, body: bytes, begin: Callable[[], None]) -> Handed:
        """Hand one message over; ``begin`` is called when only its text is left to be sent. Returns what came of it."""
        try:
            smtp = self._open()
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            self.is_down = True
            return Handed("down", _name_trouble(error))
        try:
            refused = self._address(smtp, target) or self._write(smtp, body)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Handed("deferred", _name_trouble(error))
        if refused is not None:
            return refused
        begin()
        return self._end(smtp)

    def _write(self, smtp: smtplib.SMTP, body: bytes) -> Handed | None:
        """Send a message up to its last dot; returns what came of it where the server wants none of it."""
        code, words = smtp.docmd("DATA")
        if code != GO_ON:
            self._reset()
            return _judge_code(code, words)
        text = LEADING_DOT.sub(b"..", body)
        smtp.send(text if text.endswith(b"\r\n") else text + b"\r\n")
        return None

    def _end(self, smtp: smtplib.SMTP) -> Handed:
        """Send the dot that ends a message and read what the server says to it."""
        try:
            smtp.send(b".\r\n")
            code, words = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Handed("unknown", f"the connection ended before the server answered: {type(error).__name__}")
        self._used += 1
        if code in TAKEN:
            return Handed("sent", _tell(code, words))
        self._reset()
        return _judge_code(code, words) if code >= TEMPORARY else Handed("unknown", _tell(code, words))

    def _open(self) -> smtplib.SMTP:
        if self._smtp is not None and self._used < MOST_PER_CONNECTION:
            return self._smtp
        self._drop(politely=True)
        settings = self._settings
        context = ssl.create_default_context()
        if settings.safety == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT, context=context)
        else:
            smtp = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT)
        self._smtp, self._used = smtp, 0
        if smtp.sock is not None:
            # The last dot follows at once; it must not wait until the text before it was acknowledged.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        # A relay of one's own machine may have no certificate; any other must encrypt.
        if settings.safety == "starttls" and (settings.host not in LOCAL or smtp.has_extn("starttls")):
            smtp.starttls(context=context)
            smtp.ehlo()
        if settings.user:
            smtp.login(settings.user, settings.password)
        return smtp

    def _address(self, smtp: smtplib.SMTP, target: str) -> Handed | None:
        """Name sender and recipient; returns what came of it where one was refused, None where both were taken."""
        settings = self._settings
        sender = settings.bounces or message_sender(settings.sender)
        code, words = smtp.mail(sender)
        if code not in TAKEN:
            self._reset()
            return Handed("deferred", f"the server refuses our sender: {_tell(code, words)}")
        code, words = smtp.rcpt(target)
        if code in TAKEN:
            return None
        self._reset()
        return Handed("gone", _tell(code, words)) if _is_gone(code, words) else _judge_code(code, words)

    def _reset(self) -> None:
        """Make the connection ready for the next message, or give it up."""
        if self._smtp is None:
            return
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self, *, politely: bool = False) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            if politely:
                smtp.quit()
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            smtp.close()


def message_sender(sender: str) -> str:
    """Return the bare address of a sender ("Name <a@b>")."""
    found = message_from_bytes(f"From: {sender}\r\n\r\n".encode(), policy=SMTP)["From"].addresses
    return str(found[0].addr_spec)


def _name_trouble(error: Exception) -> str:
    """Return what trouble before a message's text means, in words that hold neither a password nor an address."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the server refuses our user or password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the server offers no STARTTLS, or no way to log in that we know"
    if isinstance(error, ssl.SSLError):
        return "the server's certificate is not to be trusted"
    return f"the server cannot be reached: {type(error).__name__}"


def _judge_code(code: int, words: bytes | str) -> Handed:
    return Handed("deferred" if code < PERMANENT else "failed", _tell(code, words))


def _is_gone(code: int, words: bytes | str) -> bool:
    """Tell whether the answer to a recipient says that the address takes nothing, now and later."""
    enhanced = ENHANCED.match(_spell(words))
    if code < PERMANENT:
        return False
    return enhanced.group() in GONE_CODES if enhanced is not None else code in GONE


def _tell(code: int, words: bytes | str) -> str:
    """Return a server's answer on one line, without any address it may name."""
    line = ADDRESS.sub("…", " ".join(_spell(words).split()))
    return f"{code} {''.join(sign for sign in line if sign.isprintable())}"[:LONGEST_REPLY]


def _spell(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
