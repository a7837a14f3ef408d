"""Take pictures of the site's main pages: `python -m bench.shots [--data DIR] [--out DIR] [--kept] [PATH …]`.

Serves the published site of a data folder on this machine, opens it in the machine's own Chromium at the width of a
phone, a tablet and a desk, in light and dark, and keeps each page as a picture. Nothing but this machine is asked.
With --kept it takes the few small ones of the demonstration that docs/pictures holds.
"""

import argparse
import os
import re
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from kb.serve import ServeRequest, start_server, stop_server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Nothing but this machine can be reached.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
WIDTHS = (390, 1024, 1600)
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
# The main pages; those of the demonstration's rules are left out where another folder is shown.
PAGES = (
    "/",
    "/changes",
    "/d/us-or/oar/850-060-0223",
    "/j/us-tx",
    "/q/pdmp_query_duty",
    "/compare?question=pdmp,telehealth&jurisdiction=us-ca,us-tx",
    "/sources",
    "/search?q=ketamine",
    "/methods",
    "/quality",
    "/data",
    "/about",
    "/kb/changes",
)
# Few enough colours to keep a picture of text small.
COLOURS = 64
# The small ones for docs/pictures: name, path, width, height, theme.
KEPT: tuple[tuple[str, str, int, int, Theme], ...] = (
    ("home", "/?map=changes", 1100, 760, "light"),
    ("change", "/c/5a662c8e271c24cb", 1100, 620, "light"),
    ("past-text", "/d/us-or/oar/850-060-0223?as_of=2022-06-01", 1100, 620, "dark"),
    ("phone", "/", 390, 760, "dark"),
    ("question", "/q/pdmp_query_duty", 1100, 860, "light"),
    ("compare", "/compare?question=pdmp,telehealth&jurisdiction=us-ca,us-tx", 1100, 820, "light"),
    ("report", "/report?jurisdiction=us-xx&since=2026-01-01", 1100, 900, "light"),
)
# "/d/us-or/oar" without what a file name may not hold
UNSAFE = re.compile(r"[^a-z0-9]+")
START_SECONDS = 30


def find_browser() -> str | None:
    """Return the path of this machine's Chromium, None where there is none."""
    return next((path for name in BROWSERS if (path := shutil.which(name)) is not None), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Open the machine's Chromium for as long as the block runs; raises FileNotFoundError where there is none."""
    path = find_browser()
    if path is None:
        raise FileNotFoundError(f"expected one of {', '.join(BROWSERS)}: on Debian, apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve_site(data: Path) -> Iterator[str]:
    """Serve a data folder's site on a free port of this machine; yields its address. Raises TimeoutError."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with start_server(ServeRequest(data, port=port)) as server:
        try:
            _wait_for(address)
            yield address
        finally:
            stop_server(server)


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/static/statusquo.css"):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{address}: expected an answer within {START_SECONDS} s, found none")


def take_pictures(browser: Browser, address: str, paths: Sequence[str], out: Path) -> list[Path]:
    """Keep a picture of the whole of every page in each theme and width; returns their files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for theme in THEMES:
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
            for path in paths:
                page.goto(address + path)
                name = UNSAFE.sub("-", path.lower()).strip("-") or "home"
                made.append(out / f"{name}-{width}-{theme}.png")
                page.screenshot(path=made[-1], full_page=True)
            page.close()
    return made


def take_kept(browser: Browser, address: str, out: Path) -> list[Path]:
    """Take the small pictures, each of what a reader sees first; returns their files."""
    out.mkdir(parents=True, exist_ok=True)
    made = []
    for name, path, width, height, theme in KEPT:
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.goto(address + path)
        made.append(out / f"{name}.png")
        page.screenshot(path=made[-1])
        page.close()
        with Image.open(made[-1]) as picture:
            small = picture.convert("RGB").quantize(COLOURS)
        small.save(made[-1], optimize=True)
    return made


def main() -> None:
    """Take the pictures and say where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", default=PAGES, help="paths of the site; the main pages where none is named")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KB_DATA", "data")))
    parser.add_argument("--out", type=Path, default=Path(".cache/shots"))
    parser.add_argument("--kept", action="store_true", help="the small pictures of docs/pictures, into docs/pictures")
    asked = parser.parse_args()
    with serve_site(asked.data) as address, open_browser() as browser:
        if asked.kept:
            made = take_kept(browser, address, Path("docs/pictures"))
        else:
            made = take_pictures(browser, address, asked.paths, asked.out)
        for path in made:
            print(path)


if __name__ == "__main__":
    main()
