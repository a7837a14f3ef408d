"""Describe the public tables once, in schemas/tables.yml, for Datasette's pages and for the documents alike."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from kb.declarations import load_yaml
from kb.share import share_path
from kb.store.canned import CANNED

# Under this name the tables are found in URLs: /kb/changes.
DATABASE = "kb"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One public table: its title, what a row is, every column in words, and how Datasette lists it.

    ``facets`` and ``sort``/``sort_desc`` are columns; ``search`` names the full-text table, "" if there is none.
    """

    title: str
    description: str
    columns: dict[str, str]
    label: str = ""
    sort: str = ""
    sort_desc: str = ""
    search: str = ""
    size: int = 0


@cache
def read_tables() -> Mapping[str, Table]:
    """Read the description of every public table, in the order readers meet them; raises DeclarationError."""
    body = load_yaml(share_path("schemas", "tables.yml"))
    return msgspec.convert(body["tables"], dict[str, Table])


@cache
def make_metadata() -> dict[str, Any]:
    """Make Datasette's metadata: titles, descriptions, columns and the ready-made queries."""
    return {
        "databases": {
            DATABASE: {
                "title": "Status Quo: the public tables",
                "description": "What every state's rules say today, what they said before, and the proof of both. "
                "Not legal advice.",
                "tables": {name: _describe(table) for name, table in read_tables().items()},
                "queries": make_queries(),
            }
        }
    }


def make_queries() -> dict[str, dict[str, str]]:
    """Make the ready-made queries as Datasette takes them."""
    return {
        name: {"title": query.title, "description": query.description, "sql": query.sql.strip()}
        for name, query in CANNED.items()
    }


def write_tables_markdown() -> str:
    """Write docs/tables.md: every table with its columns, then the ready-made queries. Returns its text."""
    parts = [
        "# The public tables\n",
        "Written from `schemas/tables.yml`; a test keeps the two alike. `_on` is a date, `_at` a UTC instant.\n",
    ]
    for name, table in read_tables().items():
        rows = [f"| `{column}` | {words} |" for column, words in table.columns.items()]
        parts.append("\n".join([f"## {name}", "", table.description, "", "| column | holds |", "|---|---|", *rows, ""]))
    queries = [f"- **{query.title}** (`/{DATABASE}/{name}`): {query.description}" for name, query in CANNED.items()]
    parts.append("\n".join(["## Ready-made queries", "", *queries, ""]))
    return "\n".join(parts)


def _describe(table: Table) -> dict[str, Any]:
    facts = {
        "title": table.title,
        "description": table.description,
        "columns": table.columns,
        "label_column": table.label,
        "sort": table.sort,
        "sort_desc": table.sort_desc,
        "fts_table": table.search,
        "size": table.size,
    }
    return {key: value for key, value in facts.items() if value}
