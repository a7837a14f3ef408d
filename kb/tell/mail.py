"""Compose reports as e-mails, with the headers that let a reader stop with one click."""

from kb.tell.forms import render_html, render_text
from kb.tell.letters import Letter, begin_message, finish_message, join_line
from kb.tell.story import Report
from kb.tell.view import title_report


def compose_report(report: Report, letter: Letter) -> bytes:
    """Return a report as a message (RFC 5322): plain text and HTML, to be stopped with one click (RFC 8058)."""
    message = begin_message(letter, title_report(report))
    if letter.stop:
        message["List-Unsubscribe"] = f"<{join_line(letter.stop)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Id"] = f"Status Quo change reports <reports.{letter.sender.rpartition('@')[2].rstrip('>')}>"
    return finish_message(message, render_text(report), render_html(report))
