"""The data: every table as a file with its checksum, what its columns hold, the ready-made questions."""

import sqlite3
from collections.abc import Mapping

import msgspec

from kb.store.canned import CANNED
from kb.store.downloads import LARGEST_FILE, Download, list_downloads, write_table
from kb.store.overview import Release, read_release
from kb.web.answer import Answer
from kb.web.pages.frame import read_frame, render, render_missing
from kb.web.tables import DATABASE, Table, read_tables

CSV_TYPE = "text/csv; charset=utf-8"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A table as the page offers it: its name, its description, its rows, and its file if it is small enough."""

    name: str
    table: Table
    file: Download


def view_data(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/data": downloads with checksums, the data dictionary, ready-made questions, what is not offered."""
    release = read_release(db)
    return render(
        "data.html",
        read_frame(db, asked),
        offers=list_offers(db),
        tables=read_tables(),
        largest=LARGEST_FILE,
        release=release,
        questions=CANNED,
        database=DATABASE,
        citation=cite_release(release),
    )


def view_file(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/data/<table>.csv": the whole table as a file to save."""
    name = asked["table"]
    offer = next((one for one in list_offers(db) if one.name == name), None)
    frame = read_frame(db, asked)
    if offer is None:
        return render_missing(
            frame, "No such table", [f"There is no table named “{name}”; /data lists those there are."]
        )
    body = write_table(db, name) if offer.file.sha256 else None
    if body is None:
        return render_missing(
            frame, "Too large for one file", [f"Take /{DATABASE}/{name}.csv by filter or as a stream."]
        )
    return Answer(200, body, CSV_TYPE, {"content-disposition": f'attachment; filename="{name}.csv"'})


def list_offers(db: sqlite3.Connection) -> list[Offer]:
    """Return what is offered of every table that is described, in the order of the descriptions."""
    files = list_downloads(db)
    return [Offer(name=name, table=table, file=files[name]) for name, table in read_tables().items() if name in files]


def cite_release(release: Release) -> str:
    """Return how to cite the data of an edition as a whole."""
    head = f", head of the log {release.tree_head[:12]}" if release.tree_head else ""
    return f"Status Quo, edition {release.generation}, published {release.published_at}{head}."
