"""The captures behind published texts: what each was, and the proof that it stands in the archive's log."""

import sqlite3

import msgspec


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """That a capture stands in the archive's log: its leaf, the path to the head, and the release that published it."""

    log_id: str
    seq: int
    leaf: str
    path: tuple[str, ...]
    size: int
    tree_head: str
    release: int


def read_inclusion(db: sqlite3.Connection, sha256: str, url: str) -> Inclusion | None:
    """Return the proof of a capture, None where the publication holds none."""
    row = db.execute(
        """
        SELECT proofs.*, generation, log_size, tree_head FROM proofs
        JOIN releases ON generation = (SELECT MAX(generation) FROM releases)
        WHERE sha256 = :sha256 AND url = :url
        """,
        {"sha256": sha256, "url": url},
    ).fetchone()
    if row is None:
        return None
    return Inclusion(
        log_id=row["log_id"],
        seq=row["seq"],
        leaf=row["leaf"],
        path=tuple(msgspec.json.decode(row["path"])),
        size=row["log_size"],
        tree_head=row["tree_head"],
        release=row["generation"],
    )


class Original(msgspec.Struct, frozen=True):
    """A capture of a published text: what it was said to be, when it was seen first, whether it was taken down."""

    media_type: str
    first_seen: str
    taken_down: bool


def find_original(db: sqlite3.Connection, sha256: str) -> Original | None:
    """Return a capture that a published text was read from, if its source is shown whole; None for others."""
    row = db.execute(
        """
        SELECT media_type, first_seen, taken_down FROM snapshots
        WHERE sha256 = :sha256 AND EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish = 'text'
        ) AND NOT EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish <> 'text'
        )
        """,
        {"sha256": sha256},
    ).fetchone()
    return None if row is None else Original(row["media_type"], row["first_seen"], bool(row["taken_down"]))
