"""Write messages: the headers that all carry, and notes that ask for one thing."""

import re
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import msgspec

from kb.tell.addresses import check_address, parse_sender
from kb.tell.printing import load

FOREIGN = bytes(range(127, 256))
LINE_END = b"\r\n"
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


def compose_note(title: str, lines: Sequence[str], link: str, label: str, letter: Letter) -> bytes:
    """Return a message that asks for one thing: its lines, and the link on which it is done."""
    text = "\n\n".join([title, *lines, f"{label}:\n{link}"])
    markup = load("mail/note.html").render(title=title, lines=lines, link=link, label=label)
    return finish_message(begin_message(letter, title), f"{text}\n", markup)


def begin_message(letter: Letter, title: str) -> EmailMessage:
    """Return a message with the headers that all carry, and no text yet."""
    message = EmailMessage(policy=RULES)
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(datetime.fromisoformat(letter.at))
    message["From"] = parse_sender(letter.sender)
    message["To"] = Address(addr_spec=check_address(letter.to))
    if letter.reply:
        message["Reply-To"] = parse_sender(letter.reply)
    message["Subject"] = join_line(title)
    # Answering machines keep still (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    return message


def finish_message(message: EmailMessage, text: str, markup: str) -> bytes:
    """Return a message with its two texts as bytes; the same message is the same bytes.

    Put together here (RFC 2046, section 5.1.4): the library would take half of the time that a report takes.
    """
    boundary = b"=_" + re.sub(r"[^A-Za-z0-9]", "", str(message["Message-ID"]))[:50].encode()
    parts = (_write_part(text, "plain"), _write_part(markup, "html"))
    return b"".join(
        (
            message.as_bytes().removesuffix(LINE_END),
            b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="%b"\r\n\r\n' % boundary,
            *(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts),
            b"--%b--\r\n" % boundary,
        )
    )


def _write_part(text: str, subtype: str) -> bytes:
    """Return a text as one of a message's parts: its headers and its lines, none longer than 76 signs."""
    coded = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    coding = choose_coding(coded)
    lines = encodebytes(coded) if coding == "base64" else b2a_qp(coded)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {coding}\r\n\r\n'
    return head.encode() + lines.replace(b"\n", LINE_END)


def choose_coding(coded: bytes) -> str:
    """Return the shorter transfer encoding of a text: quoted-printable, but for one of mostly foreign signs."""
    foreign = len(coded) - len(coded.translate(None, FOREIGN))
    # Each such byte takes three signs in the one, every three bytes four (and line ends) in the other.
    return "base64" if 2 * foreign > 0.37 * len(coded) else "quoted-printable"


def join_line(text: str) -> str:
    """Return a text as one line, as headers have it."""
    return " ".join("".join(max(sign, " ") for sign in text).split())
