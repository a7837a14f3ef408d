"""Look at reports before they go: what would be told to whom now, as files to be opened, with nothing sent or kept."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from email.policy import default
from html import escape
from pathlib import Path

import msgspec

from kb.ledger import mask_target
from kb.mail_settings import MailSettings
from kb.store.outbox import list_waiting_messages, read_message
from kb.store.subscribers import FILE, open_subscribers
from kb.telling import collect, open_current, write_due

NO_SITE = "https://site.invalid"
STAND_IN = MailSettings(host="mail.invalid", sender="Status Quo <reports@statusquo.invalid>")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Reports to be sent</title>
<style>:root { color-scheme: light dark } body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem; background: #fff; color: #1b1b1b } a { color: #005ea2; white-space: nowrap }
td, th { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; overflow-wrap: anywhere }
@media (prefers-color-scheme: dark) { body { background: #16181b; color: #e6e6e6 } a { color: #8cc2f0 } }</style></head>
<body><main><h1>Reports to be sent</h1><p>%s</p><table><thead><tr><th scope="col">To</th><th scope="col">Title</th>
<th scope="col">Forms</th></tr></thead><tbody>
%s
</tbody></table></main></body></html>
"""


def preview(data: Path, now: str, settings: MailSettings, folder: Path | None) -> Iterator[str]:
    """Yield who would be told what now, a line each; with a folder the messages are written into it, to be looked at.

    All is done on a copy: nothing is written where it counts, and nothing is sent. Without settings of mail, a sender
    that does not exist stands in the messages.
    """
    shown = settings if settings.is_set else msgspec.structs.replace(STAND_IN, address=settings.address or NO_SITE)
    with (
        tempfile.TemporaryDirectory() as name,
        open_current(data) as public,
        closing(_copy(data, Path(name))) as db,
    ):
        collect(db, public)
        write_due(db, public, now, shown)
        waiting = list_waiting_messages(db)
        bodies = [read_message(db, message) or b"" for message, _, _ in waiting]
    yield f"{len(waiting)} to be sent"
    for _, target, title in waiting:
        yield f"  {mask_target(target)}: {title}"
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        _write(folder, number, body, (mask_target(target), title))
        for number, (body, (_, target, title)) in enumerate(zip(bodies, waiting, strict=True), 1)
    ]
    (folder / "index.html").write_text(PAGE % (f"As of {escape(now)}: {len(rows)}.", "\n".join(rows)), "utf-8")
    yield f"look at them: {folder / 'index.html'}"


def _copy(data: Path, folder: Path) -> sqlite3.Connection:
    """Return a copy of the subscribers of a data folder, open for writing; empty where it has none."""
    copy = open_subscribers(folder)
    if (data / FILE).is_file():
        with closing(open_subscribers(data, read_only=True)) as db:
            db.backup(copy)
    return copy


def _write(folder: Path, number: int, body: bytes, told: tuple[str, str]) -> str:
    """Write the forms of one message; returns its row of the index."""
    if body.startswith(b"{"):
        forms = {"json": body}
    else:
        message = message_from_bytes(body, policy=default)
        parts = {part.get_content_subtype(): part.get_content() for part in message.walk() if not part.is_multipart()}
        forms = {"html": parts.get("html", "").encode(), "txt": parts.get("plain", "").encode(), "eml": body}
    for form, content in forms.items():
        (folder / f"{number}.{form}").write_bytes(content)
    links = " ".join(f'<a href="{number}.{form}">{number}.{form}</a>' for form in forms)
    return f"<tr><td>{escape(told[0])}</td><td>{escape(told[1])}</td><td>{links}</td></tr>"
