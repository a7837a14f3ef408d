"""Hand out captured pages as they came, where the operator serves the archive: as attachments, never as pages.

What a publisher, or somebody in its place, once answered may hold anything. So the bytes are named plain text or plain
bytes, are to be saved and not shown, and are those of published texts alone whose rights let them out whole.
"""

import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from kb.errors import DamagedSnapshotError, NotFoundError
from kb.serve import ARCHIVE_VARIABLE, DATA_VARIABLE
from kb.store.archive import open_archive, read_snapshot
from kb.store.originals import find_original
from kb.web.answer import Answer
from kb.web.refusal import refuse

# "/snapshots/0f3c…": a SHA-256 in small letters
SNAPSHOT_PATH = re.compile(r"^/snapshots/([0-9a-f]{64})$")
PREFIX = "/snapshots/"
TEXTS = ("text/", "application/json", "application/xml", "application/xhtml+xml", "image/svg+xml")
HEADERS = {"content-security-policy": "sandbox; default-src 'none'", "cache-control": "no-store"}
OFF = (
    "This site does not hand out captured pages. Whoever runs it may: kb serve --archive. The hash beside each text "
    "lets you check a copy of your own."
)


def is_served() -> bool:
    """Tell whether the operator lets captured pages out."""
    return bool(os.environ.get(ARCHIVE_VARIABLE))


def view_original(public: sqlite3.Connection, path: str) -> Answer:
    """Answer "/snapshots/<sha256>": the captured bytes as an attachment, or why there are none."""
    found = SNAPSHOT_PATH.match(path)
    if not is_served():
        return refuse(path, 404, "Not handed out", OFF)
    if found is None:
        return refuse(path, 404, "No such capture", "Expected the SHA-256 of a capture, 64 figures and small letters.")
    sha256 = found[1]
    original = find_original(public, sha256)
    if original is None:
        return refuse(path, 404, "No such capture", "No published text that may be shown whole was read from it.")
    gone = f"The bytes were taken down on a demand of rights; their hash {sha256} stays, as proof that they were here."
    if original.taken_down:
        return refuse(path, 410, "Taken down", gone)
    try:
        archive = Path(os.environ.get(DATA_VARIABLE, "data")) / "archive.db"
        with closing(open_archive(archive, read_only=True)) as db:
            body = read_snapshot(db, sha256)
    except (NotFoundError, DamagedSnapshotError) as error:
        return refuse(path, 404, "Not in the archive", str(error))
    is_text = original.media_type.startswith(TEXTS)
    name = f"{sha256[:12]}{'.txt' if is_text else '.bin'}"
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"', "x-captured-at": original.first_seen}
    kind = "text/plain; charset=utf-8" if is_text else "application/octet-stream"
    return Answer(200, "", kind, headers, body)
