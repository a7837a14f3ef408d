"""The list of the site's pages for search engines (sitemaps.org), and what they are asked to leave alone.

Both name pages by their full address, so the list is there where the operator says under which one the site is known.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from kb.errors import NotFoundError
from kb.store.sitemap import count_listed, list_listed
from kb.tell.words import link_document
from kb.web.answer import Answer

# Addresses of one part; the protocol allows 50,000 and 50 MB.
PART_SIZE = 10_000
FIXED = "/ /changes /calendar /j /q /compare /sources /citations /report /data /methods /quality /about /api".split()
PATHS: Mapping[str, str] = {
    "jurisdiction": "/j/",
    "question": "/q/",
    "source": "/s/",
    "fact": "/f/",
    "event": "/e/",
    "change": "/c/",
}
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XML = "application/xml; charset=utf-8"
# What holds ever more of the same, or is no page for others to find.
CLOSED = "/kb /search /subscribe /subscription /stop /snapshots /public".split()


def view_sitemap(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/sitemap.xml", the list of its parts, and "/sitemap-<part>.xml"; raises NotFoundError for other parts."""
    address = asked.get("address", "")
    if not address:
        raise NotFoundError("a sitemap names full addresses: whoever runs this site sets KB_ADDRESS for it")
    parts = max(1, -(-count_listed(db) // PART_SIZE))
    if "part" not in asked:
        return Answer(
            200, _write("sitemapindex", "sitemap", (f"{address}/sitemap-{n + 1}.xml" for n in range(parts))), XML
        )
    part = int(asked["part"])
    if not 1 <= part <= parts:
        raise NotFoundError(f"the sitemap has {parts} parts")
    rows = list_listed(db, PART_SIZE, (part - 1) * PART_SIZE)
    fixed = FIXED if part == 1 else []
    paths = (link_document(name) if kind == "document" else f"{PATHS[kind]}{name}" for kind, name in rows)
    return Answer(200, _write("urlset", "url", (f"{address}{path}" for path in (*fixed, *paths))), XML)


def view_robots(_db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/robots.txt" (RFC 9309)."""
    address = asked.get("address", "")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines += [f"Sitemap: {address}/sitemap.xml"] if address else []
    return Answer(200, "\n".join([*lines, ""]), "text/plain; charset=utf-8")


def _write(root: str, entry: str, addresses: Iterable[str]) -> str:
    lines = "".join(f"<{entry}><loc>{escape(one)}</loc></{entry}>\n" for one in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">\n{lines}</{root}>\n'
