"""A small recorded web, built and published: what the tests of the site stand on."""

import http.client
import shutil
import socket
import time
from pathlib import Path

from datasette.app import Datasette

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.publish import publish
from kb.share import share_path
from kb.sources import parse_source
from tests.build import make_line, write_captures

HOST = "https://rules.example.gov/"
FIRST, SECOND = "2024-01-10T12:00:00Z", "2024-02-10T12:00:00Z"
MARK = "t"
LONG = "Every holder of a license keeps a record of each dose that was given, and by whom. " * 8
# What a hostile page may print; every one of these must come out as words.
HOSTILE = (
    "<script>document.title='hacked'</script>",
    "<img src=x onerror=\"document.title='hacked'\">",
    "javascript:document.title='hacked'",
    "</script><script>document.title='hacked'</script>",
    "pay \u202e001$ now",
    "=cmd|'/C calc'!A1",
)


def declare(name, path, **keys):
    entry = {
        "id": name,
        "jurisdiction": "us-xx",
        "authority": {"id": "us-xx-board", "name": "Example Board", "kind": "board", "url": HOST},
        "title": f"Rules under {path}",
        "platform": "page",
        "match": [f"{HOST}{path}/"],
        "select": "main",
        "document": {"work": "code", "pattern": rf"/{path}/(?P<citation>[^/]+)$"},
        **keys,
    }
    return parse_source(entry, "a test")


SOURCES = (
    declare("us-xx-open", "open"),
    declare("us-xx-quoted", "quoted", publish="quotes"),
    declare("us-xx-withheld", "withheld", publish="none"),
)


def make_page(heading, *paragraphs):
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><body><main><h1>{heading}</h1>{body}</main></body></html>".encode()


def escape_page(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def list_pages():
    """Return the bytes of every page by (instant, path): two rules say ten days at first and thirty days later."""
    pages = {}
    for at, days in ((FIRST, "ten"), (SECOND, "thirty")):
        rule = f"(a) A license is renewed within {days} days. {LONG}"
        for path in ("open", "quoted", "withheld"):
            pages[at, f"{path}/1-1"] = make_page("§ 1-1. Renewal.", rule, "(b) A fee is due.")
        hostile = (f"({letter}) {escape_page(text)}" for letter, text in zip("abcdef", HOSTILE, strict=True))
        pages[at, "open/1-2"] = make_page("§ 1-2. Signs.", *hostile, f"(g) Within {days} days.")
        pages[at, "open/1-3"] = make_page("=1+1", escape_page(HOSTILE[5]), "A fee is due.")
    return pages


def make_data(data, tmp):
    """Archive and build the recorded web in a data folder."""
    pages = list_pages()
    bodies = {f"{at[:10]}/{path}.html": body for (at, path), body in pages.items()}
    lines = [make_line(f"{HOST}{path}", observed_at=at, path=f"{at[:10]}/{path}.html") for at, path in sorted(pages)]
    tmp.mkdir(parents=True, exist_ok=True)
    request = ImportRequest(
        file=write_captures(tmp, *lines, bodies=bodies), sources=SOURCES, now="2024-03-01T00:00:00Z", token=MARK
    )
    import_captures(data, request)
    build(data, BuildRequest(sources=SOURCES))
    return data


def copy_data(made, target):
    """Copy a built data folder, so that a test may alter its own."""
    shutil.copytree(made, target)
    return target


def publish_at(data, minute=0, **asked):
    return publish(data, f"2024-03-01T01:{minute:02}:00Z", **asked)


def open_site(monkeypatch, data):
    """Return the site over a data folder, in this process; ask it with ``await site.client.get(path)``."""
    monkeypatch.setenv("KB_DATA", str(data))
    return Datasette(config_dir=share_path("datasette"))


def count_handles(data, process="self"):
    """Count the files under a data folder that a process holds open, this one unless another's number is given."""
    held = 0
    for entry in Path(f"/proc/{process}/fd").iterdir():
        try:
            held += str(entry.readlink()).startswith(str(data))
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return held


def find_port():
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(port):
    """Wait until the site answers on a port of this machine."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("GET", "/-/health")
            connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(f"no site answers on port {port}")
