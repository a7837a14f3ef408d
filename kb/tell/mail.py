"""Compose e-mails: a report or a note as a whole message, with the headers that let a reader stop with one click."""

import re
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import msgspec

from kb.tell.addresses import check_address, parse_sender
from kb.tell.forms import render_html, render_note, render_text
from kb.tell.story import Report
from kb.tell.view import title_report

# Lines end as RFC 5322 has it, and none is longer than servers take.
RULES = policy.SMTP.clone(max_line_length=78, cte_type="7bit")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What every message carries: from whom, to whom, where answers go, its id fixed before it is sent, its instant."""

    sender: str
    to: str
    reply: str
    message_id: str
    at: str
    stop: str = ""


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
