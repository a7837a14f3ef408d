"""Compose e-mails: a report or a note as a whole message, with the headers that let a reader stop with one click."""

import re
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import msgspec

from kb.errors import UsageError
from kb.tell.forms import render_html, render_note, render_text
from kb.tell.story import Report
from kb.tell.view import title_report

LONGEST_ADDRESS, LONGEST_LOCAL = 254, 64
# An address as people have them: no quotes, no comments, no signs that another program could read as more than one.
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# Lines end as RFC 5322 has it, and none is longer than servers take.
RULES = policy.SMTP.clone(max_line_length=78, cte_type="7bit")


class BadAddressError(UsageError):
    """Raised for a text that is no e-mail address we send to; never holds the text itself."""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What every message carries: from whom, to whom, where answers go, its id fixed before it is sent, its instant."""

    sender: str
    to: str
    reply: str
    message_id: str
    at: str
    stop: str = ""


def check_address(text: str) -> str:
    """Return an e-mail address as it is kept: its domain in lower case and in ASCII (IDNA).

    Raises BadAddressError, in words that do not repeat the text.
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(text) > LONGEST_ADDRESS or len(local) > LONGEST_LOCAL or LOCAL.fullmatch(local) is None:
        raise BadAddressError("expected an e-mail address as name@example.org")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.split(".")
    is_name = len(labels) > 1 and all(LABEL.fullmatch(one) for one in labels) and not labels[-1].isdigit()
    if not is_name or len(local) + 1 + len(ascii_domain) > LONGEST_ADDRESS:
        raise BadAddressError("expected an e-mail address whose domain is a name as example.org")
    return f"{local}@{ascii_domain}"


def mask_address(address: str) -> str:
    """Return an address so that its owner knows it again and nobody else learns it: "j…@example.org"."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def compose_report(report: Report, letter: Letter) -> bytes:
    """Return a report as a message (RFC 5322): plain text and HTML, to be stopped with one click (RFC 8058)."""
    message = _begin(letter, title_report(report))
    if letter.stop:
        message["List-Unsubscribe"] = f"<{_one_line(letter.stop)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Id"] = f"Status Quo change reports <reports.{letter.sender.rpartition('@')[2].rstrip('>')}>"
    return _finish(message, render_text(report), render_html(report))


def compose_note(title: str, lines: Sequence[str], link: str, label: str, letter: Letter) -> bytes:
    """Return a message that asks for one thing: its lines, and the link on which it is done."""
    text = "\n\n".join([title, *lines, f"{label}:\n{link}"])
    return _finish(_begin(letter, title), f"{text}\n", render_note(title, lines, link, label))


def parse_sender(text: str) -> Address:
    """Return a sender, "Status Quo <reports@law.example>" or an address alone; raises BadAddressError."""
    name, bracket, rest = text.strip().rpartition("<")
    address = check_address(rest.removesuffix(">") if bracket else text.strip())
    if any(ord(sign) < ord(" ") for sign in name):
        raise BadAddressError("expected a sender's name without control signs")
    return Address(display_name=name.strip().strip('"'), addr_spec=address)


def _begin(letter: Letter, title: str) -> EmailMessage:
    message = EmailMessage(policy=RULES)
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(datetime.fromisoformat(letter.at))
    message["From"] = parse_sender(letter.sender)
    message["To"] = Address(addr_spec=check_address(letter.to))
    if letter.reply:
        message["Reply-To"] = parse_sender(letter.reply)
    message["Subject"] = _one_line(title)
    # Answering machines keep still (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    return message


def _finish(message: EmailMessage, text: str, markup: str) -> bytes:
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(markup, subtype="html", cte="quoted-printable")
    # The boundary comes from the id, so that the same report is the same bytes.
    boundary = re.sub(r"[^A-Za-z0-9]", "", str(message["Message-ID"]))[:50]
    message.set_boundary(f"=_{boundary}")
    return message.as_bytes()


def _one_line(text: str) -> str:
    return " ".join("".join(max(sign, " ") for sign in text).split())
