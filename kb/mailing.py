"""Hand messages to a mail server: one connection for many, kept secret, and what came of each told apart.

A message is safe before its last dot is sent and after the server has answered it; only what happens between is
unknown. So the caller is told just before (``begin``), and an answer that never came is an outcome of its own.
"""

import smtplib
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
PERMANENT = 500
# Enhanced codes (RFC 3463) and plain ones that say the address itself is not there or takes nothing.
GONE_CODES = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.7.1")
GONE = (550, 551, 553)

Result = Literal["sent", "deferred", "failed", "gone", "unknown"]


class Handed(msgspec.Struct, frozen=True):
    """What came of handing a message over: the result, the server's words (no address in them), seconds to wait."""

    result: Result
    reply: str
    wait: int = 0


class MailConnection:
    """A connection to the mail server of some settings, opened when it is needed; use it as a context."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None
        self._used = 0

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
            refused = self._address(smtp, target)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _judge_trouble(error)
        if refused is not None:
            return refused
        begin()
        try:
            code, words = smtp.data(body)
        except smtplib.SMTPDataError as error:
            # The server refused DATA itself: nothing of the message was taken.
            self._reset()
            return _judge_code(error.smtp_code, error.smtp_error, target)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Handed("unknown", f"the connection ended before the server answered: {type(error).__name__}")
        self._used += 1
        if code == 250:
            return Handed("sent", _tell(code, words, target))
        self._reset()
        return _judge_code(code, words, target)

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
        for code, words in (smtp.mail(sender), smtp.rcpt(target)):
            if code not in (250, 251):
                self._reset()
                return _judge_code(code, words, target)
        return None

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


def _judge_trouble(error: Exception) -> Handed:
    """Return what trouble before the message means: wait, unless the server will never take it."""
    code = getattr(error, "smtp_code", 0)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Handed("deferred", f"the server refuses our user or password ({code})")
    if isinstance(error, ssl.SSLError):
        return Handed("deferred", "the server's certificate is not to be trusted")
    return Handed("deferred", f"the server cannot be reached: {type(error).__name__}")


def _judge_code(code: int, words: bytes | str, target: str) -> Handed:
    told = _tell(code, words, target)
    if code < PERMANENT:
        return Handed("deferred", told)
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    is_gone = any(one in text for one in GONE_CODES) or (code in GONE and "5." not in text)
    return Handed("gone" if is_gone else "failed", told)


def _tell(code: int, words: bytes | str, target: str) -> str:
    """Return a server's answer on one line, without the address it may repeat."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = " ".join(text.split()).replace(target, "…").replace(target.lower(), "…")
    return f"{code} {''.join(sign for sign in line if sign.isprintable())}"[:LONGEST_REPLY]
